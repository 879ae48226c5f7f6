package cacheops_test

import (
	"context"
	"testing"

	"github.com/seed92106438/cacheops/profiles"
	"github.com/seed92106438/cacheops/querykey"
	"github.com/seed92106438/cacheops/region"
)

// A look-up may be a round trip, so a miss that has the key to itself takes one.
func TestMissLooksUpOnce(t *testing.T) {
	s, config := spied(profiles.Profile{Ops: profiles.All})
	f := newFixture(t, config)
	one := f.watch("post 1", firstPost(1))
	looksUpOnce := func(name string, read func()) {
		t.Helper()
		before := s.gets.Load()
		read()
		if n := s.gets.Load() - before; n != 1 {
			t.Errorf("%s: the region was asked %d times", name, n)
		}
	}
	looksUpOnce("a miss", func() { one.costs(1) })
	looksUpOnce("a hit", func() { one.isKept() })
	looksUpOnce("a miss of another key", func() { f.watch("post 2", firstPost(2)).costs(1) })
	must(t, setTitle(f.db, 1, "changed"))
	looksUpOnce("a miss after a change", func() { one.costs(1) })
}

// slowLookUp is a region in which a look-up takes as long as its context says.
type slowLookUp struct{ region.Region }

type holding struct{}

func (s slowLookUp) Get(ctx context.Context, key querykey.Key, q region.Query) (*region.Entry, region.Miss) {
	entry, miss := s.Region.Get(ctx, key, q)
	if g, ok := ctx.Value(holding{}).(*gate); ok {
		g.stop()
	}
	return entry, miss
}

// A read has looked in vain. Before it begins a flight, that of another read of the
// same result lands.
func TestReadThatLookedBeforeAFlightLandedSendsNoQuery(t *testing.T) {
	config := everything
	config.Regions = region.Set{region.Default: slowLookUp{region.Memory(region.MemoryOptions{})}}
	f := newFixture(t, config)
	one, two := f.watch("post 1", firstPost(1)), f.watch("post 2", firstPost(2))
	late := func(w *watched) (landed func() answer) {
		g, done := newGate(), make(chan answer)
		db := f.db.WithContext(context.WithValue(t.Context(), holding{}, g))
		go func() { done <- w.read(db) }()
		<-g.reached
		return func() answer {
			f.log.Take()
			g.open()
			return <-done
		}
	}

	read := late(one)
	one.costs(1)
	one.compare(read())
	if sent := f.log.Take(); len(sent) > 0 {
		t.Errorf("it sent %q, though the result was there", sent)
	}

	read = late(two)
	two.costs(1)
	must(t, setTitle(f.db, 2, "changed"))
	two.compare(read())
	if sent := f.log.Take(); len(sent) != 1 {
		t.Errorf("it sent %q, and the result was untrue", sent)
	}
}
