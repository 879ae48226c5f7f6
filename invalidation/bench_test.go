package invalidation

import (
	"database/sql/driver"
	"testing"
)

// Sinks keep the compiler from leaving out what is measured.
var (
	sinkBool       bool
	sinkDependency *Dependency
	sinkChanges    []Change
)

var (
	byParam  = Predicate{Op: Eq, Column: "id", Operands: []Operand{{Param: 1}}}
	lookedAt = Columns{Names: []string{"author_id", "id", "title"}}
	pkQuery  = &Shape{Verb: Query, Params: 1, Uses: []Use{{"posts", &byParam, lookedAt}}}
	pkUpdate = &Shape{Verb: Mutation, Params: 2, Writes: []Write{{
		Table: "posts", Kind: Update, Where: &byParam, Set: []Assignment{{Column: "title", Values: []Operand{{Param: 2}}}},
	}}}
)

// meetings are pairs that a hit compares under writes.
func meetings() map[string][2]any {
	bind := func(where Predicate) *TableDependency {
		return &read(where, "id", "title").Dependency("db", nil, blog).Tables[0]
	}
	list := func(n int64) Predicate {
		p := Predicate{Op: In, Column: "id"}
		for i := range n {
			p.Operands = append(p.Operands, literal(3*i))
		}
		return p
	}
	change := pkUpdate.Changes("db", []driver.Value{int64(5), "new"}, blog, Facts{})[0]
	row := insert(map[string]driver.Value{
		"id": int64(5), "author_id": int64(1), "title": "new", "views": int64(0), "score": 1.5, "deleted_at": nil,
	}).Changes("db", nil, blog, Facts{})[0]
	mass := remove(list(1000)).Changes("db", nil, blog, Facts{})[0]
	return map[string][2]any{
		"point and point":    {&change, bind(eq("id", int64(6)))},
		"point and list":     {&change, bind(list(100))},
		"row and conditions": {&row, bind(all(eq("author_id", int64(1)), atom("views", Greater, int64(10)), atom("deleted_at", IsNull)))},
		"row and prefix":     {&row, bind(atom("title", Like, "old%"))},
		"list and list":      {&mass, bind(atom("id", In, int64(1), int64(100), int64(1000)))},
	}
}

func TestMeetsAllocatesNothing(t *testing.T) {
	for name, pair := range meetings() {
		change, dependency := pair[0].(*Change), pair[1].(*TableDependency)
		if change.Meets(dependency) {
			t.Errorf("%s: they meet, so not all of it is looked at", name)
		}
		if n := testing.AllocsPerRun(100, func() { sinkBool = change.Meets(dependency) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// TestBindingAllocatesLittle holds the plain cases to what they need: a
// dependency is itself, its table, part, box, term and point; a change is a change,
// and for each of before and after a box, its terms and points.
func TestBindingAllocatesLittle(t *testing.T) {
	args := []driver.Value{int64(5), "new title"}
	if n := testing.AllocsPerRun(100, func() { sinkDependency = pkQuery.Dependency("db", args[:1], blog) }); n > 6 {
		t.Errorf("a dependency by primary key: %v allocations", n)
	}
	if n := testing.AllocsPerRun(100, func() { sinkChanges = pkUpdate.Changes("db", args, blog, Facts{}) }); n > 14 {
		t.Errorf("an update by primary key: %v allocations", n)
	}
}

func BenchmarkMeets(b *testing.B) {
	for name, pair := range meetings() {
		change, dependency := pair[0].(*Change), pair[1].(*TableDependency)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				sinkBool = change.Meets(dependency)
			}
		})
	}
}

func BenchmarkDependencyByPrimaryKey(b *testing.B) {
	args := []driver.Value{int64(5)}
	b.ReportAllocs()
	for b.Loop() {
		sinkDependency = pkQuery.Dependency("db", args, blog)
	}
}

func BenchmarkUpdateByPrimaryKey(b *testing.B) {
	args := []driver.Value{int64(5), "new title"}
	b.ReportAllocs()
	for b.Loop() {
		sinkChanges = pkUpdate.Changes("db", args, blog, Facts{})
	}
}

func BenchmarkInsertOfRows(b *testing.B) {
	for name, n := range map[string]int{"1": 1, "1000": 1000} {
		w := Write{Table: "posts", Kind: Insert, Names: []string{"author_id", "views", "title", "score", "deleted_at"}}
		for i := range n {
			w.Rows = append(w.Rows, []Operand{literal(int64(i % 7)), literal(int64(0)), literal("title"), literal(1.5), literal(nil)})
		}
		shape := write(w)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				sinkChanges = shape.Changes("db", nil, blog, Facts{})
			}
		})
	}
}

// BenchmarkUpdateOfToldRows is an update of 100 rows by a condition, which has told
// another column of each.
func BenchmarkUpdateOfToldRows(b *testing.B) {
	where := eq("author_id", int64(1))
	shape := write(Write{Table: "posts", Kind: Update, Where: &where, Set: []Assignment{{Column: "title", Values: []Operand{literal("new")}}}})
	facts := Facts{HasBefore: true, Rows: 100}
	for i := range 100 {
		facts.Before = append(facts.Before, Image{"id": int64(i)})
	}
	b.ReportAllocs()
	for b.Loop() {
		sinkChanges = shape.Changes("db", nil, blog, facts)
	}
}
