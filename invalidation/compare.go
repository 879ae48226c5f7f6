package invalidation

import (
	"database/sql/driver"
	"strconv"
	"strings"
	"time"
)

// compared returns a set that covers the values of the column for which
// "column op v" holds. It never holds for NULL, on either side.
func (c Column) compared(op Op, v driver.Value) Set {
	if v == nil {
		return none
	}
	if op == Like {
		return c.Kind.like(v)
	}
	value, ok := valueOf(v, c.Kind)
	if !ok {
		return someValue
	}
	switch op {
	case Eq:
		return c.equal(value, v)
	case NotEq:
		// Of the other kinds more values are equal to v under some collation
		// or precision than are under the database's own, so none is left out.
		if c.Kind.separate() {
			return allButSet(false, []Value{value})
		}
	case Less, LessEq, Greater, GreaterEq:
		return c.ordered(op, value, v)
	}
	return someValue
}

// equal covers the values of the column that are equal to v, the value of an
// argument.
func (c Column) equal(v Value, argument driver.Value) Set {
	if c.Kind.pointed() {
		return just(v)
	}
	return v.near(argument).set()
}

// ordered covers a range.
func (c Column) ordered(op Op, v Value, argument driver.Value) Set {
	if !c.Kind.ordered() {
		return someValue
	}
	s := c.orderSlack(v, argument)
	exact := s.point() && v.alone()
	if op == Less || op == LessEq {
		s.lo, s.openHi = Value{}, exact && op == Less
	} else {
		s.hi, s.openLo = Value{}, exact && op == Greater
	}
	return spanSet(false, s)
}

// like covers the texts that begin as the pattern does before its first
// wildcard. A backslash ends that too: to some databases it is an escape.
func (k Kind) like(v driver.Value) Set {
	pattern, ok := v.(string)
	if k != Text && k != Exact || !ok {
		return someValue
	}
	if i := strings.IndexAny(pattern, `%_\`); i >= 0 {
		pattern = pattern[:i]
	}
	value, ok := valueOf(pattern, k)
	if !ok {
		return someValue
	}
	return prefixSet(false, []Value{value.prefix()})
}

// stored returns a set that covers what the column may hold after v was
// written to it.
func (c Column) stored(v driver.Value) Set {
	value, ok := valueOf(v, c.Kind)
	switch {
	case !ok:
		return Set{}
	case value.kind == Float:
		return spanSet(false, value.nearFloat())
	case value.kind == Decimal:
		return value.rounded(v, int(c.Scale))
	case value.kind == Day:
		return value.near(v).set()
	}
	return just(value)
}

// read returns a set that covers what the column may hold if a driver gave v
// for it.
//
// What is stored in a Canonical column is what the driver gives, though some
// of it as bytes. Otherwise a driver may give a value that it made by the
// column's declared type. The common one for SQLite reads any positive integer
// in a boolean column as true; it reads an integer in a datetime column as the
// time of that second, though to SQLite every integer is less than every time
// that is text; and it reads a text that it cannot parse as the zero time.
func (c Column) read(v driver.Value) Set {
	switch c.Kind {
	case Wall:
		return c.readWall(c.Kind.unpacked(v))
	case Verbatim:
		return c.readVerbatim(v)
	}
	if c.Canonical {
		return c.stored(c.Kind.unpacked(v))
	}
	switch v := v.(type) {
	case bool:
		if c.Kind == Int {
			return readBool(v)
		}
	case time.Time:
		if c.Kind == Day {
			return readDay(v)
		}
		if value, ok := valueOf(v, c.Kind); ok && !v.IsZero() {
			return spanSet(false, span{hi: value})
		}
		return Set{}
	}
	return c.stored(v)
}

// readDay covers the days of what a driver may read as v, which it may have moved
// to another zone, or made of a day that there is not, see [Column.readWallTime].
// Integers, which SQLite's reads as times as well, come before them all.
func readDay(v time.Time) Set {
	if v.IsZero() {
		return Set{}
	}
	day := dayOf(v.UTC())
	day.hi += 2
	for _, month := range unreal(onTheClock(v)) {
		day.hi = max(day.hi, dayOf(month).hi)
	}
	return spanSet(false, span{hi: day})
}

// readBool covers the integers that a driver may read as v.
func readBool(v bool) Set {
	zero := Value{kind: Int}
	if v {
		return spanSet(false, span{lo: zero, openLo: true})
	}
	return spanSet(false, span{hi: zero})
}

// unpacked turns the bytes that a driver gives for what is no blob, as MySQL's
// does, into the value that they stand for.
func (k Kind) unpacked(v driver.Value) driver.Value {
	b, ok := v.([]byte)
	if !ok || b == nil {
		return v
	}
	switch k {
	case Text, Exact, Decimal, Wall:
		return string(b)
	case UUID:
		if len(b) != 16 {
			return string(b)
		}
	case Int:
		if n, err := strconv.ParseInt(string(b), 10, 64); err == nil {
			return n
		}
		if n, err := strconv.ParseUint(string(b), 10, 64); err == nil {
			return n
		}
	}
	return v
}
