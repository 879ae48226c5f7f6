package cacheops

import (
	"context"
	"database/sql"
	"fmt"
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

// changes reports whether statements of that shape can change anything. A
// query, or SET, does by a function that the database keeps; if it is not known
// which those are, by any that the analyser does not know.
func (d *database) changes(shape *invalidation.Shape) bool {
	switch shape.Verb {
	case invalidation.Query, invalidation.Neutral:
		if len(shape.Calls) == 0 {
			return false
		}
		catalog := d.catalog.known()
		return catalog == nil || catalog.Calls(shape.Calls)
	}
	return true
}

// write sends a statement and makes its changes known. How depends on when
// they become true: at a COMMIT that is seen, at once, or at a moment that is
// not seen.
func (d *database) write(db *gorm.DB, send sender) {
	d = d.atWrite(db.Statement)
	d.heed(db)
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

// writeRows does the same for gorm:row, which hands out rows that are still
// being read. A write whose rows are returned there ends when the caller
// closes them, and that is not seen.
func (d *database) writeRows(db *gorm.DB, send sender) {
	d = d.atWrite(db.Statement)
	d.heed(db)
	if _, tx := track.Resolve(db.Statement.ConnPool); tx != nil {
		d.writeIn(tx, db, send)
	} else {
		d.writeUnseen(db, send)
	}
	if err := db.Error; err != nil && !handsOut(db.Statement) {
		rows{}.fail(db, err) // it was not sent, and Row must not return nil
	}
}

// handsOut reports whether gorm:row has been carried out.
func handsOut(stmt *gorm.Statement) bool {
	switch stmt.Dest.(type) {
	case *sql.Row, *sql.Rows:
		return true
	}
	return false
}

// writeIn sends a statement of a tracked transaction.
func (d *database) writeIn(tx *track.Tx, db *gorm.DB, send sender) {
	send = d.owned(send)
	sql := db.Statement.SQL.String() // if a text was given
	if sql != "" && endsByText(d.shape(sql), sql) {
		// From here on there may be no transaction, and what it did is true.
		if err := d.anticipate(context.WithoutCancel(db.Statement.Context), tx.Queue); err != nil {
			_ = db.AddError(err)
			return
		}
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
	if sql != "" {
		d.savepoint(tx, db)
	}
}

// anticipate announces what a transaction has done so far, because a statement
// may end it that is about to be sent. It must not be sent if that fails.
func (p *Plugin) anticipate(ctx context.Context, tx *track.Queue) error {
	changes := tx.Take()
	intent, err := p.announce(ctx, changes)
	if err != nil {
		tx.Add(changes...)
		return err
	}
	tx.Hold(intent)
	tx.Doubt()
	return nil
}

// endsByText reports whether a text is a COMMIT or ROLLBACK, one that commits
// before it does its work, or one that may hold such among others. It may also
// set and release savepoints, which is why none that was set before it is
// relied on.
func endsByText(shape *invalidation.Shape, sql string) bool {
	switch shape.Verb {
	case invalidation.Commit, invalidation.Rollback:
		return true
	case invalidation.Opaque:
		return shape.Commits || control.MatchString(sql)
	default:
		return shape.Commits
	}
}

// control finds the words of a text that may govern a transaction.
var control = regexp.MustCompile(`(?i)\b(commit|end|rollback|savepoint|release)\b`)

// writeQueued sends a statement and queues its changes until the COMMIT.
func (d *database) writeQueued(tx *track.Tx, db *gorm.DB, send sender) {
	send, told := d.image(tx, db, send)
	if db.Error != nil {
		return
	}
	left := leftKeysOf(db.Statement)
	touched := send(db)
	facts := told()
	sql := db.Statement.SQL.String()
	if sql == "" {
		return // nothing to write, or not valid
	}
	shape := d.shape(sql)
	if !d.changes(shape) || d.untouched(db, shape, touched) {
		return
	}
	d.addFacts(db, &facts, left)
	tx.Add(d.keep(db.Statement.Context, d.changesOf(db, shape, facts))...)
}

// savepoint follows a text about a savepoint that went well.
func (d *database) savepoint(tx *track.Tx, db *gorm.DB) {
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
	sketch := d.sketch(db, send)
	if sketch == nil || !d.changes(sketch.Shape) {
		send(db)
		return
	}
	shape := sketch.Shape
	if d.beginByHand(shape) {
		d.sendByHand(db, shape, send)
		return
	}
	ctx := context.WithoutCancel(db.Statement.Context)
	wide := d.keep(ctx, d.changesOf(db, shape, invalidation.Facts{}))
	intent, err := d.announce(ctx, wide)
	if err != nil {
		_ = db.AddError(err)
		return
	}
	// If the driver panics the outcome is unknown and counts as committed.
	defer intent.Commit(ctx)
	m := d.mark(db, mark{own: true})
	defer m.lift()
	left := leftKeysOf(db.Statement)
	touched := send(db)
	switch {
	case m.took():
		// The connection was in a transaction that no one here knew of.
		intent.Abort(ctx)
	case db.Error != nil:
		intent.fail(ctx, db.Error)
	case d.untouched(db, shape, touched):
		intent.Abort(ctx)
	case len(wide) > 0:
		var facts invalidation.Facts
		d.addFacts(db, &facts, left)
		if narrow := d.ignored(d.changesOf(db, shape, facts)); len(narrow) > 0 {
			intent.Commit(ctx, narrow...)
		}
	}
}

// writeUnseen sends a statement whose end is not seen: on a connection or in
// a transaction that did not come from the tracked pool, or one that returns
// rows to be read later. Its changes stay pending for as long as such a
// transaction may last, so that nothing they meet is served or stored.
//
// If the connection turns out to be watched, it has made them known itself,
// and knows when they are settled.
func (d *database) writeUnseen(db *gorm.DB, send sender) {
	ctx := context.WithoutCancel(db.Statement.Context)
	var intent region.Intent
	var m *mark
	defer func() {
		switch {
		case intent == nil:
		case m.took():
			intent.Abort(ctx)
		case db.Error == nil && d.commitsItself(db.Statement.SQL.String()):
			intent.Commit(ctx)
		default:
			time.AfterFunc(d.resolved.unseenCommit, func() { intent.Commit(ctx) })
		}
	}()
	d.writePending(db, func(db *gorm.DB) int64 {
		m = d.mark(db, mark{})
		defer m.lift()
		return send(db)
	}, func(announced region.Intent) { intent = announced })
}

// commitsItself reports whether a statement is one that is committed as soon as
// it is done, whatever it stands in.
func (d *database) commitsItself(sql string) bool {
	shape := d.shape(sql)
	return shape.Verb == invalidation.Definition && shape.Commits
}

// writePending sends a statement with its changes announced, and leaves it to
// hold when they are settled.
func (d *database) writePending(db *gorm.DB, send sender, hold func(region.Intent)) {
	if sketch := d.sketch(db, send); sketch != nil && d.changes(sketch.Shape) {
		ctx := context.WithoutCancel(db.Statement.Context)
		intent, err := d.announce(ctx, d.keep(ctx, d.changesOf(db, sketch.Shape, invalidation.Facts{})))
		if err != nil {
			_ = db.AddError(err)
			return
		}
		hold(intent)
	}
	send(db)
}

// announce announces the changes of what is about to be sent. If a region refuses
// them it must not be sent: results that it makes untrue would go on being served.
func (p *Plugin) announce(ctx context.Context, changes []invalidation.Change) (*announcement, error) {
	if len(changes) == 0 {
		return &announcement{plugin: p, settled: true}, nil
	}
	intent, err := p.Announce(ctx, changes)
	if err != nil {
		return nil, fmt.Errorf("cacheops: the statement was not sent, its changes could not be announced: %w", err)
	}
	return intent.(*announcement), nil
}

// sketch has GORM write the statement's SQL without sending it and returns
// what is kept of that. It returns nil if there is nothing to send.
func (d *database) sketch(db *gorm.DB, send sender) *analysed {
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
	return d.analysed(db.Statement.SQL.String())
}
