package invalidation

import (
	"database/sql/driver"
	"fmt"
	"testing"
)

func TestTexts(t *testing.T) {
	noon := date("2026-06-01T12:00:00Z")
	long := Predicate{Op: In, Column: "views"}
	for i := range int64(20) {
		long.Operands = append(long.Operands, literal(i))
	}
	for _, c := range []struct {
		where Predicate
		want  string
	}{
		{all(), "{any row}"},
		{some(), "{no row}"},
		{all(eq("id", int64(3)), atom("views", Greater, int64(10))), "{id = 3, views > 10}"},
		{eq("id", int64(-3)), "{id = -3}"},
		{eq("id", uint64(1<<64-1)), "{id = 18446744073709551615}"},
		{atom("views", GreaterEq, int64(10)), "{views >= 10}"},
		{all(atom("views", GreaterEq, int64(1)), atom("views", Less, int64(5))), "{1 <= views < 5}"},
		{all(atom("views", Greater, int64(1)), atom("views", LessEq, int64(5))), "{1 < views <= 5}"},
		{atom("views", In, int64(2), int64(1)), "{views in (1, 2)}"},
		{long, "{views in (0, 1, 2, 3, 4, 5, 6, 7, and 12 more)}"},
		{atom("views", NotIn, int64(2), int64(1)), "{views not in (1, 2)}"},
		{atom("views", IsNull), "{views is null}"},
		{atom("views", IsNotNull), "{views is not null}"},
		{eq("title", `say "Go"`), `{title = "say \"go\""}`},
		{atom("title", Like, "Go%"), `{title like "go%"}`},
		{eq("score", 1.5), "{score = 1.5}"},
		{atom("score", Less, 1.5), "{score <= 1.5}"},
		{eq("digest", []byte("go")), "{digest = x'676f'}"},
		{eq("created_at", noon), "{2026-06-01T11:59:59Z <= created_at <= 2026-06-01T12:00:01Z}"},
		{some(eq("id", int64(1)), eq("views", int64(2))), "{id = 1} or {views = 2}"},
	} {
		d := read(c.where, "id").Dependency("db", nil, blog)
		if got, want := d.Tables[0].String(), "posts (id): "+c.want; got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
}

func TestTextsOfSets(t *testing.T) {
	one := Value{kind: Int, lo: 1}
	for _, c := range []struct {
		set  Set
		want string
	}{
		{Set{}, "value is anything"},
		{none, "value is nothing"},
		{onlyNull.Union(just(one)), "value in (null, 1)"},
		{allButSet(true, []Value{one}), "(value not in (1) or value is null)"},
		{spanSet(false, span{hi: one}, span{lo: Value{kind: Int, lo: 5}}), "(value <= 1 or value >= 5)"},
		{spanSet(true, span{}), "(value is not null or value is null)"},
	} {
		if got := c.set.String(); got != c.want {
			t.Errorf("%s\nwant %s", got, c.want)
		}
	}
}

// Example shows how a query and two writes are compared: what an analyser
// makes of
//
//	SELECT id, title FROM posts WHERE author_id = ?
//	UPDATE posts SET title = ? WHERE author_id = ?
func Example() {
	catalog := Catalog{"posts": {Name: "posts", Base: true, Columns: map[string]Column{
		"id": {Kind: Int, Unique: true}, "author_id": {Kind: Int}, "title": {Kind: Text},
	}}}
	byAuthor := func(param int) *Predicate {
		return &Predicate{Op: Eq, Column: "author_id", Operands: []Operand{{Param: param}}}
	}
	query := &Shape{Verb: Query, Params: 1, Uses: []Use{
		{Table: "posts", Where: byAuthor(1), Columns: Columns{Names: []string{"author_id", "id", "title"}}},
	}}
	update := &Shape{Verb: Mutation, Params: 2, Writes: []Write{
		{Table: "posts", Kind: Update, Where: byAuthor(2), Set: []Assignment{{Column: "title", Values: []Operand{{Param: 1}}}}},
	}}

	dependency := query.Dependency("blog.db", []driver.Value{int64(7)}, catalog)
	fmt.Println(dependency)
	for _, author := range []int64{7, 8} {
		for _, change := range update.Changes("blog.db", []driver.Value{"New", author}, catalog, Facts{}) {
			fmt.Println(change, change.Meets(&dependency.Tables[0]))
		}
	}
	// Output:
	// posts (author_id, id, title): {author_id = 7}
	// update posts (title): {author_id = 7} -> {author_id = 7, title = "new"} true
	// update posts (title): {author_id = 8} -> {author_id = 8, title = "new"} false
}
