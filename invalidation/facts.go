package invalidation

import (
	"bytes"
	"cmp"
	"database/sql/driver"
	"math"
	"slices"
)

// Image is what is known of one row: column name, in lower case, to value. The
// values are those of database/sql/driver, and uint64. A column that is
// missing may hold anything.
type Image map[string]driver.Value

// Facts is what is known of one execution of a write beyond its text and its
// arguments. The zero Facts is always right.
type Facts struct {
	// Chosen has, for each row of an insert, the values that the database
	// chose, such as a generated key.
	Chosen []Image
	// Before has the rows that the write reached, complete, as they were. It
	// counts only if HasBefore is true; then an empty list says that the
	// write reached no row.
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
			if set := column.Kind.read(v); !set.unrestricted() {
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
	was, ok := m[a.column]
	if !ok || a.open || a.computed {
		return false
	}
	for _, v := range a.values {
		if !same(was, v, a.kind) {
			return false
		}
	}
	return true
}

// same reports whether to write now, where a driver gave was, changes nothing.
//
// It is never sure of a time or a boolean. A driver reads several stored forms
// as one time: '2026-01-01 00:00:00' and '2026-01-01 00:00:00+00:00', and to a
// query that compares them as text they differ.
func same(was, now driver.Value, kind Kind) bool {
	switch was := was.(type) {
	case nil:
		return now == nil
	case int64:
		if kind == Int {
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
