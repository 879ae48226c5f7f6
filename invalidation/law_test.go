package invalidation

import (
	"database/sql/driver"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The laws: whatever happens to rows of the tiny database of model_test.go,
// what is bound from the statements covers it.

var modelNames = []string{"b", "f", "k", "n", "s", "t"}

func drawTable(t *rapid.T) (modelTable, Catalog) {
	collations := []func(string) string{bytewise, nocase, rtrim, general}
	m := modelTable{
		"n": {kind: Int},
		"k": {kind: Int, boolean: rapid.Bool().Draw(t, "boolean")},
		"s": {kind: Text, collate: collations[rapid.IntRange(0, 3).Draw(t, "collation")]},
		"f": {kind: Float, single: rapid.Bool().Draw(t, "single")},
		"t": {kind: Time},
		"b": {kind: Bytes},
	}
	relation := &Relation{Name: "r", Base: true, Columns: map[string]Column{}}
	for name, column := range m {
		relation.Columns[name] = Column{Kind: column.kind}
	}
	return m, Catalog{"r": relation}
}

// drawValue draws a value for a column: mostly one of its kind, from few, so
// that comparisons come out either way.
func drawValue(t *rapid.T, kind Kind) driver.Value {
	if rapid.IntRange(0, 9).Draw(t, "odd") == 0 {
		return rapid.SampledFrom([]driver.Value{
			nil, int64(3), true, 2.5, 3.0, "3", "3.0", "abc", "", []byte("abc"), time.Unix(1e9, 0).UTC(),
		}).Draw(t, "value")
	}
	return drawValueOf(t, kind)
}

func drawValueOf(t *rapid.T, kind Kind) driver.Value {
	switch kind {
	case Int:
		return rapid.Int64Range(-2, 5).Draw(t, "int")
	case Float:
		return float64(rapid.IntRange(-5, 9).Draw(t, "tenths")) * 0.1
	case Decimal:
		return fmt.Sprintf("%.3f", float64(rapid.IntRange(-2500, 2500).Draw(t, "thousandths"))/1000)
	case UUID:
		return fmt.Sprintf("%032d", rapid.IntRange(0, 5).Draw(t, "uuid"))
	case Text, Exact:
		return rapid.SampledFrom([]string{
			"", "a", "A", "a ", "ab", "AB", "abc", "b", "cafe", "café", "CAFÉ", "strasse", "straße", "a%", "a_",
		}).Draw(t, "text")
	case Bytes:
		return []byte(rapid.SampledFrom([]string{"", "a", "A", "ab"}).Draw(t, "bytes"))
	}
	zone := rapid.SampledFrom([]int{0, 2 * 3600, -12 * 3600, 14 * 3600, 1172}).Draw(t, "zone")
	hours := rapid.IntRange(0, 200).Draw(t, "hours")
	at := time.Date(2026, 1, 1, hours, 0, 0, 0, time.UTC).In(time.FixedZone("", zone))
	// Another writer may store a time in another form.
	switch rapid.IntRange(0, 9).Draw(t, "form") {
	case 0:
		return at.Format("2006-01-02T15:04:05.999999999-07:00")
	case 1:
		return at.Format("2006-01-02")
	case 2:
		return at.Unix()
	}
	return at
}

func drawRow(t *rapid.T, m modelTable) map[string]driver.Value {
	row := map[string]driver.Value{}
	for _, name := range modelNames {
		row[name] = drawValue(t, m[name].kind)
	}
	return row
}

func (m modelTable) store(row map[string]driver.Value) modelRow {
	stored := modelRow{}
	for name, v := range row {
		stored[name] = m[name].store(v)
	}
	return stored
}

func (m modelTable) image(row modelRow) Image {
	image := Image{}
	for name, v := range row {
		image[name] = m[name].load(v)
	}
	return image
}

// statement draws predicates and collects their arguments.
type statement struct {
	*rapid.T
	table modelTable
	args  []driver.Value
}

func (s *statement) operand(v driver.Value) Operand {
	if rapid.Bool().Draw(s.T, "literal") {
		return Operand{Known: true, Literal: v}
	}
	s.args = append(s.args, v)
	return Operand{Param: len(s.args)}
}

func (s *statement) predicate(depth int) Predicate {
	if depth > 0 && rapid.Bool().Draw(s.T, "branch") {
		p := Predicate{Op: rapid.SampledFrom([]Op{And, Or}).Draw(s.T, "op")}
		for range rapid.IntRange(0, 5).Draw(s.T, "terms") {
			p.Terms = append(p.Terms, s.predicate(depth-1))
		}
		return p
	}
	p := Predicate{
		Op:     Op(rapid.IntRange(int(Eq), int(Like)).Draw(s.T, "op")),
		Column: rapid.SampledFrom(modelNames).Draw(s.T, "column"),
	}
	operands := 1
	switch p.Op {
	case In, NotIn:
		operands = rapid.IntRange(0, 5).Draw(s.T, "members")
	case IsNull, IsNotNull:
		operands = 0
	}
	for range operands {
		p.Operands = append(p.Operands, s.operand(drawValue(s.T, s.table[p.Column].kind)))
	}
	return p
}

// columnsOfPredicate lists the columns that a predicate looks at.
func columnsOfPredicate(p *Predicate, into *Columns) {
	for i := range p.Terms {
		columnsOfPredicate(&p.Terms[i], into)
	}
	if p.Op != And && p.Op != Or {
		into.Add(p.Column)
	}
}

func TestLawBoxesCoverTheRowsForWhichThePredicateHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table, catalog := drawTable(t)
		s := statement{T: t, table: table}
		p := s.predicate(3)
		written := drawRow(t, table)
		row := table.store(written)

		b := binding{s.args, catalog}
		boxes := b.boxes(catalog["r"], &p)
		if len(boxes) > maxBoxes {
			t.Fatalf("%d boxes", len(boxes))
		}
		if table.holds(&p, row, s.args) != isTrue {
			return
		}
		asWritten, asRead := Box{}, table.image(row).box(catalog["r"])
		for _, name := range modelNames {
			asWritten, _ = asWritten.restrict(name, catalog["r"].Columns[name].stored(written[name]))
		}
		for _, of := range []Box{asWritten, asRead} {
			if !meetAny([]Box{of}, boxes) || !meetAny(boxes, []Box{of}) {
				t.Fatalf("the row %v satisfies the predicate, but its box %v misses %v", row, of, describe(boxes))
			}
		}
	})
}

// TestLawChangesMeetTheResultsThatTheyAlter runs whole statements: a query
// that returns some columns of the rows that satisfy a predicate, and a write.
// If the answer is another one afterwards, some change must meet the query's
// dependency.
func TestLawChangesMeetTheResultsThatTheyAlter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table, catalog := drawTable(t)
		query := statement{T: t, table: table}
		where := query.predicate(2)
		selected := rapid.SliceOfDistinct(rapid.SampledFrom(modelNames), rapid.ID).Draw(t, "selected")
		looked := Columns{}
		columnsOfPredicate(&where, &looked)
		for _, name := range selected {
			looked.Add(name)
		}
		shape := Shape{Verb: Query, Params: len(query.args), Uses: []Use{{Table: "r", Where: &where, Columns: looked}}}
		dependency := shape.Dependency("db", query.args, catalog)

		var rows []modelRow
		for range rapid.IntRange(0, 3).Draw(t, "rows") {
			rows = append(rows, table.store(drawRow(t, table)))
		}
		answer := func(rows []modelRow) (out []string) {
			for _, row := range rows {
				if table.holds(&where, row, query.args) == isTrue {
					line := ""
					for _, name := range selected {
						line += fmt.Sprintf("%T(%v),", row[name], row[name])
					}
					out = append(out, line)
				}
			}
			slices.Sort(out)
			return out
		}
		after, changes := drawWrite(t, table, catalog, rows)
		if slices.Equal(answer(rows), answer(after)) {
			return
		}
		for i := range changes {
			if changes[i].Meets(&dependency.Tables[0]) {
				return
			}
		}
		t.Fatalf("%v\nbefore %q\nafter  %q\nbut %v misses", dependency, answer(rows), answer(after), changes)
	})
}

// drawWrite draws a write, and returns the rows after it and its changes.
func drawWrite(t *rapid.T, table modelTable, catalog Catalog, rows []modelRow) ([]modelRow, []Change) {
	s := statement{T: t, table: table}
	where := s.predicate(1)
	kind := rapid.SampledFrom([]ChangeKind{Insert, Update, Delete}).Draw(t, "kind")
	write := Write{Table: "r", Kind: kind}
	assigned := rapid.SliceOfNDistinct(rapid.SampledFrom(modelNames), 1, 4, rapid.ID).Draw(t, "assigned")
	values := map[string]driver.Value{}
	for _, name := range assigned {
		values[name] = drawValue(t, table[name].kind)
		operand := s.operand(values[name])
		if rapid.IntRange(0, 9).Draw(t, "unknown") == 0 {
			operand = Operand{}
		}
		write.Set = append(write.Set, Assignment{Column: name, Values: []Operand{operand}})
	}

	var facts Facts
	after := []modelRow{}
	if kind == Insert {
		n := rapid.SampledFrom([]int{1, 2, 20}).Draw(t, "new")
		after = append(after, rows...)
		write.Set, write.Names, write.Chosen = nil, modelNames, rapid.Bool().Draw(t, "chosen")
		for range n {
			given := drawRow(t, table)
			operands := make([]Operand, len(modelNames))
			for i, name := range modelNames {
				operands[i] = s.operand(given[name])
				if rapid.IntRange(0, 9).Draw(t, "unknown") == 0 {
					operands[i] = Operand{}
				}
			}
			write.Rows = append(write.Rows, operands)
			after = append(after, table.store(given))
			facts.Chosen = append(facts.Chosen, table.image(table.store(given)))
		}
	} else {
		write.Where = &where
		facts.HasBefore = rapid.Bool().Draw(t, "images")
	}
	leftOut := rapid.SliceOfDistinct(rapid.SampledFrom(modelNames), rapid.ID).Draw(t, "left out")
	for _, row := range rows {
		switch {
		case kind == Insert:
		case table.holds(&where, row, s.args) != isTrue:
			after = append(after, row)
		default:
			image := table.image(row)
			maps.DeleteFunc(image, func(name string, _ driver.Value) bool { return slices.Contains(leftOut, name) })
			facts.Before = append(facts.Before, image)
			if kind == Update {
				row = maps.Clone(row)
				for name, v := range values {
					row[name] = table[name].store(v)
				}
				after = append(after, row)
			}
		}
	}
	shape := Shape{Verb: Mutation, Params: len(s.args), Writes: []Write{write}}
	return after, shape.Changes("db", s.args, catalog, facts)
}

// forms are those that a set of a kind may take.
var forms = map[Kind][]form{
	Int:   {everything, finite, intervals, allBut},
	Float: {everything, finite, intervals},
	Text:  {everything, finite, prefixes, prefixes},
	Bytes: {everything, finite},
	Time:  {everything, finite, intervals},

	Exact:   {everything, finite, prefixes, prefixes},
	Clock:   {everything, finite, intervals},
	Decimal: {everything, finite, intervals},
	UUID:    {everything, finite, intervals, allBut},
}

var allKinds = []Kind{Int, Text, Time, Float, Bytes, Exact, Clock, Decimal, UUID}

// drawSet draws a set of one kind, of every form.
func drawSet(t *rapid.T, kind Kind) Set {
	value := func() Value {
		v, ok := valueOf(drawValueOf(t, kind), kind)
		if !ok || (kind == Text || kind == Exact) && v.text == "" {
			return Value{kind: kind, text: "a"}
		}
		return v
	}
	var values []Value
	for range rapid.IntRange(0, 4).Draw(t, "values") {
		values = append(values, value())
	}
	null := rapid.Bool().Draw(t, "null")
	switch rapid.SampledFrom(forms[kind]).Draw(t, "form") {
	case everything:
		return Set{notNull: !null}
	case intervals:
		var spans []span
		for _, v := range values {
			s := span{lo: v, hi: value(), openLo: rapid.Bool().Draw(t, "open"), openHi: rapid.Bool().Draw(t, "open")}
			if c := s.lo.compare(&s.hi); c > 0 || c == 0 && (s.openLo || s.openHi) {
				s = span{lo: s.lo, openLo: s.openLo}
			}
			spans = append(spans, s)
		}
		return spanSet(null, spans...)
	case allBut:
		return allButSet(null, values)
	case prefixes:
		for i := range values {
			values[i] = values[i].prefix()
		}
		return prefixSet(null, values)
	}
	return finiteSet(null, values)
}

func has(s *Set, v Value) bool {
	if v.isNull() {
		return !s.notNull
	}
	return s.contains(v)
}

func TestLawSetOperationsCover(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom(allKinds).Draw(t, "kind")
		a, b := drawSet(t, kind), drawSet(t, kind)
		v, ok := valueOf(drawValue(t, kind), kind)
		if !ok {
			return
		}
		both, either := a.Intersect(b), a.Union(b)
		switch inA, inB := has(&a, v), has(&b, v); {
		case inA && inB && !has(&both, v):
			t.Fatalf("%v is in %v and %v, but not in the intersection %v", v, a, b, both)
		case inA && inB && !a.Meets(b):
			t.Fatalf("%v is in %v and %v, but they do not meet", v, a, b)
		case (inA || inB) && !has(&either, v):
			t.Fatalf("%v is in %v or %v, but not in the union %v", v, a, b, either)
		}
		if a.Meets(b) != b.Meets(a) {
			t.Fatalf("%v and %v meet only one way", a, b)
		}
		// The intersection is not needlessly large: sets that meet nowhere
		// have an empty one, and it lies in both. An interval alone is not cut
		// in two at a value that is left out.
		if a.Meets(b) == both.empty() {
			t.Fatalf("Meets is %v, the intersection of %v and %v is %v", a.Meets(b), a, b, both)
		}
		cut := a.form == intervals && b.form == allBut || a.form == allBut && b.form == intervals
		if !cut && has(&both, v) && !(has(&a, v) && has(&b, v)) {
			t.Fatalf("%v is in %v, but not in both %v and %v", v, both, a, b)
		}
	})
}

func TestLawSetsOfDifferentKindsMeet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kinds := rapid.SliceOfNDistinct(rapid.SampledFrom(allKinds), 2, 2, rapid.ID).Draw(t, "kinds")
		a, b := drawSet(t, kinds[0]), drawSet(t, kinds[1])
		some := func(s Set) bool { return s.kind() != Unknown }
		if some(a) && some(b) && (!a.Meets(b) || !b.Meets(a)) {
			t.Fatalf("%v and %v are told apart", a, b)
		}
		both, either := a.Intersect(b), a.Union(b)
		if some(a) && some(b) && (both.empty() || either.form != everything) {
			t.Fatalf("%v and %v: intersection %v, union %v", a, b, both, either)
		}
	})
}

func TestLawBoxOperationsCover(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table, catalog := drawTable(t)
		draw := func() []Box {
			boxes := make([]Box, rapid.IntRange(1, 20).Draw(t, "boxes"))
			for i := range boxes {
				boxes[i] = table.image(table.store(drawRow(t, table))).box(catalog["r"])
				for _, name := range rapid.SliceOf(rapid.SampledFrom(modelNames)).Draw(t, "forget") {
					if at, found := boxes[i].find(name); found {
						boxes[i] = slices.Delete(boxes[i], at, at+1)
					}
				}
			}
			return boxes
		}
		a, b, row := draw(), draw(), draw()[:1]
		if meetAny(a, b) != meetAny(b, a) {
			t.Fatalf("%v and %v meet only one way", describe(a), describe(b))
		}
		if meetAny(a, row) && (!meetAny(limit(a), row) || !meetAny([]Box{hull(a)}, row)) {
			t.Fatalf("%v is lost in the hull of %v: %v", row, describe(a), hull(a))
		}
		for _, p := range a {
			for _, q := range b {
				if both, ok := p.And(q); ok != p.Meets(q) || ok && !both.Meets(p) {
					t.Fatalf("%v and %v: %v, %v", p, q, both, ok)
				}
			}
		}
		both := intersect(limit(a), limit(b))
		if meetAny(limit(a), limit(b)) && len(both) == 0 || len(both) > maxBoxes {
			t.Fatalf("%v and %v: %v", describe(a), describe(b), describe(both))
		}
	})
}
