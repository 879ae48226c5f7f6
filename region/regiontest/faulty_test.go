package regiontest_test

import (
	"context"
	"sync"
	"time"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/querykey"
	"github.com/seed92106438/cacheops/region"
)

// faulty is a region whose methods can be replaced, one by one.
type faulty struct {
	region.Region
	get      func(context.Context, querykey.Key) (*region.Entry, region.Miss)
	stamp    func(context.Context, *invalidation.Dependency, time.Duration) (region.Stamp, bool)
	put      func(context.Context, *region.Entry) bool
	fresh    func(context.Context, *region.Entry) bool
	announce func(context.Context, []invalidation.Change) (region.Intent, error)
	remove   func(context.Context, querykey.Key) error
	watches  func() bool
	dropped  func(querykey.Key) (region.Drop, bool)
	lock     func(context.Context, querykey.Key) (unlock func(), holder string) // nil if there are none

	mu      sync.Mutex
	entries map[string]*region.Entry // that were put, by the text of their keys
}

// newFaulty makes a region that has no fault yet.
func newFaulty(r region.Region) *faulty {
	f := &faulty{Region: r, put: r.Put, fresh: r.Fresh, stamp: r.Stamp, announce: r.Announce, remove: r.Delete, dropped: r.Dropped}
	f.entries = map[string]*region.Entry{}
	f.get = func(ctx context.Context, key querykey.Key) (*region.Entry, region.Miss) { return r.Get(ctx, key, nil) }
	return f
}

func (f *faulty) Get(ctx context.Context, key querykey.Key, _ region.Query) (*region.Entry, region.Miss) {
	return f.get(ctx, key)
}

func (f *faulty) Stamp(ctx context.Context, dep *invalidation.Dependency, lag time.Duration) (region.Stamp, bool) {
	return f.stamp(ctx, dep, lag)
}

func (f *faulty) Put(ctx context.Context, e *region.Entry) bool {
	f.mu.Lock()
	f.entries[string(e.Key.Text)] = e
	f.mu.Unlock()
	return f.put(ctx, e)
}

func (f *faulty) Fresh(ctx context.Context, e *region.Entry) bool { return f.fresh(ctx, e) }

func (f *faulty) Announce(ctx context.Context, changes []invalidation.Change) (region.Intent, error) {
	return f.announce(ctx, changes)
}

func (f *faulty) Delete(ctx context.Context, key querykey.Key) error { return f.remove(ctx, key) }

func (f *faulty) Watches(table invalidation.Table, columns []string, written invalidation.Columns) bool {
	if f.watches != nil {
		return f.watches()
	}
	return f.Region.Watches(table, columns, written)
}

func (f *faulty) Dropped(key querykey.Key) (region.Drop, bool) { return f.dropped(key) }

// Lock implements the optional interface by which processes wait for each other.
func (f *faulty) Lock(ctx context.Context, key querykey.Key) (unlock func(), holder string) {
	return f.lock(ctx, key)
}

// known returns what was put under key, whatever has become of it.
func (f *faulty) known(key querykey.Key) *region.Entry {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.entries[string(key.Text)]
}

// faultyIntent is an intent whose outcomes are replaced.
type faultyIntent struct {
	commit func(context.Context, []invalidation.Change)
	abort  func(context.Context)
}

func (i faultyIntent) Commit(ctx context.Context, changes ...invalidation.Change) {
	i.commit(ctx, changes)
}
func (i faultyIntent) Abort(ctx context.Context) { i.abort(ctx) }

// settle replaces the outcomes of what is announced.
func (f *faulty) settle(outcome func(in region.Intent, announced []invalidation.Change) faultyIntent) {
	f.announce = func(ctx context.Context, changes []invalidation.Change) (region.Intent, error) {
		in, err := f.Region.Announce(ctx, changes)
		if err != nil {
			return nil, err
		}
		return outcome(in, changes), nil
	}
}
