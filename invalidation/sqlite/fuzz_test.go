package sqlite

import (
	"reflect"
	"strings"
	"testing"

	"github.com/seed92106438/cacheops/invalidation"
)

// FuzzAnalyze asks for no particular answer, only for one, and for the same
// one each time.
func FuzzAnalyze(f *testing.F) {
	for _, s := range readCorpus(f) {
		f.Add(s.SQL)
	}
	f.Add("WITH RECURSIVE t(a) AS (VALUES (1) UNION SELECT a FROM t NATURAL JOIN u) SELECT * FROM (t, u) FULL JOIN v USING (a)")
	f.Add("SELECT * FROM ``, (SELECT '')")
	f.Add("INSERT INTO t (a, b) VALUES (?1, x'00'), (:n, 0x1) ON CONFLICT (a) WHERE b DO UPDATE SET (a, b) = (excluded.a, 1) WHERE 1")
	f.Add("CREATE TRIGGER r BEFORE UPDATE OF a ON t WHEN new.a BEGIN SELECT RAISE(ABORT, 'x'); END")
	f.Fuzz(func(t *testing.T, sql string) {
		shape := Analyzer{}.Analyze(sql)
		if again := (Analyzer{}).Analyze(sql); !reflect.DeepEqual(shape, again) {
			t.Fatalf("%q is read in two ways:\n%s\n%s", sql, printShape(shape), printShape(again))
		}
		checkShape(t, shape)
	})
}

func checkShape(t *testing.T, shape *invalidation.Shape) {
	if shape.Verb != invalidation.Query && shape.Refusal == "" {
		t.Errorf("not a query, but not refused:\n%s", printShape(shape))
	}
	if (shape.Verb == invalidation.Mutation) != (len(shape.Writes) > 0) {
		t.Errorf("only mutations write:\n%s", printShape(shape))
	}
	for i := range shape.Uses {
		checkName(t, shape.Uses[i].Table)
		checkOperands(t, shape, shape.Uses[i].Where)
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
func checkOperands(t *testing.T, shape *invalidation.Shape, p *predicate) {
	if p == nil {
		return
	}
	for i := range p.Terms {
		checkOperands(t, shape, &p.Terms[i])
	}
	for _, o := range p.Operands {
		if o.Param < 0 || o.Param > shape.Params || !isKnown(o) {
			t.Errorf("operand %+v in a statement of %d parameters", o, shape.Params)
		}
	}
	switch p.Op {
	case invalidation.And, invalidation.Or, invalidation.IsNull, invalidation.IsNotNull:
	case invalidation.In, invalidation.NotIn:
		if len(p.Operands) == 0 {
			t.Errorf("%s has no operands", printPredicate(*p))
		}
	case invalidation.Joined:
		if len(p.Terms) != 1 || p.Table == "" {
			t.Errorf("%s says nothing", printPredicate(*p))
		}
	default:
		if len(p.Operands) != 1 {
			t.Errorf("%s has %d operands", printPredicate(*p), len(p.Operands))
		}
	}
}
