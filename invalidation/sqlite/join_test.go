package sqlite

import (
	"strings"
	"testing"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/invalidation/internal/syntax"
	"github.com/seed92106438/cacheops/invalidation/internal/syntax/shapetest"
)

// restrictions returns what restricts each use of a query that reads a, b, c
// and so on, each once: "a: x = 1; b:".
func restrictions(t *testing.T, sql string) string {
	t.Helper()
	shape := Analyzer{}.Analyze(sql)
	if shape.Refusal != "" {
		t.Fatalf("%s\n%s", sql, shapetest.Print(shape))
	}
	return strings.Join(restrictionsOf(shape.Uses), "; ")
}

func restrictionsOf(uses []invalidation.Use) []string {
	var parts []string
	for _, use := range uses {
		parts = append(parts, use.Table+":"+strings.TrimPrefix(shapetest.Where(use.Where), " where"))
	}
	return parts
}

func TestJoinsDecideWhichConditionRestrictsWhichTable(t *testing.T) {
	for _, test := range []struct{ from, want string }{
		// Inner joins: ON and WHERE are the same.
		{"a JOIN b ON a.x = 1 AND b.y = 2", "a: x = 1; b: y = 2"},
		{"a INNER JOIN b ON a.x = 1 WHERE b.y = 2", "a: x = 1; b: y = 2"},
		{"a CROSS JOIN b WHERE a.x = 1 AND b.y = 2", "a: x = 1; b: y = 2"},
		{"a, b WHERE a.x = 1 AND b.y = 2", "a: x = 1; b: y = 2"},
		{"a, b WHERE a.x = 1 OR b.y = 2", "a:; b:"},
		{"a, b WHERE (a.x = 1 AND b.y = 2) OR (a.x = 3 AND b.y = 4)",
			"a: x = 1 or x = 3; b: y = 2 or y = 4"},
		{"a, b WHERE (a.x, b.y) = (1, 2)", "a: x = 1; b: y = 2"},
		{"a, b WHERE (a.x, b.y) IN ((1, 2), (3, 4))", "a: x = 1 or x = 3; b: y = 2 or y = 4"},

		// LEFT: the kept side by WHERE alone, the other by ON alone.
		{"a LEFT JOIN b ON a.x = 1 AND b.y = 2", "a:; b: y = 2"},
		{"a LEFT JOIN b ON 1 WHERE a.x = 1 AND b.y = 2", "a: x = 1; b:"},
		{"a LEFT JOIN b ON 1 WHERE b.y IS NULL", "a:; b:"},
		{"a LEFT OUTER JOIN b ON b.y = 2 WHERE a.x = 1", "a: x = 1; b: y = 2"},

		// RIGHT mirrors LEFT.
		{"a RIGHT JOIN b ON a.x = 1 AND b.y = 2", "a: x = 1; b:"},
		{"a RIGHT JOIN b ON 1 WHERE a.x = 1 AND b.y = 2", "a:; b: y = 2"},

		// FULL keeps both sides.
		{"a FULL JOIN b ON a.x = 1 AND b.y = 2", "a:; b:"},
		{"a FULL JOIN b ON 1 WHERE a.x = 1 AND b.y = 2", "a:; b:"},
		{"a FULL JOIN b ON 1 JOIN c ON c.z = 3 WHERE a.x = 1", "a:; b:; c: z = 3"},

		// Joins are made from left to right. What a later inner join asks is
		// asked after an earlier join has put NULL in place of a row.
		{"a LEFT JOIN b ON b.y = 1 JOIN c ON a.x = 1 AND b.y = 2 AND c.z = 3",
			"a: x = 1; b: y = 1; c: z = 3"},
		{"a JOIN b ON b.y = 1 LEFT JOIN c ON a.x = 1 AND b.y = 2 AND c.z = 3",
			"a:; b: y = 1; c: z = 3"},
		{"a LEFT JOIN b ON b.y = 1, c WHERE a.x = 1 AND b.y = 2 AND c.z = 3",
			"a: x = 1; b: y = 1; c: z = 3"},
		{"a, b LEFT JOIN c ON c.z = 3 WHERE a.x = 1 AND b.y = 2 AND c.z = 4",
			"a: x = 1; b: y = 2; c: z = 3"},
		// RIGHT puts NULL in place of all that stands to its left.
		{"a JOIN b ON a.x = 1 RIGHT JOIN c ON b.y = 2 WHERE a.x = 3 AND c.z = 4",
			"a: x = 1; b: y = 2; c: z = 4"},
		{"a LEFT JOIN b ON b.y = 1 RIGHT JOIN c ON a.x = 2 AND b.y = 3",
			"a: x = 2; b: y = 1; c:"},
		{"a FULL JOIN b ON 1 LEFT JOIN c ON c.z = 1", "a:; b:; c: z = 1"},

		// A list in parentheses is one side of a join.
		{"a LEFT JOIN (b JOIN c ON b.y = 1) ON b.y = 2 AND c.z = 3 WHERE c.z = 4",
			"a:; b: y = 2 and y = 1; c: z = 3"},
		{"a JOIN (b LEFT JOIN c ON c.z = 1) ON b.y = 2 AND c.z = 3",
			"a:; b: y = 2; c: z = 1"},
		{"(a LEFT JOIN b ON b.y = 1), c WHERE a.x = 2 AND b.y = 3",
			"a: x = 2; b: y = 1; c:"},
		{"(a)", "a:"},

		// Of several tables with one name it is not clear which is meant.
		{"a AS n JOIN b AS n WHERE n.x = 1", "a:; b:"},
		// Nor to whom a column belongs that is named without a table.
		{"a, b WHERE x = 1", "a:; b:"},
		{"a, (SELECT 1 AS x) WHERE x = 1", "a:"},
		{"a, json_each('[1]') WHERE x = 1", "a:"},
	} {
		if got := restrictions(t, "SELECT 1 FROM "+test.from); got != test.want {
			t.Errorf("%s\n got %s\nwant %s", test.from, got, test.want)
		}
	}
}

func TestEqualColumnsShareTheirValues(t *testing.T) {
	for _, test := range []struct{ from, want string }{
		{"a JOIN b ON a.x = b.y WHERE a.x = 1", "a: x = 1; b: y joins a[x = 1]"},
		{"a JOIN b ON a.x = b.y WHERE b.y = ?", "a: x joins b[y = ?1]; b: y = ?1"},
		{"a JOIN b ON b.y = a.x WHERE a.x IN (1, 2)", "a: x in (1, 2); b: y joins a[x in (1, 2)]"},
		{"a, b WHERE a.x = b.y AND 1 = a.x", "a: x = 1; b: y joins a[x = 1]"},
		{"a JOIN b ON a.x = b.y JOIN c ON c.z = b.y WHERE a.x = 1",
			"a: x = 1; b: y joins a[x = 1]; c: z joins b[y joins a[x = 1]]"},
		{"a AS m, a AS n WHERE m.x = n.y AND m.x = 1", "a: x = 1; a: y joins a[x = 1]"},
		{"a WHERE a.x = a.y AND a.x = 1", "a: y joins a[x = 1] and x = 1"},
		{"a JOIN b USING (x) WHERE a.x = 1", "a: x = 1; b: x joins a[x = 1]"},

		// Only what must be true counts, and only equality.
		{"a JOIN b ON a.x = b.y OR a.z = 1 WHERE a.x = 1", "a: x = 1; b:"},
		{"a JOIN b ON a.x = b.y WHERE a.x = 1 OR a.z = 2", "a: x = 1 or z = 2; b:"},
		{"a JOIN b ON a.x <> b.y WHERE a.x = 1", "a: x = 1; b:"},
		{"a JOIN b ON a.x = b.y WHERE a.x > 1", "a: x > 1; b:"},
		{"a JOIN b ON a.x = b.y WHERE a.z = 1", "a: z = 1; b:"},
		{"a JOIN b ON NOT a.x = b.y WHERE a.x = 1", "a: x = 1; b:"},
		{"a JOIN b ON a.x IS b.y WHERE a.x = 1", "a: x = 1; b:"},
		{"a JOIN b ON a.x = b.y + 0 WHERE a.x = 1", "a: x = 1; b:"},
		{"a JOIN (SELECT 1 AS y) b ON a.x = b.y WHERE b.y = 1", "a:"},

		// A row of the nullable side counts only if its partner does.
		{"a LEFT JOIN b ON a.x = b.y WHERE a.x = 1", "a: x = 1; b: y joins a[x = 1]"},
		{"a LEFT JOIN b ON a.x = b.y AND a.x = 1", "a:; b: y joins a[x = 1]"},
		{"a RIGHT JOIN b ON a.x = b.y WHERE b.y = 1", "a: x joins b[y = 1]; b: y = 1"},
		{"a LEFT JOIN b ON a.x = b.y JOIN c ON c.z = a.x WHERE c.z = 1",
			"a: x joins c[z = 1]; b: y joins a[x joins c[z = 1]]; c: z = 1"},
		// But the partner counts without it.
		{"a LEFT JOIN b ON a.x = b.y WHERE b.y = 1", "a:; b:"},
		{"a LEFT JOIN b ON a.x = b.y AND b.y = 1", "a:; b: y = 1"},
		{"a FULL JOIN b ON a.x = b.y WHERE a.x = 1", "a:; b:"},
		// Nor does what is asked of a row that may be NULL reach others.
		{"a LEFT JOIN b ON b.y = 1 JOIN c ON c.z = b.y", "a:; b: y = 1; c:"},
		{"a LEFT JOIN b ON a.x = 1 JOIN c ON c.z = a.x", "a:; b:; c:"},
		{"a JOIN b ON a.x = 1 JOIN c ON c.z = a.x", "a: x = 1; b:; c: z joins a[x = 1]"},
		{"a LEFT JOIN (b JOIN c ON b.y = 1) ON 1 JOIN d ON d.z = b.y", "a:; b: y = 1; c:; d:"},
		{"a JOIN (b JOIN c ON b.y = 1) ON 1 JOIN d ON d.z = b.y", "a:; b: y = 1; c:; d: z joins b[y = 1]"},
		{"(a JOIN b ON a.x = 1) RIGHT JOIN c ON c.z = a.x", "a: x = 1; b:; c:"},
	} {
		if got := restrictions(t, "SELECT 1 FROM "+test.from); got != test.want {
			t.Errorf("%s\n got %s\nwant %s", test.from, got, test.want)
		}
	}
}

func TestNothingIsInferredFromVeryManyEqualities(t *testing.T) {
	inferred := func(equalities int) bool {
		sql := "SELECT 1 FROM a, b WHERE a.x = 1" + strings.Repeat(" AND a.x = b.y", equalities-1)
		return strings.Contains(restrictions(t, sql), "joins")
	}
	if !inferred(syntax.MaxEqualities) {
		t.Errorf("nothing is inferred from %d equalities", syntax.MaxEqualities)
	}
	if inferred(syntax.MaxEqualities + 1) {
		t.Errorf("something is inferred from %d equalities", syntax.MaxEqualities+1)
	}
}
