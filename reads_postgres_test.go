package cacheops_test

import (
	"testing"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops"
)

// newDocs is a fixture with what PostgreSQL alone has.
func newDocs(t *testing.T) *fixture {
	t.Helper()
	f := newFixture(t, everything)
	for _, sql := range []string{
		`CREATE TABLE docs (id bigint PRIMARY KEY, name text, data jsonb, words text[], parent_id bigint, "Mixed Name" text)`,
		`INSERT INTO docs VALUES (1, 'Ant', '{"kind": "a"}', '{x,y}', NULL, 'one'), (2, 'Bee', '{"kind": "b"}', '{z}', 1, 'two'),
			(3, 'Cat', '{"kind": "b"}', '{}', 2, 'three')`,
		`CREATE SCHEMA app`, `CREATE TABLE app.docs (id bigint PRIMARY KEY, name text)`, `INSERT INTO app.docs VALUES (1, 'inner')`,
		`CREATE TABLE "Mixed Docs" (id bigint PRIMARY KEY, name text)`, `INSERT INTO "Mixed Docs" VALUES (1, 'capital')`,
		`CREATE TABLE twin (id int)`, `CREATE TABLE "Twin" (id int)`,
		`CREATE VIEW names AS SELECT name FROM docs`, `CREATE MATERIALIZED VIEW kept AS SELECT name FROM docs`,
		`CREATE FUNCTION shout(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT upper($1) $$`,
	} {
		must(t, f.truth.Exec(sql).Error)
	}
	return f
}

func TestKeptReadsOfPostgres(t *testing.T) {
	onlyOn(t, "postgres", "its own syntax")
	name := func(id int, name string) func(*gorm.DB) error {
		return exec("UPDATE docs SET name = ? WHERE id = ?", name, id)
	}
	retitle := func(id uint) func(*gorm.DB) error { return set(id, "title", "new") }
	eachKeeping(t, newDocs, []keeping{{
		name: "DISTINCT ON", outside: all(retitle(12), set(1, "score", 100)), inside: retitle(9),
		read: text("SELECT DISTINCT ON (category_id) category_id, title FROM posts WHERE views < 100 ORDER BY category_id, views DESC"),
	}, {
		name: "ILIKE", outside: exec("INSERT INTO docs (id, name) VALUES (8, 'buzz')"), inside: exec("INSERT INTO docs (id, name) VALUES (9, 'ANTLER')"),
		read: text("SELECT name FROM docs WHERE name ILIKE 'ant%'"),
	}, {
		name: "a JSON operator", outside: name(2, "buzz"), inside: exec(`UPDATE docs SET data = '{"kind": "a"}' WHERE id = 2`),
		read: text("SELECT id FROM docs WHERE data->>'kind' = 'b' ORDER BY id"),
	}, {
		name: "JSON that contains", outside: name(2, "buzz"), inside: exec(`UPDATE docs SET data = '{}' WHERE id = 2`),
		read: text(`SELECT id FROM docs WHERE data @> '{"kind": "b"}' ORDER BY id`),
	}, {
		name: "an array that contains", outside: name(2, "buzz"), inside: exec("UPDATE docs SET words = words || ARRAY['x'] WHERE id = 2"),
		read: text("SELECT id FROM docs WHERE words @> ARRAY['x'] ORDER BY id"),
	}, {
		name: "ANY of an array column", outside: name(2, "buzz"), inside: exec("UPDATE docs SET words = '{x}' WHERE id = 2"),
		read: text("SELECT id FROM docs WHERE 'x' = ANY(words) ORDER BY id"),
	}, {
		name: "ANY of a list", outside: name(3, "cow"), inside: name(2, "buzz"),
		read: text("SELECT name FROM docs WHERE id = ANY(ARRAY[1, 2]) ORDER BY id"),
	}, {
		name: "ALL of a query", outside: all(retitle(12), set(2, "body", "new")), inside: set(9, "views", 1000),
		read: text("SELECT id FROM posts WHERE views > ALL (SELECT views FROM posts WHERE category_id = 1) ORDER BY id"),
	}, {
		name: "row values in order", outside: retitle(3), inside: retitle(9),
		read: text("SELECT title FROM posts WHERE (views, id) > (?, ?) ORDER BY views, id", 70, 0),
	}, {
		name: "a recursion up a tree", outside: exec("UPDATE docs SET data = '{}'"), inside: name(1, "ape"),
		read: text("WITH RECURSIVE up AS (SELECT id, name, parent_id FROM docs WHERE id = 3 UNION ALL " +
			"SELECT d.id, d.name, d.parent_id FROM docs d JOIN up ON d.id = up.parent_id) SELECT name FROM up ORDER BY id"),
	}, {
		name: "LATERAL", outside: all(set(1, "body", "new"), exec("UPDATE authors SET email = 'x'")), inside: retitle(1),
		read: text("SELECT a.name, p.title FROM authors a, LATERAL (SELECT title FROM posts WHERE author_id = a.id ORDER BY id LIMIT 1) p ORDER BY a.id"),
	}, {
		name: "FILTER", outside: retitle(1), inside: set(1, "hidden", false),
		read: text("SELECT count(*) FILTER (WHERE hidden) AS n FROM posts"),
	}, {
		name: "a table of another schema", outside: name(1, "ape"), inside: exec("UPDATE app.docs SET name = 'new'"),
		read: text("SELECT name FROM app.docs"),
	}, {
		name: "a table with a quoted name", outside: name(1, "ape"), inside: exec(`UPDATE "Mixed Docs" SET name = 'new'`),
		read: text(`SELECT name FROM "Mixed Docs"`),
	}, {
		name: "a table without quotes, whatever its case", outside: exec(`UPDATE "Mixed Docs" SET name = 'new'`), inside: name(1, "ape"),
		read: text("SELECT name FROM DOCS ORDER BY id"),
	}, {
		name: "a column with a quoted name", outside: name(1, "ape"), inside: exec(`UPDATE docs SET "Mixed Name" = 'new' WHERE id = 1`),
		read: text(`SELECT "Mixed Name" FROM docs ORDER BY id`),
	}})
}

const locksRows cacheops.Bypass = "locks rows"

// bypassed is a read that is not cached, and why. Without a reason it is sent as
// what may write, and is not counted.
type bypassed struct {
	name   string
	reason cacheops.Bypass
	read   func(*gorm.DB) answer
}

// eachBypasses checks that each read goes to the database, for its reason.
func (f *fixture) eachBypasses(reads []bypassed) {
	f.Helper()
	for _, b := range reads {
		f.Run(b.name, func(t *testing.T) {
			f := f.again(t, everything, &gorm.Config{})
			f.watch(b.name, b.read).isBypassed()
			if s := f.cache.Stats(); b.reason != "" && s.Bypasses[b.reason] != 2 || s.Fills != 0 {
				t.Errorf("the bypasses are %v, %d results were stored", s.Bypasses, s.Fills)
			}
		})
	}
}

func TestBypassesOfPostgres(t *testing.T) {
	onlyOn(t, "postgres", "its own syntax")
	newDocs(t).eachBypasses([]bypassed{
		{"FOR UPDATE", locksRows, text("SELECT id FROM docs FOR UPDATE")},
		{"FOR KEY SHARE", locksRows, text("SELECT id FROM docs FOR KEY SHARE")},
		{"now", volatileFunction, text("SELECT id FROM docs WHERE now() > '2020-01-01'")},
		{"CURRENT_DATE", volatileFunction, text("SELECT id FROM docs WHERE CURRENT_DATE > '2020-01-01'")},
		{"random", volatileFunction, text("SELECT id FROM docs WHERE random() < 2")},
		{"the user", volatileFunction, text("SELECT id FROM docs WHERE current_user <> 'nobody'")},
		{"a function of one's own", "", text("SELECT shout(name) AS loud FROM docs")},
		{"a view", cacheops.UnknownTable, text("SELECT name FROM names")},
		{"a table whose name another has in another case", cacheops.UnknownTable, text("SELECT id FROM twin")},
		{"a materialized view", cacheops.UnknownTable, text("SELECT name FROM kept")},
		{"the catalogue", systemTable, text("SELECT 1 AS one FROM pg_class WHERE relname = 'docs'")},
		{"a sample", unknownSource, text("SELECT id FROM docs TABLESAMPLE SYSTEM (100)")},
		{"a function as a table", cacheops.NoTable, text("SELECT * FROM generate_series(1, 3) AS n")},
	})
}

// A table that one connection has for itself is not cached, and while it hides
// another neither is that.
func TestTemporaryTablesOfPostgres(t *testing.T) {
	onlyOn(t, "postgres", "its own syntax")
	f := newDocs(t)
	pool, err := f.db.DB()
	must(t, err)
	pool.SetMaxOpenConns(1)
	docs := text("SELECT name FROM docs ORDER BY id")
	f.watch("docs", docs).isCached()
	f.reads = nil // the truth is that of another connection
	must(t, f.db.Exec("CREATE TEMPORARY TABLE docs (id int, name text)").Error)
	for range 2 {
		f.log.Take()
		if got := docs(f.db); got.Rows != 0 {
			t.Errorf("got %+v", got)
		}
		if sent := f.log.Take(); len(sent) == 0 {
			t.Error("the temporary table was answered for by the cache")
		}
	}
}

// One text means another table under another search path.
func TestSearchPathsOfPostgres(t *testing.T) {
	onlyOn(t, "postgres", "its own syntax")
	f := newDocs(t)
	read := text("SELECT name FROM docs ORDER BY id LIMIT 1")
	public := f.watch("public", read).isCached()
	db, _ := openDB(t, f.dsn+" search_path=app", &gorm.Config{})
	must(t, db.Use(f.cache))
	for range 2 {
		if got := read(db); got.Value.([]map[string]any)[0]["name"] != "inner" {
			t.Errorf("under the other path: %+v", got)
		}
	}
	public.isKept()
	must(t, db.Exec("UPDATE docs SET name = 'changed'").Error)
	if got := read(db); got.Value.([]map[string]any)[0]["name"] != "changed" {
		t.Errorf("after the change: %+v", got)
	}
	public.isKept()
	must(t, f.db.Exec("UPDATE app.docs SET name = 'again'").Error)
	if got := read(db); got.Value.([]map[string]any)[0]["name"] != "again" {
		t.Errorf("after a change by the whole name: %+v", got)
	}
	must(t, f.db.Exec("UPDATE docs SET name = 'Ape' WHERE id = 1").Error)
	public.isFresh()
}
