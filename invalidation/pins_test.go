package invalidation

import "testing"

func TestAPredicatePinsWhatItGivesTheValuesOf(t *testing.T) {
	param, unknown := Operand{Param: 1}, Operand{}
	eq := func(column string, operands ...Operand) Predicate {
		return Predicate{Op: Eq, Column: column, Operands: operands}
	}
	in := func(column string, operands ...Operand) Predicate {
		return Predicate{Op: In, Column: column, Operands: operands}
	}
	all := func(terms ...Predicate) Predicate { return Predicate{Op: And, Terms: terms} }
	some := func(terms ...Predicate) Predicate { return Predicate{Op: Or, Terms: terms} }
	for name, test := range map[string]struct {
		predicate Predicate
		pins      bool
	}{
		"id = ?":                      {eq("id", param), true},
		"id = 7":                      {eq("id", Operand{Known: true, Literal: int64(7)}), true},
		"id = something":              {eq("id", unknown), false},
		"id IN (?, 7)":                {in("id", param, Operand{Known: true, Literal: int64(7)}), true},
		"id IN (?, something)":        {in("id", param, unknown), false},
		"id IS NULL":                  {Predicate{Op: IsNull, Column: "id"}, true},
		"id IS NOT NULL":              {Predicate{Op: IsNotNull, Column: "id"}, false},
		"id > ?":                      {Predicate{Op: Greater, Column: "id", Operands: []Operand{param}}, false},
		"name = ?":                    {eq("name", param), false},
		"name = ? AND id = ?":         {all(eq("name", param), eq("id", param)), true},
		"name = ? OR id = ?":          {some(eq("name", param), eq("id", param)), false},
		"id = ? OR id IN (?)":         {some(eq("id", param), in("id", param)), true},
		"(id = ? OR id = ?) AND name": {all(some(eq("id", param), eq("id", param)), eq("name", param)), true},
		"anything":                    {all(), false},
	} {
		if test.predicate.Pins("id") != test.pins {
			t.Errorf("%s: Pins is not %v", name, test.pins)
		}
	}
	if (*Predicate)(nil).Pins("id") {
		t.Error("no predicate pins a column")
	}
}
