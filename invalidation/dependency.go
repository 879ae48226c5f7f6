package invalidation

import (
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
}

// Dependency puts the arguments of one execution into the shape of a query.
// Of a table that is not in the catalogue it covers every column, and every
// row but for what a predicate says of NULL.
func (s *Shape) Dependency(database string, args []driver.Value, catalog Catalog) *Dependency {
	b := binding{args, catalog}
	d := &Dependency{Tables: make([]TableDependency, 0, len(s.Uses))}
	for i := range s.Uses {
		use := &s.Uses[i]
		relation := catalog[use.Table]
		boxes, columns := whole(), Columns{All: true}
		if len(args) == s.Params {
			boxes = b.boxes(relation, use.Where)
		}
		if relation.computesNone(use.Columns.Names) {
			columns = use.Columns
		}
		d.add(TableDependency{Table{database, use.Table}, boxes, columns})
	}
	d.sort()
	return d
}

// Declare adds a dependency on every row and column of a table.
func (d *Dependency) Declare(table Table) {
	d.add(TableDependency{table, whole(), Columns{All: true}})
	d.sort()
}

// sort brings the tables into the order of their names.
func (d *Dependency) sort() {
	slices.SortFunc(d.Tables, func(a, b TableDependency) int {
		return strings.Compare(a.Table.Name, b.Table.Name)
	})
}

// add unites the dependency on a table with what is there for that table.
func (d *Dependency) add(use TableDependency) {
	for i := range d.Tables {
		if t := &d.Tables[i]; t.Table == use.Table {
			t.Boxes = limit(append(t.Boxes, use.Boxes...))
			t.Columns = t.Columns.Union(use.Columns)
			return
		}
	}
	d.Tables = append(d.Tables, use)
}
