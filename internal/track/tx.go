package track

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops/invalidation"
)

// Tx is a tracked transaction. It has no BeginTx on purpose: GORM takes a
// pool that can begin for one that is not yet in a transaction.
type Tx struct {
	gorm.Tx
	pool *Pool
	ctx  context.Context

	mu      sync.Mutex
	changes []invalidation.Change
	marks   []mark
}

var (
	_ gorm.Tx             = (*Tx)(nil)
	_ gorm.GetDBConnector = (*Tx)(nil)
)

// mark is a savepoint: where the queue of changes stood when it was set.
type mark struct {
	name    string
	changes int
}

// GetDBConn returns the *sql.DB underneath, for (*gorm.DB).DB.
func (t *Tx) GetDBConn() (*sql.DB, error) { return t.pool.GetDBConn() }

// Unwrap returns the transaction that t stands for.
func (t *Tx) Unwrap() gorm.Tx { return t.Tx }

// Add queues changes that statements of the transaction have made.
func (t *Tx) Add(changes ...invalidation.Change) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.changes = append(t.changes, changes...)
}

// Savepoint remembers the queue under name.
func (t *Tx) Savepoint(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.marks = append(t.marks, mark{name, len(t.changes)})
}

// RollbackTo drops the changes queued since the savepoint, which stays set.
// A savepoint that was never seen drops nothing.
func (t *Tx) RollbackTo(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if i := t.find(name); i >= 0 {
		t.changes = t.changes[:t.marks[i].changes]
		t.marks = t.marks[:i+1]
	}
}

// Release forgets the savepoint and those set after it; its changes stay.
func (t *Tx) Release(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if i := t.find(name); i >= 0 {
		t.marks = t.marks[:i]
	}
}

// find returns the index of the latest savepoint of that name, or -1.
func (t *Tx) find(name string) int {
	for i := len(t.marks) - 1; i >= 0; i-- {
		if t.marks[i].name == name {
			return i
		}
	}
	return -1
}

// Writing reports whether a statement of the transaction is known to have
// written, so that the transaction holds what locks writing takes.
func (t *Tx) Writing() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.changes) > 0
}

// take empties the queue.
func (t *Tx) take() []invalidation.Change {
	t.mu.Lock()
	defer t.mu.Unlock()
	changes := t.changes
	t.changes, t.marks = nil, nil
	return changes
}

// Commit announces the queued changes, commits, and settles them before it
// returns. Between the announcement and the outcome no reader is served or
// stores a result that the changes meet, so there is no moment, however the
// COMMIT ends, in which an old result can pass for a new one.
func (t *Tx) Commit() (err error) {
	changes := t.take()
	if len(changes) == 0 {
		return t.Tx.Commit()
	}
	intent, err := t.pool.journal.Announce(t.ctx, changes)
	if err != nil {
		err = fmt.Errorf("cacheops: the transaction was rolled back, its changes could not be announced: %w", err)
		return errors.Join(err, t.Tx.Rollback())
	}
	// A panic in the driver leaves the outcome unknown, which counts as
	// committed; once Abort has run this does nothing.
	defer intent.Commit(t.ctx)
	err = t.Tx.Commit()
	if errors.Is(err, sql.ErrTxDone) {
		// database/sql gave this answer without asking the database: the
		// transaction was rolled back when its context ended.
		intent.Abort(t.ctx)
	}
	return err
}

// Rollback drops the queued changes; nothing was announced yet.
func (t *Tx) Rollback() error {
	t.take()
	return t.Tx.Rollback()
}
