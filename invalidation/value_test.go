package invalidation

import (
	"database/sql/driver"
	"math"
	"strings"
	"testing"
	"time"
)

func TestValuesThatAreOne(t *testing.T) {
	for name, c := range map[string]struct {
		kind Kind
		a, b driver.Value
	}{
		"booleans are numbers":             {Int, true, int64(1)},
		"false is zero":                    {Int, false, int64(0)},
		"signed and unsigned":              {Int, int64(7), uint64(7)},
		"a numeral is its number":          {Int, "-42", int64(-42)},
		"letter case":                      {Text, "Go", "gO"},
		"trailing blanks":                  {Text, "go  ", "go"},
		"the zone of a time is not heeded": {Time, date("2026-01-01T12:00:00Z"), date("2026-01-01T14:00:00+02:00")},
		"integers in a column of doubles":  {Float, int64(3), 3.0},
		"unsigned in a column of doubles":  {Float, uint64(3), 3.0},
		"trailing blanks of exact text":    {Exact, "Go  ", "Go"},
		"trailing zeros of a blob":         {Bytes, []byte("a\x00"), []byte("a")},
		"decimals with a zero more":        {Decimal, "1.0", "1.00"},
		"decimals and integers":            {Decimal, "-3.000", int64(-3)},
		"decimals and floats":              {Decimal, "19.99", 19.99},
		"minus zero":                       {Decimal, "-0.0", uint64(0)},
		"a UUID in capitals":               {UUID, "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
		"a UUID without hyphens":           {UUID, "a0eebc999c0b4ef8bb6d6bb9bd380a11", "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}"},
	} {
		t.Run(name, func(t *testing.T) {
			a, ok := valueOf(c.a, c.kind)
			b, ok2 := valueOf(c.b, c.kind)
			if !ok || !ok2 || a != b || a.compare(&b) != 0 {
				t.Errorf("%v and %v are told apart", a, b)
			}
		})
	}
}

func TestValuesInOrder(t *testing.T) {
	for name, c := range map[string]struct {
		kind   Kind
		values []driver.Value
	}{
		"integers past 2^53":  {Int, []driver.Value{int64(1<<53 + 1), int64(1<<53 + 2), int64(1<<53 + 3)}},
		"the whole of 64 bit": {Int, []driver.Value{int64(math.MinInt64), int64(-1), int64(0), int64(math.MaxInt64), uint64(1 << 63), uint64(math.MaxUint64)}},
		"doubles":             {Float, []driver.Value{math.Inf(-1), -1e300, -1.5, -1e-300, 0.0, 1e-300, 1.5, 1e300, math.Inf(1)}},
		"texts":               {Text, []driver.Value{"", "a", "ab", "b"}},
		"decimals":            {Decimal, []driver.Value{"-4611686018427387903.9999999999999999999", int64(-2), "-1.5", "-1.0000000000000000001", int64(-1), "-0.5", "-0.0000000000000000001", "0", "0.0000000000000000001", "0.9", 1.0, "1.05", "1.5", "4611686018427387903.9999999999999999999"}},
		"blobs":               {Bytes, []driver.Value{[]byte{}, []byte("A"), []byte("a"), []byte("a ")}},
		"times":               {Time, []driver.Value{date("1969-12-31T23:59:59.5Z"), date("1970-01-01T00:00:00Z"), date("2026-01-01T00:00:00.1Z"), date("2026-01-01T00:00:00.2Z")}},
	} {
		t.Run(name, func(t *testing.T) {
			last := Value{}
			for _, v := range c.values {
				value, ok := valueOf(v, c.kind)
				if !ok || last.compare(&value) != -1 || value.compare(&last) != 1 {
					t.Errorf("%v does not come after %v", value, last)
				}
				last = value
			}
		})
	}
}

func TestValuesThatAreNotUnderstood(t *testing.T) {
	for _, c := range []struct {
		kind  Kind
		value driver.Value
	}{
		{Unknown, int64(1)},
		{Int, 1.0}, {Int, []byte("1")}, {Int, time.Now()},
		{Int, ""}, {Int, "+1"}, {Int, "01"}, {Int, "-0"}, {Int, " 1"}, {Int, "1.0"}, {Int, "1e3"}, {Int, "9007199254740992"},
		{Float, "1.5"}, {Float, true}, {Float, math.NaN()},
		{Text, int64(1)}, {Text, true}, {Text, []byte("a")},
		{Text, "é"}, {Text, "a\x00"}, {Text, "a\t"}, {Text, "a\u200d"}, {Text, strings.Repeat("a", maxText+1)},
		{Bytes, "a"}, {Bytes, []byte(nil)}, {Bytes, make([]byte, maxText+1)},
		{Exact, int64(1)}, {Exact, []byte("a")}, {Exact, strings.Repeat("a", maxText+1)},
		{Decimal, ""}, {Decimal, "-"}, {Decimal, "."}, {Decimal, "1."}, {Decimal, ".5"}, {Decimal, "+1"}, {Decimal, " 1"}, {Decimal, "1e3"},
		{Decimal, "5abc"}, {Decimal, "--1"}, {Decimal, "1.-5"}, {Decimal, "NaN"}, {Decimal, []byte("1.5")}, {Decimal, true}, {Decimal, math.NaN()}, {Decimal, math.Inf(1)},
		{Decimal, "0.00000000000000000001"}, {Decimal, "4611686018427387904"}, {Decimal, int64(math.MinInt64)}, {Decimal, uint64(math.MaxUint64)}, {Decimal, 1e30},
		{UUID, ""}, {UUID, "a0eebc99"}, {UUID, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1g"}, {UUID, "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}, {UUID, []byte("a0eebc99")}, {UUID, int64(1)},
		{Clock, "2026-01-01"}, {Clock, time.Date(2026, 1, 1, 0, 0, 0, 0, time.FixedZone("", 24*3600))},
		{Time, "2026-01-01"}, {Time, int64(0)},
		{Time, time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}, {Time, time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC)},
		{Time, time.Date(1900, 1, 1, 0, 0, 0, 0, time.FixedZone("LMT", 1172))},
		{Time, time.Date(2026, 1, 1, 0, 0, 0, 0, time.FixedZone("", 24*3600))},
	} {
		if v, ok := valueOf(c.value, c.kind); ok {
			t.Errorf("kind %d takes %T %v for %v", c.kind, c.value, c.value, v)
		}
		// What was written may then be anything, and a comparison with it may
		// hold for anything but NULL.
		column := Column{Kind: c.kind}
		if s := column.stored(c.value); !s.unrestricted() {
			t.Errorf("kind %d: after %T %v is written, %v", c.kind, c.value, c.value, s)
		}
		for op := Eq; op <= Like; op++ {
			if op == IsNull || op == IsNotNull || op == In || op == NotIn || op == Like && (c.kind == Text || c.kind == Exact) {
				continue
			}
			if s := column.compared(op, c.value); s.form != everything || !s.notNull {
				t.Errorf("kind %d, operator %d: compared with %T %v, %v", c.kind, op, c.value, c.value, s)
			}
		}
	}
}

func TestNullIsAValueOfEveryKind(t *testing.T) {
	for kind := Unknown; kind <= UUID; kind++ {
		if v, ok := valueOf(nil, kind); !ok || !v.isNull() || v != (Value{}) {
			t.Errorf("kind %d: %v, %v", kind, v, ok)
		}
	}
}

func TestFloatsAreIntervals(t *testing.T) {
	if _, finite := (Column{Kind: Float}).stored(0.1).Points(); finite {
		t.Error("a float is a point")
	}
	for _, f := range []float64{0, 0.1, -0.1, 16777217, 1e-46, 1e300, -1e300, math.MaxFloat64, math.Inf(1)} {
		near := ofFloat(f).near(f)
		for _, stored := range []float64{f, float64(float32(f))} {
			if !near.contains(ofFloat(stored)) {
				t.Errorf("%v may be stored as %v, which is not in %s", f, stored, near.on("f"))
			}
		}
	}
	near := ofFloat(0.1).near(0.1)
	if near.contains(ofFloat(0.1001)) {
		t.Error("0.1001 is taken for 0.1")
	}
}
