package cacheops

import (
	"database/sql/driver"
	"errors"
	"reflect"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops/internal/replay"
	"github.com/seed92106438/cacheops/internal/snapshot"
	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/region"
)

// What processes share are rows as the driver gave them. What a Go type makes
// of them is known only to the process that has the type: there, GORM scans
// them as it would scan the database's. So one stored result serves any
// destination, and a model that gained or lost a field finds in it what the
// database would have told it.

// question is a read as a shared region sees it.
type question struct {
	*database
	form     form
	db       *gorm.DB // with the statement that the result is for
	settings *settings
}

// query returns the question that db's statement puts to a region, nil if the
// region does not ask for it.
func (d *database) query(to region.Region, form form, db *gorm.DB, s *settings) region.Query {
	if !to.Shared() {
		return nil
	}
	return &question{database: d, form: form, db: db, settings: s}
}

// Tables implements [region.Query]. It sends nothing: as long as the catalogue
// was not read, it knows none but the database's journal, in which the region hears
// what was defined before the catalogue is read.
func (q *question) Tables() []invalidation.Table {
	tables := []invalidation.Table{{Database: q.name, Name: invalidation.AllTables}}
	cat := q.catalog.loaded()
	if cat == nil {
		return tables
	}
	for _, use := range q.shape(q.db.Statement.SQL.String()).Uses {
		if relation := cat.Catalog[use.Table]; relation != nil && relation.Base {
			tables = append(tables, invalidation.Table{Database: q.name, Name: relation.Name})
		}
	}
	declared, _ := q.declared(q.settings, cat) // an error is met again by the miss
	for _, name := range declared {
		tables = append(tables, invalidation.Table{Database: q.name, Name: name})
	}
	return tables
}

// Decode implements [region.Query].
func (q *question) Decode(encoded []byte) (any, error) {
	rows, err := replay.Decode(encoded)
	if err != nil {
		return nil, err
	}
	return q.form.served(rows), nil
}

// Keep implements [region.Query].
func (q *question) Keep(value any) (any, int64, error) {
	return q.form.held(q.db, value.(interface{ raw() *replay.Result }).raw())
}

// replayed is a result of values whose rows GORM scans for each caller.
type replayed struct{ rows *replay.Result }

func (r replayed) raw() *replay.Result { return r.rows }

// Fill implements filler. An error leaves the destination as it was, but for
// what it points to: the database is going to be asked for the same rows, and
// meets the error itself.
func (r replayed) Fill(db *gorm.DB) bool {
	dest := db.Statement.ReflectValue
	before := reflect.New(dest.Type()).Elem()
	before.Set(dest)
	if r.scan(db) == nil {
		return true
	}
	if dest.CanSet() {
		dest.Set(before)
	}
	db.Error, db.RowsAffected = nil, 0
	return false
}

// scan does as gorm:query does with the rows of a query.
func (r replayed) scan(db *gorm.DB) error {
	rows, err := r.rows.Rows(db.Statement.Context)
	if err != nil {
		return err
	}
	gorm.Scan(rows, db, 0)
	_ = db.AddError(rows.Close())
	if db.Statement.Result != nil {
		db.Statement.Result.RowsAffected = db.RowsAffected
	}
	if errors.Is(db.Error, gorm.ErrRecordNotFound) {
		return nil
	}
	return db.Error
}

func (values) served(rows *replay.Result) filler { return replayed{rows} }

// held returns the values that the rows are scanned into, or the rows if these
// cannot be copied.
func (v values) held(db *gorm.DB, rows *replay.Result) (filler, int64, error) {
	own := private(db, v)
	if err := (replayed{rows}).scan(own); err != nil {
		return nil, 0, err
	}
	stmt := own.Statement
	all := &scanned{
		value: stmt.ReflectValue, count: own.RowsAffected, columns: mapped(rows.Columns(), stmt.ColumnMapping),
	}
	return (&portable{all, rows}).keep()
}

// portable is a result that GORM has scanned, with the rows that it was scanned
// from.
type portable struct {
	*scanned
	all *replay.Result
}

func (p *portable) raw() *replay.Result { return p.all }

// The rows tell more surely than the values do what the driver gave.

func (p *portable) ends(stmt *gorm.Statement, column string) (first, last driver.Value) {
	return recorded{p.all}.ends(stmt, column)
}

func (p *portable) column(stmt *gorm.Statement, name string) ([]driver.Value, bool) {
	return recorded{p.all}.column(stmt, name)
}

// keep implements result.
func (p *portable) keep() (filler, int64, error) {
	snap, err := snapshot.Take(p.value, p.count, p.columns)
	if err != nil {
		return replayed{p.all}, p.all.Size(), nil
	}
	return snap, snap.Size(), nil
}

// unfit tells why a result could not be filled into a destination.
func unfit(kept filler) Bypass {
	if _, ok := kept.(replayed); ok {
		return Unscannable
	}
	return PresetDest
}
