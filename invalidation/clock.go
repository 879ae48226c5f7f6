package invalidation

import (
	"database/sql/driver"
	"strings"
	"time"
)

const secondsOfDay = 24 * 60 * 60

// wallValue reads what the clock shows, whatever the zone.
func wallValue(v driver.Value) (Value, bool) {
	if _, ok := timeValue(v, Wall); !ok {
		return Value{}, false
	}
	t := onTheClock(v.(time.Time))
	return Value{kind: Wall, hi: t.Unix(), lo: uint64(t.Nanosecond())}, true
}

// onTheClock returns the time at which a clock in UTC shows what t shows.
func onTheClock(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
}

// readWall covers the times that a driver may read as v. Where MySQL admits dates
// without a day or month, its driver reads 2026-03-00 as the first of March and
// 2026-00-03 as the third of January; and it reads 0000-00-00 as the zero time.
func readWall(v time.Time) Set {
	value, ok := wallValue(v)
	if !ok || v.IsZero() {
		return Set{}
	}
	first := onTheClock(v)
	switch {
	case v.Month() == time.January:
		first = time.Date(v.Year(), time.January, 0, 0, 0, 0, 0, time.UTC)
	case v.Day() == 1:
		first = first.AddDate(0, 0, -1)
	}
	lo, _ := wallValue(first)
	return spanSet(false, span{lo: lo, hi: value})
}

// dayValue reads the day of a time as it is written down, or that with which a
// text begins: texts of times are in the order of their days, whatever form
// they have behind. A time that may be rounded to the next day is not
// understood.
func dayValue(v driver.Value) (Value, bool) {
	if text, ok := v.(string); ok {
		if !isDayAndTime(text) {
			return Value{}, false
		}
		day, err := time.Parse(time.DateOnly, text[:min(len(text), len(time.DateOnly))])
		return dayOf(day), err == nil
	}
	if _, ok := timeValue(v, Day); !ok {
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
