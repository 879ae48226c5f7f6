package cacheops

import (
	"maps"
	"slices"

	"github.com/seed92106438/cacheops/invalidation"
)

// shows returns which rows the result has, by a unique column of each table
// whose rows it shows.
func (f *flight) shows(found result) []invalidation.Shown {
	if found.rows() > maxPartners {
		return nil
	}
	var shown []invalidation.Shown
	for i := range f.shape.Shows {
		if s, ok := f.showsOf(&f.shape.Shows[i], found); ok {
			shown = append(shown, s)
		}
	}
	return shown
}

// showsOf returns which rows of one table the result has, if it shows them and the
// query has not named them.
func (f *flight) showsOf(show *invalidation.Showing, found result) (invalidation.Shown, bool) {
	keys := f.keys(show.Use)
	if slices.ContainsFunc(keys, func(column string) bool { return f.pinned(show.Use, column) }) {
		return invalidation.Shown{}, false
	}
	for _, name := range keys {
		column, ok := resultOf(show, name)
		if !ok {
			continue
		}
		if values, ok := found.column(f.tx.Statement, column); ok {
			return invalidation.Shown{Showing: *show, Column: name, Values: values}, true
		}
	}
	return invalidation.Shown{}, false
}

// resultOf returns the name that the result has for a column of a table.
func resultOf(show *invalidation.Showing, column string) (string, bool) {
	if show.Star {
		return column, true
	}
	at := slices.IndexFunc(show.Columns, func(c invalidation.ShownColumn) bool { return c.Column == column })
	if at < 0 {
		return "", false
	}
	return show.Columns[at].Result, true
}

// single reports whether no more than one row may count through a use, because the
// query gives the value of a unique column.
func (f *flight) single(use int) bool {
	return slices.ContainsFunc(f.keys(use), func(column string) bool {
		return f.confined(use, func(box invalidation.Box) bool { return box.Fixes(column) })
	})
}

// keys returns the unique columns of a use's table.
func (f *flight) keys(use int) []string { return f.catalog.keys[f.relation(use)] }

// keysOf returns the columns by each of which a row of a relation is told from all
// others, by their names.
func keysOf(relation *invalidation.Relation) []string {
	var keys []string
	for _, name := range slices.Sorted(maps.Keys(relation.Columns)) {
		if column := relation.Columns[name]; column.Unique && column.Kind.Identifies() {
			keys = append(keys, name)
		}
	}
	return keys
}
