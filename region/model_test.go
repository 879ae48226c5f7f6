package region

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/querykey"
)

// TestRegionAgreesWithModel runs random steps against a region and against a
// model that forgets nothing and compares every change with every dependency.
// With a journal that is long enough, the two agree in everything. With a
// short one, the region may give a result up that the model keeps, and then
// it says that it cannot tell; it never keeps one that the model gives up.
func TestRegionAgreesWithModel(t *testing.T) {
	synctest.Test(t, regionAgreesWithModel)
}

func regionAgreesWithModel(t *testing.T) {
	untimed := struct{ testing.TB }{t} // a bubble's clock knows no deadline
	rapid.Check(untimed, func(t *rapid.T) {
		length := rapid.SampledFrom([]int{1, 3, 1000}).Draw(t, "journal length")
		m := &model{
			region:  Memory(MemoryOptions{JournalLength: length}),
			forgets: length < 1000,
			entries: map[uint64]*fill{},
		}
		t.Repeat(map[string]func(*rapid.T){
			"stamp":    m.stamp,
			"put":      m.put,
			"announce": m.announce,
			"commit":   m.commit,
			"abort":    m.abort,
			"get":      m.get,
			"fresh":    m.fresh,
			"delete":   m.delete,
			"wait":     func(*rapid.T) { time.Sleep(time.Second) },
		})
	})
}

type model struct {
	region  Region
	forgets bool

	committed []invalidation.Change // in their order
	settled   []time.Time           // of each
	pending   []*writer
	begun     []*fill          // stamped and not yet put
	stored    []*fill          // accepted by Put, once
	entries   map[uint64]*fill // by hash of their keys
}

type fill struct {
	entry *Entry
	since int // changes committed when it was stamped
}

type writer struct {
	intent  Intent
	changes []invalidation.Change
}

// killer returns a committed change that met the result of f, or nil.
func (m *model) killer(f *fill) *invalidation.Change {
	for i := f.since; i < len(m.committed); i++ {
		if touches(&m.committed[i], f.entry.Dependency) {
			return &m.committed[i]
		}
	}
	return nil
}

func (m *model) blocked(dep *invalidation.Dependency) bool {
	return slices.ContainsFunc(m.pending, func(w *writer) bool {
		return slices.ContainsFunc(w.changes, func(c invalidation.Change) bool { return touches(&c, dep) })
	})
}

// touches reports whether the change meets any table of the dependency.
func touches(c *invalidation.Change, dep *invalidation.Dependency) bool {
	for i := range dep.Tables {
		if c.Meets(&dep.Tables[i]) {
			return true
		}
	}
	return false
}

func (m *model) stamp(t *rapid.T) {
	dep := drawDependency(t)
	lag := time.Duration(rapid.IntRange(0, 2).Draw(t, "lag")) * time.Second
	stamp, ok := m.region.Stamp(t.Context(), dep, lag)
	clear := !m.blocked(dep) && !m.stirred(dep, lag)
	if ok && !clear || clear && !ok && !(m.forgets && lag > 0) {
		t.Fatalf("stamp with lag %s: %v, but clear is %v", lag, ok, clear)
	}
	if ok {
		e := &Entry{Key: drawKey(t), Dependency: dep, Stamp: stamp}
		m.begun = append(m.begun, &fill{e, len(m.committed)})
	}
}

// stirred reports whether a change that meets dep was committed within lag.
func (m *model) stirred(dep *invalidation.Dependency, lag time.Duration) bool {
	for i := range m.committed {
		if lag > 0 && time.Since(m.settled[i]) <= lag && touches(&m.committed[i], dep) {
			return true
		}
	}
	return false
}

func (m *model) put(t *rapid.T) {
	f := take(t, &m.begun)
	ok := m.region.Put(t.Context(), f.entry)
	fresh := m.killer(f) == nil && !m.blocked(f.entry.Dependency)
	if ok && !fresh || fresh && !ok && !m.forgets {
		t.Fatalf("put: %v, but fresh is %v", ok, fresh)
	}
	if ok {
		m.entries[f.entry.Key.Hash] = f
		m.stored = append(m.stored, f)
	}
}

func (m *model) announce(t *rapid.T) {
	changes := rapid.SliceOfN(rapid.Custom(drawChange), 1, 4).Draw(t, "changes")
	intent, err := m.region.Announce(t.Context(), slices.Clone(changes))
	if err != nil {
		t.Fatal(err)
	}
	m.pending = append(m.pending, &writer{intent, changes})
}

func (m *model) commit(t *rapid.T) {
	w := take(t, &m.pending)
	if rapid.Bool().Draw(t, "as announced") {
		w.intent.Commit(t.Context())
		m.settle(w.changes)
		return
	}
	var narrowed []invalidation.Change
	for _, c := range w.changes {
		narrowed = append(narrowed, drawNarrower(t, c))
	}
	w.intent.Commit(t.Context(), narrowed...)
	m.settle(narrowed)
}

func (m *model) settle(changes []invalidation.Change) {
	m.committed = append(m.committed, changes...)
	for range changes {
		m.settled = append(m.settled, time.Now())
	}
}

func (m *model) abort(t *rapid.T) {
	take(t, &m.pending).intent.Abort(t.Context())
}

func (m *model) get(t *rapid.T) {
	k := drawKey(t)
	got, miss := m.region.Get(t.Context(), k, nil)
	f := m.entries[k.Hash]
	if f == nil || string(f.entry.Key.Text) != string(k.Text) {
		if got != nil || miss.Cause != Absent {
			t.Fatalf("get %s, which is not there: %+v, %+v", k.Text, got, miss)
		}
		return
	}
	killer, blocked := m.killer(f), m.blocked(f.entry.Dependency)
	switch {
	case got != nil:
		if got != f.entry || killer != nil || blocked {
			t.Fatalf("get %s: served, but killed by %+v, blocked %v", k.Text, killer, blocked)
		}
	case miss.Cause == Absent:
		t.Fatalf("get %s: absent", k.Text)
	case miss.Cause == Blocked:
		if !blocked {
			t.Fatalf("get %s: blocked by nothing", k.Text)
		}
	case miss.Drop.Change.Table == invalidation.Table{}:
		if !m.forgets {
			t.Fatalf("get %s: given up by a journal that forgets nothing", k.Text)
		}
		delete(m.entries, k.Hash)
	default:
		if killer == nil || !touches(&miss.Drop.Change, f.entry.Dependency) {
			t.Fatalf("get %s: killed by %+v, which does not meet it", k.Text, miss.Drop.Change)
		}
		delete(m.entries, k.Hash)
	}
}

func (m *model) fresh(t *rapid.T) {
	if len(m.stored) == 0 {
		t.Skip("nothing was put")
	}
	f := rapid.SampledFrom(m.stored).Draw(t, "entry")
	got, want := m.region.Fresh(t.Context(), f.entry), m.killer(f) == nil && !m.blocked(f.entry.Dependency)
	if got && !want || want && !got && !m.forgets {
		t.Fatalf("fresh %s: %v, want %v", f.entry.Key.Text, got, want)
	}
}

func (m *model) delete(t *rapid.T) {
	k := drawKey(t)
	if err := m.region.Delete(t.Context(), k); err != nil {
		t.Fatal(err)
	}
	if f := m.entries[k.Hash]; f != nil && string(f.entry.Key.Text) == string(k.Text) {
		delete(m.entries, k.Hash)
	}
}

// take removes one of a list.
func take[T any](t *rapid.T, list *[]T) T {
	if len(*list) == 0 {
		t.Skip("there is none")
	}
	i := rapid.IntRange(0, len(*list)-1).Draw(t, "which")
	one := (*list)[i]
	*list = slices.Delete(*list, i, i+1)
	return one
}

// drawKey draws one of a few keys, some with one hash.
func drawKey(t *rapid.T) querykey.Key {
	n := rapid.IntRange(0, 5).Draw(t, "key")
	return querykey.Key{Hash: uint64(n % 4), Text: fmt.Append(nil, "q", n)}
}

func drawDatabase(t *rapid.T) string {
	return rapid.SampledFrom([]string{"forum", "forum", "shop"}).Draw(t, "database")
}

var columnsOf = map[string][]string{"posts": {"id", "topic", "views"}, "users": {"id"}}

func drawTable(t *rapid.T) string {
	return rapid.SampledFrom([]string{"posts", "posts", "users"}).Draw(t, "table")
}

func drawDependency(t *rapid.T) *invalidation.Dependency {
	var shape invalidation.Shape
	for range rapid.IntRange(1, 2).Draw(t, "uses") {
		table := drawTable(t)
		shape.Uses = append(shape.Uses, use(table, drawWhere(t, table), drawColumns(t, table)...))
	}
	return shape.Dependency(drawDatabase(t), nil, catalog)
}

func drawColumns(t *rapid.T, table string) []string {
	names := rapid.SliceOfDistinct(rapid.SampledFrom(columnsOf[table]), rapid.ID).Draw(t, "columns")
	slices.Sort(names)
	return names
}

func drawWhere(t *rapid.T, table string) where {
	var rows where
	for range rapid.IntRange(0, 2).Draw(t, "conditions") {
		if rapid.IntRange(0, 3).Draw(t, "or") == 0 {
			rows = append(rows, either(drawAtom(t, table), drawAtom(t, table)))
		} else {
			rows = append(rows, drawAtom(t, table))
		}
	}
	return rows
}

func drawAtom(t *rapid.T, table string) invalidation.Predicate {
	column := rapid.SampledFrom(columnsOf[table]).Draw(t, "column")
	value := func() int64 { return rapid.Int64Range(0, 3).Draw(t, "value") }
	switch rapid.IntRange(0, 4).Draw(t, "operator") {
	case 0:
		return in(column, value(), value())
	case 1:
		return above(column, value())
	case 2:
		return atom(invalidation.IsNull, column)
	}
	return is(column, value())
}

func drawChange(t *rapid.T) invalidation.Change {
	database := drawDatabase(t)
	if rapid.IntRange(0, 9).Draw(t, "all tables") == 0 {
		return invalidation.Change{Table: invalidation.Table{Database: database, Name: invalidation.AllTables}}
	}
	return drawChangeOf(t, invalidation.Table{Database: database, Name: drawTable(t)})
}

func drawChangeOf(t *rapid.T, table invalidation.Table) invalidation.Change {
	before, after := boxes(table.Name, drawWhere(t, table.Name)), boxes(table.Name, drawWhere(t, table.Name))
	return invalidation.Change{
		Table:   table,
		Kind:    invalidation.ChangeKind(rapid.IntRange(0, 3).Draw(t, "kind")),
		Before:  before,
		After:   after,
		Columns: invalidation.Columns{Names: drawColumns(t, table.Name)},
	}
}

// drawNarrower draws a change that c covers.
func drawNarrower(t *rapid.T, c invalidation.Change) invalidation.Change {
	switch {
	case c.Table.Name == invalidation.AllTables:
		c.Table.Name = drawTable(t)
		return drawChangeOf(t, c.Table)
	case c.Kind == invalidation.Any:
		return drawChangeOf(t, c.Table)
	}
	return c
}

// TestIndexSparesOnlyWhatNoChangeMeets compares the index alone with all the
// changes it noted, columns that change their kind included.
func TestIndexSparesOnlyWhatNoChangeMeets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := newIndex(1)
		var noted []invalidation.Change
		for range rapid.IntRange(0, 12).Draw(t, "steps") {
			if d := drawKinds(t); rapid.Bool().Draw(t, "watch") {
				x.watch(d, uint64(len(noted)))
			} else {
				c := invalidation.Change{
					Table: d.Table, Kind: invalidation.Update, Columns: d.Parts[0].Columns,
					Before: d.Boxes(), After: drawKinds(t).Boxes(),
				}
				noted = append(noted, c)
				x.note(&c, uint64(len(noted)))
			}
		}
		d := drawKinds(t)
		for since := range noted {
			if !x.spares(d, uint64(since)) {
				continue
			}
			for _, c := range noted[since:] {
				if c.Meets(d) {
					t.Fatalf("%+v is spared since %d, but %+v meets it", d, since, c)
				}
			}
		}
	})
}

// drawKinds draws a query of posts by a catalogue in which each column is of
// one of two kinds.
func drawKinds(t *rapid.T) *invalidation.TableDependency {
	columns := map[string]invalidation.Column{}
	var rows where
	for _, name := range []string{"id", "topic"} {
		kind := rapid.SampledFrom([]invalidation.Kind{invalidation.Int, invalidation.Text}).Draw(t, "kind")
		columns[name] = invalidation.Column{Kind: kind}
		p := drawAtom(t, "users")
		p.Column = name
		for i, o := range p.Operands {
			if kind == invalidation.Text {
				p.Operands[i].Literal = fmt.Sprint(o.Literal)
			}
		}
		if rapid.Bool().Draw(t, "restricted") {
			rows = append(rows, p)
		}
	}
	shape := invalidation.Shape{Uses: []invalidation.Use{use("posts", rows)}}
	catalog := invalidation.Catalog{"posts": {Name: "posts", Base: true, Columns: columns}}
	d := &shape.Dependency("forum", nil, catalog).Tables[0]
	if rapid.Bool().Draw(t, "or NULL") {
		orNull(d)
	}
	return d
}
