package invalidation

import (
	"slices"
	"strings"
)

// Catalog is what the database itself says of its relations. It is read-only
// once built, so it may be shared between goroutines.
//
// Keys are names as [Name] makes them, in each form in which a statement may
// name the relation: with its schema, and without if that is enough. One form
// is the relation's Name, by which dependencies and changes know it. Two
// relations whose names differ in letter case alone are one, and no base table.
//
// Functions that are stored in the database and may write have the key
// [FunctionName]; what they may write is their Triggered.
type Catalog map[string]*Relation

// Relation is one table, view or the like.
type Relation struct {
	Name string // one of its keys, and the same on every connection

	// Written is the name as statements must write it, if that is not Name:
	// where the letter case of names counts.
	Written string

	// Base is true for an ordinary table, whose rows change only through
	// statements that name it, its foreign keys or triggers. Views, virtual
	// tables and temporary tables are not base tables: a query that reads one
	// is refused unless its caller declares what it depends on.
	Base bool

	// Lasting is true if what is written stays written though the transaction is
	// rolled back, and is seen before it is committed: of that a result of the
	// table would not be told.
	Lasting bool

	// Returns is true if a write of the table may ask for any column of the rows
	// that it reaches, by RETURNING: the session may see them, and goes on to.
	// Whether the server knows that clause is another question.
	Returns bool

	// Columns of the relation by name. A column that is missing here has
	// [Unknown] kind.
	Columns map[string]Column

	// Keys are the unique keys of the relation, each with its columns. Nil says
	// that they are not known; a relation that has none has an empty list.
	Keys [][]string

	// Primary has the columns of the primary key, if the dialect cares to say:
	// one does whose [Images] are Changed.
	Primary []string

	// Children are the foreign keys by which other tables refer to this one
	// with an action that changes the child when a row here goes or its key
	// moves.
	Children []ForeignKey

	// Triggered lists the tables that triggers on this table may write, or
	// for a view that can be written through, the tables behind it.
	// [AllTables] stands for a body that was not understood. A table that has
	// any trigger is listed itself.
	Triggered []string
}

// Column is one column of a relation.
type Column struct {
	// Kind is the domain in which values of the column are compared.
	Kind Kind

	// Generated is true for a column of which the database has the last word,
	// so that it changes without being named by a write, or holds another
	// value than the one written.
	Generated bool

	// Unique is true if the column alone is the primary key or carries a
	// unique constraint of its own.
	Unique bool

	// Canonical is true if each value has one stored form, so that what a
	// driver reads as equal is stored alike, and what is written equal to it
	// leaves the column as it was.
	Canonical bool

	// Coerced is true if the column, though it changes only when it is written,
	// may hold another value than the one written: an enumeration takes a
	// number for a place in its list, a lenient server makes what does not fit
	// fit.
	Coerced bool

	// ZeroIsNull is true if IS NULL also finds a value that is not NULL, as it
	// does the date 0000-00-00 in a column of MySQL that cannot be NULL.
	ZeroIsNull bool

	// Scale is how many digits after the point a Decimal column surely keeps;
	// it may round what has more.
	Scale int16
}

// ForeignKey is a reference from a child table whose ON DELETE or ON UPDATE
// action rewrites the child's rows: CASCADE, SET NULL or SET DEFAULT.
type ForeignKey struct {
	Child    string   // the referring table
	Columns  []string // its columns, which the action rewrites
	Parent   []string // the columns referred to; empty means the primary key
	OnDelete bool     // an action on delete rewrites or deletes children
	Deletes  bool     // that action is CASCADE: the children are deleted
	OnUpdate bool     // an action on update of the key rewrites children
}

// Name makes the catalogue key of a table: lower case.
func Name(name string) string { return strings.ToLower(name) }

// FunctionName makes the catalogue key of a function.
func FunctionName(name string) string { return strings.ToLower(name) + "()" }

// IsFunction reports whether a key is that of a function.
func IsFunction(key string) bool { return strings.HasSuffix(key, "()") }

// Calls reports whether one of the functions is stored in the database and may
// write.
func (c Catalog) Calls(functions []string) bool {
	return slices.ContainsFunc(functions, func(name string) bool { return c[name] != nil })
}

// ForgetZones makes a [Clock] of each column that is a [Wall]: it is not known in
// which zone its times are written down.
func (c Catalog) ForgetZones() {
	for _, r := range c {
		for name, column := range r.Columns {
			if column.Kind == Wall {
				column.Kind = Clock
				r.Columns[name] = column
			}
		}
	}
}

// Canonical returns the name of the relation that has the key, or the key
// itself if there is none.
func (c Catalog) Canonical(key string) string {
	if r := c[key]; r != nil {
		return r.Name
	}
	return key
}

// column returns what is known of a column; the relation may be nil.
func (r *Relation) column(name string) Column {
	if r == nil {
		return Column{}
	}
	return r.Columns[name]
}

// computesNone reports whether every name is a column whose value comes only
// from writes that name it, which is not so for generated columns. A name that
// the relation lacks is another table's: the analyser adds a column that is
// written without its table to every table in sight. What stands for other
// columns, such as SQLite's rowid, the analyser gives as all columns.
func (r *Relation) computesNone(names []string) bool {
	if r == nil || !r.Base {
		return false
	}
	for _, name := range names {
		if r.Columns[name].Generated {
			return false
		}
	}
	return true
}
