package profiles

import (
	"cmp"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// pattern is a key of a [Set], taken apart.
type pattern struct {
	key      string   // as written
	parts    []string // the literal text around and between the stars, lower case
	literals int      // characters in parts
}

func newPattern(key string) pattern {
	p := pattern{key: key, parts: strings.Split(strings.ToLower(key), "*")}
	for _, part := range p.parts {
		p.literals += utf8.RuneCountInString(part)
	}
	return p
}

// exact reports whether p is the name of one table.
func (p pattern) exact() bool { return len(p.parts) == 1 }

// matches reports whether p covers table, a name in lower case.
func (p pattern) matches(table string) bool {
	first := p.parts[0]
	if p.exact() {
		return table == first
	}
	last := p.parts[len(p.parts)-1]
	rest, ok := strings.CutPrefix(table, first)
	if !ok {
		return false
	}
	// The end is cut off before the middle is sought, so that no character
	// serves two parts. Each part of the middle takes its leftmost place,
	// which leaves the most room for those that follow.
	rest, ok = strings.CutSuffix(rest, last)
	for _, part := range p.parts[1 : len(p.parts)-1] {
		if !ok {
			return false
		}
		_, rest, ok = strings.Cut(rest, part)
	}
	return ok
}

// comparePatterns orders patterns by precedence: names before patterns, then
// more literal characters first, then the alphabet. No two keys of a Set are
// equal in it.
func comparePatterns(a, b pattern) int {
	switch {
	case a.exact() != b.exact():
		if a.exact() {
			return -1
		}
		return 1
	case a.literals != b.literals:
		return b.literals - a.literals
	}
	return cmp.Or(
		strings.Compare(strings.ToLower(a.key), strings.ToLower(b.key)),
		strings.Compare(a.key, b.key),
	)
}

// keyProblem says why key cannot be the name or pattern of a table, or "".
func keyProblem(key string) string {
	if reason, ok := strings.CutPrefix(key, noTable); ok {
		return reason
	}
	if key == "" {
		return "the key is empty"
	}
	for _, r := range key {
		if !strings.ContainsRune("*_$#@-.", r) && !unicode.In(r, unicode.L, unicode.M, unicode.N) {
			return fmt.Sprintf("%q is not allowed in a key; let a * stand for it", r)
		}
	}
	if strings.HasPrefix(key, ".") || strings.HasSuffix(key, ".") || strings.Contains(key, "..") {
		return "a name is missing beside the dot"
	}
	return ""
}
