package invalidation

import (
	"testing"

	"pgregory.net/rapid"
)

func TestLawWhatIsMadeWiderMeetsWhatTheChangesMeet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		changes := rapid.SliceOfN(rapid.Custom(drawChange), 1, 4).Draw(t, "changes")
		d := drawDependency(t)
		unanalysed := Unanalysed(changes)
		for i := range d.Tables {
			for _, c := range changes {
				if !c.Meets(&d.Tables[i]) {
					continue
				}
				if hull := c.Hull(); !hull.Meets(&d.Tables[i]) {
					t.Fatalf("%v meets %v, its hull %v does not", c, d.Tables[i], hull)
				}
				met := false
				for _, wide := range unanalysed {
					met = met || wide.Meets(&d.Tables[i])
				}
				if !met {
					t.Fatalf("%v meets %v, what is not analysed does not", c, d.Tables[i])
				}
			}
		}
	})
}

func TestAHullHasOneBoxForEachSide(t *testing.T) {
	c := Change{Kind: Update, Before: []Box{{{"id", onlyNull}}, {{"id", someValue}}}, Columns: Columns{Names: []string{"id"}}, Rows: 2}
	hull := c.Hull()
	if len(hull.Before) != 1 || len(hull.After) != 0 || hull.Rows != 2 || !hull.Columns.equal(c.Columns) {
		t.Errorf("the hull is %v", hull)
	}
	if len(c.Before) != 2 {
		t.Error("the change was changed")
	}
}

func TestOneChangeOfEachTableIsLeft(t *testing.T) {
	posts, users := Table{"db", "posts"}, Table{"db", "users"}
	got := Unanalysed([]Change{
		{Table: posts, Kind: Insert, Rows: 2, After: whole()}, {Table: users, Kind: Delete, Rows: 1},
		{Table: posts, Kind: Redefinition, Rows: 3}, {Table: users, Kind: Update, Rows: -1}, {Table: users, Kind: Update, Rows: 5},
	})
	want := []Change{{Table: posts, Kind: Redefinition, Rows: 5}, {Table: users, Kind: Any, Rows: -1}}
	for i := range want {
		if len(got) != len(want) || got[i].Table != want[i].Table || got[i].Kind != want[i].Kind || got[i].Rows != want[i].Rows || got[i].After != nil {
			t.Errorf("got %v, want %v", got, want)
		}
	}
}
