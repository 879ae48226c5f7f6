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
		{"rounded to seconds", Eq, noon, noon.Add(600 * time.Millisecond), true},
		{"cut off to seconds", GreaterEq, noon.Add(900 * time.Millisecond), noon, true},
		{"an hour later", Eq, noon, noon.Add(time.Hour), false},
		{"the next day", Eq, noon, noon.AddDate(0, 0, 1), false},
		{"later", GreaterEq, noon, noon.Add(time.Minute), true},
		{"earlier", GreaterEq, noon, noon.Add(-3 * time.Second), false},
		{"the zero time, which may be 0000-00-00", GreaterEq, time.Time{}, time.Date(0, 3, 15, 0, 0, 0, 0, time.UTC), true},
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
		{"the day that it is in UTC", Eq, time.Date(2026, 3, 1, 23, 0, 0, 0, time.UTC), time.Date(2026, 3, 2, 0, 0, 0, 0, zone), true},
		{"the next day", Eq, time.Date(2026, 3, 1, 23, 0, 0, 0, time.UTC), time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), false},
		{"the zero time, which may be 0000-00-00", Eq, "0000-12-31", time.Time{}, true},
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

// Of these days a driver makes ones that there are.
func TestWallsMayHoldDaysThatThereAreNot(t *testing.T) {
	at := func(month time.Month, day int) time.Time { return time.Date(2026, month, day, 12, 0, 0, 0, time.UTC) }
	for _, c := range []struct {
		name  string
		read  time.Time
		op    Op
		bound time.Time
		meets bool
	}{
		{"any day", at(3, 15), Eq, at(3, 15), true},
		{"later than any day", at(3, 15), Greater, at(3, 16), false},
		{"earlier than any day", at(3, 15), Less, at(3, 14), false},
		{"15 December, which may be 2027-00-15", at(12, 15), Greater, at(12, 31), true},
		{"after the new year", at(12, 15), Greater, at(13, 1), false},
		{"30 November, which may be 2027-00-00", at(11, 30), Greater, at(12, 31), true},
		{"29 November", at(11, 29), Greater, at(11, 30), false},
		{"28 February, which may be 2026-03-00", at(2, 28), Greater, at(2, 28).Add(11 * time.Hour), true},
		{"27 February", at(2, 27), Greater, at(2, 27).Add(11 * time.Hour), false},
		{"3 March, which may be 2026-02-31", at(3, 3), Less, at(3, 1), true},
		{"and is not in February", at(3, 3), Less, at(2, 28), false},
		{"4 March", at(3, 4), Less, at(3, 3), false},
		{"15 January, which may be 2026-00-15", at(1, 15), Less, at(1, 1), true},
		{"and is not in the old year", at(1, 15), Less, at(0, 31), false},
	} {
		column := Column{Kind: Wall}
		if read := column.read(c.read); read.Meets(column.compared(c.op, c.bound)) != c.meets {
			t.Errorf("%s: read as %s, meets is %t", c.name, read, !c.meets)
		}
		if column.Canonical = true; column.read(c.read).String() != column.stored(c.read).String() {
			t.Errorf("%s: where there are none, read as %s", c.name, column.read(c.read))
		}
	}
	column := Column{Kind: Wall, Canonical: true}
	for _, v := range []time.Time{{}, time.Date(1, 3, 15, 0, 0, 0, 0, time.UTC)} {
		if set := column.read(v); !set.unrestricted() {
			t.Errorf("%v is read as %s", v, set)
		}
	}
}

// Of a time that no clock of its zone showed a driver makes another.
func TestWallsMayShowWhatTheClockLeftOut(t *testing.T) {
	column := Column{Kind: Wall, Canonical: true}
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	stored := column.stored(time.Date(2026, 3, 29, 2, 30, 0, 0, time.UTC))
	if read := column.read(time.Date(2026, 3, 29, 2, 30, 0, 0, berlin)); !read.Meets(stored) {
		t.Errorf("read as %s, which is not %s", read, stored)
	}
	if read := column.read(time.Date(2026, 3, 29, 8, 30, 0, 0, berlin)); read.Meets(stored) {
		t.Errorf("read as %s, which may be %s", read, stored)
	}
	if read := column.read(time.Date(2026, 4, 15, 2, 30, 0, 0, berlin)); read.String() != "value = 2026-04-15T02:30:00Z" {
		t.Errorf("read as %s", read)
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

// A text tells what is stored, and by what a driver makes of it no one need go.
func TestWallsThatAreToldAsText(t *testing.T) {
	column := Column{Kind: Wall}
	newYear := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		text  string
		op    Op
		bound time.Time
		meets bool
	}{
		{"2026-01-01 00:00:00.000", Eq, newYear, true},
		{"2026-01-01", Eq, newYear, true},
		{"2026-01-15 12:00:00", Less, newYear, false},
		{"2025-12-15 12:00:00", Greater, newYear.AddDate(0, 0, -1), false},
		{"2026-00-15 12:00:00", Less, newYear, true},
		{"2026-00-15 12:00:00", Greater, newYear.AddDate(0, 0, -1), true},
		{"2026-00-15 12:00:00", Greater, newYear.AddDate(0, 0, 1), false},
		{"2025-12-00 12:00:00", Less, newYear.AddDate(0, -1, 0), true},
		{"2025-12-00 12:00:00", Greater, newYear.AddDate(0, -1, 1), false},
		{"2025-11-31 12:00:00", Greater, newYear.AddDate(0, -1, -1), true},
		{"2025-11-31 12:00:00", Greater, newYear.AddDate(0, -1, 1), false},
		{"0000-00-00 00:00:00", Less, newYear, true},
		{"0000-00-00 00:00:00", Greater, newYear, false},
		{"2026-01-01 00:00:00,5", Less, newYear.AddDate(-1, 0, 0), true},
		{"2026-01-15T12:00:00", Less, newYear, true},
		{"infinity", Less, newYear, true},
	} {
		if read := column.read([]byte(c.text)); read.Meets(column.compared(c.op, c.bound)) != c.meets {
			t.Errorf("%s is read as %s: meets is %t", c.text, read, !c.meets)
		}
	}
	tokyo := time.FixedZone("", 9*60*60)
	for _, c := range []struct {
		was  any
		now  time.Time
		same bool
	}{
		{[]byte("2026-01-01 00:00:00.000"), newYear, true},
		{"2026-01-01 00:00:00", time.Date(2026, 1, 1, 0, 0, 0, 0, tokyo), true},
		{"2026-01-01 00:00:00", newYear.In(tokyo), false},
		{"2026-01-01 00:00:00.000", newYear.Add(time.Microsecond), false},
		{"0000-00-00 00:00:00", time.Time{}, false},
		{"2026-00-01 00:00:00", newYear, false},
		{newYear, newYear, false},
	} {
		if same(c.was, c.now, column) != c.same {
			t.Errorf("to write %v where %s was: same is %t", c.now, c.was, !c.same)
		}
	}
}
