// Package standard serves databases for whose SQL there is no analyser. It
// knows whole tables and nothing finer: a query of one table depends on all of
// it, a write changes all of it.
//
// [Dialect] goes by words, not by grammar. It understands a text only if its
// words leave no other reading in any dialect that it knows of: one statement,
// one table, functions that are pure everywhere. All else is refused, and as a
// write it changes every table. What the tables are, and what foreign keys and
// triggers write, comes from the INFORMATION_SCHEMA of the SQL standard; a
// database without it is not cached.
package standard

import (
	"strings"

	"github.com/seed92106438/cacheops/invalidation"
)

// Dialect is what can be known of any database. Name is what GORM's dialector
// calls it: SQL Server keeps its triggers in a place of its own.
type Dialect struct{ Name string }

var _ invalidation.Dialect = Dialect{}

// Images implements [invalidation.Dialect]. Images say nothing of whole tables.
func (Dialect) Images() invalidation.Images { return invalidation.Images{} }

// Answered implements [invalidation.Dialect]. What a driver's error means is not
// known.
func (Dialect) Answered(error) bool { return false }

// Identify implements [invalidation.Dialect]. What a data source name means is
// not known, so each pool is a database of its own.
func (Dialect) Identify(string) invalidation.Identity { return invalidation.Identity{} }

// Present implements [invalidation.Dialect]. There are databases to which 'now'
// is the present.
func (Dialect) Present(text string) bool {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "now", "today", "tomorrow", "yesterday":
		return true
	}
	return false
}

// The reasons for which a result must not be cached.
const (
	notUnderstood   = "syntax not understood"
	notAQuery       = "not a query"
	writes          = "writes"
	unknownFunction = "unknown function"
)

// Analyze implements [invalidation.Analyzer].
func (Dialect) Analyze(sql string) *invalidation.Shape {
	if len(sql) > maxLength {
		return &invalidation.Shape{Verb: invalidation.Opaque, Refusal: invalidation.TooLong}
	}
	tokens, ok := scan(sql)
	if !ok || len(tokens) == 0 {
		return opaque()
	}
	s := statement{tokens: tokens}
	switch tokens[0].word {
	case "select":
		return s.query()
	case "insert":
		return s.write(1, "into")
	case "merge":
		return s.write(1, "into")
	case "delete":
		return s.write(1, "from")
	case "update":
		return s.write(1, "")
	case "truncate":
		return s.write(1, "table")
	case "save":
		return s.savepoint(invalidation.Savepoint)
	case "rollback":
		return s.savepoint(invalidation.RollbackTo)
	}
	return opaque()
}

// maxLength bounds the texts that are read.
const maxLength = 64 << 10

func opaque() *invalidation.Shape {
	return &invalidation.Shape{Verb: invalidation.Opaque, Refusal: notUnderstood}
}

// statement is a text of which the words are known.
type statement struct{ tokens []token }

// query reads SELECT … FROM one table.
func (s *statement) query() *invalidation.Shape {
	if s.has("into") || s.has("exec") || s.has("execute") {
		return opaque()
	}
	shape := &invalidation.Shape{Verb: invalidation.Query, Calls: s.calls(), Params: s.params()}
	from := s.only("from")
	switch {
	case len(shape.Calls) > 0:
		shape.Refusal = unknownFunction
		return shape
	case from < 0 || s.count("select") != 1 || s.doubtful():
		shape.Refusal = notUnderstood
		return shape
	}
	table, at := s.name(from + 1)
	if s.word(at) == "as" {
		at++
	}
	if at < len(s.tokens) && !clauses[s.word(at)] {
		at++ // an alias
	}
	if table == "" || at < len(s.tokens) && !clauses[s.word(at)] {
		shape.Refusal = notUnderstood
		return shape
	}
	shape.Uses = []invalidation.Use{{Table: table, Columns: invalidation.Columns{All: true}}}
	return shape
}

// write reads a statement that changes the table named after the words so far.
func (s *statement) write(at int, before string) *invalidation.Shape {
	if before != "" {
		if s.word(at) != before {
			return opaque()
		}
		at++
	}
	table, _ := s.name(at)
	if table == "" || len(s.calls()) > 0 || s.has("exec") || s.has("execute") ||
		s.outside("into", at) || s.outside("from", at) || s.outside("with", at) {
		return opaque()
	}
	return &invalidation.Shape{
		Verb: invalidation.Mutation, Refusal: writes, Params: s.params(),
		Writes: []invalidation.Write{{Table: table, Kind: invalidation.Any}},
	}
}

// savepoint reads SAVE TRANSACTION name and ROLLBACK TRANSACTION name.
func (s *statement) savepoint(verb invalidation.Verb) *invalidation.Shape {
	if len(s.tokens) != 3 || s.word(1) != "transaction" || s.word(2) == "" {
		return opaque()
	}
	return &invalidation.Shape{Verb: verb, Refusal: notAQuery, Name: s.word(2)}
}

// doubtful reports whether a word of the query may mean more than one table,
// a lock, or a value that is another each time.
func (s *statement) doubtful() bool {
	for i := range s.tokens {
		if doubts[s.word(i)] || isNiladic(s.word(i)) {
			return true
		}
	}
	return false
}
