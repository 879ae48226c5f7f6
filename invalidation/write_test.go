package invalidation

import (
	"database/sql/driver"
	"fmt"
	"math"
	"testing"
)

type row = map[string]driver.Value

func TestInserts(t *testing.T) {
	rows := func(n int) *Shape {
		w := Write{Table: "posts", Kind: Insert, Names: []string{"author_id", "title"}}
		for i := range n {
			w.Rows = append(w.Rows, []Operand{literal(int64(2 * i)), literal(fmt.Sprint("t", i))})
		}
		return write(w)
	}
	for _, c := range []struct {
		name  string
		where Predicate
		write *Shape
		drops bool
	}{
		{"each of several rows", eq("author_id", int64(4)), rows(3), true},
		{"none of several rows", eq("author_id", int64(5)), rows(3), false},
		{"the columns of one row belong together", all(eq("author_id", int64(4)), eq("title", "t1")), rows(3), false},
		{"of many rows they do not", all(eq("author_id", int64(4)), eq("title", "t1")), rows(17), true},
		{"many rows, a value of each", eq("title", "t16"), rows(17), true},
		{"many rows, none", eq("title", "t17"), rows(17), false},
		{"a column that is not named has a default", eq("views", int64(5)), rows(1), true},
		{"values that are not written out", eq("author_id", int64(5)), write(Write{Table: "posts", Kind: Insert, Names: []string{"author_id"}}), true},
		{"a value that is not known", eq("author_id", int64(5)),
			write(Write{Table: "posts", Kind: Insert, Names: []string{"author_id"}, Rows: [][]Operand{{{}}}}), true},
		{"a row of another length", eq("author_id", int64(5)),
			write(Write{Table: "posts", Kind: Insert, Names: []string{"author_id"}, Rows: [][]Operand{{literal(int64(4)), literal(int64(5))}}}), true},
		{"another name of the key", eq("id", int64(5)), insert(row{"id": int64(4), "rowid": int64(5)}), true},
		{"a column named twice", eq("author_id", int64(5)),
			write(Write{Table: "posts", Kind: Insert, Names: []string{"author_id", "author_id"}, Rows: [][]Operand{{literal(int64(4)), literal(int64(5))}}}), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := drops(t, read(c.where, "id"), c.write, Facts{}); got != c.drops {
				t.Errorf("dropped: %v", got)
			}
		})
	}
}

func TestGeneratedKeysNarrowAnInsert(t *testing.T) {
	shape := func(chosen bool) *Shape {
		return write(Write{
			Table: "posts", Kind: Insert, Chosen: chosen,
			Names: []string{"author_id", "views"},
			Rows:  [][]Operand{{literal(int64(1)), {}}, {literal(int64(2)), {}}},
		})
	}
	keys := []Image{{"id": int64(7), "views": int64(0)}, {"id": int64(8), "views": int64(0)}}
	for _, c := range []struct {
		name  string
		where Predicate
		write *Shape
		facts Facts
		drops bool
	}{
		{"without them, any key", eq("id", int64(9)), shape(true), Facts{}, true},
		{"with them, another key", eq("id", int64(9)), shape(true), Facts{Chosen: keys}, false},
		{"with them, one of the keys", eq("id", int64(8)), shape(true), Facts{Chosen: keys}, true},
		{"the key belongs to its row", all(eq("id", int64(8)), eq("author_id", int64(1))), shape(true), Facts{Chosen: keys}, false},
		{"a default becomes known", eq("views", int64(9)), shape(true), Facts{Chosen: keys}, false},
		{"one key for two rows", all(eq("id", int64(9)), eq("author_id", int64(1))), shape(true), Facts{Chosen: keys[:1]}, true},
		{"a row in the way may have another key", eq("id", int64(9)), shape(false), Facts{Chosen: keys}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := drops(t, read(c.where, "id"), c.write, c.facts); got != c.drops {
				t.Errorf("dropped: %v", got)
			}
		})
	}
}

func TestUpdatesByTheirText(t *testing.T) {
	byAuthor := eq("author_id", int64(1))
	for _, c := range []struct {
		name  string
		query *Shape
		write *Shape
		drops bool
	}{
		{"a row of the result", read(byAuthor, "author_id", "title"), update(byAuthor, set("title", "x")), true},
		{"a row outside of it", read(byAuthor, "author_id", "title"), update(eq("author_id", int64(2)), set("title", "x")), false},
		{"a column that the query looks at", read(byAuthor, "author_id", "title"), update(byAuthor, set("title", "x")), true},
		{"a column that it does not", read(byAuthor, "author_id", "title"), update(byAuthor, set("views", int64(1))), false},
		{"a row that comes in", read(byAuthor, "author_id"), update(eq("author_id", int64(2)), set("author_id", int64(1))), true},
		{"a row that moves elsewhere", read(byAuthor, "author_id"), update(eq("author_id", int64(2)), set("author_id", int64(3))), false},
		{"a row that leaves", read(byAuthor, "author_id"), update(byAuthor, set("author_id", int64(3))), true},
		{"a value that is not known", read(byAuthor, "author_id"), update(eq("author_id", int64(2)), setUnknown("author_id")), true},
		{"one of several values, inside", read(byAuthor, "author_id"),
			update(eq("author_id", int64(2)), Assignment{Column: "author_id", Values: []Operand{literal(int64(3)), literal(int64(1))}}), true},
		{"one of several values, outside", read(byAuthor, "author_id"),
			update(eq("author_id", int64(2)), Assignment{Column: "author_id", Values: []Operand{literal(int64(3)), literal(int64(4))}}), false},
		{"one of several values, one not known", read(byAuthor, "author_id"),
			update(eq("author_id", int64(2)), Assignment{Column: "author_id", Values: []Operand{literal(int64(3)), {}}}), true},
		{"no value at all", read(byAuthor, "author_id"), update(eq("author_id", int64(2)), Assignment{Column: "author_id"}), true},
		{"a column twice: the last counts", read(byAuthor, "author_id"),
			update(eq("author_id", int64(2)), set("author_id", int64(3)), set("author_id", int64(1))), true},
		{"another name of the key", read(eq("id", int64(9)), "id"), update(eq("id", int64(5)), set("rowid", int64(9))), true},
		{"no row", read(all(), "title"), update(some(), set("title", "x")), false},
		{"no assignment", read(byAuthor, "title"), update(eq("author_id", int64(2))), true},
		{"a query that looks at no column", read(all()), update(all(), set("title", "x")), false},
		{"delete", read(byAuthor), remove(byAuthor), true},
		{"delete of another row", read(byAuthor), remove(eq("author_id", int64(2))), false},
		{"delete of no row", read(byAuthor), remove(some()), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := drops(t, c.query, c.write, Facts{}); got != c.drops {
				t.Errorf("dropped: %v", got)
			}
		})
	}
}

func TestImagesNarrowAnUpdate(t *testing.T) {
	byID := eq("id", int64(5))
	post := Image{
		"id": int64(5), "author_id": int64(1), "views": int64(10), "published": int64(1), "score": 1.5, "title": "Émile",
		"digest": []byte("d"), "created_at": date("2026-01-01T00:00:00Z"), "deleted_at": nil, "price": "1.50",
	}
	of := func(images ...Image) Facts { return Facts{Before: images, HasBefore: true} }
	with := func(name string, v driver.Value) Image {
		image := Image{name: v}
		for k, v := range post {
			if k != name {
				image[k] = v
			}
		}
		return image
	}
	for _, c := range []struct {
		name  string
		query *Shape
		write *Shape
		facts Facts
		drops bool
	}{
		{"without an image, every author's list", read(eq("author_id", int64(2)), "author_id", "title"), update(byID, set("title", "x")), Facts{}, true},
		{"another author's list", read(eq("author_id", int64(2)), "author_id", "title"), update(byID, set("title", "x")), of(post), false},
		{"the author's list", read(eq("author_id", int64(1)), "author_id", "title"), update(byID, set("title", "x")), of(post), true},
		{"the list that the post comes to", read(eq("author_id", int64(2)), "author_id"), update(byID, set("author_id", int64(2))), of(post), true},
		{"the list that it leaves", read(eq("author_id", int64(1)), "author_id"), update(byID, set("author_id", int64(2))), of(post), true},
		{"neither of them", read(eq("author_id", int64(3)), "author_id"), update(byID, set("author_id", int64(2))), of(post), false},
		{"no row was reached", read(all(), "title"), update(byID, set("title", "x")), of(), false},
		{"one of two rows", read(eq("author_id", int64(2)), "author_id", "title"), update(all(), set("title", "x")), of(post, with("author_id", int64(2))), true},
		{"a column that is missing in the image", read(eq("author_id", int64(2)), "author_id", "title"), update(byID, set("title", "x")), of(Image{"id": int64(5)}), true},

		{"another post, by the WHERE where the image leaves the key out", read(all(eq("author_id", int64(1)), eq("id", int64(6))), "title"), update(byID, set("title", "x")), of(Image{"author_id": int64(1)}), false},
		{"the post itself, by both", read(all(eq("author_id", int64(1)), eq("id", int64(5))), "title"), update(byID, set("title", "x")), of(Image{"author_id": int64(1)}), true},
		{"what is written, where the image leaves it out", read(eq("views", int64(7)), "views"), update(byID, set("views", int64(8))), of(Image{"author_id": int64(1)}), true},
		{"what is written over what the WHERE tells", read(eq("views", int64(7)), "views"), update(eq("views", int64(6)), set("views", int64(8))), of(Image{"author_id": int64(1)}), false},
		{"one of several ways to meet the WHERE", read(eq("id", int64(6)), "title"), update(some(byID, eq("id", int64(6))), set("title", "x")), of(Image{"author_id": int64(1)}), true},
		{"none of them", read(eq("id", int64(7)), "title"), update(some(byID, eq("id", int64(6))), set("title", "x")), of(Image{"author_id": int64(1)}), false},
		{"a row that its WHERE seems to leave out", read(eq("author_id", int64(1)), "title"), update(eq("author_id", int64(2)), set("title", "x")), of(Image{"author_id": int64(1)}), true},
		{"a WHERE that seems to hold for none", read(eq("author_id", int64(1)), "title"), update(some(), set("title", "x")), of(Image{"author_id": int64(1)}), true},

		{"NULL over a column that is missing in the image", read(all(), "title"), update(byID, set("title", nil)), of(Image{"id": int64(5)}), true},

		{"saved as it was", read(all(), "title", "views", "score", "digest", "price", "deleted_at"),
			update(byID, set("title", "Émile"), set("views", int64(10)), set("score", 1.5), set("digest", []byte("d")), set("price", "1.50"), set("deleted_at", nil)), of(post), false},
		{"saved with one change", read(all(), "views"), update(byID, set("title", "x"), set("views", int64(10))), of(post), false},
		{"saved with that change", read(all(), "title"), update(byID, set("title", "x"), set("views", int64(10))), of(post), true},
		{"one of two rows is changed", read(eq("id", int64(5)), "id", "title"), update(all(), set("title", "x")), of(post, with("title", "x")), true},
		{"the other is not", read(eq("id", int64(6)), "id", "title"), update(all(), set("title", "x")),
			of(post, Image{"id": int64(6), "title": "x"}), false},
		{"an unsigned number over itself", read(all(), "price"), update(byID, set("price", uint64(1<<63))), of(with("price", uint64(1<<63))), false},
		{"an unsigned number over another", read(all(), "price"), update(byID, set("price", uint64(1<<63))), of(with("price", uint64(1<<63+1))), true},
		{"a number over itself, where nothing is known of it", read(all(), "price"), update(byID, set("price", int64(1))), of(with("price", int64(1))), false},
		{"a boolean over its number", read(all(), "published"), update(byID, set("published", true)), of(post), false},
		{"another letter case", read(all(), "title"), update(byID, set("title", "go")), of(with("title", "Go")), true},
		{"a blank more", read(all(), "title"), update(byID, set("title", "go ")), of(with("title", "go")), true},
		{"a double that a float32 would not tell apart", read(all(), "score"), update(byID, set("score", 1.5000000001)), of(post), true},
		{"minus zero", read(all(), "score"), update(byID, set("score", 0.0)), of(with("score", math.Copysign(0, -1))), true},
		{"a time: the form in which it is stored is not known", read(all(), "created_at"), update(byID, set("created_at", post["created_at"])), of(post), true},
		{"a boolean that the driver made", read(all(), "published"), update(byID, set("published", true)), of(with("published", true)), true},
		{"a number as text", read(all(), "price"), update(byID, set("price", 1.5)), of(post), true},
		{"a nil slice over an empty one", read(all(), "digest"), update(byID, set("digest", []byte(nil))), of(with("digest", []byte{})), true},
		{"a numeral over a number, where they may differ", read(all(), "price"), update(byID, set("price", "1")), of(with("price", int64(1))), true},
		{"a value that is not known", read(all(), "title"), update(byID, setUnknown("title")), of(post), true},
		{"a value that is not known over NULL", read(all(), "deleted_at"), update(byID, setUnknown("deleted_at")), of(post), true},
		{"another name of the key, beside the key", read(eq("id", int64(9)), "id"), update(byID, set("rowid", int64(9)), set("id", int64(7))), of(post), true},
		{"one of several values", read(all(), "title"), update(byID, Assignment{Column: "title", Values: []Operand{literal("Émile"), literal("x")}}), of(post), true},
		{"another name of the key", read(eq("id", int64(9)), "id"), update(byID, set("rowid", int64(9))), of(post), true},

		{"delete, another author's list", read(eq("author_id", int64(2))), remove(byID), of(post), false},
		{"delete, the author's list", read(eq("author_id", int64(1))), remove(byID), of(post), true},
		{"delete of no row", read(all()), remove(byID), of(), false},
		{"delete, another post of the author", read(all(eq("author_id", int64(1)), eq("id", int64(6)))), remove(byID), of(Image{"author_id": int64(1)}), false},
		{"delete, the post itself", read(all(eq("author_id", int64(1)), eq("id", int64(5)))), remove(byID), of(Image{"author_id": int64(1)}), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := drops(t, c.query, c.write, c.facts); got != c.drops {
				t.Errorf("dropped: %v", got)
			}
		})
	}
}

// TestImagesAreWhatTheDriverMakesOfThem has values that a driver makes by the
// declared type of the column out of something else.
func TestImagesAreWhatTheDriverMakesOfThem(t *testing.T) {
	zero := date("0001-01-01T00:00:00Z")
	for _, c := range []struct {
		name  string
		where Predicate
		image Image
		drops bool
	}{
		{"true may be any positive number", eq("published", int64(2)), Image{"published": true}, true},
		{"but not zero", eq("published", false), Image{"published": true}, false},
		{"false may be any other", eq("published", int64(-1)), Image{"published": false}, true},
		{"but not one", eq("published", true), Image{"published": false}, false},
		{"an integer in a datetime column is less than all times", atom("created_at", Less, date("2026-01-01T00:00:00Z")), Image{"created_at": date("2100-01-01T00:00:00Z")}, true},
		{"but not greater than later ones", atom("created_at", Greater, date("2026-01-01T00:00:00Z")), Image{"created_at": date("2020-01-01T00:00:00Z")}, false},
		{"a boolean in a column of another kind", eq("title", "true"), Image{"title": true}, true},
		{"a text that is no time is read as zero", atom("created_at", Greater, date("2026-01-01T00:00:00Z")), Image{"created_at": zero}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.image["id"] = int64(1)
			if got := drops(t, read(c.where), remove(all()), Facts{Before: []Image{c.image}, HasBefore: true}); got != c.drops {
				t.Errorf("dropped: %v", got)
			}
		})
	}
}

func TestGeneratedColumns(t *testing.T) {
	catalog := Catalog{"posts": {Name: "posts", Base: true, Columns: map[string]Column{
		"id": {Kind: Int, Unique: true}, "views": {Kind: Int}, "popular": {Kind: Int, Generated: true},
	}}}
	popular := eq("popular", int64(1))
	image := Facts{HasBefore: true, Before: []Image{{"id": int64(5), "views": int64(1), "popular": int64(0)}}}
	for _, c := range []struct {
		name  string
		query *Shape
		write *Shape
		facts Facts
		drops bool
	}{
		{"changes with the others", read(popular, "popular"), update(eq("id", int64(5)), set("views", int64(2))), Facts{}, true},
		{"is left open after", read(popular, "popular"), update(eq("popular", int64(0)), set("views", int64(2))), Facts{}, true},
		{"with an image too", read(popular, "popular"), update(eq("id", int64(5)), set("views", int64(2))), image, true},
		{"but not if nothing changes", read(popular, "popular"), update(eq("id", int64(5)), set("views", int64(1))), image, false},
		{"nor is it the same if it is written", read(popular, "popular"), update(eq("id", int64(5)), set("popular", int64(0))), image, true},
		{"as it was before a delete", read(popular, "popular"), remove(eq("id", int64(5))), image, false},
		{"is not known of a new row", read(popular, "popular"), insert(row{"id": int64(1), "views": int64(1)}), Facts{}, true},
		{"nor if it is named", read(popular, "popular"), insert(row{"id": int64(1), "popular": int64(0)}), Facts{}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := dropsIn(catalog, c.query, c.write, c.facts); got != c.drops {
				t.Errorf("dropped: %v", got)
			}
		})
	}
}

// TestUpserts are an insert and an update of one statement.
func TestUpserts(t *testing.T) {
	where := eq("id", int64(5))
	upsert := &Shape{Verb: Mutation, Writes: []Write{
		{Table: "posts", Kind: Insert, Names: []string{"id", "author_id"}, Rows: [][]Operand{{literal(int64(5)), literal(int64(1))}}},
		{Table: "posts", Kind: Update, Where: &where, Set: []Assignment{set("author_id", int64(1))}},
	}}
	image := Facts{HasBefore: true, Before: []Image{{"id": int64(5), "author_id": int64(1)}}}
	for _, c := range []struct {
		name  string
		where Predicate
		facts Facts
		drops bool
	}{
		{"the new row", eq("author_id", int64(1)), Facts{}, true},
		{"the row in the way belonged to anyone", eq("author_id", int64(2)), Facts{}, true},
		{"an image is not believed", eq("author_id", int64(2)), image, true},
		{"another row", eq("id", int64(6)), Facts{}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := drops(t, read(c.where, "id", "author_id"), upsert, c.facts); got != c.drops {
				t.Errorf("dropped: %v", got)
			}
		})
	}
}

// What may have changed the definitions is told from what is merely not known.
func TestWhatIsNotUnderstoodChangesAllTables(t *testing.T) {
	for name, c := range map[string]struct {
		shape   *Shape
		args    []driver.Value
		catalog Catalog
		want    ChangeKind
	}{
		"opaque":                        {&Shape{}, nil, blog, Redefinition},
		"a definition":                  {&Shape{Verb: Definition}, nil, blog, Redefinition},
		"a mutation of nothing":         {&Shape{Verb: Mutation}, nil, blog, Redefinition},
		"no catalogue":                  {remove(all()), nil, nil, Any},
		"too many arguments":            {remove(all()), []driver.Value{int64(1)}, blog, Any},
		"a relation that is not known":  {write(Write{Table: "others", Kind: Delete}), nil, blog, Redefinition},
		"all tables":                    {write(Write{Table: AllTables, Kind: Any}), nil, blog, Redefinition},
		"one of several is not known":   {&Shape{Verb: Mutation, Writes: []Write{{Table: "posts", Kind: Delete}, {Table: "others", Kind: Delete}}}, nil, blog, Redefinition},
		"too few arguments":             {&Shape{Verb: Mutation, Params: 1, Writes: []Write{{Table: "posts", Kind: Delete}}}, nil, blog, Any},
		"opaque, although it has reads": {&Shape{Uses: []Use{{Table: "posts"}}}, nil, blog, Redefinition},
	} {
		changes := c.shape.Changes("db", c.args, c.catalog, Facts{})
		if len(changes) != 1 || changes[0].Kind != c.want || changes[0].Table != (Table{"db", AllTables}) || changes[0].Rows != -1 {
			t.Errorf("%s: %v", name, changes)
		}
	}
	for verb := Query; verb <= Neutral; verb++ {
		if verb == Mutation || verb == Definition {
			continue
		}
		if changes := (&Shape{Verb: verb}).Changes("db", nil, nil, Facts{}); len(changes) != 0 {
			t.Errorf("verb %d: %v", verb, changes)
		}
	}
}

func TestRowsAreCounted(t *testing.T) {
	if c := remove(all()).Changes("db", nil, blog, Facts{Rows: 3})[0]; c.Rows != 3 {
		t.Errorf("3 rows: %d", c.Rows)
	}
	if c := remove(all()).Changes("db", nil, blog, Facts{})[0]; c.Rows != -1 {
		t.Errorf("not known: %d", c.Rows)
	}
}

func TestParametersTakeTheirArguments(t *testing.T) {
	where := Predicate{Op: Eq, Column: "id", Operands: []Operand{param(2)}}
	shape := &Shape{Verb: Mutation, Params: 2, Writes: []Write{{
		Table: "posts", Kind: Update, Where: &where,
		Set: []Assignment{{Column: "author_id", Values: []Operand{param(1)}}},
	}}}
	c := shape.Changes("db", []driver.Value{int64(1), int64(2)}, blog, Facts{})[0]
	if got, want := c.String(), "update posts (author_id): {id = 2} -> {author_id = 1, id = 2}"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}
