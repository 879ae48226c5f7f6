package invalidation

import (
	"database/sql/driver"
	"testing"
	"time"
)

// blog is the catalogue of the tests.
var blog = Catalog{
	"posts": {
		Name: "posts", Base: true,
		Columns: map[string]Column{
			"id":         {Kind: Int, Unique: true},
			"author_id":  {Kind: Int},
			"views":      {Kind: Int},
			"published":  {Kind: Int},
			"score":      {Kind: Float},
			"title":      {Kind: Text},
			"digest":     {Kind: Bytes},
			"created_at": {Kind: Time},
			"deleted_at": {Kind: Time},
			"price":      {Kind: Unknown}, // decimal
		},
	},
}

// Shorthands for predicates, as an analyser would make them of SQL.

func atom(column string, op Op, values ...driver.Value) Predicate {
	p := Predicate{Op: op, Column: column}
	for _, v := range values {
		p.Operands = append(p.Operands, literal(v))
	}
	return p
}

func eq(column string, v driver.Value) Predicate { return atom(column, Eq, v) }

func all(terms ...Predicate) Predicate { return Predicate{Op: And, Terms: terms} }

func some(terms ...Predicate) Predicate { return Predicate{Op: Or, Terms: terms} }

func literal(v driver.Value) Operand { return Operand{Known: true, Literal: v} }

// param is the parameter of a number.
func param(n int) Operand { return Operand{Param: n} }

// read is the shape of a query that looks at columns of the posts for which
// the predicate holds.
func read(where Predicate, columns ...string) *Shape {
	looked := Columns{}
	for _, name := range columns {
		looked.Add(name)
	}
	return &Shape{Verb: Query, Uses: []Use{{Table: "posts", Where: &where, Columns: looked}}}
}

func write(w Write) *Shape { return &Shape{Verb: Mutation, Writes: []Write{w}} }

// insert is the shape of an INSERT of one post.
func insert(row map[string]driver.Value) *Shape {
	w := Write{Table: "posts", Kind: Insert, Rows: make([][]Operand, 1)}
	for name, v := range row {
		w.Names = append(w.Names, name)
		w.Rows[0] = append(w.Rows[0], literal(v))
	}
	return write(w)
}

func update(where Predicate, set ...Assignment) *Shape {
	return write(Write{Table: "posts", Kind: Update, Where: &where, Set: set})
}

// set is column = v.
func set(column string, v driver.Value) Assignment {
	return Assignment{Column: column, Values: []Operand{literal(v)}}
}

// setUnknown is column = an expression.
func setUnknown(column string) Assignment {
	return Assignment{Column: column, Values: []Operand{{}}}
}

func remove(where Predicate) *Shape {
	return write(Write{Table: "posts", Kind: Delete, Where: &where})
}

// drops reports whether a write makes the result of a query untrue.
func drops(t *testing.T, query, write *Shape, facts Facts) bool {
	t.Helper()
	return dropsIn(blog, query, write, facts)
}

func dropsIn(catalog Catalog, query, write *Shape, facts Facts) bool {
	dependency := query.Dependency("db", nil, catalog)
	for _, c := range write.Changes("db", nil, catalog, facts) {
		for i := range dependency.Tables {
			if c.Meets(&dependency.Tables[i]) {
				return true
			}
		}
	}
	return false
}

func date(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}
