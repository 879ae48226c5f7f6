package syntax

import (
	"slices"
	"strings"

	"github.com/seed92106438/cacheops/invalidation"
)

// insert adds the new rows and, for each DO UPDATE, the rows that are changed
// in their stead.
func (a *analysis) insert(stmt *Insert, outer *scope) {
	sc := a.with(stmt.With, outer)
	if stmt.Query != nil {
		a.query(stmt.Query, sc) // for the common table expressions that write
	}
	if stmt.Replaces {
		// Rows that are in the way are deleted, whichever they are.
		a.any(stmt.Table.Name)
		return
	}
	in := invalidation.Write{
		Table:  stmt.Table.Name,
		Kind:   invalidation.Insert,
		Names:  stmt.Columns,
		Rows:   insertedRows(stmt),
		Chosen: len(stmt.Conflicts) == 0 && !stmt.Coerces,
	}
	a.writes = append(a.writes, in)
	for i := range stmt.Conflicts {
		if conflict := &stmt.Conflicts[i]; len(conflict.Set) > 0 {
			a.upsert(&in, conflict, stmt.Coerces, stmt.Query != nil)
		}
	}
}

// insertedRows returns the values that are written out for the columns. If no
// columns are named their order is not known, and nothing is known of the rows.
func insertedRows(stmt *Insert) [][]invalidation.Operand {
	if stmt.Coerces || repeats(stmt.Columns) {
		return nil
	}
	var rows [][]invalidation.Operand
	for _, row := range stmt.Rows {
		if len(row) != len(stmt.Columns) {
			return nil
		}
		rows = append(rows, operands(row))
	}
	return rows
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

// upsert adds what a DO UPDATE clause does to the rows that in meets. If the new
// rows are selected, a name without a table may be a column of theirs.
func (a *analysis) upsert(in *invalidation.Write, conflict *Conflict, coerces, selects bool) {
	if a.rules.movesHidden(conflict.Set) {
		a.any(in.Table)
		return
	}
	own := func(table string) bool {
		return table == "" && !selects || table != "" && table == in.Table[strings.LastIndexByte(in.Table, '.')+1:]
	}
	// A column that is given what it has is how some dialects say DO NOTHING.
	changing := slices.DeleteFunc(slices.Clone(conflict.Set), func(s Assignment) bool {
		ref, ok := s.Value.(*Column)
		return ok && len(s.Columns) == 1 && ref.Name == s.Columns[0] && own(ref.Table)
	})
	if len(changing) == 0 {
		return
	}
	if coerces {
		own = nobodys
	}
	set := assignments(changing, own, func(column string, value Expr) []invalidation.Operand {
		switch {
		case coerces:
			return []invalidation.Operand{{}}
		case isExcluded(value, column):
			return inserted(in, column)
		}
		return []invalidation.Operand{operand(value)}
	})
	a.writes = append(a.writes, invalidation.Write{
		Table: in.Table, Kind: invalidation.Update, Set: set,
		Conflict: true, Key: conflict.Target, Names: in.Names, Rows: in.Rows,
	})
}

// isExcluded reports whether value is that of the same column in the row that
// could not be inserted. That of another column may have been converted to
// that column's type on the way.
func isExcluded(value Expr, column string) bool {
	ref, ok := value.(*Column)
	return ok && ref.Table == Excluded && ref.Name == column
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
