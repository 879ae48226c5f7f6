package cacheops

import (
	"context"
	"regexp"
	"time"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops/internal/track"
	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/region"
)

// writer puts the tracking of changes around a callback that sends a write.
func (d *database) writer(send sender) func(*gorm.DB) {
	return func(db *gorm.DB) {
		if db.Error != nil || db.DryRun {
			send(db)
			return
		}
		d.write(db, send)
	}
}

// rows does the same around gorm:row, which hands out rows that are still
// being read. A write whose rows are returned there ends when the caller
// closes them, and that is not seen.
func (d *database) rows(send sender) func(*gorm.DB) {
	return func(db *gorm.DB) {
		if db.Error != nil || db.DryRun || db.Statement.SQL.Len() == 0 || !d.changes(d.shape(db.Statement.SQL.String())) {
			send(db)
			return
		}
		if _, tx := track.Resolve(db.Statement.ConnPool); tx != nil {
			d.writeIn(tx, db, send)
			return
		}
		d.writeUnseen(db, send)
	}
}

// changes reports whether statements of that shape can change anything.
func (d *database) changes(shape *invalidation.Shape) bool {
	return shape.Verb != invalidation.Query && shape.Verb != invalidation.Neutral
}

// write sends a statement and makes its changes known. How depends on when
// they become true: at a COMMIT that is seen, at once, or at a moment that is
// not seen.
func (d *database) write(db *gorm.DB, send sender) {
	pool, tx := track.Resolve(db.Statement.ConnPool)
	switch {
	case tx != nil:
		d.writeIn(tx, db, send)
	case pool != nil:
		d.writeAlone(db, send)
	default:
		d.writeUnseen(db, send)
	}
}

// writeIn sends a statement of a tracked transaction.
func (d *database) writeIn(tx *track.Tx, db *gorm.DB, send sender) {
	if d.endsByText(db) {
		// From here on there may be no transaction, and what it did is true.
		tx.Hold(d.announce(context.WithoutCancel(db.Statement.Context), db, tx.Take()))
		tx.Doubt()
	}
	if tx.Doubtful() {
		d.writePending(db, send, tx.Hold)
	} else {
		d.writeQueued(tx, db, send)
	}
	if db.Error != nil {
		tx.Doubt()
		return
	}
	d.savepoint(tx, db)
}

// endsByText reports whether the statement is a COMMIT or ROLLBACK, or a text
// that may hold one among others. Such a text may also set and release
// savepoints, which is why none that was set before it is relied on.
func (d *database) endsByText(db *gorm.DB) bool {
	sql := db.Statement.SQL.String()
	if sql == "" {
		return false
	}
	switch d.shape(sql).Verb {
	case invalidation.Commit, invalidation.Rollback:
		return true
	case invalidation.Opaque:
		return control.MatchString(sql)
	}
	return false
}

// control finds the words of a text that may govern a transaction.
var control = regexp.MustCompile(`(?i)\b(commit|end|rollback|savepoint|release)\b`)

// writeQueued sends a statement and queues its changes until the COMMIT.
func (d *database) writeQueued(tx *track.Tx, db *gorm.DB, send sender) {
	facts := d.image(tx, db, send)
	touched := send(db)
	sql := db.Statement.SQL.String()
	if sql == "" {
		return // nothing to write, or not valid
	}
	shape := d.shape(sql)
	if !d.changes(shape) || d.untouched(db, shape, touched) {
		return
	}
	d.addFacts(db, &facts)
	tx.Add(d.keep(db.Statement.Context, d.changesOf(db, shape, facts))...)
}

// savepoint follows a statement about a savepoint that went well.
func (d *database) savepoint(tx *track.Tx, db *gorm.DB) {
	if db.Statement.SQL.Len() == 0 {
		return
	}
	switch shape := d.shape(db.Statement.SQL.String()); shape.Verb {
	case invalidation.Savepoint:
		tx.Savepoint(shape.Name)
	case invalidation.RollbackTo:
		tx.RollbackTo(shape.Name)
	case invalidation.Release:
		tx.Release(shape.Name)
	}
}

// writeAlone sends a statement outside any transaction. It must be announced
// before it is sent, when its SQL is known but not what it will do; what is
// learnt from its outcome then narrows what it makes untrue.
func (d *database) writeAlone(db *gorm.DB, send sender) {
	shape := d.sketch(db, send)
	if shape == nil || !d.changes(shape) {
		send(db)
		return
	}
	ctx := context.WithoutCancel(db.Statement.Context)
	if manual := d.beginByHand(shape); manual {
		defer d.endByHand(ctx, db, shape)
	}
	wide := d.keep(ctx, d.changesOf(db, shape, invalidation.Facts{}))
	intent := d.announce(ctx, db, wide)
	// If the driver panics the outcome is unknown and counts as committed.
	defer intent.Commit(ctx)
	touched := send(db)
	switch {
	case db.Error != nil:
		// The statement may have been carried out all the same: a connection
		// can be lost after the database has done its work.
	case d.untouched(db, shape, touched):
		intent.Abort(ctx)
	case len(wide) > 0:
		var facts invalidation.Facts
		d.addFacts(db, &facts)
		if narrow := d.ignored(d.changesOf(db, shape, facts)); len(narrow) > 0 {
			intent.Commit(ctx, narrow...)
		}
	}
}

// writeUnseen sends a statement whose end is not seen: on a connection or in
// a transaction that did not come from the tracked pool, or one that returns
// rows to be read later. Its changes stay pending for as long as such a
// transaction may last, so that nothing they meet is served or stored.
func (d *database) writeUnseen(db *gorm.DB, send sender) {
	d.writePending(db, send, func(intent region.Intent) {
		ctx := context.WithoutCancel(db.Statement.Context)
		time.AfterFunc(d.resolved.unseenCommit, func() { intent.Commit(ctx) })
	})
}

// writePending sends a statement with its changes announced, and leaves it to
// hold when they are settled.
func (d *database) writePending(db *gorm.DB, send sender, hold func(region.Intent)) {
	if shape := d.sketch(db, send); shape != nil && d.changes(shape) {
		ctx := context.WithoutCancel(db.Statement.Context)
		hold(d.announce(ctx, db, d.keep(ctx, d.changesOf(db, shape, invalidation.Facts{}))))
	}
	send(db)
}

// announce announces changes and reports an error to the events: the write
// itself is not to fail. It never returns nil.
func (d *database) announce(ctx context.Context, db *gorm.DB, changes []invalidation.Change) region.Intent {
	if len(changes) == 0 {
		return &announcement{plugin: d.Plugin, settled: true}
	}
	intent, err := d.Announce(ctx, changes)
	if err != nil {
		d.report(ctx, db.Statement.Table, err)
		return &announcement{plugin: d.Plugin, settled: true}
	}
	return intent
}

// sketch has GORM write the statement's SQL without sending it and returns
// its shape. It returns nil if there is nothing to send.
func (d *database) sketch(db *gorm.DB, send sender) *invalidation.Shape {
	if db.Statement.SQL.Len() == 0 {
		config := db.Config
		dry := *config
		dry.DryRun = true
		db.Config = &dry
		send(db)
		db.Config = config
	}
	if db.Error != nil || db.Statement.SQL.Len() == 0 {
		return nil
	}
	return d.shape(db.Statement.SQL.String())
}
