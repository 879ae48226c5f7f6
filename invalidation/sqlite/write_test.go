package sqlite

import (
	"strings"
	"testing"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/invalidation/internal/syntax"
	"github.com/seed92106438/cacheops/invalidation/internal/syntax/shapetest"
)

// written returns the writes of a mutation, one after the other.
func written(t *testing.T, sql string) string {
	t.Helper()
	shape := Analyzer{}.Analyze(sql)
	if shape.Verb != invalidation.Mutation || shape.Refusal != syntax.Writes || shape.Uses != nil {
		t.Fatalf("%s\n%s", sql, shapetest.Print(shape))
	}
	var parts []string
	for i := range shape.Writes {
		parts = append(parts, shapetest.Write(&shape.Writes[i]))
	}
	return strings.Join(parts, "; ")
}

type writingTest struct{ sql, want string }

func checkWritings(t *testing.T, tests []writingTest) {
	t.Helper()
	for _, test := range tests {
		if got := written(t, test.sql); got != test.want {
			t.Errorf("%s\n got %s\nwant %s", test.sql, got, test.want)
		}
	}
}

func TestInsertsAreRead(t *testing.T) {
	checkWritings(t, []writingTest{
		{"INSERT INTO t (A, b) VALUES (?, 'x')", `insert t(a, b) (?1, "x") chosen`},
		{"INSERT INTO T (a) VALUES (1), (?), (NULL)", "insert t(a) (1) (?1) (null) chosen"},
		{"INSERT INTO main.t (a) VALUES (1)", "insert t(a) (1) chosen"},
		{"INSERT INTO temp.t (a) VALUES (1)", "insert t(a) (1) chosen"},
		{"INSERT INTO other.t (a) VALUES (1)", "insert other.t(a) (1) chosen"},
		{"INSERT INTO t (a) VALUES (1 + 1)", "insert t(a) (unknown) chosen"},
		{"INSERT INTO t (a) VALUES ((SELECT b FROM u))", "insert t(a) (unknown) chosen"},
		{"INSERT INTO t (a) VALUES (1) RETURNING *", "insert t(a) (1) chosen"},
		{"WITH c AS (SELECT 1) INSERT INTO t (a) VALUES (1)", "insert t(a) (1) chosen"},

		// Without names, or without values, nothing is known of the rows.
		{"INSERT INTO t VALUES (1, 2)", "insert t() chosen"},
		{"INSERT INTO t DEFAULT VALUES", "insert t() chosen"},
		{"INSERT INTO t (a) SELECT b FROM u", "insert t(a) chosen"},
		{"INSERT INTO t (a) VALUES (1) UNION SELECT b FROM u", "insert t(a) chosen"},
		{"INSERT INTO t (a) WITH c AS (SELECT 1) VALUES (1)", "insert t(a) chosen"},
		{"INSERT INTO t (a, A) VALUES (1, 2)", "insert t(a, a) chosen"},

		// A row in the way may fail the statement, or be deleted.
		{"INSERT OR ABORT INTO t (a) VALUES (1)", "insert t(a) (1)"},
		{"INSERT OR FAIL INTO t (a) VALUES (1)", "insert t(a) (1)"},
		{"INSERT OR IGNORE INTO t (a) VALUES (1)", "insert t(a) (1)"},
		{"INSERT OR ROLLBACK INTO t (a) VALUES (1)", "insert t(a) (1)"},
		{"INSERT OR REPLACE INTO t (a) VALUES (1)", "any t"},
		{"REPLACE INTO t (a) VALUES (1)", "any t"},
	})
}

func TestUpsertsAreRead(t *testing.T) {
	checkWritings(t, []writingTest{
		{"INSERT INTO t (a) VALUES (1) ON CONFLICT DO NOTHING", "insert t(a) (1)"},
		{"INSERT INTO t (a) VALUES (1) ON CONFLICT (a) DO NOTHING", "insert t(a) (1)"},

		{"INSERT INTO t (a, b) VALUES (1, 2), (?, 3) ON CONFLICT (A) DO UPDATE SET B = 5",
			"insert t(a, b) (1, 2) (?1, 3); update t set b = 5 in the way in a"},
		{"INSERT INTO t (a, b) VALUES (1, 2), (3, 4) ON CONFLICT (a, b) DO UPDATE SET c = 5",
			"insert t(a, b) (1, 2) (3, 4); update t set c = 5 in the way in a, b"},
		{"INSERT INTO t (a, b) VALUES (1, x), (3, 4) ON CONFLICT (a, b) DO UPDATE SET c = 5",
			"insert t(a, b) (1, unknown) (3, 4); update t set c = 5 in the way in a, b"},

		// The new value may be that of any of the rows.
		{"INSERT INTO t (a, b) VALUES (1, 2), (3, ?) ON CONFLICT (a) DO UPDATE SET b = Excluded.B, c = ?, d = d + 1",
			"insert t(a, b) (1, 2) (3, ?1); update t set b = 2 or ?1, c = ?2, d = d + 1 in the way in a"},
		{"INSERT INTO t (a, b) VALUES (1, 2) ON CONFLICT (a) DO UPDATE SET c = excluded.b",
			"insert t(a, b) (1, 2); update t set c = unknown in the way in a"},
		{"INSERT INTO t (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET b = excluded.b",
			"insert t(a) (1); update t set b = unknown in the way in a"},
		{"INSERT INTO t (a, b) VALUES (1, 2) ON CONFLICT (a) DO UPDATE SET b = t.b",
			"insert t(a, b) (1, 2)"},
		{"INSERT INTO t (a, b) VALUES (1, 2) ON CONFLICT (a) DO UPDATE SET b = excluded.b + 1",
			"insert t(a, b) (1, 2); update t set b = unknown in the way in a"},

		// Which row is in the way may not be known.
		{"INSERT INTO t (a) VALUES (1) ON CONFLICT DO UPDATE SET b = 5",
			"insert t(a) (1); update t set b = 5 in the way in any key"},
		{"INSERT INTO t (a) VALUES (1), (x) ON CONFLICT (a) DO UPDATE SET b = 5",
			"insert t(a) (1) (unknown); update t set b = 5 in the way in a"},
		{"INSERT INTO t (a) VALUES (1) ON CONFLICT (c) DO UPDATE SET b = 5",
			"insert t(a) (1); update t set b = 5 in the way in c"},
		{"INSERT INTO t (a) VALUES (1) ON CONFLICT (lower(a)) DO UPDATE SET b = 5",
			"insert t(a) (1); update t set b = 5 in the way in any key"},
		{"INSERT INTO t (a) SELECT 1 WHERE TRUE ON CONFLICT (a) DO UPDATE SET a = excluded.a",
			"insert t(a); update t set a = unknown in the way in a"},
		{"INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET b = 5",
			"insert t(); update t set b = 5 in the way in a"},

		// There may be several clauses.
		{"INSERT INTO t (a, b) VALUES (1, 2) ON CONFLICT (a) DO NOTHING ON CONFLICT (b) DO UPDATE SET c = 3 ON CONFLICT DO UPDATE SET c = 4",
			"insert t(a, b) (1, 2); update t set c = 3 in the way in b; update t set c = 4 in the way in any key"},

		{"INSERT INTO t (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET rowid = 5", "insert t(a) (1); any t"},
	})
}

func TestUpdatesAreRead(t *testing.T) {
	checkWritings(t, []writingTest{
		{"UPDATE t SET a = 1", "update t set a = 1"},
		{"UPDATE T SET A = ?, b = 'x' WHERE C = ?", `update t set a = ?1, b = "x" where c = ?2`},
		{"UPDATE main.t SET a = 1 WHERE t.b = 2", "update t set a = 1 where b = 2"},
		{"UPDATE t AS u SET a = 1 WHERE u.b = 2", "update t set a = 1 where b = 2"},
		{"UPDATE t SET a = a + 1, b = (SELECT 1) WHERE c", "update t set a = a + 1, b = unknown where c <> 0"},
		{"UPDATE t SET (a, b) = (1, 2), (c) = 3", "update t set a = 1, b = 2, c = 3"},
		{"UPDATE t SET a = 1, a = 2", "update t set a = 1 or 2"},
		{"UPDATE t SET a = 1 WHERE b = 2 RETURNING c", "update t set a = 1 where b = 2"},
		{"UPDATE t SET a = 1 WHERE b = 2 ORDER BY c LIMIT 1", "update t set a = 1 where b = 2"},
		{"UPDATE t SET a = 1 WHERE b IN (SELECT c FROM u)", "update t set a = 1"},
		{"WITH u AS (SELECT 1) UPDATE t SET a = 1 WHERE b = 2", "update t set a = 1 where b = 2"},

		{"UPDATE OR IGNORE t SET a = 1 WHERE b = 2", "update t set a = 1 where b = 2"},
		{"UPDATE OR FAIL t SET a = 1 WHERE b = 2", "update t set a = 1 where b = 2"},
		{"UPDATE OR REPLACE t SET a = 1 WHERE b = 2", "any t"},
		{"UPDATE t SET rowid = 1 WHERE b = 2", "any t"},
		{"UPDATE t SET (a, OID) = (1, 2) WHERE b = 2", "any t"},

		// FROM joins the target; a column without a table may be another's.
		{"UPDATE t SET a = 1 FROM u WHERE t.b = 2 AND u.c = 3", "update t set a = 1 where b = 2"},
		{"UPDATE t SET a = 1 FROM u WHERE b = 2", "update t set a = 1"},
		{"UPDATE t SET a = 1 FROM u WHERE t.b = u.c AND u.c = 3", "update t set a = 1 where b joins u[c = 3]"},
		{"UPDATE t SET a = 1 FROM u LEFT JOIN v ON v.d = 3 WHERE t.b = v.d", "update t set a = 1"},
		{"UPDATE t SET a = 1 FROM (SELECT 1 AS b) AS u WHERE b = 2", "update t set a = 1"},
		{"UPDATE t SET a = 1 FROM t AS u WHERE u.b = 2", "update t set a = 1"},
		{"UPDATE t SET a = 1 FROM (SELECT b FROM u) AS t WHERE t.b = 2", "update t set a = 1"},
		{"UPDATE t SET a = 1 FROM u AS t WHERE t.b = 2", "any t; any u"},
	})
}

func TestDeletesAreRead(t *testing.T) {
	checkWritings(t, []writingTest{
		{"DELETE FROM t", "delete t"},
		{"DELETE FROM T WHERE A = ?", "delete t where a = ?1"},
		{"DELETE FROM t AS u WHERE u.a = 1", "delete t where a = 1"},
		{"DELETE FROM t AS u WHERE t.a = 1", "delete t"},
		{"DELETE FROM t WHERE a = 1 RETURNING *", "delete t where a = 1"},
		{"DELETE FROM t WHERE a = 1 ORDER BY b LIMIT 1", "delete t where a = 1"},
		{"DELETE FROM t WHERE a = 1 AND random() < 5", "delete t where a = 1"},
		{"DELETE FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.a = 1)", "delete t"},
		{"WITH t AS (SELECT 1) DELETE FROM t WHERE a = 1", "delete t where a = 1"},
		{"DELETE FROM sqlite_sequence", "delete sqlite_sequence"},
	})
}

func TestWhoWritesTheSchemaByHandMayWriteAnything(t *testing.T) {
	for _, sql := range []string{
		"UPDATE sqlite_master SET sql = ''",
		"DELETE FROM sqlite_schema",
		"INSERT INTO main.sqlite_stat1 VALUES (1, 2, 3)",
		"DELETE FROM ``",
	} {
		if shape := (Analyzer{}).Analyze(sql); shape.Verb != invalidation.Opaque {
			t.Errorf("%s\n%s", sql, shapetest.Print(shape))
		}
	}
}
