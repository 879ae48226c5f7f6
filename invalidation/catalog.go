package invalidation

import "strings"

// Catalog is what the database itself says of its relations. It is read-only
// once built, so it may be shared between goroutines.
//
// Names are keys as [Name] makes them: lower case, without the default schema.
type Catalog map[string]*Relation

// Relation is one table, view or the like.
type Relation struct {
	Name string

	// Base is true for an ordinary table, whose rows change only through
	// statements that name it, its foreign keys or triggers. Views, virtual
	// tables and temporary tables are not base tables: a query that reads one
	// is refused unless its caller declares what it depends on.
	Base bool

	// Columns of the relation by name. A column that is missing here has
	// [Unknown] kind.
	Columns map[string]Column

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
