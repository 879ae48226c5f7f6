package invalidation

// Table names one table of one database. Tables of different databases never
// meet, so one region can serve several.
type Table struct {
	Database string // the identity of the database
	Name     string // as in the catalogue, or AllTables
}

// Columns is a set of columns of one table. The zero value is the empty set.
type Columns struct {
	All   bool
	Names []string // sorted, lower case; meaningless if All
}

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

// ChangeKind tells what a [Change] does to rows.
type ChangeKind int

// The kinds of change.
const (
	Any    ChangeKind = iota // not analysed: meets every dependency on its table
	Insert                   // only After counts
	Update                   // Before, After and Columns count
	Delete                   // only Before counts
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
}
