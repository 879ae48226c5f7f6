package track

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/region"
)

// Queue has what is known of an open transaction: the changes that its
// statements have made, and its savepoints. It is safe for concurrent use.
type Queue struct {
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

	strayed bool
}

// mark is a savepoint: where the queue of changes stood when it was set, and
// whether it was doubtful then that there was a transaction.
type mark struct {
	name    string
	changes int
	doubt   bool
}

// Add queues changes that statements of the transaction have made, and takes over
// the slice.
func (q *Queue) Add(changes ...invalidation.Change) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.changes == nil {
		q.changes = changes
		return
	}
	q.changes = append(q.changes, changes...)
}

// Savepoint remembers the queue under name.
func (q *Queue) Savepoint(name string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.marks = append(q.marks, mark{name, len(q.changes), q.doubt})
}

// RollbackTo drops the changes queued since the savepoint, which stays seq.
// A savepoint that was never seen drops nothing. Going back to one that was
// set before there was doubt shows that the transaction still stands.
func (q *Queue) RollbackTo(name string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if i := q.find(name); i >= 0 {
		q.changes = q.changes[:q.marks[i].changes]
		q.marks = q.marks[:i+1]
		q.doubt = q.marks[i].doubt
	}
}

// Release forgets the savepoint and those set after it; its changes stay.
func (q *Queue) Release(name string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if i := q.find(name); i >= 0 {
		q.marks = q.marks[:i]
	}
}

// find returns the index of the latest savepoint of that name, or -1.
func (q *Queue) find(name string) int {
	for i := len(q.marks) - 1; i >= 0; i-- {
		if q.marks[i].name == name {
			return i
		}
	}
	return -1
}

// Doubt notes that a statement of the transaction failed.
func (q *Queue) Doubt() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.doubt = true
}

// Doubtful reports whether the transaction may have ended unseen, so that a
// statement may be true as soon as it is sent.
func (q *Queue) Doubtful() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.doubt
}

// Stray notes that a statement of the transaction has changed what later texts
// mean, such as a search path.
func (q *Queue) Stray() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.strayed = true
}

// Strayed reports whether Stray was called.
func (q *Queue) Strayed() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.strayed
}

// Hold keeps the intent of a statement that was sent in doubt. It is settled
// as committed when the transaction ends, however it does.
func (q *Queue) Hold(intent region.Intent) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.held = append(q.held, intent)
}

// Settle settles what is held, for a transaction that has ended.
func (q *Queue) Settle(ctx context.Context) {
	q.mu.Lock()
	held := q.held
	q.held = nil
	q.mu.Unlock()
	for _, intent := range held {
		intent.Commit(ctx)
	}
}

// Writing reports whether a statement of the transaction is known to have
// written, so that the transaction holds what locks writing takes.
func (q *Queue) Writing() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.changes) > 0
}

// Outermost reports whether the latest savepoint of that name is the first one
// that is set.
func (q *Queue) Outermost(name string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.find(name) == 0
}

// Take empties the queue and returns what was in it.
func (q *Queue) Take() []invalidation.Change {
	q.mu.Lock()
	defer q.mu.Unlock()
	changes := q.changes
	q.changes, q.marks = nil, nil
	return changes
}

// Commit announces the queued changes to the journal, has them committed, and
// settles them before it returns. Between the announcement and the outcome no
// reader is served or stores a result that the changes meet, so there is no
// moment, however the COMMIT ends, in which an old result can pass for a new
// one. If they cannot be announced the transaction is rolled back.
func (q *Queue) Commit(ctx context.Context, journal Journal, commit, rollback func() error) error {
	defer q.Settle(ctx)
	changes := q.Take()
	if len(changes) == 0 {
		return commit()
	}
	intent, err := journal.Announce(ctx, changes)
	if err != nil {
		err = fmt.Errorf("cacheops: the transaction was rolled back, its changes could not be announced: %w", err)
		return errors.Join(err, rollback())
	}
	// A panic in the driver leaves the outcome unknown, which counts as
	// committed; once the intent is settled this does nothing.
	defer intent.Commit(ctx)
	err = commit()
	switch {
	case errors.Is(err, sql.ErrTxDone):
		// database/sql gave this answer without asking the database: the
		// transaction was rolled back when its context ended.
		intent.Abort(ctx)
	case err != nil:
		journal.Failed(ctx, intent, err)
	}
	return err
}
