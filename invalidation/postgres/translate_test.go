package postgres

import (
	"fmt"
	"testing"

	"github.com/seed92106438/cacheops/invalidation"
)

func TestConditionsRestrictRows(t *testing.T) {
	conditions := []reading{
		{"a = 1", "where a = 1"},
		{"1 < a", "where a > 1"},
		{"a = -5", "where a = -5"},
		{"a = 3000000000", "where a = 3000000000"},
		{"a = 1.5", `where a = "1.5"`},
		{"a = 1.50", ""},
		{"a = 1e3", ""},
		{"a = 99999999999999999999", ""},
		{"a = TRUE", "where a = true"},
		{"a = NULL", "where a = null"},
		{"a = 'it''s'", `where a = "it's"`},
		{"a = U&'\\0061'", `where a = "a"`},
		{"a = B'101'", ""},
		{"a <> 1 AND NOT a > 5", "where a <> 1 and a <= 5"},

		{"a = '1'::int", ""},
		{"a = NULL::int", "where a = null"},
		{"a::int = 1", ""},
		{"a COLLATE \"C\" = 'x'", ""},
		{"a = 'x' COLLATE \"C\"", ""},
		{"a + 1 = 2", ""},
		{"lower(a) = 'x'", ""},
		{"a[1] = 1", ""},
		{"(a).b = 1", ""},
		{"a -> 'b' = '1'", ""},

		{"a", "where a <> 0"},
		{"NOT a", "where a = 0"},
		{"a IS TRUE", "where a = true"},
		{"a IS NOT FALSE", "where a <> false or a is null"},
		{"a IS UNKNOWN", "where a is null"},

		{"a IS NULL", "where a is null"},
		{"a NOTNULL", "where a is not null"},
		{"(a, b) IS NULL", ""},
		{"a IS NOT DISTINCT FROM 1", "where a = 1"},
		{"a IS DISTINCT FROM 1", "where a <> 1 or a is null"},
		{"(a, b) IS DISTINCT FROM (1, 2)", ""},

		{"a IN (1, 2)", "where a in (1, 2)"},
		{"a NOT IN (1, 2)", "where a not in (1, 2)"},
		{"a IN (1, b)", ""},
		{"a NOT IN (1, b)", "where a not in (1)"},
		{"(a, b) IN ((1, 2), (3, 4))", "where (a = 1 and b = 2) or (a = 3 and b = 4)"},
		{"a = ANY (ARRAY[1, 2])", "where a in (1, 2)"},
		{"a <> ALL (ARRAY[1, 2])", "where a not in (1, 2)"},
		{"a <> ANY (ARRAY[1, 2])", ""},
		{"a = ALL (ARRAY[1, 2])", ""},
		{"a = ANY (ARRAY[1.5]::int[])", ""},
		{"a = ANY ('{1,2}')", ""},
		{"NOT a = ANY ('{}')", ""},

		{"a BETWEEN 1 AND 2", "where a >= 1 and a <= 2"},
		{"a NOT BETWEEN 1 AND 2", "where a < 1 or a > 2"},
		{"a BETWEEN SYMMETRIC 2 AND 1", ""},

		{"a LIKE 'x%'", `where a like "x%"`},
		{"a ILIKE 'x%'", `where a like "x%"`},
		{"a NOT ILIKE 'x%'", "where a is not null"},
		{"a LIKE 'x%' ESCAPE '!'", "where a is not null"},
		{"a SIMILAR TO 'x%'", "where a is not null"},
		{"a ~ '^x'", ""},

		{"(a, b) = (1, 2)", "where a = 1 and b = 2"},
		{"ROW(a, b) <> ROW(1, 2)", "where a <> 1 or b <> 2"},
		{"(a, b) < (1, 2)", "where a <= 1"},
		{"(a, b) = (SELECT 1, 2)", ""},

		{"public.t.a = 1", "where a = 1"},
		{"t = ROW(1)", ""},
	}
	for i := range conditions {
		where := conditions[i].want
		if where != "" {
			where = " " + where
		}
		conditions[i].sql = "SELECT * FROM t WHERE " + conditions[i].sql
		conditions[i].want = "query\n  t(*)" + where
	}
	checkReadings(t, conditions)
}

func TestSourcesAreTold(t *testing.T) {
	checkReadings(t, []reading{
		{"SELECT a FROM App.T WHERE t.b = 1", "query\n  app.t(a, b) where b = 1"},
		{"SELECT a FROM db.public.t", "query\n  public.t(a)"},
		{"TABLE t", "query\n  t(*)"},
		{"SELECT a FROM ONLY t", "query\n  t(a)"},
		// Under other names the columns are not the table's.
		{"SELECT x.b FROM t AS x(b, a) WHERE x.b = 1", "query\n  t(*)"},
		{"SELECT j.a FROM (t JOIN u USING (a)) AS j WHERE j.a = 1", "query\n  t(*)\n  u(*)\n  t.a among u.a\n  u.a among t.a"},
		// Rows as a whole, and functions that look like columns.
		{"SELECT row_to_json(t) FROM t", "query\n  t(*)"},
		{"SELECT t.row_to_json FROM t", "query\n  t(*)"},
		{"SELECT count(t.*) FROM t", "query\n  t(*)"},
		{"SELECT (t.*).a FROM t", "query\n  t(*)"},
		{"SELECT count(*) FROM t", "query\n  t()"},
		{"SELECT tableoid FROM t", "query\n  t(*)"},

		{"SELECT t.a FROM t, u WHERE t.a = u.b AND u.b = 5",
			"query\n  t(a) where a joins u[b = 5]\n  u(b) where b = 5\n  t.a among u.b\n  u.b among t.a"},
		{"SELECT t.a FROM t LEFT JOIN u ON t.a = u.b AND u.c = 1 AND t.d = 2", "query\n  t(a, d)\n  u(b, c) where c = 1\n  u.b among t.a as in a"},
		{"SELECT t.a FROM t RIGHT JOIN u ON t.a = u.b AND u.c = 1 AND t.d = 2", "query\n  t(a, d) where d = 2\n  u(b, c)\n  t.a among u.b"},
		{"SELECT t.a FROM t FULL JOIN u ON t.a = u.b AND u.c = 1", "query\n  t(a)\n  u(b, c)"},
		{"SELECT t.a FROM t NATURAL JOIN u", "query\n  t(*)\n  u(*)"},
		{"SELECT l.b FROM t, LATERAL (SELECT u.b FROM u WHERE u.c = t.a) l", "query\n  t(a)\n  u(b, c)"},
		{"SELECT g FROM t, generate_series(1, t.a) g", "query\n  t(a, g)"},
		{"SELECT * FROM t, jsonb_to_recordset(t.a) AS r(b int, c text) WHERE r.b = 1", "query\n  t(*)"},
		{"SELECT b FROM ROWS FROM (unnest(ARRAY[1]), generate_series(1, 2)) WITH ORDINALITY AS r(b, c, d)", "query"},
		// Two tables of one name, in two schemas.
		{"SELECT 1 FROM a.t WHERE EXISTS (SELECT 1 FROM b.t WHERE a.t.x = 1)", "query\n  a.t(x)\n  b.t(x)"},
		{"SELECT 1 FROM a.t, b.t WHERE a.t.x = 1", "query\n  a.t(x)\n  b.t(x)"},
		{"SELECT 1 FROM a.t WHERE a.t.x = 1", "query\n  a.t(x) where x = 1"},

		{"WITH t AS (SELECT * FROM t WHERE a = 1) SELECT * FROM t WHERE b = 2", "query\n  t(*) where a = 1"},
		{"WITH RECURSIVE a AS (SELECT * FROM b), b AS (SELECT x FROM t) SELECT * FROM a", "query\n  t(x)"},
		{"WITH a AS (SELECT * FROM b), b AS (SELECT x FROM t) SELECT * FROM a", "query\n  b(*)\n  t(x)"},
		{"WITH t AS (SELECT 1) SELECT a FROM public.t", "query\n  public.t(a)"},
		{"(SELECT a FROM t WHERE a = 1 ORDER BY b LIMIT 1) UNION ALL (TABLE u) INTERSECT SELECT c FROM v",
			"query\n  t(a, b) where a = 1\n  u(*)\n  v(c)"},
	})
}

func TestAParameterThatIsRepeatedIsNotKnown(t *testing.T) {
	// One place decides of which type it is: a date, say, and the other one is
	// compared with the date of what was given.
	checkReadings(t, []reading{
		{"SELECT a FROM t WHERE d = $1 AND at > $1 AND a = $2", "query of 2\n  t(a, at, d) where a = ?2"},
		{"UPDATE t SET (a, b) = ($1, $2) WHERE c = $3", "mutation of 3, refused: writes\n  update t set a = ?1, b = ?2 where c = ?3"},
	})
}

func TestAnOrderedLimitIsAPage(t *testing.T) {
	const page, none = "\n  first 5 of t by a", ""
	for _, test := range []struct{ sql, page string }{
		{"SELECT * FROM t ORDER BY a LIMIT 5", page},
		{"SELECT * FROM t ORDER BY a FETCH FIRST 5 ROWS ONLY", page},
		{"SELECT * FROM t ORDER BY t.a ASC NULLS LAST, b OFFSET 2 LIMIT 5", page},
		{"SELECT * FROM t ORDER BY a DESC NULLS FIRST LIMIT 5", page + " desc"},
		{"SELECT a FROM t ORDER BY 1 LIMIT 5", page},
		{"SELECT a FROM t WHERE b IN (SELECT max(c) FROM u) ORDER BY a LIMIT 5", none},

		{"SELECT * FROM t ORDER BY a NULLS FIRST LIMIT 5", none},
		{"SELECT * FROM t ORDER BY a DESC NULLS LAST LIMIT 5", none},
		{"SELECT * FROM t ORDER BY a USING > LIMIT 5", none},
		{"SELECT * FROM t ORDER BY a COLLATE \"C\" LIMIT 5", none},
		{"SELECT * FROM t ORDER BY a FETCH FIRST 5 ROWS WITH TIES", none},
		{"SELECT *, a FROM t ORDER BY 2 LIMIT 5", none},
		{"SELECT DISTINCT a FROM t ORDER BY a LIMIT 5", none},
		{"SELECT a, count(*) FROM t ORDER BY a LIMIT 5", none},
		{"SELECT max(a) FROM t WHERE b = 1", "\n  first 1 of t by a desc"},
		{"SELECT min(a) AS m FROM t LIMIT 1", "\n  first 1 of t by a"},
		{"SELECT max(a) OVER () FROM t", none},
		{"SELECT max(a) FILTER (WHERE b = 1) FROM t", none},
		{"SELECT max(a) FROM t GROUP BY b", none},
		{"SELECT max(a), 1 FROM t", none},
		{"SELECT a, rank() OVER (ORDER BY b) FROM t ORDER BY a LIMIT 5", none},
		{"SELECT a, unnest(b) FROM t ORDER BY a LIMIT 5", none},
		{"SELECT * FROM t ORDER BY a LIMIT NULL", none},
		{"SELECT * FROM t ORDER BY a", none},
	} {
		shape := Dialect{}.Analyze(test.sql)
		got := ""
		if shape.Page != nil {
			got = fmt.Sprintf("\n  first %v of t by %s", shape.Page.Limit.Literal, shape.Page.Column)
			if shape.Page.Desc {
				got += " desc"
			}
		}
		if got != test.page || shape.Refusal != "" {
			t.Errorf("%s\n got %q, refused %q", test.sql, got, shape.Refusal)
		}
	}
}

func TestMutationsAreRead(t *testing.T) {
	mutations := []reading{
		{"INSERT INTO t (A, b) VALUES ($1, 'x'), (DEFAULT, NULL)", `insert t(a, b) (?1, "x") (unknown, null) chosen`},
		{"INSERT INTO app.t AS x (a) VALUES (1) RETURNING *", "insert app.t(a) (1) chosen"},
		{"INSERT INTO t VALUES (1, 2)", "insert t() chosen"},
		{"INSERT INTO t DEFAULT VALUES", "insert t() chosen"},
		{"INSERT INTO t (a) SELECT b FROM u", "insert t(a) chosen"},
		{"INSERT INTO t (a) VALUES (1), (2) ORDER BY 1 LIMIT 1", "insert t(a) chosen"},
		{"INSERT INTO t (a) VALUES (1) UNION SELECT 2", "insert t(a) chosen"},
		{"INSERT INTO t (a, a) VALUES (1, 2)", "insert t(a, a) chosen"},
		{"INSERT INTO t (a[1]) VALUES (1)", "insert t(a) chosen"},
		{"INSERT INTO t (a.b) VALUES (1)", "insert t(a) chosen"},
		{"INSERT INTO t (a) OVERRIDING SYSTEM VALUE VALUES (1)", "insert t(a) (1) chosen"},
		{"INSERT INTO t (a) OVERRIDING USER VALUE VALUES (1)", "insert t(a) chosen"},
		{"INSERT INTO t (a) VALUES ('1'::int)", "insert t(a) (unknown) chosen"},

		{"INSERT INTO t (a) VALUES (1) ON CONFLICT DO NOTHING", "insert t(a) (1)"},
		{"INSERT INTO t (a, b) VALUES (1, 2) ON CONFLICT (A) DO UPDATE SET b = excluded.b, c = t.c + 1 WHERE t.d = 5",
			"insert t(a, b) (1, 2)\n  update t set b = 2, c = c + 1 in the way in a"},
		{"INSERT INTO t (a, b) VALUES (1, 2) ON CONFLICT ON CONSTRAINT k DO UPDATE SET b = 3", "insert t(a, b) (1, 2)\n  update t set b = 3 in the way in any key"},
		{"INSERT INTO t (a, b) VALUES (1, 2) ON CONFLICT (a, lower(b)) DO UPDATE SET b = 3", "insert t(a, b) (1, 2)\n  update t set b = 3 in the way in any key"},
		{"INSERT INTO t (a, b) VALUES (1, 2) ON CONFLICT (a) DO UPDATE SET (b, c) = (excluded.b, 4)",
			"insert t(a, b) (1, 2)\n  update t set b = 2, c = 4 in the way in a"},

		{"UPDATE t SET a = 1", "update t set a = 1"},
		{"UPDATE ONLY app.t AS x SET A = $1 WHERE x.b = 2 RETURNING *", "update app.t set a = ?1 where b = 2"},
		{"UPDATE t SET a = DEFAULT, b[1] = 2, c.d = 3 WHERE CURRENT OF cur", "update t set a = unknown, b = unknown, c = unknown"},
		{"UPDATE t SET (a, b) = ROW(1, 2), (c, d) = (SELECT 1, 2)", "update t set a = 1, b = 2, c = unknown, d = unknown"},
		{"UPDATE t SET a = 1 FROM u WHERE t.b = 2 AND u.c = 3", "update t set a = 1 where b = 2"},
		{"UPDATE t SET a = 1 FROM t AS u WHERE u.b = 2", "update t set a = 1"},
		{"WITH t AS (SELECT 1) UPDATE t SET a = 1 WHERE b = 2", "update t set a = 1 where b = 2"},

		{"DELETE FROM t WHERE a = 1 AND random() < 5", "delete t where a = 1"},
		{"DELETE FROM t USING u WHERE t.a = u.b AND u.b = 3", "delete t where a joins u[b = 3]"},
		{"DELETE FROM t AS x WHERE x.a IN (SELECT b FROM u)", "delete t"},

		{"MERGE INTO t AS x USING u ON x.a = u.b WHEN MATCHED THEN DELETE", "any t"},
		{"TRUNCATE t, app.u RESTART IDENTITY", "any t\n  any app.u"},
		{"COPY t (a) FROM STDIN", "any t"},
	}
	for i := range mutations {
		n := ""
		if params := (Dialect{}).Analyze(mutations[i].sql).Params; params > 0 {
			n = " of 1"
		}
		mutations[i].want = "mutation" + n + ", refused: writes\n  " + mutations[i].want
	}
	checkReadings(t, mutations)
}

func TestAColumnCanBeShifted(t *testing.T) {
	for sql, shift := range map[string]int{
		"UPDATE t SET a = a + 1":               1,
		"UPDATE t SET a = 1 + t.a":             1,
		"UPDATE t SET a = a - $1":              -1,
		"UPDATE t SET a = 1 - a":               0,
		"UPDATE t SET a = - a":                 0,
		"UPDATE t SET a = b + 1":               0,
		"UPDATE t SET a = a * 2":               0,
		"UPDATE t SET a = u.a + 1 FROM u":      0,
		"UPDATE t SET a = a + $1 WHERE b = $1": 0,
	} {
		set := Dialect{}.Analyze(sql).Writes[0].Set
		if len(set) != 1 || set[0].Shift != shift {
			t.Errorf("%s: %+v", sql, set)
		}
	}
	upsert := Dialect{}.Analyze("INSERT INTO t (id, a) VALUES (1, 2) ON CONFLICT (id) DO UPDATE SET a = t.a + 1, b = excluded.b + 1")
	if set := upsert.Writes[1].Set; set[0].Shift != 1 || set[1].Shift != 0 || set[1].Values[0] != (invalidation.Operand{}) {
		t.Errorf("%+v", set)
	}
}

func TestACommonTableExpressionCanWrite(t *testing.T) {
	checkReadings(t, []reading{
		{"WITH d AS (DELETE FROM t WHERE a = 1 RETURNING *), i AS (INSERT INTO u (b) VALUES (2)) SELECT * FROM d",
			"mutation, refused: writes, uncounted\n  delete t where a = 1\n  insert u(b) (2) chosen"},
		{"WITH d AS (UPDATE t SET a = 1) DELETE FROM u WHERE b = 2",
			"mutation, refused: writes, uncounted\n  update t set a = 1\n  delete u where b = 2"},
		{"WITH m AS (MERGE INTO t USING u ON true WHEN MATCHED THEN DELETE RETURNING *) SELECT 1",
			"mutation, refused: writes, uncounted\n  any t"},
		{"WITH d AS (DELETE FROM pg_class) SELECT 1", "opaque, refused: syntax not understood"},
	})
}
