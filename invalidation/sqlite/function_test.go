package sqlite

import (
	"testing"

	"github.com/seed92106438/cacheops/invalidation/internal/syntax"
)

func TestOnlyPureFunctionsAreAdmitted(t *testing.T) {
	for _, test := range []struct{ expression, refusal string }{
		{"abs(a)", ""},
		{"Coalesce(a, ?)", ""},
		{"json_extract(a, '$.x')", ""},
		{"row_number() OVER (ORDER BY a)", ""},
		{"group_concat(a, ',')", ""},
		{"count(*)", ""},
		{"a LIKE 'x'", ""},
		{"a NOT GLOB 'x'", ""},

		{"random()", syntax.VolatileFunction},
		{"RANDOM()", syntax.VolatileFunction},
		{"abs(random())", syntax.VolatileFunction},
		{"a IN (1, random())", syntax.VolatileFunction},
		{"(SELECT random())", syntax.VolatileFunction},
		{"sum(random()) OVER (ORDER BY a)", syntax.VolatileFunction},
		{"randomblob(4)", syntax.VolatileFunction},
		{"changes()", syntax.VolatileFunction},
		{"total_changes()", syntax.VolatileFunction},
		{"last_insert_rowid()", syntax.VolatileFunction},
		{"CURRENT_TIMESTAMP", syntax.VolatileFunction},
		{"current_date", syntax.VolatileFunction},
		{"coalesce(a, CURRENT_TIME)", syntax.VolatileFunction},

		{"sqlite_version()", syntax.UnknownFunction},
		{"load_extension('x')", syntax.UnknownFunction},
		{"my_function(a)", syntax.UnknownFunction},
		{"a REGEXP 'x'", syntax.UnknownFunction},
		{"a MATCH 'x'", syntax.UnknownFunction},
		{"a NOT REGEXP 'x'", syntax.UnknownFunction},

		// Date functions, unless they are asked for the present.
		{"date(a)", ""},
		{"datetime(t.a, 'localtime')", ""},
		{"datetime(a, '+1 day', 'start of month')", ""},
		{"date('2020-01-01')", ""},
		{"time(12345)", ""},
		{"datetime(-5, 'unixepoch')", ""},
		{"datetime(1092941466, 'auto')", ""},
		{"strftime('%Y', a)", ""},
		{"strftime('%Y', date(a))", ""},
		{"julianday((a)) - julianday('2020-01-01')", ""},
		{"unixepoch(a)", ""},
		{"timediff(a, b)", ""},

		{"date()", syntax.VolatileFunction},
		{"datetime()", syntax.VolatileFunction},
		{"strftime('%Y')", syntax.VolatileFunction},
		{"date('now')", syntax.VolatileFunction},
		{"datetime('NOW', '-1 day')", syntax.VolatileFunction},
		{"strftime('%s', 'now')", syntax.VolatileFunction},
		{`date("now")`, syntax.VolatileFunction},
		{"date((('now')))", syntax.VolatileFunction},
		{"date(+'now')", syntax.VolatileFunction},
		{"unixepoch('subsec')", syntax.VolatileFunction},
		{"unixepoch('subsecond')", syntax.VolatileFunction},
		{"julianday(date('now'))", syntax.VolatileFunction},
		{"timediff('now', a)", syntax.VolatileFunction},
		{"timediff(a, 'now')", syntax.VolatileFunction},
		{"date(?)", syntax.VolatileFunction},
		{"date(a, ?)", syntax.VolatileFunction},
		{"date('n' || 'ow')", syntax.VolatileFunction},
		{"date(coalesce(a, 'now'))", syntax.VolatileFunction},
		{"date((SELECT 'now'))", syntax.VolatileFunction},
		{"date(CAST(a AS TEXT))", syntax.VolatileFunction},
	} {
		for _, sql := range []string{
			"SELECT " + test.expression + " FROM t",
			"SELECT 1 FROM t ORDER BY " + test.expression,
			"SELECT 1 FROM (SELECT " + test.expression + " FROM t)",
		} {
			if got := (Analyzer{}).Analyze(sql).Refusal; got != test.refusal {
				t.Errorf("%s is refused for %q, want %q", sql, got, test.refusal)
			}
		}
	}
}
