package invalidation

import (
	"slices"
	"strings"

	"github.com/seed92106438/cacheops/internal/encoded"
)

var formNumbers = numbering[form]{0: everything, 1: finite, 2: intervals, 3: allBut, 4: prefixes}

// holdsNull is set beside the number of a form if NULL is a member.
const holdsNull = 0x80

// Bits of a span.
const (
	hasLo   = 1 << 0
	hasHi   = 1 << 1
	opensLo = 1 << 2
	opensHi = 1 << 3
)

// appendSet appends a set: its form, with a bit for NULL; the kind of its values,
// which holds for all of them; the values other than NULL, or the spans.
func appendSet(b []byte, s *Set) []byte {
	head := formNumbers.number(s.form)
	if !s.notNull {
		head |= holdsNull
	}
	b = append(b, head)
	if s.form == everything {
		return b
	}
	b = append(b, kindNumbers.number(s.kind()))
	if s.form == intervals {
		b = encoded.AppendUint(b, uint64(len(s.spans)))
		for i := range s.spans {
			b = appendSpan(b, &s.spans[i])
		}
		return b
	}
	members := s.members()
	b = encoded.AppendUint(b, uint64(len(members)))
	for i := range members {
		b = appendValue(b, &members[i])
	}
	return b
}

// readSet reads a set. It fails on what could not have been made here: two sets are
// held to be disjoint by the order of their values and by what their form promises.
func readSet(r *encoded.Reader) Set {
	head := r.Byte()
	if int(head&^holdsNull) >= len(formNumbers) {
		r.Failf("a set of form %d is not known", head&^holdsNull)
		return Set{}
	}
	s := Set{form: formNumbers[head&^holdsNull], notNull: head&holdsNull == 0}
	if s.form == everything {
		return s
	}
	kind := kindNumbers.read(r, "a kind of value")
	n := r.Count(1)
	if s.form == intervals {
		s.spans = readSpans(r, kind, n)
		return s
	}
	s.values = readValues(r, kind, n, s.form == finite && !s.notNull)
	if r.Err() == nil && !s.sound(kind, n) {
		r.Failf("a set of form %d has members that it cannot have", formNumbers.number(s.form))
	}
	return s
}

// readValues reads n values of one kind, each greater than the one before, and puts
// NULL before them if null is true.
func readValues(r *encoded.Reader, kind Kind, n int, null bool) []Value {
	if n > maxPoints {
		r.Failf("a set has %d members", n)
		return nil
	}
	var values []Value
	if null {
		values = make([]Value, 1, n+1)
	} else if n > 0 {
		values = make([]Value, 0, n)
	}
	for range n {
		v := readValue(r, kind)
		if len(values) > 0 && values[len(values)-1].compare(&v) >= 0 {
			r.Failf("the members of a set are not in order")
			return nil
		}
		values = append(values, v)
	}
	return values
}

// sound reports whether the form of the set admits its n members other than NULL,
// of a kind.
func (s *Set) sound(kind Kind, n int) bool {
	switch s.form {
	case finite:
		blank := func(v Value) bool { return strings.HasSuffix(v.text, " ") }
		return len(s.values) <= maxPoints && (n > 0) == (kind != Unknown) && !(kind == Exact && slices.ContainsFunc(s.values, blank))
	case allBut:
		return n > 0 && kind.separate()
	}
	if n == 0 || n > maxPrefixes || s.values[0].text == "" {
		return false
	}
	for i := range s.values {
		if kind == Exact && s.values[i].prefix() != s.values[i] {
			return false
		}
	}
	return kind == Text || kind == Exact
}

func appendSpan(b []byte, s *span) []byte {
	at := len(b)
	b = append(b, 0)
	if !s.lo.isNull() {
		b[at] |= hasLo
		b = appendValue(b, &s.lo)
	}
	if !s.hi.isNull() {
		b[at] |= hasHi
		b = appendValue(b, &s.hi)
	}
	if s.openLo {
		b[at] |= opensLo
	}
	if s.openHi {
		b[at] |= opensHi
	}
	return b
}

// readSpans reads n spans of one kind, each of which ends before the next begins.
func readSpans(r *encoded.Reader, kind Kind, n int) []span {
	if n == 0 || n > maxSpans || kind == Text || kind == Exact || kind == Bytes {
		r.Failf("a set has %d intervals of kind %d", n, kindNumbers.number(kind))
		return nil
	}
	spans := make([]span, 0, n)
	for range n {
		s := readSpan(r, kind)
		if len(spans) > 0 && !spans[len(spans)-1].before(&s) || s.kind() != kind {
			r.Failf("the intervals of a set are not in order")
			return nil
		}
		spans = append(spans, s)
	}
	return spans
}

// readSpan reads a span, which has room for a value, and is open only where it has
// an end.
func readSpan(r *encoded.Reader, kind Kind) (s span) {
	bits := r.Byte()
	if bits&hasLo != 0 {
		s.lo = readValue(r, kind)
	}
	if bits&hasHi != 0 {
		s.hi = readValue(r, kind)
	}
	s.openLo, s.openHi = bits&opensLo != 0, bits&opensHi != 0
	switch {
	case bits > hasLo|hasHi|opensLo|opensHi, s.openLo && s.lo.isNull(), s.openHi && s.hi.isNull():
	case s.lo.isNull() || s.hi.isNull():
		return s
	default:
		if c := s.lo.compare(&s.hi); c < 0 || c == 0 && !s.openLo && !s.openHi {
			return s
		}
	}
	r.Failf("an interval has no room")
	return span{}
}
