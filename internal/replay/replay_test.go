package replay_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/seed92106438/cacheops/internal/replay"
)

func TestAResultIsPlayedManyTimesAtOnce(t *testing.T) {
	result := taken(t, numbers(t, 100), "SELECT n, word FROM numbers")
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			rows, err := result.Rows(t.Context())
			if err != nil {
				t.Error(err)
				return
			}
			list, err := column2(rows)
			if err != nil || !slices.Equal(list, upTo(100)) {
				t.Errorf("got %v, %v", list, err)
			}
		})
	}
	wg.Wait()
}

// column2 reads rows of two columns.
func column2(rows *sql.Rows) (list []int, err error) {
	defer rows.Close()
	for rows.Next() {
		var n int
		var word string
		if err := rows.Scan(&n, &word); err != nil {
			return list, err
		}
		list = append(list, n)
	}
	return list, rows.Err()
}

func TestARowIsTheFirst(t *testing.T) {
	db := numbers(t, 3)
	var n int
	must(t, taken(t, db, "SELECT n FROM numbers ORDER BY n DESC").Row(t.Context()).Scan(&n))
	if n != 3 {
		t.Errorf("got %d", n)
	}
	none := taken(t, db, "SELECT n FROM numbers WHERE n > 3")
	if err := none.Row(t.Context()).Scan(&n); !errors.Is(err, sql.ErrNoRows) {
		t.Errorf("got %v of no rows", err)
	}
	must(t, rest(t, query(t, db, "SELECT n FROM numbers"), 0).Row(t.Context()).Scan(&n))
	if n != 1 {
		t.Errorf("got %d of a stream", n)
	}
	isFree(t, db)
}

func TestAFailedRowTellsItsError(t *testing.T) {
	for _, want := range []error{errors.New("no"), driver.ErrBadConn, context.Canceled} {
		row := replay.FailedRow(want)
		if row.Err() != want || row.Scan(new(int)) != want {
			t.Errorf("got %v and %v, want %v", row.Err(), row.Scan(new(int)), want)
		}
	}
}

// Whoever scans into RawBytes or as a Scanner may hold the bytes, or write
// into them: they are not the cache's, nor those of the row before.
func TestBytesAreTheCallersOwn(t *testing.T) {
	db := sqlite(t, `CREATE TABLE t (a BLOB, b BLOB)`, `INSERT INTO t VALUES (x'0102', x'03'), (x'0405', NULL), (x'', x'06')`)
	result := taken(t, db, "SELECT a, b FROM t")
	var held [][]byte
	for range 2 {
		rows, err := result.Rows(t.Context())
		must(t, err)
		var list [][]byte
		for rows.Next() {
			var a, b keeper
			must(t, rows.Scan(&a, &b))
			list = append(list, a.bytes, b.bytes)
		}
		must(t, rows.Err())
		want := [][]byte{{1, 2}, {3}, {4, 5}, nil, {}, {6}}
		if !slices.EqualFunc(list, want, func(a, b []byte) bool { return slices.Equal(a, b) && (a == nil) == (b == nil) }) {
			t.Errorf("got %#v", list)
		}
		held = append(held, list...)
		for _, b := range list {
			clear(b)
			_ = append(b, 0xff)
		}
	}
	for _, b := range held {
		if slices.ContainsFunc(b, func(c byte) bool { return c != 0 }) {
			t.Errorf("what was held changed to %v", b)
		}
	}
}

// keeper keeps the bytes that it is handed.
type keeper struct{ bytes []byte }

func (k *keeper) Scan(src any) error {
	k.bytes, _ = src.([]byte)
	return nil
}

// GORM's Scan writes into what Columns returns.
func TestColumnsAreThePlayingsOwn(t *testing.T) {
	result := taken(t, numbers(t, 1), "SELECT n, word FROM numbers")
	rows, err := result.Rows(t.Context())
	must(t, err)
	names, err := rows.Columns()
	must(t, err)
	names[0] = "scribbled"
	again, err := result.Rows(t.Context())
	must(t, err)
	if names, _ := again.Columns(); !slices.Equal(names, []string{"n", "word"}) {
		t.Errorf("got %q", names)
	}
	must(t, rows.Close())
	must(t, again.Close())
}

func TestContextEndsAPlaying(t *testing.T) {
	result := taken(t, numbers(t, 10), "SELECT n FROM numbers")
	ctx, cancel := context.WithCancel(t.Context())
	rows, err := result.Rows(ctx)
	must(t, err)
	if !rows.Next() {
		t.Fatal(rows.Err())
	}
	cancel()
	for rows.Err() == nil { // until database/sql has noticed
		runtime.Gosched()
	}
	if rows.Next() || !errors.Is(rows.Err(), context.Canceled) {
		t.Errorf("got %v", rows.Err())
	}
	must(t, rows.Close())
	if _, err := result.Rows(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v under a context that has ended", err)
	}
	if err := result.Row(ctx).Err(); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v for a row under a context that has ended", err)
	}
}

func TestSizeIsWhatTheValuesTake(t *testing.T) {
	db := numbers(t, 200)
	few, many := taken(t, db, "SELECT n, word FROM numbers LIMIT 100"), taken(t, db, "SELECT n, word FROM numbers")
	if few.Len() != 100 || many.Len() != 200 {
		t.Fatalf("%d and %d rows", few.Len(), many.Len())
	}
	perRow := (many.Size() - few.Size()) / 100
	if perRow < 2*16+8+16+10 || perRow > 100 {
		t.Errorf("a row of a number and a word of 10 letters is said to take %d bytes", perRow)
	}
}
