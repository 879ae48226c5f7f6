package region

import (
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed92106438/cacheops/invalidation"
)

// journal is the log of the changes of one table, or of those of
// [invalidation.AllTables] of one database.
//
// Announcements and committed changes take the next number each, when they
// are appended. An abort takes none: it only withdraws an announcement, whose
// number made every reader look, and what a reader then finds is nothing. So
// an abort does not even cost a second look to the entries that had one.
type journal struct {
	epoch  uint64
	length int // committed changes that are kept at most

	// number of the last announcement or commit. It changes only under mu; it
	// may be read without.
	number atomic.Uint64

	mu      sync.RWMutex
	pending []*announcement
	records []record // the last committed changes, the oldest first
	points  int      // in the boxes of the records
	trimmed moment   // of the last record that was given up
	index   index
}

// moment is where and when a change was settled. In one journal, both go
// up together.
type moment struct {
	number  uint64
	settled time.Time
}

// record is a committed change.
type record struct {
	moment
	change invalidation.Change
}

// announcement is the part of an intent that concerns one journal.
type announcement struct {
	table   invalidation.Table
	journal *journal
	changes []invalidation.Change
}

func newJournal(length int) *journal {
	return &journal{epoch: rand.Uint64(), length: length, index: newIndex(length)}
}

// stamp returns the present number, or false if a change meets d that is
// pending or was settled as committed since quiet, unless that is zero. These
// belong together: a change that is announced up to that number and is not
// pending any more has its outcome in the database already.
func (j *journal) stamp(d *invalidation.TableDependency, quiet time.Time) (uint64, bool) {
	j.mu.RLock()
	defer j.mu.RUnlock()
	if j.blocks(d) || !quiet.IsZero() && j.replay(d, j.settledBefore(quiet)) != nil {
		return 0, false
	}
	return j.number.Load(), true
}

// settledBefore returns a number up to which every change was settled before
// t: the last such, or zero, which may be too early, if it was given up.
func (j *journal) settledBefore(t time.Time) uint64 {
	later := sort.Search(len(j.records), func(i int) bool { return !j.records[i].settled.Before(t) })
	switch {
	case later > 0:
		return j.records[later-1].number
	case j.trimmed.settled.Before(t):
		return j.trimmed.number
	}
	return 0
}

// check looks for changes that meet d and came after the number since. It
// returns the number up to which there is none, or why d does not hold.
func (j *journal) check(d *invalidation.TableDependency, since uint64) (uint64, *Miss) {
	j.mu.RLock()
	defer j.mu.RUnlock()
	if drop := j.replay(d, since); drop != nil {
		return since, &Miss{Cause: Dead, Drop: *drop}
	}
	if j.blocks(d) {
		return since, &Miss{Cause: Blocked}
	}
	return j.number.Load(), nil
}

// replay looks for a committed change after the number since that meets d.
// The index answers first: it reaches back for ever and costs the same after
// one change as after thousands. Where it cannot clear d, the records decide,
// and where these are trimmed, d is given up.
func (j *journal) replay(d *invalidation.TableDependency, since uint64) *Drop {
	if j.index.spares(d, since) {
		return nil
	}
	if since < j.trimmed.number {
		return &Drop{Time: time.Now()}
	}
	first := sort.Search(len(j.records), func(i int) bool { return j.records[i].number > since })
	for i := range j.records[first:] {
		if change := &j.records[first+i].change; change.Meets(d) {
			return &Drop{Change: *change, Time: time.Now()}
		}
	}
	return nil
}

// blocks reports whether a pending change meets d.
func (j *journal) blocks(d *invalidation.TableDependency) bool {
	for _, a := range j.pending {
		for i := range a.changes {
			if a.changes[i].Meets(d) {
				return true
			}
		}
	}
	return false
}

// announce makes a pending. Once it returns, no reader that begins can pass
// without finding a: the number has moved on from every mark.
func (j *journal) announce(a *announcement) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.pending = append(j.pending, a)
	j.number.Add(1)
}

// stir moves the number on, so that whoever has a mark looks once more.
func (j *journal) stir() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.number.Add(1)
}

// withdraw ends the pending of a.
func (j *journal) withdraw(a *announcement) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if i := slices.Index(j.pending, a); i >= 0 {
		j.pending = slices.Delete(j.pending, i, i+1)
	}
}

// commit appends committed changes.
func (j *journal) commit(changes []invalidation.Change) {
	j.mu.Lock()
	defer j.mu.Unlock()
	now := time.Now() // under the lock, so that it goes up with the numbers
	for i := range changes {
		number := j.number.Add(1)
		j.index.note(&changes[i], number)
		j.keep(record{moment: moment{number, now}, change: changes[i]})
	}
}

// end makes the journal vouch for nothing any more.
func (j *journal) end() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.trimmed.number, j.index.all = math.MaxUint64, math.MaxUint64
	j.number.Store(math.MaxUint64)
}

// pointsPerRecord bounds the points of all records, for each that may be kept:
// a change of many rows has as many points as a thousand changes of one.
const pointsPerRecord = 16

// keep appends a record, and gives up the oldest ones past the bounds.
func (j *journal) keep(r record) {
	j.records = append(j.records, r)
	j.points += r.points()
	for len(j.records) > j.length || j.points > j.length*pointsPerRecord {
		oldest := &j.records[0]
		j.trimmed = oldest.moment
		j.points -= oldest.points()
		*oldest = record{} // its boxes must not stay reachable
		j.records = j.records[1:]
	}
}

// points counts the points of the record's boxes.
func (r *record) points() int {
	n := 0
	for _, boxes := range [][]invalidation.Box{r.change.Before, r.change.After} {
		for _, box := range boxes {
			for i := range box {
				points, _ := box[i].Set.Points()
				n += len(points)
			}
		}
	}
	return n
}

// watch makes the index follow the columns that d restricts, and note what
// else d looks at.
func (j *journal) watch(d *invalidation.TableDependency) {
	j.mu.RLock()
	known := j.index.watchesAll(d)
	j.mu.RUnlock()
	if known {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.index.watch(d, j.number.Load())
}

// watches reports whether some dependency restricts one of columns and looks
// at one of those written.
func (j *journal) watches(columns []string, written invalidation.Columns) bool {
	j.mu.RLock()
	defer j.mu.RUnlock()
	return slices.ContainsFunc(columns, func(name string) bool {
		col := j.index.columns[name]
		return col != nil && col.looked.Intersects(written)
	})
}
