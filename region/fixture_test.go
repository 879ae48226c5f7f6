package region

import (
	"database/sql/driver"
	"hash/maphash"
	"slices"
	"testing"

	"go.uber.org/goleak"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/querykey"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// forum is the catalogue of the tests: a table of posts and one of users.
var forum = invalidation.Catalog{
	"posts": {Name: "posts", Base: true, Columns: map[string]invalidation.Column{
		"id":    {Kind: invalidation.Int, Unique: true},
		"topic": {Kind: invalidation.Int},
		"views": {Kind: invalidation.Int},
	}},
	"users": {Name: "users", Base: true, Columns: map[string]invalidation.Column{
		"id":   {Kind: invalidation.Int, Unique: true},
		"name": {Kind: invalidation.Text},
	}},
}

// where is a list of conditions that hold together.
type where []invalidation.Predicate

func atom(op invalidation.Op, column string, values ...driver.Value) invalidation.Predicate {
	p := invalidation.Predicate{Op: op, Column: column}
	for _, v := range values {
		p.Operands = append(p.Operands, invalidation.Operand{Known: true, Literal: v})
	}
	return p
}

func is(column string, value driver.Value) invalidation.Predicate {
	return atom(invalidation.Eq, column, value)
}

func in(column string, values ...driver.Value) invalidation.Predicate {
	return atom(invalidation.In, column, values...)
}

func above(column string, value driver.Value) invalidation.Predicate {
	return atom(invalidation.Greater, column, value)
}

func either(terms ...invalidation.Predicate) invalidation.Predicate {
	return invalidation.Predicate{Op: invalidation.Or, Terms: terms}
}

// read is a query of one table: its rows, and the columns it looks at.
func read(table string, rows where, columns ...string) *invalidation.Dependency {
	return reads(use(table, rows, columns...))
}

func reads(uses ...invalidation.Use) *invalidation.Dependency {
	return (&invalidation.Shape{Uses: uses}).Dependency("forum", nil, forum)
}

func use(table string, rows where, columns ...string) invalidation.Use {
	return invalidation.Use{
		Table:   table,
		Where:   &invalidation.Predicate{Op: invalidation.And, Terms: rows},
		Columns: invalidation.Columns{All: len(columns) == 0, Names: columns},
	}
}

// retyped is a query of one topic by a catalogue in which topics are texts.
func retyped(topic string) *invalidation.Dependency {
	catalog := invalidation.Catalog{"posts": {Name: "posts", Base: true, Columns: map[string]invalidation.Column{
		"topic": {Kind: invalidation.Text},
	}}}
	shape := &invalidation.Shape{Uses: []invalidation.Use{use("posts", where{is("topic", topic)})}}
	return shape.Dependency("forum", nil, catalog)
}

// orNull makes NULL a member of every set of the query.
func orNull(d *invalidation.TableDependency) *invalidation.TableDependency {
	null := boxes("posts", where{atom(invalidation.IsNull, "id")})[0][0].Set
	for _, box := range d.Boxes() {
		for i := range box {
			box[i].Set = box[i].Set.Union(null)
		}
	}
	return d
}

func boxes(table string, rows where) []invalidation.Box {
	return read(table, rows).Tables[0].Boxes()
}

func named(table string) invalidation.Table {
	return invalidation.Table{Database: "forum", Name: table}
}

func inserted(table string, row ...invalidation.Predicate) invalidation.Change {
	return invalidation.Change{Table: named(table), Kind: invalidation.Insert, After: boxes(table, row)}
}

func deleted(table string, row ...invalidation.Predicate) invalidation.Change {
	return invalidation.Change{Table: named(table), Kind: invalidation.Delete, Before: boxes(table, row)}
}

func updated(table string, before, after where, columns ...string) invalidation.Change {
	return invalidation.Change{
		Table: named(table), Kind: invalidation.Update,
		Before: boxes(table, before), After: boxes(table, after),
		Columns: invalidation.Columns{All: len(columns) == 0, Names: columns},
	}
}

// anything is a change of which nothing is known but its table.
func anything(table string) invalidation.Change {
	return invalidation.Change{Table: named(table)}
}

var (
	everyTable = anything(invalidation.AllTables)

	topic1    = read("posts", where{is("topic", int64(1))})
	topic2    = read("posts", where{is("topic", int64(2))})
	allUsers  = read("users", nil)
	postIn1   = inserted("posts", is("id", int64(10)), is("topic", int64(1)))
	postIn2   = inserted("posts", is("id", int64(20)), is("topic", int64(2)))
	userAdded = inserted("users", is("id", int64(30)))
)

var seed = maphash.MakeSeed()

func key(name string) querykey.Key {
	return querykey.Key{Hash: maphash.String(seed, name), Text: []byte(name)}
}

// fixture is a region under test, with steps that name what they expect.
type fixture struct {
	testing.TB
	*memory
}

func begin(t testing.TB, o MemoryOptions) *fixture {
	return &fixture{t, Memory(o).(*memory)}
}

// separate gives the index of a journal a seed with which no two of the points
// in boxes share a cell, so that a test does not depend on chance.
func (x *index) separate(boxes ...[]invalidation.Box) {
	x.cells = make([]uint64, x.size)
	for {
		x.seed = maphash.MakeSeed()
		points, cells := map[any]bool{}, map[*uint64]bool{}
		for _, box := range slices.Concat(boxes...) {
			for _, term := range box {
				values, _ := term.Set.Points()
				for _, value := range values {
					points[[2]any{term.Column, value}] = true
					cells[x.cell(term.Column, value)] = true
				}
			}
		}
		if len(points) == len(cells) {
			return
		}
	}
}

// query is one fill in three steps: begun, with its stamp taken; then the
// query runs; then it is stored.
type query struct {
	f     *fixture
	entry *Entry
}

// query takes the stamp for a query.
func (f *fixture) query(name string, dep *invalidation.Dependency) *query {
	f.Helper()
	stamp, ok := f.Stamp(f.Context(), dep, 0)
	if !ok {
		f.Fatalf("no stamp for %s", name)
	}
	return &query{f, &Entry{Key: key(name), Dependency: dep, Stamp: stamp, Value: name}}
}

func (q *query) isStored() *Entry {
	q.f.Helper()
	if !q.f.Put(q.f.Context(), q.entry) {
		q.f.Errorf("%s was not stored", q.entry.Value)
	}
	return q.entry
}

func (q *query) isNotStored() {
	q.f.Helper()
	if q.f.Put(q.f.Context(), q.entry) {
		q.f.Errorf("%s was stored", q.entry.Value)
	}
	if s := q.f.find(q.entry.Key); s != nil && s.entry == q.entry {
		q.f.Errorf("%s is in the store, though Put says it is not", q.entry.Value)
	}
}

// fill runs a query with nothing in between.
func (f *fixture) fill(name string, dep *invalidation.Dependency) *Entry {
	f.Helper()
	return f.query(name, dep).isStored()
}

func (f *fixture) isBlocked(dep *invalidation.Dependency) {
	f.Helper()
	if _, ok := f.Stamp(f.Context(), dep, 0); ok {
		f.Error("a stamp was given")
	}
}

func (f *fixture) hits(names ...string) {
	f.Helper()
	for _, name := range names {
		if e, miss := f.Get(f.Context(), key(name), nil); e == nil || e.Value != name {
			f.Errorf("%s: got %v, %+v, want a hit", name, e, miss)
		}
	}
}

func (f *fixture) misses(name string, cause Cause) Drop {
	f.Helper()
	e, miss := f.Get(f.Context(), key(name), nil)
	if e != nil || miss.Cause != cause {
		f.Errorf("%s: got %v with cause %v, want a miss with cause %v", name, e, miss.Cause, cause)
	}
	return miss.Drop
}

func (f *fixture) announce(changes ...invalidation.Change) Intent {
	f.Helper()
	intent, err := f.Announce(f.Context(), changes)
	if err != nil {
		f.Fatal(err)
	}
	return intent
}

// commit is a whole transaction.
func (f *fixture) commit(changes ...invalidation.Change) {
	f.Helper()
	f.announce(changes...).Commit(f.Context())
}
