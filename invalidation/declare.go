package invalidation

import (
	"cmp"
	"slices"
)

// Declare adds a dependency on every row and column of a table, which the SQL
// does not show.
func (d *Dependency) Declare(table Table) {
	d.add(TableDependency{table, whole(), Columns{All: true}})
	slices.SortFunc(d.Tables, func(a, b TableDependency) int {
		return cmp.Compare(a.Table.Name, b.Table.Name)
	})
}
