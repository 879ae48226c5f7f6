package sqlite

import (
	"slices"
	"strings"

	"github.com/sqlc-dev/meyer/ast"

	"github.com/seed92106438/cacheops/invalidation"
)

// analysis is the reading of one statement.
type analysis struct {
	sources []*source // of all blocks, in the order in which they were met
	refusal string    // the first reason that was found
}

// refuse notes why the statement's result must not be cached. From then on
// nothing need be right but that.
func (a *analysis) refuse(reason string) {
	if a.refusal == "" {
		a.refusal = reason
	}
}

func readQuery(stmt *ast.SelectStmt) *invalidation.Shape {
	var a analysis
	a.query(stmt, nil)
	shape := &invalidation.Shape{Verb: invalidation.Query, Refusal: a.refusal}
	if a.refusal != "" {
		return shape
	}
	for _, src := range a.sources {
		if src.table != "" {
			shape.Uses = append(shape.Uses, src.use())
		}
	}
	if isStar(stmt) {
		shape.Star = a.sources[0].table
	}
	return shape
}

// isStar reports whether the statement is SELECT * FROM one source, which
// then is the first.
func isStar(stmt *ast.SelectStmt) bool {
	q, ok := stmt.Cores[0].(*ast.SelectQuery)
	if !ok || len(stmt.Cores) > 1 || stmt.With != nil || len(q.From) != 1 || len(q.Columns) != 1 {
		return false
	}
	_, star := q.Columns[0].Expr.(*ast.Star)
	return star && q.From[0].Name != nil
}

// query reads a SELECT with its WITH clause, and all the blocks that it is
// compounded of.
func (a *analysis) query(stmt *ast.SelectStmt, outer *scope) {
	sc := a.with(stmt.With, outer)
	for _, core := range stmt.Cores {
		switch core := core.(type) {
		case *ast.SelectQuery:
			a.block(core, sc)
		case *ast.ValuesClause:
			a.lookAll(core.Children(), sc)
		default:
			a.refuse(notUnderstood)
		}
	}
}

// with reads common table expressions and returns the scope in which they are
// known. Each of them is known to all, those before it too.
func (a *analysis) with(clause *ast.With, outer *scope) *scope {
	sc := &scope{outer: outer, ctes: map[string]bool{}}
	if clause == nil {
		return sc
	}
	for _, cte := range clause.CTEs {
		sc.ctes[lowerName(cte.Name)] = true
	}
	for _, cte := range clause.CTEs {
		a.query(cte.Select, sc)
	}
	return sc
}

// block reads one SELECT with its own FROM clause. Only WHERE and ON restrict
// the rows that count: HAVING is asked of groups, not of rows.
func (a *analysis) block(q *ast.SelectQuery, outer *scope) {
	sc := &scope{outer: outer}
	tree := a.from(q.From, sc)
	a.lookFrom(q.From, sc)
	for _, child := range q.Children() {
		switch child := child.(type) {
		case *ast.TableRef:
		case *ast.OrderingTerm:
			if !isAlias(child.Expr, q.Columns) {
				a.look(child, sc)
			}
		default:
			a.look(child, sc)
		}
	}
	a.restrict(sc, tree, q.Where)
}

// isAlias reports whether a term of ORDER BY is the name that the SELECT list
// gives to an expression, which is looked at there. In other clauses a column
// of that name would come first.
func isAlias(term ast.Expr, columns []*ast.ResultColumn) bool {
	name, ok := unparen(term).(*ast.Ident)
	return ok && slices.ContainsFunc(columns, func(c *ast.ResultColumn) bool {
		return c.Alias != nil && lowerName(c.Alias) == lowerName(name)
	})
}

// from makes the sources of a FROM clause known to the scope and returns the
// tree of their joins, which are made from left to right; it is nil if there
// is no FROM.
func (a *analysis) from(items []*ast.TableRef, sc *scope) *joinTree {
	var tree *joinTree
	for _, item := range items {
		right := a.fromItem(item, sc)
		if tree == nil {
			tree = right
			continue
		}
		if item.Join.Type&ast.JoinNatural != 0 {
			// The columns that both sides have are compared. Which they
			// are is not known here.
			tree.lookAtAll()
			right.lookAtAll()
		}
		tree = newJoin(item, tree, right)
	}
	return tree
}

func (a *analysis) fromItem(item *ast.TableRef, sc *scope) *joinTree {
	alias := ""
	if item.Alias != nil {
		alias = lowerName(item.Alias)
	}
	switch {
	case item.List != nil:
		if alias != "" {
			a.refuse(unknownSource)
		}
		return a.from(item.List, sc)
	case item.Select != nil:
		// A subquery does not see the sources beside it.
		a.query(item.Select, sc.outer)
		return leaf(a.newSource(sc, alias, ""))
	case item.Name == nil:
		a.refuse(unknownSource)
		return leaf(a.newSource(sc, alias, ""))
	}
	if alias == "" {
		alias = lowerName(item.Name.Name)
	}
	table := ""
	if item.HasArgs {
		a.tableFunction(item.Name)
	} else {
		table = a.table(item.Name, sc)
	}
	return leaf(a.newSource(sc, alias, table))
}

// lookFrom walks the expressions of a FROM clause, when all its sources are
// known. The columns of USING are noted as any column without a table is.
func (a *analysis) lookFrom(items []*ast.TableRef, sc *scope) {
	for _, item := range items {
		a.lookFrom(item.List, sc)
		for _, arg := range item.Args {
			a.look(arg, sc)
		}
		if item.On != nil {
			a.look(item.On, sc)
		}
		for _, column := range item.Using {
			sc.noteColumn(lowerName(column))
		}
	}
}

// newSource adds a source to the block. Past the bound the statement is
// refused, and the source is one that nothing restricts.
func (a *analysis) newSource(sc *scope, name, table string) *source {
	src := &source{name: name, table: table, columns: map[string]bool{}}
	if len(a.sources) >= maxSources {
		a.refuse(tooManyTables)
		return src
	}
	src.bit = 1 << len(a.sources)
	a.sources = append(a.sources, src)
	sc.sources = append(sc.sources, src)
	return src
}

// table returns the name of the table that a query reads under a name, or
// nothing if that is a common table expression's.
func (a *analysis) table(name *ast.QualifiedName, sc *scope) string {
	table := lowerName(name.Name)
	switch {
	case name.Schema == nil && sc.hidesTable(table):
		return ""
	case name.Schema != nil && strings.EqualFold(name.Schema.Name, "temp"):
		a.refuse(temporaryTable)
	case table == "":
		a.refuse(unknownSource) // SQLite has such tables; here it says that there is none
	case strings.HasPrefix(table, "sqlite_"), strings.HasPrefix(table, "pragma_"):
		a.refuse(systemTable)
	}
	return tableKey(name)
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

func (a *analysis) tableFunction(name *ast.QualifiedName) {
	if name.Schema != nil || !tableFunctions[lowerName(name.Name)] {
		a.refuse(unknownSource)
	}
}
