package invalidation

import (
	"bytes"
	"runtime"
	"testing"
)

// The numbers that are known outside of the process must never change: others read
// what this version wrote.
func TestNumbersOnTheWire(t *testing.T) {
	for number, kind := range []Kind{Unknown, Int, Float, Text, Bytes, Time, Exact, Clock, Decimal, UUID, Wall, Day, Verbatim} {
		if got := kindNumbers.number(kind); int(got) != number {
			t.Errorf("kind %d has number %d, not %d", kind, got, number)
		}
	}
	for number, form := range []form{everything, finite, intervals, allBut, prefixes} {
		if got := formNumbers.number(form); int(got) != number {
			t.Errorf("form %d has number %d, not %d", form, got, number)
		}
	}
	for number, kind := range []ChangeKind{Any, Insert, Update, Delete, Redefinition} {
		if got := changeNumbers.number(kind); int(got) != number {
			t.Errorf("%s has number %d, not %d", kind, got, number)
		}
	}
	for number, side := range []Side{Either, Before, After} {
		if got := sideNumbers.number(side); int(got) != number {
			t.Errorf("side %d has number %d, not %d", side, got, number)
		}
	}
}

// Whoever adds a constant must give it a number.
func TestEveryConstantHasANumber(t *testing.T) {
	for kind := Unknown + 1; kind <= Verbatim; kind++ {
		if kindNumbers.number(kind) == 0 {
			t.Errorf("kind %d has none", kind)
		}
	}
	if next := (Value{kind: Verbatim + 1}); next.String() != "null" {
		t.Error("there is a kind after Verbatim")
	}
	if len(kindNumbers) != int(Verbatim)+1 || len(changeNumbers) != int(Redefinition)+1 || len(sideNumbers) != int(After)+1 || len(formNumbers) != int(prefixes)+1 {
		t.Error("there are more numbers than constants, or fewer")
	}
}

func TestAChangeOfAnUnknownKindIsWrittenAsOneThatMeetsAsMuch(t *testing.T) {
	c, _, err := ReadChange(AppendChange(nil, &Change{Kind: 99}))
	if err != nil || c.Kind != Any {
		t.Errorf("it is read as %v, %v", c.Kind, err)
	}
}

// framed returns the bytes with their length before them.
func framed(content string) []byte { return append([]byte{byte(len(content))}, content...) }

func TestChangesThatCouldNotHaveBeenMadeAreRefused(t *testing.T) {
	const long = "\x80\x02" // 256
	for name, set := range map[string]string{
		"a form that is not known":               "\x05",
		"a kind that is not known":               "\x01\x0d\x01\x00",
		"members of no kind":                     "\x01\x00\x01\x00",
		"a kind without members":                 "\x01\x01\x00",
		"no member at all":                       "\x01\x00\x00",
		"members out of order":                   "\x01\x01\x02\x04\x02",
		"a member twice":                         "\x01\x01\x02\x04\x04",
		"fewer members than said":                "\x01\x01\x03\x02\x04",
		"a number that is none":                  "\x01\x02\x01\x7f\xf8\x00\x00\x00\x00\x00\x00",
		"a number of 129 bits":                   "\x01\x01\x01" + string(bytes.Repeat([]byte{0xff}, 18)) + "\x04",
		"text that is not folded":                "\x01\x03\x01\x01A",
		"text with blanks at its end":            "\x01\x03\x01\x02a ",
		"text beyond ASCII":                      "\x01\x03\x01\x02é",
		"text that is too long":                  "\x01\x03\x01\x81\x02" + string(bytes.Repeat([]byte{'a'}, 257)),
		"exact text with blanks at its end":      "\x01\x06\x01\x02a ",
		"bytes with zeros at their end":          "\x01\x04\x01\x02a\x00",
		"a second of too many nanoseconds":       "\x01\x05\x01\x00\x80\x94\xeb\xdc\x03",
		"a fraction of more than one":            "\x01\x08\x01\x00\x80\x80\x90\xbb\xbc\xad\xb1\xe4\x8a\x01",
		"all but nothing":                        "\x03\x01\x00",
		"all but values that others may equal":   "\x03\x03\x01\x01a",
		"prefixes of numbers":                    "\x04\x01\x01\x02",
		"no prefix":                              "\x04\x03\x00",
		"the empty prefix":                       "\x04\x03\x01\x00",
		"a prefix that is not folded":            "\x04\x06\x01\x01A",
		"a prefix beyond ASCII":                  "\x04\x06\x01\x02é",
		"too many prefixes":                      "\x04\x03\x11" + "\x01a\x01b\x01c\x01d\x01e\x01f\x01g\x01h\x01i\x01j\x01k\x01l\x01m\x01n\x01o\x01p\x01q",
		"no interval":                            "\x02\x01\x00",
		"intervals out of order":                 "\x02\x01\x02" + "\x03\x08\x0a" + "\x03\x02\x04",
		"intervals that overlap":                 "\x02\x01\x02" + "\x03\x02\x06" + "\x03\x06\x08",
		"an interval after one that has no end":  "\x02\x01\x02" + "\x01\x02" + "\x03\x06\x08",
		"an interval that ends before it begins": "\x02\x01\x01" + "\x03\x04\x02",
		"an interval without room":               "\x02\x01\x01" + "\x07\x04\x04",
		"an interval open where it has no end":   "\x02\x01\x01" + "\x09\x04",
		"an interval of texts":                   "\x02\x03\x01" + "\x03\x01a\x01b",
		"an interval with more bits":             "\x02\x01\x01" + "\x13\x02\x04",
		"an interval of a kind without ends":     "\x02\x01\x01" + "\x00",
		"an interval without ends with another":  "\x02\x00\x02" + "\x00" + "\x00",
	} {
		if c, _, err := ReadChange(framed("\x01\x00\x00\x00" + "\x00" + "\x01\x01\x01c" + set + "\x00")); err == nil && len(set) < 100 {
			t.Errorf("%s: read as %v", name, c.After)
		}
	}
	for name, content := range map[string]string{
		"nothing":                         "",
		"a kind that is not known":        "\x05\x00\x00\x00\x00\x00\x00",
		"columns out of order":            "\x02\x00\x00\x00\x00\x00\x03\x01b\x01a",
		"a column twice":                  "\x02\x00\x00\x00\x00\x00\x03\x01a\x01a",
		"fewer columns than said":         "\x02\x00\x00\x00\x00\x00\x04\x01a\x01b",
		"terms out of order":              "\x01\x00\x00\x00\x00\x01\x02\x01b\x00\x01a\x00\x00",
		"a column with two terms":         "\x01\x00\x00\x00\x00\x01\x02\x01a\x00\x01a\x00\x00",
		"more after it, within the frame": "\x00\x00\x00\x00\x00\x00\x00\x00",
		"a text that is too short":        "\x00" + long + "x",
	} {
		if c, _, err := ReadChange(framed(content)); err == nil {
			t.Errorf("%s: read as %v", name, c)
		}
	}
	for name, content := range map[string]string{
		"nothing":                       "",
		"tables out of order":           "\x02\x00\x01d\x01b\x00\x01\x01a\x00",
		"a table twice":                 "\x02\x00\x01d\x01b\x00\x01\x01b\x00",
		"the database before the first": "\x01\x01\x01b\x00",
		"bits that are not known":       "\x01\x04\x01d\x01b\x00",
		"a side that is not known":      "\x01\x00\x01d\x01b\x01\x03\x00\x00",
		"more after it":                 "\x00\x00",
	} {
		if d, _, err := ReadDependency(framed(content)); err == nil {
			t.Errorf("%s: read as %v", name, d)
		}
	}
}

// What differs by a little from what is refused above is read.
func TestChangesThatCouldHaveBeenMadeAreRead(t *testing.T) {
	for name, set := range map[string]string{
		"a member":                    "\x01\x01\x01\x04",
		"NULL":                        "\x81\x00\x00",
		"members in order":            "\x01\x01\x02\x02\x04",
		"folded text":                 "\x01\x03\x01\x01a",
		"exact text":                  "\x01\x06\x01\x02 A",
		"intervals that touch":        "\x02\x01\x02" + "\x0b\x02\x06" + "\x03\x06\x08",
		"an interval of one value":    "\x02\x01\x01" + "\x03\x04\x04",
		"an interval without an end":  "\x02\x01\x01" + "\x05\x04",
		"an interval without any end": "\x02\x00\x01" + "\x00",
		"a prefix":                    "\x04\x06\x01\x02a ",
		"all but a value":             "\x03\x01\x01\x02",
	} {
		if _, _, err := ReadChange(framed("\x01\x00\x00\x00" + "\x00" + "\x01\x01\x01c" + set + "\x00")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEveryCutIsRefused(t *testing.T) {
	c, d := goldenChanges()[1], goldenDependency()
	for b, read := range map[string]func([]byte) error{
		string(AppendChange(nil, &c)):    func(b []byte) error { _, _, err := ReadChange(b); return err },
		string(AppendDependency(nil, d)): func(b []byte) error { _, _, err := ReadDependency(b); return err },
	} {
		for n := range len(b) {
			if read([]byte(b[:n])) == nil {
				t.Fatalf("cut after %d of %d bytes it is read", n, len(b))
			}
			cut := b[2:max(n, 2)] // the frame says so too
			if n < len(b)-1 && read(append([]byte{byte(len(cut)) | 0x80, byte(len(cut) >> 7)}, cut...)) == nil {
				t.Fatalf("framed anew after %d of %d bytes it is read", n, len(b))
			}
		}
	}
}

// What is said to follow is never made room for before it is there.
func TestCountsAreNotTakenOnTrust(t *testing.T) {
	const huge = "\xff\xff\xff\xff\xff\xff\xff\xff\x7f"
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, content := range []string{
		"\x01" + huge, "\x01\x00\x00\x00" + huge, "\x01\x00\x00\x00\x01" + huge, "\x01\x00\x00\x00\x01\x01" + huge,
		"\x01\x00\x00\x00\x01\x01\x01c\x01\x01" + huge, "\x01\x00\x00\x00\x01\x01\x01c\x02\x01" + huge, "\x01\x00\x00\x00\x00\x00" + huge,
	} {
		if _, _, err := ReadChange(framed(content)); err == nil {
			t.Errorf("%q is read", content)
		}
	}
	for _, content := range []string{huge, "\x01\x00\x00\x00" + huge} {
		if _, _, err := ReadDependency(framed(content)); err == nil {
			t.Errorf("%q is read", content)
		}
	}
	runtime.ReadMemStats(&after)
	if taken := after.TotalAlloc - before.TotalAlloc; taken > 1<<16 {
		t.Errorf("%d bytes were taken", taken)
	}
}
