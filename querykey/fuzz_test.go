package querykey_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"testing"
	"time"
)

// FuzzKey holds the law of the package: keys are equal exactly if the SQL and
// the arguments are, each with its type, in their stored form.
func FuzzKey(f *testing.F) {
	f.Add("SELECT", []byte{3, 1, 'a'}, "SELECT", []byte{3, 1, 'a'})
	f.Add("SELECT", []byte{3, 1, 'a', 3, 1, 'b'}, "SELECT", []byte{3, 2, 'a', 'b'})
	f.Add("SELECT", []byte{4, 1, 'a'}, "SELECT", []byte{3, 1, 'a'})
	f.Add("SELECT", []byte{0}, "SELECT", []byte{3, 0})
	f.Add("SELECT\x06\x01a", []byte{}, "SELECT", []byte{3, 1, 'a'})
	f.Add("a", []byte{5, 0, 0, 0, 0, 0, 0, 0, 1, 1}, "a", []byte{5, 0, 0, 0, 0, 0, 0, 0, 1, 2})
	f.Add("a", []byte{1, 255, 255, 255, 255, 255, 255, 255, 255}, "a", []byte{2, 255, 255, 255, 255, 255, 255, 255, 255})
	f.Add("a", []byte{6, 128, 0, 0, 0, 0, 0, 0, 0}, "a", []byte{6, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Add("a", []byte{7}, "a", []byte{8})

	f.Fuzz(func(t *testing.T, sqlA string, a []byte, sqlB string, b []byte) {
		argsA, argsB := decode(a), decode(b)
		keyA, keyB := key(t, sqlA, argsA...), key(t, sqlB, argsB...)

		want := sqlA == sqlB && equalArgs(argsA, argsB)
		if got := same(keyA, keyB); got != want {
			t.Errorf("keys equal: %v, want %v\n%q %#v\n%q %#v", got, want, sqlA, argsA, sqlB, argsB)
		}
		if want && keyA.Hash != keyB.Hash {
			t.Error("equal keys have different hashes")
		}
		if !same(keyA, key(t, sqlA, decode(a)...)) {
			t.Errorf("the same question has two keys: %q %#v", sqlA, argsA)
		}
	})
}

// decode reads arguments from fuzz bytes: a byte that says the type, and then
// the value. It stops where the bytes do.
func decode(data []byte) []any {
	var list []any
	number := func() uint64 {
		var n [8]byte
		data = data[copy(n[:], data):]
		return binary.BigEndian.Uint64(n[:])
	}
	text := func() []byte {
		if len(data) == 0 {
			return []byte{}
		}
		n := min(int(data[0]), len(data)-1)
		b := data[1 : 1+n]
		data = data[1+n:]
		return b
	}
	for len(data) > 0 && len(list) < 8 {
		kind := data[0] % 9
		data = data[1:]
		switch kind {
		case 0:
			list = append(list, nil)
		case 1:
			list = append(list, int64(number()))
		case 2:
			list = append(list, number())
		case 3:
			list = append(list, string(text()))
		case 4:
			list = append(list, text())
		case 5:
			zone := time.FixedZone(string(text()), int(int16(number())))
			list = append(list, time.Unix(int64(number()), int64(number()%1e9)).In(zone))
		case 6:
			list = append(list, math.Float64frombits(number()))
		case 7:
			list = append(list, true)
		case 8:
			list = append(list, false)
		}
	}
	return list
}

func equalArgs(a, b []any) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !equalArg(a[i], b[i]) {
			return false
		}
	}
	return true
}

// equalArg is the law, written in another way than the builder's.
func equalArg(a, b any) bool {
	switch a := a.(type) {
	case []byte:
		b, ok := b.([]byte)
		return ok && bytes.Equal(a, b)
	case float64:
		b, ok := b.(float64)
		return ok && math.Float64bits(a) == math.Float64bits(b)
	case time.Time:
		b, ok := b.(time.Time)
		nameA, offsetA := a.Zone()
		nameB, offsetB := b.Zone()
		return ok && a.Equal(b) && nameA == nameB && offsetA == offsetB
	case int64:
		if u, ok := b.(uint64); ok {
			return a >= 0 && uint64(a) == u
		}
		return a == b
	case uint64:
		if n, ok := b.(int64); ok {
			return n >= 0 && uint64(n) == a
		}
		return a == b
	default:
		return a == b
	}
}
