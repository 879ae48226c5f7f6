package invalidation

import (
	"database/sql/driver"
	"maps"
	"testing"
)

func TestPagesAfterAnOffset(t *testing.T) {
	place := []string{"deleted_at", "views"}
	after := func(desc bool, place ...string) *Shape {
		s := paged(all(), "views", desc, literal(int64(10)), "deleted_at", "title")
		s.Page.Place = Columns{Names: place}
		return s
	}
	asc, desc, first := after(false, place...), after(true, place...), after(false)
	generated := after(false, place...)
	generated.Uses[0].Columns.Add("slug")
	catalog := Catalog{"posts": {Name: "posts", Base: true, Columns: maps.Clone(blog["posts"].Columns)}}
	catalog["posts"].Columns["slug"] = Column{Kind: Text, Generated: true}
	at := func(views int64, set Assignment) *Shape { return update(eq("views", views), set) }
	title, place1 := set("title", "new"), set("deleted_at", nil)
	for _, c := range []struct {
		name  string
		query *Shape
		rows  int64
		from  driver.Value
		write *Shape
		drops bool
	}{
		{"what a row before it shows", asc, 10, int64(20), at(19, title), false},
		{"what its first row shows", asc, 10, int64(20), at(20, title), true},
		{"what a row of it shows", asc, 10, int64(20), at(30, title), true},
		{"what a row behind it shows", asc, 10, int64(20), at(51, title), false},
		{"what a row shows whose place is not known", asc, 10, int64(20), update(all(), title), true},
		{"what a row shows that may come last", asc, 10, int64(20), update(atom("views", IsNull), title), true},
		{"whether a row before it counts", asc, 10, int64(20), at(19, place1), true},
		{"whether a row behind it counts", asc, 10, int64(20), at(51, place1), false},
		{"a row before it moves", asc, 10, int64(20), at(19, set("views", int64(18))), true},
		{"a row before it, that is new", asc, 10, int64(20), insert(row{"views": int64(19)}), true},
		{"a row behind it, that is new", asc, 10, int64(20), insert(row{"views": int64(51)}), false},
		{"a row before it, that goes", asc, 10, int64(20), remove(eq("views", int64(19))), true},
		{"a column that is not looked at", asc, 10, int64(20), at(30, set("author_id", int64(1))), false},
		{"what a row before it shows, downwards", desc, 10, int64(80), at(81, title), false},
		{"what its first row shows, downwards", desc, 10, int64(80), at(80, title), true},
		{"whether a row before it counts, downwards", desc, 10, int64(80), at(81, place1), true},
		{"its first row is NULL", asc, 10, nil, at(19, title), true},
		{"its first row is not understood", asc, 10, 20.5, at(19, title), true},
		{"it begins with the first row", first, 10, int64(20), at(19, title), true},
		{"what a row shows before a page that is not full", asc, 3, int64(20), at(19, title), false},
		{"what a row shows behind a page that is not full", asc, 3, int64(20), at(51, title), true},
		{"a page of no rows", asc, 0, int64(20), at(19, title), true},
		{"a column is generated from others", generated, 10, int64(20), at(19, title), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := c.query.Dependency("db", nil, catalog)
			narrowed := c.query.Narrow(d, nil, catalog, Outcome{Rows: c.rows, First: c.from, Last: int64(50)})
			change := c.write.Changes("db", nil, catalog, Facts{})[0]
			if got := change.Meets(&narrowed.Tables[0]); got != c.drops {
				t.Errorf("dropped: %v, by %v of %v", got, change, narrowed)
			}
		})
	}
}
