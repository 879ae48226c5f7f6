package invalidation

import (
	"database/sql/driver"
	"strings"
	"time"
)

// VerbatimTime is the form in which a time is written down that is given to a
// [Verbatim] column, in the time's own zone.
const VerbatimTime = "2006-01-02 15:04:05.999999999-07:00"

// verbatimValue reads a text that begins with a date, as it stands, or a time as
// it is written down. Of another text a database may make a number. Numbers come
// before all texts; nothing more is known of them, so that they are one value.
func verbatimValue(v driver.Value) (Value, bool) {
	switch v := v.(type) {
	case string:
		return Value{kind: Verbatim, text: v}, isDated(v)
	case time.Time:
		text := v.Format(VerbatimTime)
		return Value{kind: Verbatim, text: text}, isDated(text)
	case int64, uint64, float64, bool:
		return Value{kind: Verbatim}, true
	}
	return Value{}, false
}

// isDated reports whether a text begins with a year and a dash, as no number does.
// Beyond ASCII the order of texts depends on how they are encoded.
func isDated(text string) bool {
	const year = "2006"
	if len(text) <= len(year) || len(text) > maxText || text[len(year)] != '-' || strings.Trim(text[:len(year)], "0123456789") != "" {
		return false
	}
	return strings.IndexFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) < 0
}

// readVerbatim covers what is stored if a driver gives v. A time is what it has
// made of a text of some form, which begins with a day that is near, or of a number;
// the zero time is what it has made of any other text.
func (c Column) readVerbatim(v driver.Value) Set {
	t, ok := v.(time.Time)
	if !ok {
		return c.stored(v)
	}
	bound, ok := verbatimValue(t.UTC().AddDate(0, 0, 2).Format(time.DateOnly))
	if !ok || t.IsZero() {
		return Set{}
	}
	return spanSet(false, span{hi: bound})
}

// Hides reports whether v, which a driver gives for the column, does not tell what
// is stored, so that the database's own word for it, as text, would.
func (c Column) Hides(v driver.Value) bool {
	_, ok := v.(time.Time)
	return ok && c.Kind == Verbatim
}
