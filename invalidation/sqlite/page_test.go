package sqlite

import (
	"testing"

	"github.com/seed92106438/cacheops/invalidation/internal/syntax/shapetest"
)

// page returns which page a query gives, or nothing.
func page(t *testing.T, sql string) string {
	t.Helper()
	shape := Analyzer{}.Analyze(sql)
	if shape.Refusal != "" {
		t.Fatalf("%s\n%s", sql, shapetest.Print(shape))
	}
	if shape.Page == nil {
		return ""
	}
	return shapetest.Page(shape)
}

func TestAnOrderedLimitIsAPage(t *testing.T) {
	const none = ""
	for _, test := range []struct{ sql, want string }{
		{"SELECT * FROM t ORDER BY a LIMIT 10", "first 10 of t by a"},
		{"SELECT * FROM t ORDER BY a ASC LIMIT ?", "first ?1 of t by a"},
		{"SELECT * FROM t ORDER BY t.A DESC, b LIMIT 10", "first 10 of t by a desc"},
		{"SELECT * FROM t AS u WHERE b = 1 ORDER BY u.a LIMIT 10", "first 10 of t by a"},
		{"SELECT * FROM t ORDER BY a LIMIT 10 OFFSET 20", "first 10 of t by a, placed by a"},
		{"SELECT * FROM t ORDER BY a LIMIT ?, ?", "first ?2 of t by a, placed by a"},
		{"SELECT * FROM t ORDER BY a LIMIT 0", "first 0 of t by a"},

		// What is no page, or may have any number of rows.
		{"SELECT * FROM t ORDER BY a", none},
		{"SELECT * FROM t LIMIT 10", none},
		{"SELECT * FROM t ORDER BY a LIMIT -1", none},
		{"SELECT * FROM t ORDER BY a LIMIT 5 + 5", none},
		{"SELECT * FROM t ORDER BY a LIMIT '10'", none},
		{"SELECT * FROM t ORDER BY a LIMIT :n", none},
		{"SELECT * FROM t ORDER BY a LIMIT (SELECT max(b) FROM u)", none},

		// The order is that of a column.
		{"SELECT * FROM t ORDER BY a + 1 LIMIT 10", none},
		{"SELECT * FROM t ORDER BY a COLLATE nocase LIMIT 10", none},
		{"SELECT * FROM t ORDER BY t.`` LIMIT 10", none},
		{"SELECT max(``) FROM t", none},
		{"SELECT * FROM t ORDER BY 1 LIMIT 10", none},
		{"SELECT * FROM t ORDER BY rowid LIMIT 10", none},
		{"SELECT * FROM t ORDER BY a IS NULL, a LIMIT 10", none},

		// The result shows it, once and under a name that is its own.
		{"SELECT a, b FROM t ORDER BY a LIMIT 10", "first 10 of t by a"},
		{"SELECT t.a FROM t ORDER BY a LIMIT 10", "first 10 of t by a"},
		{"SELECT b, a AS c FROM t ORDER BY a LIMIT 10", "first 10 of t by a as c"},
		{"SELECT b, a AS c FROM t ORDER BY c LIMIT 10", "first 10 of t by a as c"},
		{"SELECT b AS a FROM t ORDER BY a LIMIT 10", "first 10 of t by b as a"},
		{"SELECT b AS a FROM t ORDER BY t.a LIMIT 10", none},
		{"SELECT t.* FROM t ORDER BY a LIMIT 10", "first 10 of t by a"},
		{"SELECT *, b AS c FROM t ORDER BY a LIMIT 10", "first 10 of t by a"},
		{"SELECT *, abs(b) AS c FROM t ORDER BY a LIMIT 10", "first 10 of t by a"},
		{"SELECT b FROM t ORDER BY a LIMIT 10", none},
		{"SELECT *, b AS a FROM t ORDER BY t.a LIMIT 10", none},
		{"SELECT *, b AS c FROM t ORDER BY c LIMIT 10", none},
		{"SELECT a, b AS a FROM t ORDER BY t.a LIMIT 10", none},
		{"SELECT a AS c, b AS c FROM t ORDER BY c LIMIT 10", none},
		{"SELECT a, a AS c, b AS c FROM t ORDER BY c LIMIT 10", none},
		{"SELECT a, abs(b) FROM t ORDER BY a LIMIT 10", none},
		{"SELECT abs(a) AS a FROM t ORDER BY a LIMIT 10", none},

		// A row of the result is a row of FROM.
		{"SELECT DISTINCT a FROM t ORDER BY a LIMIT 10", none},
		{"SELECT a FROM t GROUP BY a ORDER BY a LIMIT 10", none},
		{"SELECT a, b AS c FROM t HAVING b ORDER BY a LIMIT 10", none},
		{"SELECT a, max(b) AS c FROM t ORDER BY a LIMIT 10", none},
		{"SELECT a, sum(b) OVER (ORDER BY a) AS c FROM t ORDER BY a LIMIT 10", none},
		{"SELECT a, (SELECT max(t.b)) AS c FROM t ORDER BY a LIMIT 10", none},
		{"SELECT a FROM t ORDER BY a, count(*) LIMIT 10", none},
		{"SELECT a FROM t UNION SELECT a FROM t ORDER BY a LIMIT 10", none},
		{"WITH c AS (SELECT 1) SELECT a FROM t ORDER BY a LIMIT 10", none},
		{"SELECT a FROM (SELECT a FROM t ORDER BY a LIMIT 10) AS d", none},
		{"SELECT a FROM (SELECT a FROM t) AS d ORDER BY a LIMIT 10", none},
		{"SELECT a FROM t WHERE a > (SELECT max(b) FROM u) ORDER BY a LIMIT 10", "first 10 of t by a"},

		// Of several tables one is ordered, and none of its rows hides
		// another's.
		{"SELECT t.a, u.b FROM u JOIN t ON t.c = u.c ORDER BY t.a LIMIT 10", "first 10 of t by a"},
		{"SELECT t.*, u.b AS c FROM t JOIN u ON t.c = u.c ORDER BY t.a LIMIT 10", "first 10 of t by a"},
		{"SELECT t.a, u.b FROM t LEFT JOIN u ON t.c = u.c ORDER BY t.a LIMIT 10", "first 10 of t by a"},
		{"SELECT t.a FROM t, (SELECT b FROM u) AS d ORDER BY t.a LIMIT 10", "first 10 of t by a"},
		{"SELECT m.a FROM t AS n JOIN t AS m ON m.c = n.b ORDER BY m.a LIMIT 10", "first 10 of t by a"},
		{"SELECT t.a, u.b FROM t LEFT JOIN u ON t.c = u.c ORDER BY u.b LIMIT 10", none},
		{"SELECT t.a, u.b FROM t FULL JOIN u ON t.c = u.c ORDER BY t.a LIMIT 10", none},
		{"SELECT a FROM t JOIN u ON t.c = u.c ORDER BY a LIMIT 10", none},
		{"SELECT t.a, u.a FROM t JOIN u ON t.c = u.c ORDER BY t.a LIMIT 10", none},
		{"SELECT * FROM t JOIN u ON t.c = u.c ORDER BY t.a LIMIT 10", none},
		{"SELECT t.*, u.* FROM t JOIN u ON t.c = u.c ORDER BY t.a LIMIT 10", none},
		{"SELECT u.*, t.b FROM t JOIN u ON t.c = u.c ORDER BY t.a LIMIT 10", none},
	} {
		if got := page(t, test.sql); got != test.want {
			t.Errorf("%s\n got %s\nwant %s", test.sql, got, test.want)
		}
	}
}

func TestWhatDecidesAboutThePlaceOnAPage(t *testing.T) {
	const first = "first 10 of t by a"
	for _, test := range []struct{ sql, want string }{
		{"SELECT a, b FROM t ORDER BY a LIMIT 10", first},
		{"SELECT a, b FROM t ORDER BY a LIMIT 10 OFFSET 5", first + ", placed by a"},
		{"SELECT a, b FROM t ORDER BY a LIMIT 10 OFFSET ?", first + ", placed by a"},
		{"SELECT * FROM t ORDER BY a LIMIT 10 OFFSET 5", first + ", placed by a"},
		{"SELECT a, b, c FROM t ORDER BY a, c LIMIT 10 OFFSET 5", first + ", placed by a, c"},
		{"SELECT a, b, c FROM t WHERE c = 1 ORDER BY a LIMIT 10 OFFSET 5", first + ", placed by a, c"},
		{"SELECT t.a, t.b FROM t JOIN u ON u.d = t.c ORDER BY t.a LIMIT 10 OFFSET 5", first + ", placed by a, c"},
		{"SELECT t.a, t.b FROM t JOIN u USING (c) ORDER BY t.a LIMIT 10 OFFSET 5", first + ", placed by a, c"},
		{"SELECT t.a, t.b FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.d = t.c) ORDER BY t.a LIMIT 10 OFFSET 5", first + ", placed by a, c"},

		// What has another name, or is computed, may be meant by another clause.
		{"SELECT a, b AS c FROM t ORDER BY a LIMIT 10 OFFSET 5", first + ", placed by a, b"},
		{"SELECT a, b + 1 AS c FROM t ORDER BY a, c LIMIT 10 OFFSET 5", first + ", placed by a, b"},
		{"SELECT a, abs(b) AS c FROM t WHERE c > 1 ORDER BY a LIMIT 10 OFFSET 5", first + ", placed by a, b, c"},
		{"SELECT a, b FROM t ORDER BY a, 2 LIMIT 10 OFFSET 5", first},
		{"SELECT a, b FROM t ORDER BY a, b + 1 LIMIT 10 OFFSET 5", first},

		// So may all that is not named.
		{"SELECT t.a, t.b FROM t NATURAL JOIN u ORDER BY t.a LIMIT 10 OFFSET 5", first},
		{"SELECT a, b FROM t WHERE rowid > 1 ORDER BY a LIMIT 10 OFFSET 5", first},
	} {
		if got := page(t, test.sql); got != test.want {
			t.Errorf("%s\n got %s\nwant %s", test.sql, got, test.want)
		}
	}
}

func TestThePageIsOfOneUseOfItsTable(t *testing.T) {
	for _, test := range []struct {
		sql string
		use int
	}{
		{"SELECT m.a FROM t AS m JOIN t AS n ON m.c = n.b ORDER BY m.a LIMIT 10", 0},
		{"SELECT m.a FROM t AS n JOIN t AS m ON m.c = n.b ORDER BY m.a LIMIT 10", 1},
		{"SELECT m.a FROM (SELECT b FROM t, t) AS n JOIN t AS m ON m.c = n.b ORDER BY m.a LIMIT 10", 2},
	} {
		if shape := (Analyzer{}).Analyze(test.sql); shape.Page == nil || shape.Page.Use != test.use {
			t.Errorf("%s\n%s%+v", test.sql, shapetest.Print(shape), shape.Page)
		}
	}
}
