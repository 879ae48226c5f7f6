package mysql

import (
	"slices"
	"sync"
	"unicode/utf8"

	"github.com/sqlc-dev/marino/ast"
	"github.com/sqlc-dev/marino/parser"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/invalidation/internal/syntax"
)

// Analyzer reads the SQL of MySQL and MariaDB. The zero value is ready for
// use, and safe for concurrent use. It remembers nothing: callers keep the
// shapes.
type Analyzer struct{}

var _ invalidation.Analyzer = Analyzer{}

// The reasons for which a result must not be cached, beside those of
// [syntax].
const (
	specialComment = "comment that may be executed"
	systemVariable = "system variable"
	writesFile     = "writes a file or variables"
	countsRows     = "counts the rows that LIMIT leaves out"
	readsHistory   = "reads a table as of another time"
)

// Bounds on what is parsed at all. The parser recurses, and where a
// parenthesis or INTERVAL may begin two things it reads what follows twice:
// each one in another doubles the work, and maxDoubt bounds that.
const (
	maxLength = 64 << 10
	maxDepth  = 200
	maxDoubt  = 12
)

// parsers holds parsers that are not in use: they are expensive to make, and
// no two texts can be read by one at a time.
var parsers = sync.Pool{New: func() any { return parser.New() }}

// Analyze implements [invalidation.Analyzer].
func (Analyzer) Analyze(sql string) (shape *invalidation.Shape) {
	text := scan(sql)
	defer func() {
		// A panic is a defect here or in the parser. Either way the text is
		// one that was not understood.
		if recover() != nil {
			shape = refused(text, syntax.NotUnderstood)
		}
	}()
	if text.special {
		return opaque(specialComment)
	}
	stmt, reason := parse(text)
	if reason != "" {
		return refused(text, reason)
	}
	r := newReader(text)
	shape = r.read(stmt)
	if r.unread {
		return refused(text, syntax.NotUnderstood)
	}
	if r.misplaced {
		return refused(text, syntax.UnclearParameters)
	}
	shape.Params = len(text.markers)
	return shape
}

// parse returns the only statement of the text, or the reason why there is
// none.
func parse(text *text) (ast.StmtNode, string) {
	switch {
	case len(text.sql) > maxLength:
		return nil, invalidation.TooLong
	case text.depth > maxDepth, text.doubt > maxDoubt:
		return nil, syntax.TooDeep
	case text.odd, !utf8.ValidString(text.sql):
		return nil, syntax.NotUnderstood
	case text.statements != 1:
		return nil, syntax.NotOneStatement
	}
	stmt := parseOne(text.sql)
	if stmt == nil && text.returning > 0 && returners[text.leading[0]] {
		// MariaDB has a RETURNING clause there, which the parser lacks. What
		// it says is of no concern to what is written.
		stmt = parseOne(text.sql[:text.returning])
		text.cut = true
	}
	if stmt == nil {
		return nil, syntax.NotUnderstood
	}
	return stmt, ""
}

// returners are the statements to which MariaDB lets RETURNING be added.
var returners = setOf(`insert replace delete`)

func parseOne(sql string) ast.StmtNode {
	p := parsers.Get().(*parser.Parser)
	stmts, _, err := p.ParseSQL(sql)
	if err != nil || len(stmts) != 1 {
		return nil // the parser is not put back: it may be in any state
	}
	parsers.Put(p)
	return stmts[0]
}

// refused is the shape of a text that was not read. A SELECT writes nothing by
// itself, nor does what changes the session, only a function that it calls;
// anything else may write anything.
func refused(text *text, reason string) *invalidation.Shape {
	shape := &invalidation.Shape{Verb: invalidation.Query, Refusal: reason, Calls: unknownCalls(text.calls)}
	switch {
	case text.odd, text.special, text.statements != 1:
		return opaque(reason)
	case text.begins("select"):
	case text.begins("use"), text.begins("set") && !text.begins("set", "statement"),
		text.begins("create", "temporary"), text.begins("create", "or", "replace", "temporary"):
		shape.Verb = invalidation.Session
	default:
		return opaque(reason)
	}
	return shape
}

// opaque is the shape of a statement that may do anything. It may commit too:
// most statements that are not about rows do.
func opaque(reason string) *invalidation.Shape {
	return &invalidation.Shape{Verb: invalidation.Opaque, Refusal: reason, Commits: true}
}

// unknownCalls returns the catalogue's keys of those names that may be of
// stored functions.
func unknownCalls(names []call) []string {
	var keys []string
	for _, name := range names {
		if name.qualified || !knownFunction(name.name) || name.apart && touching[name.name] {
			keys = append(keys, invalidation.FunctionName(name.name))
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}
