package invalidation

import (
	"testing"
	"time"
)

// A wall clock shows the same wherever it hangs; an instant does not matter.
func TestWallsAreComparedByWhatTheClockShows(t *testing.T) {
	column := Column{Kind: Wall, Canonical: true}
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	elsewhere := time.Date(2026, 3, 1, 12, 0, 0, 0, time.FixedZone("", 9*60*60))
	for _, c := range []struct {
		name  string
		op    Op
		bound time.Time
		row   time.Time
		meets bool
	}{
		{"the same time", Eq, noon, noon, true},
		{"the same clock in another zone", Eq, noon, elsewhere, true},
		{"the same instant, another clock", Eq, noon, noon.In(elsewhere.Location()), false},
		{"an hour that was left out", Eq, noon, noon.Add(time.Hour), true},
		{"the next day", Eq, noon, noon.AddDate(0, 0, 1), false},
		{"later", GreaterEq, noon, noon.Add(time.Minute), true},
		{"much earlier", GreaterEq, noon, noon.Add(-3 * time.Hour), false},
	} {
		bound, row := column.compared(c.op, c.bound), column.stored(c.row)
		if bound.Meets(row) != c.meets {
			t.Errorf("%s: meets is %t", c.name, !c.meets)
		}
	}
}

func TestDaysAreReadFromTimesAndTexts(t *testing.T) {
	column := Column{Kind: Day}
	zone := time.FixedZone("", 14*60*60)
	for _, c := range []struct {
		name  string
		op    Op
		bound any
		row   any
		meets bool
	}{
		{"the same day", Eq, time.Date(2026, 3, 1, 1, 0, 0, 0, time.UTC), time.Date(2026, 3, 1, 23, 0, 0, 0, zone), true},
		{"the next day", Eq, time.Date(2026, 3, 1, 23, 0, 0, 0, time.UTC), time.Date(2026, 3, 2, 0, 0, 0, 0, zone), false},
		{"before, on the same day", Less, time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), "2026-03-01 12:00:00", true},
		{"before, on the day before", Less, "2026-03-01", "2026-02-28T23:59:59Z", true},
		{"not before", Less, "2026-03-01", "2026-03-02 00:00:00", false},
		{"not after", Greater, "2026-03-01 00:00:00+00:00", time.Date(2026, 2, 28, 0, 0, 0, 0, time.UTC), false},
		{"rounded to the next day", Eq, "2026-03-02", time.Date(2026, 3, 1, 23, 59, 59, 6e8, time.UTC), true},
		{"a number", Eq, "2026-03-02", int64(1), true},
		{"a word", Eq, "2026-03-02", "now", true},
		{"no day", Eq, "2026-03-02", "2026-02-30", true},
		{"a day and more", Eq, "2026-03-02", "2026-03-011", true},
		{"a text that may be rounded to the next day", Eq, "2026-03-02", "2026-03-01 23:59:59.7", true},
		{"an era", Eq, "2026-03-02", "2026-03-01 BC", true},
		{"before 1970", Eq, "1969-12-31 23:00:00", "1969-12-31", true},
		{"the day before 1970", Eq, "1969-12-31 23:00:00", "1970-01-01", false},
	} {
		bound, row := column.compared(c.op, c.bound), column.stored(c.row)
		if bound.Meets(row) != c.meets {
			t.Errorf("%s: meets is %t", c.name, !c.meets)
		}
	}
}

// Of these dates a driver makes ones that there are.
func TestWallsMayHaveNoDayOrMonth(t *testing.T) {
	column := Column{Kind: Wall}
	at := func(month time.Month, day int) time.Time { return time.Date(2026, month, day, 12, 0, 0, 0, time.UTC) }
	for _, c := range []struct {
		name         string
		read, stored time.Time
		meets        bool
	}{
		{"any day", at(3, 15), at(3, 15), true},
		{"another day", at(3, 15), at(3, 14), false},
		{"the first, which may be none", at(3, 1), at(2, 28), true},
		{"a day of January, which may be none's", at(1, 15), time.Date(2025, 12, 31, 12, 0, 0, 0, time.UTC), true},
		{"the year before", at(1, 15), time.Date(2025, 12, 30, 12, 0, 0, 0, time.UTC), false},
	} {
		if meets := column.read(c.read).Meets(column.stored(c.stored)); meets != c.meets {
			t.Errorf("%s: meets is %t", c.name, meets)
		}
	}
	if set := column.read(time.Time{}); !set.unrestricted() {
		t.Errorf("the zero time is read as %s", set)
	}
}

func TestADriverMayHaveMovedTheDayOfATime(t *testing.T) {
	if set := (Column{Kind: Day}).read(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)); set.String() != "value <= 2026-03-03" {
		t.Errorf("read as %s", set)
	}
	if set := (Column{Kind: Day, Canonical: true}).read(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)); set.String() != "value = 2026-03-01" {
		t.Errorf("read as %s", set)
	}
}
