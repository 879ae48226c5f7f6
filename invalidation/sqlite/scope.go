package sqlite

import (
	"maps"
	"slices"
	"strings"

	"github.com/sqlc-dev/meyer/ast"

	"github.com/seed92106438/cacheops/invalidation"
)

// source is one item of a FROM clause.
type source struct {
	// bit stands for the source in a [sourceSet].
	bit sourceSet
	// name qualifies the source's columns: its alias, or its own name.
	name string
	// table is empty if the rows are not those of a table, but of a
	// subquery, a common table expression or a function.
	table string
	// columns that the statement looks at, or all of them.
	columns map[string]bool
	all     bool
	// facts and where restrict the rows that count; see [analysis.restrict].
	facts []fact
	where invalidation.Predicate
}

// sourceSet is a set of the sources of one statement.
type sourceSet uint64

func (s sourceSet) has(src *source) bool { return s&src.bit != 0 }

// use returns what a statement reads of its source.
func (src *source) use() invalidation.Use {
	use := invalidation.Use{Table: src.table, Where: restriction(src.where)}
	if src.all {
		use.Columns.All = true
	} else {
		use.Columns.Names = slices.Sorted(maps.Keys(src.columns))
	}
	return use
}

// note notes that the statement looks at a column. A rowid may be the same as
// a column of any name.
func (src *source) note(column string) {
	if rowids[column] {
		src.all = true
	}
	src.columns[column] = true
}

// rowids are the names by which a row's number goes beside that of an INTEGER
// PRIMARY KEY, if there is one.
var rowids = setOf(`rowid _rowid_ oid`)

// scope is where names are looked up: a block with its sources, or a WITH
// clause with its common table expressions. A name that is not found is
// looked up in the scope around it.
type scope struct {
	outer   *scope
	ctes    map[string]bool
	sources []*source
}

// hidesTable reports whether a common table expression has the name.
func (sc *scope) hidesTable(name string) bool {
	for ; sc != nil; sc = sc.outer {
		if sc.ctes[name] {
			return true
		}
	}
	return false
}

// named returns the block's own sources that have the name. There can be
// several: SQLite allows it, and then goes by the columns that each one has.
func (sc *scope) named(name string) []*source {
	var found []*source
	for _, src := range sc.sources {
		if src.name == name {
			found = append(found, src)
		}
	}
	return found
}

// noteColumn notes a column that is named without a table: it may belong to
// any source of any scope, for the inner ones may not have it.
func (sc *scope) noteColumn(name string) {
	for ; sc != nil; sc = sc.outer {
		for _, src := range sc.sources {
			src.note(name)
		}
	}
}

// noteQualified notes a column that is named with a table. A name that fits
// no source is not understood: then every source is looked at in full.
func (sc *scope) noteQualified(table, column string) {
	found := false
	for in := sc; in != nil; in = in.outer {
		for _, src := range in.named(table) {
			src.note(column)
			found = true
		}
	}
	if !found {
		sc.noteEverything()
	}
}

// noteStar notes the star of a SELECT list, with its table or none.
func (sc *scope) noteStar(star *ast.Star) {
	covered := sc.sources
	if star.Table != nil {
		if covered = sc.named(lowerName(star.Table)); covered == nil {
			sc.noteEverything()
		}
	}
	for _, src := range covered {
		src.all = true
	}
}

func (sc *scope) noteEverything() {
	for ; sc != nil; sc = sc.outer {
		for _, src := range sc.sources {
			src.all = true
		}
	}
}

// columnRef is a column of a source.
type columnRef struct {
	src  *source
	name string
}

// column returns the column of the block's own sources that e names, if it is
// clear which it is and that it is a table's.
//
// An inner block may name a column of an outer one as if it were its own. Then
// it is taken for a column that its table does not have, which no change ever
// names, and so it restricts nothing.
func (sc *scope) column(e ast.Expr) (columnRef, bool) {
	var candidates []*source
	var name string
	switch e := unparen(e).(type) {
	case *ast.Ident:
		if _, isBool := boolean(e); !isBool {
			candidates, name = sc.sources, e.Name
		}
	case *ast.QualifiedRef:
		table, column := splitRef(e)
		candidates, name = sc.named(table), column
	}
	if len(candidates) != 1 || candidates[0].table == "" {
		return columnRef{}, false
	}
	return columnRef{candidates[0], strings.ToLower(name)}, true
}

// splitRef returns the table and the column of a qualified name, in lower
// case. A schema before them is of no use: the alias already tells.
func splitRef(ref *ast.QualifiedRef) (table, column string) {
	parts := ref.Parts[len(ref.Parts)-2:]
	return strings.ToLower(parts[0].Name), strings.ToLower(parts[1].Name)
}

func unparen(e ast.Expr) ast.Expr {
	for {
		paren, ok := e.(*ast.ParenExpr)
		if !ok {
			return e
		}
		e = paren.X
	}
}

// lowerName is the name of a table or a column as names are compared.
func lowerName(id *ast.Ident) string { return strings.ToLower(id.Name) }
