package cacheops_test

import (
	"testing"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops"
)

// newSheets is a fixture with what MySQL alone has.
func newSheets(t *testing.T) *fixture {
	t.Helper()
	f := newFixture(t, everything)
	for _, sql := range []string{
		"CREATE TABLE sheets (id BIGINT PRIMARY KEY, name VARCHAR(20), data JSON, parent_id BIGINT, kind ENUM('a', 'b'), `Mixed Name` TEXT)",
		`INSERT INTO sheets VALUES (1, 'Ant', '{"kind": "a"}', NULL, 'a', 'one'), (2, 'Bee', '{"kind": "b"}', 1, 'b', 'two'), (3, 'Cat', '{"kind": "b"}', 2, 'b', 'three')`,
		"CREATE VIEW names AS SELECT name FROM sheets",
		"CREATE FUNCTION shout(s TEXT) RETURNS TEXT DETERMINISTIC RETURN UPPER(s)",
	} {
		must(t, f.truth.Exec(sql).Error)
	}
	return f
}

func TestKeptReadsOfMySQL(t *testing.T) {
	onlyOn(t, "mysql", "its own syntax")
	name := func(id int, name string) func(*gorm.DB) error {
		return exec("UPDATE sheets SET name = ? WHERE id = ?", name, id)
	}
	retitle := func(id uint) func(*gorm.DB) error { return set(id, "title", "new") }
	eachKeeping(t, newSheets, []keeping{{
		name: "text without regard to case", outside: exec("INSERT INTO sheets (id, name) VALUES (8, 'buzz')"),
		inside: exec("INSERT INTO sheets (id, name) VALUES (9, 'ANT')"), read: text("SELECT id, name FROM sheets WHERE name = 'ant' ORDER BY id"),
	}, {
		name: "JSON", outside: name(2, "buzz"), inside: exec(`UPDATE sheets SET data = '{"kind": "a"}' WHERE id = 2`),
		read: text("SELECT id FROM sheets WHERE JSON_EXTRACT(data, '$.kind') = 'b' ORDER BY id"),
	}, {
		name: "a JSON value", outside: name(2, "buzz"), inside: exec(`UPDATE sheets SET data = '{"kind": "a"}' WHERE id = 2`),
		read: text("SELECT id, JSON_VALUE(data, '$.kind') AS kind FROM sheets ORDER BY id"),
	}, {
		name: "an enumeration", outside: name(2, "buzz"), inside: exec("UPDATE sheets SET kind = 'a' WHERE id = 2"),
		read: text("SELECT id FROM sheets WHERE kind = 'b' ORDER BY id"),
	}, {
		name: "ALL of a query", outside: all(retitle(12), set(2, "body", "new")), inside: set(9, "views", 1000),
		read: text("SELECT id FROM posts WHERE views > ALL (SELECT views FROM posts WHERE category_id = 1) ORDER BY id"),
	}, {
		name: "ANY of a query", outside: all(retitle(12), set(2, "body", "new")), inside: set(2, "views", 0),
		read: text("SELECT id FROM posts WHERE views = ANY (SELECT views FROM posts WHERE category_id = 1) ORDER BY id"),
	}, {
		name: "row values in order", outside: retitle(3), inside: retitle(9),
		read: text("SELECT title FROM posts WHERE (views, id) > (?, ?) ORDER BY views, id", 70, 0),
	}, {
		name: "NULL that is equal", outside: exec("UPDATE sheets SET name = 'new' WHERE id = 2"), inside: exec("UPDATE sheets SET parent_id = NULL WHERE id = 2"),
		read: text("SELECT id FROM sheets WHERE parent_id <=> NULL ORDER BY id"),
	}, {
		name: "texts of a group", outside: set(1, "views", 999), inside: retitle(1),
		read: text("SELECT category_id, GROUP_CONCAT(title ORDER BY id) AS titles FROM posts WHERE category_id = 1 GROUP BY category_id"),
	}, {
		name: "STRAIGHT_JOIN and an index hint", outside: retitle(2), inside: retitle(1),
		read: text("SELECT p.title FROM posts p FORCE INDEX (PRIMARY) STRAIGHT_JOIN authors a ON a.id = p.author_id WHERE p.category_id = 1 ORDER BY p.id"),
	}, {
		name: "a recursion up a tree", outside: exec("UPDATE sheets SET data = '{}'"), inside: name(1, "ape"),
		read: text("WITH RECURSIVE up AS (SELECT id, name, parent_id FROM sheets WHERE id = 3 UNION ALL " +
			"SELECT s.id, s.name, s.parent_id FROM sheets s JOIN up ON s.id = up.parent_id) SELECT name FROM up ORDER BY id"),
	}, {
		name: "a column with a quoted name", outside: name(1, "ape"), inside: exec("UPDATE sheets SET `mixed name` = 'new' WHERE id = 1"),
		read: text("SELECT `Mixed Name` FROM sheets ORDER BY id"),
	}})
}

func TestBypassesOfMySQL(t *testing.T) {
	onlyOn(t, "mysql", "its own syntax")
	newSheets(t).eachBypasses([]bypassed{
		{"FOR UPDATE", locksRows, text("SELECT id FROM sheets FOR UPDATE")},
		{"LOCK IN SHARE MODE", locksRows, text("SELECT id FROM sheets LOCK IN SHARE MODE")},
		{"NOW", volatileFunction, text("SELECT id FROM sheets WHERE NOW() > '2020-01-01'")},
		{"CURRENT_DATE", volatileFunction, text("SELECT id FROM sheets WHERE CURRENT_DATE > '2020-01-01'")},
		{"RAND", volatileFunction, text("SELECT id FROM sheets WHERE RAND() < 2")},
		{"a variable of the session", "user variable", text("SELECT id FROM sheets WHERE @none IS NULL")},
		{"a variable that is assigned", "user variable", text("SELECT id, @n := 1 AS n FROM sheets")},
		{"a variable of the server", "system variable", text("SELECT id FROM sheets WHERE @@port > 0")},
		{"a function of one's own", "", text("SELECT shout(name) AS loud FROM sheets")},
		{"a view", cacheops.UnknownTable, text("SELECT name FROM names")},
		{"the server's tables", systemTable, text("SELECT User FROM mysql.user WHERE User = 'none'")},
	})
}

// A table that one connection has for itself is not cached, and while it hides
// another neither is that.
func TestTemporaryTablesOfMySQL(t *testing.T) {
	onlyOn(t, "mysql", "its own syntax")
	f := newSheets(t)
	pool, err := f.db.DB()
	must(t, err)
	pool.SetMaxOpenConns(1)
	read := text("SELECT name FROM sheets ORDER BY id")
	f.watch("sheets", read).isCached()
	f.reads = nil // the truth is that of another connection
	must(t, f.db.Exec("CREATE TEMPORARY TABLE sheets (id INT, name TEXT)").Error)
	for range 2 {
		f.log.Take()
		if got := read(f.db); got.Rows != 0 {
			t.Errorf("got %+v", got)
		}
		if sent := f.log.Take(); len(sent) == 0 {
			t.Error("the temporary table was answered for by the cache")
		}
	}
}
