package invalidation

import (
	"database/sql/driver"
	"testing"
)

func TestDependencies(t *testing.T) {
	catalog := Catalog{
		"posts": blog["posts"],
		"tags":  {Name: "tags", Base: true, Columns: map[string]Column{"post_id": {Kind: Int}, "slug": {Kind: Text, Generated: true}}},
	}
	one, two, past := eq("id", int64(1)), eq("id", int64(2)), Predicate{Op: Eq, Column: "id", Operands: []Operand{param(1)}}
	id, title := Columns{Names: []string{"id"}}, Columns{Names: []string{"title"}}
	for _, c := range []struct {
		name    string
		shape   Shape
		args    []driver.Value
		catalog Catalog
		want    string
	}{
		{"a table", Shape{Uses: []Use{{"posts", &one, id}}}, nil, catalog, "posts (id): {id = 1}"},
		{"with an argument", Shape{Params: 1, Uses: []Use{{"posts", &past, id}}}, []driver.Value{int64(7)}, catalog, "posts (id): {id = 7}"},
		{"every row", Shape{Uses: []Use{{"posts", nil, id}}}, nil, catalog, "posts (id): {any row}"},
		{"no row", Shape{Uses: []Use{{"posts", &Predicate{Op: Or}, id}}}, nil, catalog, "posts (id): {no row}"},
		{"no table", Shape{}, nil, catalog, ""},
		{"in the order of their names", Shape{Uses: []Use{{"tags", nil, Columns{}}, {"posts", nil, id}}}, nil, catalog,
			"posts (id): {any row}\ntags (no column): {any row}"},
		{"read twice", Shape{Uses: []Use{{"posts", &one, id}, {"posts", &two, title}}}, nil, catalog, "posts (id): {id = 1}; (title): {id = 2}"},
		{"read twice, once whole", Shape{Uses: []Use{{"posts", &one, id}, {"posts", nil, title}}}, nil, catalog, "posts (id): {id = 1}; (title): {any row}"},
		{"a generated column comes from others", Shape{Uses: []Use{{"tags", nil, Columns{Names: []string{"slug"}}}}}, nil, catalog, "tags (all columns): {any row}"},
		{"a name that is another table's", Shape{Uses: []Use{{"posts", nil, Columns{Names: []string{"elsewhere"}}}}}, nil, catalog, "posts (elsewhere): {any row}"},
		{"all columns", Shape{Uses: []Use{{"posts", &one, Columns{All: true}}}}, nil, catalog, "posts (all columns): {id = 1}"},
		{"a table that is not known", Shape{Uses: []Use{{"others", &one, id}}}, nil, catalog, "others (all columns): {id is not null}"},
		{"without a catalogue", Shape{Uses: []Use{{"posts", &one, id}}}, nil, nil, "posts (all columns): {id is not null}"},
		{"too few arguments", Shape{Params: 1, Uses: []Use{{"posts", &past, id}}}, nil, catalog, "posts (all columns): {any row}"},
		{"too many arguments", Shape{Uses: []Use{{"posts", &one, id}}}, []driver.Value{nil}, catalog, "posts (all columns): {any row}"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := c.shape.Dependency("db", c.args, c.catalog)
			if got := d.String(); got != c.want {
				t.Errorf("%s\nwant %s", got, c.want)
			}
			for i := range d.Tables {
				if d.Tables[i].Table.Database != "db" {
					t.Errorf("of database %q", d.Tables[i].Table.Database)
				}
			}
		})
	}
}

func TestManyUsesCollapseToTheirHull(t *testing.T) {
	var shape Shape
	for i := range int64(40) {
		where := eq("id", i)
		shape.Uses = append(shape.Uses, Use{"posts", &where, Columns{All: true}})
	}
	boxes := shape.Dependency("db", nil, blog).Tables[0].Boxes()
	if len(boxes) > maxBoxes {
		t.Fatalf("%d boxes", len(boxes))
	}
	at := func(n int64) []Box { return []Box{{{"id", Column{Kind: Int}.stored(n)}}} }
	if !meetAny(boxes, at(39)) || meetAny(boxes, at(40)) {
		t.Errorf("%v", describe(boxes))
	}
}

func TestDeclaredDependencies(t *testing.T) {
	where := eq("id", int64(1))
	d := (&Shape{Uses: []Use{{"posts", &where, Columns{Names: []string{"id"}}}}}).Dependency("db", nil, blog)
	for _, name := range []string{"tags", "authors", "posts"} {
		d.Declare(Table{"db", name})
	}
	want := "authors (all columns): {any row}\nposts (all columns): {any row}\ntags (all columns): {any row}"
	if got := d.String(); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

func TestFixes(t *testing.T) {
	for _, c := range []struct {
		name  string
		where Predicate
		fixes bool
	}{
		{"one value", eq("author_id", int64(1)), true},
		{"a list of one", atom("author_id", In, int64(1)), true},
		{"two values", atom("author_id", In, int64(1), int64(2)), false},
		{"NULL, which several rows may hold", atom("author_id", IsNull), false},
		{"a range", atom("author_id", Less, int64(1)), false},
		{"another column", eq("id", int64(1)), false},
	} {
		box := read(c.where, "id").Dependency("db", nil, blog).Tables[0].Boxes()[0]
		if got := box.Fixes("author_id"); got != c.fixes {
			t.Errorf("%s: fixes: %v", c.name, got)
		}
	}
}

func TestPins(t *testing.T) {
	for _, c := range []struct {
		where Predicate
		pins  bool
	}{
		{eq("author_id", int64(1)), true},
		{atom("author_id", In, int64(1), int64(2)), true},
		{atom("author_id", IsNull), true},
		{atom("author_id", Greater, int64(1)), false},
		{atom("author_id", IsNotNull), false},
		{eq("views", int64(1)), false},
	} {
		box := read(c.where).Dependency("db", nil, blog).Tables[0].Boxes()[0]
		if got := box.Pins("author_id"); got != c.pins {
			t.Errorf("%v: %v", box, got)
		}
	}
}
