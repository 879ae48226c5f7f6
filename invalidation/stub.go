package invalidation

import "database/sql/driver"

// Kind is the domain in which the values of a column are compared.
type Kind int

// The kinds. A column of Unknown kind takes part in no box.
const (
	Unknown Kind = iota
	Int          // integers and booleans, stored as integers
	Float        // binary floating point
	Text         // text under any collation: compared under a fold that separates nothing that some collation unites
	Bytes        // compared byte by byte
	Time         // instants
)

// Value is one value in the order of its kind, or NULL. It is comparable.
type Value struct{ stub int }

// Set is a set of values of one column.
type Set struct{}

// Points returns the members of a finite set, NULL included.
func (s Set) Points() ([]Value, bool) { return nil, false }

// Term restricts one column.
type Term struct {
	Column string
	Set    Set
}

// Box is a region of a table's row space: the rows whose values lie in the
// set of every term. Terms are in the order of their columns. A column that
// has no term may hold anything, so the box without terms is the whole table.
type Box []Term

// Meets reports whether the two boxes may have a row in common.
func (b Box) Meets(other Box) bool { return true }

// Meets reports whether the change may alter a result that depends on d.
func (c *Change) Meets(d *TableDependency) bool { return true }

// Image is what is known of one row: column name to value. The values are
// those of database/sql/driver, and uint64.
type Image map[string]driver.Value

// Facts is what is known of one execution of a write beyond its text and its
// arguments. The zero Facts is always right.
type Facts struct {
	// Chosen has, for each row of an insert, the values that the database
	// chose, such as a generated key.
	Chosen []Image
	// Before has the rows that the write reached, complete, as they were. It
	// counts only if HasBefore is true; then an empty list says that the
	// write reached no row.
	Before    []Image
	HasBefore bool
	// Rows touched; 0 counts as not known.
	Rows int64
}

// Dependency puts the arguments of one execution into the shape of a query.
func (s *Shape) Dependency(database string, args []driver.Value, catalog Catalog) *Dependency {
	return &Dependency{}
}

// Changes puts the arguments of one execution into the shape of a write, and
// adds what the database does on its own: actions of foreign keys, triggers.
// Without a catalogue nothing is known, and the change is of AllTables.
func (s *Shape) Changes(database string, args []driver.Value, catalog Catalog, facts Facts) []Change {
	return nil
}
