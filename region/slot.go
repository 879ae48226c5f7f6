package region

import (
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/seed92106438/cacheops/invalidation"
)

// slot is an entry in the store, with how far it is known to be true.
type slot struct {
	entry  *Entry
	weight int64 // bytes that the entry counts for
	// ends is when the entry's time to live is over, since start, of one that a tiered
	// region keeps: a look-up asks the clock once, for that and for the bound.
	ends  time.Duration
	marks []mark // of the database's journal, then of each table's
}

// mark ties a slot to one journal.
//
// Invariant: of the changes whose announcement or outcome has a number up to
// the mark's, each is reflected in the entry's value, was aborted, or does not
// meet the entry's dependency. It holds for a number that Stamp gave, and
// each check that finds nothing renews it for a later one, so marks only move
// forward. They are moved by concurrent readers without a lock.
type mark struct {
	journal *journal
	table   *invalidation.TableDependency
	number  atomic.Uint64
}

// advance moves the mark to number, unless another reader moved it further.
func (m *mark) advance(number uint64) {
	for {
		old := m.number.Load()
		if number <= old || m.number.CompareAndSwap(old, number) {
			return
		}
	}
}

// check reports why the entry is not fresh, or nil if it is.
//
// Where nothing was appended to a journal since the entry's mark, this is one
// atomic load for that journal, without a lock.
//
// # Why a hit is never stale
//
// Let a read begin at time b, and let W be any transaction that alters the
// result and was committed, in the database, at a time c before b. It is to be
// shown that the entry has seen W; then the answer is right as of b, a moment
// of the read. (What was committed after b may be missing: b is early enough.)
//
// Before c, W was announced in every journal that it concerns, and one of its
// changes meets the dependency, in journal J say. The announcement has the
// number i in J, the outcome a number o > i. The read looks at J at some time
// f ≥ b > c, at other journals at slightly other times. Each of these is after
// b, so it does not matter that they are not one moment.
//
//   - i was appended after f. Then c > f, and W is not one to be shown.
//   - i lies between the mark and f. The number of J differs from the mark, so
//     J is looked through: W is found pending, and blocks, or is found
//     committed, by o, and kills.
//   - i lies before the mark. When the mark was set W was not pending: a stamp
//     would have been refused, and a check would have been blocked and left
//     the mark where it was. So W was settled by then. If o came after the
//     stamp, the check that moved the mark past it would have found it. So o,
//     and c before it, lies before the stamp, hence before the query was sent:
//     the query has seen W.
//
// The database's journal comes first for the sake of an announcement of
// [invalidation.AllTables] that is committed as changes of single tables:
// Commit appends these before it withdraws the announcement, so whoever does
// not find the one any more finds the others later on. (In a shared region the
// database's journal has them: see sharedIntent.announcedIn.)
func (s *slot) check() *Miss {
	for i := range s.marks {
		m := &s.marks[i]
		seen := m.number.Load()
		if m.journal.number.Load() == seen {
			continue
		}
		now, miss := m.journal.check(m.table, seen)
		if miss != nil {
			return miss
		}
		m.advance(now)
	}
	return nil
}

// expired reports whether the entry's time to live is over.
func (s *slot) expired() bool {
	return s.entry.TTL != 0 && time.Since(s.entry.Stored) >= s.entry.TTL
}

// footprint is what an entry takes in memory besides its key, its value and
// its dependency: the entry, the slot, the store's own node. It was measured.
const footprint = 400

// weigh estimates the bytes that an entry takes. The points of a dependency
// count, since an IN list may be the largest part of an entry.
func weigh(e *Entry) int64 {
	const (
		perTable = int64(unsafe.Sizeof(invalidation.TableDependency{}) + unsafe.Sizeof(mark{}) + unsafe.Sizeof(Position{}))
		perPart  = int64(unsafe.Sizeof(invalidation.Part{}))
		perTerm  = int64(unsafe.Sizeof(invalidation.Term{}))
		perPoint = int64(unsafe.Sizeof(invalidation.Value{}))
	)
	bytes := footprint + e.Size + int64(len(e.Key.Text))
	for _, table := range e.Dependency.Tables {
		bytes += perTable
		for _, part := range table.Parts {
			bytes += perPart
			for _, box := range part.Boxes {
				for _, term := range box {
					points, _ := term.Set.Points()
					bytes += perTerm + perPoint*int64(len(points))
				}
			}
		}
	}
	return bytes
}
