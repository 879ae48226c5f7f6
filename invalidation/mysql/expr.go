package mysql

import (
	"github.com/sqlc-dev/marino/ast"
	"github.com/sqlc-dev/marino/opcode"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/invalidation/internal/syntax"
)

// expr reads an expression; nil is nil.
func (r *reader) expr(n ast.ExprNode) syntax.Expr {
	if n == nil {
		return nil
	}
	var e syntax.Expr = &syntax.Other{}
	r.deeper(func() { e = r.read1(n) })
	return e
}

func (r *reader) exprs(list []ast.ExprNode) []syntax.Expr {
	read := make([]syntax.Expr, 0, len(list))
	for _, n := range list {
		read = append(read, r.optional(n)...)
	}
	return read
}

// optional reads an expression that may be missing.
func (r *reader) optional(n ast.ExprNode) []syntax.Expr {
	if n == nil {
		return nil
	}
	return []syntax.Expr{r.expr(n)}
}

// other reads an expression of which only its parts matter.
func (r *reader) other(parts ...ast.ExprNode) syntax.Expr {
	return &syntax.Other{Args: r.exprs(parts)}
}

// read1 reads an expression whose parts are read in turn. What it does not
// know is not read.
func (r *reader) read1(n ast.ExprNode) syntax.Expr {
	switch n := n.(type) {
	case *ast.ParamMarkerExprBase:
		return &syntax.Value{Operand: invalidation.Operand{Param: r.param(n.Offset)}}
	case *ast.ValueExprBase:
		return &syntax.Value{Operand: literal(n)}
	case *ast.ColumnNameExpr:
		return r.column(n.Name)
	case *ast.ParenthesesExpr:
		return r.expr(n.Expr)
	case *ast.BinaryOperationExpr:
		return r.binary(n)
	case *ast.UnaryOperationExpr:
		return r.unary(n)
	case *ast.RowExpr:
		return &syntax.Row{List: r.exprs(n.Values)}
	case *ast.SubqueryExpr:
		return r.subquery(n)
	case *ast.VariableExpr:
		return r.variable(n)
	case *ast.ValuesExpr:
		return r.values(n)
	}
	if e := r.predicate(n); e != nil {
		return e
	}
	return r.computed(n)
}

// predicate reads what is true or false; it returns nil for all else.
func (r *reader) predicate(n ast.ExprNode) syntax.Expr {
	switch n := n.(type) {
	case *ast.IsNullExpr:
		return &syntax.Same{X: r.expr(n.Expr), Y: null(), Not: n.Not}
	case *ast.IsTruthExpr:
		return r.other(n.Expr)
	case *ast.BetweenExpr:
		return &syntax.Between{X: r.expr(n.Expr), Lo: r.expr(n.Left), Hi: r.expr(n.Right), Not: n.Not}
	case *ast.PatternInExpr:
		return r.in(n)
	case *ast.PatternLikeOrIlikeExpr:
		return &syntax.Like{
			X: r.expr(n.Expr), Pattern: r.expr(n.Pattern), Not: n.Not,
			Opaque: !n.IsLike || n.Escape != '\\',
		}
	case *ast.PatternRegexpExpr:
		return &syntax.Like{X: r.expr(n.Expr), Pattern: r.expr(n.Pattern), Not: n.Not, Opaque: true}
	case *ast.ExistsSubqueryExpr:
		return r.exists(n)
	case *ast.CompareSubqueryExpr:
		return r.other(n.L, n.R)
	case *ast.MatchAgainst:
		return r.match(n)
	}
	return nil
}

// computed reads what is computed from its parts.
func (r *reader) computed(n ast.ExprNode) syntax.Expr {
	switch n := n.(type) {
	case *ast.FuncCallExpr:
		r.function(n)
		return r.other(n.Args...)
	case *ast.AggregateFuncExpr:
		return r.aggregate(n)
	case *ast.WindowFuncExpr:
		r.grouped = true
		return &syntax.Other{Args: append(r.exprs(n.Args), r.window(&n.Spec)...)}
	case *ast.CaseExpr:
		return r.caseOf(n)
	case *ast.FuncCastExpr:
		return r.other(n.Expr)
	case *ast.SetCollationExpr:
		return r.other(n.Expr)
	case *ast.JSONValueExpr:
		return r.jsonValue(n)
	case *ast.PositionExpr:
		return r.other(n.P)
	case *ast.DefaultExpr:
		if n.Name == nil {
			return &syntax.Value{}
		}
		return &syntax.Other{} // a column's default, whatever its values are
	case *ast.TimeUnitExpr, *ast.GetFormatSelectorExpr, *ast.TrimDirectionExpr, *ast.TableNameExpr:
		return &syntax.Other{} // arguments that are words
	}
	r.skip()
	return &syntax.Other{}
}

func null() syntax.Expr {
	return &syntax.Value{Operand: invalidation.Operand{Known: true}}
}

// column reads the name of a column. A schema before the table is of no use:
// the alias already tells.
func (r *reader) column(n *ast.ColumnName) syntax.Expr {
	table := n.Table.L
	switch {
	case !r.duplicate || table == "":
	case table == r.row:
		table = syntax.Excluded
	case table == syntax.Excluded:
		return &syntax.Other{} // a table that has that name
	}
	return &syntax.Column{Table: table, Name: n.Name.L}
}

// values reads VALUES(column), the value that could not be inserted; elsewhere
// it is NULL.
func (r *reader) values(n *ast.ValuesExpr) syntax.Expr {
	if !r.duplicate {
		return &syntax.Other{}
	}
	return &syntax.Column{Table: syntax.Excluded, Name: n.Column.Name.Name.L}
}

// comparisons are the operators by which a column is compared.
var comparisons = map[opcode.Op]invalidation.Op{
	opcode.EQ: invalidation.Eq, opcode.NE: invalidation.NotEq,
	opcode.LT: invalidation.Less, opcode.LE: invalidation.LessEq,
	opcode.GT: invalidation.Greater, opcode.GE: invalidation.GreaterEq,
}

func (r *reader) binary(n *ast.BinaryOperationExpr) syntax.Expr {
	switch n.Op {
	case opcode.LogicAnd, opcode.LogicOr:
		return &syntax.Logic{And: n.Op == opcode.LogicAnd, Terms: r.exprs(chain(n))}
	case opcode.NullEQ:
		return &syntax.Same{X: r.expr(n.L), Y: r.expr(n.R)}
	}
	if op, ok := comparisons[n.Op]; ok {
		return &syntax.Compare{Op: op, X: r.expr(n.L), Y: r.expr(n.R)}
	}
	operands := chain(n)
	if (n.Op == opcode.Plus || n.Op == opcode.Minus) && len(operands) == 2 {
		return &syntax.Sum{X: r.expr(n.L), Y: r.expr(n.R), Minus: n.Op == opcode.Minus}
	}
	return r.other(operands...)
}

// chain returns the operands of a chain of one operator, a OR b OR c, which
// the parser nests to the left as deeply as it is long.
func chain(n *ast.BinaryOperationExpr) []ast.ExprNode {
	var reversed []ast.ExprNode
	for {
		reversed = append(reversed, n.R)
		left, ok := n.L.(*ast.BinaryOperationExpr)
		if !ok || left.Op != n.Op {
			reversed = append(reversed, n.L)
			break
		}
		n = left
	}
	operands := make([]ast.ExprNode, len(reversed))
	for i, e := range reversed {
		operands[len(reversed)-1-i] = e
	}
	return operands
}

func (r *reader) unary(n *ast.UnaryOperationExpr) syntax.Expr {
	switch n.Op {
	case opcode.Not, opcode.Not2:
		return &syntax.Not{X: r.expr(n.V)}
	case opcode.Minus:
		if v, ok := n.V.(*ast.ValueExprBase); ok {
			return &syntax.Value{Operand: negative(literal(v))}
		}
	}
	return r.other(n.V)
}

func (r *reader) in(n *ast.PatternInExpr) syntax.Expr {
	in := &syntax.In{X: r.expr(n.Expr), Not: n.Not}
	if n.Sel == nil {
		in.List = r.exprs(n.List)
		return in
	}
	sub, ok := n.Sel.(*ast.SubqueryExpr)
	if !ok {
		r.skip()
		return &syntax.Other{}
	}
	in.Query = r.subquery(sub).Query
	return in
}

func (r *reader) exists(n *ast.ExistsSubqueryExpr) syntax.Expr {
	sub, ok := n.Sel.(*ast.SubqueryExpr)
	if !ok {
		return r.other(n.Sel)
	}
	exists := &syntax.Exists{Query: r.query(sub.Query)}
	if n.Not {
		return &syntax.Not{X: exists}
	}
	return exists
}

func (r *reader) subquery(n *ast.SubqueryExpr) *syntax.Sub {
	return &syntax.Sub{Query: r.query(n.Query)}
}

// variable refuses variables, which may also be assigned to.
func (r *reader) variable(n *ast.VariableExpr) syntax.Expr {
	if n.IsSystem {
		r.refuse(systemVariable)
	} else {
		r.refuse(syntax.UserVariable)
	}
	return r.other(n.Value)
}

func (r *reader) caseOf(n *ast.CaseExpr) syntax.Expr {
	e := &syntax.Other{Args: r.optional(n.Value)}
	for _, when := range n.WhenClauses {
		e.Args = append(e.Args, r.expr(when.Expr), r.expr(when.Result))
	}
	e.Args = append(e.Args, r.optional(n.ElseClause)...)
	return e
}

func (r *reader) jsonValue(n *ast.JSONValueExpr) syntax.Expr {
	e := &syntax.Other{Args: r.exprs([]ast.ExprNode{n.Doc, n.Path})}
	for _, response := range []*ast.JSONOnResponse{n.OnEmpty, n.OnError} {
		if response != nil {
			e.Args = append(e.Args, r.optional(response.Value)...)
		}
	}
	return e
}

func (r *reader) aggregate(n *ast.AggregateFuncExpr) syntax.Expr {
	r.grouped = true
	if !aggregates[lower(n.F)] {
		r.refuse(syntax.UnknownFunction)
	}
	if name := lower(n.F); (name == "max" || name == "min") && len(n.Args) == 1 {
		return &syntax.Extreme{X: r.expr(n.Args[0]), Max: name == "max"}
	}
	e := &syntax.Other{Args: r.exprs(n.Args)}
	for _, term := range r.order(n.Order) {
		e.Args = append(e.Args, term.Expr)
	}
	return e
}

// window reads the clauses of a window.
func (r *reader) window(n *ast.WindowSpec) []syntax.Expr {
	var parts []syntax.Expr
	if n.PartitionBy != nil {
		parts = append(parts, r.items(n.PartitionBy.Items)...)
	}
	for _, term := range r.order(n.OrderBy) {
		parts = append(parts, term.Expr)
	}
	if n.Frame != nil {
		parts = append(parts, r.optional(n.Frame.Extent.Start.Expr)...)
		parts = append(parts, r.optional(n.Frame.Extent.End.Expr)...)
	}
	return parts
}
