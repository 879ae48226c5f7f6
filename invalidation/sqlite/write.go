package sqlite

import (
	"github.com/sqlc-dev/meyer/ast"

	"github.com/seed92106438/cacheops/invalidation/internal/syntax"
)

func (t *translator) insert(stmt *ast.InsertStmt) *syntax.Insert {
	in := &syntax.Insert{
		With: t.with(stmt.With), Table: *target(stmt.Table, stmt.Alias), Columns: lowerNames(stmt.Columns),
		Replaces: stmt.Replace || stmt.OrConflict == ast.ConflictReplace,
	}
	if values := onlyValues(stmt.Select); values != nil {
		in.Rows = t.rows(values)
	} else if stmt.Select != nil {
		in.Query = t.query(stmt.Select)
	}
	if stmt.OrConflict != ast.ConflictDefault {
		in.Conflicts = append(in.Conflicts, syntax.Conflict{})
	}
	for _, clause := range stmt.Upserts {
		in.Conflicts = append(in.Conflicts, syntax.Conflict{Target: keyColumns(clause.Target), Set: t.set(clause.Set)})
	}
	return in
}

// onlyValues returns the VALUES clause that the statement is, if it is.
func onlyValues(stmt *ast.SelectStmt) *ast.ValuesClause {
	if stmt == nil || stmt.With != nil || len(stmt.Cores) != 1 {
		return nil
	}
	values, _ := stmt.Cores[0].(*ast.ValuesClause)
	return values
}

// keyColumns returns those terms of a key that are columns.
func keyColumns(terms []*ast.OrderingTerm) []string {
	var columns []string
	for _, term := range terms {
		if column, ok := unparen(term.Expr).(*ast.Ident); ok {
			columns = append(columns, lowerName(column))
		}
	}
	return columns
}

func (t *translator) set(pairs []*ast.SetPair) []syntax.Assignment {
	var set []syntax.Assignment
	for _, pair := range pairs {
		set = append(set, syntax.Assignment{Columns: lowerNames(pair.Columns), Value: t.expr(pair.Value)})
	}
	return set
}

func (t *translator) update(stmt *ast.UpdateStmt) *syntax.Update {
	table := target(stmt.Table, stmt.Alias)
	up := &syntax.Update{
		With: t.with(stmt.With), From: table, Target: table.Alias, Set: t.set(stmt.Set), Where: t.expr(stmt.Where),
		Replaces: stmt.OrConflict == ast.ConflictReplace,
	}
	if stmt.From != nil {
		up.From = &syntax.Join{Left: table, Right: t.from(stmt.From)}
	}
	return up
}

func (t *translator) delete(stmt *ast.DeleteStmt) *syntax.Delete {
	table := target(stmt.Table, stmt.Alias)
	return &syntax.Delete{
		With: t.with(stmt.With), From: table, Targets: []string{table.Alias}, Where: t.expr(stmt.Where),
	}
}
