package sqlite

import (
	"strings"
	"testing"

	"github.com/seed92106438/cacheops/invalidation/internal/syntax"
	"github.com/seed92106438/cacheops/invalidation/internal/syntax/shapetest"
)

// where returns the restriction of the only use of a query.
func where(t *testing.T, sql string) string {
	t.Helper()
	shape := Analyzer{}.Analyze(sql)
	if shape.Refusal != "" || len(shape.Uses) != 1 {
		t.Fatalf("%s\n%s", sql, shapetest.Print(shape))
	}
	return strings.TrimPrefix(shapetest.Where(shape.Uses[0].Where), " where ")
}

const open = "" // no restriction at all

func TestConditionsAreProjectedOnTheTable(t *testing.T) {
	for _, test := range []struct{ condition, want string }{
		{"a = 1", "a = 1"},
		{"a == 1", "a = 1"},
		{"a <> 1", "a <> 1"},
		{"a != 1", "a <> 1"},
		{"a < 1", "a < 1"},
		{"a <= 1", "a <= 1"},
		{"a > 1", "a > 1"},
		{"a >= 1", "a >= 1"},
		{"(a) = (1)", "a = 1"},
		{"t.a = 1", "a = 1"},
		{"main.t.a = 1", "a = 1"},
		{"[A] = 1", "a = 1"},
		{"`a` = 1", "a = 1"},
		{`"a" = 1`, "a = 1"},

		// The value may stand first.
		{"1 = a", "a = 1"},
		{"1 <> a", "a <> 1"},
		{"1 < a", "a > 1"},
		{"1 <= a", "a >= 1"},
		{"1 > a", "a < 1"},
		{"1 >= a", "a <= 1"},

		// What is no column, or no value, is left open.
		{"a = b", open},
		{"a + 1 = 2", open},
		{"+a = 2", open},
		{"a = 1 + 1", open},
		{"a = (SELECT 1)", open},
		{"abs(a) = 1", open},
		{"CAST(a AS TEXT) = '1'", open},
		{"a COLLATE NOCASE = 'x'", open},
		{"a = 'x' COLLATE NOCASE", open},
		{"CASE a WHEN 1 THEN 1 END", open},
		{`a = "x"`, open},
		{"u.a = 1", open},
		{"1 = 1", open},
		{"TRUE", open},

		// Values.
		{"a = 'it''s'", `a = "it's"`},
		{"a = 1.5", "a = 1.5 (float)"},
		{"a = 1e3", "a = 1000 (float)"},
		{"a = -1", "a = -1"},
		{"a = -1.5", "a = -1.5 (float)"},
		{"a = -9223372036854775808", "a = -9223372036854775808"},
		{"a = 9223372036854775807", "a = 9223372036854775807"},
		{"a = 9223372036854775808", open}, // SQLite makes it a float
		{"a = 0x10", open},
		{"a = 1e999", open},
		{"a = - -1", open},
		{"a = x'00Ff'", "a = x'00ff'"},
		{"a = NULL", "a = null"},
		{"a = TRUE", "a = 1"},
		{"a = false", "a = 0"},
		{`a = "true"`, open},
		{"a = ?", "a = ?1"},
		{"a = ?1", "a = ?1"},
		{"a = :name", open},
		{"a = CURRENT_DATE || ''", "refused"},

		// AND, OR, NOT.
		{"a = 1 AND b = 2", "a = 1 and b = 2"},
		{"a = 1 AND b + 1 = 2", "a = 1"},
		{"a = 1 OR b = 2", "a = 1 or b = 2"},
		{"a = 1 OR b + 1 = 2", open},
		{"a = 1 AND (b = 2 OR c = 3) AND d = 4", "a = 1 and (b = 2 or c = 3) and d = 4"},
		{"(a = 1 AND b = 2) AND (c = 3 AND d = 4)", "a = 1 and b = 2 and c = 3 and d = 4"},
		{"(a = 1 OR b = 2) OR (c = 3 OR d = 4)", "a = 1 or b = 2 or c = 3 or d = 4"},
		{"NOT a = 1", "a <> 1"},
		{"NOT a <> 1", "a = 1"},
		{"NOT a < 1", "a >= 1"},
		{"NOT a <= 1", "a > 1"},
		{"NOT a > 1", "a <= 1"},
		{"NOT a >= 1", "a < 1"},
		{"NOT 1 < a", "a <= 1"},
		{"NOT NOT a = 1", "a = 1"},
		{"NOT (a = 1 AND b = 2)", "a <> 1 or b <> 2"},
		{"NOT (a = 1 OR b = 2)", "a <> 1 and b <> 2"},
		{"NOT (a = 1 AND b + 1 = 2)", open},
		{"NOT (a = 1 OR b + 1 = 2)", "a <> 1"},

		// NULL.
		{"a IS NULL", "a is null"},
		{"a IS NOT NULL", "a is not null"},
		{"a ISNULL", "a is null"},
		{"a NOTNULL", "a is not null"},
		{"a NOT NULL", "a is not null"},
		{"NOT a IS NULL", "a is not null"},
		{"NOT a ISNULL", "a is not null"},
		{"NOT a NOTNULL", "a is null"},
		{"NULL IS a", "a is null"},
		{"a + 1 IS NULL", open},

		// IS compares NULL as a value; IS TRUE does not compare.
		{"a IS 1", "a = 1"},
		{"1 IS a", "a = 1"},
		{"a IS NOT 1", "a <> 1 or a is null"},
		{"NOT a IS 1", "a <> 1 or a is null"},
		{"NOT a IS NOT 1", "a = 1"},
		{"a IS NOT DISTINCT FROM 1", "a = 1"},
		{"a IS DISTINCT FROM 1", "a <> 1 or a is null"},
		{"a IS DISTINCT FROM NULL", "a is not null"},
		{"a IS ?", "a = ?1 or a is null"},
		{"a IS NOT ?", open},
		{"a IS b", open},
		{"a IS TRUE", open},
		{"a IS NOT FALSE", open},
		{"a IS (TRUE)", open},

		// BETWEEN.
		{"a BETWEEN 1 AND 2", "a >= 1 and a <= 2"},
		{"a NOT BETWEEN 1 AND 2", "a < 1 or a > 2"},
		{"NOT a BETWEEN 1 AND 2", "a < 1 or a > 2"},
		{"a BETWEEN b AND 2", "a <= 2"},
		{"a NOT BETWEEN b AND 2", open},
		{"5 BETWEEN a AND b", "a <= 5 and b >= 5"},
		{"a BETWEEN 1 AND 2 AND b = 3", "a >= 1 and a <= 2 and b = 3"},

		// IN.
		{"a IN (1, ?, 'x')", `a in (1, ?1, "x")`},
		{"a IN (1, NULL)", "a in (1, null)"},
		{"a IN (1, b)", open},
		{"a IN ()", "false"},
		{"a NOT IN ()", open},
		{"NOT a IN (1)", "a not in (1)"},
		{"a NOT IN (1, 2)", "a not in (1, 2)"},
		{"NOT a NOT IN (1, 2)", "a in (1, 2)"},
		{"a NOT IN (1, b)", "a not in (1)"},
		{"a NOT IN (b)", "a is not null"},
		{"1 IN (a, b)", open},
		{"a IN (SELECT 1)", open},
		{"a NOT IN (SELECT 1)", open},

		// Row values.
		{"(a, b) = (1, 2)", "a = 1 and b = 2"},
		{"(a, b) <> (1, 2)", "a <> 1 or b <> 2"},
		{"NOT (a, b) = (1, 2)", "a <> 1 or b <> 2"},
		{"(a, b + 1) = (1, 2)", "a = 1"},
		{"(a, b + 1) <> (1, 2)", open},
		{"(a, b) < (1, 2)", "a <= 1"},
		{"NOT (a, b) < (1, 2)", "a >= 1"},
		{"(1, b) > (a, 2)", "a <= 1"},
		{"(a, b) > (c, 2)", open},
		{"(a, b) = (SELECT 1, 2)", open},
		{"(a, b) IN ((1, 2), (3, ?))", "(a = 1 and b = 2) or (a = 3 and b = ?1)"},
		{"(a, b) IN ((1, 2), (3, c))", "(a = 1 and b = 2) or a = 3"},
		{"(a, b + 1) IN ((1, 2), (3, 4))", "a = 1 or a = 3"},
		{"(a, b) NOT IN ((1, 2))", open},
		{"(a, b) IN (VALUES (1, 2))", open},

		// LIKE and its kin are NULL for NULL.
		{"a LIKE 'x%'", `a like "x%"`},
		{"a LIKE ?", "a like ?1"},
		{"a NOT LIKE 'x%'", "a is not null"},
		{"NOT a LIKE 'x%'", "a is not null"},
		{"NOT a NOT LIKE 'x%'", `a like "x%"`},
		{"a LIKE 'x!%' ESCAPE '!'", "a is not null"},
		{"a LIKE b", "a is not null"},
		{"a LIKE 5", "a is not null"},
		{"a GLOB 'x*'", "a is not null"},
		{"'x' LIKE a", open},
		{"lower(a) LIKE 'x%'", open},

		// A column is true if it is a number other than zero; 'x' is not, nor
		// is it zero.
		{"a", "a <> 0"},
		{"NOT a", "a is not null"},
		{"a AND b = 1", "a <> 0 and b = 1"},
		{"a + 1", open},
	} {
		sql := "SELECT 1 FROM t WHERE " + test.condition
		if test.want == "refused" {
			if shape := (Analyzer{}).Analyze(sql); shape.Refusal == "" {
				t.Errorf("%s is not refused", test.condition)
			}
			continue
		}
		if got := where(t, sql); got != test.want {
			t.Errorf("%s\n got %s\nwant %s", test.condition, got, test.want)
		}
	}
}

func TestManyRowValuesAreReadColumnByColumn(t *testing.T) {
	pairs := func(n int) string { return strings.TrimSuffix(strings.Repeat("(1, ?), ", n), ", ") }
	few := where(t, "SELECT 1 FROM t WHERE (a, b) IN ("+pairs(syntax.MaxRows)+")")
	if n := strings.Count(few, " or "); n != syntax.MaxRows-1 {
		t.Errorf("%d rows are joined by %d ORs", syntax.MaxRows, n)
	}
	many := where(t, "SELECT 1 FROM t WHERE (a, b) IN ("+pairs(syntax.MaxRows+1)+")")
	if !strings.HasPrefix(many, "a in (1, 1,") || !strings.Contains(many, " and b in (?1, ?2,") {
		t.Errorf("%d rows are read as %s", syntax.MaxRows+1, many)
	}
	open := where(t, "SELECT 1 FROM t WHERE (a, b) IN ("+pairs(syntax.MaxRows)+", (c, 5))")
	if strings.Contains(open, "a in") || !strings.HasPrefix(open, "b in") {
		t.Errorf("with a value that is not known, they are read as %s", open)
	}
}

func TestOnlyWhereRestrictsABlockOfOneTable(t *testing.T) {
	for _, test := range []struct{ clauses, want string }{
		{"WHERE a = 1", "a = 1"},
		{"GROUP BY a HAVING a = 1", open},
		{"WHERE b = 2 GROUP BY a HAVING a = 1", "b = 2"},
		{"ORDER BY a = 1", open},
		{"LIMIT 1", open},
		{"INDEXED BY i WHERE a = 1", "a = 1"},
		{"NOT INDEXED WHERE a = 1", "a = 1"},
		{"AS t WHERE t.a = 1", "a = 1"},
		{"AS u WHERE u.a = 1", "a = 1"},
		{"AS u WHERE t.a = 1", open},
	} {
		if got := where(t, "SELECT 1 FROM t "+test.clauses); got != test.want {
			t.Errorf("%s\n got %s\nwant %s", test.clauses, got, test.want)
		}
	}
	if got := where(t, "SELECT count(*) FILTER (WHERE a = 1) FROM t"); got != open {
		t.Errorf("FILTER restricts the rows to %s", got)
	}
}
