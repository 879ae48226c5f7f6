package syntax

import (
	"strings"
	"testing"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/invalidation/internal/syntax/shapetest"
)

// These tests say what SQLite's syntax cannot say; all else is tested there.
// Trees are made by functions with short names:

// col is a column, "a" or "t.a".
func col(name string) *Column {
	table, column, qualified := strings.Cut(name, ".")
	if !qualified {
		return &Column{Name: table}
	}
	return &Column{Table: table, Name: column}
}

func cols(names ...string) []Result {
	var results []Result
	for _, name := range names {
		results = append(results, Result{Expr: col(name)})
	}
	return results
}

func num(n int64) *Value { return &Value{invalidation.Operand{Known: true, Literal: n}} }

// eq compares a column with a number.
func eq(column string, n int64) *Compare {
	return &Compare{Op: invalidation.Eq, X: col(column), Y: num(n)}
}

// same compares two columns.
func same(x, y string) *Compare { return &Compare{Op: invalidation.Eq, X: col(x), Y: col(y)} }

func and(terms ...Expr) *Logic { return &Logic{And: true, Terms: terms} }

// tab is a table, "t" or "t u", "s.t" being qualified by a schema.
func tab(name string) *Table {
	name, alias, _ := strings.Cut(name, " ")
	if alias == "" {
		alias = name[strings.IndexByte(name, '.')+1:]
	}
	return &Table{Name: name, Alias: alias, Qualified: strings.Contains(name, ".")}
}

func joined(left, right Source, on Expr) *Join { return &Join{Left: left, Right: right, On: on} }

// sel is a SELECT of columns.
func sel(from Source, where Expr, columns ...string) *Query {
	return &Query{Bodies: []Body{&Block{Columns: cols(columns...), From: from, Where: where}}}
}

func with(q *Query, clause *With) *Query {
	q.With = clause
	return q
}

type treeTest struct {
	name string
	stmt Statement
	want string // the lines of the shape, parted by "; "
}

func checkTrees(t *testing.T, rules Rules, tests []treeTest) {
	t.Helper()
	for _, test := range tests {
		got := strings.TrimSpace(shapetest.Print(Read(test.stmt, rules, "")))
		if got = strings.ReplaceAll(got, "\n  ", "; "); got != test.want {
			t.Errorf("%s\n got %s\nwant %s", test.name, got, test.want)
		}
	}
}

func TestARefusalIsGivenToWhatCouldBeCached(t *testing.T) {
	for _, test := range []struct {
		stmt Statement
		want string
	}{
		{sel(tab("t"), nil, "a"), "query, refused: locks rows\n"},
		{&Delete{From: tab("t"), Targets: []string{"t"}}, "mutation, refused: writes\n  delete t\n"},
	} {
		if got := shapetest.Print(Read(test.stmt, Rules{}, Locks)); got != test.want {
			t.Errorf("got %s want %s", got, test.want)
		}
	}
}
