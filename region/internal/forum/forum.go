// Package forum has the tables that the tests of regions are about, with what is
// read of them and what is changed in them: posts, each in a topic, and users.
package forum

import (
	"database/sql/driver"

	"github.com/seed92106438/cacheops/invalidation"
)

// Database is the name of the database that has the tables.
const Database = "forum"

// Catalog is what the database says of its tables.
var Catalog = invalidation.Catalog{
	"posts": {Name: "posts", Base: true, Columns: map[string]invalidation.Column{
		"id":    {Kind: invalidation.Int, Unique: true},
		"topic": {Kind: invalidation.Int},
		"views": {Kind: invalidation.Int},
	}},
	"users": {Name: "users", Base: true, Columns: map[string]invalidation.Column{
		"id":   {Kind: invalidation.Int, Unique: true},
		"name": {Kind: invalidation.Text},
	}},
}

// What is read and changed most.
var (
	Topic1   = Read("posts", Where{Is("topic", int64(1))})
	Topic2   = Read("posts", Where{Is("topic", int64(2))})
	AllUsers = Read("users", nil)

	PostIn1    = Inserted("posts", Is("id", int64(10)), Is("topic", int64(1)))
	PostIn2    = Inserted("posts", Is("id", int64(20)), Is("topic", int64(2)))
	UserAdded  = Inserted("users", Is("id", int64(30)))
	EveryTable = Anything(invalidation.AllTables)
)

// Where is a list of conditions that hold together.
type Where []invalidation.Predicate

// Atom is a condition on one column.
func Atom(op invalidation.Op, column string, values ...driver.Value) invalidation.Predicate {
	p := invalidation.Predicate{Op: op, Column: column}
	for _, v := range values {
		p.Operands = append(p.Operands, invalidation.Operand{Known: true, Literal: v})
	}
	return p
}

// Is is column = value.
func Is(column string, value driver.Value) invalidation.Predicate {
	return Atom(invalidation.Eq, column, value)
}

// In is column IN (values).
func In(column string, values ...driver.Value) invalidation.Predicate {
	return Atom(invalidation.In, column, values...)
}

// Above is column > value.
func Above(column string, value driver.Value) invalidation.Predicate {
	return Atom(invalidation.Greater, column, value)
}

// Either is a disjunction.
func Either(terms ...invalidation.Predicate) invalidation.Predicate {
	return invalidation.Predicate{Op: invalidation.Or, Terms: terms}
}

// Use is one reading of a table, of all columns if none is named.
func Use(table string, rows Where, columns ...string) invalidation.Use {
	return invalidation.Use{
		Table:   table,
		Where:   &invalidation.Predicate{Op: invalidation.And, Terms: rows},
		Columns: columnsOf(columns),
	}
}

// Reads is the dependency of a query.
func Reads(uses ...invalidation.Use) *invalidation.Dependency {
	return (&invalidation.Shape{Uses: uses}).Dependency(Database, nil, Catalog)
}

// Read is the dependency of a query of one table.
func Read(table string, rows Where, columns ...string) *invalidation.Dependency {
	return Reads(Use(table, rows, columns...))
}

// Boxes are those that cover the rows of a table of which the conditions hold.
func Boxes(table string, rows Where) []invalidation.Box {
	return Read(table, rows).Tables[0].Boxes()
}

// Named is a table of the database.
func Named(table string) invalidation.Table {
	return invalidation.Table{Database: Database, Name: table}
}

// Inserted is the insert of rows.
func Inserted(table string, row ...invalidation.Predicate) invalidation.Change {
	return invalidation.Change{Table: Named(table), Kind: invalidation.Insert, After: Boxes(table, row)}
}

// Deleted is the deletion of rows.
func Deleted(table string, row ...invalidation.Predicate) invalidation.Change {
	return invalidation.Change{Table: Named(table), Kind: invalidation.Delete, Before: Boxes(table, row)}
}

// Updated is an update of rows, which writes all columns if none is named.
func Updated(table string, before, after Where, columns ...string) invalidation.Change {
	return invalidation.Change{
		Table: Named(table), Kind: invalidation.Update,
		Before: Boxes(table, before), After: Boxes(table, after), Columns: columnsOf(columns),
	}
}

// Anything is a change of which nothing is known but its table.
func Anything(table string) invalidation.Change {
	return invalidation.Change{Table: Named(table)}
}

func columnsOf(names []string) invalidation.Columns {
	return invalidation.Columns{All: len(names) == 0, Names: names}
}
