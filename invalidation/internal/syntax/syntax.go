// Package syntax is what the dialects of SQL have in common: a tree into which
// each dialect's package turns what its parser gives, and the reading of that
// tree as an [invalidation.Shape].
//
// The statement is read block by block, a block being a SELECT with its own
// FROM clause, however deeply it is nested:
//
//   - Every table that a block names is a source. What a name stands for is
//     decided by the scopes: a common table expression hides a table.
//   - Every expression of the block is walked, and the columns that it names
//     are noted with each source that they may belong to, in this block and
//     in those around it.
//   - WHERE and ON are projected on each source: the rows that the projection
//     leaves out cannot influence the block. Which conditions may leave out a
//     row of which source is decided by the tree of joins.
//
// What is left to the dialects: parsing, what a name's schema means, which
// functions are pure, which literals mean what they seem to, and to refuse
// all that this tree cannot say.
package syntax

import "github.com/seed92106438/cacheops/invalidation"

// Rules are the peculiarities of a dialect on which the reading depends.
type Rules struct {
	// Hidden has the names by which a table can be asked for what is no
	// column of its own, or one of another name: SQLite's rowid, PostgreSQL's
	// ctid. To look at one is to look at every column, to assign to one may
	// change any.
	Hidden map[string]bool

	// Booleans is true if a column that stands alone as a condition is a
	// boolean; otherwise it is a number, and all that is no number is false.
	Booleans bool
}

// Read returns the shape of stmt, but for its parameters. A refusal that the
// dialect has found already is given to the shape, if it can be cached at all.
func Read(stmt Statement, rules Rules, refusal string) *invalidation.Shape {
	a := analysis{rules: rules}
	if query, ok := stmt.(*Query); ok {
		return a.read(query, refusal)
	}
	a.write(stmt, nil)
	return a.mutation()
}

// The refusals that the reading of a tree, and all dialects, make.
const (
	TooDeep           = "nested too deeply"
	TooManyTables     = "too many tables"
	NotUnderstood     = "syntax not understood"
	NotOneStatement   = "not one statement"
	NotAQuery         = "not a query"
	Writes            = "writes"
	Locks             = "locks rows"
	UnclearParameters = "parameters not numbered in order"
	VolatileFunction  = "volatile function"
	UnknownFunction   = "unknown function"
	UnknownSource     = "unknown kind of table"
	TemporaryTable    = "temporary table"
	SystemTable       = "system table"
	UserVariable      = "user variable"
)
