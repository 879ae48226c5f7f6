package sqlite

import (
	"strings"
	"testing"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/invalidation/internal/syntax/shapetest"
)

// absent returns which rows a query says to count only beside rows that it
// shows.
func absent(t *testing.T, sql string) string {
	t.Helper()
	shape := Analyzer{}.Analyze(sql)
	if shape.Refusal != "" {
		t.Fatalf("%s\n%s", sql, shapetest.Print(shape))
	}
	var edges []string
	for _, e := range shape.Edges {
		if e.Side == invalidation.After {
			edges = append(edges, strings.TrimPrefix(shapetest.Edge(shape, e), "new "))
		}
	}
	return strings.Join(edges, "; ")
}

func TestRowsThatKeepOthersOut(t *testing.T) {
	const none, beside = "", "c.aid among a.id as in id"
	for _, test := range []struct{ sql, want string }{
		// An outer join of which WHERE wants NULL.
		{"SELECT a.* FROM a LEFT JOIN c ON c.aid = a.id WHERE c.id IS NULL", beside + ", or id is null"},
		{"SELECT a.id FROM a LEFT JOIN c ON a.id = c.aid AND c.w = 1 WHERE a.g = 1 AND c.id IS NULL", beside + ", or id is null"},
		{"SELECT a.id AS x FROM a LEFT JOIN c ON c.aid = a.id WHERE c.id IS NULL", "c.aid among a.id as in x, or id is null"},
		{"SELECT a.id, a.g FROM a LEFT JOIN c ON c.aid = a.id AND c.w = a.g WHERE c.id IS NULL",
			beside + ", or id is null; c.w among a.g as in g, or id is null"},
		{"SELECT a.id FROM a LEFT JOIN c ON c.aid = a.id JOIN d ON d.aid = a.id WHERE c.id IS NULL", beside + ", or id is null"},
		{"SELECT a.id FROM a LEFT JOIN c ON c.aid = a.id LEFT JOIN d ON d.aid = c.w WHERE c.id IS NULL", beside + ", or id is null"},
		{"SELECT a.id FROM a LEFT JOIN a AS c ON c.g = a.id WHERE c.id IS NULL", "a.g among a.id as in id, or id is null"},
		{"SELECT a.id FROM a LEFT JOIN c ON c.aid = a.id WHERE c.id IS NULL ORDER BY a.id LIMIT 10", beside + ", or id is null"},

		{"SELECT a.id FROM a LEFT JOIN c ON c.aid = a.id", none},
		{"SELECT a.id FROM a LEFT JOIN c ON c.aid = a.id WHERE c.id IS NOT NULL", none},
		{"SELECT a.id FROM a LEFT JOIN c ON c.aid = a.id WHERE NOT c.id IS NULL", none},
		{"SELECT a.id FROM a LEFT JOIN c ON c.aid = a.id WHERE c.id IS NULL OR a.g = 1", none},
		{"SELECT a.id FROM a LEFT JOIN c ON c.aid > a.id WHERE c.id IS NULL", none},
		{"SELECT a.id FROM a LEFT JOIN c ON c.aid = a.id OR c.w = 1 WHERE c.id IS NULL", none},
		{"SELECT a.id FROM a JOIN c ON c.aid = a.id WHERE c.id IS NULL", none},
		{"SELECT a.id FROM a LEFT JOIN c ON c.aid = a.id RIGHT JOIN d ON d.aid = a.id WHERE c.id IS NULL", none},
		{"SELECT a.id FROM d LEFT JOIN (a LEFT JOIN c ON c.aid = a.id) ON d.aid = a.id WHERE c.id IS NULL", none},
		{"SELECT a.id FROM a FULL JOIN c ON c.aid = a.id WHERE c.id IS NULL", none},

		// NOT EXISTS.
		{"SELECT id FROM a WHERE NOT EXISTS (SELECT 1 FROM c WHERE c.aid = a.id)", beside},
		{"SELECT * FROM a WHERE g = 1 AND NOT EXISTS (SELECT 1 FROM c WHERE a.id = aid AND w = 1)", beside},
		{"SELECT id FROM a WHERE NOT EXISTS (SELECT 1 FROM c JOIN d ON d.aid = c.id WHERE c.aid = a.id)", beside},
		{"SELECT id FROM a WHERE EXISTS (SELECT 1 FROM c WHERE c.aid = a.id)", none},
		{"SELECT id FROM a WHERE g = 1 OR NOT EXISTS (SELECT 1 FROM c WHERE c.aid = a.id)", none},
		{"SELECT id FROM a WHERE NOT EXISTS (SELECT 1 FROM c WHERE c.aid < a.id)", none},
		{"SELECT id FROM a WHERE NOT EXISTS (SELECT 1 FROM c WHERE c.aid = id)", none},
		{"SELECT id FROM a WHERE NOT EXISTS (SELECT 1 FROM c WHERE c.aid = a.id HAVING count(*) > 1)", none},
		{"SELECT id FROM a WHERE NOT EXISTS (SELECT 1 FROM d LEFT JOIN c ON c.w = d.w WHERE c.aid = a.id)", none},
		{"SELECT id FROM a WHERE NOT EXISTS (SELECT 1 FROM c AS a WHERE a.aid = a.id)", none},
		{"SELECT id FROM a WHERE NOT (SELECT 1 FROM c WHERE c.aid = a.id)", none},

		// NOT IN.
		{"SELECT id FROM a WHERE id NOT IN (SELECT aid FROM c)", beside + ", or with NULL"},
		{"SELECT id FROM a WHERE NOT id IN (SELECT aid FROM c WHERE w = 1)", beside + ", or with NULL"},
		{"SELECT id FROM a WHERE id IN (SELECT aid FROM c)", none},
		{"SELECT id FROM a WHERE NOT id NOT IN (SELECT aid FROM c)", none},
		{"SELECT id FROM a WHERE id NOT IN (SELECT aid FROM c ORDER BY w LIMIT 1)", none},
		{"SELECT id FROM a WHERE id NOT IN (SELECT max(aid) FROM c)", none},
		{"SELECT id FROM a WHERE id NOT IN (SELECT c.aid FROM c LEFT JOIN d ON d.w = c.w)", beside + ", or with NULL"},
		{"SELECT id FROM a WHERE id NOT IN (SELECT c.aid FROM d LEFT JOIN c ON c.w = d.w)", none},
		{"SELECT id FROM a WHERE id NOT IN (SELECT aid + 1 FROM c)", none},
		{"SELECT id FROM a WHERE (id, g) NOT IN (SELECT aid, w FROM c)", none},

		// The result must show all of them, or the first.
		{"SELECT g FROM a WHERE NOT EXISTS (SELECT 1 FROM c WHERE c.aid = a.id)", none},
		{"SELECT id FROM a WHERE NOT EXISTS (SELECT 1 FROM c WHERE c.aid = a.id) LIMIT 10", beside},
		{"SELECT id FROM a WHERE NOT EXISTS (SELECT 1 FROM c WHERE c.aid = a.id) LIMIT 10 OFFSET 10", none},
		{"SELECT count(*), id FROM a WHERE NOT EXISTS (SELECT 1 FROM c WHERE c.aid = a.id)", none},
		{"SELECT id FROM a WHERE NOT EXISTS (SELECT 1 FROM c WHERE c.aid = a.id) GROUP BY id", none},
		{"SELECT id FROM a WHERE NOT EXISTS (SELECT 1 FROM c WHERE c.aid = a.id) UNION SELECT 1", none},
		{"SELECT id FROM (SELECT id FROM a WHERE NOT EXISTS (SELECT 1 FROM c WHERE c.aid = a.id))", none},
	} {
		if got := absent(t, test.sql); got != test.want {
			t.Errorf("%s\n got %s\nwant %s", test.sql, got, test.want)
		}
	}
}
