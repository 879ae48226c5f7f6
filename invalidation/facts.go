package invalidation

import (
	"bytes"
	"cmp"
	"database/sql/driver"
	"math"
	"slices"
	"strconv"
	"time"
)

// Image is what is known of one row: column name, in lower case, to value. The
// values are those of database/sql/driver, and uint64. A column that is
// missing may hold anything.
type Image map[string]driver.Value

// AtLeast stands, in an image of a created row, for a value that is not known but
// for a lower bound.
type AtLeast struct{ Value driver.Value }

// Facts is what is known of one execution of a write beyond its text and its
// arguments. The zero Facts is always right.
type Facts struct {
	// Chosen has, for each row of an insert, the values that the database
	// chose, such as a generated key, or an [AtLeast].
	Chosen []Image
	// Before has the rows that the write reached, as they were. It counts only
	// if HasBefore is true; then an empty list says that the write reached no
	// row.
	Before    []Image
	HasBefore bool
	// Rows touched; 0 counts as not known.
	Rows int64
}

// box covers the row of which a driver gave the image.
func (m Image) box(relation *Relation) Box {
	box := make(Box, 0, len(m))
	for name, v := range m {
		if column, ok := relation.Columns[name]; ok {
			if set := column.read(v); !set.unrestricted() {
				box = append(box, Term{name, set})
			}
		}
	}
	slices.SortFunc(box, func(a, b Term) int { return cmp.Compare(a.Column, b.Column) })
	return box
}

// keeps reports whether the assignment surely leaves the column as it was, in
// the very form in which it is stored.
func (m Image) keeps(a *assignment) bool {
	was, ok := m[a.name]
	if !ok || a.open || a.column.Generated {
		return false
	}
	for _, v := range a.values {
		if !same(was, v, a.column) {
			return false
		}
	}
	return true
}

// same reports whether to write now, where a driver gave was, changes nothing.
//
// It is never sure of a time or a boolean unless the column is Canonical, or
// was is a text of what is stored. A driver reads several stored forms as one time: '2026-01-01 00:00:00' and
// '2026-01-01 00:00:00+00:00', and to a query that compares them as text they
// differ.
func same(was, now driver.Value, column Column) bool {
	told := column.Kind.unpacked(was)
	_, isText := told.(string)
	if (column.Canonical || isText && (column.Kind == Wall || column.Kind == Verbatim)) && sameValue(told, now, column.Kind) {
		return true
	}
	switch was := was.(type) {
	case nil:
		return now == nil
	case int64:
		if column.Kind == Int {
			a, _ := intValue(was)
			b, ok := intValue(now)
			return ok && a == b
		}
		n, ok := now.(int64)
		return ok && n == was
	case uint64:
		n, ok := now.(uint64)
		return ok && n == was
	case float64:
		f, ok := now.(float64)
		return ok && math.Float64bits(f) == math.Float64bits(was)
	case string:
		s, ok := now.(string)
		return ok && s == was
	case []byte:
		b, ok := now.([]byte)
		return ok && b != nil && bytes.Equal(b, was)
	}
	return false
}

// sameValue reports whether the two are surely one value of the kind, as it is
// stored in a Canonical column that holds was. What is rounded to be stored
// counts only if it needs no rounding, as was needed none.
func sameValue(was, now driver.Value, kind Kind) bool {
	switch kind {
	case Int, UUID, Verbatim:
	case Text, Exact:
		a, ok := was.(string)
		b, ok2 := now.(string)
		return ok && ok2 && a == b
	case Time:
		a, ok := was.(time.Time)
		b, ok2 := now.(time.Time)
		return ok && ok2 && a.Equal(b)
	case Clock, Wall:
		if text, ok := was.(string); ok && kind == Wall {
			stored, ok := wallTime(text)
			now, isTime := now.(time.Time)
			return ok && isTime && stored.Equal(onTheClock(now))
		}
		a, ok := was.(time.Time)
		b, ok2 := now.(time.Time)
		return ok && ok2 && sameClock(a, b)
	case Decimal:
		if f, ok := now.(float64); ok {
			now = strconv.FormatFloat(f, 'g', sureDigits, 64)
			if g, err := strconv.ParseFloat(now.(string), 64); err != nil || g != f {
				return false
			}
			now = strconv.FormatFloat(f, 'f', -1, 64)
		}
	default:
		return false
	}
	a, ok := valueOf(was, kind)
	b, ok2 := valueOf(now, kind)
	return ok && ok2 && !a.isNull() && a == b
}

// sureDigits is how many digits of a decimal every double keeps.
const sureDigits = 15

// sameClock reports whether a and b are one instant and show one time of day.
// Near a change of the zone's offset nothing is sure: the driver may have read
// an hour that the zone leaves out as another.
func sameClock(a, b time.Time) bool {
	_, offset := a.Zone()
	for _, t := range []time.Time{b, a.Add(-clockDoubt), a.Add(clockDoubt)} {
		if _, o := t.Zone(); o != offset {
			return false
		}
	}
	return a.Equal(b)
}

// clockDoubt is how far from a change of a zone's offset times are sure.
const clockDoubt = 48 * time.Hour
