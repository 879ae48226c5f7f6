package sqlite

import (
	"strings"
	"testing"

	"github.com/seed92106438/cacheops/invalidation/internal/syntax/shapetest"
)

func TestWhichRowsAResultShows(t *testing.T) {
	const none = ""
	for _, test := range []struct{ sql, want string }{
		{"SELECT id, v FROM a LIMIT 10", none}, // no column decides
		{"SELECT id, v FROM a WHERE g = 1 LIMIT 10", "shows a by id, v, placed by g"},
		{"SELECT * FROM a WHERE g = 1 ORDER BY v LIMIT 10", "shows a by *, placed by g, v"},
		{"SELECT a.id, a.v FROM a JOIN c ON c.aid = a.g", "shows a by id, v, placed by g"},
		{"SELECT a.*, c.w FROM a JOIN c ON c.aid = a.g", none}, // the star may have a w
		{"SELECT a.id, c.id AS w, c.w AS x FROM a JOIN c ON c.aid = a.g", "shows a by id, placed by g"},
		{"SELECT id, v FROM a WHERE g IN (SELECT aid FROM c)", "shows a by id, v, placed by aid, g"},
		{"SELECT id, v FROM a WHERE EXISTS (SELECT 1 FROM c WHERE c.aid = a.g)", "shows a by id, v, placed by g"},
		{"SELECT a.id, a.v, (SELECT c.w FROM c WHERE c.aid = a.g) AS w FROM a ORDER BY a.id", "shows a by id, v, placed by g, id"},

		// Where each row that counts is shown, there is nothing to tell.
		{"SELECT id, v FROM a WHERE g = 1 ORDER BY id", none},

		// Where rows are put together, or all decide.
		{"SELECT DISTINCT a.id, a.v FROM a JOIN c ON c.aid = a.g", none},
		{"SELECT a.id, count(*) AS n FROM a JOIN c ON c.aid = a.g GROUP BY a.id", none},
		{"SELECT a.id, sum(a.v) OVER () AS n FROM a JOIN c ON c.aid = a.g", none},
		{"SELECT a.v FROM a JOIN c ON c.aid = a.g UNION SELECT 1", none},
		{"SELECT g FROM a WHERE g = 1 LIMIT 10", none},
		{"SELECT a.id, a.v FROM a NATURAL JOIN c", none},
		{"SELECT id, v FROM a WHERE rowid > 1 LIMIT 10", none},
		{"SELECT id, v FROM a WHERE g = 1 ORDER BY 2 LIMIT 10", none},
		{"SELECT id, v FROM (SELECT * FROM a) WHERE g = 1 LIMIT 10", none},
	} {
		shape := Analyzer{}.Analyze(test.sql)
		if shape.Refusal != "" {
			t.Fatalf("%s\n%s", test.sql, shapetest.Print(shape))
		}
		var shows []string
		for _, s := range shape.Shows {
			shows = append(shows, shapetest.Showing(shape, s))
		}
		if got := strings.Join(shows, "; "); got != test.want {
			t.Errorf("%s\n got %s\nwant %s", test.sql, got, test.want)
		}
	}
}
