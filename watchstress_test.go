package cacheops_test

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops/profiles"
)

// Writers past GORM, on a watched pool, and readers of the cache: no read may
// return a value older than one acknowledged before it began, nor one that was
// rolled back.
func TestStressPastGORM(t *testing.T) {
	config := unseen
	config.Profiles = profiles.Set{"*": {Ops: profiles.All}}
	f := openFixture(t, config, &gorm.Config{})
	must(t, f.truth.AutoMigrate(&Register{}))
	r := &registers{fixture: f}
	for i := range r.rows {
		must(t, f.truth.Create(&Register{ID: i + 1}).Error)
	}
	pool := f.watchedPool()
	deadline := time.Now().Add(*stressTime / 2)
	var wg sync.WaitGroup
	for i := range 24 {
		work := r.read
		if i < 6 {
			work = func() { r.writePastGORM(pool) }
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
	if stale, dirty := r.stale.Load(), r.dirty.Load(); stale > 0 || dirty > 0 {
		t.Errorf("%d reads were older than an acknowledged write, %d found what was rolled back", stale, dirty)
	}
	if stats.Hits == 0 || stats.Changes == 0 {
		t.Errorf("nothing was put to the test: %+v", stats)
	}
}

// writePastGORM sets a register to its next value, or to one that is rolled
// back.
func (r *registers) writePastGORM(pool *sql.DB) {
	i := rand.IntN(len(r.rows))
	row := &r.rows[i]
	row.mu.Lock()
	defer row.mu.Unlock()
	set := func(e execer, value int64) error {
		_, err := e.ExecContext(r.Context(), placed("UPDATE registers SET value = ? WHERE id = ?"), value, i+1)
		return err
	}
	if rand.IntN(3) == 0 {
		must(r, rolledBack(r.Context(), pool, func(e execer) error { return set(e, -1) }))
		return
	}
	row.next++
	var err error
	switch rand.IntN(3) {
	case 0:
		err = set(pool, row.next)
	case 1:
		err = committed(r.Context(), pool, func(e execer) error { return set(e, row.next) })
	case 2:
		err = byText(r.Context(), pool, "COMMIT", func(e execer) error { return set(e, row.next) })
	}
	if err != nil {
		r.Error(err)
		return
	}
	row.acked.Store(row.next)
}

func committed(ctx context.Context, pool *sql.DB, write func(execer) error) error {
	tx, err := pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	return errors.Join(write(tx), tx.Commit())
}

// rolledBack writes in a transaction that comes to nothing, one way or another.
func rolledBack(ctx context.Context, pool *sql.DB, write func(execer) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if rand.IntN(2) == 0 {
		return byText(ctx, pool, "ROLLBACK", write)
	}
	tx, err := pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	err = write(tx)
	if rand.IntN(2) == 0 {
		cancel()
	}
	_ = tx.Rollback()
	return err
}

func byText(ctx context.Context, pool *sql.DB, end string, write func(execer) error) error {
	conn, err := pool.Conn(ctx)
	if err != nil {
		return err
	}
	begin := "BEGIN"
	if *database == "sqlite" {
		begin = "BEGIN IMMEDIATE"
	}
	return errors.Join(send(ctx, conn, begin), write(conn), send(ctx, conn, end), conn.Close())
}
