package replay_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"

	_ "github.com/mattn/go-sqlite3"

	"github.com/seed92106438/cacheops/internal/replay"
)

// enough is a limit that nothing here reaches.
const enough = 1 << 20

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func open(t testing.TB, driver, dsn string, statements ...string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	must(t, err)
	t.Cleanup(func() { _ = db.Close() })
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	return db
}

func sqlite(t testing.TB, statements ...string) *sql.DB {
	t.Helper()
	return open(t, "sqlite3", "file:"+filepath.Join(t.TempDir(), "test.db")+"?_loc=Europe%2FBerlin", statements...)
}

// numbers is a database with a table of the numbers from 1 to n.
func numbers(t testing.TB, n int) *sql.DB {
	t.Helper()
	return sqlite(t, `CREATE TABLE numbers (n INTEGER, word TEXT)`, fmt.Sprintf(
		`WITH RECURSIVE seq(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM seq WHERE n < %d)
		INSERT INTO numbers SELECT n, 'number ' || n FROM seq`, n))
}

func query(t testing.TB, db *sql.DB, sql string, args ...any) *sql.Rows {
	t.Helper()
	rows, err := db.Query(sql, args...)
	must(t, err)
	return rows
}

// taken makes a result of a query that fits into memory.
func taken(t testing.TB, db *sql.DB, sql string, args ...any) *replay.Result {
	t.Helper()
	result, stream := replay.Take(query(t, db, sql, args...), enough)
	if stream != nil {
		t.Fatalf("%s gave no result", sql)
	}
	return result
}

// rest makes a stream of a query that does not fit into limit bytes.
func rest(t testing.TB, rows *sql.Rows, limit int64) *replay.Stream {
	t.Helper()
	result, stream := replay.Take(rows, limit)
	if result != nil {
		t.Fatalf("a result of %d rows and %d bytes fits into %d", result.Len(), result.Size(), limit)
	}
	return stream
}

// column reads the first column of all rows as numbers, and what ended them.
func column(rows *sql.Rows) (list []int, err error) {
	defer rows.Close()
	for rows.Next() {
		var n int
		if err := rows.Scan(&n); err != nil {
			return list, err
		}
		list = append(list, n)
	}
	return list, rows.Err()
}

func upTo(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i + 1
	}
	return list
}

// isFree checks that no connection is held.
func isFree(t testing.TB, db *sql.DB) {
	t.Helper()
	if n := db.Stats().InUse; n != 0 {
		t.Errorf("%d connections are still in use", n)
	}
}
