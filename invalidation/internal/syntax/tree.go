package syntax

import "github.com/seed92106438/cacheops/invalidation"

// Statement is a [*Query], [*Insert], [*Update], [*Delete] or [*Touch].
type Statement interface{ statement() }

// Query is a SELECT with its WITH clause and all that it is compounded of.
type Query struct {
	With *With
	// Bodies are joined by UNION, INTERSECT and EXCEPT, or there is one alone.
	Bodies []Body
	// Rest has the expressions of the ORDER BY, LIMIT and OFFSET that apply to
	// a compound. Those of a query of one block are the block's.
	Rest []Expr
}

// Body is a [*Block], a [*Values] or a nested [*Query].
type Body interface{ body() }

// Block is one SELECT with its own FROM clause.
type Block struct {
	Columns []Result
	From    Source // nil if there is none
	Where   Expr   // nil if there is none
	// Order has the terms of ORDER BY.
	Order []Order
	// Limit and Offset are nil if there are none.
	Limit, Offset Expr
	// Rest has the expressions of all other clauses: DISTINCT ON, GROUP BY,
	// HAVING, WINDOW. They are looked at and restrict nothing.
	Rest []Expr
	// Grouped is true if a row of the result may stand for several rows of
	// FROM: GROUP BY, HAVING, DISTINCT, an aggregate or a window function.
	Grouped bool
}

// Result is one element of a SELECT list.
type Result struct {
	Expr  Expr   // a [*Star] too
	Alias string // lower case, or empty
}

// Order is one term of ORDER BY.
type Order struct {
	Expr Expr
	Desc bool
}

// Values is a VALUES clause in the place of a SELECT.
type Values struct{ Rows [][]Expr }

// With is a list of common table expressions.
type With struct {
	// Each of them is known to those after it. If Recursive is true it is
	// known to itself as well, and if Forward is true also to those before it.
	Forward, Recursive bool
	Tables             []Common
}

// Common is one common table expression: Query or, where the dialect allows
// writes there, Write is set.
type Common struct {
	Name  string // lower case
	Query *Query
	Write Statement
}

// Source is an item of a FROM clause: [*Table], [*Derived], [*Rows] or
// [*Join].
type Source interface{ source() }

// Table names a table, a view or a common table expression.
type Table struct {
	Name string // as a key of the catalogue: see [invalidation.Name]
	// Qualified is true if the name was given with a schema, so that no
	// common table expression is meant.
	Qualified bool
	Alias     string // lower case; the last part of the name if there is none
}

// Derived is a query in the place of a table.
type Derived struct {
	Query   *Query
	Alias   string
	Lateral bool // it sees the sources beside it
}

// Rows is a source whose rows are computed from expressions: a table function
// that is known to read no table.
type Rows struct {
	Args  []Expr
	Alias string
}

// Join joins two sources. Items that are parted by commas are joined without
// a condition, from left to right.
type Join struct {
	Left, Right Source
	// KeepsLeft and KeepsRight tell whether rows of a side are kept for which
	// the other has no partner: LEFT, RIGHT and FULL joins.
	KeepsLeft, KeepsRight bool
	Natural               bool
	On                    Expr     // nil if there is none
	Using                 []string // lower case
}

// Expr is an expression: one of the types below. A nil Expr stands for none.
type Expr interface{ expr() }

type (
	// Column names a column.
	Column struct {
		Table string // lower case; empty if the name stands alone
		Name  string // lower case
	}

	// Value is a literal or a parameter. The zero Value is one whose value is
	// not known.
	Value struct{ invalidation.Operand }

	// Logic is AND, or else OR, of two or more.
	Logic struct {
		And   bool
		Terms []Expr
	}

	// Not is a negation.
	Not struct{ X Expr }

	// Compare is a comparison by one of invalidation's Eq, NotEq, Less,
	// LessEq, Greater and GreaterEq. It is NULL if a side is.
	Compare struct {
		Op   invalidation.Op
		X, Y Expr
	}

	// Same is a comparison to which NULL is a value like any other: IS NOT
	// DISTINCT FROM, <=>, SQLite's IS; with Not, the contrary. IS NULL is
	// Same with NULL for Y. IS TRUE and the like are an [*Other].
	Same struct {
		X, Y Expr
		Not  bool
	}

	// Between is X BETWEEN Lo AND Hi.
	Between struct {
		X, Lo, Hi Expr
		Not       bool
	}

	// In is X IN (List), or X IN (Query) if that is set. X = ANY (ARRAY[…])
	// is an In as well.
	In struct {
		X     Expr
		List  []Expr
		Query *Query
		Not   bool
	}

	// Like is X LIKE Pattern or a stricter match, such as one that heeds
	// letter case. With Opaque, for an ESCAPE clause or another language of
	// patterns, it only says that X is not NULL.
	Like struct {
		X, Pattern  Expr
		Not, Opaque bool
		Rest        []Expr // what else is looked at
	}

	// Row is a row value, (a, b).
	Row struct{ List []Expr }

	// Sub is a subquery, also that of a quantified comparison.
	Sub struct{ Query *Query }

	// Exists is EXISTS (Query).
	Exists struct{ Query *Query }

	// Star is the star of a SELECT list, COUNT(t.*) or a whole row.
	Star struct{ Table string } // lower case, or empty

	// Extreme is the aggregate MAX(X), or else MIN(X), over all rows.
	Extreme struct {
		X   Expr
		Max bool
	}

	// Sum is X + Y, or else X - Y.
	Sum struct {
		X, Y  Expr
		Minus bool
	}

	// Other is any expression that is computed from Args and from nothing
	// else: arithmetic, CASE, a cast, a call of a pure function. As a
	// condition it is left open.
	Other struct{ Args []Expr }
)

// Insert adds rows.
type Insert struct {
	With    *With
	Table   Table
	Columns []string // lower case; empty if none are named
	// Rows are the values that are written out, Query is where else they come
	// from. DEFAULT is a zero Value.
	Rows  [][]Expr
	Query *Query
	// Replaces is true if rows in the way are deleted: REPLACE.
	Replaces bool
	// Coerces is true if values that do not fit are altered instead of
	// refused: INSERT IGNORE. Then nothing is known of them.
	Coerces   bool
	Conflicts []Conflict
}

// Conflict is ON CONFLICT or ON DUPLICATE KEY.
type Conflict struct {
	// Target has the columns of the key, in lower case; empty means any
	// unique key.
	Target []string
	// Set is empty for DO NOTHING. The value that could not be inserted is
	// [Excluded] of its column.
	Set []Assignment
}

// Excluded is the table in a [*Column] that stands for the row which could not
// be inserted.
const Excluded = "excluded"

// Assignment is one of a SET clause.
type Assignment struct {
	Table   string   // lower case; empty if it is not said
	Columns []string // lower case; several for (a, b) = …
	Value   Expr
}

// Update changes rows.
type Update struct {
	With *With
	// From has the table that is changed, joined to what decides about it.
	From Source
	// Target is the alias of the one table that is changed. It is empty if
	// the assignments tell, of which each may be to another table.
	Target string
	Set    []Assignment
	Where  Expr
	// Replaces is true if rows in the way are deleted: UPDATE OR REPLACE.
	// Coerces is as in [Insert].
	Replaces, Coerces bool
}

// Delete removes rows.
type Delete struct {
	With    *With
	From    Source   // as in [Update]
	Targets []string // the aliases of the tables whose rows are removed
	Where   Expr
}

// Touch writes tables in ways that are not described: MERGE, TRUNCATE, COPY.
type Touch struct {
	With   *With
	Tables []Table
}

func (*Query) statement()  {}
func (*Insert) statement() {}
func (*Update) statement() {}
func (*Delete) statement() {}
func (*Touch) statement()  {}

func (*Block) body()  {}
func (*Values) body() {}
func (*Query) body()  {}

func (*Table) source()   {}
func (*Derived) source() {}
func (*Rows) source()    {}
func (*Join) source()    {}

func (*Column) expr()  {}
func (*Value) expr()   {}
func (*Logic) expr()   {}
func (*Not) expr()     {}
func (*Compare) expr() {}
func (*Same) expr()    {}
func (*Between) expr() {}
func (*In) expr()      {}
func (*Like) expr()    {}
func (*Row) expr()     {}
func (*Sub) expr()     {}
func (*Exists) expr()  {}
func (*Star) expr()    {}
func (*Extreme) expr() {}
func (*Sum) expr()     {}
func (*Other) expr()   {}
