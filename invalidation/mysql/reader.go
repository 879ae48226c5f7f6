package mysql

import (
	"slices"
	"strings"

	"github.com/sqlc-dev/marino/ast"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/invalidation/internal/syntax"
)

// reader turns the parser's tree of one statement into that of [syntax].
type reader struct {
	*text
	refusal string // the first reason that was found
	called  []call // the functions that are not known

	// unread is true if a part of the statement was left out, in which
	// anything may stand.
	unread bool
	// misplaced is true if a parameter is not where the scanner saw one.
	misplaced bool

	names   []string // of tables, without a schema
	nesting int      // of expressions and sources
	// grouped is true if the present block has an aggregate or a window.
	grouped bool
	// searched has the columns that MATCH has searched so far.
	searched []*ast.ColumnName
	// row is the name that stands for the row that could not be inserted,
	// inside ON DUPLICATE KEY UPDATE.
	row       string
	duplicate bool
}

// newReader returns a reader of the text. What RETURNING calls is called, though
// it is not parsed.
func newReader(text *text) *reader {
	r := &reader{text: text}
	for _, name := range text.calls {
		if text.cut && name.end > text.returning {
			r.called = append(r.called, name)
		}
	}
	return r
}

// maxNesting bounds the recursion over what is not in parentheses, and the
// parser's own is bounded by the length of the text.
const maxNesting = 500

// rules are those of both databases.
var rules = syntax.Rules{}

// refuse notes why the statement's result must not be cached.
func (r *reader) refuse(reason string) {
	if r.refusal == "" {
		r.refusal = reason
	}
}

// skip leaves out a part of the statement.
func (r *reader) skip() {
	r.refuse(syntax.NotUnderstood)
	r.unread = true
}

// deeper runs read unless it is nested too deeply.
func (r *reader) deeper(read func()) {
	r.nesting++
	defer func() { r.nesting-- }()
	if r.nesting > maxNesting {
		r.refuse(syntax.TooDeep)
		r.unread = true
		return
	}
	read()
}

// shape reads a statement of the tree.
func (r *reader) shape(stmt syntax.Statement) *invalidation.Shape {
	shape := syntax.Read(stmt, rules, r.refusal)
	if shape.Verb == invalidation.Opaque {
		return opaque(shape.Refusal)
	}
	shape.Calls = unknownCalls(r.called)
	return shape
}

// query reads a SELECT, a TABLE or VALUES statement, or a compound.
func (r *reader) query(n ast.Node) *syntax.Query {
	q := &syntax.Query{}
	r.deeper(func() {
		switch n := n.(type) {
		case *ast.SelectStmt:
			r.single(q, n)
		case *ast.SetOprStmt:
			q.With = r.with(n.With)
			q.Bodies = r.bodies(n.SelectList)
			q.Rest = r.tail(n.OrderBy, n.Limit)
		case *ast.SetOprSelectList:
			q.With = r.with(n.With)
			q.Bodies = r.bodies(n)
			q.Rest = r.tail(n.OrderBy, n.Limit)
		default:
			r.skip()
		}
	})
	return q
}

// single reads a query that is no compound.
func (r *reader) single(q *syntax.Query, n *ast.SelectStmt) {
	q.With = r.with(n.With)
	if n.Kind == ast.SelectStmtKindValues {
		values := &syntax.Values{}
		for _, row := range n.Lists {
			values.Rows = append(values.Rows, r.exprs(row.Values))
		}
		q.Bodies = []syntax.Body{values}
		q.Rest = r.tail(n.OrderBy, n.Limit)
		return
	}
	q.Bodies = []syntax.Body{r.block(n)}
}

// bodies reads the members of a compound. The list of a compound may be nested
// in another's, or have a member that is one with ORDER BY of its own.
func (r *reader) bodies(list *ast.SetOprSelectList) []syntax.Body {
	if list == nil || len(list.Selects) == 0 {
		r.skip()
		return nil
	}
	var bodies []syntax.Body
	for _, member := range list.Selects {
		bodies = append(bodies, r.query(member))
	}
	return bodies
}

// tail reads the ORDER BY and LIMIT of a compound.
func (r *reader) tail(order *ast.OrderByClause, limit *ast.Limit) []syntax.Expr {
	var rest []syntax.Expr
	for _, term := range r.order(order) {
		rest = append(rest, term.Expr)
	}
	if limit != nil {
		rest = append(rest, r.optional(limit.Count)...)
		rest = append(rest, r.optional(limit.Offset)...)
	}
	return rest
}

// with reads common table expressions. To MariaDB those of WITH RECURSIVE are
// all known to each other, to MySQL one is known only to those after it: what
// means a table to one and not to the other is refused.
func (r *reader) with(clause *ast.WithClause) *syntax.With {
	if clause == nil {
		return nil
	}
	with := &syntax.With{Forward: clause.IsRecursive}
	for i, cte := range clause.CTEs {
		before := len(r.names)
		with.Tables = append(with.Tables, syntax.Common{Name: cte.Name.L, Query: r.subquery(cte.Query).Query})
		for _, later := range clause.CTEs[i+1:] {
			if clause.IsRecursive && slices.Contains(r.names[before:], later.Name.L) {
				r.refuse(syntax.UnknownSource)
			}
		}
	}
	return with
}

// block reads one SELECT with its own FROM clause.
func (r *reader) block(n *ast.SelectStmt) *syntax.Block {
	outer := r.grouped
	r.grouped = n.Distinct || n.GroupBy != nil || n.Having != nil
	defer func() { r.grouped = outer }()
	r.options(n)
	b := &syntax.Block{}
	if n.From != nil {
		b.From = r.source(n.From.TableRefs)
	}
	for _, field := range n.Fields.Fields {
		b.Columns = append(b.Columns, r.result(field))
	}
	b.Where = r.expr(n.Where)
	b.Order = r.order(n.OrderBy)
	if n.Limit != nil {
		b.Limit, b.Offset = r.expr(n.Limit.Count), r.expr(n.Limit.Offset)
	}
	if n.GroupBy != nil {
		b.Rest = append(b.Rest, r.items(n.GroupBy.Items)...)
	}
	if n.Having != nil {
		b.Rest = append(b.Rest, r.expr(n.Having.Expr))
	}
	for i := range n.WindowSpecs {
		b.Rest = append(b.Rest, r.window(&n.WindowSpecs[i])...)
	}
	b.Rest = append(b.Rest, r.searches(b.From)...)
	b.Grouped = r.grouped
	return b
}

// options refuses what a SELECT does beside giving rows.
func (r *reader) options(n *ast.SelectStmt) {
	if n.LockInfo != nil || len(n.MoreLockInfos) > 0 {
		r.refuse(syntax.Locks)
	}
	if n.SelectIntoOpt != nil {
		r.refuse(writesFile)
	}
	if n.SelectStmtOpts != nil && n.CalcFoundRows {
		r.refuse(countsRows)
	}
}

func (r *reader) result(field *ast.SelectField) syntax.Result {
	if field.WildCard != nil {
		return syntax.Result{Expr: &syntax.Star{Table: field.WildCard.Table.L}}
	}
	return syntax.Result{Expr: r.expr(field.Expr), Alias: field.AsName.L}
}

func (r *reader) order(clause *ast.OrderByClause) []syntax.Order {
	if clause == nil {
		return nil
	}
	var terms []syntax.Order
	for _, item := range clause.Items {
		terms = append(terms, syntax.Order{Expr: r.expr(item.Expr), Desc: item.Desc})
	}
	return terms
}

func (r *reader) items(items []*ast.ByItem) []syntax.Expr {
	var list []syntax.Expr
	for _, item := range items {
		list = append(list, r.expr(item.Expr))
	}
	return list
}

// source reads an item of a FROM clause, or all of it. The parser makes a join
// without a right side of what is none.
func (r *reader) source(n ast.ResultSetNode) syntax.Source {
	var src syntax.Source = &syntax.Rows{}
	r.deeper(func() {
		switch n := n.(type) {
		case *ast.Join:
			src = r.join(n)
		case *ast.TableSource:
			src = r.item(n)
		default:
			r.refuse(syntax.UnknownSource)
			r.unread = true
		}
	})
	return src
}

func (r *reader) join(n *ast.Join) syntax.Source {
	if n.Right == nil {
		return r.source(n.Left)
	}
	j := &syntax.Join{
		Left:       r.source(n.Left),
		Right:      r.source(n.Right),
		KeepsLeft:  n.Tp == ast.LeftJoin,
		KeepsRight: n.Tp == ast.RightJoin,
		Natural:    n.NaturalJoin,
	}
	if n.On != nil {
		j.On = r.expr(n.On.Expr)
	}
	for _, column := range n.Using {
		j.Using = append(j.Using, column.Name.L)
	}
	return j
}

func (r *reader) item(n *ast.TableSource) syntax.Source {
	switch source := n.Source.(type) {
	case *ast.TableName:
		return r.table(source, n.AsName.L)
	case *ast.SelectStmt, *ast.SetOprStmt:
		return &syntax.Derived{Query: r.query(source), Alias: n.AsName.L, Lateral: n.Lateral}
	case *ast.JSONTableExpr:
		return &syntax.Rows{Args: r.jsonTable(source), Alias: n.AsName.L}
	case *ast.Join:
		return r.source(source)
	}
	r.refuse(syntax.UnknownSource)
	r.unread = true
	return &syntax.Rows{Alias: n.AsName.L}
}

// jsonTable reads what a JSON_TABLE is computed from: but for the document
// there are only literals.
func (r *reader) jsonTable(n *ast.JSONTableExpr) []syntax.Expr {
	return r.exprs([]ast.ExprNode{n.Doc, n.Path})
}

// systemSchemas are those that the server keeps for itself.
var systemSchemas = setOf(`information_schema mysql performance_schema sys`)

func (r *reader) table(n *ast.TableName, alias string) *syntax.Table {
	switch {
	case n.AsOf != nil, n.TableSample != nil:
		r.refuse(readsHistory)
		r.unread = true
	case systemSchemas[n.Schema.L]:
		r.refuse(syntax.SystemTable)
	case n.Name.L == "" || n.Schema.L == "*":
		r.refuse(syntax.UnknownSource)
		r.unread = true
	}
	if n.Schema.L == "" {
		r.names = append(r.names, n.Name.L)
	}
	t := &syntax.Table{Name: tableKey(n), Qualified: n.Schema.L != "", Alias: alias}
	if alias == "" {
		t.Alias = n.Name.L
	}
	return t
}

// tableKey returns the name of a table as the catalogue has it.
func tableKey(n *ast.TableName) string {
	if n.Schema.L == "" {
		return invalidation.Name(n.Name.L)
	}
	return invalidation.Name(n.Schema.L + "." + n.Name.L)
}

// param returns the number of the parameter at a place.
func (r *reader) param(at int) int {
	i, found := slices.BinarySearch(r.markers, at)
	if !found {
		r.misplaced = true
	}
	return i + 1
}

func lower(name string) string { return strings.ToLower(name) }
