package cacheops_test

import (
	"errors"
	"flag"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops"
	"github.com/seed92106438/cacheops/profiles"
)

var stressTime = flag.Duration("stress", 5*time.Second, "how long the stress test runs")

// Register is a row that only grows.
type Register struct {
	ID    int
	Value int64
}

// registers knows, for each row, the largest value whose writer was told that
// it is committed. No read that begins later may find a smaller one.
type registers struct {
	*fixture
	rows [8]struct {
		mu    sync.Mutex // one writer at a time, so that values only grow
		next  int64
		acked atomic.Int64
	}
	reads, stale, dirty atomic.Int64
}

// Thirty-two goroutines read and write eight registers, in every way: single
// rows, lists and sums; autocommit, explicit transactions and rollbacks. No
// read may return a value older than one acknowledged before it began, nor
// one that was rolled back.
func TestStress(t *testing.T) {
	f := openFixture(t, cacheops.Config{Profiles: profiles.Set{"*": {Ops: profiles.All}}}, &gorm.Config{})
	must(t, f.truth.AutoMigrate(&Register{}))
	r := &registers{fixture: f}
	for i := range r.rows {
		must(t, f.truth.Create(&Register{ID: i + 1}).Error)
	}
	deadline := time.Now().Add(*stressTime)
	var wg sync.WaitGroup
	for i := range 32 {
		work := r.read
		if i < 8 {
			work = r.write
		}
		wg.Go(func() {
			for time.Now().Before(deadline) {
				work()
			}
		})
	}
	wg.Wait()
	stats := f.cache.Stats()
	t.Logf("%d reads, %d hits, %d changes", r.reads.Load(), stats.Hits, stats.Changes)
	if n := r.stale.Load(); n > 0 {
		t.Errorf("%d reads were older than an acknowledged write", n)
	}
	if n := r.dirty.Load(); n > 0 {
		t.Errorf("%d reads found what was rolled back", n)
	}
	if stats.Hits == 0 || stats.Changes == 0 {
		t.Errorf("nothing was put to the test: %+v", stats)
	}
}

// check judges a value read of row i, when acked had been acknowledged.
func (r *registers) check(value, acked int64) {
	r.reads.Add(1)
	if value < 0 {
		r.dirty.Add(1)
	} else if value < acked {
		r.stale.Add(1)
	}
}

func (r *registers) read() {
	i := rand.IntN(len(r.rows))
	acked := r.rows[i].acked.Load()
	switch rand.IntN(3) {
	case 0:
		var row Register
		must(r, r.db.First(&row, i+1).Error)
		r.check(row.Value, acked)
	case 1:
		var rows []Register
		must(r, r.db.Where("id >= ?", i+1).Order("id").Find(&rows).Error)
		r.check(rows[0].Value, acked)
	case 2:
		var values []int64
		must(r, r.db.Model(&Register{}).Where("id IN ?", []int{i + 1}).Pluck("value", &values).Error)
		r.check(values[0], acked)
	}
}

func (r *registers) write() {
	i := rand.IntN(len(r.rows))
	row := &r.rows[i]
	row.mu.Lock()
	defer row.mu.Unlock()
	set := func(db *gorm.DB, value int64) error {
		return db.Model(&Register{}).Where("id = ?", i+1).Update("value", value).Error
	}
	if rand.IntN(4) == 0 {
		err := r.db.Transaction(func(tx *gorm.DB) error {
			if err := set(tx, -1); err != nil {
				return err
			}
			return errRollback
		})
		if !errors.Is(err, errRollback) {
			r.Error(err)
		}
		return
	}
	row.next++
	var err error
	switch rand.IntN(3) {
	case 0:
		err = set(r.db, row.next)
	case 1:
		err = r.db.Transaction(func(tx *gorm.DB) error { return set(tx, row.next) })
	case 2:
		err = r.db.Exec("UPDATE registers SET value = ? WHERE id = ?", row.next, i+1).Error
	}
	if err != nil {
		r.Error(err)
		return
	}
	row.acked.Store(row.next)
}
