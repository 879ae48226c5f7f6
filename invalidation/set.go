package invalidation

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds of a set's size. What has more members is widened: points to the
// interval from the least to the greatest, intervals likewise, prefixes and
// the rest to everything.
//
// A list in a query may be as long as databases take them. What a change keeps
// is bounded more closely, see [coarse].
const (
	maxPoints   = 1 << 16
	maxSpans    = 16
	maxPrefixes = 16
)

// Set is a set of values of one column: NULL or not, and a part that is not
// NULL. The zero Set holds everything. A Set is never changed once made and
// may be shared between goroutines.
//
// The values are of one kind, the column's. Should two sets be of different
// kinds, they come from different ideas of what the column is, and nothing can
// be said but that they meet.
type Set struct {
	form    form
	notNull bool
	// values are sorted and distinct. In a finite set they are the members,
	// NULL first if it is one.
	values []Value
	spans  []span // sorted and disjoint, one at least
}

// form tells how the part of a Set that is not NULL is written down.
type form uint8

const (
	everything form = iota
	finite          // values
	intervals       // spans
	allBut          // everything except values, of a separate kind
	prefixes        // what begins with one of values, of Text or Exact
)

// none is the empty set; onlyNull and someValue are those of IS NULL and
// IS NOT NULL.
var (
	none      = Set{form: finite, notNull: true}
	onlyNull  = Set{form: finite, values: []Value{{}}}
	someValue = Set{notNull: true}
)

// just returns the set of one value.
func just(v Value) Set {
	if v.isNull() {
		return onlyNull
	}
	return Set{form: finite, notNull: true, values: []Value{v}}
}

// finiteSet returns the set of values, which it takes over, and of NULL if
// null is true or NULL is among them.
func finiteSet(null bool, values []Value) Set {
	if null {
		values = append(values, Value{})
	}
	values = sorted(values)
	s := Set{form: finite, notNull: len(values) == 0 || !values[0].isNull(), values: values}
	if len(values) <= maxPoints {
		return s
	}
	return s.wider()
}

// wider covers a finite set of several members by one that is written down in
// no more than two.
func (s *Set) wider() Set {
	switch members := s.members(); members[0].kind {
	case Int, Time, Clock, Decimal, UUID, Wall, Day, Verbatim:
		return spanSet(!s.notNull, span{lo: members[0], hi: members[len(members)-1]})
	}
	return Set{notNull: s.notNull}
}

// maxWritten bounds the values of a column in a box of a change. Changes are
// kept by the thousand and looked at by every reader, those of many rows too.
const maxWritten = 1024

// coarse returns boxes that cover those of a change, which it takes over, with
// [maxWritten] values of a column at the most.
func coarse(boxes []Box) []Box {
	for i, box := range boxes {
		kept := box[:0]
		for _, term := range box {
			if term.Set = term.Set.coarse(); !term.Set.unrestricted() {
				kept = append(kept, term)
			}
		}
		boxes[i] = kept
	}
	return limit(boxes)
}

func (s *Set) coarse() Set {
	switch {
	case len(s.values) <= maxWritten:
		return *s
	case s.form == finite:
		return s.wider()
	}
	return Set{notNull: s.notNull}
}

// spanSet returns the set of what lies in spans, which it takes over, and of
// NULL if null is true.
func spanSet(null bool, spans ...span) Set {
	if len(spans) == 0 {
		return finiteSet(null, nil)
	}
	spans = joinSpans(spans)
	if n := len(spans); n > maxSpans {
		spans = []span{spans[0].hull(&spans[n-1])}
	}
	return Set{form: intervals, notNull: !null, spans: spans}
}

// allButSet returns everything except values, which it takes over and which
// are not NULL; NULL is a member if null is true.
func allButSet(null bool, values []Value) Set {
	values = sorted(values)
	if len(values) == 0 || len(values) > maxPoints {
		return Set{notNull: !null}
	}
	return Set{form: allBut, notNull: !null, values: values}
}

// prefixSet returns the set of texts that begin with one of values, which it
// takes over, and of NULL if null is true.
func prefixSet(null bool, values []Value) Set {
	values = sorted(values)
	switch {
	case len(values) == 0:
		return finiteSet(null, nil)
	case len(values) > maxPrefixes || values[0].text == "":
		return Set{notNull: !null}
	}
	return Set{form: prefixes, notNull: !null, values: values}
}

// prefix returns what all texts have in common that a pattern reaches, if it
// begins as v does and letter case is ignored. A Text is folded already. Of an
// Exact, only the ASCII characters that come first are taken: what else is equal
// to them in another case, the database's locale decides.
func (v Value) prefix() Value {
	if v.kind == Exact {
		n := strings.IndexFunc(v.text, func(r rune) bool { return r >= utf8.RuneSelf })
		if n >= 0 {
			v.text = v.text[:n]
		}
		v.text = strings.ToLower(v.text)
	}
	return v
}

// begins reports whether a pattern with the prefix may reach v. A character
// beyond ASCII may be equal to one of the prefix in another case, as the Kelvin sign
// is to k, so that nothing can be said of it and of what follows.
func (v *Value) begins(prefix string) bool {
	if v.kind != Exact {
		return strings.HasPrefix(v.text, prefix)
	}
	for i := range len(prefix) {
		switch {
		case i == len(v.text):
			return false
		case v.text[i] >= utf8.RuneSelf:
			return true
		case lower(v.text[i]) != prefix[i]:
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// Points returns the members of a finite set in order, NULL first if it is
// one. The caller must not change them.
//
// Finite sets of one kind meet only if they share a member; see [Set] for
// those of different kinds.
func (s Set) Points() ([]Value, bool) { return s.values, s.form == finite }

// members returns values without NULL.
func (s *Set) members() []Value {
	if len(s.values) > 0 && s.values[0].isNull() {
		return s.values[1:]
	}
	return s.values
}

// unrestricted reports whether the set holds everything, NULL too.
func (s *Set) unrestricted() bool { return s.form == everything && !s.notNull }

// empty reports whether the set holds nothing.
func (s *Set) empty() bool { return s.form == finite && len(s.values) == 0 }

// kind returns the kind of the values, Unknown if they may be of any kind or
// if there is none but NULL.
func (s *Set) kind() Kind {
	switch {
	case s.form == intervals:
		return s.spans[0].kind()
	case len(s.values) > 0:
		return s.values[len(s.values)-1].kind
	}
	return Unknown
}

// contains reports whether v, which is not NULL and of the set's kind, is a
// member.
func (s *Set) contains(v Value) bool {
	switch s.form {
	case finite:
		_, found := search(s.values, &v)
		return found
	case intervals:
		return slices.ContainsFunc(s.spans, func(p span) bool { return p.contains(v) })
	case allBut:
		_, found := search(s.values, &v)
		return !found
	case prefixes:
		return slices.ContainsFunc(s.values, func(p Value) bool { return v.begins(p.text) })
	}
	return true
}

// Meets reports whether the two sets may have a member in common.
func (s Set) Meets(other Set) bool { return s.meets(&other) }

// meets is Meets without copying; it runs on every hit under writes.
func (s *Set) meets(other *Set) bool {
	if !s.notNull && !other.notNull {
		return true
	}
	a, b := s, other
	if a.form > b.form {
		a, b = b, a
	}
	switch ka, kb := a.kind(), b.kind(); {
	case a.form == everything:
		return b.form != finite || kb != Unknown
	case a.form == finite && ka == Unknown || b.form == finite && kb == Unknown:
		return false // at most NULL on one side, and NULL is settled
	case ka != kb:
		return true
	}
	switch {
	case a.form == finite && b.form == finite:
		return share(a.members(), b.members())
	case a.form == finite && b.form == intervals:
		return slices.ContainsFunc(b.spans, func(p span) bool { return p.holdsOne(a.members()) })
	case a.form == finite:
		return slices.ContainsFunc(a.members(), b.contains)
	case a.form == intervals && b.form == intervals:
		return overlap(a.spans, b.spans)
	case a.form == intervals: // allBut: only a single value can be excluded whole
		return slices.ContainsFunc(a.spans, func(p span) bool { return !p.point() || b.contains(p.lo) })
	case a.form == prefixes:
		return slices.ContainsFunc(a.values, func(p Value) bool { return b.meetsPrefix(p.text) })
	}
	return true // allBut and allBut
}

// meetsPrefix reports whether a set of prefixes meets the one prefix.
func (s *Set) meetsPrefix(prefix string) bool {
	return slices.ContainsFunc(s.values, func(p Value) bool {
		return strings.HasPrefix(p.text, prefix) || strings.HasPrefix(prefix, p.text)
	})
}

// share reports whether two sorted lists have a member in common.
func share(a, b []Value) bool {
	if len(a) == 1 && len(b) == 1 {
		return a[0] == b[0]
	}
	if len(a) > len(b) {
		a, b = b, a
	}
	for len(a) > 0 && len(b) > 0 {
		// The first of a that is missing in b cuts b short.
		at, found := search(b, &a[0])
		if found {
			return true
		}
		a, b = a[1:], b[at:]
	}
	return false
}

// overlap reports whether two sorted lists of disjoint spans meet.
func overlap(a, b []span) bool {
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0].before(&b[0]):
			a = a[1:]
		case b[0].before(&a[0]):
			b = b[1:]
		default:
			return true
		}
	}
	return false
}
