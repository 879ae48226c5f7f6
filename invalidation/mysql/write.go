package mysql

import (
	"github.com/sqlc-dev/marino/ast"

	"github.com/seed92106438/cacheops/invalidation/internal/syntax"
)

// insert reads INSERT and REPLACE.
func (r *reader) insert(n *ast.InsertStmt) *syntax.Insert {
	in := &syntax.Insert{Replaces: n.IsReplace, Coerces: n.IgnoreErr}
	if table := r.only(n.Table); table != nil {
		in.Table = *table
	}
	for _, column := range n.Columns {
		in.Columns = append(in.Columns, column.Name.L)
	}
	for _, row := range n.Lists {
		in.Rows = append(in.Rows, r.exprs(row))
	}
	if n.Select != nil {
		in.Query = r.query(n.Select)
	}
	if len(n.OnDuplicate) > 0 {
		in.Conflicts = []syntax.Conflict{r.onDuplicate(n)}
	}
	return in
}

// only returns the one table of an INSERT.
func (r *reader) only(refs *ast.TableRefsClause) *syntax.Table {
	if refs != nil && refs.TableRefs != nil {
		if table, ok := r.source(refs.TableRefs).(*syntax.Table); ok {
			return table
		}
	}
	r.skip()
	return nil
}

// onDuplicate reads ON DUPLICATE KEY UPDATE, which minds every unique key. The
// new row goes by a name if it has one; if its columns have other names as well,
// those mean nothing here. A name that stands alone may then be either row's.
func (r *reader) onDuplicate(n *ast.InsertStmt) syntax.Conflict {
	if n.RowAlias != nil && len(n.ColumnAliases) == 0 {
		r.row = n.RowAlias.L
	}
	r.duplicate = true
	defer func() { r.duplicate = false }()
	var conflict syntax.Conflict
	for _, a := range r.assignments(n.OnDuplicate) {
		if n.RowAlias != nil && !isClear(a.Value) {
			a.Value = &syntax.Other{}
		}
		conflict.Set = append(conflict.Set, a)
	}
	return conflict
}

// isClear reports whether e is a literal, a parameter, or surely a value of the
// new row.
func isClear(e syntax.Expr) bool {
	switch e := e.(type) {
	case *syntax.Value:
		return true
	case *syntax.Column:
		return e.Table == syntax.Excluded
	}
	return false
}

func (r *reader) assignments(list []*ast.Assignment) []syntax.Assignment {
	set := make([]syntax.Assignment, 0, len(list))
	for _, a := range list {
		set = append(set, syntax.Assignment{
			Table: a.Column.Table.L, Columns: []string{a.Column.Name.L}, Value: r.expr(a.Expr),
		})
	}
	return set
}

// update reads UPDATE. Of one table it says which: then the assignments need
// not.
func (r *reader) update(n *ast.UpdateStmt) *syntax.Update {
	u := &syntax.Update{With: r.with(n.With), Coerces: n.IgnoreErr}
	u.From = r.source(n.TableRefs.TableRefs)
	if table, ok := u.From.(*syntax.Table); ok {
		u.Target = table.Alias
	}
	u.Set = r.assignments(n.List)
	u.Where = r.expr(n.Where)
	r.tail(n.Order, n.Limit)
	return u
}

// delete reads DELETE of one table or of several.
func (r *reader) delete(n *ast.DeleteStmt) *syntax.Delete {
	d := &syntax.Delete{With: r.with(n.With)}
	d.From = r.source(n.TableRefs.TableRefs)
	if n.Tables != nil {
		for _, table := range n.Tables.Tables {
			d.Targets = append(d.Targets, table.Name.L)
		}
	} else if table, ok := d.From.(*syntax.Table); ok {
		d.Targets = []string{table.Alias}
	}
	if len(d.Targets) == 0 {
		r.skip()
	}
	d.Where = r.expr(n.Where)
	r.tail(n.Order, n.Limit)
	return d
}
