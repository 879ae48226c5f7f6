package cacheops

import (
	"context"
	"database/sql"
	"database/sql/driver"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops/internal/replay"
	"github.com/seed92106438/cacheops/profiles"
	"github.com/seed92106438/cacheops/querykey"
)

// DefaultRowsBytes is the largest size of a result that is stored as rows,
// unless the profile has a MaxBytes: one of [profiles.Rows], and any in a region
// that processes share. Rows are read into memory up to that size before the
// caller gets the first of them.
const DefaultRowsBytes = 1 << 20

// rows is the form of reads through gorm:row, which the caller scans: Row,
// Rows and, by way of Rows, Scan. They all share the results of one text.
type rows struct{ query func(*gorm.DB) }

func (rows) kinds() profiles.Ops               { return profiles.Rows }
func (rows) kind(*gorm.Statement) profiles.Ops { return profiles.Rows }
func (rows) refusal(*gorm.Statement) Bypass    { return "" }

// writeShape writes the shape of no destination, which no other form has.
func (rows) writeShape(b *querykey.Builder, _ *gorm.Statement) { b.Uint(0) }

func (r rows) send(db *gorm.DB) { r.query(db) }

// fail does as gorm:row does, without translating the error: Rows returns it,
// while a Row keeps it until it is scanned.
func (rows) fail(db *gorm.DB, err error) {
	if wantsRows(db.Statement) {
		db.Statement.Dest, db.Error = (*sql.Rows)(nil), err
	} else {
		db.Statement.Dest = replay.FailedRow(err)
	}
	db.RowsAffected = -1
}

// severalRows is the setting by which GORM tells Rows from Row.
const severalRows = "rows"

// wantsRows reports whether Rows was called, not Row. As in GORM it does so
// once.
func wantsRows(stmt *gorm.Statement) bool {
	v, ok := stmt.Settings.LoadAndDelete(severalRows)
	return ok && v.(bool)
}

func (rows) aim(stmt, _ *gorm.Statement) { stmt.Settings.Store(severalRows, true) }

func (r rows) fetch(ctx context.Context, f *flight) (result, error) {
	tie := tieTo(ctx)
	f.tx.Statement.Context = tie.ctx
	r.query(f.tx)
	if err := f.tx.Error; err != nil {
		tie.end()
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, err
	}
	complete, stream := replay.Take(f.tx.Statement.Dest.(*sql.Rows), f.maxRowsBytes())
	if complete == nil {
		stream.OnClose(tie.end)
		return &streamed{Stream: stream, tie: tie}, nil
	}
	tie.end()
	return recorded{complete}, nil
}

func (rows) served(all *replay.Result) filler { return recorded{all} }

func (rows) held(_ *gorm.DB, all *replay.Result) (filler, int64, error) {
	return recorded{all}, all.Size(), nil
}

// maxRowsBytes returns how much of the rows is read into memory.
func (f *flight) maxRowsBytes() int64 {
	if f.maxBytes > 0 {
		return f.maxBytes
	}
	return DefaultRowsBytes
}

// recorded is a result whose rows are all in memory.
type recorded struct{ *replay.Result }

// Fill implements filler.
func (r recorded) Fill(db *gorm.DB) bool { return play(db, r) }

func (r recorded) ends(_ *gorm.Statement, column string) (first, last driver.Value) {
	if at := indexOf(r.Columns(), column); at >= 0 && r.Len() > 0 {
		return r.Value(0, at), r.Value(int(r.Len())-1, at)
	}
	return nil, nil
}

func (r recorded) column(_ *gorm.Statement, name string) ([]driver.Value, bool) {
	at := indexOf(r.Columns(), name)
	if at < 0 {
		return nil, false
	}
	values := make([]driver.Value, r.Len())
	for i := range values {
		values[i] = r.Value(i, at)
	}
	return values, true
}

func (r recorded) rows() int64                  { return r.Len() }
func (r recorded) claim(context.Context)        {}
func (r recorded) keep() (filler, int64, error) { return r, r.Size(), nil }
func (r recorded) raw() *replay.Result          { return r.Result }

// streamed is a result that is too large to be kept, or at whose end there is
// an error. Its own read gets the rows that were read, then the rest.
type streamed struct {
	*replay.Stream
	tie *tie
}

// Fill implements filler.
func (s *streamed) Fill(db *gorm.DB) bool { return play(db, s.Stream) }

func (s *streamed) column(*gorm.Statement, string) ([]driver.Value, bool) { return nil, false }

func (s *streamed) ends(*gorm.Statement, string) (first, last driver.Value) { return nil, nil }

func (s *streamed) rows() int64                  { return s.Len() }
func (s *streamed) claim(ctx context.Context)    { s.tie.move(ctx) }
func (s *streamed) keep() (filler, int64, error) { return nil, 0, nil }
func (s *streamed) raw() *replay.Result          { return nil }

// play gives rows to the caller of db's statement, as gorm:row does.
func play(db *gorm.DB, from interface {
	Rows(ctx context.Context) (*sql.Rows, error)
	Row(ctx context.Context) *sql.Row
}) bool {
	stmt := db.Statement
	if wantsRows(stmt) {
		stmt.Dest, db.Error = from.Rows(stmt.Context)
	} else {
		stmt.Dest = from.Row(stmt.Context)
	}
	db.RowsAffected = -1
	return true
}

// tie ties a query to a context that can be exchanged while its rows are
// read: first that of the flight, which ends when the flight has landed, then
// that of the read which goes on reading. If that read has given up before,
// the query ends with the flight.
type tie struct {
	ctx    context.Context // of the query
	cancel context.CancelFunc
	undo   func() bool
}

// tieTo makes a tie. What can never end needs none.
func tieTo(ctx context.Context) *tie {
	if ctx.Done() == nil {
		return &tie{ctx: ctx, cancel: func() {}, undo: func() bool { return true }}
	}
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	return &tie{ctx: own, cancel: cancel, undo: context.AfterFunc(ctx, cancel)}
}

// move has the query end when ctx does, and not otherwise.
func (t *tie) move(ctx context.Context) {
	t.undo()
	t.undo = context.AfterFunc(ctx, t.cancel)
}

// end ends the query.
func (t *tie) end() {
	t.undo()
	t.cancel()
}
