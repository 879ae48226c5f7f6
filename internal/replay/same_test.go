package replay_test

import (
	"database/sql"
	"fmt"
	"math/big"
	"reflect"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/seed92106438/cacheops/internal/replay"
	"github.com/seed92106438/cacheops/internal/testdb"
)

// seen is a Scanner that tells what the driver gave.
type seen struct{ what string }

func (s *seen) Scan(src any) error {
	s.what = fmt.Sprintf("%T %#v", src, src)
	return nil
}

type (
	word  string
	level int16
	blob  []byte
)

// destinations are what a column may be scanned into.
var destinations = []func() any{
	func() any { return new(any) },
	func() any { return new(string) },
	func() any { return new([]byte) },
	func() any { return new(bool) },
	func() any { return new(int) },
	func() any { return new(int8) },
	func() any { return new(uint64) },
	func() any { return new(float32) },
	func() any { return new(float64) },
	func() any { return new(time.Time) },
	func() any { return new(*int64) },
	func() any { return new(*string) },
	func() any { return new(**time.Time) },
	func() any { return new(sql.NullString) },
	func() any { return new(sql.NullInt64) },
	func() any { return new(sql.NullTime) },
	func() any { return new(sql.NullBool) },
	func() any { return new(sql.Null[float64]) },
	func() any { return new(word) },
	func() any { return new(level) },
	func() any { return new(blob) },
	func() any { return new(seen) },
	func() any { return new(big.Int) },
	func() any { return nil },
}

// transcript tells all that can be seen of rows, with each column of each row
// scanned into each destination.
func transcript(rows *sql.Rows) (lines []string) {
	defer rows.Close()
	tell := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	lines = append(lines, description(rows)...)
	for rows.Next() {
		lines = append(lines, description(rows)...)
		names, _ := rows.Columns()
		for i, name := range names {
			for _, destination := range destinations {
				into := anything(len(names))
				into[i] = destination()
				err := rows.Scan(into...)
				tell("%s into %T: %#v %v", name, into[i], dereferenced(into[i]), err)
			}
		}
		tell("too few: %v", rows.Scan())
	}
	tell("end: %v, next set %t, close %v", rows.Err(), rows.NextResultSet(), rows.Close())
	_, err := rows.Columns()
	tell("closed: %v, %v", err, rows.Scan())
	return lines
}

// description tells what is known of the columns.
func description(rows *sql.Rows) (lines []string) {
	names, err := rows.Columns()
	types, typesErr := rows.ColumnTypes()
	lines = append(lines, fmt.Sprintf("columns %q, %v, %v", names, err, typesErr))
	for _, c := range types {
		length, hasLength := c.Length()
		precision, scale, hasSize := c.DecimalSize()
		nullable, hasNullable := c.Nullable()
		lines = append(lines, fmt.Sprintf("%s: %s %s length %d %t size %d %d %t nullable %t %t", c.Name(), c.ScanType(), c.DatabaseTypeName(),
			length, hasLength, precision, scale, hasSize, nullable, hasNullable))
	}
	return lines
}

// raw reads all columns as RawBytes.
func raw(rows *sql.Rows) (lines []string) {
	defer rows.Close()
	for rows.Next() {
		names, _ := rows.Columns()
		into := make([]any, len(names))
		for i := range into {
			into[i] = new(sql.RawBytes)
		}
		line := fmt.Sprint(rows.Scan(into...))
		for _, v := range into {
			line += fmt.Sprintf(" %#v", *v.(*sql.RawBytes))
		}
		lines = append(lines, line)
	}
	return append(lines, fmt.Sprint(rows.Err()))
}

func anything(n int) []any {
	into := make([]any, n)
	for i := range into {
		into[i] = new(any)
	}
	return into
}

func dereferenced(v any) any {
	rv := reflect.ValueOf(v)
	for rv.Kind() == reflect.Pointer && !rv.IsNil() {
		rv = rv.Elem()
	}
	if !rv.IsValid() {
		return nil
	}
	return rv.Interface()
}

// server is a database with a table of many types, and queries of it.
type server struct {
	name    string
	open    func(testing.TB) *sql.DB
	queries []string
	args    []any // of all queries; with them drivers may use another protocol
}

var servers = []server{
	{
		name: "SQLite",
		open: func(t testing.TB) *sql.DB {
			return sqlite(t, `CREATE TABLE t (id INTEGER PRIMARY KEY, i8 INT, r REAL, b BOOLEAN, s VARCHAR(20), body TEXT,
				raw BLOB, day DATE, at DATETIME, stamp TIMESTAMP, price DECIMAL(10,2), free)`,
				`INSERT INTO t VALUES (1, 7, 1.5, true, 'x', 'it''s', x'00ff', '2026-03-01', '2026-03-01 10:00:00.123456789+02:00', 1700000000, 12.30, 'free')`,
				`INSERT INTO t VALUES (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)`,
				`INSERT INTO t VALUES (3, -1, 1e300, 0, '', '12', x'', 'no day', '2026-03-01T10:00:00Z', 1700000000123, 'cheap', 12)`)
		},
		queries: []string{
			`SELECT * FROM t WHERE id <> ?`,
			`SELECT id, id, i8 + r AS n, count(*) OVER () FROM t WHERE id <> ?`,
			`SELECT max(at), total(i8), group_concat(s) FROM t WHERE id <> ?`,
		},
		args: []any{99},
	},
	{
		name: "PostgreSQL",
		open: func(t testing.TB) *sql.DB {
			return open(t, "pgx", testdb.Postgres(t), `CREATE TABLE t (id bigint PRIMARY KEY, i2 smallint, r real, d double precision,
				b boolean NOT NULL, s varchar(20), c char(5), body text, raw bytea, day date, at timestamp, stamp timestamptz, clock time,
				span interval, price numeric(10,2), u uuid, j jsonb, list int[], words text[], bits bit(3), net inet, big numeric)`,
				`INSERT INTO t VALUES (1, 7, 1.5, 2.5, true, 'x', 'abc', 'it''s', '\x00ff', '2026-03-01', '2026-03-01 10:00:00.123456',
				'2026-03-01 10:00:00+02', '12:30', '1 day 2 hours', 12.30, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{"a": [1]}', '{1,2,NULL}', '{"a","b c"}', '101', '10.0.0.1/8', 12345678901234567890123)`,
				`INSERT INTO t (id, b) VALUES (2, false)`,
				`INSERT INTO t (id, b, d, raw, s, day, at) VALUES (3, false, 'NaN', '', '', 'infinity', '-infinity')`)
		},
		queries: []string{`SELECT * FROM t WHERE id <> $1 ORDER BY id`, `SELECT id, id, count(*) OVER (), row(id, s), now() - now() FROM t WHERE id <> $1 ORDER BY id`},
		args:    []any{99},
	},
	{
		name:    "MariaDB, text",
		open:    mariadb,
		queries: []string{`SELECT * FROM t ORDER BY id`, `SELECT id, id, sum(price) OVER (), x'00ff', u - 1 FROM t ORDER BY id`},
	},
	{
		name:    "MariaDB, prepared",
		open:    mariadb,
		queries: []string{`SELECT * FROM t WHERE id <> ? ORDER BY id`, `SELECT id, id, sum(price) OVER (), x'00ff', u - 1 FROM t WHERE id <> ? ORDER BY id`},
		args:    []any{99},
	},
}

func mariadb(t testing.TB) *sql.DB {
	return open(t, "mysql", testdb.MySQL(t), `CREATE TABLE t (id bigint PRIMARY KEY, i1 tinyint, u bigint unsigned, r float, d double,
		b bool NOT NULL, s varchar(20), c char(5), body text, raw varbinary(20), lob longblob, day date, at datetime(6), stamp timestamp NULL,
		clock time, y year, price decimal(10,2), j json, e enum('a', 'b'), m set('a', 'b'), bits bit(3))`,
		`INSERT INTO t VALUES (1, 7, 18446744073709551615, 1.5, 2.5, true, 'x', 'abc', 'it''s', x'00ff', x'00ff', '2026-03-01',
		'2026-03-01 10:00:00.123456', '2026-03-01 10:00:00', '12:30', 2026, 12.30, '{"a": [1]}', 'a', 'a,b', b'101')`,
		`INSERT INTO t (id, b) VALUES (2, false)`,
		`INSERT INTO t (id, b, u, s, raw) VALUES (3, false, 1, '', '')`)
}

// TestPlayedRowsCannotBeToldFromTheDatabases plays results, and streams that
// were cut after one row, and compares all that can be seen of them.
func TestPlayedRowsCannotBeToldFromTheDatabases(t *testing.T) {
	for _, server := range servers {
		t.Run(server.name, func(t *testing.T) {
			db := server.open(t)
			for _, q := range server.queries {
				for name, read := range map[string]func(*sql.Rows) []string{"any destination": transcript, "RawBytes": raw} {
					want := read(query(t, db, q, server.args...))
					result := taken(t, db, q, server.args...)
					for range 2 {
						rows, err := result.Rows(t.Context())
						must(t, err)
						compare(t, q+" as a result, "+name, read(rows), want)
					}
					rows, err := cut(t, query(t, db, q, server.args...)).Rows(t.Context())
					must(t, err)
					compare(t, q+" as a stream, "+name, read(rows), want)
				}
			}
			isFree(t, db)
		})
	}
}

// cut makes a stream of rows, of which one was read.
func cut(t *testing.T, rows *sql.Rows) *replay.Stream {
	t.Helper()
	stream := rest(t, rows, 0)
	if stream.Len() != 1 {
		t.Fatalf("%d rows were read", stream.Len())
	}
	return stream
}

func compare(t *testing.T, what string, got, want []string) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		var g, w string
		if i < len(got) {
			g = got[i]
		}
		if i < len(want) {
			w = want[i]
		}
		if g != w {
			t.Errorf("%s\n got %s\nwant %s", what, g, w)
		}
	}
}
