package invalidation

import (
	"cmp"
	"database/sql/driver"
	"slices"
	"strings"
)

// Dependency is what a result was computed from.
type Dependency struct {
	// Tables has one element for each table, in the order of their names.
	Tables []TableDependency
}

// TableDependency is the part of a [Dependency] that concerns one table.
type TableDependency struct {
	Table Table

	// Boxes cover, together, every row that can influence the result. No box
	// at all means that no row can.
	Boxes []Box

	// Columns that the query looks at. An update of others alone leaves the
	// result true.
	Columns Columns

	declared bool // by the caller, so that it must stay as it is
}

// Dependency puts the arguments of one execution into the shape of a query.
// Of a table that is not in the catalogue it covers every column, and every
// row but for what a predicate says of NULL.
func (s *Shape) Dependency(database string, args []driver.Value, catalog Catalog) *Dependency {
	b := binding{args, catalog}
	d := &Dependency{Tables: make([]TableDependency, 0, len(s.Uses))}
	for i := range s.Uses {
		t := TableDependency{Table: Table{database, catalog.Canonical(s.Uses[i].Table)}}
		if len(args) == s.Params {
			t.Boxes, t.Columns = b.use(&s.Uses[i])
		} else {
			t.Boxes, t.Columns = whole(), Columns{All: true}
		}
		d.add(t)
	}
	return d
}

// use returns the rows that can influence a result through u, and the columns
// looked at.
func (b *binding) use(u *Use) ([]Box, Columns) {
	relation := b.catalog[u.Table]
	boxes := b.boxes(relation, u.Where)
	if !relation.computesNone(u.Columns.Names) {
		return boxes, Columns{All: true}
	}
	return boxes, u.Columns
}

// Declare adds a dependency on every row and column of a table, which the SQL
// does not show.
func (d *Dependency) Declare(table Table) {
	d.add(TableDependency{Table: table, Boxes: whole(), Columns: Columns{All: true}, declared: true})
}

// add puts the dependency on a table in its place, or unites it with what is
// there for that table.
func (d *Dependency) add(t TableDependency) {
	i, found := slices.BinarySearchFunc(d.Tables, t.Table, func(at TableDependency, table Table) int {
		return cmp.Or(strings.Compare(at.Table.Name, table.Name), strings.Compare(at.Table.Database, table.Database))
	})
	if !found {
		d.Tables = slices.Insert(d.Tables, i, t)
		return
	}
	d.Tables[i].Boxes = limit(append(d.Tables[i].Boxes, t.Boxes...))
	d.Tables[i].Columns = d.Tables[i].Columns.Union(t.Columns)
	d.Tables[i].declared = d.Tables[i].declared || t.declared
}
