package invalidation

import (
	"cmp"
	"database/sql/driver"
	"iter"
	"slices"
	"strings"
)

// Dependency is what a result was computed from.
type Dependency struct {
	// Tables has one element for each table, in the order of their names.
	Tables []TableDependency
}

// TableDependency is what of a [Dependency] concerns one table. A change of the
// table that may alter the result meets one of its parts at least. Without any
// part none may, if only it is understood.
type TableDependency struct {
	Table Table
	Parts []Part

	declared bool // by the caller, so that it must stay as it is
}

// Part is one way in which rows of a table influence a result.
type Part struct {
	// Boxes cover, together, the rows that count. No box at all means that no
	// row does.
	Boxes []Box

	// Columns that are looked at. An update of others alone leaves the result
	// true.
	Columns Columns

	// Side of a change on which its rows must be in order to count.
	Side Side
}

// Restricted yields the columns that the boxes of the part restrict, some of
// them more than once.
func (p *Part) Restricted() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, box := range p.Boxes {
			for i := range box {
				if !yield(box[i].Column) {
					return
				}
			}
		}
	}
}

// Side tells on which side of a change a row is: as rows were before it, or as
// they are after it. An update has rows on both sides; what an insert makes is
// after it only, what a delete removes before it.
type Side uint8

// The sides of a change.
const (
	Either Side = iota
	Before      // what the change removes or alters
	After       // what the change makes
)

// Boxes returns boxes that cover every row which can influence the result.
func (d *TableDependency) Boxes() []Box {
	if len(d.Parts) == 1 {
		return d.Parts[0].Boxes
	}
	var boxes []Box
	for i := range d.Parts {
		boxes = append(boxes, d.Parts[i].Boxes...)
	}
	return boxes
}

// Dependency puts the arguments of one execution into the shape of a query.
// Of a table that is not in the catalogue it covers every column, and every
// row but for what a predicate says of NULL.
func (s *Shape) Dependency(database string, args []driver.Value, catalog Catalog) *Dependency {
	b := binding{args, catalog}
	d := &Dependency{Tables: make([]TableDependency, 0, len(s.Uses))}
	for i := range s.Uses {
		t := d.table(Table{database, catalog.Canonical(s.Uses[i].Table)})
		if len(args) == s.Params {
			t.add(b.use(&s.Uses[i]))
		} else {
			t.add(every())
		}
	}
	return d
}

// every is the dependency on all rows and columns.
func every() Part { return Part{Boxes: whole(), Columns: Columns{All: true}} }

// use returns the part that the rows of u have in a result.
func (b *binding) use(u *Use) Part {
	relation := b.catalog[u.Table]
	part := Part{Boxes: b.boxes(relation, u.Where), Columns: u.Columns}
	if !relation.computesNone(u.Columns.Names) {
		part.Columns = Columns{All: true}
	}
	return part
}

// Declare adds a dependency on every row and column of a table, which the SQL
// does not show.
func (d *Dependency) Declare(table Table) {
	t := d.table(table)
	t.Parts, t.declared = []Part{every()}, true
}

// table returns the dependency on a table, which may be new. It is valid until
// the next call.
func (d *Dependency) table(table Table) *TableDependency {
	i, found := slices.BinarySearchFunc(d.Tables, table, func(at TableDependency, table Table) int {
		return cmp.Or(strings.Compare(at.Table.Name, table.Name), strings.Compare(at.Table.Database, table.Database))
	})
	if !found {
		d.Tables = slices.Insert(d.Tables, i, TableDependency{Table: table})
	}
	return &d.Tables[i]
}

// maxParts is the number of parts past which those that come are united.
const maxParts = 8

// add adds a part, or unites it with one of the same columns and side.
func (d *TableDependency) add(p Part) {
	for i := range d.Parts {
		if q := &d.Parts[i]; q.Side == p.Side && q.Columns.equal(p.Columns) {
			q.unite(p)
			return
		}
	}
	if len(d.Parts) == maxParts {
		d.Parts[maxParts-1].unite(p)
		return
	}
	d.Parts = append(d.Parts, p)
}

// unite makes p cover what q does. Boxes may be shared between parts, so they
// are not changed.
func (p *Part) unite(q Part) {
	p.Boxes = limit(slices.Concat(p.Boxes, q.Boxes))
	p.Columns = p.Columns.Union(q.Columns)
	if p.Side != q.Side {
		p.Side = Either
	}
}
