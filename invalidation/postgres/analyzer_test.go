package postgres

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/invalidation/internal/syntax"
	"github.com/seed92106438/cacheops/invalidation/internal/syntax/shapetest"
)

// reading is a statement and what it is read as, without the last line break.
type reading struct{ sql, want string }

func checkReadings(t *testing.T, readings []reading) {
	t.Helper()
	for _, r := range readings {
		if got := strings.TrimSuffix(shapetest.Print(Dialect{}.Analyze(r.sql)), "\n"); got != r.want {
			t.Errorf("%s\n got %s\nwant %s", r.sql, got, r.want)
		}
	}
}

func TestTheDialectIsRegistered(t *testing.T) {
	if d, ok := invalidation.DialectOf("postgres"); !ok || d != (Dialect{}) {
		t.Errorf("got %v, %t", d, ok)
	}
}

func TestStatementsHaveVerbs(t *testing.T) {
	checkReadings(t, []reading{
		{"SELECT 1", "query"},
		{" -- a\n/* b /* c */ */ select 1 ; -- d", "query"},
		{"VALUES (1)", "query"},
		{"WITH c AS (SELECT 1) SELECT * FROM c", "query"},

		{"BEGIN", "begin, refused: not a query"},
		{"START TRANSACTION ISOLATION LEVEL SERIALIZABLE", "begin, refused: not a query"},
		{"COMMIT WORK", "commit, refused: not a query"},
		{"END", "commit, refused: not a query"},
		{"COMMIT AND CHAIN", "opaque, refused: not a query"},
		{"ROLLBACK", "rollback, refused: not a query"},
		{"ABORT", "rollback, refused: not a query"},
		{"SAVEPOINT \"Sp1\"", "savepoint sp1, refused: not a query"},
		{"RELEASE SAVEPOINT Sp1", "release sp1, refused: not a query"},
		{"ROLLBACK TO SAVEPOINT Sp1", "rollback to sp1, refused: not a query"},
		{"PREPARE TRANSACTION 'x'", "opaque, refused: not a query"},
		{"COMMIT PREPARED 'x'", "opaque, refused: not a query"},

		{"CREATE TABLE t (a int)", "definition, refused: not a query"},
		{"CREATE INDEX CONCURRENTLY i ON t (a)", "definition, refused: not a query"},
		{"CREATE VIEW v AS SELECT 1", "definition, refused: not a query"},
		{"CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "definition, refused: not a query"},
		{"CREATE TRIGGER r AFTER INSERT ON t EXECUTE FUNCTION f()", "definition, refused: not a query"},
		{"CREATE RULE r AS ON INSERT TO t DO ALSO DELETE FROM u", "definition, refused: not a query"},
		{"CREATE TYPE e AS ENUM ('a')", "definition, refused: not a query"},
		{"CREATE TYPE c AS (a int)", "definition, refused: not a query"},
		{"CREATE SCHEMA s", "definition, refused: not a query"},
		{"CREATE EXTENSION citext", "definition, refused: not a query"},
		{"ALTER TABLE t ADD COLUMN b int", "definition, refused: not a query"},
		{"ALTER TABLE t RENAME TO u", "definition, refused: not a query"},
		{"ALTER ROLE r SET search_path = x", "definition, refused: not a query"},
		{"DROP TABLE t", "definition, refused: not a query"},
		{"COMMENT ON TABLE t IS 'x'", "definition, refused: not a query"},
		{"GRANT SELECT ON t TO r", "definition, refused: not a query"},
		{"REFRESH MATERIALIZED VIEW v", "definition, refused: not a query"},
		{"SELECT * INTO u FROM t", "definition, refused: not a query"},
		{"CREATE TABLE u AS SELECT * FROM t", "definition, refused: not a query"},

		{"SHOW search_path", "neutral, refused: not a query"},
		{"LISTEN x", "neutral, refused: not a query"},
		{"NOTIFY x, 'y'", "neutral, refused: not a query"},
		{"VACUUM FULL t", "neutral, refused: not a query"},
		{"ANALYZE t", "neutral, refused: not a query"},
		{"REINDEX TABLE t", "neutral, refused: not a query"},
		{"CLUSTER t", "neutral, refused: not a query"},
		{"LOCK TABLE t IN SHARE MODE", "neutral, refused: not a query"},
		{"CHECKPOINT", "neutral, refused: not a query"},
		{"SET CONSTRAINTS ALL DEFERRED", "neutral, refused: not a query"},
		{"EXPLAIN DELETE FROM t", "neutral, refused: not a query"},
		{"EXPLAIN ANALYZE SELECT * FROM t", "neutral, refused: not a query"},
		{"EXPLAIN ANALYZE DELETE FROM t", "opaque, refused: not a query"},
		{"EXPLAIN (ANALYZE) SELECT f()", "opaque, refused: not a query"},
		{"COPY t TO STDOUT", "neutral, refused: not a query"},
		{"COPY (SELECT * FROM t) TO STDOUT", "neutral, refused: not a query"},
		{"COPY (DELETE FROM t RETURNING *) TO STDOUT", "opaque, refused: not a query"},

		{"CALL p()", "opaque, refused: not a query"},
		{"DO 'BEGIN END'", "opaque, refused: not a query"},
		{"EXECUTE x", "opaque, refused: not a query"},
		{"PREPARE x AS DELETE FROM t", "neutral, refused: not a query"},
		{"DECLARE c CURSOR FOR SELECT f()", "opaque, refused: not a query"},
		{"FETCH c", "opaque, refused: not a query"},
		{"LOAD 'x'", "opaque, refused: not a query"},

		{"SELECT 1; SELECT 2", "opaque, refused: not one statement"},
		{"DELETE FROM t; SELECT 1", "opaque, refused: not one statement"},
		{"", "opaque, refused: not one statement"},
		{"-- nothing", "opaque, refused: not one statement"},
		{"DELETE FROM", "opaque, refused: syntax not understood"},
		{"DELETE FROM t\x00", "opaque, refused: syntax not understood"},
		{"SELECT '\xff'", "opaque, refused: syntax not understood"},
	})
}

func TestSettingsAreOfTheSessionUnlessTheyAreHarmless(t *testing.T) {
	checkReadings(t, []reading{
		{"SET statement_timeout = 100", "neutral, refused: not a query"},
		{"SET LOCAL lock_timeout = '1s'", "neutral, refused: not a query"},
		{"SET enable_seqscan = off", "neutral, refused: not a query"},
		{"RESET work_mem", "neutral, refused: not a query"},
		{"SET application_name = 'x'", "neutral, refused: not a query"},
		{"SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", "neutral, refused: not a query"},

		{"SET search_path = a, b", "session, refused: not a query"},
		{"SET LOCAL search_path = a", "local, refused: not a query"},
		{"SET TIME ZONE 'UTC'", "session, refused: not a query"},
		{"SET ROLE x", "session, refused: not a query"},
		{"SET SESSION AUTHORIZATION x", "session, refused: not a query"},
		{"SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", "session, refused: not a query"},
		{"SET synchronous_commit = off", "session, refused: not a query"},
		{"SET app.tenant = '5'", "session, refused: not a query"},
		{"RESET search_path", "session, refused: not a query"},
		{"RESET ALL", "session, refused: not a query"},
		{"DISCARD ALL", "session, refused: not a query"},

		{"SELECT set_config('search_path', $1, false)", "session, refused: volatile function"},
		{"SELECT set_config('search_path', $1, $2)", "session, refused: volatile function"},
		{"SELECT pg_catalog.set_config('search_path', 'a', true)", "local, refused: volatile function"},
		{"SELECT set_config('a.b', '1', true), set_config('a.c', '1', false)", "session, refused: volatile function"},
		{"SELECT set_config('a.b', '1', true), f()", "opaque, refused: volatile function"},
		{"INSERT INTO t SELECT set_config('a.b', '1', true)", "opaque, refused: writes"},
	})
}

func TestTemporaryRelationsAreNamed(t *testing.T) {
	for _, test := range []struct{ sql, want string }{
		{"CREATE TEMP TABLE T (a int)", "t"},
		{"CREATE TEMPORARY TABLE \"T\" AS SELECT 1", "t"},
		{"CREATE TABLE pg_temp.t (a int)", "t"},
		{"CREATE TEMP VIEW v AS SELECT 1", "v"},
		{"SELECT * INTO TEMP u FROM t", "u"},
		{"CREATE TABLE t (a int)", ""},
		{"CREATE UNLOGGED TABLE t (a int)", ""},
		// Whatever else the statement does concerns all.
		{"CREATE TEMP TABLE t AS SELECT f()", ""},
		{"SELECT f() INTO TEMP u FROM t", ""},
	} {
		if got := (Dialect{}).Analyze(test.sql); got.Verb != invalidation.Definition || got.Temporary != test.want {
			t.Errorf("%s makes %q\n%s", test.sql, got.Temporary, shapetest.Print(got))
		}
	}
}

func TestWhatMustNotBeCachedIsRefused(t *testing.T) {
	for _, test := range []struct{ sql, want string }{
		{"SELECT * FROM t FOR UPDATE", syntax.Locks},
		{"SELECT * FROM (SELECT * FROM t FOR KEY SHARE) s", syntax.Locks},

		{"SELECT now()", syntax.VolatileFunction},
		{"SELECT current_timestamp", syntax.VolatileFunction},
		{"SELECT * FROM t WHERE a < CURRENT_DATE", syntax.VolatileFunction},
		{"SELECT current_user", syntax.VolatileFunction},
		{"SELECT pg_catalog.random()", syntax.VolatileFunction},
		{"SELECT nextval('s')", syntax.VolatileFunction},
		{"SELECT txid_current()", syntax.VolatileFunction},
		{"SELECT age(a) FROM t", syntax.VolatileFunction},
		{"SELECT age(a, b) FROM t", ""},
		{"SELECT * FROM t WHERE a < 'now'", syntax.VolatileFunction},
		{"SELECT * FROM t WHERE a < 'Today 10:00'::timestamptz", syntax.VolatileFunction},
		{"SELECT * FROM t WHERE a < DATE 'tomorrow'", syntax.VolatileFunction},
		{"SELECT * FROM t WHERE a < ' YESTERDAY '", syntax.VolatileFunction},
		{"SELECT * FROM t WHERE a = 'nowhere'", ""},

		{"SELECT f(a) FROM t", syntax.UnknownFunction},
		{"SELECT public.lower(a) FROM t", syntax.UnknownFunction},
		{"SELECT \"LOWER\"(a) FROM t", syntax.UnknownFunction},
		{"SELECT pg_catalog.lower(a) FROM t", ""},
		{"SELECT * FROM f(1)", syntax.UnknownFunction},
		{"SELECT * FROM t WHERE a OPERATOR(public.=) 1", syntax.UnknownFunction},
		{"SELECT * FROM t WHERE a OPERATOR(pg_catalog.=) 1", ""},

		{"SELECT * FROM pg_class", syntax.SystemTable},
		{"SELECT * FROM pg_catalog.pg_class", syntax.SystemTable},
		{"SELECT * FROM information_schema.tables", syntax.SystemTable},
		{"SELECT * FROM t WHERE EXISTS (SELECT 1 FROM pg_stat_activity)", syntax.SystemTable},
		{"SELECT * FROM pg_temp.t", syntax.TemporaryTable},
		{"SELECT * FROM pg_temp_3.t", syntax.TemporaryTable},
		{"SELECT ctid, * FROM t", "system column"},
		{"SELECT t.xmin FROM t", "system column"},

		{"SELECT * FROM t TABLESAMPLE SYSTEM (10)", syntax.UnknownSource},
		{"SELECT * FROM XMLTABLE('/a' PASSING '<a/>' COLUMNS b int)", syntax.UnknownSource},
		{"SELECT x.a FROM t JOIN u USING (a) AS x", syntax.NotUnderstood},

		{"SELECT * FROM \"a.b\"", syntax.UnknownSource},
		{"SELECT * FROM \"*\"", syntax.UnknownSource},

		// Names that differ in letter case alone: which of them is meant?
		{"WITH \"T\" AS (SELECT 1) SELECT * FROM t", syntax.NotUnderstood},
		{"SELECT * FROM a AS \"T\" WHERE EXISTS (SELECT 1 FROM b AS t WHERE \"T\".x = 1)", syntax.NotUnderstood},
		{"SELECT a AS \"X\" FROM t ORDER BY x LIMIT 5", syntax.NotUnderstood},
		{"SELECT \"Company\".id AS \"Company__id\" FROM company AS \"Company\"", ""},

		{"SELECT $2", syntax.UnclearParameters},
		{"SELECT $1, $3", syntax.UnclearParameters},
		{"SELECT $1, $1, $2", ""},
	} {
		if got := (Dialect{}).Analyze(test.sql); got.Verb != invalidation.Query || got.Refusal != test.want {
			t.Errorf("%s\n got %swant refused for %q", test.sql, shapetest.Print(got), test.want)
		}
	}
}

func TestWhatMayWriteAnythingIsOpaque(t *testing.T) {
	for _, sql := range []string{
		"SELECT query_to_xml('SELECT f()', true, true, '')",
		"DELETE FROM \"a.b\"",
		"DELETE FROM \"*\"",
		"INSERT INTO \"f()\" VALUES (1)",
		"DELETE FROM pg_class",
		"UPDATE pg_catalog.pg_class SET relname = 'x'",
		"TRUNCATE pg_class",
		"TRUNCATE t CASCADE",
		"COPY pg_class FROM STDIN",
		"DELETE FROM t WHERE a = $2",
		"SELECT $0",
		"WITH \"T\" AS (SELECT 1) DELETE FROM u USING t",
	} {
		if got := (Dialect{}).Analyze(sql); got.Verb != invalidation.Opaque || got.Refusal == "" {
			t.Errorf("%s\n%s", sql, shapetest.Print(got))
		}
	}
}

func TestUnknownFunctionsAreNamed(t *testing.T) {
	for _, test := range []struct{ sql, want string }{
		{"SELECT lower(a), now() FROM t", ""},
		{"SELECT F(a), f(b), app.G(c) FROM t WHERE h(d) FILTER (WHERE i(e))", "app.g(),f(),h(),i()"},
		{"SELECT * FROM t, LATERAL f(t.a) ORDER BY g(t.a)", "f(),g()"},
		{"WITH c AS (SELECT f()) SELECT * FROM c", "f()"},
		{"INSERT INTO t (a) VALUES (f($1)) RETURNING g(a)", "f(),g()"},
		{"UPDATE t SET a = f(a) WHERE g(b)", "f(),g()"},
		{"MERGE INTO t USING u ON t.a = f(u.a) WHEN MATCHED THEN UPDATE SET b = g(u.b)", "f(),g()"},
		{"SELECT f(), $2", "f()"},
	} {
		if got := strings.Join(Dialect{}.Analyze(test.sql).Calls, ","); got != test.want {
			t.Errorf("%s calls %q, want %q", test.sql, got, test.want)
		}
	}
}

func TestLongAndDeepTextsAreNotParsed(t *testing.T) {
	pad := func(sql string, length int) string { return sql + strings.Repeat(" ", length-len(sql)) }
	nested := func(depth int) string {
		return "SELECT " + strings.Repeat("(", depth) + "1" + strings.Repeat(")", depth)
	}
	for _, test := range []struct{ name, sql, refusal string }{
		{"longest", pad("SELECT 1", maxLength), ""},
		{"too long", pad("SELECT 1", maxLength+1), invalidation.TooLong},
		{"two megabytes", "SELECT '" + strings.Repeat("x", 2<<20) + "'", invalidation.TooLong},
		{"deepest", nested(maxDepth), ""},
		{"too deep", nested(maxDepth + 1), syntax.TooDeep},
		{"100,000 parentheses", nested(100_000), invalidation.TooLong},
		{"many arrays", "SELECT " + strings.Repeat("ARRAY[", 1000) + strings.Repeat("]", 1000), syntax.TooDeep},
		{"as many side by side", "SELECT (1)" + strings.Repeat(" , (1)", 5_000), ""},
		{"many operators", "SELECT 1" + strings.Repeat(" + 1", 10_000), syntax.TooDeep},
		{"many NOTs", "SELECT " + strings.Repeat("NOT ", 10_000) + "true", syntax.TooDeep},
		{"many ANDs", "SELECT 1 FROM t WHERE a" + strings.Repeat(" AND a", 9_000), ""},
	} {
		if got := (Dialect{}).Analyze(test.sql).Refusal; got != test.refusal {
			t.Errorf("%s: refused for %q, want %q", test.name, got, test.refusal)
		}
	}
}

func TestNamesAreCutOffAsTheServerDoes(t *testing.T) {
	const longest = 63
	name := strings.Repeat("x", longest)
	if shape := (Dialect{}).Analyze("SELECT * FROM " + name + "yz"); len(shape.Uses) != 1 || shape.Uses[0].Table != name {
		t.Errorf("%s", shapetest.Print(shape))
	}
}

// What is not parsed may write, unless all its words are those of a query.
func TestATextThatIsNotParsedIsAQueryIfItsWordsTell(t *testing.T) {
	long := func(sql string) string { return sql + " AND id IN (1" + strings.Repeat(",1", maxLength/2) + ")" }
	for _, test := range []struct {
		sql  string
		want invalidation.Verb
	}{
		{`SELECT * FROM "t" WHERE a = $1`, invalidation.Query},
		{`select count(*), "max"(a) from t where (a) in (1)`, invalidation.Query},
		{`SELECT f(a) FROM t WHERE a = 1`, invalidation.Opaque},
		{`SELECT "f"(a) FROM t WHERE a = 1`, invalidation.Opaque},
		{`SELECT public.lower(a) FROM t WHERE a = 1`, invalidation.Opaque},
		{`SELECT * INTO u FROM t WHERE a = 1`, invalidation.Opaque},
		{`SELECT * FROM u WHERE a = 1; DELETE FROM t WHERE a = 1`, invalidation.Opaque},
		{`WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d WHERE a = 1`, invalidation.Opaque},
		{`SELECT * FROM t /* ( */ WHERE a = 1`, invalidation.Opaque},
		{`DELETE FROM t WHERE a = 1`, invalidation.Opaque},
		{`SELECT query_to_xml(a) FROM t WHERE a = 1`, invalidation.Opaque},
	} {
		if got := (Dialect{}).Analyze(long(test.sql)); got.Verb != test.want || got.Refusal != invalidation.TooLong {
			t.Errorf("%s …\n%s", test.sql, shapetest.Print(got))
		}
	}
}

func TestTheAnalyzerMayBeShared(t *testing.T) {
	const sql = "SELECT t.a FROM t JOIN u ON t.a = u.b WHERE u.b = $1"
	want := shapetest.Print(Dialect{}.Analyze(sql))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if got := shapetest.Print(Dialect{}.Analyze(sql)); got != want {
				t.Errorf("got %s want %s", got, want)
			}
		})
	}
	wg.Wait()
}

// FuzzAnalyze asks for no particular answer, only for one in bounded time, and
// for the same one each time.
func FuzzAnalyze(f *testing.F) {
	for _, s := range shapetest.Corpus(f, corpusFile) {
		f.Add(s.SQL)
	}
	f.Add("WITH RECURSIVE t(a) AS (VALUES (1) UNION SELECT a FROM t NATURAL JOIN u) SEARCH DEPTH FIRST BY a SET b SELECT * FROM (t CROSS JOIN u) FULL JOIN v USING (a)")
	f.Add("INSERT INTO t (a, b[1], c.d) OVERRIDING USER VALUE VALUES ($1, DEFAULT, E'\\x00') ON CONFLICT (lower(a)) WHERE b DO UPDATE SET (a, b) = (excluded.a, 1) WHERE true")
	f.Add("SELECT DISTINCT ON (a) json_object('a': b), xmlelement(name x, xmlattributes(c)), JSON_VALUE(d, '$.a'), grouping(a) FROM ROWS FROM (f(1) AS (a int)) WITH ORDINALITY AS g(a, b) GROUP BY CUBE (a) FETCH FIRST 1 ROW WITH TIES")
	f.Fuzz(func(t *testing.T, sql string) {
		const bound = 5 * time.Second
		start := time.Now()
		shapetest.Law(t, Dialect{}, sql)
		if took := time.Since(start); took > bound {
			t.Errorf("took %s", took)
		}
	})
}
