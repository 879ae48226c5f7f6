package postgres

import (
	"strings"

	"github.com/sqlc-dev/oliphant/ast"

	"github.com/seed92106438/cacheops/invalidation/internal/syntax"
)

// write translates a statement that writes rows, also as a common table
// expression.
func (t *translator) write(stmt *ast.Node) syntax.Statement {
	switch {
	case stmt.GetInsertStmt() != nil:
		return t.insert(stmt.GetInsertStmt())
	case stmt.GetUpdateStmt() != nil:
		return t.update(stmt.GetUpdateStmt())
	case stmt.GetDeleteStmt() != nil:
		return t.delete(stmt.GetDeleteStmt())
	case stmt.GetMergeStmt() != nil:
		merge := stmt.GetMergeStmt()
		return &syntax.Touch{
			With: t.with(merge.GetWithClause()), Tables: []syntax.Table{*t.target(merge.GetRelation())},
		}
	}
	t.opaque = true
	return &syntax.Touch{}
}

// target names a table that is written. To write to one of PostgreSQL's own
// may change anything.
func (t *translator) target(r *ast.RangeVar) *syntax.Table {
	t.opaque = t.opaque || isSystem(r)
	return target(r)
}

// target names a table that is written, which no common table expression hides.
func target(r *ast.RangeVar) *syntax.Table {
	table := table(r)
	table.Qualified = true
	return table
}

func (t *translator) insert(stmt *ast.InsertStmt) *syntax.Insert {
	insert := &syntax.Insert{With: t.with(stmt.GetWithClause()), Table: *t.target(stmt.GetRelation())}
	partial := false
	for _, node := range stmt.GetCols() {
		column := node.GetResTarget()
		insert.Columns = append(insert.Columns, strings.ToLower(column.GetName()))
		partial = partial || len(column.GetIndirection()) > 0
	}
	source := stmt.GetSelectStmt().GetSelectStmt()
	switch {
	case source == nil: // DEFAULT VALUES
	case isPlainValues(source):
		insert.Rows = t.values(source).Rows
	default:
		insert.Query = t.query(source)
	}
	if partial || stmt.GetOverride() == ast.OverridingKind_OVERRIDING_USER_VALUE {
		// What is given for an identity column is not taken, and the field
		// of a column is not the column.
		insert.Rows = nil
	}
	if conflict := stmt.GetOnConflictClause(); conflict != nil {
		insert.Conflicts = []syntax.Conflict{t.conflict(conflict)}
	}
	return insert
}

// isPlainValues reports whether a VALUES clause is inserted as it is. If it is
// sorted or cut, it is a query whose columns have types of their own.
func isPlainValues(s *ast.SelectStmt) bool {
	return len(s.GetValuesLists()) > 0 && s.GetWithClause() == nil &&
		len(s.GetSortClause()) == 0 && s.GetLimitCount() == nil && s.GetLimitOffset() == nil
}

// conflict translates ON CONFLICT. A key that is named by its constraint, or
// that has an expression, may be any.
func (t *translator) conflict(clause *ast.OnConflictClause) syntax.Conflict {
	conflict := syntax.Conflict{Set: t.assignments(clause.GetTargetList())}
	for _, node := range clause.GetInfer().GetIndexElems() {
		name := node.GetIndexElem().GetName()
		if name == "" {
			conflict.Target = nil
			break
		}
		conflict.Target = append(conflict.Target, strings.ToLower(name))
	}
	return conflict
}

func (t *translator) update(stmt *ast.UpdateStmt) *syntax.Update {
	target := t.target(stmt.GetRelation())
	return &syntax.Update{
		With:   t.with(stmt.GetWithClause()),
		From:   cross(target, t.from(stmt.GetFromClause())),
		Target: target.Alias,
		Set:    t.assignments(stmt.GetTargetList()),
		Where:  t.expr(stmt.GetWhereClause()),
	}
}

func (t *translator) delete(stmt *ast.DeleteStmt) *syntax.Delete {
	target := t.target(stmt.GetRelation())
	return &syntax.Delete{
		With:    t.with(stmt.GetWithClause()),
		From:    cross(target, t.from(stmt.GetUsingClause())),
		Targets: []string{target.Alias},
		Where:   t.expr(stmt.GetWhereClause()),
	}
}

func (t *translator) assignments(targets []*ast.Node) []syntax.Assignment {
	var list []syntax.Assignment
	for _, node := range targets {
		target := node.GetResTarget()
		list = append(list, syntax.Assignment{
			Columns: []string{strings.ToLower(target.GetName())}, Value: t.assigned(target),
		})
	}
	return list
}

// assigned returns the value that is assigned to a column. Of a column of
// which a part is assigned, a field or an element, nothing is known.
func (t *translator) assigned(target *ast.ResTarget) syntax.Expr {
	if len(target.GetIndirection()) > 0 {
		return &syntax.Value{}
	}
	multi := target.GetVal().GetMultiAssignRef()
	if multi == nil {
		return t.expr(target.GetVal())
	}
	row, ok := t.expr(multi.GetSource()).(*syntax.Row)
	if !ok || len(row.List) != int(multi.GetNcolumns()) {
		return &syntax.Value{}
	}
	return row.List[multi.GetColno()-1]
}
