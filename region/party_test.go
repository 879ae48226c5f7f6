package region

import (
	"encoding"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/querykey"
)

// process is one of several that share a store.
type process struct {
	testing.TB
	Region
	lot     *lot
	line    *line
	hearing sync.Mutex
	faults  []error
}

// share makes n processes that meet in one store, whose journals are young no more.
func share(t testing.TB, n int) []*process {
	ps := shareYoung(t, n, sharing{})
	ps[0].grow()
	return ps
}

func shareYoung(t testing.TB, n int, s sharing) []*process {
	l := newLot()
	ps := make([]*process, n)
	for i := range ps {
		ps[i] = l.join(t, s)
	}
	return ps
}

// join makes one process more.
func (l *lot) join(t testing.TB, s sharing) *process {
	p := &process{TB: t, lot: l, line: &line{lot: l}}
	s.backend = p.line
	r := newShared(s, nil)
	r.Notify(func(err error) {
		p.hearing.Lock()
		defer p.hearing.Unlock()
		p.faults = append(p.faults, err)
	})
	p.Region = r
	t.Cleanup(func() { _ = r.Close() })
	return p
}

// tier makes one process more, with a memory of its own in front.
func (l *lot) tier(t testing.TB, level Level, s sharing) *process {
	p := l.join(t, s)
	p.Region = Tiered(MemoryOptions{}, p.Region, TieredOptions{Level: level})
	t.Cleanup(func() { _ = p.Region.(*tiered).Close() })
	return p
}

// mirror returns what the process knows of a table's journal.
func (p *process) mirror(table string) *mirror {
	if t, ok := p.Region.(*tiered); ok {
		return t.mirror(named(table))
	}
	return p.Region.(*shared).mirror(named(table))
}

// aside makes a call that is held up. It returns when the call is, and what is
// returned is to be called when it was released, and waits for it.
func aside(call func()) (wait func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		call()
	}()
	synctest.Wait()
	return func() { <-done }
}

// commit is a whole transaction.
func (p *process) commit(changes ...invalidation.Change) {
	p.Helper()
	p.announce(changes...).Commit(p.Context())
}

// grow ends the youth of the journals of the tests.
func (p *process) grow() {
	for _, table := range []string{"posts", "users", invalidation.AllTables} {
		p.lot.journal(journalName(named(table))).young = false
	}
}

// text is a result that is its own encoding.
type text string

func (t text) AppendBinary(b []byte) ([]byte, error) { return append(b, t...), nil }

var _ encoding.BinaryAppender = text("")

// asked is a read that knows the tables given.
type asked []invalidation.Table

func (a asked) Tables() []invalidation.Table { return a }

func (asked) Decode(b []byte) (any, error) {
	if string(b) == "unreadable" {
		return nil, errors.New("unreadable")
	}
	return text(b), nil
}

func (asked) Keep(v any) (any, int64, error) { return v, int64(len(v.(text))), nil }

func sharedKey(name string) querykey.Key {
	k := key(name)
	k.Common = len(k.Text)
	return k
}

// query takes the stamp for a query, and returns what stores its result.
func (p *process) query(name string, dep *invalidation.Dependency) func() bool {
	p.Helper()
	stamp, ok := p.Stamp(p.Context(), dep, 0)
	if !ok {
		p.Fatalf("no stamp for %s", name)
	}
	return func() bool {
		return p.Put(p.Context(), &Entry{
			Key: sharedKey(name), Dependency: dep, Stamp: stamp, Value: text(name), Encoding: text(name), TTL: time.Hour,
		})
	}
}

func (p *process) fill(name string, dep *invalidation.Dependency) {
	p.Helper()
	if !p.query(name, dep)() {
		p.Fatalf("%s was not stored", name)
	}
}

func (p *process) get(name string, dep *invalidation.Dependency) (*Entry, Miss) {
	return p.Get(p.Context(), sharedKey(name), asked(tablesOf(dep)))
}

func (p *process) hits(name string, dep *invalidation.Dependency) {
	p.Helper()
	if e, miss := p.get(name, dep); e == nil || e.Value != text(name) {
		p.Errorf("%s: got %v, %+v, want a hit", name, e, miss)
	}
}

func (p *process) misses(name string, dep *invalidation.Dependency, cause Cause) {
	p.Helper()
	if e, miss := p.get(name, dep); e != nil || miss.Cause != cause {
		p.Errorf("%s: got %v with cause %v, want a miss with cause %v", name, e, miss.Cause, cause)
	}
}

func (p *process) announce(changes ...invalidation.Change) Intent {
	p.Helper()
	intent, err := p.Announce(p.Context(), changes)
	if err != nil {
		p.Fatal(err)
	}
	return intent
}

// calls checks which calls of the store were made since the last time.
func (p *process) calls(want ...string) {
	p.Helper()
	if got := p.lot.counted(); !slices.Equal(got, want) {
		p.Errorf("calls of the store: %v, want %v", got, want)
	}
}

func TestWhatOneProcessStoresIsServedToAnother(t *testing.T) {
	ps := share(t, 2)
	ps[0].fill("topic 1", topic1)
	ps[1].hits("topic 1", topic1)
	ps[1].misses("topic 2", topic2, Absent)
}

func TestChangeOfOneProcessDropsWhatAnotherIsServed(t *testing.T) {
	ps := share(t, 2)
	ps[0].fill("topic 1", topic1)
	ps[0].fill("topic 2", topic2)
	intent := ps[1].announce(postIn1)
	for _, p := range ps {
		p.misses("topic 1", topic1, Blocked)
		p.hits("topic 2", topic2)
	}
	intent.Commit(t.Context())
	for _, p := range ps {
		p.misses("topic 1", topic1, Dead)
		p.hits("topic 2", topic2)
	}
	ps[0].fill("topic 1", topic1)
	ps[1].hits("topic 1", topic1)
}

func TestAbortOfOneProcessCostsNoOneAResult(t *testing.T) {
	ps := share(t, 2)
	ps[0].fill("topic 1", topic1)
	intent := ps[1].announce(postIn1)
	ps[0].misses("topic 1", topic1, Blocked)
	intent.Abort(t.Context())
	for _, p := range ps {
		p.hits("topic 1", topic1)
	}
}

func TestRoundTrips(t *testing.T) {
	ps := share(t, 2)
	both := reads(use("posts", nil), use("users", nil))
	ps[0].fill("both", both)
	ps[0].calls("look", "put")
	ps[1].hits("both", both)
	ps[1].calls("look")
	intent := ps[1].announce(postIn1, postIn2, userAdded)
	ps[1].calls("announce")
	intent.Commit(t.Context())
	ps[1].calls("settle")
	if _, miss := ps[0].Get(t.Context(), sharedKey("both"), asked(nil)); miss.Cause != Dead {
		t.Errorf("got %+v", miss)
	}
	ps[0].calls("look", "look") // the tables were not known
}

func TestJournalIsYoungForALease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ps := shareYoung(t, 2, sharing{})
		if _, ok := ps[0].Stamp(t.Context(), topic1, 0); ok {
			t.Error("a stamp was given of a journal that was begun just now")
		}
		time.Sleep(DefaultLease + time.Second)
		ps[1].Stamp(t.Context(), topic1, 0) // which is where it begins to be young for this one
		ps[0].Stamp(t.Context(), topic1, 0) // which ends it
		ps[0].fill("topic 1", topic1)
		ps[1].hits("topic 1", topic1)
	})
}

func TestWriterThatDied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ps := share(t, 2)
		ps[0].fill("topic 1", topic1)
		ps[0].fill("topic 2", topic2)
		dead := ps[1].announce(postIn1)
		dead.(*sharedIntent).stop()
		ps[0].misses("topic 1", topic1, Blocked)
		time.Sleep(DefaultLease - time.Second)
		ps[0].misses("topic 1", topic1, Blocked)
		time.Sleep(2 * time.Second)
		ps[0].misses("topic 1", topic1, Blocked) // and it is settled as committed
		ps[0].misses("topic 1", topic1, Dead)
		ps[0].hits("topic 2", topic2)
		ps[0].fill("topic 1", topic1)
		// He was alive after all: what he has done comes once more.
		dead.Commit(t.Context())
		ps[0].misses("topic 1", topic1, Dead)
	})
}

func TestWriterThatTakesLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ps := share(t, 2)
		ps[0].fill("topic 1", topic1)
		slow := ps[1].announce(postIn1)
		for range 20 {
			time.Sleep(DefaultLease / 2)
			ps[0].misses("topic 1", topic1, Blocked)
		}
		slow.Abort(t.Context())
		ps[0].hits("topic 1", topic1)
	})
}
