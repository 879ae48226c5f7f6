package semantics

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed92106438/cacheops/invalidation"
)

// types are columns of each server.
var types = map[string][]string{
	"SQLite": {
		"integer", "integer unique", "text", "text collate nocase", "text collate rtrim", "real", "blob", "numeric", "datetime", "timestamp",
		"date", "boolean", "decimal(10,2)", "varchar(3)", "uuid", "json", "",
	},
	"PostgreSQL": {
		"smallint", "integer", "bigint", "bigint unique", "boolean", "real", "double precision", "numeric", "numeric(10,2)", "numeric(5,-2)", "text", "varchar(3)", "char(4)",
		`"char"`, "name", "citext", `text collate "C"`, "text collate blind", "mood", "short", "oid", "money", "timestamp", "timestamptz", "timestamp(0)", "timestamptz(0)",
		"date", "time", "timetz", "interval", "uuid", "bytea", "json", "jsonb", "integer[]", "text[]", "inet", "bit(4)", "xml",
	},
	"MySQL": {
		"tinyint", "tinyint(1)", "int", "int unsigned", "bigint", "bigint unsigned", "int zerofill", "bool", "bit(8)", "float", "float(7,2)", "double", "double(7,2)",
		"decimal(10,2)", "decimal(10,0)", "decimal(40,20)", "char(4)", "varchar(3)", "varchar(40)", "text", "varchar(40) collate utf8mb4_bin", "varchar(40) collate utf8mb4_unicode_ci",
		"varchar(40) collate utf8mb4_nopad_bin", "varchar(40) collate utf8mb4_uca1400_as_cs", "varchar(40) character set latin1", "varchar(40) character set latin1 collate latin1_bin",
		"varchar(40) collate utf8mb4_lithuanian_ci", "binary(4)", "binary(16)", "varbinary(3)", "blob", "enum('a','b','2','x ')", "set('a','b')", "date", "datetime", "datetime(3)",
		"timestamp", "timestamp null", "timestamp(6) null", "time", "year", "json", "uuid", "inet6",
	},
	"MySQL, lenient": {
		"tinyint", "int unsigned", "varchar(3)", "char(4) collate utf8mb4_bin", "varbinary(3)", "decimal(4,2)", "enum('a','b','2')", "date", "datetime", "timestamp", "timestamp null", "uuid", "double",
	},
}

// definitions are made before the tables.
var definitions = map[string][]string{
	"PostgreSQL": {
		"CREATE EXTENSION IF NOT EXISTS citext",
		"CREATE COLLATION blind (provider = icu, locale = 'und-u-ks-level1', deterministic = false)",
		"CREATE TYPE mood AS ENUM ('b', 'a', 'A', '5', 'a ')",
		"CREATE DOMAIN short AS varchar(3)",
	},
}

var tokyo = time.FixedZone("", 9*3600)

// pool is what is written to each column, and asked of each.
var pool = []any{
	0, 1, 2, 5, -1, 12, 127, 128, 255, 256, 70000, int64(1<<53 + 1), int64(1<<53 + 2), int64(1<<53 + 3), int64(math.MaxInt64), uint64(math.MaxUint64),
	0.0, 0.1, 0.5, 1.0, 1.5, 2.5, 5.0, 12.345, 19.99, 19.994999999999997, 1e15, 1e20, float64(1<<53 + 2), float32(0.1), float32(19.99), float32(16777217), -0.004, math.Inf(1),
	"", "a", "A", "a ", "a  ", " a", "b", "ab", "Ab", "abc", "ABC", "abcd", "abc ", "x", "x ", "a\t", "a\x01", "a\x00", "i", "I", "y", "Y", "ı", "İ", "k", "\u212a", "e", "é", "E\u0301", "É", "ß", "ss", "SS", "a\u00ad", "ａ", "日本",
	"0", "1", "2", "5", "05", " 5", "a%", "K%", "é%", "a_", `a\_`, "5 ", "5.0", "5.00", "5abc", "+5", "5e0", "1e0", "0x5", "0.1", "0.10", "19.99", "19.990", "19.989", "12.35", "NaN", "nan", "Infinity", "true", "TRUE", "t", "yes", "on", "false", "f",
	"9007199254740993", "9007199254740994", "18446744073709551615", "70000",
	"2026-01-01", "2026-01-01 12:00:00", "2026-01-01T12:00:00Z", "2026-01-01 12:00:00+09:00", "2026-1-1", "20260101", "0000-00-00", "12:00", "12:00:00", "26", "2026", "infinity",
	"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}", "a0eebc999c0b4ef8bb6d6bb9bd380a11", "a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12",
	`{"a":1}`, `{"a": 1}`, `{"a":1.0}`, "{1,2}", "{1, 2}", "{a,b}", "[1]", "a,b", "b,a", "::1", "0:0::1", "127.0.0.1", "127.0.0.1/32", "1 day", "24:00:00", "0101", "101", "<a/>", "$5.00", `\x61`, `\x`,
	[]byte("a"), []byte("A"), []byte("a\x00"), []byte("a\x00\x00\x00"), []byte(""), []byte("5"), []byte{1}, []byte("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
	[]byte("\xa0\xee\xbc\x99\x9c\x0b\x4e\xf8\xbb\x6d\x6b\xb9\xbd\x38\x0a\x11"), [16]byte([]byte("\xa0\xee\xbc\x99\x9c\x0b\x4e\xf8\xbb\x6d\x6b\xb9\xbd\x38\x0a\x11")),
	true, false,
	time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC), time.Date(2026, 1, 1, 21, 0, 0, 0, tokyo), time.Date(2026, 1, 1, 12, 0, 0, 0, tokyo), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 1, 2, 3, 0, 0, 0, tokyo),
	time.Date(2026, 1, 1, 12, 0, 0, 499999999, time.UTC), time.Date(2026, 1, 1, 12, 0, 0, 500000500, time.UTC), time.Date(2026, 1, 1, 12, 0, 1, 0, time.UTC), time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC),
	time.Date(2026, 3, 29, 2, 30, 0, 0, time.UTC), time.Time{}, time.Date(1900, 1, 1, 0, 0, 0, 0, time.FixedZone("LMT", 1172)), time.Unix(5, 0).UTC(),
}

// conditions are asked of each column: the first with every value of the pool,
// each of the others with some.
var conditions = []string{"c = ?", "c <> ?", "c < ?", "c >= ?", "c IN (?)", "NOT c > ?", "c LIKE ?", "c BETWEEN ? AND ?"}

const some = 5

// own are conditions that not every server has.
var own = map[string][]string{"PostgreSQL": {"c ILIKE ?", "c IS DISTINCT FROM ?"}, "MySQL": {"c <=> ?"}, "SQLite": {"c IS ?"}}

// TestNoServerUnitesWhatIsTakenForDifferent writes each value of the pool to a
// column of each type, one row for each, and asks for values of the pool by each
// condition. Where the server finds a row, the change that wrote it must meet
// what the query depends on, and so must the row's image, as each connection
// reads it. What a server refuses is passed over.
func TestNoServerUnitesWhatIsTakenForDifferent(t *testing.T) {
	for name, open := range servers {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			for _, definition := range definitions[name] {
				s.must(t, definition)
			}
			for i, definition := range types[name] {
				s.must(t, fmt.Sprintf("CREATE TABLE t%d (id integer PRIMARY KEY, c %s)", i, definition))
			}
			m := matrix{s, s.catalog(t), slices.Concat(conditions, own[name]), pool, some}
			for i, definition := range types[name] {
				t.Run(definition, func(t *testing.T) { m.ask(t, fmt.Sprintf("t%d", i)) })
			}
		})
	}
}

type matrix struct {
	*server
	catalog    invalidation.Catalog
	conditions []string
	values     []any
	some       int // of the values, one in so many is asked for by each condition but the first
}

// written is a row that is in the table.
type written struct {
	value  any
	insert []invalidation.Change
	update []invalidation.Change
	images []invalidation.Change // as each pool reads it
}

func (m *matrix) ask(t *testing.T, table string) map[int64]*written {
	rows := m.write(t, table)
	if len(rows) == 0 {
		t.Fatal("no value was taken")
	}
	var asked, found, kept int
	for c, condition := range m.conditions {
		for v, value := range m.values {
			if c > 0 && (v+c)%m.some > 0 {
				continue
			}
			values := make([]any, strings.Count(condition, "?"))
			for i := range values {
				values[i] = value
			}
			query := m.bind(m.pools[v%len(m.pools)], "SELECT id FROM "+table+" WHERE "+condition, values...)
			if query.shape.Refusal != "" {
				t.Fatalf("%s: %s", query.text, query.shape.Refusal)
			}
			d := query.dependency(m.catalog)
			ids, err := query.found(t)
			if err != nil {
				continue
			}
			for id, row := range rows {
				asked++
				switch {
				case ids[id]:
					found++
					row.meets(t, &query, d)
				case !meet(row.insert, d):
					kept++
				}
			}
		}
	}
	t.Logf("%d rows, %d questions, %d found, %d kept, %d dropped in vain", len(rows), asked, found, kept, asked-found-kept)
	return rows
}

// meets checks that nothing which is known of the row keeps it from a query
// that finds it.
func (w *written) meets(t *testing.T, query *bound, d *invalidation.Dependency) {
	t.Helper()
	for what, changes := range map[string][]invalidation.Change{"insert": w.insert, "update": w.update} {
		if !meet(changes, d) {
			t.Errorf("%s finds by %s what was written as %s, but the %s is %v, and the query depends on %v", query.text, show(query.args[0]), show(w.value), what, changes, d)
		}
	}
	for i := range w.images {
		if !meet(w.images[i:i+1], d) {
			t.Errorf("%s finds by %s what was written as %s, but its image is %v, and the query depends on %v", query.text, show(query.args[0]), show(w.value), w.images[i], d)
		}
	}
}

// column is what the catalogue says of c.
func (m *matrix) column(table string) invalidation.Column {
	return m.catalog[table].Columns["c"]
}

// write inserts the values, from each of the connections in turn,
// and returns those that the server took, by their ids.
func (m *matrix) write(t *testing.T, table string) map[int64]*written {
	rows := map[int64]*written{}
	for i, value := range m.values {
		id, pool := int64(i+1), m.pools[i%len(m.pools)]
		insert := m.bind(pool, "INSERT INTO "+table+" (id, c) VALUES (?, ?)", id, value)
		if insert.shape.Verb != invalidation.Mutation {
			t.Fatalf("%s: verb %d", insert.text, insert.shape.Verb)
		}
		if _, err := pool.ExecContext(t.Context(), insert.text, insert.args...); err != nil {
			continue
		}
		update := m.bind(pool, "UPDATE "+table+" SET c = ? WHERE id = ?", value, id)
		row := &written{value: value, insert: insert.changes(m.catalog, invalidation.Facts{}), update: update.changes(m.catalog, invalidation.Facts{})}
		for c := range row.update {
			row.update[c].Before = nil // what is known of the row as it is now
		}
		remove := m.bind(pool, "DELETE FROM "+table+" WHERE id = ?", id)
		for _, pool := range m.pools {
			facts := invalidation.Facts{HasBefore: true, Before: []invalidation.Image{image(t, pool, fmt.Sprintf("SELECT id, %s FROM %s WHERE id = %d", m.stored(m.column(table)), table, id))}}
			row.images = append(row.images, remove.changes(m.catalog, facts)...)
		}
		rows[id] = row
	}
	return rows
}
