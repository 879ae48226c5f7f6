package invalidation

import (
	"database/sql/driver"
	"maps"
	"testing"
)

// TestRowsThatAreNotShown narrows SELECT id, title FROM posts of which some are
// in the result, by a condition on author_id that is not known here.
func TestRowsThatAreNotShown(t *testing.T) {
	catalog := Catalog{"posts": {Name: "posts", Base: true, Columns: maps.Clone(blog["posts"].Columns)}}
	catalog["posts"].Columns["slug"] = Column{Kind: Text, Generated: true}
	shown := func(place string, values ...driver.Value) []Shown {
		return []Shown{{Showing: Showing{Use: 0, Place: Columns{Names: []string{place}}}, Column: "id", Values: values}}
	}
	one := shown("author_id", int64(1), int64(2))
	floats := []Shown{{Showing: one[0].Showing, Column: "score", Values: []driver.Value{1.5}}}
	title, author := set("title", "new"), set("author_id", int64(2))
	for _, c := range []struct {
		name  string
		known []Shown
		write *Shape
		drops bool
	}{
		{"what a row shows", one, update(eq("id", int64(1)), title), true},
		{"what another would show", one, update(eq("id", int64(3)), title), false},
		{"what some row shows", one, update(eq("views", int64(3)), title), true},
		{"what a row without a value shows", one, update(atom("id", IsNull), title), true},
		{"whether another is shown", one, update(eq("id", int64(3)), author), true},
		{"a new row", one, insert(row{"id": int64(3)}), true},
		{"a row that goes", one, remove(eq("id", int64(3))), true},
		{"another column", one, update(eq("id", int64(1)), set("views", int64(1))), false},
		{"no row is shown", shown("author_id"), update(eq("id", int64(1)), title), false},
		{"a value that is not understood", shown("author_id", 1.5), update(eq("id", int64(3)), title), true},
		{"a column that tells no rows apart", floats, update(eq("score", 2.5), title), true},
		{"place that the database computes", shown("slug", int64(1)), update(eq("id", int64(3)), title), true},
		{"place that is not known", []Shown{{Column: "id", Values: []driver.Value{int64(1)}}}, update(eq("id", int64(3)), title), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			shape := read(all(), "author_id", "id", "title")
			narrowed := shape.Narrow(shape.Dependency("db", nil, catalog), nil, catalog, Outcome{Shown: c.known})
			change := c.write.Changes("db", nil, catalog, Facts{})[0]
			if got := change.Meets(&narrowed.Tables[0]); got != c.drops {
				t.Errorf("dropped: %v; %v, and the result depends on\n%v", got, change, narrowed)
			}
		})
	}
	known := eq("id", int64(1))
	shape := read(known, "author_id", "id", "title")
	if d := shape.Narrow(shape.Dependency("db", nil, catalog), nil, catalog, Outcome{Shown: one}); len(d.Tables[0].Parts) != 1 {
		t.Errorf("what is known already is told again: %v", d)
	}
}
