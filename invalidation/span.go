package invalidation

import (
	"database/sql/driver"
	"math"
	"slices"
	"time"
)

// span is an interval of values of one kind. An end that is NULL is absent:
// the span has no bound there. A span has always room for a value; that there
// is no integer between 10 and 11 does not make that span empty, because a
// column may hold what its kind does not understand, such as 10.5 on SQLite.
type span struct {
	lo, hi         Value
	openLo, openHi bool // the end itself is not in the span
}

func (s *span) kind() Kind { return max(s.lo.kind, s.hi.kind) }

// point reports whether the span holds just one value.
func (s *span) point() bool { return s.lo == s.hi && !s.lo.isNull() }

func (s *span) contains(v Value) bool {
	return s.meets(&span{lo: v, hi: v})
}

// holdsOne reports whether one of a sorted list of values lies in the span.
func (s *span) holdsOne(values []Value) bool {
	i, found := search(values, &s.lo) // an absent end sorts first
	if found && s.openLo {
		i++
	}
	return i < len(values) && s.contains(values[i])
}

// before reports whether s ends before other begins.
func (s *span) before(other *span) bool {
	if s.hi.isNull() || other.lo.isNull() {
		return false
	}
	c := s.hi.compare(&other.lo)
	return c < 0 || c == 0 && (s.openHi || other.openLo)
}

func (s *span) meets(other *span) bool {
	return !s.before(other) && !other.before(s)
}

// intersect returns what both spans hold; they must meet.
func (s *span) intersect(other *span) span {
	r := *s
	if s.compareLo(other) < 0 {
		r.lo, r.openLo = other.lo, other.openLo
	}
	if s.compareHi(other) > 0 {
		r.hi, r.openHi = other.hi, other.openHi
	}
	return r
}

// hull returns the least span that covers both.
func (s *span) hull(other *span) span {
	r := *s
	if s.compareLo(other) > 0 {
		r.lo, r.openLo = other.lo, other.openLo
	}
	if s.compareHi(other) < 0 {
		r.hi, r.openHi = other.hi, other.openHi
	}
	return r
}

// compareLo orders spans by where they begin. An absent end is NULL, which
// sorts first, as it should here.
func (s *span) compareLo(other *span) int {
	if c := s.lo.compare(&other.lo); c != 0 {
		return c
	}
	return compareOpen(s.openLo, other.openLo)
}

// compareHi orders spans by where they end.
func (s *span) compareHi(other *span) int {
	switch {
	case s.hi.isNull() && other.hi.isNull():
		return 0
	case s.hi.isNull():
		return 1
	case other.hi.isNull():
		return -1
	}
	if c := s.hi.compare(&other.hi); c != 0 {
		return c
	}
	return -compareOpen(s.openHi, other.openHi)
}

func compareOpen(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// joinSpans sorts spans and makes one of those that overlap.
func joinSpans(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int { return a.compareLo(&b) })
	joined := spans[:0]
	for i := range spans {
		if n := len(joined); n > 0 && joined[n-1].meets(&spans[i]) {
			joined[n-1] = joined[n-1].hull(&spans[i])
		} else {
			joined = append(joined, spans[i])
		}
	}
	return joined
}

// hull returns the least span that covers the set without NULL. It reports false
// if there is none.
func (s *Set) hull() (span, bool) {
	switch members := s.members(); {
	case s.form == finite && len(members) > 0:
		return span{lo: members[0], hi: members[len(members)-1]}, true
	case s.form == intervals:
		return s.spans[0].hull(&s.spans[len(s.spans)-1]), true
	}
	return span{}, false
}

// clockSlack is how many seconds two times may be apart that a database holds
// for equal because it forgot their zones, or compares by their texts: up to two
// days between zones a day off each way, and a day more where the time of day
// does not count.
const clockSlack = 3 * 24 * 60 * 60

// wallSlack is how many seconds a time may be off that was cut off or rounded, by a
// driver and by a column.
const wallSlack = 2

// near covers every value that a database may hold for equal to v, which is
// the value of an argument.
//
// A column may store a float in four bytes, so that it comes back as the
// nearest float32: the neighbours of that on both sides are taken in. A
// column may round a time to whole seconds. A Clock is what a driver makes of
// an instant by the zone of its connection, or of the argument; a date forgets
// the time of day as well. Of a time a driver may send the day that it is in UTC, as
// PostgreSQL's does in the simple protocol.
func (v Value) near(argument driver.Value) span {
	switch v.kind {
	case Float:
		return v.nearFloat()
	case Time:
		return v.within(1)
	case Clock:
		return v.within(clockSlack)
	case Wall:
		return v.within(wallSlack)
	case Decimal:
		return v.asDecimal(argument)
	case Day:
		if t, ok := argument.(time.Time); ok {
			return v.nearDay(dayOf(t.UTC()))
		}
	}
	return span{lo: v, hi: v}
}

func (v Value) nearDay(other Value) span {
	if v.compare(&other) > 0 {
		v, other = other, v
	}
	return span{lo: v, hi: other}
}

func (v Value) nearFloat() span {
	f := float32(v.float())
	lo := math.Nextafter32(f, float32(math.Inf(-1)))
	hi := math.Nextafter32(f, float32(math.Inf(1)))
	return span{lo: ofFloat(float64(lo)), hi: ofFloat(float64(hi))}
}

// orderSlack covers every value that a database may order on either side of
// v, which is the value of an argument.
//
// SQLite compares times as text: the clock as it stands in the text decides
// and the zone is not heeded. Texts of different forms (a T between date and
// time, an hour of one digit) are still in order by their date.
func (c Column) orderSlack(v Value, argument driver.Value) span {
	if v.kind == Time && !c.Canonical {
		return v.within(clockSlack)
	}
	return v.near(argument)
}

// within covers the times that are up to so many seconds away.
func (v Value) within(seconds int) span {
	s := span{lo: v, hi: v}
	s.lo.hi -= int64(seconds)
	s.hi.hi += int64(seconds)
	return s
}

// set returns the set of what lies in the span, which has both ends.
func (s span) set() Set {
	if s.point() {
		return just(s.lo)
	}
	return spanSet(false, s)
}
