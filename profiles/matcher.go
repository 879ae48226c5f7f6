package profiles

import (
	"maps"
	"strings"
	"sync/atomic"
)

// Matcher finds the profiles of tables. The zero value knows none. It is
// immutable to those who use it and safe for concurrent use; a look-up of a
// table seen before allocates nothing and takes no lock. It must not be
// copied.
type Matcher struct {
	rules []rule // the most specific first

	// known remembers answers by the name as it was asked for. A map that is
	// in place is never written again: a new name is added to a copy.
	known atomic.Pointer[map[string]*rule]
}

// rule is one key of a [Set] with its profile. The zero rule stands for the
// tables that no key covers.
type rule struct {
	pattern pattern
	profile Profile
}

// maxKnown bounds the answers remembered, for programs that make up names of
// tables as they go.
const maxKnown = 1024

// Match returns the profile of a table, and the key that it is under in the
// [Set]; without one both are zero. The profile's Ignore is in lower case, and
// must not be changed.
func (m *Matcher) Match(table string) (profile Profile, key string) {
	known := m.known.Load()
	if known != nil {
		if r, ok := (*known)[table]; ok {
			return r.profile, r.pattern.key
		}
	}
	r := m.find(strings.ToLower(table))
	m.remember(known, table, r)
	return r.profile, r.pattern.key
}

func (m *Matcher) find(table string) *rule {
	for i := range m.rules {
		if m.rules[i].pattern.matches(table) {
			return &m.rules[i]
		}
	}
	return &rule{}
}

// remember adds an answer to those in known. If another goroutine added one
// meanwhile, this one is left for the next time: the answers never change, so
// it costs only the search.
func (m *Matcher) remember(known *map[string]*rule, table string, r *rule) {
	next := make(map[string]*rule)
	if known != nil && len(*known) < maxKnown {
		maps.Copy(next, *known)
	}
	// The name may be a piece of a long text, which must not be held by it.
	next[strings.Clone(table)] = r
	m.known.CompareAndSwap(known, &next)
}
