package region

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/querykey"
)

// Defaults of [MemoryOptions].
const (
	DefaultMaxBytes      = 64 << 20
	DefaultJournalLength = 4096
)

// MemoryOptions says how much a region made by [Memory] may hold. The zero
// value is a good start.
type MemoryOptions struct {
	// MaxBytes bounds the memory that results and their keys take, by
	// estimate. Past it, those that are least likely to be asked for again
	// are evicted, so it may be passed by a little for a moment. A result of
	// more than a quarter of it is not stored. Zero means DefaultMaxBytes.
	MaxBytes int64

	// JournalLength is the number of committed changes that are remembered
	// for each table. A result that nobody looked at while more than these
	// were made is given up, unless one of its equalities (a = 5, a IN (5, 6))
	// shows that it holds. Changes of many rows are given up sooner, so that a
	// table's journal takes some hundred bytes for each, about, which MaxBytes
	// does not count. Zero means DefaultJournalLength.
	JournalLength int
}

// Memory returns a region that lives in this process. It holds no goroutine
// and nothing outside the heap, so it need not be closed.
//
// It hears only of the changes that are announced to it. So it is right as
// long as no other process writes to the tables that are cached in it.
//
// A negative option is reported by [Set.Validate]; the region works with the
// default in its place.
func Memory(o MemoryOptions) Region {
	m := &memory{
		err:      o.validate(),
		maxBytes: o.MaxBytes,
		length:   o.JournalLength,
		journals: map[invalidation.Table]*journal{},
	}
	if m.maxBytes <= 0 {
		m.maxBytes = DefaultMaxBytes
	}
	if m.length <= 0 {
		m.length = DefaultJournalLength
	}
	// Otter is not told of times to live: its expiry keeps a goroutine for as
	// long as the cache is reachable. A look at the clock in Get does as well,
	// and what nobody asks for any more is evicted for its room.
	m.store = otter.Must(&otter.Options[uint64, *slot]{
		MaximumWeight: uint64(m.maxBytes),
		Weigher: func(_ uint64, s *slot) uint32 {
			return uint32(min(s.weight, math.MaxUint32))
		},
		Executor: func(upkeep func()) { upkeep() },
	})
	return m
}

func (o *MemoryOptions) validate() error {
	switch {
	case o.MaxBytes < 0:
		return fmt.Errorf("MemoryOptions.MaxBytes is %d, but must not be negative", o.MaxBytes)
	case o.JournalLength < 0:
		return fmt.Errorf("MemoryOptions.JournalLength is %d, but must not be negative", o.JournalLength)
	}
	return nil
}

// memory is the region made by [Memory].
//
// An entry that a change made untrue stays in the store until someone asks
// for it or it is evicted: the price of a write does not depend on what is
// cached, since nothing is searched.
type memory struct {
	err      error
	maxBytes int64
	length   int
	store    *otter.Cache[uint64, *slot]
	drops    drops

	mu       sync.Mutex
	journals map[invalidation.Table]*journal // begun when first asked for, and kept
}

// Validate implements the optional interface that [Set.Validate] asks for.
func (m *memory) Validate() error { return m.err }

// Shared implements [Region].
func (m *memory) Shared() bool { return false }

// Get implements [Region].
func (m *memory) Get(_ context.Context, key querykey.Key, _ Query) (*Entry, Miss) {
	s := m.find(key)
	if s == nil {
		return nil, Miss{}
	}
	if s.expired() {
		m.remove(s)
		return nil, Miss{}
	}
	if miss := s.check(); miss != nil {
		if miss.Cause == Dead {
			m.remove(s)
			m.drops.remember(s.entry.Key, miss.Drop)
		}
		return nil, *miss
	}
	return s.entry, Miss{}
}

// find returns what is stored under key itself, not under its hash.
func (m *memory) find(key querykey.Key) *slot {
	s, ok := m.store.GetIfPresent(key.Hash)
	if !ok || !bytes.Equal(s.entry.Key.Text, key.Text) {
		return nil
	}
	return s
}

// remove drops s from the store, unless another took its place.
func (m *memory) remove(s *slot) {
	m.store.ComputeIfPresent(s.entry.Key.Hash, func(now *slot) (*slot, otter.ComputeOp) {
		if now == s {
			return nil, otter.InvalidateOp
		}
		return nil, otter.CancelOp
	})
}

// Stamp implements [Region].
//
// A dependency without tables has no database either. It is stamped with
// nothing, and what is put with it depends on nothing: only Delete, eviction
// and its TTL end it.
//
// # Why a lagging replica may fill
//
// Let the query be sent at r, after Stamp, to a replica that shows every
// commit once lag is over. Let W be a transaction that meets dep, committed at
// c and settled at s ≥ c. slot.check needs of a stamp that whatever was settled
// before it is in the result.
//
//   - W is announced, or settled, after its journal was looked at: the number
//     moves on from the stamp's, or W was pending then, and blocked it.
//   - W was settled before its journal was looked at, at s ≥ quiet. It is found
//     among the changes since quiet, and there is no stamp.
//   - W was settled at s < quiet. Then c + lag ≤ s + lag < quiet + lag ≤ r, for
//     quiet + lag is the moment when Stamp was called: the replica shows W.
//
// All these times are of one monotonic clock. Journals are looked at one after
// the other; each of the three holds for each of them by itself.
func (m *memory) Stamp(_ context.Context, dep *invalidation.Dependency, lag time.Duration) (Stamp, bool) {
	marks, ok := m.marks(dep)
	if !ok {
		return nil, false
	}
	var quiet time.Time
	if lag > 0 {
		quiet = time.Now().Add(-lag)
	}
	// The numbers are read one after the other. Each is right by itself: what
	// was announced up to it, and meets, was settled when it was read, and so
	// before the query is sent. See slot.check.
	stamp := make(Stamp, len(marks))
	for i := range marks {
		j := marks[i].journal
		number, ok := j.stamp(marks[i].table, quiet)
		if !ok {
			return nil, false
		}
		stamp[i] = Position{Epoch: j.epoch, Number: number}
	}
	return stamp, true
}

// marks returns the journals that dep depends on, the database's first. It
// reports false for a dependency that they cannot vouch for: one that spans
// databases, and one on [invalidation.AllTables], since the changes of a table
// are in the journal of that table only.
func (m *memory) marks(dep *invalidation.Dependency) ([]mark, bool) {
	if dep == nil {
		return nil, false
	}
	if len(dep.Tables) == 0 {
		return nil, true
	}
	database := dep.Tables[0].Table.Database
	marks := make([]mark, 1+len(dep.Tables))
	marks[0].journal = m.journal(invalidation.Table{Database: database, Name: invalidation.AllTables})
	marks[0].table = &dep.Tables[0] // any will do: a change of all tables meets it
	for i := range dep.Tables {
		d := &dep.Tables[i]
		if d.Table.Database != database || d.Table.Name == invalidation.AllTables {
			return nil, false
		}
		marks[i+1].journal = m.journal(d.Table)
		marks[i+1].table = d
	}
	return marks, true
}

// journal returns the journal of a table. It is begun now if there is none:
// it must be there before the query is sent, so that the query's stamp and
// the first change of the table can tell of each other.
func (m *memory) journal(t invalidation.Table) *journal {
	m.mu.Lock()
	defer m.mu.Unlock()
	j := m.journals[t]
	if j == nil {
		j = newJournal(m.length)
		m.journals[t] = j
	}
	return j
}

// Put implements [Region].
func (m *memory) Put(_ context.Context, e *Entry) bool {
	s, ok := m.slot(e)
	if !ok || s.weight > m.maxBytes/4 {
		return false
	}
	for i := range s.marks {
		s.marks[i].journal.watch(s.marks[i].table)
	}
	// What is announced after this check moves a number, which the next Get
	// cannot miss.
	if s.check() != nil {
		return false
	}
	e.Stored = time.Now()
	m.store.Set(e.Key.Hash, s)
	return true
}

// slot makes a slot for e, with the marks at its stamp. It reports false if
// the stamp is not one of these journals.
func (m *memory) slot(e *Entry) (*slot, bool) {
	marks, ok := m.marks(e.Dependency)
	if !ok || len(e.Stamp) != len(marks) {
		return nil, false
	}
	for i, position := range e.Stamp {
		if position.Epoch != marks[i].journal.epoch {
			return nil, false
		}
		marks[i].number.Store(position.Number)
	}
	return &slot{entry: e, weight: weigh(e), marks: marks}, true
}

// Fresh implements [Region].
func (m *memory) Fresh(_ context.Context, e *Entry) bool {
	s := m.find(e.Key)
	if s == nil || s.entry != e {
		// Evicted or replaced, e may still be true; only its marks are back at
		// its stamp.
		var ok bool
		if s, ok = m.slot(e); !ok {
			return false
		}
	}
	return !s.expired() && s.check() == nil
}

// Delete implements [Region].
func (m *memory) Delete(_ context.Context, key querykey.Key) error {
	if s := m.find(key); s != nil {
		m.remove(s)
	}
	return nil
}

// Watches implements [Region]. It goes by all entries that were ever put, so
// that evictions need no bookkeeping; the columns of a table bound it.
func (m *memory) Watches(table invalidation.Table, columns []string, written invalidation.Columns) bool {
	m.mu.Lock()
	j := m.journals[table]
	m.mu.Unlock()
	return j != nil && j.watches(columns, written)
}

// Dropped implements [Region]. It knows of the entries that were found untrue
// by someone who asked for them.
func (m *memory) Dropped(key querykey.Key) (Drop, bool) {
	return m.drops.recall(key)
}

// Redefined implements [Region].
func (m *memory) Redefined(func(database string)) {}

// Stats implements [Region].
func (m *memory) Stats() Stats {
	// Otter may not have weighed yet what several have put at once.
	m.store.CleanUp()
	return Stats{
		Entries:  int64(m.store.EstimatedSize()),
		Bytes:    int64(m.store.WeightedSize()),
		MaxBytes: m.maxBytes,
	}
}
