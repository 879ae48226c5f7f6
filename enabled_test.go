package cacheops_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops"
	"github.com/seed92106438/cacheops/profiles"
	"github.com/seed92106438/cacheops/querykey"
	"github.com/seed92106438/cacheops/region"
)

// spy is a memory region that notes what is asked of it.
type spy struct {
	region.Region
	gets, puts atomic.Int64
	ttl        atomic.Int64 // of the last entry put
}

func newSpy() *spy { return &spy{Region: region.Memory(region.MemoryOptions{})} }

func (s *spy) Get(ctx context.Context, key querykey.Key, q region.Query) (*region.Entry, region.Miss) {
	s.gets.Add(1)
	return s.Region.Get(ctx, key, q)
}

func (s *spy) Put(ctx context.Context, e *region.Entry) bool {
	s.puts.Add(1)
	s.ttl.Store(int64(e.TTL))
	return s.Region.Put(ctx, e)
}

// spied is everything cached in a region that notes what is asked of it.
func spied(profile profiles.Profile) (*spy, cacheops.Config) {
	s := newSpy()
	return s, cacheops.Config{Profiles: profiles.Set{"*": profile}, Regions: region.Set{region.Default: s}}
}

func TestDisabledReads(t *testing.T) {
	s, config := spied(profiles.Profile{Ops: profiles.All})
	f := newFixture(t, config)
	one := f.watch("post 1", firstPost(1)).isCached()
	two := f.watch("post 2", firstPost(2))
	byScope := f.watch("by a scope", under(t.Context(), firstPost(3), cacheops.Cache()))
	gets, puts := s.gets.Load(), s.puts.Load()

	f.cache.SetEnabled(false)
	one.isBypassed()
	two.isBypassed()
	byScope.isBypassed()
	if s.gets.Load() != gets || s.puts.Load() != puts {
		t.Error("the region was asked")
	}
	if n := f.cache.Stats().Bypasses[cacheops.Disabled]; n != 6 {
		t.Errorf("%d bypasses, want 6", n)
	}
	if e := f.explain(f.db, func(tx *gorm.DB) *gorm.DB { return tx.First(&Post{}, 1) }); e.Bypass != cacheops.Disabled {
		t.Errorf("%q", e.Bypass)
	}

	f.cache.SetEnabled(true)
	one.isKept()
	two.isCached()
	byScope.isCached()
}

func TestDisabledWritesDropResults(t *testing.T) {
	f := newFixture(t, everything)
	one := f.watch("post 1", firstPost(1)).isCached()
	two := f.watch("post 2", firstPost(2)).isCached()
	three := f.watch("post 3", firstPost(3)).isCached()
	four := f.watch("post 4", firstPost(4)).isCached()
	f.cache.SetEnabled(false)
	must(t, setTitle(f.db, 1, "changed"))
	must(t, f.db.Transaction(func(tx *gorm.DB) error { return setTitle(tx, 2, "changed") }))
	must(t, f.cache.InvalidateRow(t.Context(), &Post{ID: 3}))
	f.cache.SetEnabled(true)
	one.isFresh()
	two.isFresh()
	three.isFresh()
	four.isKept()
}

// Nothing is added to what the application sends: neither images of rows nor
// readings of the catalogue.
func TestDisabledAddsNoSQL(t *testing.T) {
	f := newFixture(t, everything)
	lists := f.watch("category 1", postsOf(1)).isCached()
	update := func() []string {
		f.log.Take()
		must(t, setTitle(f.db, 2, "of category 2"))
		return f.log.Take()
	}
	imaged := func(sent []string) bool { return len(sent) > 1 || strings.Contains(sent[0], "RETURNING") }
	if sent := update(); !imaged(sent) {
		t.Fatalf("no image was read, so nothing is put to the test: %q", sent)
	}
	lists.isKept() // thanks to the image
	f.cache.SetEnabled(false)
	if sent := update(); imaged(sent) {
		t.Errorf("sent %q", sent)
	}
	must(t, f.db.Exec("CREATE INDEX i ON notes (text)").Error) // the catalogue is forgotten
	read := f.log.Catalogue()
	lists.isBypassed()
	update()
	if n := f.log.Catalogue() - read; n != 0 {
		t.Errorf("the catalogue was read %d times", n)
	}
	f.cache.SetEnabled(true)
	lists.isFresh()
}

// A flight that began before caching was disabled may land after it.
func TestDisabledDuringAFlight(t *testing.T) {
	f := newSlow(t)
	one := f.watch("row 1", slow(1))
	g := atScan(t)
	done := make(chan answer)
	go func() { done <- one.read(f.db) }()
	<-g.reached
	f.cache.SetEnabled(false)
	f.setValue(1, 7)
	g.open()
	<-done
	f.cache.SetEnabled(true)
	one.isFresh()
}
