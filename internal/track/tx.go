package track

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/region"
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

	// doubt is set after a statement has failed. A database may answer some
	// failures by ending the whole transaction, of which database/sql knows
	// nothing: SQLite does for OR ROLLBACK, a full disk, or a write that is
	// interrupted. Statements that follow are then true at once, so their
	// changes are announced before they are sent, and held until the end.
	doubt bool
	held  []region.Intent
}

var (
	_ gorm.Tx             = (*Tx)(nil)
	_ gorm.GetDBConnector = (*Tx)(nil)
)

// mark is a savepoint: where the queue of changes stood when it was set, and
// whether it was doubtful then that there was a transaction.
type mark struct {
	name    string
	changes int
	doubt   bool
}

// GetDBConn returns the *sql.DB underneath, for (*gorm.DB).DB.
func (t *Tx) GetDBConn() (*sql.DB, error) { return t.pool.GetDBConn() }

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
	t.marks = append(t.marks, mark{name, len(t.changes), t.doubt})
}

// RollbackTo drops the changes queued since the savepoint, which stays set.
// A savepoint that was never seen drops nothing. Going back to one that was
// set before there was doubt shows that the transaction still stands.
func (t *Tx) RollbackTo(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if i := t.find(name); i >= 0 {
		t.changes = t.changes[:t.marks[i].changes]
		t.marks = t.marks[:i+1]
		t.doubt = t.marks[i].doubt
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

// Doubt notes that a statement of the transaction failed.
func (t *Tx) Doubt() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.doubt = true
}

// Doubtful reports whether the transaction may have ended unseen, so that a
// statement may be true as soon as it is sent.
func (t *Tx) Doubtful() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.doubt
}

// Hold keeps the intent of a statement that was sent in doubt. It is settled
// as committed when the transaction ends, however it does.
func (t *Tx) Hold(intent region.Intent) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.held = append(t.held, intent)
}

// settle settles what is held.
func (t *Tx) settle() {
	t.mu.Lock()
	held := t.held
	t.held = nil
	t.mu.Unlock()
	for _, intent := range held {
		intent.Commit(t.ctx)
	}
}

// Writing reports whether a statement of the transaction is known to have
// written, so that the transaction holds what locks writing takes.
func (t *Tx) Writing() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.changes) > 0
}

// Take empties the queue and returns what was in it.
func (t *Tx) Take() []invalidation.Change {
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
	defer t.settle()
	changes := t.Take()
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

// Rollback drops the queued changes; they were not announced yet.
func (t *Tx) Rollback() error {
	defer t.settle()
	t.Take()
	return t.Tx.Rollback()
}
