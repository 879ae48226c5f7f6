package sqlite

import (
	"strings"
	"sync"
	"testing"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/invalidation/internal/syntax"
	"github.com/seed92106438/cacheops/invalidation/internal/syntax/shapetest"
)

func TestStatementsHaveVerbs(t *testing.T) {
	for _, test := range []struct{ sql, want string }{
		{"SELECT 1", "query"},
		{" -- a\n/* b */ select 1 ; -- c", "query"},
		{"VALUES (1)", "query"},
		{"WITH c AS (SELECT 1) SELECT * FROM c", "query"},

		{"BEGIN", "begin, refused: not a query"},
		{"begin immediate transaction", "begin, refused: not a query"},
		{"COMMIT", "commit, refused: not a query"},
		{"END TRANSACTION", "commit, refused: not a query"},
		{"ROLLBACK", "rollback, refused: not a query"},
		{"ROLLBACK TRANSACTION", "rollback, refused: not a query"},
		{"ROLLBACK TO Sp1", "rollback to sp1, refused: not a query"},
		{"ROLLBACK TRANSACTION TO SAVEPOINT `Sp1`", "rollback to sp1, refused: not a query"},
		{"SAVEPOINT Sp1", "savepoint sp1, refused: not a query"},
		{"RELEASE Sp1", "release sp1, refused: not a query"},
		{"RELEASE SAVEPOINT 'Sp1'", "release sp1, refused: not a query"},

		{"CREATE TABLE t (a)", "definition, refused: not a query"},
		{"CREATE TEMP TABLE t AS SELECT 1", "definition, refused: not a query"},
		{"CREATE INDEX i ON t (a)", "definition, refused: not a query"},
		{"CREATE VIEW v AS SELECT 1", "definition, refused: not a query"},
		{"CREATE TRIGGER r AFTER INSERT ON t BEGIN DELETE FROM u; END", "definition, refused: not a query"},
		{"CREATE VIRTUAL TABLE v USING fts5(a)", "definition, refused: not a query"},
		{"ALTER TABLE t ADD COLUMN b", "definition, refused: not a query"},
		{"DROP TABLE t", "definition, refused: not a query"},
		{"DROP VIEW v", "definition, refused: not a query"},
		{"DROP INDEX i", "definition, refused: not a query"},
		{"DROP TRIGGER r", "definition, refused: not a query"},
		{"ATTACH 'x' AS y", "definition, refused: not a query"},
		{"DETACH y", "definition, refused: not a query"},
		{"VACUUM", "definition, refused: not a query"},

		{"VACUUM INTO 'x'", "neutral, refused: not a query"},
		{"EXPLAIN DELETE FROM t", "neutral, refused: not a query"},
		{"EXPLAIN QUERY PLAN SELECT 1", "neutral, refused: not a query"},
		{"ANALYZE", "neutral, refused: not a query"},
		{"REINDEX t", "neutral, refused: not a query"},
		{"PRAGMA foreign_keys = ON", "neutral, refused: not a query"},
		{"PRAGMA main.journal_mode=wal", "neutral, refused: not a query"},
		{"PRAGMA Table_Info(t)", "neutral, refused: not a query"},
		{"PRAGMA user_version", "neutral, refused: not a query"},

		{"PRAGMA user_version = 5", "opaque, refused: not a query"},
		{"PRAGMA schema_version(5)", "opaque, refused: not a query"},
		{"PRAGMA writable_schema = 1", "opaque, refused: not a query"},
		{"PRAGMA case_sensitive_like = 1", "opaque, refused: not a query"},
		{"PRAGMA read_uncommitted = 1", "opaque, refused: not a query"},
		{"PRAGMA unheard_of", "opaque, refused: not a query"},

		{"SELECT 1; SELECT 2", "opaque, refused: not one statement"},
		{"SELECT 1; DELETE FROM t", "opaque, refused: not one statement"},
		{"DELETE FROM t; SELECT 1", "opaque, refused: not one statement"},
		{"", "opaque, refused: not one statement"},
		{"-- nothing", "opaque, refused: not one statement"},
		{"DELETE FROM", "opaque, refused: syntax not understood"},
		{"INSERT INTO t VALUES (1) garbage", "opaque, refused: syntax not understood"},
		{"TRUNCATE t", "opaque, refused: syntax not understood"},
		{"WITH c AS (SELECT 1) DELETE FROM", "opaque, refused: syntax not understood"},
		{"DELETE FROM t\x00 WHERE a = 1", "opaque, refused: syntax not understood"},

		// What begins with SELECT and is one statement cannot write.
		{"SELECT FROM", "query, refused: syntax not understood"},
		{"\n\tselect(1) FROM t FOR UPDATE;", "query, refused: syntax not understood"},
		{"SELECT * FROM t FOR UPDATE; DELETE FROM t", "opaque, refused: syntax not understood"},
		{"SELECTED", "opaque, refused: syntax not understood"},
		{"SELECT", "opaque, refused: syntax not understood"},
	} {
		got := strings.TrimSuffix(shapetest.Print(Analyzer{}.Analyze(test.sql)), "\n")
		if got != test.want {
			t.Errorf("%q\n got %s\nwant %s", test.sql, got, test.want)
		}
	}
}

func TestParametersAreCounted(t *testing.T) {
	for _, test := range []struct{ sql, want string }{
		{"SELECT ?, ?", "query of 2"},
		{"SELECT a FROM t LIMIT ? OFFSET ?", "query of 2\n  t(a)"},
		{"SELECT a FROM t LIMIT ?, ?", "query of 2\n  t(a)"},
		{"SELECT ?1, ?1, ?2", "query of 2"},
		{"SELECT ?2, ?1, ?", "query of 3"},
		{"SELECT :a, @a, $a, :a", "query of 3"},
		{"DELETE FROM t WHERE a = ?2 AND b = ?1", "mutation of 2, refused: writes\n  delete t where a = ?2 and b = ?1"},

		{"SELECT ?2", "query, refused: parameters not numbered in order"},
		{"SELECT ?0", "query, refused: parameters not numbered in order"},
		{"SELECT ?1, ?3", "query, refused: parameters not numbered in order"},
		{"WITH c AS (SELECT 1) SELECT ?5 FROM c", "query, refused: parameters not numbered in order"},
		{"DELETE FROM t WHERE a = ?2", "opaque, refused: parameters not numbered in order"},
		{"WITH c AS (SELECT 1) DELETE FROM t WHERE a = ?2", "opaque, refused: parameters not numbered in order"},
	} {
		got := strings.TrimSuffix(shapetest.Print(Analyzer{}.Analyze(test.sql)), "\n")
		if got != test.want {
			t.Errorf("%s\n got %s\nwant %s", test.sql, got, test.want)
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
		{"a megabyte", "SELECT '" + strings.Repeat("x", 1<<20) + "'", invalidation.TooLong},
		{"deepest", nested(maxDepth), ""},
		{"too deep", nested(maxDepth + 1), syntax.TooDeep},
		{"10,000 parentheses", nested(10_000), syntax.TooDeep},
		{"10,000 opening ones", strings.Repeat("(", 10_000), syntax.TooDeep},
		{"as many side by side", "SELECT (1)" + strings.Repeat(" + (1)", 10_000), ""},
		{"as many NOTs", "SELECT " + strings.Repeat("NOT ", 10_000) + "1", syntax.NotUnderstood},
		{"as many ANDs", "SELECT 1 FROM t WHERE a" + strings.Repeat(" AND a", 10_000), ""},
	} {
		if got := (Analyzer{}).Analyze(test.sql).Refusal; got != test.refusal {
			t.Errorf("%s: refused for %q, want %q", test.name, got, test.refusal)
		}
	}
}

func TestTheAnalyzerMayBeShared(t *testing.T) {
	var analyzer invalidation.Analyzer = Analyzer{}
	const sql = "SELECT t.a FROM t JOIN u ON t.a = u.b WHERE u.b = ?"
	want := shapetest.Print(analyzer.Analyze(sql))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if got := shapetest.Print(analyzer.Analyze(sql)); got != want {
				t.Errorf("got %s want %s", got, want)
			}
		})
	}
	wg.Wait()
}
