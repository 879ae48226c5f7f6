package region

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed92106438/cacheops/querykey"
)

// Level says how new what a tiered region serves must be.
type Level struct{ bound time.Duration }

// Linearizable asks the store's journals at each look-up, in one round trip: what
// is served is what the database would answer now. It is the zero Level.
var Linearizable = Level{}

// Bounded serves from memory without a round trip, as long as the journals were
// heard of within d. What other processes wrote is seen after d at the latest; what
// this process wrote is seen at once.
func Bounded(d time.Duration) Level { return Level{d} }

// TieredOptions are the options of [Tiered].
type TieredOptions struct {
	// Level is Linearizable by default.
	Level Level
}

// Tiered returns a region that keeps in the memory of this process what it has had
// from a shared region, made by [Redis] or [SQLite]. The journals are the shared
// ones, and by them alone what is in memory is found to be untrue: a result that is
// deleted, which is no change of any row, goes from the store and from the memory of
// the process that deletes it, while others that have it in theirs serve it until its
// TTL ends or a change meets it.
//
// The region must be closed if the level is bounded; the shared region is closed with
// it, and must not be used by itself.
func Tiered(front MemoryOptions, inner Region, o TieredOptions) Region {
	var s *shared
	switch inner := inner.(type) {
	case *shared:
		s = inner
	case *SQLiteFile:
		s = inner.shared
	default:
		err := fmt.Errorf("a tiered region needs a region that processes share, not a %T", inner)
		s = newShared(sharing{backend: nowhere{}}, err)
	}
	t := &tiered{shared: s, front: Memory(front).(*memory), bound: o.Level.bound}
	t.heard.Store(int64(time.Since(start))) // since when every journal will have been followed
	if o.Level.bound < 0 {
		t.err = errors.New("the bound of a tiered region must not be negative")
	}
	return t
}

// tiered is the region made by [Tiered].
type tiered struct {
	*shared
	err   error
	front *memory // for its store only: its journals have no part in this
	bound time.Duration

	// heard is when the last look at all journals began, in nanoseconds since start.
	heard    atomic.Int64
	asked    atomic.Bool // a look-up was made since that look
	mu       sync.Mutex
	timer    *time.Timer // nil while nothing is followed
	finished bool
}

var start = time.Now()

// Validate implements the optional interface that [Set.Validate] asks for.
func (t *tiered) Validate() error { return errors.Join(t.shared.Validate(), t.err, t.front.err) }

// Get implements [Region].
func (t *tiered) Get(ctx context.Context, key querykey.Key, q Query) (*Entry, Miss) {
	s, now := t.front.find(key), time.Since(start)
	if s != nil && s.entry.TTL != 0 && now >= s.ends {
		t.front.remove(s)
		s = nil
	}
	if s == nil {
		return t.fill(ctx, key, q)
	}
	if !t.current(ctx, s, now) {
		return nil, Miss{Cause: Away}
	}
	miss := s.check()
	if miss != nil && miss.Cause == Blocked && t.bound > 0 {
		// What is pending by the news that are at hand may be settled: that of this
		// process is, as a rule, and is pending here until the store is asked.
		if _, ok := t.look(ctx, "", t.on(s.entry.Dependency)); !ok {
			return nil, Miss{Cause: Away}
		}
		miss = s.check()
	}
	if miss != nil {
		t.missed(ctx, key, miss, t.on(s.entry.Dependency))
		if miss.Cause != Dead {
			return nil, *miss
		}
		t.front.remove(s)
		return t.refill(ctx, key, q, *miss)
	}
	return s.entry, Miss{}
}

// refill looks for what another process may have put in the place of a result that
// was found to be dead. If there is nothing it returns the miss by which that was.
func (t *tiered) refill(ctx context.Context, key querykey.Key, q Query, dead Miss) (*Entry, Miss) {
	e, miss := t.fill(ctx, key, q)
	if e == nil && miss.Cause != Away {
		return nil, dead
	}
	return e, miss
}

// fill looks the result up in the store, and keeps it in memory.
func (t *tiered) fill(ctx context.Context, key querykey.Key, q Query) (*Entry, Miss) {
	s, miss := t.find(ctx, key, q)
	if s == nil {
		return nil, miss
	}
	kept, size, err := q.Keep(s.entry.Value)
	if err != nil {
		return s.entry, Miss{} // which serves once
	}
	s.entry.Key, s.entry.Value, s.entry.Size = key.Clone(), kept, size
	t.keep(s)
	return s.entry, Miss{}
}

// keep puts a slot into memory.
func (t *tiered) keep(s *slot) {
	s.weight = weigh(s.entry)
	s.ends = time.Since(start) + s.entry.TTL - time.Since(s.entry.Stored)
	if s.weight > t.front.maxBytes/4 {
		return
	}
	t.front.store.Set(s.entry.Key.Hash, s)
}

// current reports whether the mirrors of a slot are as new as the level asks for, by
// the time now, having asked the store if they were not.
func (t *tiered) current(ctx context.Context, s *slot, now time.Duration) bool {
	if t.bound > 0 {
		t.follow()
		if !t.debts.any() && time.Duration(t.heard.Load()) > now-t.bound {
			return true
		}
	}
	_, ok := t.look(ctx, "", t.on(s.entry.Dependency))
	return ok
}

// Put implements [Region].
func (t *tiered) Put(ctx context.Context, e *Entry) bool {
	s, ok := t.put(ctx, e)
	if ok {
		t.keep(s)
	}
	return ok
}

// Fresh implements [Region].
func (t *tiered) Fresh(ctx context.Context, e *Entry) bool {
	s, ok := t.slot(e, t.on(e.Dependency))
	return ok && !s.expired() && t.current(ctx, s, time.Since(start)) && s.check() == nil
}

// Delete implements [Region]. The store comes first: what a look-up has taken from there
// until then, and keeps in memory, is dropped with what was there.
func (t *tiered) Delete(ctx context.Context, key querykey.Key) error {
	return errors.Join(t.shared.Delete(ctx, key), t.front.Delete(ctx, key))
}

// Stats implements [Region], of what is in memory.
func (t *tiered) Stats() Stats {
	stats := t.front.Stats()
	stats.Errors = t.shared.Stats().Errors
	return stats
}

// Close implements [io.Closer].
func (t *tiered) Close() error {
	t.mu.Lock()
	t.finished = true
	if t.timer != nil {
		t.timer.Stop()
	}
	t.mu.Unlock()
	return t.shared.Close()
}

// The journals are looked at so often within the bound, and no more once nothing
// was looked up between two looks.
const looksPerBound = 4

// follow begins to look at the journals in the background, at once: until they were
// heard of, each look-up makes a round trip.
func (t *tiered) follow() {
	if t.asked.Load() {
		return
	}
	t.asked.Store(true)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.timer == nil && !t.finished {
		t.timer = time.AfterFunc(0, t.hearAll)
	}
}

// hearAll looks at all journals that are followed. The look by which one joins them
// later begins later, so that is as new as the others.
func (t *tiered) hearAll() {
	asked := t.asked.Swap(false)
	began := time.Since(start)
	if _, ok := t.look(context.Background(), "", t.known()); ok {
		t.heard.Store(int64(began))
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !asked && !t.asked.Load() { // Get sets asked before it looks at the timer
		t.timer = nil
	} else if !t.finished {
		t.timer.Reset(t.bound / looksPerBound)
	}
}

// known returns the mirrors that are followed.
func (r *shared) known() (all []*mirror) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range r.mirrors {
		if m.followed() {
			all = append(all, m)
		}
	}
	return all
}
