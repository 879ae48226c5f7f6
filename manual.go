package cacheops

import (
	"context"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops/invalidation"
)

// Transactions that are begun by sending BEGIN as text are invisible to
// database/sql: any later statement may find itself on their connection. From
// BEGIN to the end nothing is served or stored; the statements' changes are
// published as they are sent, and everything is dropped at the end.
//
// A reader that looked at d.manual before the BEGIN and reads afterwards, on
// the same connection, may see what is not committed, and store it. It is not
// served before the end, and the end makes it untrue.

// beginByHand notes that a transaction is about to begin or end by text, and
// reports whether it is.
func (d *database) beginByHand(shape *invalidation.Shape) bool {
	switch shape.Verb {
	case invalidation.Begin, invalidation.Savepoint:
		d.manual.Add(1)
		return true
	case invalidation.Commit, invalidation.Rollback, invalidation.Release:
		return true
	}
	return false
}

// sendByHand sends a statement that beginByHand was told of. On a watched pool
// the connection follows the transaction that it begins or ends, and counts it.
//
// What ends a transaction makes everything untrue, and that is announced before,
// for those who read meanwhile elsewhere. A ROLLBACK is sent even if it cannot be:
// it commits nothing.
func (d *database) sendByHand(db *gorm.DB, shape *invalidation.Shape, send sender) {
	ctx := context.WithoutCancel(db.Statement.Context)
	var all []invalidation.Change
	begins := shape.Verb == invalidation.Begin || shape.Verb == invalidation.Savepoint
	if !begins {
		for _, each := range d.everyone() {
			all = append(all, each.everything(invalidation.Any))
		}
	}
	intent, err := d.announce(ctx, all)
	switch {
	case err == nil:
	case shape.Verb == invalidation.Rollback:
		d.report(ctx, "", err)
		intent = &announcement{plugin: d.Plugin, settled: true}
	default:
		_ = db.AddError(err)
		return
	}
	m := d.mark(db, mark{pooled: true})
	defer d.endByHand(ctx, db, begins, intent, m)
	defer m.lift()
	send(db)
}

// endByHand notes the outcome.
func (d *database) endByHand(ctx context.Context, db *gorm.DB, begins bool, intent *announcement, m *mark) {
	switch {
	case m.took():
		intent.Abort(ctx)
		if !begins {
			return
		}
	case begins && db.Error == nil:
		return
	case !begins && db.Error != nil:
		intent.fail(ctx, db.Error)
		return
	}
	// Before readers come back, so that none stores what the transaction made
	// untrue.
	intent.Commit(ctx)
	// Never below zero: an end without a beginning ended nothing.
	for n := d.manual.Load(); n > 0 && !d.manual.CompareAndSwap(n, n-1); n = d.manual.Load() {
	}
}

// everything is the change that makes every result of the database untrue.
func (d *database) everything(kind invalidation.ChangeKind) invalidation.Change {
	c := d.anyOf(invalidation.AllTables)
	c.Kind = kind
	return c
}
