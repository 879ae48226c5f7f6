package semantics

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/seed92106438/cacheops/invalidation"
)

// example is a value that is written to a column, and another that is asked
// for. If the server finds the one by the other, the write must drop the query's
// result; if not, it must keep it.
type example struct {
	name           string
	column         string
	written, asked any
	condition      string // c = ? if it is empty
	finds          bool
}

const finds = true

const uuid = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

var examples = map[string][]example{
	"SQLite": {
		{"letter case", "text COLLATE NOCASE", "Go", "gO", "", finds},
		{"another word", "text COLLATE NOCASE", "Go", "rust", "", !finds},
		{"trailing blanks", "text COLLATE RTRIM", "go  ", "go", "", finds},
		{"a number in a column of texts", "text", 5, "5", "", finds},
		{"a numeral in a column of numbers", "integer", "5.0", 5, "", finds},
		{"no numeral in a column of numbers", "integer", "5abc", "5abc", "", finds},
		{"a boolean is a number", "boolean", true, 1, "", finds},
		{"and another is another", "boolean", true, false, "", !finds},
		{"past 2^53", "integer", int64(1<<53 + 1), int64(1<<53 + 1), "", finds},
		{"past 2^53, two apart", "integer", int64(1<<53 + 1), int64(1<<53 + 3), "", !finds},
		{"decimals are numbers", "decimal(10,2)", "1.0", 1, "", finds},
		{"the same time", "datetime", noon, noon, "", finds},
		{"an earlier time that is later as text", "datetime", noon.In(tokyo), noon.Add(time.Hour), "c > ?", finds},
		{"another week", "datetime", noon, noon.AddDate(0, 0, 7), "", !finds},
		{"another week, in order", "datetime", noon, noon.AddDate(0, 0, 7), "c > ?", !finds},
		{"bytes", "blob", []byte("a"), []byte("a"), "", finds},
		{"other bytes", "blob", []byte("a"), []byte("A"), "", !finds},
	},
	"PostgreSQL": {
		{"letter case in citext", "citext", "Go", "gO", "", finds},
		{"another word in citext", "citext", "Go", "rust", "", !finds},
		{"letter case in text", "text", "Go", "gO", "", !finds},
		{"letter case in a pattern", "text", "Golang", "go%", "c ILIKE ?", finds},
		{"another pattern", "text", "rust", "go%", "c ILIKE ?", !finds},
		{"the sign of Kelvin", "text", "\u212aelvin", "kel%", "c ILIKE ?", finds},
		{"accents in text", "text", "café", "cafe", "", !finds},
		{"accents under a collation that is blind", "text COLLATE blind", "café", "CAFE", "", finds},
		{"blanks that char(n) adds", "char(4)", "go", "go  ", "", finds},
		{"blanks that varchar(n) cuts", "varchar(2)", "go   ", "go", "", finds},
		{"blanks in text", "text", "go ", "go ", "", finds},
		{"decimals with a zero more", "numeric", "1.0", "1.00", "", finds},
		{"a decimal that is rounded", "numeric(10,2)", "19.994999", 19.99, "", finds},
		{"a decimal that is rounded, as a float", "numeric(10,2)", 19.994999, "19.99", "", finds},
		{"a float of four bytes", "numeric(10,2)", float32(19.99), 19.99, "", finds},
		{"another cent", "numeric(10,2)", 19.99, 19.98, "", !finds},
		{"past 2^53", "bigint", int64(1<<53 + 1), "9007199254740993", "", finds},
		{"past 2^53, two apart", "bigint", int64(1<<53 + 1), int64(1<<53 + 3), "", !finds},
		{"a boolean by its name", "boolean", true, "yes", "", finds},
		{"the other boolean", "boolean", true, false, "", !finds},
		{"an instant in another zone", "timestamptz", noon, noon.In(tokyo), "", finds},
		{"an instant with more digits", "timestamptz(0)", noon.Add(300 * time.Millisecond), noon, "", finds},
		{"another minute", "timestamptz", noon, noon.Add(time.Minute), "", !finds},
		{"another minute, in order", "timestamptz", noon, noon.Add(time.Minute), "c > ?", !finds},
		{"a clock that shows the same in two zones", "timestamp", noon, time.Date(2026, 6, 1, 12, 0, 0, 0, tokyo), "", finds},
		{"a clock of another week", "timestamp", noon, noon.AddDate(0, 0, 7), "c > ?", !finds},
		{"a date forgets the time", "date", noon, noon.Add(5 * time.Hour), "", finds},
		{"another date", "date", noon, noon.AddDate(0, 0, 7), "", !finds},
		{"a UUID in capitals, in braces", "uuid", uuid, "{A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11}", "", finds},
		{"a UUID in bytes", "uuid", [16]byte([]byte("\xa0\xee\xbc\x99\x9c\x0b\x4e\xf8\xbb\x6d\x6b\xb9\xbd\x38\x0a\x11")), uuid, "", finds},
		{"another UUID", "uuid", uuid, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12", "", !finds},
		{"a UUID that is excluded", "uuid", uuid, "A0EEBC999C0B4EF8BB6D6BB9BD380A11", "c <> ?", !finds},
		{"a label", "mood", "a", "a", "", finds},
		{"another label", "mood", "a", "A", "", !finds},
		{"JSON in other words", "jsonb", `{"a":1}`, `{"a": 1.0}`, "", finds},
		{"an array in other words", "integer[]", "{1,2}", "{1, 02}", "", finds},
		{"bytes in other words", "bytea", []byte("a"), `\x61`, "", finds},
		{"other bytes", "bytea", []byte("a"), []byte("A"), "", !finds},
	},
	"MySQL": {
		{"letter case and accents", "varchar(40)", "cafe", "CAFÉ", "", finds},
		{"another word", "varchar(40)", "cafe", "bar", "", !finds},
		{"ß is ss", "varchar(40) COLLATE utf8mb4_unicode_ci", "straße", "strasse", "", finds},
		{"ß is s", "varchar(40) COLLATE utf8mb4_general_ci", "straße", "strase", "", finds},
		{"an ignorable character", "varchar(40) COLLATE utf8mb4_unicode_ci", "a\x01b", "ab", "", finds},
		{"trailing blanks", "varchar(40)", "go  ", "go", "", finds},
		{"blanks that char(n) cuts", "char(4)", "go  ", "go", "", finds},
		{"trailing blanks of bytes in order", "varchar(40) COLLATE utf8mb4_bin", "go ", "go", "", finds},
		{"letter case of code points", "varchar(40) COLLATE utf8mb4_bin", "Go", "go", "", !finds},
		{"accents of code points", "varchar(40) COLLATE utf8mb4_bin", "café", "cafe", "", !finds},
		{"a text is zero", "varchar(40)", "abc", 0, "", finds},
		{"a text begins with a number", "varchar(40)", "5abc", 5, "", finds},
		{"a number is a text that begins with it", "int", 5, "5abc", "", finds},
		{"another number", "int", 5, "6", "", !finds},
		{"a fraction is rounded", "int", 4.6, 5, "", finds},
		{"past 2^53", "bigint", int64(1<<53 + 1), int64(1<<53 + 1), "", finds},
		{"past 2^53, two apart", "bigint", int64(1<<53 + 1), int64(1<<53 + 3), "", !finds},
		{"the largest number", "bigint unsigned", uint64(math.MaxUint64), "18446744073709551615", "", finds},
		{"the one before it", "bigint unsigned", uint64(math.MaxUint64), uint64(math.MaxUint64 - 1), "", !finds},
		{"a boolean is a number", "bool", true, 1, "", finds},
		{"the other boolean", "bool", true, false, "", !finds},
		{"decimals with a zero more", "decimal(10,2)", "1.0", "1.00", "", finds},
		{"a decimal that is rounded", "decimal(10,2)", "19.994999", 19.99, "", finds},
		{"a decimal compared as a double", "decimal(40,20)", "0.1000000000000000055", 0.1, "", finds},
		{"another cent", "decimal(10,2)", "19.99", 19.98, "", !finds},
		{"a float that keeps fewer digits", "float(7,2)", 1.234, 1.23, "c >= ?", finds},
		{"a time that is rounded", "datetime", noon.Add(-400 * time.Millisecond), noon, "c < ?", finds},
		{"a time in another zone", "datetime", noon, noon.In(tokyo), "", finds},
		{"another week", "datetime", noon, noon.AddDate(0, 0, 7), "", !finds},
		{"a date forgets the time", "date", noon, time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC), "", finds},
		{"a UUID in capitals", "uuid", uuid, "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "", finds},
		{"another UUID", "uuid", uuid, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12", "", !finds},
		{"a label", "enum('a','b','2')", "a", "A", "", finds},
		{"a label by its place", "enum('a','b')", "2", "b", "", finds},
		{"the place of a label", "enum('a','b')", "b", 2, "", finds},
		{"zeros that binary(n) adds", "binary(4)", []byte("a"), []byte("a\x00\x00\x00"), "", finds},
		{"other bytes", "varbinary(4)", []byte("a"), []byte("A"), "", !finds},
		{"JSON is text", "json", `{"a":1}`, `{"a":1}`, "", finds},
		{"JSON in other words", "json", `{"a":1}`, `{"a": 1}`, "", !finds},
	},
	"MySQL, lenient": {
		{"a number that does not fit", "tinyint", 300, 127, "", finds},
		{"a text that does not fit", "varchar(3)", "abcd", "abc", "", finds},
		{"no number", "int", "abc", 0, "", finds},
		{"a decimal that does not fit", "decimal(4,2)", 1000, "99.99", "", finds},
		{"no label", "enum('a','b')", "c", "", "", finds},
		{"no time", "datetime", "soon", time.Time{}, "", finds},
	},
}

func TestExamples(t *testing.T) {
	for name, open := range servers {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			for _, definition := range definitions[name] {
				s.must(t, definition)
			}
			for i, e := range examples[name] {
				s.must(t, fmt.Sprintf("CREATE TABLE e%d (id integer PRIMARY KEY, c %s)", i, e.column))
			}
			catalog := s.catalog(t)
			for i, e := range examples[name] {
				t.Run(e.column+"/"+e.name, func(t *testing.T) { e.run(t, s, catalog, fmt.Sprintf("e%d", i)) })
			}
		})
	}
}

func (e *example) run(t *testing.T, s *server, catalog invalidation.Catalog, table string) {
	condition := e.condition
	if condition == "" {
		condition = "c = ?"
	}
	query := s.bind(s.pools[0], "SELECT id FROM "+table+" WHERE "+condition, e.asked)
	insert := s.bind(s.pools[0], "INSERT INTO "+table+" (id, c) VALUES (?, ?)", 1, e.written)
	if _, err := s.pools[0].ExecContext(t.Context(), insert.text, insert.args...); err != nil {
		t.Fatal(err)
	}
	ids, err := query.found(t)
	if err != nil {
		t.Fatal(err)
	}
	if ids[1] != e.finds {
		t.Fatalf("the server finds it: %v", ids[1])
	}
	d := query.dependency(catalog)
	changes := insert.changes(catalog, invalidation.Facts{})
	if got := meet(changes, d); got != e.finds {
		t.Errorf("dropped: %v; %v, and the query depends on %v", got, changes, d)
	}
}
