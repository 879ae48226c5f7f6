package mysql

import (
	"slices"
	"strings"
)

// text is what can be told of a text without parsing it: where its strings,
// names and comments end, and what stands between them.
type text struct {
	sql        string
	leading    []string // the words at the beginning, lower case, up to some number
	statements int      // that are not empty
	markers    []int    // the places of the parameters
	returning  int      // the place of RETURNING outside parentheses, or -1
	cut        bool     // RETURNING and what follows was not parsed
	calls      []call   // what stands before a parenthesis
	depth      int      // of parentheses
	doubt      int      // nesting of those parentheses that are parsed twice

	// special is true if there is a comment that some server executes.
	special bool
	// odd is true for what this scanner, the parser and some server may each
	// read in another way.
	odd bool
}

// call is a name before a parenthesis: a function's, a keyword, a table's.
type call struct {
	name      string // lower case
	qualified bool   // by a schema, or in quotes: no keyword and not built in
	end       int    // where it ends in the text
	apart     bool   // from the parenthesis
}

const maxLeading = 4

// begins reports whether the text begins with the words.
func (t *text) begins(words ...string) bool {
	return len(t.leading) >= len(words) && slices.Equal(t.leading[:len(words)], words)
}

// scanner walks a text.
type scanner struct {
	*text
	at    int
	begun bool // something of the present statement was seen
	other bool // something other than words was seen

	intervals int    // the words INTERVAL
	open      []bool // for each open parenthesis, whether it is in doubt
	run       int    // parentheses that were opened right before
	name      call   // the name right before, if there is one
	dotted    bool   // a dot stands after it
}

// scan reads a text.
func scan(sql string) *text {
	s := scanner{text: &text{sql: sql, returning: -1}}
	s.special = isSpecial(sql)
	for s.at < len(sql) {
		s.step()
	}
	if s.begun {
		s.statements++
	}
	return s.text
}

// isSpecial reports whether the text has a comment that MySQL, MariaDB or the
// parser executes, or a hint that sets a variable. It does not heed quotes,
// about which it could be mistaken.
func isSpecial(sql string) bool {
	for rest := sql; ; {
		_, after, found := strings.Cut(rest, "/*")
		if !found {
			return false
		}
		switch {
		case strings.HasPrefix(after, "!"), strings.HasPrefix(after, "M!"), strings.HasPrefix(after, "T!"):
			return true
		case strings.HasPrefix(after, "+"):
			hint, _, _ := strings.Cut(after, "*/")
			if strings.Contains(strings.ToLower(hint), "set_var") {
				return true
			}
		}
		rest = after
	}
}

// step reads one token, comment or blank.
func (s *scanner) step() {
	rest := s.sql[s.at:]
	switch c := rest[0]; {
	case isBlank(c):
		s.at++
	case c == '#', strings.HasPrefix(rest, "--") && (len(rest) == 2 || rest[2] <= ' '):
		s.skipTo("\n", rest, 1)
	case strings.HasPrefix(rest, "/*"):
		s.odd = s.odd || !strings.Contains(rest[2:], "*/")
		s.skipTo("*/", rest, 2)
	case c == ';':
		if s.begun {
			s.statements++
		}
		s.at++
		s.begun = false
	default:
		s.token(c)
	}
}

// skipTo goes behind the next mark, which stands after so many bytes, or to
// the end.
func (s *scanner) skipTo(mark, rest string, after int) {
	if i := strings.Index(rest[after:], mark); i >= 0 {
		s.at += after + i + len(mark)
		return
	}
	s.at = len(s.sql)
}

func (s *scanner) token(c byte) {
	s.begun = true
	if isWord(c) {
		s.word()
		return
	}
	s.other = true
	switch c {
	case '`':
		s.named(call{name: strings.ToLower(s.quoted(c)), qualified: true})
		s.run = 0
		return
	case '\'', '"':
		s.quoted(c)
	case '(':
		s.opens()
		return
	case ')':
		if len(s.open) > 0 {
			s.open = s.open[:len(s.open)-1]
		}
		s.at++
	case '.':
		s.dotted = s.name.name != ""
		s.at++
		return
	case '?':
		s.markers = append(s.markers, s.at)
		s.at++
	default:
		// A dollar sign may begin a name or a string.
		s.odd = s.odd || c < ' ' || c == 0x7f || c == '$'
		s.at++
	}
	s.run, s.name, s.dotted = 0, call{}, false
}

// word reads a name or keyword that is not quoted, or a number.
func (s *scanner) word() {
	start := s.at
	for s.at < len(s.sql) && isWord(s.sql[s.at]) {
		s.at++
	}
	word := strings.ToLower(s.sql[start:s.at])
	if !s.other && len(s.leading) < maxLeading {
		s.leading = append(s.leading, word)
	}
	if word == "returning" && len(s.open) == 0 && s.returning < 0 {
		s.returning = start
	}
	if s.run > 1 && selects[word] {
		s.doubts(len(s.open)-s.run, len(s.open)-1)
	}
	if word == "interval" {
		s.intervals++ // where it ends cannot be told
		s.doubts(0, 0)
	}
	s.run = 0
	s.named(call{name: word})
}

// selects are the words that begin a query.
var selects = setOf(`select with table values`)

// named notes a name, to which a schema and a dot may belong.
func (s *scanner) named(name call) {
	if s.dotted {
		name = call{name: s.name.name + "." + name.name, qualified: true}
	}
	s.name, s.dotted = name, false
	s.name.end = s.at
}

func (s *scanner) opens() {
	s.at++
	s.run++
	s.open = append(s.open, false)
	s.depth = max(s.depth, len(s.open))
	if s.name.name != "" {
		s.name.apart = s.name.end < s.at-1
		s.calls = append(s.calls, s.name)
		if s.name.name == "json_value" {
			s.doubts(len(s.open)-1, len(s.open))
		}
	}
	s.name, s.dotted = call{}, false
}

// doubts marks open parentheses as being in doubt.
func (s *scanner) doubts(from, to int) {
	for i := from; i < to; i++ {
		s.open[i] = true
	}
	n := s.intervals
	for _, doubtful := range s.open {
		if doubtful {
			n++
		}
	}
	s.doubt = max(s.doubt, n)
}

// quoted reads a string or a quoted name and returns what stands between the
// quotes, as it stands there.
func (s *scanner) quoted(quote byte) string {
	start := s.at + 1
	for s.at = start; s.at < len(s.sql); s.at++ {
		switch c := s.sql[s.at]; {
		case c == '\\' && quote != '`':
			s.at++
		case c != quote:
		case s.at+1 < len(s.sql) && s.sql[s.at+1] == quote:
			s.at++
		default:
			s.at++
			return s.sql[start : s.at-1]
		}
	}
	s.at = len(s.sql)
	s.odd = true // it does not end
	return ""
}

func isBlank(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

// isWord reports whether a byte is part of a name that is not quoted.
func isWord(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c >= 0x80
}

func setOf(words string) map[string]bool {
	set := map[string]bool{}
	for _, word := range strings.Fields(words) {
		set[word] = true
	}
	return set
}
