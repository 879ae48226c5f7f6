package invalidation

import (
	"database/sql/driver"
	"testing"
)

// mysqlBlog has columns as only MySQL has them.
var mysqlBlog = Catalog{"posts": {Name: "posts", Base: true, Columns: map[string]Column{
	"id":      {Kind: Int, Unique: true},
	"state":   {Kind: Text, Coerced: true},
	"title":   {Kind: Text},
	"printed": {Kind: Clock, ZeroIsNull: true},
	"erased":  {Kind: Clock},
}}}

// An enumeration of 'a' and 'b' takes '2' for 'b'.
func TestWhatIsWrittenToACoercedColumnIsOpen(t *testing.T) {
	for _, c := range []struct {
		column string
		drops  bool
	}{{"state", true}, {"title", false}} {
		query := read(eq(c.column, "b"), c.column).Dependency("", nil, mysqlBlog)
		for name, w := range map[string]Write{
			"insert": {Table: "posts", Kind: Insert, Names: []string{c.column}, Rows: [][]Operand{{literal("2")}}},
			"update": {
				Table: "posts", Kind: Update, Where: &Predicate{Op: Eq, Column: c.column, Operands: []Operand{literal("c")}},
				Set: []Assignment{{Column: c.column, Values: []Operand{literal("2")}}},
			},
		} {
			if drops := meets(write(w), query); drops != c.drops {
				t.Errorf("%s of %s: dropped is %v, not %v", name, c.column, drops, c.drops)
			}
		}
	}
}

func TestACoercedColumnIsComparedAsItIs(t *testing.T) {
	query := read(eq("state", "b"), "state").Dependency("", nil, mysqlBlog)
	for value, drops := range map[driver.Value]bool{"b": true, "a": false} {
		where := eq("state", value)
		if meets(write(Write{Table: "posts", Kind: Delete, Where: &where}), query) != drops {
			t.Errorf("a delete where state is %v: dropped is not %v", value, drops)
		}
	}
}

func TestIsNullFindsTheZeroDateWhereNullCannotBe(t *testing.T) {
	for column, drops := range map[string]bool{"printed": true, "erased": false} {
		query := read(Predicate{Op: IsNull, Column: column}, column).Dependency("", nil, mysqlBlog)
		where := atom(column, Less, date("2000-01-01T00:00:00Z"))
		if meets(write(Write{Table: "posts", Kind: Delete, Where: &where}), query) != drops {
			t.Errorf("a delete of early dates from %s: dropped is not %v", column, drops)
		}
	}
}

func meets(s *Shape, d *Dependency) bool {
	for _, c := range s.Changes("", nil, mysqlBlog, Facts{}) {
		for i := range d.Tables {
			if c.Meets(&d.Tables[i]) {
				return true
			}
		}
	}
	return false
}
