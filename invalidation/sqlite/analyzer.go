package sqlite

import (
	"strings"

	"github.com/sqlc-dev/meyer/ast"
	"github.com/sqlc-dev/meyer/parser"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/invalidation/internal/syntax"
)

// Analyzer reads the SQL of SQLite. The zero value is ready for use, and safe
// for concurrent use. It remembers nothing: callers keep the shapes.
type Analyzer struct{}

var _ invalidation.Analyzer = Analyzer{}

// Bounds on what is parsed at all.
const (
	maxLength = 64 << 10
	maxDepth  = 200
)

// Analyze implements [invalidation.Analyzer].
func (Analyzer) Analyze(sql string) (shape *invalidation.Shape) {
	defer func() {
		// A panic is a defect here or in the parser. Either way the text is
		// one that was not understood.
		if recover() != nil {
			shape = refused(sql, syntax.NotUnderstood)
		}
	}()
	stmt, reason := parse(sql)
	if reason != "" {
		return refused(sql, reason)
	}
	shape = read(stmt)
	params, inOrder := parameters(stmt)
	switch {
	case inOrder:
		shape.Params = params
	case shape.Verb == invalidation.Query:
		shape = &invalidation.Shape{Verb: invalidation.Query, Refusal: syntax.UnclearParameters}
	default:
		shape = &invalidation.Shape{Verb: invalidation.Opaque, Refusal: syntax.UnclearParameters}
	}
	return shape
}

// parse returns the only statement of sql, or the reason why there is none.
func parse(sql string) (ast.Stmt, string) {
	if len(sql) > maxLength {
		return nil, invalidation.TooLong
	}
	if depth(sql) > maxDepth {
		return nil, syntax.TooDeep
	}
	stmts, err := parser.Options{UpdateDeleteLimit: true}.ParseString(sql)
	switch {
	case err != nil || strings.IndexByte(sql, 0) >= 0:
		return nil, syntax.NotUnderstood
	case len(stmts) != 1:
		return nil, syntax.NotOneStatement
	}
	return stmts[0], ""
}

// depth returns how deeply the parentheses of sql are nested. It does not
// heed quotes; where that misleads it, the parser's own bound remains.
func depth(sql string) int {
	deepest, now := 0, 0
	for i := range len(sql) {
		switch sql[i] {
		case '(':
			now++
			deepest = max(deepest, now)
		case ')':
			now = max(now-1, 0)
		}
	}
	return deepest
}

// refused is the shape of a text that was not read. A single SELECT syntax.Writes
// nothing whatever it says; anything else may write anything.
func refused(sql, reason string) *invalidation.Shape {
	verb := invalidation.Opaque
	if isSelect(sql) {
		verb = invalidation.Query
	}
	return &invalidation.Shape{Verb: verb, Refusal: reason}
}

// isSelect reports whether sql is, beyond doubt, one statement that begins
// with SELECT. SQLite's common table expressions cannot write either, but
// WITH may also introduce a DELETE.
func isSelect(sql string) bool {
	const keyword = "select"
	sql = strings.TrimRight(strings.TrimSpace(sql), ";")
	return len(sql) > len(keyword) &&
		strings.EqualFold(sql[:len(keyword)], keyword) &&
		strings.IndexByte(" \t\r\n*('\"`", sql[len(keyword)]) >= 0 &&
		strings.IndexByte(sql, ';') < 0
}

// parameters returns the number of distinct parameters, and whether they are
// numbered from 1 without a gap.
func parameters(stmt ast.Stmt) (int, bool) {
	numbers, highest := map[int]bool{}, 0
	ast.Walk(stmt, func(n ast.Node) bool {
		if p, ok := n.(*ast.BindParam); ok {
			numbers[p.Number] = true
			highest = max(highest, p.Number)
		}
		return true
	})
	return len(numbers), len(numbers) == highest && !numbers[0]
}
