package invalidation

import (
	"strings"
	"testing"
	"time"
)

// SQLite compares the texts of times byte by byte, whatever they mean, and holds
// every number for less.
func TestVerbatimTimesAreInTheOrderOfTheirTexts(t *testing.T) {
	column := Column{Kind: Verbatim}
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	elsewhere := time.FixedZone("", 9*60*60)
	for _, c := range []struct {
		name  string
		op    Op
		bound any
		row   any
		meets bool
	}{
		{"the same text", Eq, noon, "2026-03-01 12:00:00+00:00", true},
		{"the same instant in another zone", Eq, noon, noon.In(elsewhere), false},
		{"the same time without its zone", Eq, noon, "2026-03-01 12:00:00", false},
		{"which comes before it", Less, noon, "2026-03-01 12:00:00", true},
		{"what the clock shows elsewhere", Less, noon, time.Date(2026, 3, 1, 13, 0, 0, 0, elsewhere), false},
		{"the T comes after a blank", Greater, noon, "2026-03-01T00:00:00Z", true},
		{"a fraction comes after the zone", Greater, noon, noon.Add(1), true},
		{"a second before", GreaterEq, noon, noon.Add(-time.Second), false},
		{"it itself", Greater, noon, noon, false},
		{"a number", Greater, noon, int64(1 << 60), false},
		{"a number before any time", Less, noon, 1e300, true},
		{"another number", Eq, int64(5), int64(6), true},
		{"numbers may be in any order", Less, int64(5), int64(6), true},
		{"no time is before a number", Less, int64(5), noon, false},
		{"a text that may be a number", Less, "2026", int64(5), true},
		{"a word", Less, noon, "word", true},
		{"a blob", Less, noon, []byte("2026-03-01"), true},
		{"beyond ASCII", Less, noon, "2026-03-01 12:00:00é", true},
		{"too long", Less, noon, "2026-03-01 12:00:00" + strings.Repeat("0", maxText), true},
		{"a year of five digits", Less, noon, time.Date(12026, 3, 1, 12, 0, 0, 0, time.UTC), true},
	} {
		bound, row := column.compared(c.op, c.bound), column.stored(c.row)
		if bound.Meets(row) != c.meets {
			t.Errorf("%s: meets is %t", c.name, !c.meets)
		}
	}
}

// What a driver makes of a text or a number tells neither.
func TestADriverHidesTheTextOfATime(t *testing.T) {
	column := Column{Kind: Verbatim}
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	if set := column.read(noon); set.String() != `value <= "2026-03-03"` || !column.Hides(noon) {
		t.Errorf("a time is read as %s", set)
	}
	for _, v := range []time.Time{{}, time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)} {
		if set := column.read(v); !set.unrestricted() {
			t.Errorf("%v is read as %s", v, set)
		}
	}
	for v, want := range map[any]string{
		"2026-03-01T12:00": `value = "2026-03-01T12:00"`, int64(5): "value = a number", nil: "value is null", "word": "value is anything",
	} {
		if set := column.read(v); set.String() != want || column.Hides(v) {
			t.Errorf("%v is read as %s", v, set)
		}
	}
	for _, c := range []struct {
		was  any
		now  any
		same bool
	}{
		{"2026-03-01 12:00:00+00:00", noon, true},
		{"2026-03-01 12:00:00", noon, false},
		{"2026-03-01 21:00:00+09:00", noon, false},
		{noon, noon, false},
		{"word", "word", true},
		{int64(5), int64(6), false},
	} {
		if same(c.was, c.now, column) != c.same {
			t.Errorf("to write %v where %v was: same is %t", c.now, c.was, !c.same)
		}
	}
}

func TestThePagesOfVerbatimTimes(t *testing.T) {
	column := Column{Kind: Verbatim}
	const noon = "2026-03-01 12:00:00"
	for _, c := range []struct {
		last  any
		desc  bool
		row   any
		meets bool
	}{
		{noon, true, "2026-03-01 11:59:59", false},
		{noon, true, "2026-03-01 12:00:00+00:00", true},
		{noon, true, noon, true},
		{noon, true, int64(5), false},
		{noon, true, nil, true},
		{noon, false, "2026-03-01 12:00:00+00:00", false},
		{noon, false, int64(5), true},
		{int64(5), true, int64(4), true},
		{int64(5), false, noon, false},
		{time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), true, "2026-03-01 11:59:59", true},
		{time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), false, "2026-03-03 00:00:00", false},
		{time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), false, "2026-03-02 23:59:59", true},
		{"word", true, noon, true},
	} {
		if set := column.until(c.last, c.desc); set.Meets(column.stored(c.row)) != c.meets {
			t.Errorf("until %v, %t: meets %v is %t", c.last, c.desc, c.row, !c.meets)
		}
	}
}
