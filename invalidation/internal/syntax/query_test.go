package syntax

import "testing"

func TestACommonTableExpressionIsKnownToThoseThatMaySeeIt(t *testing.T) {
	// WITH u AS (SELECT a FROM t), t AS (SELECT b FROM t) SELECT c FROM t, u
	query := func(recursive, forward bool) *Query {
		return with(sel(joined(tab("t"), tab("u"), nil), nil, "c"), &With{
			Recursive: recursive, Forward: forward,
			Tables: []Common{
				{Name: "u", Query: sel(tab("t"), nil, "a")},
				{Name: "t", Query: sel(tab("t"), nil, "b")},
			},
		})
	}
	checkTrees(t, Rules{}, []treeTest{
		{"those after it", query(false, false), "query; t(a); t(b)"},
		{"and itself", query(true, false), "query; t(a)"},
		{"and those before it", query(true, true), "query"},
		{"a schema names a table", with(sel(tab("s.t"), nil, "c"), &With{
			Tables: []Common{{Name: "t", Query: sel(tab("u"), nil, "b")}, {Name: "s.t", Query: sel(tab("u"), nil, "d")}},
		}), "query; u(b); u(d); s.t(c)"},
	})
}

func TestANestedQueryIsABody(t *testing.T) {
	inner := with(sel(tab("c"), nil, "a"), &With{Tables: []Common{{Name: "c", Query: sel(tab("u"), eq("b", 1), "a")}}})
	checkTrees(t, Rules{}, []treeTest{
		{"its names are its own", &Query{Bodies: []Body{inner, &Query{Bodies: []Body{
			&Block{Columns: cols("a"), From: tab("c")},
		}}}}, "query; u(a, b) where b = 1; c(a)"},
		{"the clauses of a compound name its result", &Query{
			Bodies: []Body{&Block{Columns: cols("a"), From: tab("t")}, &Block{Columns: cols("b"), From: tab("u")}},
			Rest:   []Expr{col("a"), &Sub{Query: sel(tab("v"), nil, "d")}},
		}, "query; t(a); u(b); v(d)"},
	})
}

func TestAPlainStarIsThatOfOneTable(t *testing.T) {
	all := func(from Source) *Query {
		return &Query{Bodies: []Body{&Block{Columns: []Result{{Expr: &Star{}}}, From: from}}}
	}
	for _, test := range []struct {
		name  string
		query *Query
		want  string
	}{
		{"plain", all(tab("t")), "t"},
		{"of an alias", all(tab("t u")), "t"},
		{"in parentheses", &Query{Bodies: []Body{all(tab("t"))}}, "t"},
		{"ordered outside of them", &Query{Bodies: []Body{all(tab("t"))}, Rest: []Expr{col("a")}}, ""},
		{"of two tables", all(joined(tab("t"), tab("u"), nil)), ""},
		{"of a query", all(&Derived{Query: all(tab("t")), Alias: "d"}), ""},
		{"beside a WITH clause", with(all(tab("t")), &With{}), ""},
		{"a column", sel(tab("t"), nil, "a"), ""},
	} {
		if got := Read(test.query, Rules{}, "").Star; got != test.want {
			t.Errorf("%s: a star of %q, want %q", test.name, got, test.want)
		}
	}
}

func TestALateralQuerySeesWhatStandsBesideIt(t *testing.T) {
	from := func(lateral bool) Source {
		return joined(tab("t"), &Derived{Query: sel(tab("u"), eq("b", 1), "t.a"), Alias: "d", Lateral: lateral}, nil)
	}
	checkTrees(t, Rules{}, []treeTest{
		{"lateral", sel(from(true), nil, "d.a"), "query; t(a, b); u(b) where b = 1"},
		{"not lateral", sel(from(false), nil, "d.a"), "query; t(); u(*) where b = 1"},
		{"lateral, further in", sel(tab("v"), &Sub{Query: sel(from(true), nil, "v.c")}, "v.a"),
			"query; v(a, b, c); t(a, b); u(b) where b = 1; shows v by a, placed by b, c"},
	})
}

func TestTheNameOfASourceIsAWholeRow(t *testing.T) {
	checkTrees(t, Rules{}, []treeTest{
		{"of a table", sel(joined(tab("t"), tab("u"), nil), nil, "t"), "query; t(*); u(t)"},
		{"of an alias", sel(joined(tab("t x"), tab("u"), nil), nil, "x"), "query; t(*); u(x)"},
		{"of an outer one", sel(tab("t"), &Sub{Query: sel(tab("u"), nil, "t")}, "t.a"), "query; t(*); u(t)"},
		{"a qualified name is a column", sel(joined(tab("t"), tab("u"), nil), nil, "t.t"), "query; t(t); u()"},
		{"a star of it", &Query{Bodies: []Body{&Block{
			Columns: []Result{{Expr: &Other{Args: []Expr{&Star{Table: "t"}}}}}, From: joined(tab("t"), tab("u"), nil),
		}}}, "query; t(*); u()"},
	})
}

func TestHiddenNamesStandForAnyColumn(t *testing.T) {
	rules := Rules{Hidden: map[string]bool{"ctid": true}}
	update := func(columns ...string) *Update {
		return &Update{From: tab("t"), Target: "t", Set: []Assignment{{Columns: columns, Value: num(1)}}}
	}
	checkTrees(t, rules, []treeTest{
		{"read", sel(joined(tab("t"), tab("u"), nil), nil, "t.ctid"), "query; t(*); u()"},
		{"written", update("ctid"), "mutation, refused: writes; any t"},
		{"another is written", update("rowid"), "mutation, refused: writes; update t set rowid = 1"},
	})
}

func TestALoneColumnIsANumberOrABoolean(t *testing.T) {
	tests := func(want string) []treeTest {
		return []treeTest{
			{"true", sel(tab("t"), col("a")), "query; t(a) where a <> 0"},
			{"false", sel(tab("t"), &Not{X: col("a")}), "query; t(a) where " + want},
		}
	}
	checkTrees(t, Rules{}, tests("a is not null"))
	checkTrees(t, Rules{Booleans: true}, tests("a = 0"))
}

func TestJoinsMayStandToTheRight(t *testing.T) {
	on := and(eq("a.x", 1), eq("b.y", 2), eq("c.z", 3))
	where := and(eq("a.x", 4), eq("b.y", 5), eq("c.z", 6))
	outer := func(left, right Source, keepsLeft, keepsRight bool) Source {
		return &Join{Left: left, Right: right, KeepsLeft: keepsLeft, KeepsRight: keepsRight, On: on}
	}
	checkTrees(t, Rules{}, []treeTest{
		{"LEFT", sel(outer(tab("a"), joined(tab("b"), tab("c"), nil), true, false), where),
			"query; a(x) where x = 4; b(y) where y = 2; c(z) where z = 3"},
		{"RIGHT", sel(outer(tab("a"), joined(tab("b"), tab("c"), nil), false, true), where),
			"query; a(x) where x = 1; b(y) where y = 5; c(z) where z = 6"},
		{"FULL", sel(outer(tab("a"), joined(tab("b"), tab("c"), nil), true, true), where),
			"query; a(x); b(y); c(z)"},
		{"USING", sel(&Join{Left: tab("a"), Right: tab("b"), Using: []string{"x"}}, eq("a.x", 1)),
			"query; a(x) where x = 1; b(x) where x joins a[x = 1]; a.x among b.x; b.x among a.x"},
	})
}
