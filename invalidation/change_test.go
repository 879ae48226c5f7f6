package invalidation

import (
	"slices"
	"testing"
)

func TestChangeMeets(t *testing.T) {
	box := func(n int64) []Box {
		return []Box{{{"id", just(Value{kind: Int, lo: uint64(n)})}}}
	}
	dependency := TableDependency{Table: Table{"db", "posts"}, Parts: []Part{{Boxes: box(1), Columns: Columns{Names: []string{"id", "title"}}}}}
	nothing := TableDependency{Table: Table{"db", "posts"}, Parts: []Part{{Columns: Columns{All: true}}}}
	every := TableDependency{Table: Table{"db", AllTables}, Parts: []Part{every()}}
	posts := Table{"db", "posts"}
	title := Columns{Names: []string{"title"}}
	for _, c := range []struct {
		name   string
		change Change
		on     TableDependency
		meets  bool
	}{
		{"insert, inside", Change{Table: posts, Kind: Insert, After: box(1)}, dependency, true},
		{"insert, outside", Change{Table: posts, Kind: Insert, After: box(2), Before: box(1)}, dependency, false},
		{"delete, inside", Change{Table: posts, Kind: Delete, Before: box(1)}, dependency, true},
		{"delete, outside", Change{Table: posts, Kind: Delete, Before: box(2), After: box(1)}, dependency, false},
		{"update, before", Change{Table: posts, Kind: Update, Before: box(1), After: box(2), Columns: title}, dependency, true},
		{"update, after", Change{Table: posts, Kind: Update, Before: box(2), After: box(1), Columns: title}, dependency, true},
		{"update, outside", Change{Table: posts, Kind: Update, Before: box(2), After: box(3), Columns: title}, dependency, false},
		{"update, of another column", Change{Table: posts, Kind: Update, Before: box(1), After: box(1), Columns: Columns{Names: []string{"views"}}}, dependency, false},
		{"update, of any column", Change{Table: posts, Kind: Update, Before: box(1), After: box(1), Columns: Columns{All: true}}, dependency, true},
		{"any", Change{Table: posts, Kind: Any}, dependency, true},
		{"a kind that is not known", Change{Table: posts, Kind: 99}, dependency, true},
		{"any, where no row can matter", Change{Table: posts, Kind: Any}, nothing, true},
		{"an insert where no row can matter", Change{Table: posts, Kind: Insert, After: whole()}, nothing, false},
		{"another table", Change{Table: Table{"db", "users"}, Kind: Any}, dependency, false},
		{"another database", Change{Table: Table{"other", "posts"}, Kind: Any}, dependency, false},
		{"all tables", Change{Table: Table{"db", AllTables}}, dependency, true},
		{"all tables of another database", Change{Table: Table{"other", AllTables}}, dependency, false},
		{"a result that depends on all tables", Change{Table: posts, Kind: Insert, After: box(2)}, every, true},
		{"a result that depends on all tables of another database", Change{Table: Table{"other", "posts"}, Kind: Any}, every, false},
	} {
		if got := c.change.Meets(&c.on); got != c.meets {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestIgnoredColumns(t *testing.T) {
	shared := []string{"seen_at", "title", "views"}
	for _, c := range []struct {
		name    string
		change  Change
		ignored []string
		left    bool
		columns []string
	}{
		{"some are left", Change{Kind: Update, Columns: Columns{Names: shared}}, []string{"views", "seen_at"}, true, []string{"title"}},
		{"none is left", Change{Kind: Update, Columns: Columns{Names: shared[:1]}}, []string{"seen_at"}, false, nil},
		{"all but some are all", Change{Kind: Update, Columns: Columns{All: true}}, []string{"views"}, true, nil},
		{"an insert stays", Change{Kind: Insert}, []string{"views"}, true, nil},
		{"a delete stays", Change{Kind: Delete}, []string{"views"}, true, nil},
		{"any stays", Change{Kind: Any}, []string{"views"}, true, nil},
	} {
		if left := c.change.Ignore(c.ignored); left != c.left || !slices.Equal(c.change.Columns.Names, c.columns) {
			t.Errorf("%s: %v, %v", c.name, left, c.change.Columns)
		}
	}
	if !slices.Equal(shared, []string{"seen_at", "title", "views"}) {
		t.Errorf("the columns of others were changed: %v", shared)
	}
}

func TestColumns(t *testing.T) {
	none, every := Columns{}, Columns{All: true}
	ab, bc, d := Columns{Names: []string{"a", "b"}}, Columns{Names: []string{"b", "c"}}, Columns{Names: []string{"d"}}
	for _, c := range []struct {
		a, b       Columns
		intersects bool
		union      string
	}{
		{ab, bc, true, "a, b, c"},
		{ab, d, false, "a, b, d"},
		{ab, every, true, "all columns"},
		{every, every, true, "all columns"},
		{none, every, false, "all columns"},
		{none, ab, false, "a, b"},
		{none, none, false, "no column"},
	} {
		if got := c.a.Intersects(c.b); got != c.intersects || c.b.Intersects(c.a) != got {
			t.Errorf("%v and %v intersect: %v", c.a, c.b, got)
		}
		if got := c.a.Union(c.b).String(); got != c.union || c.b.Union(c.a).String() != got {
			t.Errorf("%v and %v: %v", c.a, c.b, got)
		}
	}
	for _, c := range []struct {
		a, b   Columns
		covers bool
	}{{ab, ab, true}, {ab, Columns{Names: []string{"b"}}, true}, {ab, bc, false}, {every, ab, true}, {ab, every, false}, {every, every, true}, {ab, none, true}, {none, ab, false}} {
		if got := c.a.Covers(c.b); got != c.covers {
			t.Errorf("%v covers %v: %v", c.a, c.b, got)
		}
	}
	if !ab.Has("b") || ab.Has("c") || none.Has("a") || !every.Has("x") {
		t.Error("Has")
	}
	var c Columns
	for _, name := range []string{"b", "a", "c", "b"} {
		c.Add(name)
	}
	if c.String() != "a, b, c" {
		t.Errorf("added: %v", c)
	}
}
