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
		show := &f.shape.Shows[i]
		for _, c := range f.unique(show) {
			if f.pinned(show.Use, c.Column) {
				break // there is one such row, and no need to tell it apart
			}
			if values, ok := found.column(f.tx.Statement, c.Result); ok {
				shown = append(shown, invalidation.Shown{Showing: *show, Column: c.Column, Values: values})
				break
			}
		}
	}
	return shown
}

// unique returns the columns of a table by which a result shows its rows and by
// each of which one is told from all others.
func (f *flight) unique(show *invalidation.Showing) []invalidation.ShownColumn {
	relation := f.relation(show.Use)
	if relation == nil {
		return nil
	}
	columns := show.Columns
	if show.Star {
		columns = nil
		for _, name := range slices.Sorted(maps.Keys(relation.Columns)) {
			columns = append(columns, invalidation.ShownColumn{Column: name, Result: name})
		}
	}
	var unique []invalidation.ShownColumn
	for _, c := range columns {
		if column := relation.Columns[c.Column]; column.Unique && column.Kind.Identifies() {
			unique = append(unique, c)
		}
	}
	return unique
}
