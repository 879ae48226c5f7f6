package invalidation

import "slices"

// Table names one table of one database. Tables of different databases never
// meet, so one region can serve several.
type Table struct {
	Database string // the identity of the database
	Name     string // as in the catalogue, or AllTables
}

// ChangeKind tells what a [Change] does to rows.
type ChangeKind int

// The kinds of change.
const (
	Any    ChangeKind = iota // not analysed: meets every dependency on its table
	Insert                   // only After counts
	Update                   // Before, After and Columns count
	Delete                   // only Before counts
	// Redefinition is an Any that may have changed definitions as well: the
	// catalogue must be read again.
	Redefinition
)

// Change is what one statement did to one table.
type Change struct {
	Table  Table
	Kind   ChangeKind
	Before []Box // cover the rows touched, as they were
	After  []Box // cover the rows touched, as they are now
	// Columns written by an Update.
	Columns Columns
	// Rows touched, or -1 if that is not known. It is for people to read and
	// decides nothing.
	Rows int64
	// Catalog is for the maker of the change to note by which reading of the
	// catalogue he made it. It decides nothing, and is not encoded.
	Catalog uint64
}

// Meets reports whether the change may alter a result that depends on d.
//
// An update alters a result only if it writes a column that the query looks
// at, and that is judged for the whole change: a row that moves into a box or
// out of it does so by a column of the query's predicate, which the query
// looks at.
func (c *Change) Meets(d *TableDependency) bool {
	if c.Table.Database != d.Table.Database {
		return false
	}
	if c.Table.Name == AllTables || d.Table.Name == AllTables {
		return true
	}
	if c.Table.Name != d.Table.Name {
		return false
	}
	before, after := c.Before, c.After
	switch c.Kind {
	case Insert:
		before = nil
	case Delete:
		after = nil
	case Update:
	default:
		return true
	}
	for i := range d.Parts {
		p := &d.Parts[i]
		if c.Kind == Update && !c.Columns.Intersects(p.Columns) {
			continue
		}
		if p.Side != After && meetAny(before, p.Boxes) || p.Side != Before && meetAny(after, p.Boxes) {
			return true
		}
	}
	return false
}

// Ignore takes columns out of those that an Update wrote. It reports whether
// the change still does anything: true for the other kinds. If the columns
// written are not known one by one, they all stay.
func (c *Change) Ignore(columns []string) bool {
	if c.Kind != Update || c.Columns.All {
		return true
	}
	// A new slice: a change may share its columns with others of its shape.
	c.Columns.Names = keep(c.Columns.Names, func(name string) bool { return !slices.Contains(columns, name) })
	return len(c.Columns.Names) > 0
}
