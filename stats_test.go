package cacheops_test

import (
	"context"
	"maps"
	"reflect"
	"testing"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops"
	"github.com/seed92106438/cacheops/profiles"
	"github.com/seed92106438/cacheops/region"
)

// counts are the figures of Stats that the tests below follow.
type counts struct{ hits, shared, misses, fills, refused, dropped, changes, errors uint64 }

func countsOf(cache *cacheops.Plugin) counts {
	s := cache.Stats()
	return counts{s.Hits, s.Shared, s.Misses, s.Fills, s.Refused, s.Dropped, s.Changes, s.Errors}
}

// adds checks what a step adds to the counters.
func (f *fixture) adds(want counts, name string, step func()) {
	f.Helper()
	before := reflect.ValueOf(countsOf(f.cache))
	step()
	after, wanted := reflect.ValueOf(countsOf(f.cache)), reflect.ValueOf(want)
	for i := range after.NumField() {
		if got := after.Field(i).Uint() - before.Field(i).Uint(); got != wanted.Field(i).Uint() {
			f.Errorf("%s adds %d %s, want %d", name, got, after.Type().Field(i).Name, wanted.Field(i).Uint())
		}
	}
}

func TestEachStepIsCounted(t *testing.T) {
	f := newFixture(t, cacheops.Config{Profiles: profiles.Set{"*": {Ops: profiles.All, MaxRows: 5}}})
	first := func() { must(t, f.db.First(&Post{}, 1).Error) }
	f.adds(counts{misses: 1, fills: 1}, "a miss", first)
	f.adds(counts{hits: 1}, "a hit", first)
	f.adds(counts{changes: 1}, "a write", func() { must(t, setTitle(f.db, 1, "changed")) })
	f.adds(counts{dropped: 1, misses: 1, fills: 1}, "a read of what was dropped", first)
	f.adds(counts{misses: 1, refused: 1}, "a result with too many rows", func() { must(t, f.db.Find(&[]Post{}).Error) })
	f.adds(counts{misses: 1, fills: 1}, "an empty result", func() { f.db.First(&Post{}, 99) })
	f.adds(counts{hits: 1}, "an empty result again", func() { f.db.First(&Post{}, 99) })
	f.adds(counts{misses: 1}, "a query that fails", func() { f.db.Find(&[]Post{}, "nosuch = 1") })
	f.adds(counts{errors: 1}, "no such region", func() {
		must(t, f.db.Scopes(cacheops.Cache(cacheops.Region("nowhere"))).First(&Post{}, 1).Error)
	})
	f.adds(counts{}, "a write that reaches nothing", func() { must(t, setTitle(f.db, 99, "x")) })
	f.adds(counts{}, "a rollback", func() {
		_ = f.db.Transaction(func(tx *gorm.DB) error { must(t, setTitle(tx, 1, "x")); return errRollback })
	})
	f.adds(counts{changes: 1}, "an invalidation", func() { must(t, f.cache.InvalidateModel(t.Context(), &Post{})) })
}

func TestBypassesAreCountedByReason(t *testing.T) {
	f := newFixture(t, cacheops.Config{Profiles: profiles.Set{"posts": {Ops: profiles.All}, "tags": {Never: true}}})
	must(t, f.db.Find(&[]Note{}).Error) // nobody asked: not worth a count
	if n := len(f.cache.Stats().Bypasses); n != 0 {
		t.Errorf("%d bypasses", n)
	}
	for range 2 {
		must(t, f.db.Scopes(cacheops.NoCache()).First(&Post{}, 1).Error)
	}
	must(t, f.db.Scopes(cacheops.Cache()).Find(&[]Tag{}).Error)
	must(t, f.db.Transaction(func(tx *gorm.DB) error { return tx.First(&Post{}, 1).Error }))
	must(t, f.db.FirstOrInit(&Post{}, "id = ?", 1).Error)
	got := f.cache.Stats().Bypasses
	want := map[cacheops.Bypass]uint64{
		cacheops.Forbidden: 2, cacheops.NeverCached: 1, cacheops.InTransaction: 1, cacheops.FirstOrCreate: 1,
	}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	got[cacheops.Forbidden] = 99
	if n := f.cache.Stats().Bypasses[cacheops.Forbidden]; n != 2 {
		t.Error("the caller changed the counters")
	}
}

func TestSharedQueryIsCountedAsAHit(t *testing.T) {
	f := newSlow(t)
	one := f.watch("row 1", slow(1))
	g := atScan(t)
	leader, follower := make(chan answer), make(chan answer)
	f.adds(counts{misses: 1, fills: 1, hits: 1, shared: 1}, "a query for two", func() {
		go func() { leader <- one.read(f.db) }()
		<-g.reached
		ctx := &joined{Context: t.Context(), when: make(chan struct{})}
		go func() { follower <- one.read(f.db.WithContext(ctx)) }()
		<-ctx.when
		g.open()
		one.compare(<-leader)
		one.compare(<-follower)
	})
}

func TestSizesOfRegions(t *testing.T) {
	shared := region.Memory(region.MemoryOptions{MaxBytes: 1 << 20})
	config := cacheops.Config{
		Profiles: profiles.Set{"*": {Ops: profiles.All}},
		Regions:  region.Set{region.Default: shared, "alias": shared, "other": region.Memory(region.MemoryOptions{})},
	}
	f := newFixture(t, config)
	if s := f.cache.Stats(); s.Entries != 0 || s.Bytes != 0 || len(s.Regions) != 3 {
		t.Errorf("at first: %+v", s)
	}
	must(t, f.db.Find(&[]Post{}).Error)
	s := f.cache.Stats()
	if s.Entries != 1 || s.Regions["alias"].Entries != 1 || s.Regions["other"].Entries != 0 {
		t.Errorf("one result: %+v", s)
	}
	if s.Bytes < 12*100 || s.Bytes != s.Regions[region.Default].Bytes || s.Regions["alias"].MaxBytes != 1<<20 {
		t.Errorf("twelve posts: %+v", s)
	}
	must(t, f.db.WithContext(cacheops.WithCache(context.Background(), cacheops.Region("other"))).First(&Post{}, 1).Error)
	if s := f.cache.Stats(); s.Entries != 2 || s.Regions["other"].Entries != 1 {
		t.Errorf("one in each: %+v", s)
	}
}
