package invalidation

import (
	"database/sql/driver"
	"slices"
)

// AllTables is the name, in a [Use], [Write] or [Change], of every table of
// the database at once.
const AllTables = "*"

// Analyzer reads the SQL of one dialect.
//
// Analyze never panics and never fails: a text that it does not understand
// has a [Shape] that refuses to be cached and that writes [AllTables]. It is
// safe for concurrent use.
type Analyzer interface {
	Analyze(sql string) *Shape
}

// TooLong is the Refusal of a text that was not read because of its length.
const TooLong = "too long"

// Verb is what a statement does, as far as the cache has to tell it apart.
type Verb int

// The verbs of a [Shape].
const (
	Opaque     Verb = iota // not understood; writes AllTables
	Query                  // reads and writes nothing
	Mutation               // INSERT, UPDATE, DELETE and their kin, also as a CTE of a query
	Definition             // DDL: changes the catalogue itself; see Shape.Temporary
	Begin                  // BEGIN as text, outside database/sql's own transactions
	Commit                 // COMMIT or END as text
	Rollback               // ROLLBACK as text, of the whole transaction
	Savepoint              // SAVEPOINT Name
	RollbackTo             // ROLLBACK TO Name
	Release                // RELEASE Name
	Session                // changes what later texts of the connection mean: USE, SET search_path
	Local                  // the same until the transaction ends: SET LOCAL search_path
	Neutral                // touches no row: EXPLAIN, a harmless PRAGMA, ANALYZE
)

// Shape is what one SQL text means to the cache, whatever its arguments. It
// is read-only once made.
type Shape struct {
	Verb Verb

	// Refusal says why a result of this statement must not be cached; it is
	// empty if it may be. It is a short phrase for people, fit to be counted:
	// it never holds any part of the SQL.
	Refusal string

	// Uses has one element for each place at which the statement reads a
	// table; a table that is read twice is listed twice.
	Uses []Use

	// Star is the table of a plain SELECT * FROM table, whose columns are the
	// result's; it is empty for other statements.
	Star string

	// Writes has one element for each table written, several where one
	// statement both inserts and updates.
	Writes []Write

	// Params is the number of distinct parameters. A statement that is bound
	// with another number of arguments is not understood.
	Params int

	// Name of the savepoint, lower case, for Savepoint, RollbackTo, Release.
	Name string

	// Calls has the functions that a Query calls and the analyser does not
	// know, as keys of a [Catalog]: such a one may write what it likes.
	Calls []string

	// Commits is true if the statement commits the transaction that is open
	// and ends it, as MySQL does before a Definition.
	Commits bool

	// Uncounted is true if the number of rows that the database reports is not
	// that of all Writes: a common table expression that writes is not counted.
	Uncounted bool

	// Temporary is the temporary table or view that a Definition makes, as a
	// key of a [Catalog]. It hides another of that name on one connection.
	Temporary string

	// Edges tell which rows of one table count only beside rows of another.
	Edges []Edge

	// Page is set if the result is the first rows in some order. It is nil
	// for other statements.
	Page *Page

	// Shows tells which rows the result has. It is empty where they follow from
	// the text.
	Shows []Showing
}

// Showing tells by which columns the result shows the rows of a use that it is
// made of: a row whose value is not shown is none of them.
type Showing struct {
	Use     int
	Columns []ShownColumn
	Star    bool // every column of the table is shown, under its own name

	// Place has the columns that decide which rows there are in the result, and
	// at which place. By others a row counts only if it is one of them.
	Place Columns
}

// ShownColumn is a column of a table with its name in the result.
type ShownColumn struct{ Column, Result string }

// Edge says that a row counts through one use only if its Column equals
// OtherColumn in some row that counts through another. Like [Joined], it holds
// only if the two columns have the same known kind.
type Edge struct {
	Use         int // the indices are of [Shape.Uses]
	Column      string
	Other       int
	OtherColumn string

	// Shown is the column of the result that shows OtherColumn, if every row
	// that counts through the other use is in the result; else it is empty.
	Shown string

	// Side is After if the edge speaks of rows that appear, and of those of the
	// other use that the result shows: because a row which appears can only
	// take rows away from the result, those beside it. Else it is Either.
	Side Side

	// Nulls says that a NULL on either side is as good as equal: see NOT IN.
	// OrNull is a column of the use that makes a row count in any case if it is
	// NULL there; it may be empty.
	Nulls  bool
	OrNull string
}

// Page says that a query gives the first rows in the order of a column, from
// an offset on: rows of that column's table which come after the last row of
// a full page cannot influence the result. MAX and MIN give such a page of one
// row.
type Page struct {
	Use    int    // the index, in [Shape.Uses], of the table that is ordered
	Column string // by which it is ordered first
	Result string // the column of the result that shows it; if empty, the only one
	Desc   bool
	Limit  Operand // how many rows make the page full

	// Place has the columns of that table which decide which rows there are in
	// the order, and at which place: by others, a row counts only on the page.
	// It is empty if the page begins with the first row.
	Place Columns
}

// Use is one reading of a table.
type Use struct {
	Table string

	// Where holds for every row of the table that can influence the result
	// through this use. Nil holds for every row.
	Where *Predicate

	// Columns that the statement looks at, in any clause. A name that may
	// stand for another column, such as SQLite's rowid, makes it all columns.
	Columns Columns
}

// Write is one kind of change that a statement makes to one table.
type Write struct {
	Table string
	Kind  ChangeKind

	// Where covers the rows reached, as they are before: for Update and
	// Delete. Nil covers every row.
	Where *Predicate

	// Set has the assignments of an Update.
	Set []Assignment

	// Conflict is true for the Update that an insert makes of rows which are in
	// its way: those that equal one of Rows in every column of a unique key, of
	// Key or, if that is empty, of any.
	Conflict bool
	Key      []string

	// Names and Rows are an Insert's columns and values. Rows is nil if the
	// values are not written out, as in INSERT … SELECT; then nothing is
	// known of the new rows.
	Names []string
	Rows  [][]Operand

	// Chosen is true for an Insert without a conflict clause: then the values
	// that the database chose for a row, such as its key, may be added to the
	// row's box when they become known.
	Chosen bool
}

// Assignment is col = one of Values. An element that is not known makes the
// column's new value open. With a Shift of 1 or -1 it is col = col + Values[0]
// or col = col - Values[0].
type Assignment struct {
	Column string
	Values []Operand
	Shift  int
}

// Operand is a value in a statement: a parameter, a literal, or unknown.
// The zero Operand is unknown.
type Operand struct {
	// Param is the 1-based number of the parameter, or 0.
	Param int
	// Known is true for a literal, whose value is Literal; nil is NULL.
	Known   bool
	Literal driver.Value
}

// Op is the operator of a [Predicate].
type Op int

// The operators. An atom compares one column with operands; a comparison
// whose outcome is NULL does not hold.
const (
	And   Op = iota // every Term holds; without terms it always holds
	Or              // some Term holds; without terms it never holds
	Eq              // Column = Operands[0]
	NotEq           // Column <> Operands[0]
	Less
	LessEq
	Greater
	GreaterEq
	In        // Column equals one of Operands
	NotIn     // Column differs from all of Operands
	IsNull    // Column IS NULL
	IsNotNull // Column IS NOT NULL
	Like      // Column LIKE Operands[0], without ESCAPE, letter case ignored

	// Joined says that Column equals a column of Table, and that Terms[0], an
	// atom on that column or again Joined, holds there. It may be taken as
	// Terms[0] on Column only if the two columns have the same known kind:
	// equality across kinds is not transitive, '3.0' = 3 and 3 = '3' but
	// '3.0' <> '3'. Otherwise it counts as an And without terms.
	Joined
)

// Predicate is a condition on the rows of one table, in positive normal form:
// there is no negation, the analyser has pushed it down to the atoms. What it
// could not push or understand it has replaced by an And without terms.
type Predicate struct {
	Op       Op
	Terms    []Predicate // And, Or, Joined
	Column   string      // atoms
	Operands []Operand   // atoms
	Table    string      // Joined
}

// Pins reports whether the predicate confines a column to values that the statement
// gives, whatever they are. By values it may pin more: see [Box.Pins].
func (p *Predicate) Pins(column string) bool {
	if p == nil {
		return false
	}
	pins := func(term Predicate) bool { return term.Pins(column) }
	switch p.Op {
	case And:
		return slices.ContainsFunc(p.Terms, pins)
	case Or:
		return !slices.ContainsFunc(p.Terms, func(term Predicate) bool { return !pins(term) })
	case Eq, In:
		unknown := func(o Operand) bool { return o.Param == 0 && !o.Known }
		return p.Column == column && !slices.ContainsFunc(p.Operands, unknown)
	case IsNull:
		return p.Column == column
	}
	return false
}
