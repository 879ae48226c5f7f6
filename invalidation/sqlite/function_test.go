package sqlite

import "testing"

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

		{"random()", volatileFunction},
		{"RANDOM()", volatileFunction},
		{"abs(random())", volatileFunction},
		{"a IN (1, random())", volatileFunction},
		{"(SELECT random())", volatileFunction},
		{"sum(random()) OVER (ORDER BY a)", volatileFunction},
		{"randomblob(4)", volatileFunction},
		{"changes()", volatileFunction},
		{"total_changes()", volatileFunction},
		{"last_insert_rowid()", volatileFunction},
		{"CURRENT_TIMESTAMP", volatileFunction},
		{"current_date", volatileFunction},
		{"coalesce(a, CURRENT_TIME)", volatileFunction},

		{"sqlite_version()", unknownFunction},
		{"load_extension('x')", unknownFunction},
		{"my_function(a)", unknownFunction},
		{"a REGEXP 'x'", unknownFunction},
		{"a MATCH 'x'", unknownFunction},
		{"a NOT REGEXP 'x'", unknownFunction},

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

		{"date()", volatileFunction},
		{"datetime()", volatileFunction},
		{"strftime('%Y')", volatileFunction},
		{"date('now')", volatileFunction},
		{"datetime('NOW', '-1 day')", volatileFunction},
		{"strftime('%s', 'now')", volatileFunction},
		{`date("now")`, volatileFunction},
		{"date((('now')))", volatileFunction},
		{"date(+'now')", volatileFunction},
		{"unixepoch('subsec')", volatileFunction},
		{"unixepoch('subsecond')", volatileFunction},
		{"julianday(date('now'))", volatileFunction},
		{"timediff('now', a)", volatileFunction},
		{"timediff(a, 'now')", volatileFunction},
		{"date(?)", volatileFunction},
		{"date(a, ?)", volatileFunction},
		{"date('n' || 'ow')", volatileFunction},
		{"date(coalesce(a, 'now'))", volatileFunction},
		{"date((SELECT 'now'))", volatileFunction},
		{"date(CAST(a AS TEXT))", volatileFunction},
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
