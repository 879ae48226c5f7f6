package cacheops

import (
	"context"
	"database/sql/driver"
	"reflect"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops/internal/replay"
	"github.com/seed92106438/cacheops/internal/snapshot"
	"github.com/seed92106438/cacheops/profiles"
	"github.com/seed92106438/cacheops/querykey"
)

// form is the form in which a read is given its result: scanned into a
// destination, or as rows that are yet to be scanned. All else, whether a
// result may be kept and whether it is true, does not depend on it.
type form interface {
	// kinds are the kinds of reading that there are in this form.
	kinds() profiles.Ops
	// kind tells which of them a read is. By its SQL, if that is built.
	kind(stmt *gorm.Statement) profiles.Ops
	// refusal tells why no result can be kept in this form, or "".
	refusal(stmt *gorm.Statement) Bypass
	// writeShape writes into a key what the result goes by besides the rows.
	writeShape(b *querykey.Builder, stmt *gorm.Statement)

	// send asks the database, by the callback that was GORM's.
	send(db *gorm.DB)
	// fail gives the caller the error with which the database answered.
	fail(db *gorm.DB, err error)

	// aim gives a flight's statement a destination for the result of another.
	aim(stmt, of *gorm.Statement)
	// fetch sends a flight's statement. It returns no result if the database
	// refused, and one with an error if that came while the rows were read.
	fetch(ctx context.Context, f *flight) (result, error)

	// served makes of recorded rows what callers are filled from.
	served(rows *replay.Result) filler
	// held makes of recorded rows what memory holds for reads such as db's.
	held(db *gorm.DB, rows *replay.Result) (kept filler, size int64, err error)
}

// result is what a query has returned, for the read that has asked.
type result interface {
	filler
	// rows tells how many there are.
	rows() int64
	// ends returns what the driver gave in the first and the last row for a
	// column of that name, in lower case, or for the only column if it is empty.
	// It returns nil for what is not known.
	ends(stmt *gorm.Statement, column string) (first, last driver.Value)
	// column returns what the driver gave for such a column in all rows, and
	// whether it is known.
	column(stmt *gorm.Statement, name string) ([]driver.Value, bool)
	// keep makes what is stored of the result, which is not filled from any
	// more if it is stored. It returns nil if the result cannot be stored.
	keep() (kept filler, size int64, err error)
	// raw returns all rows as the driver gave them, or nil if they were not
	// recorded.
	raw() *replay.Result
	// claim ties what is still in the database to the context of the read,
	// which leaves the flight now.
	claim(ctx context.Context)
}

// filler gives a result to the caller of a statement: what is stored, many
// times and at once; what is not, once. If it reports false nothing was
// changed.
type filler interface {
	Fill(db *gorm.DB) bool
}

// values is the form of reads through gorm:query, which GORM scans.
type values struct{ query func(*gorm.DB) }

func (values) kinds() profiles.Ops                    { return profiles.All }
func (values) kind(stmt *gorm.Statement) profiles.Ops { return opOf(stmt) }

func (values) refusal(stmt *gorm.Statement) Bypass {
	if isFirstOrCreate(stmt) {
		return FirstOrCreate
	}
	if _, ok := snapshot.Supported(stmt.Dest); !ok {
		return BadDest
	}
	return ""
}

func (values) writeShape(b *querykey.Builder, stmt *gorm.Statement) { snapshot.WriteShape(b, stmt) }

func (v values) send(db *gorm.DB) { v.query(db) }

func (values) fail(db *gorm.DB, err error) { _ = db.AddError(err) }

func (values) aim(stmt, of *gorm.Statement) {
	stmt.Dest, stmt.ReflectValue = snapshot.Fresh(of.ReflectValue.Type())
}

func (v values) fetch(ctx context.Context, f *flight) (result, error) {
	stmt := f.tx.Statement
	stmt.Context = ctx
	if f.region.Shared() {
		f.tap.limit = f.maxRowsBytes()
	}
	v.query(f.tx)
	if f.tx.Error != nil && f.tap.names == nil {
		return nil, f.tx.Error
	}
	own := &scanned{
		value: stmt.ReflectValue, count: f.tx.RowsAffected, columns: mapped(f.tap.names, stmt.ColumnMapping),
	}
	if rows := f.tap.recorded(); rows != nil {
		return &portable{own, rows}, f.tx.Error
	}
	return own, f.tx.Error
}

// scanned is a result as GORM has scanned it.
type scanned struct {
	value   reflect.Value
	count   int64
	columns []string
}

func (*scanned) raw() *replay.Result { return nil }

// Fill moves the values, without a copy.
func (s *scanned) Fill(db *gorm.DB) bool { return snapshot.Move(db, s.value, s.count, s.columns) }

func (s *scanned) rows() int64           { return s.count }
func (s *scanned) claim(context.Context) {}

func (s *scanned) keep() (filler, int64, error) {
	snap, err := snapshot.Take(s.value, s.count, s.columns)
	if err != nil {
		return nil, 0, err
	}
	return snap, snap.Size(), nil
}
