package syntax

import (
	"testing"

	"github.com/seed92106438/cacheops/invalidation"
)

// set is one assignment, to "a" or "t.a".
func set(column string, value Expr) Assignment {
	c := col(column)
	return Assignment{Table: c.Table, Columns: []string{c.Name}, Value: value}
}

func TestCommonTableExpressionsMayWrite(t *testing.T) {
	removed := &With{Tables: []Common{{Name: "c", Write: &Delete{From: tab("t"), Targets: []string{"t"}, Where: eq("a", 1)}}}}
	added := &Insert{Table: *tab("u"), Columns: []string{"b"}, Rows: [][]Expr{{num(2)}}}
	checkTrees(t, Rules{}, []treeTest{
		{"of a query", with(sel(tab("c"), nil, "a"), removed),
			"mutation, refused: writes, uncounted; delete t where a = 1"},
		{"of a query further in", sel(&Derived{Query: with(sel(tab("c"), nil, "a"), removed)}, nil, "a"),
			"mutation, refused: writes, uncounted; delete t where a = 1"},
		{"of an insert", &Insert{With: removed, Table: *tab("u"), Columns: []string{"b"}, Query: sel(tab("c"), nil, "a")},
			"mutation, refused: writes, uncounted; delete t where a = 1; insert u(b) chosen"},
		{"of an insert's query", &Insert{Table: *tab("u"), Columns: []string{"b"}, Query: with(sel(tab("c"), nil, "a"), removed)},
			"mutation, refused: writes, uncounted; delete t where a = 1; insert u(b) chosen"},
		{"of an update", &Update{With: removed, From: joined(tab("u"), tab("c"), nil), Target: "u", Set: []Assignment{set("b", num(2))}, Where: eq("u.b", 3)},
			"mutation, refused: writes, uncounted; delete t where a = 1; update u set b = 2 where b = 3"},
		{"of a delete", &Delete{With: removed, From: tab("u"), Targets: []string{"u"}},
			"mutation, refused: writes, uncounted; delete t where a = 1; delete u"},
		{"of a MERGE", &Touch{With: removed, Tables: []Table{*tab("u")}},
			"mutation, refused: writes, uncounted; delete t where a = 1; any u"},
		{"of one that writes", with(sel(tab("d"), nil, "a"), &With{Tables: []Common{{Name: "d", Write: &Delete{
			With: removed, From: tab("u"), Targets: []string{"u"},
		}}}}), "mutation, refused: writes, uncounted; delete t where a = 1; delete u"},
		{"several", with(sel(tab("c"), nil, "a"), &With{Tables: []Common{removed.Tables[0], {Name: "d", Write: added}}}),
			"mutation, refused: writes, uncounted; delete t where a = 1; insert u(b) (2) chosen"},
		{"unclear", with(sel(tab("c"), nil, "a"), &With{Tables: []Common{{Name: "c", Write: &Touch{}}}}),
			"opaque, refused: syntax not understood"},
		// It is known by its name.
		{"hides a table", &Delete{
			With: &With{Tables: []Common{{Name: "c", Write: added}}},
			From: joined(tab("t"), tab("c"), same("t.a", "c.a")), Targets: []string{"t"}, Where: eq("c.a", 1),
		}, "mutation, refused: writes, uncounted; insert u(b) (2) chosen; delete t"},
	})
}

func TestAnUpdateMayHaveSeveralTargets(t *testing.T) {
	// a JOIN b ON a.x = b.y
	from := joined(tab("a"), tab("b"), same("a.x", "b.y"))
	checkTrees(t, Rules{}, []treeTest{
		{"each with its own rows", &Update{From: from, Where: eq("a.x", 1), Set: []Assignment{set("a.z", num(2)), set("b.z", num(3))}},
			"mutation, refused: writes; update a set z = 2 where x = 1; update b set z = 3 where y joins a[x = 1]"},
		{"one of two", &Update{From: from, Where: eq("a.x", 1), Set: []Assignment{set("b.z", num(3))}},
			"mutation, refused: writes; update b set z = 3 where y joins a[x = 1]"},
		{"several columns of one", &Update{From: from, Set: []Assignment{set("a.z", num(2)), set("a.w", col("b.z"))}},
			"mutation, refused: writes; update a set z = 2, w = unknown"},
		{"an outer join", &Update{
			From:  &Join{Left: tab("a"), Right: tab("b"), KeepsLeft: true, On: eq("b.y", 1)},
			Where: eq("a.x", 2), Set: []Assignment{set("a.z", num(3)), set("b.z", num(4))},
		}, "mutation, refused: writes; update a set z = 3 where x = 2; update b set z = 4 where y = 1"},
		{"one table under two names", &Update{From: joined(tab("t m"), tab("t n"), nil), Where: and(eq("m.x", 1), eq("n.x", 2)),
			Set: []Assignment{set("m.z", num(3)), set("n.z", num(4))}},
			"mutation, refused: writes; update t set z = 3 where x = 1; update t set z = 4 where x = 2"},

		// Which table is meant may not be clear.
		{"no table is said", &Update{From: from, Where: eq("a.x", 1), Set: []Assignment{set("z", num(2))}},
			"mutation, refused: writes; any a; any b"},
		{"nor once", &Update{From: from, Set: []Assignment{set("a.z", num(2)), set("w", num(3))}},
			"mutation, refused: writes; any a; any b"},
		{"there is but one", &Update{From: tab("t"), Where: eq("a", 1), Set: []Assignment{set("z", num(2))}},
			"mutation, refused: writes; update t set z = 2 where a = 1"},
		{"there is but one table", &Update{From: joined(tab("t"), &Derived{Query: sel(tab("u"), nil, "b"), Alias: "d"}, nil), Set: []Assignment{set("z", num(2))}},
			"mutation, refused: writes; update t set z = 2"},
		{"two of one name", &Update{From: joined(tab("r.t"), tab("s.t"), nil), Set: []Assignment{set("t.z", num(2))}},
			"mutation, refused: writes; any r.t; any s.t"},
		{"a table that is not there", &Update{From: from, Set: []Assignment{set("a.z", num(1)), set("c.z", num(2))}},
			"opaque, refused: syntax not understood"},
		{"no table", &Update{From: &Derived{Query: sel(tab("u"), nil, "b"), Alias: "d"}, Set: []Assignment{set("d.z", num(2))}},
			"opaque, refused: syntax not understood"},
		{"nothing is set", &Update{From: from}, "opaque, refused: syntax not understood"},
	})
}

func TestADeleteMayHaveSeveralTargets(t *testing.T) {
	from := joined(tab("a"), tab("b"), same("a.x", "b.y"))
	checkTrees(t, Rules{}, []treeTest{
		{"each with its own rows", &Delete{From: from, Targets: []string{"a", "b"}, Where: eq("b.y", 1)},
			"mutation, refused: writes; delete a where x joins b[y = 1]; delete b where y = 1"},
		{"one of two", &Delete{From: from, Targets: []string{"a"}, Where: eq("b.y", 1)},
			"mutation, refused: writes; delete a where x joins b[y = 1]"},
		{"by its alias", &Delete{From: joined(tab("t m"), tab("t n"), nil), Targets: []string{"n"}, Where: and(eq("m.x", 1), eq("n.x", 2))},
			"mutation, refused: writes; delete t where x = 2"},
		{"two of one name", &Delete{From: joined(tab("r.t"), tab("s.t"), nil), Targets: []string{"t"}, Where: eq("t.x", 1)},
			"mutation, refused: writes; any r.t; any s.t"},
		{"a table that is not there", &Delete{From: from, Targets: []string{"a", "c"}}, "opaque, refused: syntax not understood"},
		{"none", &Delete{From: from}, "opaque, refused: syntax not understood"},
	})
}

func TestValuesThatAreCoercedAreNotKnown(t *testing.T) {
	conflict := []Conflict{{Target: []string{"a"}, Set: []Assignment{set("b", num(3))}}}
	checkTrees(t, Rules{}, []treeTest{
		{"insert", &Insert{Table: *tab("t"), Columns: []string{"a"}, Rows: [][]Expr{{num(1)}}, Coerces: true},
			"mutation, refused: writes; insert t(a)"},
		{"upsert", &Insert{Table: *tab("t"), Columns: []string{"a"}, Rows: [][]Expr{{num(1)}}, Coerces: true, Conflicts: conflict},
			"mutation, refused: writes; insert t(a); update t set b = unknown in the way in a"},
		{"not coerced", &Insert{Table: *tab("t"), Columns: []string{"a"}, Rows: [][]Expr{{num(1)}}, Conflicts: conflict},
			"mutation, refused: writes; insert t(a) (1); update t set b = 3 in the way in a"},
		{"update", &Update{From: tab("t"), Target: "t", Set: []Assignment{set("a", num(1))}, Where: eq("b", 2), Coerces: true},
			"mutation, refused: writes; update t set a = unknown where b = 2"},
	})
}

func TestWhatIsNotDescribedChangesItsTablesAsAWhole(t *testing.T) {
	checkTrees(t, Rules{}, []treeTest{
		{"one", &Touch{Tables: []Table{*tab("t")}}, "mutation, refused: writes; any t"},
		{"several", &Touch{Tables: []Table{*tab("t"), *tab("s.u")}}, "mutation, refused: writes; any t; any s.u"},
		{"none", &Touch{}, "opaque, refused: syntax not understood"},
	})
}

func TestRowValuesAreAssignedColumnByColumn(t *testing.T) {
	pair := func(value Expr) *Update {
		return &Update{From: tab("t"), Target: "t", Set: []Assignment{{Columns: []string{"a", "b"}, Value: value}}}
	}
	checkTrees(t, Rules{}, []treeTest{
		{"of values", pair(&Row{List: []Expr{num(1), &Value{invalidation.Operand{Param: 1}}}}),
			"mutation, refused: writes; update t set a = 1, b = ?1"},
		{"of a query", pair(&Sub{Query: sel(tab("u"), nil, "c", "d")}),
			"mutation, refused: writes; update t set a = unknown, b = unknown"},
		{"of another length", pair(&Row{List: []Expr{num(1)}}),
			"mutation, refused: writes; update t set a = unknown, b = unknown"},
	})
}
