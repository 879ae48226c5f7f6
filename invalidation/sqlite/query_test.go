package sqlite

import (
	"fmt"
	"strings"
	"testing"

	"github.com/seed92106438/cacheops/invalidation/internal/syntax"
	"github.com/seed92106438/cacheops/invalidation/internal/syntax/shapetest"
)

// reads returns the uses of a query: "t(a, b) where a = 1; u(*)".
func reads(t *testing.T, sql string) string {
	t.Helper()
	shape := Analyzer{}.Analyze(sql)
	if shape.Refusal != "" {
		return "refused: " + shape.Refusal
	}
	var parts []string
	for i := range shape.Uses {
		parts = append(parts, shapetest.Use(&shape.Uses[i]))
	}
	return strings.Join(parts, "; ")
}

type readingTest struct{ sql, want string }

func checkReadings(t *testing.T, tests []readingTest) {
	t.Helper()
	for _, test := range tests {
		if got := reads(t, test.sql); got != test.want {
			t.Errorf("%s\n got %s\nwant %s", test.sql, got, test.want)
		}
	}
}

func TestEveryTableIsFound(t *testing.T) {
	checkReadings(t, []readingTest{
		{"SELECT 1", ""},
		{"VALUES (1), (?)", ""},
		{"SELECT a FROM t", "t(a)"},
		{"SELECT a FROM T", "t(a)"},
		{"SELECT a FROM main.t", "t(a)"},
		{"SELECT a FROM Main.t", "t(a)"},
		{"SELECT a FROM other.t", "other.t(a)"},
		{"SELECT a FROM [a b]", "a b(a)"},
		{"SELECT a FROM 't'", "t(a)"},
		{"SELECT t.a FROM t, t AS u", "t(a); t()"},
		{"SELECT 1 FROM (t, u)", "t(); u()"},
		{"SELECT 1 FROM ((t), (u))", "t(); u()"},

		// In every clause, a subquery is a block of its own.
		{"SELECT (SELECT u.b FROM u) FROM t", "t(); u(b)"},
		{"SELECT 1 FROM t WHERE EXISTS (SELECT u.b FROM u)", "t(); u(b)"},
		{"SELECT 1 FROM t WHERE a IN (SELECT u.b FROM u)", "t(a); u(b)"},
		{"SELECT 1 FROM t WHERE a IN (VALUES ((SELECT u.b FROM u)))", "t(a); u(b)"},
		{"SELECT 1 FROM t WHERE a IN u", "t(a); u(*)"},
		{"SELECT 1 FROM t WHERE a NOT IN main.u", "t(a); u(*)"},
		{"SELECT 1 FROM t WHERE a BETWEEN (SELECT u.b FROM u) AND 2", "t(a) where a <= 2; u(b)"},
		{"SELECT 1 FROM t WHERE (1, 2) = (SELECT u.b, u.c FROM u)", "t(); u(b, c)"},
		{"SELECT 1 FROM t WHERE a LIKE (SELECT u.b FROM u) ESCAPE (SELECT v.c FROM v)", "t(a) where a is not null; u(b); v(c)"},
		{"SELECT CASE (SELECT u.b FROM u) WHEN 1 THEN (SELECT v.c FROM v) ELSE (SELECT w.d FROM w) END FROM t",
			"t(); u(b); v(c); w(d)"},
		{"SELECT CAST((SELECT u.b FROM u) AS TEXT) FROM t", "t(); u(b)"},
		{"SELECT (SELECT u.b FROM u) COLLATE NOCASE FROM t", "t(); u(b)"},
		{"SELECT -(SELECT u.b FROM u) FROM t", "t(); u(b)"},
		{"SELECT abs((SELECT u.b FROM u)) FROM t", "t(); u(b)"},
		{"SELECT sum(a) FILTER (WHERE a > (SELECT u.b FROM u)) FROM t", "t(a); u(b)"},
		{"SELECT sum(a) OVER (PARTITION BY (SELECT u.b FROM u) ORDER BY (SELECT v.c FROM v)) FROM t", "t(a); u(b); v(c)"},
		{"SELECT sum(a) OVER (ROWS (SELECT u.b FROM u) PRECEDING) FROM t", "t(a); u(b)"},
		{"SELECT sum(a) OVER w FROM t WINDOW w AS (ORDER BY (SELECT u.b FROM u))", "t(a); u(b)"},
		{"SELECT group_concat(a ORDER BY (SELECT u.b FROM u)) FROM t", "t(a); u(b)"},
		{"SELECT 1 FROM t GROUP BY (SELECT u.b FROM u)", "t(); u(b)"},
		{"SELECT 1 FROM t GROUP BY a HAVING (SELECT u.b FROM u)", "t(a); u(b)"},
		{"SELECT 1 FROM t ORDER BY (SELECT u.b FROM u)", "t(); u(b)"},
		{"SELECT 1 FROM t LIMIT (SELECT u.b FROM u) OFFSET (SELECT v.c FROM v)", "t(); u(b); v(c)"},
		{"SELECT 1 FROM t JOIN u ON (SELECT v.c FROM v)", "t(); u(); v(c)"},
		{"SELECT 1 FROM json_each((SELECT u.b FROM u))", "u(b)"},
		{"SELECT 1 FROM t WHERE a IN json_each((SELECT u.b FROM u))", "t(a); u(b)"},
		{"VALUES ((SELECT u.b FROM u))", "u(b)"},
		{"SELECT 1 FROM (SELECT u.b FROM u) AS d", "u(b)"},
		{"SELECT 1 FROM (t JOIN (SELECT u.b FROM u) AS d)", "t(); u(b)"},
		{"SELECT a FROM t UNION SELECT u.b FROM u", "t(a); u(b)"},
		{"SELECT a FROM t EXCEPT SELECT u.b FROM u INTERSECT SELECT v.c FROM v", "t(a); u(b); v(c)"},
		{"SELECT a FROM t UNION ALL VALUES ((SELECT u.b FROM u))", "t(a); u(b)"},
		{"WITH c AS (SELECT a FROM t) SELECT u.b FROM u", "t(a); u(b)"},
	})
}

func TestEachBlockRestrictsItsOwnTables(t *testing.T) {
	checkReadings(t, []readingTest{
		{"SELECT 1 FROM t WHERE a = 1 AND EXISTS (SELECT 1 FROM u WHERE b = 2)", "t(a, b) where a = 1; u(b) where b = 2"},
		{"SELECT 1 FROM t WHERE NOT EXISTS (SELECT 1 FROM u WHERE b = 2)", "t(b); u(b) where b = 2"},
		{"SELECT a FROM t WHERE a = 1 UNION SELECT b FROM u WHERE b = 2", "t(a) where a = 1; u(b) where b = 2"},
		{"SELECT 1 FROM (SELECT b FROM u WHERE b = 2) AS d WHERE d.b = 3", "u(b) where b = 2"},
		{"WITH c AS (SELECT a FROM t WHERE a = 1) SELECT 1 FROM c WHERE a = 2", "t(a) where a = 1"},
		// A table that is read twice is listed twice.
		{"SELECT 1 FROM t WHERE a = 1 AND a > (SELECT max(a) FROM t)", "t(a) where a = 1; t(a)"},
		// A correlated condition is open in the inner block, and says nothing
		// to the outer one.
		{"SELECT 1 FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.b = t.a AND t.c = 1 AND u.d = 2)", "t(a, c); u(b, d) where d = 2"},
	})
}

func TestCommonTableExpressionsHideTables(t *testing.T) {
	checkReadings(t, []readingTest{
		{"WITH t AS (SELECT 1 AS a) SELECT a FROM t", ""},
		{"WITH T AS (SELECT 1 AS a) SELECT a FROM t", ""},
		{"WITH t AS (SELECT 1 AS a) SELECT a FROM main.t", "t(a)"},
		{"WITH t AS (SELECT a FROM main.t WHERE a = 1) SELECT a FROM t", "t(a) where a = 1"},
		{"WITH t AS (SELECT 1 AS a) SELECT a FROM t AS u, u AS t", "u(a)"},
		{"WITH t AS (SELECT 1 AS a) SELECT 1 FROM u WHERE b IN t", "u(b)"},
		// It is known in all blocks below its own …
		{"WITH t AS (SELECT 1 AS a) SELECT 1 FROM u WHERE EXISTS (SELECT a FROM t)", "u(a)"},
		{"WITH t AS (SELECT 1 AS a) SELECT 1 FROM (SELECT a FROM t) AS d", ""},
		// … to those that stand before it, and to itself …
		{"WITH u AS (SELECT a FROM t), t AS (SELECT 1 AS a) SELECT 1 FROM u", ""},
		{"WITH RECURSIVE t AS (SELECT a FROM u WHERE a = 1 UNION SELECT u.b FROM u JOIN t ON t.a = u.a) SELECT 1 FROM t",
			"u(a) where a = 1; u(a, b)"},
		// … and not beside it.
		{"SELECT 1 FROM (WITH t AS (SELECT 1 AS a) SELECT a FROM t) AS d, t", "t()"},
		{"SELECT (WITH t AS (SELECT 1 AS a) SELECT a FROM t), t.b FROM t", "t(a, b)"},
		{"WITH u AS (WITH t AS (SELECT 1 AS a) SELECT a FROM t) SELECT t.b FROM u, t", "t(b)"},
	})
}

func TestTheColumnsLookedAtAreThoseOfAllClauses(t *testing.T) {
	checkReadings(t, []readingTest{
		{"SELECT a, t.b, main.t.c FROM t", "t(a, b, c)"},
		{"SELECT A FROM t", "t(a)"},
		{"SELECT a FROM t WHERE b + c = 1", "t(a, b, c)"},
		{"SELECT a FROM t GROUP BY b HAVING c ORDER BY d LIMIT 1", "t(a, b, c, d)"},
		{"SELECT sum(a) FILTER (WHERE b) OVER (PARTITION BY c ORDER BY d) FROM t", "t(a, b, c, d)"},
		{"SELECT max(a) OVER w FROM t WINDOW w AS (PARTITION BY b)", "t(a, b)"},
		{"SELECT group_concat(DISTINCT a) FROM t", "t(a)"},
		{"SELECT CASE a WHEN b THEN c ELSE d END FROM t", "t(a, b, c, d)"},
		{"SELECT a -> 'x', b ->> 'y' FROM t", "t(a, b)"},
		{"SELECT (a, b) = (c, d) FROM t", "t(a, b, c, d)"},
		{"SELECT a COLLATE b, CAST(c AS d) FROM t", "t(a, c)"},
		{"SELECT TRUE, false FROM t", "t()"},
		{`SELECT "a" FROM t WHERE b = "c"`, "t(a, b, c)"},

		// count(*) looks at no column, but at the rows.
		{"SELECT count(*) FROM t", "t()"},
		{"SELECT count(*) FROM t WHERE a = 1", "t(a) where a = 1"},
		{"SELECT count(a) FROM t", "t(a)"},
		{"SELECT EXISTS (SELECT 1 FROM t)", "t()"},

		// Stars.
		{"SELECT * FROM t", "t(*)"},
		{"SELECT *, a FROM t", "t(*)"},
		{"SELECT * FROM t, u", "t(*); u(*)"},
		{"SELECT t.* FROM t, u", "t(*); u()"},
		{"SELECT T.* FROM t, u", "t(*); u()"},
		{"SELECT u.* FROM t AS u, t", "t(*); t()"},
		{"SELECT v.* FROM t, u", "t(*); u(*)"},
		{"SELECT * FROM (SELECT a FROM t) AS d", "t(a)"},
		{"SELECT 1 FROM t WHERE EXISTS (SELECT * FROM u)", "t(); u(*)"},

		// The name of an expression is not a column, where ORDER BY asks for
		// it; elsewhere a column comes first.
		{"SELECT a AS b FROM t ORDER BY b", "t(a)"},
		{"SELECT a AS b FROM t ORDER BY (B) DESC", "t(a)"},
		{"SELECT a AS b FROM t ORDER BY c", "t(a, c)"},
		{"SELECT a AS b FROM t ORDER BY b + 1", "t(a, b)"},
		{"SELECT a AS b FROM t GROUP BY b HAVING b", "t(a, b)"},

		// A rowid may be a column of any name.
		{"SELECT rowid FROM t", "t(*)"},
		{"SELECT t.OID FROM t, u", "t(*); u()"},
		{"SELECT _rowid_ FROM t WHERE rowid = 1", "t(*) where rowid = 1"},

		// A column without a table may belong to any of them, also further out.
		{"SELECT a FROM t, u", "t(a); u(a)"},
		{"SELECT t.a FROM t, u", "t(a); u()"},
		{"SELECT 1 FROM t WHERE EXISTS (SELECT a FROM u)", "t(a); u(a)"},
		{"SELECT 1 FROM t WHERE EXISTS (SELECT u.a FROM u)", "t(); u(a)"},
		{"SELECT 1 FROM t WHERE EXISTS (SELECT t.a FROM u)", "t(a); u()"},
		{"SELECT 1 FROM t AS x WHERE EXISTS (SELECT x.a FROM u AS x)", "t(a); u(a)"},
		{"SELECT 1 FROM t AS x, u AS x WHERE x.a", "t(a); u(a)"},
		// A subquery in FROM does not see what stands beside it, but what is
		// further out.
		{"SELECT 1 FROM t, (SELECT a FROM u) AS d", "t(); u(a)"},
		{"SELECT (SELECT 1 FROM (SELECT a FROM u) AS d) FROM t", "t(a); u(a)"},
		{"SELECT (WITH c AS (SELECT t.a FROM u) SELECT 1 FROM c) FROM t", "t(a); u()"},
		// A function in FROM does.
		{"SELECT 1 FROM t, json_each(a)", "t(a)"},
		{"SELECT 1 FROM json_each(t.a), t", "t(a)"},

		// A table that is not there leaves nothing certain.
		{"SELECT v.a FROM t, u", "t(*); u(*)"},
		{"SELECT 1 FROM t WHERE EXISTS (SELECT v.a FROM u)", "t(*); u(*)"},

		// USING and NATURAL look at both sides.
		{"SELECT 1 FROM t JOIN u USING (a, B)", "t(a, b); u(a, b)"},
		{"SELECT 1 FROM t NATURAL JOIN u", "t(*); u(*)"},
		{"SELECT 1 FROM t NATURAL LEFT JOIN u", "t(*); u(*)"},
		{"SELECT 1 FROM t JOIN u NATURAL JOIN v", "t(*); u(*); v(*)"},
		{"SELECT 1 FROM t NATURAL JOIN u JOIN v", "t(*); u(*); v()"},
	})
}

func TestWhatIsNoOrdinaryTableIsRefused(t *testing.T) {
	checkReadings(t, []readingTest{
		{"SELECT 1 FROM temp.t", "refused: " + syntax.TemporaryTable},
		{"SELECT 1 FROM u WHERE a IN TEMP.t", "refused: " + syntax.TemporaryTable},
		{"SELECT 1 FROM sqlite_master", "refused: " + syntax.SystemTable},
		{"SELECT 1 FROM SQLite_Schema", "refused: " + syntax.SystemTable},
		{"SELECT 1 FROM main.sqlite_sequence", "refused: " + syntax.SystemTable},
		{"SELECT 1 FROM u WHERE a IN sqlite_master", "refused: " + syntax.SystemTable},
		{"SELECT 1 FROM pragma_table_info", "refused: " + syntax.SystemTable},
		{"SELECT 1 FROM pragma_table_info('t')", "refused: " + syntax.UnknownSource},
		{"SELECT 1 FROM ``", "refused: " + syntax.UnknownSource},
		{"SELECT 1 FROM f(1)", "refused: " + syntax.UnknownSource},
		{"SELECT 1 FROM main.json_each('[]')", "refused: " + syntax.UnknownSource},
		{"SELECT 1 FROM t WHERE a IN f(1)", "refused: " + syntax.UnknownSource},
		{"SELECT 1 FROM (t JOIN u) AS v", "refused: " + syntax.UnknownSource},

		{"SELECT 1 FROM temporary", "temporary()"},
		{"SELECT 1 FROM sqlite", "sqlite()"},
		{"SELECT 1 FROM json_each('[]'), json_tree('[]'), generate_series(1, 2)", ""},
		{"SELECT 1 FROM t WHERE a IN generate_series(1, 2)", "t(a)"},
		{"WITH sqlite_master AS (SELECT 1) SELECT 1 FROM sqlite_master", ""},
	})
}

func TestTheTablesOfAStatementAreBounded(t *testing.T) {
	from := func(n int) string {
		return "SELECT 1 FROM t" + strings.Repeat(", t", n-1) + " WHERE t.a = 1"
	}
	if shape := (Analyzer{}).Analyze(from(syntax.MaxTables)); shape.Refusal != "" || len(shape.Uses) != syntax.MaxTables {
		t.Errorf("%d tables: %d uses, refused: %q", syntax.MaxTables, len(shape.Uses), shape.Refusal)
	}
	for _, sql := range []string{
		from(syntax.MaxTables + 1),
		"SELECT 1" + strings.Repeat(" UNION SELECT a FROM t", syntax.MaxTables+1),
	} {
		if shape := (Analyzer{}).Analyze(sql); shape.Refusal != syntax.TooManyTables || shape.Uses != nil {
			t.Errorf("%d tables: %s", syntax.MaxTables+1, shapetest.Print(shape))
		}
	}
	target := fmt.Sprintf("UPDATE u SET a = 1 FROM t%s WHERE u.b = 2", strings.Repeat(", t", syntax.MaxTables))
	if shape := (Analyzer{}).Analyze(target); shapetest.Write(&shape.Writes[0]) != "update u set a = 1" {
		t.Errorf("an UPDATE of too many tables is read as %s", shapetest.Print(shape))
	}
}
