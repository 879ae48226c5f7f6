package sqlite

import (
	"strings"

	"github.com/sqlc-dev/meyer/ast"

	"github.com/seed92106438/cacheops/invalidation"
)

// projection reads conditions as they bear on the rows of one source: what is
// said of other sources, or is not understood, is left open.
type projection struct {
	scope *scope
	src   *source
}

// rows returns a condition that holds for every row for which e may come out
// as the outcome, true or false. A row for which e is NULL is in neither.
//
// So a negation only asks for the other outcome, and what is not understood
// is open on both sides of a NOT.
func (p projection) rows(e ast.Expr, outcome bool) predicate {
	switch e := e.(type) {
	case *ast.ParenExpr:
		return p.rows(e.X, outcome)
	case *ast.UnaryExpr:
		if e.Op == ast.OpNot {
			return p.rows(e.X, !outcome)
		}
	case *ast.BinaryExpr:
		return p.binary(e, outcome)
	case *ast.IsExpr:
		return p.is(e, outcome)
	case *ast.NullCheckExpr:
		return p.null(e.X, outcome == (e.Test == ast.TestIsNull))
	case *ast.BetweenExpr:
		return p.between(e, outcome)
	case *ast.InExpr:
		return p.in(e, outcome)
	case *ast.LikeExpr:
		return p.like(e, outcome)
	case *ast.Ident, *ast.QualifiedRef:
		return p.truth(e, outcome)
	}
	return always()
}

func (p projection) binary(e *ast.BinaryExpr, outcome bool) predicate {
	switch e.Op {
	case ast.OpAnd:
		return combine(p.rows(e.X, outcome), p.rows(e.Y, outcome), outcome)
	case ast.OpOr:
		return combine(p.rows(e.X, outcome), p.rows(e.Y, outcome), !outcome)
	}
	if op, ok := comparisons[e.Op]; ok {
		return p.compare(op, e.X, e.Y, outcome)
	}
	return always()
}

// combine joins two conditions with AND, or else with OR.
func combine(p, q predicate, and bool) predicate {
	if and {
		return both(p, q)
	}
	return either(p, q)
}

var comparisons = map[ast.Operator]invalidation.Op{
	ast.OpEq: invalidation.Eq,
	ast.OpNe: invalidation.NotEq,
	ast.OpLt: invalidation.Less,
	ast.OpLe: invalidation.LessEq,
	ast.OpGt: invalidation.Greater,
	ast.OpGe: invalidation.GreaterEq,
}

// complement is the comparison that is true where the other one is false.
var complement = map[invalidation.Op]invalidation.Op{
	invalidation.Eq:        invalidation.NotEq,
	invalidation.NotEq:     invalidation.Eq,
	invalidation.Less:      invalidation.GreaterEq,
	invalidation.LessEq:    invalidation.Greater,
	invalidation.Greater:   invalidation.LessEq,
	invalidation.GreaterEq: invalidation.Less,
}

// mirror is the comparison with its sides exchanged.
var mirror = map[invalidation.Op]invalidation.Op{
	invalidation.Eq:        invalidation.Eq,
	invalidation.NotEq:     invalidation.NotEq,
	invalidation.Less:      invalidation.Greater,
	invalidation.LessEq:    invalidation.GreaterEq,
	invalidation.Greater:   invalidation.Less,
	invalidation.GreaterEq: invalidation.LessEq,
}

func (p projection) compare(op invalidation.Op, x, y ast.Expr, outcome bool) predicate {
	x, y = unparen(x), unparen(y)
	if !outcome {
		op = complement[op]
	}
	if xs, ok := x.(*ast.VectorExpr); ok {
		return p.compareVectors(op, xs, y)
	}
	if column, ok := p.column(x); ok {
		return atom(op, column, operand(y))
	}
	if column, ok := p.column(y); ok {
		return atom(mirror[op], column, operand(x))
	}
	return always()
}

// compareVectors reads (a, b) = (1, 2) as a = 1 AND b = 2, and <> as the
// contrary. The order of vectors is left open.
func (p projection) compareVectors(op invalidation.Op, x *ast.VectorExpr, y ast.Expr) predicate {
	ys, ok := y.(*ast.VectorExpr)
	if !ok || len(x.List) != len(ys.List) || op != invalidation.Eq && op != invalidation.NotEq {
		return always()
	}
	equal := op == invalidation.Eq
	result := p.compare(invalidation.Eq, x.List[0], ys.List[0], equal)
	for i := 1; i < len(x.List); i++ {
		next := p.compare(invalidation.Eq, x.List[i], ys.List[i], equal)
		result = combine(result, next, equal)
	}
	return result
}

// column returns the name of the column of the projection's source that e
// names.
func (p projection) column(e ast.Expr) (string, bool) {
	if ref, ok := p.scope.column(e); ok && ref.src == p.src {
		return ref.name, true
	}
	return "", false
}

// null reads IS NULL, or else IS NOT NULL.
func (p projection) null(e ast.Expr, null bool) predicate {
	if column, ok := p.column(e); ok {
		return nullAtom(column, null)
	}
	return always()
}

// is reads IS and IS NOT, which compare NULL as a value. A parameter may be
// NULL: IS is then one of two things, and IS NOT is left open.
//
// IS TRUE is not a comparison at all but asks whether the column is other
// than zero.
func (p projection) is(e *ast.IsExpr, outcome bool) predicate {
	same := outcome == (e.Not == e.Distinct)
	x, y := e.X, unparen(e.Y)
	column, ok := p.column(x)
	if !ok {
		if column, ok = p.column(y); !ok {
			return always()
		}
		y = unparen(x)
	}
	value := operand(y)
	_, isName := y.(*ast.Ident)
	switch {
	case isName || !isKnown(value):
		return always()
	case isNull(value):
		return nullAtom(column, same)
	case same && value.Known:
		return atom(invalidation.Eq, column, value)
	case same:
		return either(atom(invalidation.Eq, column, value), nullAtom(column, true))
	case value.Known:
		return either(atom(invalidation.NotEq, column, value), nullAtom(column, true))
	}
	return always()
}

// between reads x BETWEEN lo AND hi as x >= lo AND x <= hi.
func (p projection) between(e *ast.BetweenExpr, outcome bool) predicate {
	inside := outcome != e.Not
	return combine(
		p.compare(invalidation.GreaterEq, e.X, e.Lo, inside),
		p.compare(invalidation.LessEq, e.X, e.Hi, inside),
		inside)
}

func (p projection) in(e *ast.InExpr, outcome bool) predicate {
	if e.Select != nil || e.Table != nil {
		return always()
	}
	among := outcome != e.Not
	if len(e.List) == 0 {
		// Nothing is among nothing, not even NULL.
		if among {
			return never()
		}
		return always()
	}
	if x, ok := unparen(e.X).(*ast.VectorExpr); ok {
		return p.inVectors(x, e.List, among)
	}
	column, ok := p.column(e.X)
	if !ok {
		return always()
	}
	values := operands(e.List)
	if among {
		return oneOf([]string{column}, [][]invalidation.Operand{values})
	}
	return noneOf(column, values)
}

// inVectors reads (a, b) IN ((1, 2), (3, 4)).
func (p projection) inVectors(x *ast.VectorExpr, list []ast.Expr, among bool) predicate {
	if !among {
		return always()
	}
	columns := make([]string, len(x.List))
	for i, e := range x.List {
		columns[i], _ = p.column(e)
	}
	values := make([][]invalidation.Operand, len(columns))
	for _, e := range list {
		row, ok := unparen(e).(*ast.VectorExpr)
		if !ok || len(row.List) != len(columns) {
			return always()
		}
		for i, value := range row.List {
			values[i] = append(values[i], operand(value))
		}
	}
	return oneOf(columns, values)
}

// like reads LIKE and GLOB, which are NULL for NULL. REGEXP and MATCH are what
// the application makes of them.
func (p projection) like(e *ast.LikeExpr, outcome bool) predicate {
	column, ok := p.column(e.X)
	if !ok || !isBuiltInMatch(e) {
		return always()
	}
	pattern := operand(e.Y)
	_, isText := pattern.Literal.(string)
	plain := strings.EqualFold(e.Op.Name, "like") && e.Escape == nil
	if plain && outcome != e.Not && (isText || pattern.Param > 0) {
		return atom(invalidation.Like, column, pattern)
	}
	return nullAtom(column, false)
}

func isBuiltInMatch(e *ast.LikeExpr) bool {
	return strings.EqualFold(e.Op.Name, "like") || strings.EqualFold(e.Op.Name, "glob")
}

// truth reads a column as a condition: it is true if it is a number other than
// zero. What is no number counts as zero, so falsehood says less.
func (p projection) truth(e ast.Expr, outcome bool) predicate {
	column, ok := p.column(e)
	if !ok {
		return always()
	}
	if outcome {
		return atom(invalidation.NotEq, column, invalidation.Operand{Known: true, Literal: int64(0)})
	}
	return nullAtom(column, false)
}
