package encoded_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed92106438/cacheops/internal/encoded"
)

func TestLawWhatIsAppendedIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		unsigned, signed := rapid.Uint64().Draw(t, "unsigned"), rapid.Int64().Draw(t, "signed")
		hi, lo := rapid.Int64().Draw(t, "hi"), rapid.Uint64().Draw(t, "lo")
		text, octet := rapid.String().Draw(t, "text"), rapid.Byte().Draw(t, "byte")

		var b []byte
		b = encoded.AppendUint(b, unsigned)
		b = encoded.AppendInt(b, signed)
		b = encoded.AppendInt128(b, hi, lo)
		b = encoded.AppendFixed(b, unsigned)
		b = encoded.AppendText(b, text)
		b = append(b, octet)

		r := encoded.NewReader(string(b))
		if got := r.Uint(); got != unsigned {
			t.Fatalf("got %d", got)
		}
		if got := r.Int(); got != signed {
			t.Fatalf("got %d", got)
		}
		if gotHi, gotLo := r.Int128(); gotHi != hi || gotLo != lo {
			t.Fatalf("got %d %d", gotHi, gotLo)
		}
		if got := r.Fixed(); got != unsigned {
			t.Fatalf("got %d", got)
		}
		if got := r.Text(); got != text {
			t.Fatalf("got %q", got)
		}
		if got := r.Byte(); got != octet || r.Len() != 0 || r.End() != nil {
			t.Fatalf("got %d, %d are left, %v", got, r.Len(), r.End())
		}
	})
}

func TestLawANumberOf64BitsIsWrittenAlikeWith128(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64().Draw(t, "n")
		if got, want := encoded.AppendInt128(nil, n>>63, uint64(n)), binary.AppendVarint(nil, n); !bytes.Equal(got, want) {
			t.Fatalf("got %x, want %x", got, want)
		}
	})
}

// The greatest numbers take the most bytes: 128 bits, seven in each.
func TestTheGreatestNumbersOf128Bits(t *testing.T) {
	for _, hi := range []int64{math.MaxInt64, math.MinInt64} {
		for _, lo := range []uint64{0, math.MaxUint64} {
			b := encoded.AppendInt128(nil, hi, lo)
			folded := new(big.Int)
			for i, c := range b {
				folded.Or(folded, new(big.Int).Lsh(big.NewInt(int64(c&0x7f)), uint(7*i)))
			}
			want := new(big.Int).Or(new(big.Int).Lsh(big.NewInt(hi), 64), new(big.Int).SetUint64(lo))
			if want.Lsh(want, 1); hi < 0 {
				want.Not(want)
			}
			if len(b) != 19 || folded.Cmp(want) != 0 {
				t.Errorf("%d, %d is written as %x: %s, not %s", hi, lo, b, folded, want)
			}
		}
	}
}

func TestReadingFailsOnce(t *testing.T) {
	first := errors.New("the first")
	r := encoded.NewReader("\x01\x02")
	r.Fail(first)
	r.Fail(errors.New("the second"))
	if r.Byte() != 0 || r.Len() != 0 || r.Err() != first || r.End() != first {
		t.Errorf("%d are left, %v", r.Len(), r.Err())
	}
}

func TestWhatCannotBeRead(t *testing.T) {
	nines := func(n int, last string) string { return string(bytes.Repeat([]byte{0xff}, n)) + last }
	for name, c := range map[string]struct {
		bytes string
		read  func(*encoded.Reader)
	}{
		"no byte":                  {"", func(r *encoded.Reader) { r.Byte() }},
		"too few bytes":            {"ab", func(r *encoded.Reader) { r.Bytes(3) }},
		"seven bytes of eight":     {"1234567", func(r *encoded.Reader) { r.Fixed() }},
		"a number without an end":  {"\xff\xff", func(r *encoded.Reader) { r.Uint() }},
		"a number of 65 bits":      {nines(9, "\x02"), func(r *encoded.Reader) { r.Uint() }},
		"a number of 129 bits":     {nines(18, "\x04"), func(r *encoded.Reader) { r.Int128() }},
		"a number that goes on":    {nines(40, "\x00"), func(r *encoded.Reader) { r.Int128() }},
		"a text that is too short": {"\x03ab", func(r *encoded.Reader) { r.Text() }},
		"more things than fit":     {"\x02abc", func(r *encoded.Reader) { r.Count(2) }},
		"something left":           {"a", func(*encoded.Reader) {}},
	} {
		r := encoded.NewReader(c.bytes)
		if c.read(&r); r.End() == nil {
			t.Errorf("%s is read", name)
		}
	}
	for name, c := range map[string]struct {
		bytes string
		read  func(*encoded.Reader)
	}{
		"a number of 64 bits":  {nines(9, "\x01"), func(r *encoded.Reader) { r.Uint() }},
		"a number of 128 bits": {nines(18, "\x03"), func(r *encoded.Reader) { r.Int128() }},
		"as many as fit":       {"\x02abcd", func(r *encoded.Reader) { r.Bytes(2 * r.Count(2)) }},
	} {
		r := encoded.NewReader(c.bytes)
		if c.read(&r); r.End() != nil {
			t.Errorf("%s: %v", name, r.End())
		}
	}
}

func TestFrames(t *testing.T) {
	for _, n := range []int{0, 1, 127, 128, 20_000} {
		content := bytes.Repeat([]byte{'x'}, n)
		b := append(encoded.EndFrame(append([]byte("before"), content...), len("before")), "after"...)
		got, rest, err := encoded.Frame(b[len("before"):])
		if err != nil || !bytes.Equal(got, content) || string(rest) != "after" || cap(got) != n {
			t.Errorf("of %d bytes: got %d, %q, %v", n, len(got), rest, err)
		}
	}
	for _, b := range []string{"", "\x80", "\x02a", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"} {
		if _, _, err := encoded.Frame([]byte(b)); err == nil {
			t.Errorf("%q is a frame", b)
		}
	}
}
