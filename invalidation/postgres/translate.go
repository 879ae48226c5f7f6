package postgres

import (
	"strings"

	"github.com/sqlc-dev/oliphant/ast"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/invalidation/internal/syntax"
)

// translator turns what the parser gives into the tree of package syntax.
type translator struct {
	survey *survey
	// refusal is the first reason for which a result must not be cached.
	refusal string
	// opaque is true if it cannot be told what the statement writes.
	opaque bool
	// grouped is true if the block at hand has an aggregate, or one of its
	// subqueries has: which of them it is of does not show.
	grouped bool
}

func (t *translator) refuse(reason string) {
	if t.refusal == "" {
		t.refusal = reason
	}
}

// apart keeps the aggregates that are met from here on apart from the block at
// hand, until what it returns is called.
func (t *translator) apart() func() {
	grouped := t.grouped
	return func() { t.grouped = grouped }
}

// query translates a SELECT with its WITH clause and all that it is
// compounded of.
func (t *translator) query(s *ast.SelectStmt) *syntax.Query {
	q := &syntax.Query{With: t.with(s.GetWithClause())}
	switch {
	case isCompound(s):
		q.Bodies = append(t.bodies(s.GetLarg()), t.bodies(s.GetRarg())...)
	case len(s.GetValuesLists()) > 0:
		q.Bodies = []syntax.Body{t.values(s)}
	default:
		q.Bodies = []syntax.Body{t.block(s)}
		return q
	}
	for _, term := range s.GetSortClause() {
		q.Rest = append(q.Rest, t.expr(term.GetSortBy().GetNode()))
	}
	q.Rest = append(q.Rest, t.exprs(s.GetLimitCount(), s.GetLimitOffset())...)
	return q
}

func isCompound(s *ast.SelectStmt) bool { return s.GetLarg() != nil }

// bodies translates one arm of a compound: a compound with no clauses of its
// own is of one piece with what it is an arm of.
func (t *translator) bodies(arm *ast.SelectStmt) []syntax.Body {
	clauses := len(arm.GetSortClause()) > 0 || arm.GetLimitCount() != nil || arm.GetLimitOffset() != nil
	switch {
	case arm.GetWithClause() != nil || clauses:
		return []syntax.Body{t.query(arm)}
	case isCompound(arm):
		return append(t.bodies(arm.GetLarg()), t.bodies(arm.GetRarg())...)
	case len(arm.GetValuesLists()) > 0:
		return []syntax.Body{t.values(arm)}
	}
	return []syntax.Body{t.block(arm)}
}

func (t *translator) values(s *ast.SelectStmt) *syntax.Values {
	v := &syntax.Values{}
	for _, row := range s.GetValuesLists() {
		v.Rows = append(v.Rows, t.exprs(row.GetList().GetItems()...))
	}
	return v
}

func (t *translator) with(clause *ast.WithClause) *syntax.With {
	if clause == nil {
		return nil
	}
	defer t.apart()()
	w := &syntax.With{Forward: clause.GetRecursive(), Recursive: clause.GetRecursive()}
	for _, node := range clause.GetCtes() {
		cte := node.GetCommonTableExpr()
		common := syntax.Common{Name: strings.ToLower(cte.GetCtename())}
		if s := cte.GetCtequery().GetSelectStmt(); s != nil {
			common.Query = t.query(s)
		} else {
			common.Write = t.write(cte.GetCtequery())
		}
		w.Tables = append(w.Tables, common)
	}
	return w
}

// block translates one SELECT with its own FROM clause.
func (t *translator) block(s *ast.SelectStmt) *syntax.Block {
	outer := t.grouped
	t.grouped = false
	b := &syntax.Block{From: t.from(s.GetFromClause())}
	for _, node := range s.GetTargetList() {
		target := node.GetResTarget()
		b.Columns = append(b.Columns, syntax.Result{
			Expr: t.expr(target.GetVal()), Alias: strings.ToLower(target.GetName()),
		})
	}
	b.Where = t.expr(s.GetWhereClause())
	for _, term := range s.GetSortClause() {
		b.Order = append(b.Order, t.order(term.GetSortBy(), b.Columns))
	}
	b.Limit, b.Offset = t.expr(s.GetLimitCount()), t.expr(s.GetLimitOffset())
	b.Rest = t.exprs(s.GetDistinctClause()...)
	b.Rest = append(b.Rest, t.exprs(s.GetGroupClause()...)...)
	b.Rest = append(b.Rest, t.exprs(s.GetHavingClause())...)
	for _, window := range s.GetWindowClause() {
		b.Rest = append(b.Rest, t.window(window.GetWindowDef())...)
	}
	b.Grouped = t.grouped || s.GetHavingClause() != nil ||
		len(s.GetDistinctClause())+len(s.GetGroupClause()) > 0 ||
		s.GetLimitOption() == ast.LimitOption_LIMIT_OPTION_WITH_TIES
	t.grouped = t.grouped || outer
	return b
}

// order translates a term of ORDER BY. A number stands for a result. Where
// NULL does not go as it goes by default, or another operator orders, the
// order is one that the tree cannot say.
func (t *translator) order(term *ast.SortBy, results []syntax.Result) syntax.Order {
	desc := term.GetSortbyDir() == ast.SortByDir_SORTBY_DESC
	e := t.expr(term.GetNode())
	if n := int(term.GetNode().GetAConst().GetIval().GetIval()); n > 0 {
		e = nth(results, n)
	}
	nulls := term.GetSortbyNulls()
	byDefault := nulls == ast.SortByNulls_SORTBY_NULLS_DEFAULT ||
		desc == (nulls == ast.SortByNulls_SORTBY_NULLS_FIRST)
	if !byDefault || term.GetSortbyDir() == ast.SortByDir_SORTBY_USING {
		e = &syntax.Other{Args: []syntax.Expr{e}}
	}
	return syntax.Order{Expr: e, Desc: desc}
}

// nth returns the result of that number, unless a star makes the numbers
// unclear. A result is looked at where it is, so nothing is lost.
func nth(results []syntax.Result, n int) syntax.Expr {
	for i, r := range results {
		if _, star := r.Expr.(*syntax.Star); star {
			break
		}
		if column, ok := r.Expr.(*syntax.Column); ok && i == n-1 {
			return column
		}
	}
	return &syntax.Other{}
}

func (t *translator) window(w *ast.WindowDef) []syntax.Expr {
	list := t.exprs(w.GetPartitionClause()...)
	for _, term := range w.GetOrderClause() {
		list = append(list, t.expr(term.GetSortBy().GetNode()))
	}
	return append(list, t.exprs(w.GetStartOffset(), w.GetEndOffset())...)
}

// from joins the items of a FROM clause.
func (t *translator) from(items []*ast.Node) syntax.Source {
	var all syntax.Source
	for _, item := range items {
		all = cross(all, t.source(item))
	}
	return all
}

func cross(left, right syntax.Source) syntax.Source {
	switch {
	case left == nil:
		return right
	case right == nil:
		return left
	}
	return &syntax.Join{Left: left, Right: right}
}

func (t *translator) source(item *ast.Node) syntax.Source {
	defer t.apart()()
	switch {
	case item.GetRangeVar() != nil:
		table := table(item.GetRangeVar())
		if renames(item.GetRangeVar().GetAlias()) {
			return all(table, table.Alias)
		}
		return table
	case item.GetRangeSubselect() != nil:
		sub := item.GetRangeSubselect()
		return &syntax.Derived{
			Query: t.query(sub.GetSubquery().GetSelectStmt()), Alias: aliasOf(sub.GetAlias()), Lateral: sub.GetLateral(),
		}
	case item.GetRangeFunction() != nil:
		return t.rows(item.GetRangeFunction())
	case item.GetJoinExpr() != nil:
		return t.join(item.GetJoinExpr())
	}
	t.refuse(syntax.UnknownSource)
	return &syntax.Rows{}
}

func aliasOf(alias *ast.Alias) string { return strings.ToLower(alias.GetAliasname()) }

// renames reports whether an alias has names for the columns, under which they
// are no more those of the table.
func renames(alias *ast.Alias) bool { return len(alias.GetColnames()) > 0 }

// all is a source of which nothing but its rows as a whole is known.
func all(from syntax.Source, alias string) syntax.Source {
	block := &syntax.Block{Columns: []syntax.Result{{Expr: &syntax.Star{}}}, From: from}
	return &syntax.Derived{Query: &syntax.Query{Bodies: []syntax.Body{block}}, Alias: alias}
}

// table names a table that is read.
func table(r *ast.RangeVar) *syntax.Table {
	table := &syntax.Table{Name: key(r), Qualified: r.GetSchemaname() != "", Alias: strings.ToLower(r.GetRelname())}
	if r.GetAlias() != nil {
		table.Alias = aliasOf(r.GetAlias())
	}
	return table
}

// key returns the key of a table in the catalogue. A database that is named as
// well can only be this one.
func key(r *ast.RangeVar) string {
	if r.GetSchemaname() == "" {
		return invalidation.Name(r.GetRelname())
	}
	return invalidation.Name(r.GetSchemaname() + "." + r.GetRelname())
}

// rows translates a function in FROM. It sees the sources beside it, and is
// known to be pure or refused already.
func (t *translator) rows(f *ast.RangeFunction) syntax.Source {
	rows := &syntax.Rows{Alias: aliasOf(f.GetAlias())}
	for _, node := range f.GetFunctions() {
		call := node.GetList().GetItems()[0]
		rows.Args = append(rows.Args, t.expr(call))
		if rows.Alias == "" {
			rows.Alias = functionName(call.GetFuncCall().GetFuncname())
		}
	}
	return rows
}

func (t *translator) join(j *ast.JoinExpr) syntax.Source {
	if j.GetJoinUsingAlias() != nil {
		t.refuse(syntax.NotUnderstood)
	}
	join := &syntax.Join{
		Left: t.source(j.GetLarg()), Right: t.source(j.GetRarg()),
		Natural: j.GetIsNatural(), On: t.expr(j.GetQuals()),
	}
	switch j.GetJointype() {
	case ast.JoinType_JOIN_INNER:
	case ast.JoinType_JOIN_LEFT:
		join.KeepsLeft = true
	case ast.JoinType_JOIN_RIGHT:
		join.KeepsRight = true
	default:
		join.KeepsLeft, join.KeepsRight = true, true
	}
	for _, column := range texts(j.GetUsingClause()) {
		join.Using = append(join.Using, strings.ToLower(column))
	}
	if j.GetAlias() != nil {
		return all(join, aliasOf(j.GetAlias()))
	}
	return join
}
