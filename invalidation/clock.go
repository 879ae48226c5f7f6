package invalidation

import (
	"database/sql/driver"
	"fmt"
	"strings"
	"time"
)

const secondsOfDay = 24 * 60 * 60

// wallValue reads what the clock shows, whatever the zone, or a text of that. The
// zero time may be sent as 0000-00-00, which comes before all others.
func wallValue(v driver.Value) (Value, bool) {
	if text, ok := v.(string); ok {
		t, ok := wallTime(text)
		return wallOf(t), ok
	}
	if _, ok := timeValue(v, Wall); !ok || v.(time.Time).IsZero() {
		return Value{}, false
	}
	return wallOf(onTheClock(v.(time.Time))), true
}

// wallTime reads a text in the one form that all servers read alike, and write.
func wallTime(text string) (time.Time, bool) {
	layout := time.DateTime
	if len(text) == len(time.DateOnly) {
		layout = time.DateOnly
	}
	t, err := time.Parse(layout, text)
	return t, err == nil && !strings.Contains(text, ",")
}

// wallOf returns what a clock in UTC shows at t.
func wallOf(t time.Time) Value {
	return Value{kind: Wall, hi: t.Unix(), lo: uint64(t.Nanosecond())}
}

// onTheClock returns the time at which a clock in UTC shows what t shows.
func onTheClock(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
}

// readWall covers the times that a column may hold of which a driver gives v, or
// which it has been asked to tell as text.
func (c Column) readWall(v driver.Value) Set {
	switch v := v.(type) {
	case string:
		return readWallText(v)
	case time.Time:
		return c.readWallTime(v)
	case nil:
		return onlyNull
	}
	return Set{}
}

// readWallText reads the text of what is stored, which may be a day that there is
// not: 2026-00-15, 2026-03-00 or 2026-02-30. To a database it comes right before
// the month that it is named after, or that comes next.
func readWallText(text string) Set {
	if t, ok := wallTime(text); ok {
		return just(wallOf(t))
	}
	var year, month, day int
	if n, _ := fmt.Sscanf(text, "%4d-%2d-%2d", &year, &month, &day); n < 3 {
		return Set{}
	}
	switch {
	case month == 0:
		month = 1
	case day > 28:
		month++
	case day > 0:
		return Set{}
	}
	return just(rightBefore(time.Date(year, time.Month(month), 1, 0, 0, 0, 0, time.UTC)))
}

// rightBefore returns a value that comes after all times before a moment.
func rightBefore(t time.Time) Value {
	return Value{kind: Wall, hi: t.Unix() - 1, lo: uint64(time.Second)}
}

// readWallTime covers what the clock shows, or, if that was put forward within two
// days, what it left out.
//
// Where there may be days that there are not, some drivers count on, by which those
// above are the 15th of December, the 28th of February and the 2nd of March;
// others read no month as January and no day as the first. 0000-00-00 is read as
// the zero time.
func (c Column) readWallTime(v time.Time) Set {
	value, ok := wallValue(v)
	if !ok || v.Year() <= 1 {
		return Set{}
	}
	_, before := v.Add(-clockDoubt).Zone()
	_, after := v.Add(clockDoubt).Zone()
	shown := value.within(max(after-before, before-after))
	if c.Canonical {
		return shown.set()
	}
	spans := []span{shown}
	for _, end := range []Value{shown.lo, shown.hi} {
		for _, month := range unreal(time.Unix(end.hi, 0).UTC()) {
			spans = append(spans, span{lo: rightBefore(month), hi: rightBefore(month)})
		}
	}
	return spanSet(false, spans...)
}

// unreal returns the months right before which days may come that there are not,
// and of which a driver makes t.
func unreal(t time.Time) []time.Time {
	first := time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
	year := time.Date(t.Year(), time.January, 1, 0, 0, 0, 0, time.UTC)
	var months []time.Time
	if t.Day() <= 3 {
		months = append(months, first)
	}
	if next := first.AddDate(0, 1, 0); t.AddDate(0, 0, 1).Month() == next.Month() {
		months = append(months, next)
	}
	switch {
	case t.Month() == time.January:
		months = append(months, year)
	case t.Month() == time.December, t.Month() == time.November && t.Day() == 30:
		months = append(months, year.AddDate(1, 0, 0))
	}
	return months
}

// dayValue reads the day of a time as it is written down, or that with which a
// text begins: texts of times are in the order of their days, whatever form
// they have behind. A time that may be rounded to the next day is not
// understood, nor is the zero time, as in [wallValue].
func dayValue(v driver.Value) (Value, bool) {
	if text, ok := v.(string); ok {
		if !isDayAndTime(text) {
			return Value{}, false
		}
		day, err := time.Parse(time.DateOnly, text[:min(len(text), len(time.DateOnly))])
		return dayOf(day), err == nil
	}
	if _, ok := timeValue(v, Day); !ok || v.(time.Time).IsZero() {
		return Value{}, false
	}
	day := dayOf(onTheClock(v.(time.Time)))
	return day, day == dayOf(onTheClock(v.(time.Time)).Add(time.Second))
}

// isDayAndTime reports whether what follows the day in a text may be a time of
// that day, of which no server makes the next day or another era.
func isDayAndTime(text string) bool {
	if len(text) <= len(time.DateOnly) {
		return true
	}
	rest := text[len(time.DateOnly):]
	return (rest[0] == ' ' || rest[0] == 'T') && strings.Trim(rest[1:], "0123456789:.+-Z") == "" &&
		!strings.HasPrefix(rest[1:], "23:59:59.") && !strings.HasPrefix(rest[1:], "24")
}

// dayOf returns the day of t, which is in UTC.
func dayOf(t time.Time) Value {
	return Value{kind: Day, hi: t.Truncate(secondsOfDay*time.Second).Unix() / secondsOfDay}
}
