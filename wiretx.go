package cacheops

import (
	"context"
	"slices"
	"strings"

	"github.com/seed92106438/cacheops/internal/track"
	"github.com/seed92106438/cacheops/internal/watch"
	"github.com/seed92106438/cacheops/invalidation"
)

// transaction is one that is open on a connection.
type transaction struct {
	track.Queue
	ctx   context.Context
	text  bool // it was begun by text, and is ended by text
	blind bool // something was sent when the plugin had no database yet

	// manual is the database on whose pool it was begun by a callback.
	manual *database
}

// Begin implements [watch.Session]. If a transaction was begun by text before,
// it may be the same one that goes on, or be committed, so what it did stays
// pending until the end.
func (w *wire) Begin(ctx context.Context) (watch.Ended, error) {
	ctx = context.WithoutCancel(ctx)
	tx := &transaction{ctx: ctx}
	switch {
	case w.tx != nil:
		if err := w.plugin.anticipate(ctx, &w.tx.Queue); err != nil {
			return nil, err
		}
	case w.unsure || w.implicit:
		intent, err := w.plugin.announce(ctx, w.everything())
		if err != nil {
			return nil, err
		}
		tx.Hold(intent)
	}
	return func(_ int64, err error) {
		if err != nil {
			tx.Settle(ctx)
			return
		}
		if w.tx != nil {
			w.tx.text = false
			return
		}
		w.tx, w.unsure = tx, false
	}, nil
}

// Commit implements [watch.Session].
func (w *wire) Commit(commit, rollback func() error) error {
	tx := w.tx
	if tx == nil {
		return commit() // a text that was sent has ended it
	}
	defer w.over(tx)
	heard := len(w.databases()) > 0
	if tx.blind {
		tx.Add(w.everything()...)
	}
	err := tx.Queue.Commit(tx.ctx, journal{w.plugin}, commit, rollback)
	if !heard {
		w.dropAll()
	}
	return err
}

// Rollback implements [watch.Session].
func (w *wire) Rollback(rollback func() error) error {
	tx := w.tx
	if tx == nil {
		return rollback()
	}
	err := rollback()
	if err != nil {
		w.stands(tx)
		return err
	}
	w.over(tx)
	return nil
}

// stands follows a ROLLBACK that has failed. SQLite refuses it if there is no
// transaction any more, and then what was done may be true. Elsewhere the
// transaction may still be open, until the connection is closed.
func (w *wire) stands(tx *transaction) {
	if w.isSQLite() {
		w.tell(tx.ctx, tx.Take())
		w.over(tx)
		return
	}
	tx.text = true
	tx.Doubt()
}

// Close implements [watch.Session]. The database rolls back what is open on a
// connection that ends.
func (w *wire) Close() {
	if w.tx != nil {
		w.undone(w.tx)
	}
}

// over notes that the transaction has ended.
func (w *wire) over(tx *transaction) {
	tx.Settle(tx.ctx)
	if tx.manual != nil {
		tx.manual.manual.Add(-1)
	}
	w.tx = nil
}

// undone notes that a transaction begun by text was rolled back. If it changed
// definitions, a pooled connection may have shown them to the catalogue.
func (w *wire) undone(tx *transaction) {
	for _, definitions := range changingIn(tx.Take()) {
		definitions.begin()
		definitions.end()
	}
	w.over(tx)
}

// look asks the driver whether a transaction is open, after a statement of
// which that is not clear. It reports true only if one surely is.
func (w *wire) look() bool {
	open, known := w.status()
	switch {
	case !known:
		return false
	case open && w.tx == nil:
		w.tx = &transaction{ctx: context.Background(), text: true}
		w.tx.Add(w.everything()...)
	case !open && w.tx != nil && w.tx.text:
		w.tell(w.tx.ctx, w.tx.Take())
		w.over(w.tx)
	}
	w.unsure = false
	return open
}

// governs reports whether a statement outside any transaction, as far as is
// known, may begin or end one.
func (s *statement) governs() bool {
	switch s.shape.Verb {
	case invalidation.Begin:
		return true
	case invalidation.Savepoint:
		return s.isSQLite()
	case invalidation.Commit, invalidation.Rollback, invalidation.Release:
		return s.unsure || s.implicit
	}
	return (s.unsure || s.implicit) && (s.shape.Commits || s.setsAutocommit())
}

// govern follows such a statement. What ends a transaction that was not seen
// to begin makes everything untrue.
func (s *statement) govern() (watch.Ended, error) {
	begins := s.shape.Verb == invalidation.Begin || s.shape.Verb == invalidation.Savepoint
	tx := &transaction{ctx: s.ctx, text: true}
	if s.unsure || s.implicit {
		intent, err := s.plugin.announce(s.ctx, s.everything())
		switch {
		case err == nil:
			tx.Hold(intent)
		case s.shape.Verb == invalidation.Rollback: // which commits nothing
			s.plugin.report(s.ctx, "", err)
		default:
			return nil, err
		}
	}
	if s.mark != nil && s.mark.pooled && begins {
		tx.manual = s.mark.database
		tx.manual.manual.Add(1) // before it begins: see manual.go
	}
	return func(_ int64, err error) {
		if err != nil || !begins {
			s.unsure = s.unsure && err != nil
			s.over(tx)
			return
		}
		if s.shape.Verb == invalidation.Savepoint {
			tx.Savepoint(s.shape.Name)
		}
		s.tx, s.unsure = tx, false
	}, nil
}

// isSQLite reports whether this may be SQLite, where a savepoint outside any
// transaction begins one, which goes on until it is released.
func (w *wire) isSQLite() bool {
	return slices.ContainsFunc(w.databases(), func(d *database) bool { return d.root.Name() == "sqlite" })
}

// setsAutocommit reports whether the statement may enter or leave MySQL's mode
// in which every statement belongs to a transaction. One that changes nothing may
// name it all the same, as that does by which the catalogue's reader asks for it.
func (s *statement) setsAutocommit() bool {
	switch s.shape.Verb {
	case invalidation.Session, invalidation.Local, invalidation.Opaque:
		return strings.Contains(strings.ToLower(s.sql), "autocommit")
	}
	return false
}

// commitText follows a COMMIT that is sent as text. One that fails may have
// left the transaction open.
func (s *statement) commitText() (watch.Ended, error) {
	tx := s.tx
	changes := tx.Take()
	intent, err := s.plugin.announce(s.ctx, changes)
	if err != nil {
		tx.Add(changes...)
		return nil, err
	}
	return func(_ int64, err error) {
		if err != nil {
			tx.Hold(intent)
			if !notSent(err) {
				tx.Doubt()
				s.look()
			}
			return
		}
		intent.Commit(s.ctx)
		s.over(tx)
		s.chain()
	}, nil
}

// rollbackText follows a ROLLBACK that is sent as text.
func (s *statement) rollbackText() watch.Ended {
	tx, given := s.tx, s.given
	return func(_ int64, err error) {
		switch {
		case notSent(err):
		case err == nil:
			s.undone(tx)
			s.chain()
		case given.Err() != nil:
			tx.Doubt() // it may not have been sent
			s.look()
		default:
			s.stands(tx)
		}
	}
}

// chain begins the transaction that COMMIT AND CHAIN goes on with.
func (s *statement) chain() {
	if strings.Contains(strings.ToLower(s.sql), "chain") {
		s.tx = &transaction{ctx: s.ctx, text: true}
	}
}

// inside follows a statement in an open transaction.
func (s *statement) inside() (watch.Ended, error) {
	if s.tx.text {
		switch s.shape.Verb {
		case invalidation.Commit:
			return s.commitText()
		case invalidation.Rollback:
			return s.rollbackText(), nil
		case invalidation.Release:
			if s.isSQLite() && s.tx.Outermost(s.shape.Name) {
				return s.commitText()
			}
		}
	}
	if s.shape.Verb == invalidation.Begin || endsByText(s.shape, s.sql) {
		// From here on this may be another transaction, or none, and what was
		// done before is true.
		if err := s.plugin.anticipate(s.ctx, &s.tx.Queue); err != nil {
			return nil, err
		}
	}
	changing := !s.own && s.changing()
	doubtful := s.tx.Doubtful()
	if changing && doubtful {
		intent, err := s.plugin.announce(s.ctx, s.changes(invalidation.Facts{}))
		if err != nil {
			return nil, err
		}
		s.tx.Hold(intent)
	}
	tx := s.tx
	return func(rows int64, err error) {
		if notSent(err) {
			return
		}
		if changing && !doubtful && !s.untouched(rows, err) {
			tx.Add(s.changes(invalidation.Facts{Rows: max(rows, 0)})...)
		}
		s.after(tx, err)
	}, nil
}

// after follows what a statement did to the transaction that it was sent in.
func (s *statement) after(tx *transaction, err error) {
	if s.tx != tx {
		return
	}
	if err != nil || s.shape.Verb == invalidation.Opaque {
		if open := s.look(); err != nil && !open {
			tx.Doubt()
		}
		return
	}
	switch s.shape.Verb {
	case invalidation.Savepoint:
		tx.Savepoint(s.shape.Name)
	case invalidation.RollbackTo:
		tx.RollbackTo(s.shape.Name)
	case invalidation.Release:
		tx.Release(s.shape.Name)
	}
}
