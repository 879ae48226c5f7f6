package invalidation

import (
	"database/sql/driver"
	"math"
	"testing"
)

// What is said of a column before it is counted up or down is said, moved, of
// it afterwards.
func TestSumsMoveWhatIsKnownOfAColumn(t *testing.T) {
	catalog := Catalog{"t": {Name: "t", Base: true, Columns: map[string]Column{
		"id": {Kind: Int}, "n": {Kind: Int, Canonical: true}, "loose": {Kind: Int},
		"key": {Kind: Int, Unique: true}, "price": {Kind: Float},
	}}}
	is := func(op Op, column string, v driver.Value) *Predicate {
		return &Predicate{Op: op, Column: column, Operands: []Operand{{Known: true, Literal: v}}}
	}
	for _, c := range []struct {
		name, column string
		where        *Predicate
		step         driver.Value
		shift        int
		after        string
	}{
		{"a point up", "n", is(Eq, "n", int64(5)), int64(2), 1, "n = 7"},
		{"a point down", "n", is(Eq, "n", int64(5)), int64(2), -1, "n = 3"},
		{"below zero", "n", is(Eq, "n", int64(1)), int64(2), -1, "n = -1"},
		{"by a negative number", "n", is(Eq, "n", int64(5)), int64(-2), 1, "n = 3"},
		{"a range", "n", is(Less, "n", int64(500)), int64(1), 1, "n < 501"},
		{"a range upwards", "n", is(GreaterEq, "n", int64(500)), int64(1), -1, "n >= 499"},
		{"NULL stays NULL", "n", &Predicate{Op: IsNull, Column: "n"}, int64(1), 1, "n is null"},
		{"some number", "n", &Predicate{Op: IsNotNull, Column: "n"}, int64(1), 1, "n is not null"},
		{"a range where texts may be", "loose", is(Greater, "loose", int64(5)), int64(1), 1, ""},
		{"a point where texts may be", "loose", is(Eq, "loose", int64(5)), int64(1), 1, "loose = 6"},
		{"nothing known", "n", is(Eq, "id", int64(1)), int64(1), 1, ""},
		{"past 64 bits", "n", is(Eq, "n", int64(math.MaxInt64)), int64(1), 1, ""},
		{"by the least number", "n", is(Eq, "n", int64(1)), int64(math.MinInt64), -1, ""},
		{"by a text", "n", is(Eq, "n", int64(1)), "1", 1, ""},
		{"by NULL", "n", is(Eq, "n", int64(1)), nil, 1, ""},
		{"a fraction", "price", is(Eq, "price", 1.5), 1.0, 1, ""},
		{"a key", "key", is(Eq, "key", int64(1)), int64(1), 1, ""},
	} {
		shape := &Shape{Verb: Mutation, Writes: []Write{{Table: "t", Kind: Update, Where: c.where, Set: []Assignment{
			{Column: c.column, Values: []Operand{{Known: true, Literal: c.step}}, Shift: c.shift},
		}}}}
		changes := shape.Changes("db", nil, catalog, Facts{})
		if len(changes) != 1 || len(changes[0].After) != 1 {
			t.Errorf("%s: %v", c.name, changes)
			continue
		}
		after := changes[0].After[0].set(c.column)
		switch {
		case c.after == "" && !after.unrestricted():
			t.Errorf("%s: after is %s, may be anything", c.name, after.on(c.column))
		case c.after != "" && after.on(c.column) != c.after:
			t.Errorf("%s: after is %s, want %s", c.name, after.on(c.column), c.after)
		}
	}
}

func TestAnImageIsMovedBySums(t *testing.T) {
	catalog := Catalog{"t": {Name: "t", Base: true, Columns: map[string]Column{"id": {Kind: Int}, "n": {Kind: Int}}}}
	shape := &Shape{Verb: Mutation, Writes: []Write{{Table: "t", Kind: Update, Set: []Assignment{
		{Column: "n", Values: []Operand{{Known: true, Literal: int64(1)}}, Shift: 1},
	}}}}
	image := Facts{Before: []Image{{"id": int64(1), "n": int64(4)}}, HasBefore: true}
	changes := shape.Changes("db", nil, catalog, image)
	if got := changes[0].After[0].String(); got != "{id = 1, n = 5}" {
		t.Errorf("after is %s", got)
	}
}
