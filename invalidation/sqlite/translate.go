package sqlite

import (
	"strings"

	"github.com/sqlc-dev/meyer/ast"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/invalidation/internal/syntax"
)

// rules are SQLite's. Its names for a row's number stand beside that of an
// INTEGER PRIMARY KEY, if there is one.
var rules = syntax.Rules{Hidden: setOf(`rowid _rowid_ oid`)}

// translator turns a statement into the tree of package syntax. What it does
// not know it refuses, and leaves open.
type translator struct {
	refusal string // the first reason that was found
	// aggregates counts the calls of functions that make one row of several.
	aggregates int
}

// refuse notes why the statement's result must not be cached.
func (t *translator) refuse(reason string) {
	if t.refusal == "" {
		t.refusal = reason
	}
}

// query translates a SELECT with its WITH clause and all that it is
// compounded of. The clauses of a compound stand with its last block.
func (t *translator) query(stmt *ast.SelectStmt) *syntax.Query {
	q := &syntax.Query{With: t.with(stmt.With)}
	for _, core := range stmt.Cores {
		switch core := core.(type) {
		case *ast.SelectQuery:
			q.Bodies = append(q.Bodies, t.block(core))
		case *ast.ValuesClause:
			q.Bodies = append(q.Bodies, &syntax.Values{Rows: t.rows(core)})
		default:
			t.refuse(syntax.NotUnderstood)
		}
	}
	if len(q.Bodies) > 1 {
		if last, ok := q.Bodies[len(q.Bodies)-1].(*syntax.Block); ok {
			for _, term := range last.Order {
				q.Rest = append(q.Rest, term.Expr)
			}
			q.Rest = append(q.Rest, last.Limit, last.Offset)
			last.Order, last.Limit, last.Offset = nil, nil, nil
		}
	}
	return q
}

func (t *translator) with(clause *ast.With) *syntax.With {
	if clause == nil {
		return nil
	}
	with := &syntax.With{Forward: true}
	for _, cte := range clause.CTEs {
		with.Tables = append(with.Tables, syntax.Common{Name: lowerName(cte.Name), Query: t.query(cte.Select)})
	}
	return with
}

func (t *translator) rows(values *ast.ValuesClause) [][]syntax.Expr {
	rows := make([][]syntax.Expr, len(values.Rows))
	for i, row := range values.Rows {
		rows[i] = t.list(row)
	}
	return rows
}

// block translates one SELECT with its own FROM clause. An aggregate in a
// subquery may be one of the block around it, so it groups both.
func (t *translator) block(q *ast.SelectQuery) *syntax.Block {
	b := &syntax.Block{From: t.from(q.From), Where: t.expr(q.Where)}
	before := t.aggregates
	for _, column := range q.Columns {
		b.Columns = append(b.Columns, syntax.Result{Expr: t.expr(column.Expr), Alias: lowerOr(column.Alias, "")})
	}
	b.Rest = append(t.list(q.GroupBy), t.expr(q.Having))
	for _, window := range q.Windows {
		b.Rest = append(b.Rest, t.window(window)...)
	}
	for _, term := range q.OrderBy {
		b.Order = append(b.Order, syntax.Order{Expr: t.expr(term.Expr), Desc: term.Order == ast.SortDesc})
	}
	if q.Limit != nil {
		b.Limit, b.Offset = t.expr(q.Limit.Count), t.expr(q.Limit.Offset)
	}
	b.Grouped = t.aggregates > before || q.Distinct == ast.DistinctDistinct || q.GroupBy != nil || q.Having != nil
	return b
}

// from translates a FROM clause. SQLite joins from left to right, and binds a
// comma no less than JOIN.
func (t *translator) from(items []*ast.TableRef) syntax.Source {
	var tree syntax.Source
	for _, item := range items {
		right := t.fromItem(item)
		if tree == nil {
			tree = right
			continue
		}
		tree = &syntax.Join{
			Left: tree, Right: right,
			KeepsLeft:  item.Join.Type&ast.JoinLeft != 0,
			KeepsRight: item.Join.Type&ast.JoinRight != 0,
			Natural:    item.Join.Type&ast.JoinNatural != 0,
			On:         t.expr(item.On),
			Using:      lowerNames(item.Using),
		}
	}
	return tree
}

func (t *translator) fromItem(item *ast.TableRef) syntax.Source {
	alias := lowerOr(item.Alias, "")
	switch {
	case item.List != nil:
		if alias != "" {
			t.refuse(syntax.UnknownSource)
		}
		return t.from(item.List)
	case item.Select != nil:
		return &syntax.Derived{Query: t.query(item.Select), Alias: alias}
	case item.Name == nil:
		t.refuse(syntax.UnknownSource)
		return &syntax.Rows{Alias: alias}
	case item.HasArgs:
		return t.tableFunction(item.Name, item.Args, lowerOr(item.Alias, item.Name.Name.Name))
	}
	return t.table(item.Name, item.Alias)
}

// table translates the name of a table that a query reads.
func (t *translator) table(name *ast.QualifiedName, alias *ast.Ident) *syntax.Table {
	switch {
	case name.Schema != nil && strings.EqualFold(name.Schema.Name, "temp"):
		t.refuse(syntax.TemporaryTable)
	case name.Name.Name == "":
		t.refuse(syntax.UnknownSource) // SQLite has such tables; in a tree it says that there is none
	}
	return target(name, alias)
}

// target translates the name of a table that a statement changes.
func target(name *ast.QualifiedName, alias *ast.Ident) *syntax.Table {
	return &syntax.Table{
		Name: tableKey(name), Qualified: name.Schema != nil, Alias: lowerOr(alias, name.Name.Name),
	}
}

// tableKey returns the name of a table as the catalogue has it. Tables of
// attached databases keep their schema.
func tableKey(name *ast.QualifiedName) string {
	table := invalidation.Name(name.Name.Name)
	if name.Schema == nil {
		return table
	}
	switch schema := invalidation.Name(name.Schema.Name); schema {
	case "main", "temp":
		return table
	default:
		return schema + "." + table
	}
}

// tableFunctions compute their rows from their arguments alone.
var tableFunctions = setOf(`generate_series json_each json_tree`)

func (t *translator) tableFunction(name *ast.QualifiedName, args []ast.Expr, alias string) *syntax.Rows {
	if name.Schema != nil || !tableFunctions[lowerName(name.Name)] {
		t.refuse(syntax.UnknownSource)
	}
	return &syntax.Rows{Args: t.list(args), Alias: strings.ToLower(alias)}
}

// lowerName is the name of a table or a column as names are compared.
func lowerName(id *ast.Ident) string { return strings.ToLower(id.Name) }

// lowerOr is the name, or another one if there is none.
func lowerOr(id *ast.Ident, other string) string {
	if id == nil {
		return strings.ToLower(other)
	}
	return lowerName(id)
}

func lowerNames(ids []*ast.Ident) []string {
	var names []string
	for _, id := range ids {
		names = append(names, lowerName(id))
	}
	return names
}
