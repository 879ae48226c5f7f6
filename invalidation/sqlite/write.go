package sqlite

import (
	"slices"
	"strings"

	"github.com/sqlc-dev/meyer/ast"

	"github.com/seed92106438/cacheops/invalidation"
)

func readMutation(stmt ast.Stmt) *invalidation.Shape {
	changes := mutation(stmt)
	for _, w := range changes {
		if w.Table == "" || isSchemaTable(w.Table) {
			return shapeOf(invalidation.Opaque)
		}
	}
	return &invalidation.Shape{Verb: invalidation.Mutation, Refusal: writes, Writes: changes}
}

// isSchemaTable reports whether SQLite itself keeps the table. To write to
// its schema by hand may change anything; AUTOINCREMENT's counters are no
// one's rows.
func isSchemaTable(table string) bool {
	return strings.HasPrefix(table, "sqlite_") && table != "sqlite_sequence"
}

// mutation returns what an INSERT, UPDATE or DELETE writes.
func mutation(stmt ast.Stmt) []invalidation.Write {
	switch stmt := stmt.(type) {
	case *ast.InsertStmt:
		return insert(stmt)
	case *ast.UpdateStmt:
		return []invalidation.Write{update(stmt)}
	case *ast.DeleteStmt:
		return []invalidation.Write{{
			Table: tableKey(stmt.Table),
			Kind:  invalidation.Delete,
			Where: reached(stmt.With, stmt.Table, stmt.Alias, nil, stmt.Where),
		}}
	}
	return nil
}

func update(stmt *ast.UpdateStmt) invalidation.Write {
	w := invalidation.Write{Table: tableKey(stmt.Table), Kind: invalidation.Update}
	// OR REPLACE deletes the rows that are in the way, whichever they are.
	if stmt.OrConflict == ast.ConflictReplace || movesRowid(stmt.Set) {
		w.Kind = invalidation.Any
		return w
	}
	w.Where = reached(stmt.With, stmt.Table, stmt.Alias, stmt.From, stmt.Where)
	w.Set = assignments(stmt.Set, func(_ string, value ast.Expr) []invalidation.Operand {
		return []invalidation.Operand{operand(value)}
	})
	return w
}

// reached returns what is known of the rows that an UPDATE or DELETE reaches.
// The target is one more source, joined to those of FROM.
func reached(
	with *ast.With, target *ast.QualifiedName, alias *ast.Ident,
	from []*ast.TableRef, where ast.Expr,
) *predicate {
	name := target.Name
	if alias != nil {
		name = alias
	}
	var a analysis
	sc := &scope{outer: a.with(with, nil)}
	src := a.newSource(sc, lowerName(name), tableKey(target))
	tree := leaf(src)
	if from != nil {
		right := a.from(from, sc)
		tree = &joinTree{left: tree, right: right, open: tree.open | right.open}
	}
	a.restrict(sc, tree, where)
	return restriction(src.where)
}

// assignments reads a SET clause; values tells what an expression that is
// assigned to a column may come to. SQLite lets a column be set twice, so that
// it holds one value or the other.
func assignments(
	set []*ast.SetPair, values func(column string, value ast.Expr) []invalidation.Operand,
) []invalidation.Assignment {
	var list []invalidation.Assignment
	for _, pair := range set {
		for _, column := range pair.Columns {
			name := lowerName(column)
			assigned := []invalidation.Operand{{}}
			if len(pair.Columns) == 1 {
				assigned = values(name, pair.Value)
			}
			i := slices.IndexFunc(list, func(a invalidation.Assignment) bool { return a.Column == name })
			if i < 0 {
				i = len(list)
				list = append(list, invalidation.Assignment{Column: name})
			}
			list[i].Values = append(list[i].Values, assigned...)
		}
	}
	return list
}

// movesRowid reports whether a SET clause assigns to a rowid, and with it to a
// column of another name.
func movesRowid(set []*ast.SetPair) bool {
	for _, pair := range set {
		for _, column := range pair.Columns {
			if rowids[lowerName(column)] {
				return true
			}
		}
	}
	return false
}
