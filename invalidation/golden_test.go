package invalidation

import (
	"bytes"
	"encoding/hex"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
)

// goldenChanges have every kind of change, form of a set and kind of value. What they
// are must not change: they are what the golden files have.
func goldenChanges() []Change {
	at := time.Date(2026, 7, 1, 12, 0, 0, 500, time.UTC)
	id := [16]byte{1, 2, 3, 14: 15, 15: 16}
	compared := func(column string, c Column, op Op, v any) Term { return Term{column, c.compared(op, v)} }
	return []Change{
		{Table: Table{"db", AllTables}, Kind: Redefinition, Rows: -1},
		{
			Table: Table{"db", "public.posts"}, Kind: Update, Rows: 3, Columns: Columns{Names: []string{"title", "views"}},
			Before: []Box{
				{
					compared("author_id", Column{Kind: Int}, NotEq, int64(-7)),
					compared("created_at", Column{Kind: Time, Canonical: true}, Less, at),
					compared("day", Column{Kind: Day}, GreaterEq, at),
					compared("digest", Column{Kind: Bytes}, Eq, []byte("\x00\xff")),
					compared("heard_at", Column{Kind: Clock}, Eq, at),
					compared("key", Column{Kind: UUID}, NotEq, id),
					compared("name", Column{Kind: Exact}, Like, "Ab%"),
					compared("price", Column{Kind: Decimal}, Greater, "-12.5"),
					compared("score", Column{Kind: Float}, Eq, 0.1),
					compared("title", Column{Kind: Text}, Eq, "A title "),
					compared("told_at", Column{Kind: Wall}, LessEq, at),
				},
				{{"deleted_at", onlyNull}},
				{{"deleted_at", someValue}, {"id", finiteSet(true, []Value{{kind: Int, lo: 1}, {kind: Int, lo: 1 << 63}})}},
			},
			After: whole(),
		},
		{Table: Table{"db", "users"}, Kind: Insert, Rows: 1, After: []Box{{compared("id", Column{Kind: Int}, Eq, int64(1))}}},
		{Table: Table{"db", "users"}, Kind: Delete, Rows: 1, Before: []Box{{compared("name", Column{Kind: Exact}, Eq, "Ünal")}}},
		{Table: Table{"db", "users"}, Kind: Any, Rows: -1, Columns: Columns{All: true}},
	}
}

func goldenDependency() *Dependency {
	posts := goldenChanges()[1]
	d := &Dependency{Tables: []TableDependency{
		{Table: Table{"db", "comments"}},
		{Table: Table{"db", "public.posts"}, Parts: []Part{
			{Boxes: posts.Before, Columns: posts.Columns, Side: After},
			{Columns: Columns{Names: []string{"id"}}, Side: Before},
		}},
		{Table: Table{"other", "users"}, declared: true, Parts: []Part{every()}},
	}}
	return d
}

// golden reads bytes from a file of hexadecimal digits.
func golden(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name + ".hex")
	if err != nil {
		t.Fatal(err)
	}
	b, err := hex.DecodeString(strings.Join(strings.Fields(string(text)), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// What was written when version 1 was made is read as it was meant. It must stay so
// for as long as that version is not refused.
func TestVersion1IsRead(t *testing.T) {
	var written []byte
	b := golden(t, "v1-changes")
	for _, want := range goldenChanges() {
		written = AppendChange(written, &want)
		var got Change
		var err error
		if got, b, err = ReadChange(b); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %#v, %v; want %#v", got, err, want)
		}
	}
	if !bytes.Equal(written, golden(t, "v1-changes")) {
		t.Errorf("changes are written otherwise now, as\n%x", written)
	}
	d, _, err := ReadDependency(golden(t, "v1-dependency"))
	if err != nil || !reflect.DeepEqual(d, goldenDependency()) {
		t.Errorf("got %#v, %v", d, err)
	}
	if written := AppendDependency(nil, goldenDependency()); !bytes.Equal(written, golden(t, "v1-dependency")) {
		t.Errorf("dependencies are written otherwise now, as\n%x", written)
	}
}
