package invalidation

import (
	"database/sql/driver"
	"strings"
	"time"
)

// compared returns a set that covers the values of a column of the kind for
// which "column op v" holds. It never holds for NULL, on either side.
func (k Kind) compared(op Op, v driver.Value) Set {
	if v == nil {
		return none
	}
	if op == Like {
		return k.like(v)
	}
	value, ok := valueOf(v, k)
	if !ok {
		return someValue
	}
	switch op {
	case Eq:
		return k.equal(value)
	case NotEq:
		// Of the other kinds more values are equal to v under some collation
		// or precision than are under the database's own, so none is left out.
		if k == Int {
			return allButSet(false, []Value{value})
		}
	case Less, LessEq, Greater, GreaterEq:
		return k.ordered(op, value)
	}
	return someValue
}

func (k Kind) equal(v Value) Set {
	if k == Float || k == Time {
		return spanSet(false, v.near())
	}
	return just(v)
}

// ordered covers a range. Texts and blobs have none: their order is the
// collation's.
func (k Kind) ordered(op Op, v Value) Set {
	var s span
	switch k {
	case Int:
		s = span{lo: v, hi: v, openLo: op == Greater, openHi: op == Less}
	case Float, Time:
		s = v.orderSlack()
	default:
		return someValue
	}
	if op == Less || op == LessEq {
		s.lo, s.openLo = Value{}, false
	} else {
		s.hi, s.openHi = Value{}, false
	}
	return spanSet(false, s)
}

// like covers the texts that begin as the pattern does before its first
// wildcard. A backslash ends that too: to some databases it is an escape.
func (k Kind) like(v driver.Value) Set {
	pattern, ok := v.(string)
	if k != Text || !ok {
		return someValue
	}
	if i := strings.IndexAny(pattern, `%_\`); i >= 0 {
		pattern = pattern[:i]
	}
	value, ok := valueOf(pattern, Text)
	if !ok {
		return someValue
	}
	return prefixSet(false, []Value{value})
}

// stored returns a set that covers what a column of the kind may hold after v
// was written to it.
func (k Kind) stored(v driver.Value) Set {
	value, ok := valueOf(v, k)
	switch {
	case !ok:
		return Set{}
	case value.kind == Float:
		return spanSet(false, value.near())
	}
	return just(value)
}

// read returns a set that covers what a column of the kind may hold if a
// driver gave v for it.
//
// A driver may give a value that it made by the column's declared type. The
// common one for SQLite reads any positive integer in a boolean column as
// true; it reads an integer in a datetime column as the time of that second,
// though to SQLite every integer is less than every time that is text; and it
// reads a text that it cannot parse as the zero time.
func (k Kind) read(v driver.Value) Set {
	switch v := v.(type) {
	case bool:
		if k != Int {
			break
		}
		zero := Value{kind: Int}
		if v {
			return spanSet(false, span{lo: zero, openLo: true})
		}
		return spanSet(false, span{hi: zero})
	case time.Time:
		if value, ok := valueOf(v, k); ok && !v.IsZero() {
			return spanSet(false, span{hi: value})
		}
		return Set{}
	}
	return k.stored(v)
}
