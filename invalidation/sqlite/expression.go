package sqlite

import (
	"strings"

	"github.com/sqlc-dev/meyer/ast"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/invalidation/internal/syntax"
)

func (t *translator) list(exprs []ast.Expr) []syntax.Expr {
	var list []syntax.Expr
	for _, e := range exprs {
		list = append(list, t.expr(e))
	}
	return list
}

// other is an expression that is computed from the parts and from nothing
// else.
func (t *translator) other(parts ...ast.Expr) syntax.Expr {
	return &syntax.Other{Args: t.list(parts)}
}

// expr translates an expression; it refuses what it does not know.
func (t *translator) expr(e ast.Expr) syntax.Expr {
	switch e := e.(type) {
	case nil:
		return nil
	case *ast.ParenExpr:
		return t.expr(e.X)
	case *ast.Ident:
		if b, ok := boolean(e); ok {
			return &syntax.Value{Operand: b}
		}
		return &syntax.Column{Name: lowerName(e)}
	case *ast.QualifiedRef:
		// A schema before them is of no use: the alias already tells.
		parts := e.Parts[len(e.Parts)-2:]
		return &syntax.Column{Table: lowerName(parts[0]), Name: lowerName(parts[1])}
	case *ast.Star:
		return &syntax.Star{Table: lowerOr(e.Table, "")}
	case *ast.Literal:
		return t.literal(e)
	case *ast.BindParam:
		return &syntax.Value{Operand: parameter(e)}
	case *ast.VectorExpr:
		return &syntax.Row{List: t.list(e.List)}
	case *ast.SubqueryExpr:
		return &syntax.Sub{Query: t.query(e.Select)}
	case *ast.ExistsExpr:
		return &syntax.Exists{Query: t.query(e.Select)}
	case *ast.FuncCall:
		return t.call(e)
	case *ast.CaseExpr:
		return t.caseExpr(e)
	case *ast.CollateExpr:
		return t.other(e.X)
	case *ast.CastExpr:
		return t.other(e.X)
	}
	return t.condition(e)
}

// condition translates what may come out true or false.
func (t *translator) condition(e ast.Expr) syntax.Expr {
	switch e := e.(type) {
	case *ast.UnaryExpr:
		return t.unary(e)
	case *ast.BinaryExpr:
		return t.binary(e)
	case *ast.IsExpr:
		return t.is(e)
	case *ast.NullCheckExpr:
		return &syntax.Same{X: t.expr(e.X), Y: null(), Not: e.Test != ast.TestIsNull}
	case *ast.BetweenExpr:
		return &syntax.Between{X: t.expr(e.X), Lo: t.expr(e.Lo), Hi: t.expr(e.Hi), Not: e.Not}
	case *ast.InExpr:
		return t.in(e)
	case *ast.LikeExpr:
		return t.like(e)
	}
	t.refuse(syntax.NotUnderstood)
	return &syntax.Other{}
}

func (t *translator) unary(e *ast.UnaryExpr) syntax.Expr {
	switch e.Op {
	case ast.OpNot:
		return &syntax.Not{X: t.expr(e.X)}
	case ast.OpMinus:
		number, ok := e.X.(*ast.Literal)
		if ok && (number.Kind == ast.LitInteger || number.Kind == ast.LitFloat) {
			return &syntax.Value{Operand: literal(number, "-")}
		}
	}
	return t.other(e.X)
}

var comparisons = map[ast.Operator]invalidation.Op{
	ast.OpEq: invalidation.Eq,
	ast.OpNe: invalidation.NotEq,
	ast.OpLt: invalidation.Less,
	ast.OpLe: invalidation.LessEq,
	ast.OpGt: invalidation.Greater,
	ast.OpGe: invalidation.GreaterEq,
}

func (t *translator) binary(e *ast.BinaryExpr) syntax.Expr {
	if e.Op == ast.OpAnd || e.Op == ast.OpOr {
		return &syntax.Logic{And: e.Op == ast.OpAnd, Terms: []syntax.Expr{t.expr(e.X), t.expr(e.Y)}}
	}
	if op, ok := comparisons[e.Op]; ok {
		return &syntax.Compare{Op: op, X: t.expr(e.X), Y: t.expr(e.Y)}
	}
	if e.Op == ast.OpAdd || e.Op == ast.OpSub {
		return &syntax.Sum{X: t.expr(e.X), Y: t.expr(e.Y), Minus: e.Op == ast.OpSub}
	}
	return t.other(e.X, e.Y)
}

// is translates IS and IS NOT, which compare NULL as a value. IS TRUE is not a
// comparison at all but asks whether something is other than zero.
func (t *translator) is(e *ast.IsExpr) syntax.Expr {
	if isBoolean(e.X) || isBoolean(e.Y) {
		return t.other(e.X, e.Y)
	}
	return &syntax.Same{X: t.expr(e.X), Y: t.expr(e.Y), Not: e.Not != e.Distinct}
}

// in translates IN. That of a table is the subquery that it stands for.
func (t *translator) in(e *ast.InExpr) syntax.Expr {
	in := &syntax.In{X: t.expr(e.X), Not: e.Not}
	switch {
	case e.Select != nil:
		in.Query = t.query(e.Select)
	case e.HasArgs:
		in.Query = all(t.tableFunction(e.Table, e.Args, e.Table.Name.Name))
	case e.Table != nil:
		in.Query = all(t.table(e.Table, nil))
	default:
		in.List = t.list(e.List)
	}
	return in
}

// all is SELECT * FROM a source.
func all(from syntax.Source) *syntax.Query {
	block := &syntax.Block{Columns: []syntax.Result{{Expr: &syntax.Star{}}}, From: from}
	return &syntax.Query{Bodies: []syntax.Body{block}}
}

// like translates LIKE and GLOB. REGEXP and MATCH are what the application
// makes of them.
func (t *translator) like(e *ast.LikeExpr) syntax.Expr {
	isLike := strings.EqualFold(e.Op.Name, "like")
	if !isLike && !strings.EqualFold(e.Op.Name, "glob") {
		t.refuse(syntax.UnknownFunction)
		return t.other(e.X, e.Y, e.Escape)
	}
	return &syntax.Like{
		X: t.expr(e.X), Pattern: t.expr(e.Y), Not: e.Not,
		Opaque: !isLike || e.Escape != nil, Rest: []syntax.Expr{t.expr(e.Escape)},
	}
}

func (t *translator) caseExpr(e *ast.CaseExpr) syntax.Expr {
	parts := []ast.Expr{e.Operand}
	for _, when := range e.Whens {
		parts = append(parts, when.When, when.Then)
	}
	return t.other(append(parts, e.Else)...)
}

// window returns what a window looks at.
func (t *translator) window(w *ast.WindowDef) []syntax.Expr {
	parts := append(t.list(w.Partition), t.terms(w.OrderBy)...)
	for _, bound := range []*ast.FrameBound{w.StartBound, w.EndBound} {
		if bound != nil {
			parts = append(parts, t.expr(bound.Expr))
		}
	}
	return parts
}

func (t *translator) terms(order []*ast.OrderingTerm) []syntax.Expr {
	var list []syntax.Expr
	for _, term := range order {
		list = append(list, t.expr(term.Expr))
	}
	return list
}

func unparen(e ast.Expr) ast.Expr {
	for {
		paren, ok := e.(*ast.ParenExpr)
		if !ok {
			return e
		}
		e = paren.X
	}
}
