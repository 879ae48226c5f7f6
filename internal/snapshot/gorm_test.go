package snapshot_test

import (
	"context"
	"database/sql"
	"reflect"
	"testing"

	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/callbacks"
	"gorm.io/gorm/logger"

	"github.com/seed92106438/cacheops/internal/snapshot"
)

// bench is a database whose queries can be answered by something other than
// GORM's own query callback.
type bench struct {
	*gorm.DB
	answer func(*gorm.DB) // nil for GORM's own
	orig   func(*gorm.DB)
}

func open(t testing.TB) *bench {
	t.Helper()
	db, err := gorm.Open(sqlite.Open(":memory:"), &gorm.Config{Logger: logger.Discard})
	if err != nil {
		t.Fatal(err)
	}
	pool, err := db.DB()
	if err != nil {
		t.Fatal(err)
	}
	pool.SetMaxOpenConns(1) // each connection would have a database of its own
	t.Cleanup(func() { _ = pool.Close() })

	b := &bench{DB: db, orig: db.Callback().Query().Get("gorm:query")}
	err = db.Callback().Query().Replace("gorm:query", func(db *gorm.DB) {
		if b.answer == nil {
			b.orig(db)
			return
		}
		callbacks.BuildQuerySQL(db)
		b.answer(db)
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// with runs a query that is answered by answer.
func (b *bench) with(answer func(*gorm.DB), query func()) {
	b.answer = answer
	defer func() { b.answer = nil }()
	query()
}

// scan lets GORM scan the result of db's statement into a fresh variable.
func (b *bench) scan(db *gorm.DB) (value reflect.Value, rows int64, columns []string) {
	stmt := db.Statement
	dest, rv, raise, pool := stmt.Dest, stmt.ReflectValue, stmt.RaiseErrorOnNotFound, stmt.ConnPool
	defer func() {
		stmt.Dest, stmt.ReflectValue, stmt.RaiseErrorOnNotFound, stmt.ConnPool = dest, rv, raise, pool
	}()

	stmt.RaiseErrorOnNotFound = false
	stmt.ConnPool = columnPool{pool, &columns}
	stmt.Dest, value = snapshot.Fresh(rv.Type())
	stmt.ReflectValue = value
	b.orig(db)
	rows, db.RowsAffected = db.RowsAffected, 0
	return value, rows, columns
}

// columnPool notes the columns of the last result.
type columnPool struct {
	gorm.ConnPool
	columns *[]string
}

func (p columnPool) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	rows, err := p.ConnPool.QueryContext(ctx, query, args...)
	if err == nil {
		*p.columns, err = rows.Columns()
	}
	return rows, err
}

// take answers a query from the database by way of a snapshot.
func (b *bench) take(t testing.TB, into **snapshot.Snapshot) func(*gorm.DB) {
	return func(db *gorm.DB) {
		if reason, ok := snapshot.Supported(db.Statement.Dest); !ok {
			t.Errorf("%T is not supported: %s", db.Statement.Dest, reason)
			return
		}
		s, err := snapshot.Take(b.scan(db))
		if err != nil {
			t.Error(err)
			return
		}
		*into = s
		if !s.Fill(db) {
			t.Error("the first fill was declined")
		}
	}
}

// fill answers a query from a snapshot.
func fill(t testing.TB, s *snapshot.Snapshot) func(*gorm.DB) {
	return func(db *gorm.DB) {
		if !s.Fill(db) {
			t.Error("the fill was declined")
		}
	}
}

// move answers a query from the database by way of a fresh variable.
func (b *bench) move(t testing.TB) func(*gorm.DB) {
	return func(db *gorm.DB) {
		value, rows, columns := b.scan(db)
		if !snapshot.Move(db, value, rows, columns) {
			t.Error("the move was declined")
		}
	}
}

// query is a query into a destination of the test's choice.
type query func(db *gorm.DB, dest any) *gorm.DB

// outcome is what a caller sees of a query.
type outcome struct {
	dest any
	rows int64
	err  error
}

func (b *bench) run(answer func(*gorm.DB), q query, dest any) (o outcome) {
	b.with(answer, func() {
		tx := q(b.DB, dest)
		o = outcome{dest, tx.RowsAffected, tx.Error}
	})
	return o
}

// checkSame verifies that a query gives the same through a snapshot as it
// does without, for as many callers as there are, whatever they do to what
// they get. Each call of newDest must return a destination in the same state.
func (b *bench) checkSame(t *testing.T, q query, newDest func() any) {
	t.Helper()
	want := b.run(nil, q, newDest())
	if want.err != nil && want.err != gorm.ErrRecordNotFound {
		t.Fatal(want.err)
	}

	var s *snapshot.Snapshot
	b.run(b.take(t, &s), q, zeroOf(newDest()))
	if s == nil {
		t.Fatal("no snapshot was taken")
	}
	for range 3 {
		got := b.run(fill(t, s), q, newDest())
		check(t, "filled", got, want)
		scramble(reflect.ValueOf(got.dest))
	}
	moved := b.run(b.move(t), q, newDest())
	check(t, "moved", moved, want)
	if again := b.run(nil, q, newDest()); !reflect.DeepEqual(again, want) {
		t.Fatal("the query itself does not repeat: the test compares nothing")
	}
}

// checkDeclined verifies that a snapshot refuses to fill a destination, and
// leaves it alone.
func (b *bench) checkDeclined(t *testing.T, q query, newDest func() any) {
	t.Helper()
	var s *snapshot.Snapshot
	b.run(b.take(t, &s), q, zeroOf(newDest()))

	dest := newDest()
	b.run(func(db *gorm.DB) {
		db.RowsAffected = -7
		if s.Fill(db) {
			t.Error("the fill was not declined")
		}
		if db.RowsAffected != -7 {
			t.Error("RowsAffected was changed")
		}
	}, q, dest)
	if !reflect.DeepEqual(dest, newDest()) {
		t.Errorf("the destination was changed to %+v", dest)
	}
}

func check(t *testing.T, how string, got, want outcome) {
	t.Helper()
	if got.rows != want.rows || got.err != want.err {
		t.Errorf("%s: %d rows, error %v, want %d, %v", how, got.rows, got.err, want.rows, want.err)
	}
	if !reflect.DeepEqual(got.dest, want.dest) {
		t.Errorf("%s:\n got %+v\nwant %+v", how, elem(got.dest), elem(want.dest))
	}
}

// elem is what dest points to, for printing.
func elem(dest any) any { return reflect.Indirect(reflect.ValueOf(dest)).Interface() }

// zeroOf returns a zero destination of the type of dest.
func zeroOf(dest any) any {
	t := reflect.TypeOf(dest)
	if t.Kind() == reflect.Pointer {
		return reflect.New(t.Elem()).Interface()
	}
	return reflect.MakeMap(t).Interface()
}
