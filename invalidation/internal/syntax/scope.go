package syntax

import (
	"maps"
	"slices"

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
	// written is the name in full, also if a common table expression has it:
	// what a statement changes is a table in any case. It is empty if there
	// is no name.
	written string
	// hidden has the names that may stand for any column: see [Rules].
	hidden map[string]bool
	// columns that the statement looks at, or all of them.
	columns map[string]bool
	all     bool
	// place has those of them that more is done with than to show them.
	place invalidation.Columns
	// facts and where restrict the rows that count; see [analysis.restrict].
	facts []fact
	where invalidation.Predicate
}

// sourceSet is a set of the sources of one statement.
type sourceSet uint64

func (s sourceSet) has(src *source) bool { return s&src.bit != 0 }

// use returns what a statement reads of its source.
func (src *source) use() invalidation.Use {
	return invalidation.Use{Table: src.table, Where: restriction(src.where), Columns: src.looked()}
}

// looked returns the columns that were noted so far.
func (src *source) looked() invalidation.Columns {
	if src.all {
		return invalidation.Columns{All: true}
	}
	return invalidation.Columns{Names: slices.Sorted(maps.Keys(src.columns))}
}

// note notes that the statement looks at a column.
func (src *source) note(column string) {
	if src.hidden[column] {
		src.all = true
	}
	src.columns[column] = true
}

// scope is where names are looked up: a block with its sources, or a WITH
// clause with its common table expressions. A name that is not found is
// looked up in the scope around it.
type scope struct {
	outer   *scope
	ctes    map[string]bool
	sources []*source
	tree    *joinTree // of the block's FROM clause, or nil
	// open has the block's sources that show their own values in every row.
	open sourceSet
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
// several: dialects allow it for tables of different schemas, and SQLite goes
// by the columns that each one has.
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
// any source of any scope, for the inner ones may not have it. The name of a
// source may also be a row of it as a whole.
func (sc *scope) noteColumn(name string) {
	for ; sc != nil; sc = sc.outer {
		for _, src := range sc.sources {
			src.note(name)
			src.all = src.all || src.name == name
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
func (sc *scope) noteStar(star *Star) {
	covered := sc.sources
	if star.Table != "" {
		if covered = sc.named(star.Table); covered == nil {
			sc.noteEverything()
		}
	}
	for _, src := range covered {
		src.all = true
	}
}

// notePlaces is called when all is noted but what is only shown.
func (sc *scope) notePlaces() {
	for _, src := range sc.sources {
		src.place = src.looked()
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
// names, and so it restricts nothing. So it is with a whole row.
func (sc *scope) column(e Expr) (columnRef, bool) {
	c, ok := e.(*Column)
	if !ok {
		return columnRef{}, false
	}
	candidates := sc.sources
	if c.Table != "" {
		candidates = sc.named(c.Table)
	}
	if len(candidates) != 1 || candidates[0].table == "" {
		return columnRef{}, false
	}
	return columnRef{candidates[0], c.Name}, true
}
