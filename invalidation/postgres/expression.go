package postgres

import (
	"strings"

	"github.com/sqlc-dev/oliphant/ast"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/invalidation/internal/syntax"
)

// exprs translates those of the nodes that are there.
func (t *translator) exprs(nodes ...*ast.Node) []syntax.Expr {
	var list []syntax.Expr
	for _, node := range nodes {
		if e := t.expr(node); e != nil {
			list = append(list, e)
		}
	}
	return list
}

// other is an expression that is computed from the nodes.
func (t *translator) other(nodes ...*ast.Node) syntax.Expr {
	return &syntax.Other{Args: t.exprs(nodes...)}
}

// expr translates an expression. Nil stands for none.
func (t *translator) expr(node *ast.Node) syntax.Expr {
	switch n := node.GetNode().(type) {
	case nil:
		return nil
	case *ast.Node_AConst, *ast.Node_ParamRef, *ast.Node_SetToDefault, *ast.Node_TypeCast:
		return t.value(node)
	case *ast.Node_ColumnRef:
		return t.column(n.ColumnRef)
	case *ast.Node_AExpr:
		return t.operation(n.AExpr)
	case *ast.Node_BoolExpr:
		return t.logic(n.BoolExpr)
	case *ast.Node_NullTest:
		return t.nullTest(n.NullTest)
	case *ast.Node_BooleanTest:
		return t.booleanTest(n.BooleanTest)
	case *ast.Node_SubLink:
		return t.subquery(n.SubLink)
	case *ast.Node_RowExpr:
		return t.row(n.RowExpr)
	case *ast.Node_FuncCall:
		return t.call(n.FuncCall)
	}
	return t.computed(node)
}

// computed translates what only computes something from its parts.
func (t *translator) computed(node *ast.Node) syntax.Expr {
	switch n := node.GetNode().(type) {
	case *ast.Node_NamedArgExpr:
		return t.other(n.NamedArgExpr.GetArg())
	case *ast.Node_AIndirection:
		return t.other(append(n.AIndirection.GetIndirection(), n.AIndirection.GetArg())...)
	case *ast.Node_AIndices:
		return t.other(n.AIndices.GetLidx(), n.AIndices.GetUidx())
	case *ast.Node_String_, *ast.Node_AStar: // the field of a composite value
		return nil
	case *ast.Node_AArrayExpr:
		return t.other(n.AArrayExpr.GetElements()...)
	case *ast.Node_CaseExpr:
		c := n.CaseExpr
		return t.other(append(c.GetArgs(), c.GetArg(), c.GetDefresult())...)
	case *ast.Node_CaseWhen:
		return t.other(n.CaseWhen.GetExpr(), n.CaseWhen.GetResult())
	case *ast.Node_CoalesceExpr:
		return t.other(n.CoalesceExpr.GetArgs()...)
	case *ast.Node_MinMaxExpr:
		return t.other(n.MinMaxExpr.GetArgs()...)
	case *ast.Node_CollateClause:
		return t.other(n.CollateClause.GetArg())
	case *ast.Node_ResTarget: // what XML gives a name
		return t.expr(n.ResTarget.GetVal())
	case *ast.Node_GroupingSet:
		return t.other(n.GroupingSet.GetContent()...)
	case *ast.Node_GroupingFunc:
		return t.other(n.GroupingFunc.GetArgs()...)
	case *ast.Node_SqlvalueFunction, *ast.Node_CurrentOfExpr, *ast.Node_MergeSupportFunc:
		return &syntax.Other{}
	}
	if strings.HasPrefix(nodeName(node), "Json") || strings.HasPrefix(nodeName(node), "Xml") {
		return t.document(node)
	}
	t.refuse(syntax.NotUnderstood)
	return &syntax.Other{}
}

// document translates SQL's own syntax for JSON and XML, which has many sorts
// of nodes that only hold others. Whichever it is, it may be an aggregate.
func (t *translator) document(node *ast.Node) syntax.Expr {
	t.grouped = true
	other := &syntax.Other{}
	t.collect(node.ProtoReflect(), other)
	return other
}

// collect adds the expressions within a message that is no expression.
func (t *translator) collect(m protoreflect.Message, into *syntax.Other) {
	for part := range partsOf(m) {
		node, isNode := part.Interface().(*ast.Node)
		switch {
		case isNode && node.GetString_() == nil && node.GetTypeName() == nil:
			into.Args = append(into.Args, t.exprs(node)...)
		case !isNode:
			t.collect(part, into)
		}
	}
}

// column translates the name of a column, or a star. Of a name with a schema
// the last two parts count, if it is clear by them which row is meant.
func (t *translator) column(c *ast.ColumnRef) syntax.Expr {
	fields := texts(c.GetFields())
	table, last := "", len(fields)-1
	if last > 0 {
		table = strings.ToLower(fields[last-1])
	}
	if c.GetFields()[last].GetAStar() != nil {
		return &syntax.Star{Table: table}
	}
	ref := &syntax.Column{Table: table, Name: strings.ToLower(fields[last])}
	switch {
	case table != "" && wholeRowFunctions[ref.Name]:
		return &syntax.Other{Args: []syntax.Expr{ref, &syntax.Star{Table: table}}}
	case last > 1 && t.survey.shared[table]:
		return &syntax.Other{Args: []syntax.Expr{ref}}
	}
	return ref
}

// wholeRowFunctions take a row as their only argument. If a table lacks such a
// column, t.count is another way to say count(t).
var wholeRowFunctions = setOf(`
	any_value array_agg concat count format hash_record json_agg
	json_build_array jsonb_agg jsonb_build_array max min num_nonnulls
	num_nulls pg_column_size pg_typeof quote_literal quote_nullable row_to_json
	to_json to_jsonb`)

// comparisons are the operators that compare.
var comparisons = map[string]invalidation.Op{
	"=": invalidation.Eq, "<>": invalidation.NotEq, "<": invalidation.Less,
	"<=": invalidation.LessEq, ">": invalidation.Greater, ">=": invalidation.GreaterEq,
}

// operator returns the operator of an expression; one of another schema has
// been refused.
func operator(name []*ast.Node) string {
	parts := texts(name)
	if len(parts) == 0 {
		return ""
	}
	return parts[len(parts)-1]
}

func (t *translator) operation(e *ast.A_Expr) syntax.Expr {
	op := operator(e.GetName())
	switch e.GetKind() {
	case ast.A_Expr_Kind_AEXPR_OP:
		if compared, ok := comparisons[op]; ok && e.GetLexpr() != nil {
			return &syntax.Compare{Op: compared, X: t.expr(e.GetLexpr()), Y: t.expr(e.GetRexpr())}
		}
		if (op == "+" || op == "-") && e.GetLexpr() != nil {
			return &syntax.Sum{X: t.expr(e.GetLexpr()), Y: t.expr(e.GetRexpr()), Minus: op == "-"}
		}
	case ast.A_Expr_Kind_AEXPR_DISTINCT, ast.A_Expr_Kind_AEXPR_NOT_DISTINCT:
		return t.same(e)
	case ast.A_Expr_Kind_AEXPR_IN:
		return &syntax.In{X: t.expr(e.GetLexpr()), List: t.exprs(e.GetRexpr().GetList().GetItems()...), Not: op == "<>"}
	case ast.A_Expr_Kind_AEXPR_OP_ANY, ast.A_Expr_Kind_AEXPR_OP_ALL:
		return t.quantified(e, op)
	case ast.A_Expr_Kind_AEXPR_LIKE, ast.A_Expr_Kind_AEXPR_ILIKE, ast.A_Expr_Kind_AEXPR_SIMILAR:
		return t.like(e, strings.HasPrefix(op, "!"))
	case ast.A_Expr_Kind_AEXPR_BETWEEN, ast.A_Expr_Kind_AEXPR_NOT_BETWEEN:
		bounds := e.GetRexpr().GetList().GetItems()
		return &syntax.Between{
			X: t.expr(e.GetLexpr()), Lo: t.expr(bounds[0]), Hi: t.expr(bounds[1]),
			Not: e.GetKind() == ast.A_Expr_Kind_AEXPR_NOT_BETWEEN,
		}
	case ast.A_Expr_Kind_AEXPR_BETWEEN_SYM, ast.A_Expr_Kind_AEXPR_NOT_BETWEEN_SYM:
		return t.other(append(e.GetRexpr().GetList().GetItems(), e.GetLexpr())...)
	case ast.A_Expr_Kind_AEXPR_NULLIF:
	default:
		t.refuse(syntax.NotUnderstood)
	}
	return t.other(e.GetLexpr(), e.GetRexpr())
}

// same translates IS [NOT] DISTINCT FROM. That of rows compares their fields.
func (t *translator) same(e *ast.A_Expr) syntax.Expr {
	if e.GetLexpr().GetRowExpr() != nil || e.GetRexpr().GetRowExpr() != nil {
		return t.other(e.GetLexpr(), e.GetRexpr())
	}
	return &syntax.Same{
		X: t.expr(e.GetLexpr()), Y: t.expr(e.GetRexpr()),
		Not: e.GetKind() == ast.A_Expr_Kind_AEXPR_DISTINCT,
	}
}

// quantified translates = ANY (ARRAY[…]) and <> ALL (ARRAY[…]), which are IN
// and NOT IN. What another array holds is not known. Rows in an array are equal
// where both have NULL, as they are not in a list.
func (t *translator) quantified(e *ast.A_Expr, op string) syntax.Expr {
	list := e.GetRexpr().GetAArrayExpr().GetElements()
	all := e.GetKind() == ast.A_Expr_Kind_AEXPR_OP_ALL
	rows := e.GetLexpr().GetRowExpr() != nil
	if len(list) > 0 && !rows && (op == "=" && !all || op == "<>" && all) {
		return &syntax.In{X: t.expr(e.GetLexpr()), List: t.exprs(list...), Not: all}
	}
	return t.other(e.GetLexpr(), e.GetRexpr())
}

// like translates a match: of LIKE and ILIKE by the pattern, if it has no
// escape character of its own.
func (t *translator) like(e *ast.A_Expr, not bool) syntax.Expr {
	like := &syntax.Like{X: t.expr(e.GetLexpr()), Pattern: t.expr(e.GetRexpr()), Not: not}
	if _, known := like.Pattern.(*syntax.Value); !known || e.GetKind() == ast.A_Expr_Kind_AEXPR_SIMILAR {
		like.Opaque = true
	}
	return like
}

func (t *translator) logic(e *ast.BoolExpr) syntax.Expr {
	if e.GetBoolop() == ast.BoolExprType_NOT_EXPR {
		return &syntax.Not{X: t.expr(e.GetArgs()[0])}
	}
	return &syntax.Logic{And: e.GetBoolop() == ast.BoolExprType_AND_EXPR, Terms: t.exprs(e.GetArgs()...)}
}

// nullTest translates IS [NOT] NULL. A row is NULL if all its fields are, and
// is not NULL if none is.
func (t *translator) nullTest(e *ast.NullTest) syntax.Expr {
	x := t.expr(e.GetArg())
	if _, ok := x.(*syntax.Column); !ok {
		return &syntax.Other{Args: []syntax.Expr{x}}
	}
	return &syntax.Same{X: x, Y: null(), Not: e.GetNulltesttype() == ast.NullTestType_IS_NOT_NULL}
}

// booleanTest translates IS TRUE and the like: a boolean is TRUE if it is the
// same as TRUE.
func (t *translator) booleanTest(e *ast.BooleanTest) syntax.Expr {
	same := &syntax.Same{X: t.expr(e.GetArg()), Y: boolean(true)}
	switch e.GetBooltesttype() {
	case ast.BoolTestType_IS_TRUE:
	case ast.BoolTestType_IS_NOT_TRUE:
		same.Not = true
	case ast.BoolTestType_IS_FALSE:
		same.Y = boolean(false)
	case ast.BoolTestType_IS_NOT_FALSE:
		same.Y, same.Not = boolean(false), true
	case ast.BoolTestType_IS_UNKNOWN:
		same.Y = null()
	default:
		same.Y, same.Not = null(), true
	}
	return same
}

func (t *translator) subquery(e *ast.SubLink) syntax.Expr {
	query := t.query(e.GetSubselect().GetSelectStmt())
	x, op := t.expr(e.GetTestexpr()), operator(e.GetOperName())
	switch {
	case e.GetSubLinkType() == ast.SubLinkType_EXISTS_SUBLINK:
		return &syntax.Exists{Query: query}
	case x == nil:
		return &syntax.Sub{Query: query}
	case e.GetSubLinkType() == ast.SubLinkType_ANY_SUBLINK && (op == "" || op == "="):
		return &syntax.In{X: x, Query: query}
	case e.GetSubLinkType() == ast.SubLinkType_ALL_SUBLINK && op == "<>":
		return &syntax.In{X: x, Query: query, Not: true}
	}
	return &syntax.Other{Args: []syntax.Expr{x, &syntax.Sub{Query: query}}}
}

// row translates a row value. One with a star has more fields than it shows.
func (t *translator) row(e *ast.RowExpr) syntax.Expr {
	list := t.exprs(e.GetArgs()...)
	for _, field := range list {
		if _, star := field.(*syntax.Star); star {
			return &syntax.Other{Args: list}
		}
	}
	return &syntax.Row{List: list}
}

// call translates the call of a function, which is pure or refused already.
func (t *translator) call(f *ast.FuncCall) syntax.Expr {
	name := functionName(f.GetFuncname())
	if aggregates[name] || rowFunctions[name] || f.GetOver() != nil || f.GetAggFilter() != nil ||
		f.GetAggDistinct() || f.GetAggStar() || len(f.GetAggOrder()) > 0 {
		t.grouped = true
	}
	args := t.exprs(f.GetArgs()...)
	if (name == "max" || name == "min") && len(args) == 1 && f.GetAggFilter() == nil && f.GetOver() == nil {
		return &syntax.Extreme{X: args[0], Max: name == "max"}
	}
	other := &syntax.Other{Args: args}
	for _, term := range f.GetAggOrder() {
		other.Args = append(other.Args, t.expr(term.GetSortBy().GetNode()))
	}
	other.Args = append(other.Args, t.exprs(f.GetAggFilter())...)
	if f.GetOver() != nil {
		other.Args = append(other.Args, t.window(f.GetOver())...)
	}
	return other
}
