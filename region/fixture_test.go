package region

import (
	"hash/maphash"
	"slices"
	"testing"

	"go.uber.org/goleak"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/querykey"
	"github.com/seed92106438/cacheops/region/internal/forum"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The tables of the tests, with what is read of them and what is changed in them.
type where = forum.Where

var (
	atom   = forum.Atom
	is     = forum.Is
	in     = forum.In
	above  = forum.Above
	either = forum.Either

	read    = forum.Read
	reads   = forum.Reads
	use     = forum.Use
	boxes   = forum.Boxes
	catalog = forum.Catalog
	named   = forum.Named

	inserted = forum.Inserted
	deleted  = forum.Deleted
	updated  = forum.Updated
	anything = forum.Anything

	everyTable = forum.EveryTable
	topic1     = forum.Topic1
	topic2     = forum.Topic2
	allUsers   = forum.AllUsers
	postIn1    = forum.PostIn1
	postIn2    = forum.PostIn2
	userAdded  = forum.UserAdded
)

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

// delete deletes an entry.
func (f *fixture) delete(name string) {
	f.Helper()
	if err := f.Delete(f.Context(), key(name)); err != nil {
		f.Error(err)
	}
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
