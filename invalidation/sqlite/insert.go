package sqlite

import (
	"github.com/sqlc-dev/meyer/ast"

	"github.com/seed92106438/cacheops/invalidation"
)

// insert returns the new rows and, for each DO UPDATE, the rows that are
// changed in their stead.
func insert(stmt *ast.InsertStmt) []invalidation.Write {
	table := tableKey(stmt.Table)
	if stmt.Replace || stmt.OrConflict == ast.ConflictReplace {
		// Rows that are in the way are deleted, whichever they are.
		return []invalidation.Write{{Table: table, Kind: invalidation.Any}}
	}
	in := invalidation.Write{
		Table:  table,
		Kind:   invalidation.Insert,
		Chosen: stmt.OrConflict == ast.ConflictDefault && len(stmt.Upserts) == 0,
	}
	in.Names, in.Rows = insertedRows(stmt)
	changes := []invalidation.Write{in}
	for _, clause := range stmt.Upserts {
		if !clause.DoNothing {
			changes = append(changes, upsert(&in, clause))
		}
	}
	return changes
}

// insertedRows returns the columns that are named and the values that are
// written out for them. If no columns are named their order is not known, and
// nothing is known of the rows.
func insertedRows(stmt *ast.InsertStmt) ([]string, [][]invalidation.Operand) {
	var names []string
	for _, column := range stmt.Columns {
		names = append(names, lowerName(column))
	}
	if stmt.Select == nil || stmt.Select.With != nil || len(stmt.Select.Cores) != 1 {
		return names, nil
	}
	values, ok := stmt.Select.Cores[0].(*ast.ValuesClause)
	if !ok || repeats(names) {
		return names, nil
	}
	var rows [][]invalidation.Operand
	for _, row := range values.Rows {
		if len(row) != len(names) {
			return names, nil
		}
		rows = append(rows, operands(row))
	}
	return names, rows
}

// repeats reports whether a name is there twice. SQLite does not mind, and
// takes one of the values.
func repeats(names []string) bool {
	seen := map[string]bool{}
	for _, name := range names {
		if seen[name] {
			return true
		}
		seen[name] = true
	}
	return false
}

// upsert returns what a DO UPDATE clause does to the rows that in meets.
func upsert(in *invalidation.Write, clause *ast.Upsert) invalidation.Write {
	w := invalidation.Write{Table: in.Table, Kind: invalidation.Update}
	if movesRowid(clause.Set) {
		w.Kind = invalidation.Any
		return w
	}
	w.Where = restriction(conflicting(in, clause.Target))
	w.Set = assignments(clause.Set, func(column string, value ast.Expr) []invalidation.Operand {
		if isExcluded(value, column) {
			return inserted(in, column)
		}
		return []invalidation.Operand{operand(value)}
	})
	return w
}

// conflicting returns what is known of the rows that are already there: they
// equal a new row in every column of the target. Without a target it may be
// any unique key.
func conflicting(in *invalidation.Write, target []*ast.OrderingTerm) predicate {
	var columns []string
	var values [][]invalidation.Operand
	for _, term := range target {
		column, ok := unparen(term.Expr).(*ast.Ident)
		if !ok {
			continue
		}
		name := lowerName(column)
		columns = append(columns, name)
		values = append(values, inserted(in, name))
	}
	if columns == nil {
		return always()
	}
	return oneOf(columns, values)
}

// isExcluded reports whether value is that of the same column in the row that
// could not be inserted. That of another column may have been converted to
// that column's type on the way.
func isExcluded(value ast.Expr, column string) bool {
	ref, ok := unparen(value).(*ast.QualifiedRef)
	if !ok || len(ref.Parts) != 2 {
		return false
	}
	table, name := splitRef(ref)
	return table == "excluded" && name == column
}

// inserted returns the values of a column in the new rows, at least one.
func inserted(in *invalidation.Write, column string) []invalidation.Operand {
	values := make([]invalidation.Operand, max(len(in.Rows), 1))
	for i, name := range in.Names {
		if name == column {
			for r, row := range in.Rows {
				values[r] = row[i]
			}
			break
		}
	}
	return values
}
