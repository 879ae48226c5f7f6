package invalidation

import (
	"slices"
	"strings"
)

// Intersect returns a set that covers the members that both sets have.
func (s Set) Intersect(other Set) Set {
	null := !s.notNull && !other.notNull
	a, b := s, other
	if a.form > b.form {
		a, b = b, a
	}
	switch ka, kb := a.kind(), b.kind(); {
	case a.form == everything:
		return b.withNull(null)
	case a.form == finite && ka == Unknown || b.form == finite && kb == Unknown:
		return finiteSet(null, nil)
	case ka != kb:
		return a.withNull(null)
	}
	switch {
	case a.form == finite:
		return finiteSet(null, keep(a.members(), b.contains))
	case a.form == intervals && b.form == intervals:
		return spanSet(null, common(a.spans, b.spans)...)
	case a.form == intervals: // allBut: only a single value can be excluded whole
		return spanSet(null, keep(a.spans, func(p span) bool { return !p.point() || b.contains(p.lo) })...)
	case a.form == allBut:
		return allButSet(null, slices.Concat(a.values, b.values))
	}
	return prefixSet(null, commonPrefixes(a.values, b.values))
}

// withNull returns the set with NULL as a member or not.
func (s *Set) withNull(null bool) Set {
	if s.notNull != null {
		return *s
	}
	if s.form == finite {
		return finiteSet(null, slices.Clone(s.members()))
	}
	r := *s
	r.notNull = !null
	return r
}

// keep returns a new slice of those that satisfy the condition.
func keep[T any](all []T, condition func(T) bool) []T {
	var kept []T
	for _, one := range all {
		if condition(one) {
			kept = append(kept, one)
		}
	}
	return kept
}

func common(a, b []span) []span {
	var both []span
	for i := range a {
		for j := range b {
			if a[i].meets(&b[j]) {
				both = append(both, a[i].intersect(&b[j]))
			}
		}
	}
	return both
}

// commonPrefixes returns the longer of each two prefixes that agree.
func commonPrefixes(a, b []Value) []Value {
	var both []Value
	for _, p := range a {
		for _, q := range b {
			switch {
			case strings.HasPrefix(p.text, q.text):
				both = append(both, p)
			case strings.HasPrefix(q.text, p.text):
				both = append(both, q)
			}
		}
	}
	return both
}

// Union returns a set that covers the members of both.
func (s Set) Union(other Set) Set { return union(s, other) }

// union returns a set that covers the members of all sets.
func union(sets ...Set) Set {
	if len(sets) == 1 {
		return sets[0]
	}
	var u collector
	for i := range sets {
		u.add(&sets[i])
	}
	return u.set()
}

// collector gathers the parts of a union.
type collector struct {
	kind     Kind
	null     bool
	open     bool // something is too large to be written down but as everything
	points   []Value
	spans    []span
	prefixes []Value
	allBut   []*Set
}

func (u *collector) add(s *Set) {
	u.null = u.null || !s.notNull
	kind := s.kind()
	switch {
	case s.form == everything:
		u.open = true
	case kind == Unknown: // no member, or NULL alone
		return
	case u.kind != Unknown && u.kind != kind:
		u.open = true
	}
	if u.open {
		return
	}
	u.kind = kind
	switch s.form {
	case finite:
		u.points = append(u.points, s.members()...)
	case intervals:
		u.spans = append(u.spans, s.spans...)
	case prefixes:
		u.prefixes = append(u.prefixes, s.values...)
	case allBut:
		u.allBut = append(u.allBut, s)
	}
}

func (u *collector) set() Set {
	switch {
	case u.open:
		return Set{notNull: !u.null}
	case len(u.allBut) > 0:
		return u.excluding()
	case len(u.spans) > 0:
		for _, v := range u.points {
			u.spans = append(u.spans, span{lo: v, hi: v})
		}
		return spanSet(u.null, u.spans...)
	case len(u.prefixes) > 0:
		for i := range u.points {
			u.prefixes = append(u.prefixes, u.points[i].prefix())
		}
		return prefixSet(u.null, u.prefixes)
	}
	return finiteSet(u.null, u.points)
}

// excluding returns everything but what no part of the union holds.
func (u *collector) excluding() Set {
	first, others := u.allBut[0], u.allBut[1:]
	points := finiteSet(false, u.points)
	excluded := keep(first.values, func(v Value) bool {
		return !points.contains(v) &&
			!slices.ContainsFunc(u.spans, func(p span) bool { return p.contains(v) }) &&
			!slices.ContainsFunc(others, func(s *Set) bool { return s.contains(v) })
	})
	return allButSet(u.null, excluded)
}
