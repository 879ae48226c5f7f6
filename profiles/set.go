package profiles

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Set gives profiles to tables.
//
// A key is the name of a table or a pattern, in which * stands for any number
// of characters, none included; letter case does not count. The most specific
// key that covers a table decides alone, nothing is merged: first the name
// itself, then the pattern with the most literal characters, then the first
// in the alphabet. A table that no key covers has no profile.
//
// Tables go by the names that the database's catalogue has for them, without
// the default schema: "users", or "audit.events" for a table of another one.
// Keys hold letters, digits, and _ $ # @ - . beside the *. [Table] makes the
// key of a model.
type Set map[string]Profile

// For returns the profile of a table, and the key that it is under; without
// one both are zero. It checks nothing and goes through the whole set: for
// more than a look use a [Matcher].
func (s Set) For(table string) (profile Profile, key string) {
	table = strings.ToLower(table)
	for _, p := range s.patterns() {
		if p.matches(table) {
			return s[p.key], p.key
		}
	}
	return Profile{}, ""
}

// patterns returns the keys, the most specific first.
func (s Set) patterns() []pattern {
	list := make([]pattern, 0, len(s))
	for key := range s {
		list = append(list, newPattern(key))
	}
	slices.SortFunc(list, comparePatterns)
	return list
}

// Compile checks the set and makes a [Matcher] of it, which keeps no tie to
// the set. Regions reports whether there is a region of that name; it is
// asked for the names that profiles have, not for the default; nil knows none.
//
// The error wraps [ErrInvalid] and names every problem of every profile, in
// the order of the keys.
func (s Set) Compile(regions func(name string) bool) (*Matcher, error) {
	if err := s.validate(regions); err != nil {
		return nil, err
	}
	m := &Matcher{}
	for _, p := range s.patterns() {
		profile := s[p.key]
		profile.Ignore = lowerCase(profile.Ignore)
		m.rules = append(m.rules, rule{pattern: p, profile: profile})
	}
	return m, nil
}

func (s Set) validate(regions func(name string) bool) error {
	var errs []error
	spelled := make(map[string]string) // lower case to the key first seen
	for _, key := range slices.Sorted(maps.Keys(s)) {
		complain := func(problem string) {
			errs = append(errs, fmt.Errorf("%w %s: %s", ErrInvalid, keyLabel(key), problem))
		}
		if problem := keyProblem(key); problem != "" {
			complain(problem)
		}
		lower := strings.ToLower(key)
		if other, ok := spelled[lower]; ok {
			complain(fmt.Sprintf("differs from %q in letter case only", other))
		} else {
			spelled[lower] = key
		}
		profile := s[key]
		for _, problem := range profile.problems(regions) {
			complain(problem)
		}
	}
	return errors.Join(errs...)
}

// lowerCase returns a copy in the letter case of the catalogue's columns.
func lowerCase(names []string) []string {
	var lower []string
	for _, name := range names {
		lower = append(lower, strings.ToLower(name))
	}
	return lower
}
