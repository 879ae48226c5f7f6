package standard

import (
	"strings"

	"github.com/seed92106438/cacheops/invalidation"
)

// token is a word or sign of a text. A name in quotes has no word, so that it
// is never taken for a keyword.
type token struct {
	word  string // lower case
	name  string // of an identifier, as it was written
	sign  byte   // of what is neither
	depth int    // of parentheses around it
}

// scan takes a text apart. It reports false for what dialects read in several
// ways: backslashes, comments, several statements, braces.
func scan(sql string) ([]token, bool) {
	var tokens []token
	depth := 0
	sql = strings.TrimRight(strings.TrimSpace(sql), ";")
	for i := 0; i < len(sql); {
		c := sql[i]
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
		case isLetter(c):
			end := i
			for end < len(sql) && (isLetter(sql[end]) || isDigit(sql[end])) {
				end++
			}
			tokens = append(tokens, token{word: strings.ToLower(sql[i:end]), name: sql[i:end], depth: depth})
			i = end
		case quotes[c] != 0:
			end := closing(sql, i, quotes[c])
			if end < 0 {
				return nil, false
			}
			t := token{name: sql[i+1 : end], depth: depth}
			if c == '\'' {
				t = token{sign: c, depth: depth}
			}
			tokens = append(tokens, t)
			i = end + 1
		case strings.IndexByte(forbidden, c) >= 0 || c < ' ' || strings.HasPrefix(sql[i:], "--") || strings.HasPrefix(sql[i:], "/*"):
			return nil, false
		default:
			if c == ')' {
				depth--
			}
			tokens = append(tokens, token{sign: c, depth: depth})
			if c == '(' {
				depth++
			}
			i++
		}
	}
	return tokens, depth == 0
}

// quotes are what may enclose a name or a text, with what ends it.
var quotes = map[byte]byte{'\'': '\'', '"': '"', '`': '`', '[': ']'}

const forbidden = "\\;{}#\x00"

// closing returns where what begins at i ends. A quote that is doubled is part
// of it. It returns -1 if there is no end, or a backslash, which may escape it.
func closing(sql string, i int, quote byte) int {
	for j := i + 1; j < len(sql); j++ {
		switch {
		case sql[j] == '\\':
			return -1
		case sql[j] != quote:
		case j+1 < len(sql) && sql[j+1] == quote:
			j++
		default:
			return j
		}
	}
	return -1
}

// isLetter admits the signs of parameters and of names, and all that is beyond
// ASCII.
func isLetter(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c == '@' || c == '$' || c >= 0x80
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// word returns the unquoted word at i, or "".
func (s *statement) word(i int) string {
	if i >= len(s.tokens) {
		return ""
	}
	return s.tokens[i].word
}

func (s *statement) count(word string) int {
	n := 0
	for i := range s.tokens {
		if s.tokens[i].word == word {
			n++
		}
	}
	return n
}

func (s *statement) has(word string) bool { return s.count(word) > 0 }

// only returns where the only occurrence of the word is, or -1.
func (s *statement) only(word string) int {
	if s.count(word) != 1 {
		return -1
	}
	for i := range s.tokens {
		if s.tokens[i].word == word {
			return i
		}
	}
	return -1
}

// outside reports whether the word occurs after at outside of parentheses.
func (s *statement) outside(word string, at int) bool {
	for i := at; i < len(s.tokens); i++ {
		if s.tokens[i].word == word && s.tokens[i].depth == 0 {
			return true
		}
	}
	return false
}

// name reads a name with its schema, if it has one, as a key of a catalogue,
// and returns what is behind it. The name of another database is none.
func (s *statement) name(at int) (string, int) {
	var parts []string
	for at < len(s.tokens) && s.tokens[at].name != "" {
		parts = append(parts, s.tokens[at].name)
		at++
		if at >= len(s.tokens) || s.tokens[at].sign != '.' {
			break
		}
		at++
	}
	if len(parts) == 0 || len(parts) > 2 {
		return "", at
	}
	return invalidation.Name(strings.Join(parts, ".")), at
}

// calls returns the functions that are called and not known to be pure.
func (s *statement) calls() []string {
	var calls []string
	for i := 1; i < len(s.tokens); i++ {
		before := s.tokens[i-1]
		// A name after INTO or AS has a list of columns in its parentheses.
		if s.tokens[i].sign == '(' && before.name != "" && !pure[before.word] && !lists[s.wordBefore(i-1)] {
			calls = append(calls, invalidation.FunctionName(before.name))
		}
	}
	return calls
}

// wordBefore returns the word before the name that ends at i.
func (s *statement) wordBefore(i int) string {
	for i > 1 && s.tokens[i-1].sign == '.' {
		i -= 2
	}
	if i == 0 {
		return ""
	}
	return s.tokens[i-1].word
}

// params counts the parameters: each ? is one of its own, others have names.
func (s *statement) params() int {
	named, n := map[string]bool{}, 0
	for i := range s.tokens {
		switch t := &s.tokens[i]; {
		case t.sign == '?':
			n++
		case strings.HasPrefix(t.word, "@"), strings.HasPrefix(t.word, "$"),
			i > 0 && s.tokens[i-1].sign == ':' && t.word != "":
			named[t.word] = true
		}
	}
	return n + len(named)
}

// clauses may follow the table of a query.
var clauses = setOf(`where group having order offset limit fetch`)

// lists are the words after which a name may have a list of columns.
var lists = setOf(`into as`)

// pure has the words that may stand before a parenthesis: keywords, and
// functions that are the same and pure in every dialect.
var pure = setOf(`
	select distinct where and or not in between like having by on when then
	else case values set is using insert

	abs avg coalesce count lower max min nullif sum upper`)

// doubts are words of queries that do more than read one table.
var doubts = setOf(`
	apply except for intersect join lateral minus output pivot procedure
	union unpivot values with table tablesample connect start prior rownum
	level user uid`)

// isNiladic reports whether a word may be a function without parentheses whose
// value is another each time, or belongs to the session.
func isNiladic(word string) bool {
	for _, prefix := range []string{"current", "session", "sys", "local", "@@"} {
		if strings.HasPrefix(word, prefix) {
			return true
		}
	}
	return false
}

func setOf(words string) map[string]bool {
	set := map[string]bool{}
	for _, word := range strings.Fields(words) {
		set[word] = true
	}
	return set
}
