package shapetest

import (
	"reflect"
	"strings"
	"testing"

	"github.com/seed92106438/cacheops/invalidation"
)

// Law checks what holds for the shape of any text: that it is read in one way,
// and that nothing of it is missing. It asks for no particular reading.
func Law(t *testing.T, analyzer invalidation.Analyzer, sql string) {
	t.Helper()
	shape := analyzer.Analyze(sql)
	if again := analyzer.Analyze(sql); !reflect.DeepEqual(shape, again) {
		t.Fatalf("%q is read in two ways:\n%s\n%s", sql, Print(shape), Print(again))
	}
	if shape.Verb != invalidation.Query && shape.Refusal == "" {
		t.Errorf("not a query, but not refused:\n%s", Print(shape))
	}
	if (shape.Verb == invalidation.Mutation) != (len(shape.Writes) > 0) {
		t.Errorf("only mutations write:\n%s", Print(shape))
	}
	for i := range shape.Uses {
		checkName(t, shape.Uses[i].Table)
		checkOperands(t, shape, shape.Uses[i].Where)
	}
	if page := shape.Page; page != nil {
		if page.Use >= len(shape.Uses) || page.Column == "" {
			t.Errorf("of what is %+v a page?", *page)
		}
	}
	for i := range shape.Writes {
		checkName(t, shape.Writes[i].Table)
		checkOperands(t, shape, shape.Writes[i].Where)
		for _, row := range shape.Writes[i].Rows {
			if len(row) != len(shape.Writes[i].Names) {
				t.Errorf("%d values for %d names", len(row), len(shape.Writes[i].Names))
			}
		}
	}
}

func checkName(t *testing.T, table string) {
	if table == "" || table != strings.ToLower(table) {
		t.Errorf("no table is named %q", table)
	}
}

// checkOperands asks for the parameters of a predicate to be there, and for
// its atoms to have as many operands as they need.
func checkOperands(t *testing.T, shape *invalidation.Shape, p *invalidation.Predicate) {
	if p == nil {
		return
	}
	for i := range p.Terms {
		checkOperands(t, shape, &p.Terms[i])
	}
	for _, o := range p.Operands {
		if o.Param < 0 || o.Param > shape.Params || !o.Known && o.Param == 0 {
			t.Errorf("operand %+v in a statement of %d parameters", o, shape.Params)
		}
	}
	switch p.Op {
	case invalidation.And, invalidation.Or, invalidation.IsNull, invalidation.IsNotNull:
	case invalidation.In, invalidation.NotIn:
		if len(p.Operands) == 0 {
			t.Errorf("%s has no operands", Predicate(*p))
		}
	case invalidation.Joined:
		if len(p.Terms) != 1 || p.Table == "" {
			t.Errorf("%s says nothing", Predicate(*p))
		}
	default:
		if len(p.Operands) != 1 {
			t.Errorf("%s has %d operands", Predicate(*p), len(p.Operands))
		}
	}
}
