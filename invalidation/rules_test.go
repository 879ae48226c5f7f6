package invalidation

import (
	"database/sql/driver"
	"fmt"
	"testing"
	"time"
)

// TestRules has, for each way in which a box can be too small, the result that
// must be dropped for it, and beside it a neighbour that is kept: otherwise
// the rule would hold by dropping everything.
func TestRules(t *testing.T) {
	type row = map[string]driver.Value
	noon := date("2026-06-01T12:00:00Z")
	for rule, cases := range map[string][]struct {
		name  string
		where Predicate
		row   row
		drops bool
	}{
		"type": {
			{"a number compared with a text column", eq("title", int64(0)), row{"title": "go"}, true},
			{"a text column compared with a text", eq("title", "0"), row{"title": "go"}, false},
			{"a number stored as a numeral", eq("author_id", int64(3)), row{"author_id": "3"}, true},
			{"another number stored as a numeral", eq("author_id", int64(3)), row{"author_id": "4"}, false},
			{"a numeral that is not canonical", eq("author_id", int64(3)), row{"author_id": " 3.0"}, true},
			{"a float in an integer column", eq("author_id", int64(3)), row{"author_id": 3.0}, true},
			{"a column of unknown type", eq("price", int64(3)), row{"price": int64(4)}, true},
			{"a column that is not in the catalogue", eq("nickname", "x"), row{"title": "y"}, true},
			{"a value between two integers", all(atom("views", Greater, int64(10)), atom("views", Less, int64(11))), row{"views": 10.5}, true},
			{"a boolean is a number", eq("published", true), row{"published": int64(1)}, true},
			{"and only that number", eq("published", true), row{"published": int64(0)}, false},
		},
		"strings": {
			{"letter case", eq("title", "Go"), row{"title": "gO"}, true},
			{"trailing blanks", eq("title", "go"), row{"title": "go   "}, true},
			{"an accent in the row", eq("title", "cafe"), row{"title": "café"}, true},
			{"an accent in the query", eq("title", "straße"), row{"title": "strasse"}, true},
			{"an ignorable character", eq("title", "ab"), row{"title": "a\u00adb"}, true},
			{"a control character", eq("title", "ab"), row{"title": "ab\x00"}, true},
			{"another word", eq("title", "go"), row{"title": "rust"}, false},
			{"a leading blank", eq("title", "go"), row{"title": " go"}, false},
			{"a list, letter case", atom("title", In, "go", "rust"), row{"title": "Rust"}, true},
			{"a list, another word", atom("title", In, "go", "rust"), row{"title": "c"}, false},
			{"different from a text", atom("title", NotEq, "go"), row{"title": "GO"}, true},
			{"a range of text", atom("title", Greater, "m"), row{"title": "a"}, true},
			{"a text in upper case of a list of exclusions", atom("title", NotIn, "go"), row{"title": "GO"}, true},
			{"bytes are compared as they are", eq("digest", []byte("A")), row{"digest": []byte("a")}, false},
			{"equal bytes", eq("digest", []byte("A")), row{"digest": []byte("A")}, true},
			{"text in a column of bytes", eq("digest", []byte("A")), row{"digest": "A"}, true},
		},
		"like": {
			{"a prefix", atom("title", Like, "go%"), row{"title": "Golang"}, true},
			{"another prefix", atom("title", Like, "go%"), row{"title": "rust"}, false},
			{"a prefix that ends in a blank", atom("title", Like, "go %"), row{"title": "go "}, true},
			{"a wildcard for one character", atom("title", Like, "g_lang"), row{"title": "gxlang"}, true},
			{"before the wildcard", atom("title", Like, "g_lang"), row{"title": "xolang"}, false},
			{"a backslash may be an escape", atom("title", Like, `a\%b%`), row{"title": "a%bc"}, true},
			{"no prefix", atom("title", Like, "%go"), row{"title": "rust"}, true},
			{"no prefix, NULL", atom("title", Like, "%go"), row{"title": nil}, false},
			{"on numbers", atom("views", Like, "1%"), row{"views": int64(21)}, true},
			{"like NULL", atom("title", Like, nil), row{"title": "go"}, false},
		},
		"numbers": {
			{"past 2^53, the same", eq("id", int64(1<<53+1)), row{"id": int64(1<<53 + 1)}, true},
			{"past 2^53, two apart", eq("id", int64(1<<53+1)), row{"id": int64(1<<53 + 3)}, false},
			{"unsigned, not the negative of the same bits", eq("id", uint64(1<<64-1)), row{"id": int64(-1)}, false},
			{"a float stored in four bytes", eq("score", 0.1), row{"score": float64(float32(0.1))}, true},
			{"a float next to the limit of a range", atom("score", Less, float64(float32(0.1))), row{"score": 0.1}, true},
			{"another float", eq("score", 0.1), row{"score": 0.2}, false},
			{"a float out of range", atom("score", Less, 0.1), row{"score": 0.2}, false},
			{"different from a float", atom("score", NotEq, 0.1), row{"score": 0.1}, true},
			{"different from an integer", atom("views", NotEq, int64(5)), row{"views": int64(5)}, false},
			{"different from an integer, another", atom("views", NotEq, int64(5)), row{"views": int64(6)}, true},
			{"an open end", atom("views", Greater, int64(5)), row{"views": int64(5)}, false},
			{"a closed end", atom("views", GreaterEq, int64(5)), row{"views": int64(5)}, true},
			{"the other open end", atom("views", Less, int64(5)), row{"views": int64(5)}, false},
			{"the other closed end", atom("views", LessEq, int64(5)), row{"views": int64(5)}, true},
			{"between", all(atom("views", GreaterEq, int64(5)), atom("views", LessEq, int64(9))), row{"views": int64(10)}, false},
		},
		"time": {
			{"the same in another zone", eq("created_at", noon), row{"created_at": date("2026-06-01T14:00:00+02:00")}, true},
			{"rounded to seconds", eq("created_at", noon), row{"created_at": noon.Add(400 * time.Millisecond)}, true},
			{"another time", eq("created_at", noon), row{"created_at": noon.Add(time.Minute)}, false},
			{"a list", atom("created_at", In, noon, noon.AddDate(1, 0, 0)), row{"created_at": noon.AddDate(0, 6, 0)}, false},
			{"earlier, but later as text", atom("created_at", Greater, noon), row{"created_at": date("2026-06-01T20:00:00+14:00")}, true},
			{"days earlier", atom("created_at", Greater, noon), row{"created_at": noon.AddDate(0, 0, -5)}, false},
			{"days later", atom("created_at", LessEq, noon), row{"created_at": noon.AddDate(0, 0, 5)}, false},
			{"written as text", eq("created_at", noon), row{"created_at": "2026-06-01"}, true},
			{"asked as text", eq("created_at", "2026-06-01"), row{"created_at": noon}, true},
		},
		"null": {
			{"equal to NULL", eq("author_id", nil), row{"author_id": nil}, false},
			{"NULL is not equal", eq("author_id", int64(5)), row{"author_id": nil}, false},
			{"NULL is not different", atom("author_id", NotEq, int64(5)), row{"author_id": nil}, false},
			{"NULL is in no range", atom("views", Less, int64(5)), row{"views": nil}, false},
			{"is null", atom("deleted_at", IsNull), row{"deleted_at": nil}, true},
			{"is null, another", atom("deleted_at", IsNull), row{"deleted_at": noon}, false},
			{"is not null", atom("deleted_at", IsNotNull), row{"deleted_at": noon}, true},
			{"is not null, NULL", atom("deleted_at", IsNotNull), row{"deleted_at": nil}, false},
			{"of an unknown type", atom("price", IsNotNull), row{"price": nil}, false},
			{"of an unknown type, some value", atom("price", IsNull), row{"price": "1.50"}, true},
			{"a list with NULL", atom("views", In, nil, int64(5)), row{"views": int64(5)}, true},
			{"a list with NULL, another", atom("views", In, nil, int64(5)), row{"views": int64(6)}, false},
			{"a list with NULL, NULL", atom("views", In, nil, int64(5)), row{"views": nil}, false},
			{"nothing differs from a list with NULL", atom("views", NotIn, int64(5), nil), row{"views": int64(6)}, false},
			{"not in a list", atom("views", NotIn, int64(5)), row{"views": int64(6)}, true},
			{"not in a list, NULL", atom("views", NotIn, int64(5)), row{"views": nil}, false},
			{"in the empty list", atom("views", In), row{"views": int64(6)}, false},
			{"NULL is not in the empty list", atom("views", NotIn), row{"views": nil}, true},
			{"a nil slice of bytes may be NULL", atom("digest", IsNull), row{"digest": []byte(nil)}, true},
			{"a NULL key is chosen by the database", eq("id", int64(7)), row{"id": nil}, true},
		},
		"and, or": {
			{"all hold", all(eq("author_id", int64(1)), eq("views", int64(2))), row{"author_id": int64(1), "views": int64(2)}, true},
			{"one does not", all(eq("author_id", int64(1)), eq("views", int64(2))), row{"author_id": int64(1), "views": int64(3)}, false},
			{"one column is not given", all(eq("author_id", int64(1)), eq("views", int64(2))), row{"author_id": int64(1)}, true},
			{"some hold", some(eq("author_id", int64(1)), eq("views", int64(2))), row{"author_id": int64(3), "views": int64(2)}, true},
			{"none holds", some(eq("author_id", int64(1)), eq("views", int64(2))), row{"author_id": int64(3), "views": int64(3)}, false},
			{"a condition that is not understood", some(eq("author_id", int64(1)), all()), row{"author_id": int64(3)}, true},
			{"a condition that is not understood, beside one that is", all(eq("author_id", int64(1)), all()), row{"author_id": int64(3)}, false},
			{"a contradiction", all(eq("author_id", int64(1)), eq("author_id", int64(2))), row{"author_id": int64(1)}, false},
			{"no alternative", some(), row{"author_id": int64(1)}, false},
			{"lists are cut", all(atom("views", In, int64(1), int64(2)), atom("views", In, int64(2), int64(3))), row{"views": int64(1)}, false},
			{"alternatives within alternatives", all(some(eq("author_id", int64(1)), eq("author_id", int64(2))), some(eq("views", int64(3)), eq("views", int64(4)))),
				row{"author_id": int64(2), "views": int64(5)}, false},
		},
	} {
		for _, c := range cases {
			t.Run(rule+"/"+c.name, func(t *testing.T) {
				if got := drops(t, read(c.where, "id"), insert(c.row), Facts{}); got != c.drops {
					t.Errorf("dropped: %v", got)
				}
				// The same holds for the row that an update leaves.
				assignments := []Assignment{}
				for name, v := range c.row {
					assignments = append(assignments, set(name, v))
				}
				after := update(all(), assignments...).Changes("db", nil, blog, Facts{})[0].After
				boxes := read(c.where).Dependency("db", nil, blog).Tables[0].Boxes()
				if meetAny(after, boxes) != c.drops {
					t.Errorf("after an update %v, asked for %v", describe(after), describe(boxes))
				}
			})
		}
	}
}

func TestManyAlternativesCollapseToTheirHull(t *testing.T) {
	var authors, both []Predicate
	for i := range int64(100) {
		authors = append(authors, eq("author_id", i))
		both = append(both, all(eq("author_id", i), eq("views", 2*i)))
	}
	for _, c := range []struct {
		name   string
		where  Predicate
		author int64
		drops  bool
	}{
		{"one column stays exact", some(authors...), 100, false},
		{"each of them counts", some(authors...), 99, true},
		{"two columns are taken apart", some(both...), 50, true},
		{"outside both", some(both...), 100, false},
		{"a product of alternatives", all(some(authors...), some(both...)), 100, false},
		{"a product of alternatives, inside", all(some(authors...), some(both...)), 3, true},
	} {
		row := map[string]driver.Value{"author_id": c.author, "views": int64(6)}
		if got := drops(t, read(c.where, "id"), insert(row), Facts{}); got != c.drops {
			t.Errorf("%s: dropped: %v", c.name, got)
		}
	}
}

func TestLongLists(t *testing.T) {
	list := func(n int64) Predicate {
		p := Predicate{Op: In, Column: "author_id"}
		for i := range n {
			p.Operands = append(p.Operands, literal(2*i))
		}
		return p
	}
	for _, c := range []struct {
		name   string
		length int64
		author int64
		drops  bool
	}{
		{"a member", maxPoints, 2 * (maxPoints - 1), true},
		{"between members", maxPoints, 3, false},
		{"past the bound, a member", maxPoints + 1, 2 * maxPoints, true},
		{"past the bound, between members", maxPoints + 1, 3, true},
		{"past the bound, outside", maxPoints + 1, 2*maxPoints + 1, false},
	} {
		row := map[string]driver.Value{"author_id": c.author}
		if got := drops(t, read(list(c.length), "id"), insert(row), Facts{}); got != c.drops {
			t.Errorf("%s: dropped: %v", c.name, got)
		}
	}
}

// Of a change of many rows the hull is kept, and it stays one of its own columns.
func TestChangesOfManyRowsAreKeptCoarsely(t *testing.T) {
	for _, c := range []struct {
		name  string
		rows  int64
		where Predicate
		drops bool
	}{
		{"a member", maxWritten, eq("author_id", int64(2)), true},
		{"between members", maxWritten, eq("author_id", int64(3)), false},
		{"past the bound, a member", maxWritten + 1, eq("author_id", int64(2)), true},
		{"past the bound, between members", maxWritten + 1, eq("author_id", int64(3)), true},
		{"past the bound, outside", maxWritten + 1, eq("author_id", int64(-2)), false},
		{"past the bound, a text", maxWritten + 1, eq("title", "t2"), true},
		{"past the bound, no text", maxWritten + 1, atom("title", IsNull), false},
	} {
		many := Write{Table: "posts", Kind: Insert, Names: []string{"author_id", "title"}}
		for i := range c.rows {
			many.Rows = append(many.Rows, []Operand{literal(2 * i), literal(fmt.Sprint("t", i))})
		}
		if got := drops(t, read(c.where, "id"), write(many), Facts{}); got != c.drops {
			t.Errorf("%s: dropped: %v", c.name, got)
		}
	}
}

func TestLongUnionsAreWidened(t *testing.T) {
	floats := func(n int) Predicate {
		p := Predicate{Op: In, Column: "score"}
		for i := range n {
			p.Operands = append(p.Operands, literal(float64(i)))
		}
		return p
	}
	patterns := func(n int) Predicate {
		p := Predicate{Op: Or}
		for i := range n {
			p.Terms = append(p.Terms, atom("title", Like, string(rune('a'+i))+"%"))
		}
		return p
	}
	texts := func(n int) Predicate {
		p := Predicate{Op: In, Column: "title"}
		for i := range n {
			p.Operands = append(p.Operands, literal(fmt.Sprint("t", i)))
		}
		return p
	}
	excluded := func(n int64) Predicate {
		p := Predicate{Op: NotIn, Column: "views"}
		for i := range n {
			p.Operands = append(p.Operands, literal(i))
		}
		return p
	}
	for _, c := range []struct {
		name  string
		where Predicate
		row   row
		drops bool
	}{
		{"intervals, between two", floats(maxSpans), row{"score": 0.5}, false},
		{"too many intervals, between two", floats(maxSpans + 1), row{"score": 0.5}, true},
		{"too many intervals, outside", floats(maxSpans + 1), row{"score": -1.0}, false},
		{"too many texts, another", texts(maxPoints + 1), row{"title": "z"}, true},
		{"too many texts, NULL", texts(maxPoints + 1), row{"title": nil}, false},
		{"texts, another", texts(maxPoints), row{"title": "z"}, false},
		{"prefixes, another", patterns(maxPrefixes), row{"title": "z"}, false},
		{"too many prefixes, another", patterns(maxPrefixes + 1), row{"title": "z"}, true},
		{"too many prefixes, NULL", patterns(maxPrefixes + 1), row{"title": nil}, false},
		{"exclusions, one of them", excluded(maxPoints), row{"views": int64(1)}, false},
		{"too many exclusions, one of them", excluded(maxPoints + 1), row{"views": int64(1)}, true},
		{"too many exclusions, NULL", excluded(maxPoints + 1), row{"views": nil}, false},
	} {
		if got := drops(t, read(c.where, "id"), insert(c.row), Facts{}); got != c.drops {
			t.Errorf("%s: dropped: %v", c.name, got)
		}
	}
}

func TestOperandsThatAreNotKnown(t *testing.T) {
	for name, operand := range map[string]Operand{
		"unknown":                 {},
		"a parameter that is not": {Param: 2},
		"a negative parameter":    {Param: -1, Known: true, Literal: int64(5)},
	} {
		for _, op := range []Op{Eq, NotEq, Less, In, NotIn, Like} {
			where := Predicate{Op: op, Column: "views", Operands: []Operand{operand}}
			shape := read(where, "id")
			if !drops(t, shape, insert(map[string]driver.Value{"views": int64(7)}), Facts{}) {
				t.Errorf("%s, operator %d: a row is lost", name, op)
			}
			if drops(t, shape, insert(map[string]driver.Value{"views": nil}), Facts{}) {
				t.Errorf("%s, operator %d: holds for NULL", name, op)
			}
		}
	}
	if where := atom("views", Eq); !drops(t, read(where, "id"), insert(row{"views": int64(7)}), Facts{}) {
		t.Error("a comparison with nothing restricts")
	}
	if where := (Predicate{Op: 99, Column: "views"}); !drops(t, read(where, "id"), insert(map[string]driver.Value{"views": nil}), Facts{}) {
		t.Error("an operator that is not known restricts")
	}
}

func TestJoinedColumns(t *testing.T) {
	catalog := Catalog{
		"posts":   blog["posts"],
		"authors": {Name: "authors", Base: true, Columns: map[string]Column{"id": {Kind: Int}, "name": {Kind: Text}, "code": {}}},
	}
	joined := func(column string, term Predicate) Predicate {
		return Predicate{Op: Joined, Column: column, Table: "authors", Terms: []Predicate{term}}
	}
	for _, c := range []struct {
		name   string
		where  Predicate
		author driver.Value
		drops  bool
	}{
		{"what is asked of the other side", joined("author_id", eq("id", int64(3))), int64(3), true},
		{"another value", joined("author_id", eq("id", int64(3))), int64(4), false},
		{"NULL is never equal", joined("author_id", atom("id", NotIn)), nil, false},
		{"another kind", joined("author_id", eq("name", "3")), int64(4), true},
		{"another kind, even NULL", joined("author_id", eq("name", "3")), nil, true},
		{"an unknown kind", joined("author_id", eq("code", int64(3))), int64(4), true},
		{"by way of a third column", joined("author_id", joined("id", eq("id", int64(3)))), int64(4), false},
		{"two unknown kinds", joined("price", eq("code", int64(3))), nil, true},
		{"more than an atom", Predicate{Op: Joined, Column: "author_id", Table: "authors", Terms: []Predicate{eq("id", int64(3)), eq("id", int64(3))}}, int64(4), true},
	} {
		row := map[string]driver.Value{"author_id": c.author, "price": nil}
		if got := dropsIn(catalog, read(c.where, "id"), insert(row), Facts{}); got != c.drops {
			t.Errorf("%s: dropped: %v", c.name, got)
		}
	}
}
