package invalidation

import (
	"database/sql/driver"
	"math"
	"math/bits"
)

// step returns what an assignment of col + v, or col - v, adds to a column of
// integers: NULL if that is not known.
func (c Column) step(v driver.Value, sign int) Value {
	n, ok := v.(int64)
	if !ok || c.Kind != Int || c.Generated || c.Coerced || c.Unique || n == math.MinInt64 {
		return Value{}
	}
	n *= int64(sign)
	return Value{kind: Int, hi: n >> 63, lo: uint64(n)}
}

// after covers the column's value after the assignment in the rows of a box.
func (a *assignment) after(before Box) Set {
	if a.step.isNull() {
		return a.set
	}
	return before.set(a.name).plus(a.step, a.column.Canonical)
}

// plus returns the set of the values of s with step added. Where a column may
// hold other than integers, as SQLite's may hold texts that count as zero, only
// points are known to be integers. What leaves the range of 64 bits, where
// databases differ, may be anything.
func (s Set) plus(step Value, integers bool) Set {
	switch {
	case s.form == finite:
		points := make([]Value, 0, len(s.values))
		for _, v := range s.values {
			if !v.isNull() { // NULL stays NULL
				var ok bool
				if v, ok = v.sum(step); !ok {
					return Set{}
				}
			}
			points = append(points, v)
		}
		return finiteSet(false, points)
	case s.form == intervals && integers:
		spans := make([]span, 0, len(s.spans))
		for _, sp := range s.spans {
			for _, end := range []*Value{&sp.lo, &sp.hi} {
				var ok bool
				if *end, ok = end.sum(step); !ok {
					return Set{}
				}
			}
			spans = append(spans, sp)
		}
		return spanSet(!s.notNull, spans...)
	}
	return Set{notNull: s.notNull && integers}
}

// sum adds step to an integer. An end of a span that is open, NULL, stays
// open. It reports false if the sum has more than 64 bits.
func (v Value) sum(step Value) (Value, bool) {
	if v.isNull() {
		return v, true
	}
	if v.kind != Int {
		return v, false
	}
	lo, carry := bits.Add64(v.lo, step.lo, 0)
	sum := Value{kind: Int, lo: lo, hi: v.hi + step.hi + int64(carry)}
	return sum, sum.hi == int64(sum.lo)>>63
}
