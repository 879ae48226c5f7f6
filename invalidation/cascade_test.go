package invalidation

import (
	"slices"
	"strings"
	"testing"
)

// library has books of authors (deleted with them), loans of books (kept,
// without the book), and sections that lie in sections.
func library() Catalog {
	key := map[string]Column{"id": {Kind: Int, Unique: true}}
	columns := func(more map[string]Column) map[string]Column {
		for name, column := range key {
			more[name] = column
		}
		return more
	}
	return Catalog{
		"authors": {Name: "authors", Base: true, Columns: columns(map[string]Column{"name": {Kind: Text}, "code": {Kind: Int}}),
			Children: []ForeignKey{{Child: "books", Columns: []string{"author_id"}, Parent: []string{"id"}, OnDelete: true, Deletes: true, OnUpdate: true}}},
		"books": {Name: "books", Base: true, Columns: columns(map[string]Column{"author_id": {Kind: Int}}),
			Children: []ForeignKey{{Child: "loans", Columns: []string{"book_id"}, Parent: []string{"id"}, OnDelete: true}}},
		"loans": {Name: "loans", Base: true, Columns: columns(map[string]Column{"book_id": {Kind: Int}})},
		"sections": {Name: "sections", Base: true, Columns: columns(map[string]Column{"parent_id": {Kind: Int}}),
			Children: []ForeignKey{{Child: "sections", Columns: []string{"parent_id"}, Parent: []string{"id"}, OnDelete: true, Deletes: true}}},
	}
}

// changed lists the changes of a write, a line for each, in order.
func changed(catalog Catalog, w Write, facts Facts) string {
	var lines []string
	for _, c := range write(w).Changes("db", nil, catalog, facts) {
		lines = append(lines, c.String())
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func TestForeignKeys(t *testing.T) {
	byID, byName := eq("id", int64(5)), eq("name", "Ann")
	image := Facts{HasBefore: true, Before: []Image{{"id": int64(5), "name": "Ann", "code": int64(1)}}}
	for _, c := range []struct {
		name  string
		write Write
		facts Facts
		want  []string
	}{
		{"a delete goes down to the children, and theirs", Write{Table: "authors", Kind: Delete, Where: &byID}, Facts{}, []string{
			"delete authors: {id = 5}",
			"delete books: {author_id = 5}",
			"update loans (book_id): {book_id is not null} -> {any row}",
		}},
		{"a delete by another column", Write{Table: "authors", Kind: Delete, Where: &byName}, Facts{}, []string{
			`delete authors: {name = "ann"}`,
			"delete books: {author_id is not null}",
			"update loans (book_id): {book_id is not null} -> {any row}",
		}},
		{"the same with an image", Write{Table: "authors", Kind: Delete, Where: &byName}, image, []string{
			`delete authors: {code = 1, id = 5, name = "ann"}`,
			"delete books: {author_id = 5}",
			"update loans (book_id): {book_id is not null} -> {any row}",
		}},
		{"a delete of no row", Write{Table: "authors", Kind: Delete, Where: &Predicate{Op: Or}}, Facts{}, nil},
		{"a reference that is set to NULL", Write{Table: "books", Kind: Delete, Where: &byID}, Facts{}, []string{
			"delete books: {id = 5}",
			"update loans (book_id): {book_id = 5} -> {any row}",
		}},
		{"an update of the key", Write{Table: "authors", Kind: Update, Where: &byID, Set: []Assignment{set("id", int64(6))}}, Facts{}, []string{
			"update authors (id): {id = 5} -> {id = 6}",
			"update books (author_id): {author_id = 5} -> {any row}",
		}},
		{"an update of another column", Write{Table: "authors", Kind: Update, Where: &byID, Set: []Assignment{set("name", "Bob")}}, Facts{}, []string{
			`update authors (name): {id = 5} -> {id = 5, name = "bob"}`,
		}},
		{"an update that leaves the key as it is", Write{Table: "authors", Kind: Update, Where: &byID, Set: []Assignment{set("id", int64(5)), set("code", int64(2))}}, image, []string{
			`update authors (code): {code = 1, id = 5, name = "ann"} -> {code = 2, id = 5, name = "ann"}`,
		}},
		{"an update of what may be the key", Write{Table: "authors", Kind: Update, Where: &byID, Set: []Assignment{setUnknown("rowid")}}, Facts{}, []string{
			"update authors (all columns): {id = 5} -> {any row}",
			"update books (author_id): {author_id = 5} -> {any row}",
		}},
		{"an update of a key that is not followed", Write{Table: "books", Kind: Update, Where: &byID, Set: []Assignment{set("id", int64(6))}}, Facts{}, []string{
			"update books (id): {id = 5} -> {id = 6}",
		}},
		{"an insert", Write{Table: "authors", Kind: Insert, Names: []string{"id"}, Rows: [][]Operand{{literal(int64(5))}}}, Facts{}, []string{
			"insert authors: {any row}",
		}},
		{"any change", Write{Table: "authors", Kind: Any}, Facts{}, []string{
			"any change of authors",
			"delete books: {author_id is not null}",
			"update books (author_id): {author_id is not null} -> {any row}",
			"update loans (book_id): {book_id is not null} -> {any row}",
		}},
		{"a table that refers to itself", Write{Table: "sections", Kind: Delete, Where: &byID}, Facts{}, []string{
			"delete sections: {id = 5} or {parent_id = 5} or {parent_id is not null}",
		}},
		{"any change of a table that refers to itself", Write{Table: "sections", Kind: Any}, Facts{}, []string{"any change of sections"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.write.Kind == Insert {
				c.want = []string{"insert authors: {id = 5}"}
			}
			if got, want := changed(library(), c.write, c.facts), strings.Join(c.want, "\n"); got != want {
				t.Errorf("%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestForeignKeysOfOtherForms(t *testing.T) {
	byID := eq("id", int64(5))
	parent := func(keys ...ForeignKey) *Relation {
		return &Relation{Name: "a", Base: true, Children: keys, Columns: map[string]Column{
			"id": {Kind: Int, Unique: true}, "mail": {Kind: Text, Unique: true}, "x": {Kind: Int}, "y": {Kind: Int},
		}}
	}
	child := &Relation{Name: "b", Base: true, Columns: map[string]Column{"a_id": {Kind: Int}, "a_text": {Kind: Text}, "a_x": {Kind: Int}, "a_y": {Kind: Int},
		"label": {Kind: Text, Generated: true}}}
	setID, setX := []Assignment{set("id", int64(6))}, []Assignment{set("x", int64(6))}
	at := all(eq("x", int64(1)), eq("y", int64(2)))
	noX := atom("x", IsNull)
	for _, c := range []struct {
		name  string
		key   ForeignKey
		write Write
		want  string // what happens to b
	}{
		{"a composite key", ForeignKey{Child: "b", Columns: []string{"a_x", "a_y"}, Parent: []string{"x", "y"}, Deletes: true},
			Write{Kind: Delete, Where: &at}, "delete b: {a_x = 1, a_y = 2}"},
		{"a key that is NULL has no children", ForeignKey{Child: "b", Columns: []string{"a_x"}, Parent: []string{"x"}, Deletes: true},
			Write{Kind: Delete, Where: &noX}, ""},
		{"columns of two kinds", ForeignKey{Child: "b", Columns: []string{"a_text"}, Parent: []string{"id"}, Deletes: true},
			Write{Kind: Delete, Where: &byID}, "delete b: {a_text is not null}"},
		{"a column that is not known", ForeignKey{Child: "b", Columns: []string{"z"}, Parent: []string{"id"}, Deletes: true},
			Write{Kind: Delete, Where: &byID}, "delete b: {z is not null}"},
		{"the primary key is not named", ForeignKey{Child: "b", Columns: []string{"a_id"}, Deletes: true},
			Write{Kind: Delete, Where: &byID}, "delete b: {a_id is not null}"},
		{"the primary key is not named, a unique column moves", ForeignKey{Child: "b", Columns: []string{"a_id"}, OnUpdate: true},
			Write{Kind: Update, Where: &byID, Set: setID}, "update b (a_id, label): {a_id is not null} -> {any row}"},
		{"the primary key is not named, another column is written", ForeignKey{Child: "b", Columns: []string{"a_id"}, OnUpdate: true},
			Write{Kind: Update, Where: &byID, Set: setX}, ""},
		{"a composite primary key is not named", ForeignKey{Child: "b", Columns: []string{"a_x", "a_y"}, OnUpdate: true},
			Write{Kind: Update, Where: &byID, Set: setX}, "update b (a_x, a_y, label): {a_x is not null, a_y is not null} -> {any row}"},
		{"generated columns of the child are written too", ForeignKey{Child: "b", Columns: []string{"a_id"}, Parent: []string{"id"}, OnDelete: true},
			Write{Kind: Delete, Where: &byID}, "update b (a_id, label): {a_id = 5} -> {any row}"},
		{"no action", ForeignKey{Child: "b", Columns: []string{"a_id"}, Parent: []string{"id"}}, Write{Kind: Delete, Where: &byID}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.write.Table = "a"
			_, got, _ := strings.Cut(changed(Catalog{"a": parent(c.key), "b": child}, c.write, Facts{}), "\n")
			if got != c.want {
				t.Errorf("%q\nwant %q", got, c.want)
			}
		})
	}
	t.Run("a child that is not in the catalogue", func(t *testing.T) {
		catalog := Catalog{"a": parent(ForeignKey{Child: "b", Columns: []string{"a_id"}, Deletes: true})}
		if got := changed(catalog, Write{Table: "a", Kind: Delete, Where: &byID}, Facts{}); got != "any change of all tables" {
			t.Error(got)
		}
	})
	t.Run("a primary key of which nothing is known", func(t *testing.T) {
		key := ForeignKey{Child: "b", Columns: []string{"a_id"}, OnUpdate: true}
		a := &Relation{Name: "a", Base: true, Children: []ForeignKey{key}, Columns: map[string]Column{"x": {Kind: Int}}}
		got := changed(Catalog{"a": a, "b": child}, Write{Table: "a", Kind: Update, Where: &noX, Set: setX}, Facts{})
		if !strings.Contains(got, "update b (a_id, label)") {
			t.Error(got)
		}
	})
}

// TestForeignKeysInACycle deletes through a ring of tables, each of which
// refers to the next: it must come to an end, and it must go all the way.
func TestForeignKeysInACycle(t *testing.T) {
	ring := Catalog{}
	names := []string{"a", "b", "c"}
	for i, name := range names {
		ring[name] = &Relation{Name: name, Base: true, Columns: map[string]Column{"id": {Kind: Int, Unique: true}, "of": {Kind: Int}},
			Children: []ForeignKey{{Child: names[(i+1)%3], Columns: []string{"of"}, Parent: []string{"id"}, Deletes: true}}}
	}
	byID := eq("id", int64(1))
	want := strings.Join([]string{
		"delete a: {id = 1} or {of is not null}",
		"delete b: {of = 1} or {of is not null}",
		"delete c: {of is not null}",
	}, "\n")
	if got := changed(ring, Write{Table: "a", Kind: Delete, Where: &byID}, Facts{}); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

// TestForeignKeysThatPassOnTheirOwnColumns refer to parents by columns that are
// keys of their own: what is known of a row is known a little less of each
// generation below it.
func TestForeignKeysThatPassOnTheirOwnColumns(t *testing.T) {
	catalog := Catalog{"nodes": {Name: "nodes", Base: true,
		Columns:  map[string]Column{"a": {Kind: Int}, "b": {Kind: Int}, "c": {Kind: Int}},
		Children: []ForeignKey{{Child: "nodes", Columns: []string{"a", "b"}, Parent: []string{"b", "c"}, Deletes: true}}}}
	at := all(eq("b", int64(1)), eq("c", int64(2)))
	want := "delete nodes: {b = 1, c = 2} or {a = 1, b = 2} or {a is not null, b is not null}"
	if got := changed(catalog, Write{Table: "nodes", Kind: Delete, Where: &at}, Facts{}); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

func TestTriggers(t *testing.T) {
	catalog := library()
	catalog["log"] = &Relation{Name: "log", Base: true}
	catalog["stats"] = &Relation{Name: "stats", Base: true}
	catalog["books"].Triggered = []string{"books", "log"}
	catalog["log"].Triggered = []string{"log", "stats", "books"}
	byID := eq("id", int64(5))
	noChange := Facts{HasBefore: true, Before: []Image{{"id": int64(5), "author_id": int64(1)}}}
	books := []string{
		"any change of books", "any change of log", "any change of stats",
		"update loans (book_id): {book_id is not null} -> {any row}",
	}
	for _, c := range []struct {
		name  string
		write Write
		facts Facts
		want  []string
	}{
		{"of the table and of those it writes", Write{Table: "books", Kind: Delete, Where: &byID}, Facts{}, books},
		{"of an insert", Write{Table: "books", Kind: Insert}, Facts{}, books},
		{"of a statement that changes nothing", Write{Table: "books", Kind: Update, Where: &byID, Set: []Assignment{set("author_id", int64(1))}}, noChange, books},
		{"of a statement that reaches no row", Write{Table: "books", Kind: Delete, Where: &Predicate{Op: Or}}, Facts{}, books},
		{"of a child", Write{Table: "authors", Kind: Delete, Where: &byID}, Facts{}, append([]string{"delete authors: {id = 5}"}, books...)},
		{"of no concern", Write{Table: "loans", Kind: Delete, Where: &byID}, Facts{}, []string{"delete loans: {id = 5}"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			slices.Sort(c.want)
			if got, want := changed(catalog, c.write, c.facts), strings.Join(c.want, "\n"); got != want {
				t.Errorf("%s\nwant\n%s", got, want)
			}
		})
	}
	t.Run("that write to the parent", func(t *testing.T) {
		catalog := library()
		catalog["books"].Triggered = []string{"authors"}
		want := strings.Join([]string{
			"any change of authors", "any change of books",
			"update loans (book_id): {book_id is not null} -> {any row}",
		}, "\n")
		if got := changed(catalog, Write{Table: "authors", Kind: Delete, Where: &byID}, Facts{}); got != want {
			t.Errorf("%s\nwant\n%s", got, want)
		}
	})
	t.Run("that are not understood", func(t *testing.T) {
		catalog["log"].Triggered = []string{AllTables}
		if got := changed(catalog, Write{Table: "books", Kind: Insert}, Facts{}); got != "any change of all tables" {
			t.Error(got)
		}
	})
}

// TestWritesToWhatIsNoBaseTable change it as a whole: nothing is known of how
// it keeps its rows.
func TestWritesToWhatIsNoBaseTable(t *testing.T) {
	catalog := Catalog{
		"search": {Name: "search"},
		"view":   {Name: "view", Triggered: []string{"view", "base"}},
		"base":   {Name: "base", Base: true},
	}
	if got := changed(catalog, Write{Table: "search", Kind: Insert}, Facts{}); got != "any change of search" {
		t.Error(got)
	}
	if got := changed(catalog, Write{Table: "view", Kind: Insert}, Facts{}); got != "any change of base\nany change of view" {
		t.Error(got)
	}
}

// TestSeveralWritesToOneTable are united if they are of one kind.
func TestSeveralWritesToOneTable(t *testing.T) {
	one, two := eq("id", int64(1)), eq("id", int64(2))
	shape := &Shape{Verb: Mutation, Writes: []Write{
		{Table: "loans", Kind: Delete, Where: &one},
		{Table: "loans", Kind: Delete, Where: &two},
		{Table: "loans", Kind: Update, Where: &two, Set: []Assignment{set("book_id", int64(3))}},
	}}
	changes := shape.Changes("db", nil, library(), Facts{Rows: 2})
	if len(changes) != 2 || changes[0].String() != "delete loans: {id = 1} or {id = 2}" || changes[1].Kind != Update {
		t.Errorf("%v", changes)
	}
	shape = &Shape{Verb: Mutation, Writes: []Write{
		{Table: "authors", Kind: Update, Where: &one, Set: []Assignment{set("code", int64(3))}},
		{Table: "authors", Kind: Update, Where: &two, Set: []Assignment{set("name", "Bob")}},
	}}
	changes = shape.Changes("db", nil, library(), Facts{})
	if len(changes) != 2 || !changes[0].Columns.Has("code") || !changes[1].Columns.Has("name") {
		t.Errorf("%v", changes)
	}
	shape = &Shape{Verb: Mutation, Writes: []Write{{Table: "books", Kind: Delete, Where: &one}, {Table: "books", Kind: Delete, Where: &two}}}
	changes = shape.Changes("db", nil, library(), Facts{})
	if got := changes[1].String(); got != "update loans (book_id): {book_id = 1} or {book_id = 2} -> {any row}" {
		t.Error(got)
	}
}
