package postgres

import (
	"strings"
	"unicode/utf8"

	"github.com/sqlc-dev/oliphant"
	"github.com/sqlc-dev/oliphant/ast"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/invalidation/internal/syntax"
)

// Bounds on what is parsed at all.
const (
	maxLength  = 64 << 10
	maxDepth   = 200
	maxScanned = 1 << 20 // of a text that is too long to be parsed
)

// Analyze implements [invalidation.Analyzer].
func (Dialect) Analyze(sql string) (shape *invalidation.Shape) {
	defer func() {
		// A panic is a defect here or in the parser. Either way the text is
		// one that was not understood.
		if recover() != nil {
			shape = refused(invalidation.Opaque, syntax.NotUnderstood)
		}
	}()
	stmt, reason := parse(sql)
	if reason != "" {
		if onlyReads(sql) {
			return refused(invalidation.Query, reason)
		}
		return refused(invalidation.Opaque, reason)
	}
	return read(stmt)
}

// parse returns the only statement of sql, or the reason why there is none.
func parse(sql string) (*ast.Node, string) {
	switch {
	case len(sql) > maxLength:
		return nil, invalidation.TooLong
	case depth(sql) > maxDepth:
		return nil, syntax.TooDeep
	case !utf8.ValidString(sql) || strings.IndexByte(sql, 0) >= 0:
		return nil, syntax.NotUnderstood
	}
	tree, err := oliphant.Parse(sql)
	switch {
	case err != nil:
		return nil, syntax.NotUnderstood
	case len(tree.GetStmts()) != 1:
		return nil, syntax.NotOneStatement
	}
	return tree.GetStmts()[0].GetStmt(), ""
}

// depth returns how deeply the brackets of sql are nested. It does not heed
// quotes; where that misleads it, [survey] has a bound of its own.
func depth(sql string) int {
	deepest, now := 0, 0
	for i := range len(sql) {
		switch sql[i] {
		case '(', '[':
			now++
			deepest = max(deepest, now)
		case ')', ']':
			now = max(now-1, 0)
		}
	}
	return deepest
}

// refused is the shape of a statement of which only the verb counts.
func refused(verb invalidation.Verb, reason string) *invalidation.Shape {
	return &invalidation.Shape{Verb: verb, Refusal: reason}
}

// onlyReads reports whether a text that was not parsed is, beyond doubt, one
// SELECT that writes nothing: long lists of keys make such texts. Its words
// tell, as long as every function that it calls is a known one.
func onlyReads(sql string) bool {
	if len(sql) > maxScanned || !utf8.ValidString(sql) {
		return false
	}
	scan, err := oliphant.Scan(sql)
	if err != nil {
		return false
	}
	var before, last string // the words before this one
	for i, token := range scan.GetTokens() {
		word := strings.ToLower(sql[token.GetStart():token.GetEnd()])
		switch {
		case token.GetToken() == ast.Token_SQL_COMMENT || token.GetToken() == ast.Token_C_COMMENT:
			return false
		case token.GetToken() == ast.Token_Op && !knownOperators[word]:
			return false
		case i == 0 && word != "select", last == ";", writingWords[word]:
			return false
		case word == "(" && (before == "." || !callable(last)):
			return false
		}
		before, last = last, word
	}
	return last != ""
}

// writingWords begin what writes, or locks, within a SELECT.
var writingWords = setOf(`into insert update delete merge share`)

// callable reports whether a bracket after the word opens no list of arguments
// of an unknown function.
func callable(word string) bool {
	letter := word != "" && (word[0] == '_' || word[0] == '"' || word[0] >= 'a' && word[0] <= 'z' || word[0] >= utf8.RuneSelf)
	return !letter || grammarWords[word] || pureFunctions[strings.Trim(word, `"`)]
}

// grammarWords can stand before a bracket without being a function.
var grammarWords = setOf(`
	all and any array as between by case distinct else except exists filter
	from having ilike in intersect is join like limit not offset on or over
	select some then union using values when where`)

// setOf returns the words of a text.
func setOf(words string) map[string]bool {
	set := map[string]bool{}
	for _, word := range strings.Fields(words) {
		set[word] = true
	}
	return set
}
