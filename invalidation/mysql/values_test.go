package mysql

import (
	"testing"
	"time"

	"github.com/seed92106438/cacheops/invalidation"
)

var valuesSQL = []string{
	`CREATE TABLE parents (id INT PRIMARY KEY, other INT UNIQUE)`,
	`CREATE TABLE v (id INT AUTO_INCREMENT PRIMARY KEY, i INT, u BIGINT UNSIGNED, n DECIMAL(6, 2), x DOUBLE, f FLOAT,
		name VARCHAR(20) COLLATE utf8mb4_unicode_ci, tag VARCHAR(20) COLLATE utf8mb4_bin, code CHAR(5), word VARCHAR(20)
		COLLATE utf8mb4_hungarian_ci, state ENUM('a', 'b'), raw VARBINARY(10), y YEAR, at DATETIME, day DATE,
		born DATETIME NOT NULL DEFAULT '2026-01-01', altered TIMESTAMP NULL ON UPDATE CURRENT_TIMESTAMP,
		double_i INT AS (i * 2) STORED, parent INT, KEY (state),
		FOREIGN KEY (parent) REFERENCES parents (id) ON DELETE CASCADE ON UPDATE CASCADE)`,
	`CREATE TABLE log (id INT AUTO_INCREMENT PRIMARY KEY, line VARCHAR(20))`,
	`CREATE TABLE watched (id INT PRIMARY KEY, a INT)`,
	`CREATE TRIGGER w AFTER UPDATE ON watched FOR EACH ROW INSERT INTO log (line) VALUES (NEW.a)`,
	`CREATE FUNCTION noted(line VARCHAR(20)) RETURNS INT MODIFIES SQL DATA BEGIN INSERT INTO log (line) VALUES (line);
		RETURN 1; END`,
	`CREATE VIEW names AS SELECT id, name FROM v WHERE i > 0`,
	`INSERT INTO parents VALUES (1, 10), (2, 20)`,
	`INSERT INTO watched VALUES (1, 1), (2, 2)`,
}

// Each case is tried on the server: the statement changes the answer, and must
// be seen to, though no byte of the one is in the other; or it does not, and
// what was cached is kept.
var valueCases = map[string]struct {
	given string // sent before the query
	query string
	asked []any
	write string
	told  []any
	kept  bool
}{
	"letter case":           {"", "SELECT id FROM v WHERE name = 'anna'", nil, "INSERT INTO v (name) VALUES ('ANNA ')", nil, false},
	"another name":          {"", "SELECT id FROM v WHERE name = 'anna'", nil, "INSERT INTO v (name) VALUES ('bert')", nil, true},
	"an accent":             {"", "SELECT id FROM v WHERE name = ?", []any{"anna"}, "INSERT INTO v (name) VALUES (?)", []any{"ánna"}, false},
	"letter case in binary": {"", "SELECT id FROM v WHERE tag = 'é'", nil, "INSERT INTO v (tag) VALUES ('É')", nil, true},
	"blanks in binary":      {"", "SELECT id FROM v WHERE tag = 'é'", nil, "INSERT INTO v (tag) VALUES ('é  ')", nil, false},
	"blanks in a CHAR":      {"", "SELECT id FROM v WHERE code = 'ab'", nil, "INSERT INTO v (code) VALUES ('AB  ')", nil, false},
	"Hungarian":             {"", "SELECT id FROM v WHERE word = 'x'", nil, "INSERT INTO v (word) VALUES ('X')", nil, false},

	"a number in a text":       {"", "SELECT id FROM v WHERE name = 1", nil, "INSERT INTO v (name) VALUES ('1a')", nil, false},
	"a text as a number":       {"", "SELECT id FROM v WHERE i = ' 1.0'", nil, "INSERT INTO v (i) VALUES (1)", nil, false},
	"a number as text":         {"", "SELECT id FROM v WHERE i = ?", []any{int64(2)}, "INSERT INTO v (i) VALUES ('2')", nil, false},
	"another number as text":   {"", "SELECT id FROM v WHERE i = ?", []any{int64(2)}, "INSERT INTO v (i) VALUES ('3')", nil, true},
	"a number that is rounded": {"", "SELECT id FROM v WHERE i = 2", nil, "INSERT INTO v (i) VALUES (1.5)", nil, false},
	"the largest number":       {"", "SELECT id FROM v WHERE u = ?", []any{uint64(1<<64 - 1)}, "INSERT INTO v (u) VALUES (18446744073709551615)", nil, false},
	"a large number":           {"", "SELECT id FROM v WHERE u = ?", []any{uint64(1<<64 - 1)}, "INSERT INTO v (u) VALUES (18446744073709551614)", nil, true},
	"a hexadecimal number":     {"", "SELECT id FROM v WHERE i = 97", nil, "INSERT INTO v (i) VALUES (0x61)", nil, false},
	"a decimal that is cut":    {"", "SELECT id FROM v WHERE n = 2.01", nil, "INSERT INTO v (n) VALUES (2.005)", nil, false},
	"a decimal as text":        {"", "SELECT id FROM v WHERE n = '1.50'", nil, "INSERT INTO v (n) VALUES (1.5)", nil, false},
	"another decimal":          {"", "SELECT id FROM v WHERE n = 1.5", nil, "INSERT INTO v (n) VALUES (2.5)", nil, true},
	"a double":                 {"", "SELECT id FROM v WHERE x = 0.1", nil, "INSERT INTO v (x) VALUES (1e-1)", nil, false},
	"a float":                  {"", "SELECT id FROM v WHERE f > 0.1", nil, "INSERT INTO v (f) VALUES (0.1)", nil, false},
	"a year of two digits":     {"", "SELECT id FROM v WHERE y = 2026", nil, "INSERT INTO v (y) VALUES (26)", nil, false},
	"bytes":                    {"", "SELECT id FROM v WHERE raw = ?", []any{[]byte("a")}, "INSERT INTO v (raw) VALUES (?)", []any{[]byte("a")}, false},
	"other bytes":              {"", "SELECT id FROM v WHERE raw = ?", []any{[]byte("a")}, "INSERT INTO v (raw) VALUES (?)", []any{[]byte("A")}, true},

	"the place in an enumeration": {"", "SELECT id FROM v WHERE state = 'b'", nil, "INSERT INTO v (state) VALUES (?)", []any{"2"}, false},
	"a state that goes":           {"INSERT INTO v (id, state) VALUES (1, 'a')", "SELECT id FROM v WHERE state = 'b'", nil, "DELETE FROM v WHERE state = 'a'", nil, true},

	"a time of another zone":   {"", "SELECT id FROM v WHERE at = '2026-01-01 12:00:01'", nil, "INSERT INTO v (at) VALUES (?)", []any{time.Date(2026, 1, 1, 17, 0, 1, 0, time.FixedZone("", 5*60*60))}, false},
	"a time that is rounded":   {"", "SELECT id FROM v WHERE at = ?", []any{newYear}, "INSERT INTO v (at) VALUES (?)", []any{newYear.Add(time.Millisecond)}, false},
	"a date with a time":       {"", "SELECT id FROM v WHERE day = ?", []any{newYear}, "INSERT INTO v (day) VALUES (?)", []any{noon}, false},
	"a date before noon":       {"", "SELECT id FROM v WHERE day < ?", []any{noon}, "INSERT INTO v (day) VALUES (?)", []any{newYear}, false},
	"a date before noon, text": {"", "SELECT id FROM v WHERE day < '2026-01-01 12:00'", nil, "INSERT INTO v (day) VALUES ('2026-01-01')", nil, false},
	"a date after noon":        {"", "SELECT id FROM v WHERE day <= ?", []any{noon}, "INSERT INTO v (day) VALUES (?)", []any{newYear.AddDate(0, 0, 1)}, true},
	"a time of another year":   {"", "SELECT id FROM v WHERE at < ?", []any{newYear}, "INSERT INTO v (at) VALUES (?)", []any{newYear.AddDate(1, 0, 0)}, true},
	"the zero date is NULL":    {"INSERT INTO v (id, born) VALUES (1, '0000-00-00')", "SELECT id FROM v WHERE born IS NULL", nil, "DELETE FROM v WHERE born < '2000-01-01'", nil, false},
	"NULL is not the new year": {"INSERT INTO v (id, at) VALUES (1, '2026-01-01')", "SELECT id FROM v WHERE at IS NULL", nil, "DELETE FROM v WHERE at = ?", []any{newYear}, true},
	"the time of a change":     {"INSERT INTO v (id, i, altered) VALUES (1, 1, '2000-01-01')", "SELECT altered FROM v", nil, "UPDATE v SET i = 2 WHERE id = 1", nil, false},
	"a column not looked at":   {"INSERT INTO v (id, i) VALUES (1, 1)", "SELECT name FROM v", nil, "UPDATE v SET i = 2, altered = altered WHERE id = 1", nil, true},
	"a generated column":       {"INSERT INTO v (id, i) VALUES (1, 1)", "SELECT double_i FROM v", nil, "UPDATE v SET i = 2 WHERE id = 1", nil, false},

	"zero is the next key": {"ALTER TABLE v AUTO_INCREMENT = 7", "SELECT id FROM v WHERE id = 7", nil, "INSERT INTO v (id) VALUES (?)", []any{int64(0)}, false},
	"a key that is given":  {"ALTER TABLE v AUTO_INCREMENT = 7", "SELECT id FROM v WHERE id = 7", nil, "INSERT INTO v (id) VALUES (?)", []any{int64(8)}, true},
	"a row that is in the way": {"INSERT INTO v (id, i) VALUES (1, 1)", "SELECT id FROM v WHERE i = 1", nil,
		"INSERT INTO v (id, i) VALUES (1, 5) ON DUPLICATE KEY UPDATE i = VALUES(i)", nil, false},
	"a row that is left alone": {"INSERT INTO v (id, i) VALUES (1, 1)", "SELECT id FROM v WHERE i = 1", nil,
		"INSERT INTO v (id, i) VALUES (1, 5) ON DUPLICATE KEY UPDATE id = id", nil, true},
	"a row that is replaced": {"INSERT INTO v (id, i) VALUES (1, 1)", "SELECT id FROM v WHERE i = 1", nil,
		"REPLACE INTO v (id, i) VALUES (1, 5)", nil, false},

	"a child that is deleted": {"INSERT INTO v (id, parent) VALUES (1, 1)", "SELECT id FROM v WHERE parent = 1", nil, "DELETE FROM parents WHERE id = 1", nil, false},
	"another's child":         {"INSERT INTO v (id, parent) VALUES (1, 1)", "SELECT id FROM v WHERE parent = 1", nil, "DELETE FROM parents WHERE id = 2", nil, true},
	"a child that is moved":   {"INSERT INTO v (id, parent) VALUES (1, 1)", "SELECT parent FROM v", nil, "UPDATE parents SET id = 3 WHERE id = 1", nil, false},
	"a parent that stays":     {"INSERT INTO v (id, parent) VALUES (1, 1)", "SELECT parent FROM v", nil, "UPDATE parents SET other = 30 WHERE id = 1", nil, true},
	"what a trigger writes":   {"", "SELECT line FROM log", nil, "UPDATE watched SET a = 5 WHERE id = 1", nil, false},
	"what no trigger writes":  {"", "SELECT id FROM v", nil, "UPDATE watched SET a = 5 WHERE id = 1", nil, true},
	"what a function writes":  {"", "SELECT line FROM log", nil, "SELECT noted('x')", nil, false},
	"what a view shows":       {"INSERT INTO v (id, i, name) VALUES (1, 1, 'a')", "SELECT name FROM v", nil, "UPDATE names SET name = 'b'", nil, false},
	"what a view does not":    {"", "SELECT line FROM log", nil, "UPDATE names SET name = 'b'", nil, true},
	"a lenient statement":     {"", "SELECT id FROM v WHERE name = '12345678901234567890'", nil, "INSERT IGNORE INTO v (name) VALUES ('123456789012345678901')", nil, false},
}

func TestWhatTheServerHoldsForEqualIsDropped(t *testing.T) {
	for driver, parameters := range map[string]string{"prepared": "", "interpolated": "&interpolateParams=true"} {
		db := openDatabase(t, parameters, valuesSQL...)
		for name, c := range valueCases {
			t.Run(driver+"/"+name, func(t *testing.T) {
				db.mustExec(t, "START TRANSACTION")
				defer db.mustExec(t, "ROLLBACK")
				db.check(t, c.given, c.query, c.asked, c.write, c.told, c.kept)
			})
			db.mustExec(t, "DELETE FROM v")
		}
	}
}

func (d database) check(t *testing.T, given, query string, asked []any, write string, told []any, kept bool) {
	t.Helper()
	if given != "" {
		d.mustExec(t, given)
	}
	dependency := Analyzer{}.Analyze(query).Dependency("", values(t, asked), d.catalog)
	before, err := d.answer(query, asked)
	if err != nil {
		t.Fatal(err)
	}
	d.mustExec(t, write, told...)
	after, err := d.answer(query, asked)
	if err != nil {
		t.Fatal(err)
	}
	if changed := before != after; changed == kept {
		t.Fatalf("the server's answer went from %q to %q", before, after)
	}
	changes := Analyzer{}.Analyze(write).Changes("", values(t, told), d.catalog, invalidation.Facts{})
	if meet(changes, dependency) == kept {
		t.Errorf("kept should be %v: %+v and %+v", kept, changes, dependency)
	}
}

// A time is rounded to the next day, or cut.
func TestATimeMayBeRoundedToTheNextDay(t *testing.T) {
	last := time.Date(2025, 12, 31, 23, 59, 59, 700_000_000, time.UTC)
	for _, mode := range []string{"TIME_ROUND_FRACTIONAL,", ""} {
		db := openDatabase(t, "&sql_mode='"+mode+"TRADITIONAL'", "CREATE TABLE v (id INT PRIMARY KEY, day DATE, at DATETIME)")
		for _, column := range []string{"day", "at"} {
			for _, value := range []any{last, "2025-12-31 23:59:59.7"} {
				start := newYear.AddDate(0, 0, -1)
				if mode != "" && column == "at" {
					start = newYear // MariaDB rounds no DATE
				}
				query := "SELECT id FROM v WHERE " + column + " >= ? AND " + column + " < ?"
				db.check(t, "DELETE FROM v", query, []any{start, start.AddDate(0, 0, 1)},
					"INSERT INTO v (id, "+column+") VALUES (1, ?)", []any{value}, false)
			}
		}
	}
}

// A server that is not strict alters what does not fit.
func TestALenientServerAltersWhatIsWritten(t *testing.T) {
	db := openDatabase(t, "&sql_mode=''", "CREATE TABLE v (id INT PRIMARY KEY, i TINYINT NOT NULL, name VARCHAR(3))")
	for name, write := range map[string]string{
		"a number past the end": "INSERT INTO v (id, i) VALUES (1, 300)",
		"NULL becomes zero":     "INSERT INTO v (id, i) VALUES (2, 127), (3, NULL)",
	} {
		t.Run(name, func(t *testing.T) {
			db.check(t, "DELETE FROM v", "SELECT id FROM v WHERE i IN (0, 127)", nil, write, nil, false)
		})
	}
}
