package replay_test

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"testing"

	"github.com/seed92106438/cacheops/internal/replay"
)

func TestEveryCutAndEveryUnknownVersionIsRefused(t *testing.T) {
	b := encode(t, sample(t))
	for n := range b {
		if _, err := replay.Decode(b[:n]); err == nil {
			t.Fatalf("cut after %d of %d bytes it is decoded", n, len(b))
		}
	}
	if _, err := replay.Decode(append(bytes.Clone(b), 0)); err == nil {
		t.Error("with a byte more it is decoded")
	}
	for v := range 256 {
		if b[0] = byte(v); v == 1 {
			continue
		}
		if _, err := replay.Decode(b); !errors.Is(err, replay.ErrVersion) {
			t.Fatalf("version %d: %v", v, err)
		}
	}
}

func TestDecodingRefuses(t *testing.T) {
	const (
		head   = "\x01\x01\x01n" + "\x00\x08\x00\x00\x00\x00" + "\x00" // one column, int64
		oneRow = head + "\x01"
	)
	for name, b := range map[string]string{
		"a column with unknown bits":       "\x01\x01\x01n\x10\x08\x00\x00\x00\x00\x00\x00",
		"an unknown scan type":             "\x01\x01\x01n\x00\x7f\x00\x00\x00\x00\x00\x00",
		"a third set of columns":           "\x01\x01\x01n\x00\x08\x00\x00\x00\x00\x02\x00",
		"rows without columns":             "\x01\x00\x00\x01",
		"an unknown type of value":         oneRow + "\x13",
		"an int8 that is none":             oneRow + "\x04\x80\x02",
		"a uint8 that is none":             oneRow + "\x09\x80\x02",
		"a float32 of more bits":           oneRow + "\x0d\x80\x80\x80\x80\x10",
		"a number of 65 bits":              oneRow + "\x0c\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02",
		"a time with too many nanoseconds": oneRow + "\x12\x00\x80\x94\xeb\xdc\x03\x00",
		"a zone that was not named":        oneRow + "\x12\x00\x00\x02",
		"a zone of an unknown kind":        oneRow + "\x12\x00\x00\x01\x04\x00\x00\x00",
		"UTC as a zone":                    oneRow + "\x12\x00\x00\x01\x00\x00\x00\x00",
		"a fixed zone with a place":        oneRow + "\x12\x00\x00\x01\x01\x01x\x00\x00",
		"a named zone without a place":     oneRow + "\x12\x00\x00\x01\x03\x00\x00\x00",
		"a place that is none":             oneRow + "\x12\x00\x00\x01\x03\x04Nope\x00\x00",
		"a place outside":                  oneRow + "\x12\x00\x00\x01\x03\x0d../etc/passwd\x00\x00",
		"a place in another notation":      oneRow + "\x12\x00\x00\x01\x03\x0fEurope/./Berlin\x03CET\xa0\x38",
		"the local zone as a place":        oneRow + "\x12\x00\x00\x01\x03\x05Local\x00\x00",
		"a place where clocks differ":      oneRow + "\x12\x00\x00\x01\x03\x0dEurope/Berlin\x03CET\xa2\x38",
		"an offset that is too large":      oneRow + "\x12\x00\x00\x01\x01\x00\x00\x80\x80\x80\x80\x10",
		"rows whose values overflow":       "\x01\x02\x01n\x01m" + "\x00\x08\x00\x00\x00\x00" + "\x00\x08\x00\x00\x00\x00" + "\x00" + "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01",
		"something after the rows":         oneRow + "\x00\x00",
	} {
		if _, err := replay.Decode([]byte(b)); err == nil {
			t.Errorf("%s is decoded", name)
		} else {
			t.Logf("%s: %v", name, err)
		}
	}
	for name, b := range map[string]string{
		"its neighbour": oneRow + "\x12\x00\x00\x01\x03\x0dEurope/Berlin\x03CET\xa0\x38",
		"NULL":          oneRow + "\x00",
	} {
		if _, err := replay.Decode([]byte(b)); err != nil {
			t.Errorf("%s is not decoded: %v", name, err)
		}
	}
}

// What is said to follow is never made room for before it is there.
func TestCountsAreNotTakenOnTrust(t *testing.T) {
	const huge = "\xff\xff\xff\xff\xff\xff\xff\xff\x7f"
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, b := range []string{
		"\x01" + huge,
		"\x01\x01" + huge,
		"\x01\x01\x01n\x00\x08\x00\x00\x00\x00\x00" + huge,
		"\x01\x01\x01n\x00\x08\x00\x00\x00\x00\x00\x01\x0f" + huge,
		"\x01\x00\x00" + huge,
	} {
		if _, err := replay.Decode([]byte(b)); err == nil {
			t.Errorf("%q is decoded", b)
		}
	}
	runtime.ReadMemStats(&after)
	if taken := after.TotalAlloc - before.TotalAlloc; taken > 1<<16 {
		t.Errorf("%d bytes were taken", taken)
	}
}

func FuzzDecode(f *testing.F) {
	// Small seeds, because what is found is made as small as can be each time.
	for i := range sample(f).Columns() {
		f.Add(encode(f, taken(f, describedRow(f, nil, sample(f).Value(0, i)), "")))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		result, err := replay.Decode(b)
		if err != nil {
			return
		}
		if limit := int64(4096 + 32*len(b)); result.Size() > limit {
			t.Errorf("%d bytes make a result of %d", len(b), result.Size())
		}
		again := encode(t, result)
		if !bytes.Equal(encode(t, decode(t, again)), again) {
			t.Error("encoding and decoding does not keep it")
		}
		for i := range int(result.Len()) {
			for j := range result.Columns() {
				_ = fmt.Sprint(result.Value(i, j)) // times are laid out by their zones
			}
		}
	})
}
