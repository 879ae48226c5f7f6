package invalidation

import (
	"database/sql/driver"
	"testing"
)

// TestRowsBesideWhichNoneStands narrows SELECT id FROM authors of whom there is
// no post, in the ways in which that can be written.
func TestRowsBesideWhichNoneStands(t *testing.T) {
	catalog := Catalog{
		"posts":   blog["posts"],
		"drafts":  {Name: "drafts", Base: true, Columns: map[string]Column{"author_id": {Kind: Int}}},
		"authors": {Name: "authors", Base: true, Columns: map[string]Column{"id": {Kind: Int, Unique: true}, "name": {Kind: Text}}},
	}
	edge := Edge{Use: 1, Column: "author_id", Other: 0, OtherColumn: "id", Shown: "id", Side: After}
	orNull, nulls, elsewhere := edge, edge, edge
	orNull.OrNull, nulls.Nulls, elsewhere.OtherColumn = "id", true, "name"
	of := func(e Edge) Partners { return Partners{Edge: e, Values: []driver.Value{int64(1), int64(2)}} }
	withNull := func(e Edge) Partners { return Partners{Edge: e, Values: []driver.Value{int64(1), nil}} }
	asked := Partners{Edge: Edge{Use: 1, Column: "author_id", Other: 0, OtherColumn: "id"}, Values: []driver.Value{int64(1), int64(2), int64(3)}}
	// Another use relies on the posts.
	relying := Partners{Edge: Edge{Use: 0, Column: "id", Other: 1, OtherColumn: "author_id"}, Values: []driver.Value{int64(9)}}
	// The other use is narrowed itself.
	named := Partners{Edge: Edge{Use: 0, Column: "id", Other: 2, OtherColumn: "author_id"}, Values: []driver.Value{int64(1), int64(2)}}

	post := func(author driver.Value) *Shape { return insert(row{"id": int64(7), "author_id": author}) }
	move := func(from, to int64) *Shape { return update(eq("author_id", from), set("author_id", to)) }
	for _, c := range []struct {
		name  string
		known []Partners
		write *Shape
		drops bool
	}{
		{"the first post of an author shown", []Partners{of(edge)}, post(int64(1)), true},
		{"a post of another", []Partners{of(edge)}, post(int64(3)), false},
		{"a post of nobody", []Partners{of(edge)}, post(nil), false},
		{"a post of someone", []Partners{of(edge)}, insert(row{"id": int64(7)}), true},
		{"the last post of another goes", []Partners{of(edge)}, remove(eq("author_id", int64(3))), true},
		{"a post goes to one shown", []Partners{of(edge)}, move(3, 1), true},
		{"a post goes from one to another, who may have none now", []Partners{of(edge)}, move(3, 4), true},
		{"a column that is not looked at", []Partners{of(edge)}, update(eq("author_id", int64(3)), set("title", "new")), false},
		{"nobody is shown", []Partners{{Edge: edge, Values: []driver.Value{}}}, post(int64(1)), false},
		{"a value that is not understood", []Partners{{Edge: edge, Values: []driver.Value{1.5}}}, post(int64(3)), true},
		{"columns of two kinds", []Partners{of(elsewhere)}, post(int64(3)), true},

		{"NULL would count, but is not there", []Partners{of(orNull)}, post(int64(3)), false},
		{"NULL counts", []Partners{of(orNull)}, insert(row{"id": nil, "author_id": int64(3)}), true},
		{"NULL may count", []Partners{of(orNull)}, insert(row{"author_id": int64(3)}), true},

		{"NOT IN, of another", []Partners{of(nulls)}, post(int64(3)), false},
		{"NOT IN, of one shown", []Partners{of(nulls)}, post(int64(2)), true},
		{"NOT IN, of nobody", []Partners{of(nulls)}, post(nil), true},
		{"NOT IN, where NULL is shown", []Partners{withNull(nulls)}, post(int64(3)), true},
		{"not NOT IN, where NULL is shown", []Partners{withNull(edge)}, post(int64(3)), false},

		{"asked as well, of another", []Partners{of(edge), asked}, post(int64(3)), false},
		{"asked as well, from another", []Partners{of(edge), asked}, remove(eq("author_id", int64(3))), true},
		{"asked as well, from one who is no author", []Partners{of(edge), asked}, remove(eq("author_id", int64(4))), false},
		{"someone relies on the posts", []Partners{of(edge), relying}, post(int64(3)), true},
		{"the authors are narrowed too", []Partners{named, of(edge)}, post(int64(3)), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			shape := &Shape{Verb: Query, Uses: []Use{
				{Table: "authors", Columns: Columns{Names: []string{"id"}}},
				{Table: "posts", Columns: Columns{Names: []string{"author_id", "id"}}},
				{Table: "drafts", Columns: Columns{Names: []string{"author_id"}}},
			}}
			narrowed := shape.Narrow(shape.Dependency("db", nil, catalog), nil, catalog, Outcome{Partners: c.known})
			change := c.write.Changes("db", nil, catalog, Facts{})[0]
			if got := change.Meets(&narrowed.Tables[2]); got != c.drops {
				t.Errorf("dropped: %v; %v, and the result depends on\n%v", got, change, narrowed)
			}
		})
	}
}

// TestParts holds a change against parts that look at different sides and
// columns.
func TestParts(t *testing.T) {
	box := func(n int64) []Box { return []Box{{{"id", just(Value{kind: Int, lo: uint64(n)})}}} }
	posts, title, views := Table{"db", "posts"}, Columns{Names: []string{"title"}}, Columns{Names: []string{"views"}}
	d := TableDependency{Table: posts, Parts: []Part{
		{Boxes: box(1), Columns: title, Side: Before}, {Boxes: box(2), Columns: title, Side: After}, {Boxes: box(3), Columns: views},
	}}
	for _, c := range []struct {
		name   string
		change Change
		meets  bool
	}{
		{"what goes, before", Change{Kind: Delete, Before: box(1)}, true},
		{"what comes, before", Change{Kind: Insert, After: box(1)}, false},
		{"what goes, after", Change{Kind: Delete, Before: box(2)}, false},
		{"what comes, after", Change{Kind: Insert, After: box(2)}, true},
		{"what goes, on either side", Change{Kind: Delete, Before: box(3)}, true},
		{"what comes, on either side", Change{Kind: Insert, After: box(3)}, true},
		{"an update there", Change{Kind: Update, Before: box(2), After: box(1), Columns: title}, false},
		{"an update back", Change{Kind: Update, Before: box(1), After: box(1), Columns: title}, true},
		{"an update of another part's column", Change{Kind: Update, Before: box(1), After: box(2), Columns: views}, false},
		{"an update of its own", Change{Kind: Update, Before: box(3), After: box(3), Columns: views}, true},
		{"a change that is not understood", Change{Kind: Any}, true},
	} {
		c.change.Table = posts
		if got := c.change.Meets(&d); got != c.meets {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
