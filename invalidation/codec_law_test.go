package invalidation

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var encodedKinds = []Kind{Int, Float, Text, Bytes, Time, Exact, Clock, Decimal, UUID, Wall, Day, Verbatim}

// drawMadeSet draws a set of a kind, of which predicates, unions and intersections make
// every form.
func drawMadeSet(t *rapid.T, kind Kind, depth int) Set {
	column := Column{Kind: kind, Canonical: rapid.Bool().Draw(t, "canonical"), Scale: 2}
	switch choice := rapid.IntRange(0, 9).Draw(t, "set"); {
	case depth > 0 && choice < 2:
		return drawMadeSet(t, kind, depth-1).Union(drawMadeSet(t, kind, depth-1))
	case depth > 0 && choice < 4:
		return drawMadeSet(t, kind, depth-1).Intersect(drawMadeSet(t, kind, depth-1))
	case choice == 4:
		return rapid.SampledFrom([]Set{{}, none, onlyNull, someValue}).Draw(t, "plain")
	case choice == 5:
		return column.stored(drawEncoded(t, kind))
	case choice == 7:
		return column.read(drawEncoded(t, kind))
	case choice == 6:
		set := column.stored(drawEncoded(t, kind))
		return set.plus(Value{kind: Int, lo: 3}, true)
	}
	return column.compared(rapid.SampledFrom([]Op{Eq, NotEq, Less, LessEq, Greater, GreaterEq, Like}).Draw(t, "op"), drawEncoded(t, kind))
}

// drawEncoded draws a value of a kind, from more than [drawValueOf] does.
func drawEncoded(t *rapid.T, kind Kind) any {
	switch kind {
	case Int:
		if rapid.Bool().Draw(t, "unsigned") {
			return rapid.Uint64().Draw(t, "uint")
		}
		return rapid.Int64().Draw(t, "int")
	case Float:
		return rapid.Float64().Draw(t, "float")
	case Decimal:
		return rapid.SampledFrom([]any{int64(3), "0.5", "-2.25", "1.125", 0.1, "-4611686018427387903.0000000000000000001"}).Draw(t, "decimal")
	case Text, Exact:
		return rapid.StringOfN(rapid.RuneFrom([]rune("aAbB zé~ \x01")), -1, 12, -1).Draw(t, "text")
	case Bytes:
		return rapid.SliceOfN(rapid.Byte(), 0, 12).Draw(t, "bytes")
	case Day, Wall, Clock, Time:
		return time.Unix(rapid.Int64Range(-1<<34, 1<<34).Draw(t, "seconds"), rapid.Int64Range(0, 999999999).Draw(t, "nanoseconds")).UTC()
	case Verbatim:
		return rapid.SampledFrom([]any{"2026-03-01", "2026-03-01T12:00:00Z", "2026", int64(5), time.Unix(5, 6).UTC()}).Draw(t, "verbatim")
	case UUID:
		return [16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "uuid"))
	}
	return drawValueOf(t, kind)
}

func drawBoxes(t *rapid.T) []Box {
	var boxes []Box
	for range rapid.IntRange(0, 3).Draw(t, "boxes") {
		var box Box
		some := true
		for _, name := range modelNames {
			if some && rapid.Bool().Draw(t, "term") {
				box, some = box.restrict(name, drawMadeSet(t, rapid.SampledFrom(encodedKinds).Draw(t, "kind"), 2))
			}
		}
		if some {
			boxes = append(boxes, box)
		}
	}
	return boxes
}

func drawColumns(t *rapid.T) Columns {
	if rapid.Bool().Draw(t, "all columns") {
		return Columns{All: true}
	}
	var c Columns
	for _, name := range modelNames {
		if rapid.Bool().Draw(t, "column") {
			c.Add(name)
		}
	}
	return c
}

func drawChange(t *rapid.T) Change {
	return Change{
		Table:  Table{rapid.SampledFrom([]string{"", "db", "other"}).Draw(t, "database"), rapid.SampledFrom([]string{"r", "s", AllTables}).Draw(t, "table")},
		Kind:   rapid.SampledFrom(changeNumbers).Draw(t, "kind"),
		Before: drawBoxes(t), After: drawBoxes(t), Columns: drawColumns(t),
		Rows: rapid.Int64().Draw(t, "rows"),
	}
}

func drawDependency(t *rapid.T) *Dependency {
	d := &Dependency{Tables: []TableDependency{}}
	for range rapid.IntRange(0, 3).Draw(t, "tables") {
		table := d.table(Table{rapid.SampledFrom([]string{"db", "other"}).Draw(t, "database"), rapid.SampledFrom([]string{"r", "s", "u"}).Draw(t, "table")})
		table.declared = rapid.Bool().Draw(t, "declared")
		for range rapid.IntRange(0, 3).Draw(t, "parts") {
			table.add(Part{drawBoxes(t), drawColumns(t), rapid.SampledFrom(sideNumbers).Draw(t, "side")})
		}
	}
	return d
}

func TestLawChangesAreReadAsTheyWere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, follows := drawChange(t), []byte("what follows")
		b := AppendChange([]byte("before"), &c)
		if b, found := bytes.CutPrefix(b, []byte("before")); found {
			got, rest, err := ReadChange(append(b, follows...))
			if err != nil || !bytes.Equal(rest, follows) || !reflect.DeepEqual(got, c) {
				t.Fatalf("read\n%#v\n%q, %v; want\n%#v", got, rest, err, c)
			}
			return
		}
		t.Fatal("what was there is not there any more")
	})
}

func TestLawDependenciesAreReadAsTheyWere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, follows := drawDependency(t), []byte("what follows")
		got, rest, err := ReadDependency(append(AppendDependency(nil, d), follows...))
		if err != nil || !bytes.Equal(rest, follows) || !reflect.DeepEqual(got, d) {
			t.Fatalf("read\n%#v\n%q, %v; want\n%#v", got, rest, err, d)
		}
	})
}

// Every form and kind must come up, or the laws above say less than they seem to.
func TestEveryFormOfEveryKindIsDrawn(t *testing.T) {
	drawn := map[form]map[Kind]bool{everything: {}, finite: {}, intervals: {}, allBut: {}, prefixes: {}}
	rapid.Check(t, func(t *rapid.T) {
		for range 20 {
			s := drawMadeSet(t, rapid.SampledFrom(encodedKinds).Draw(t, "kind"), 2)
			drawn[s.form][s.kind()] = true
		}
	})
	for form, kinds := range map[form][]Kind{
		everything: {Unknown}, finite: {Unknown, Int, Text, Exact, Bytes, UUID, Decimal}, allBut: {Int, UUID}, prefixes: {Text, Exact},
		intervals: {Int, Float, Time, Clock, Decimal, Wall, Day},
	} {
		for _, kind := range kinds {
			if !drawn[form][kind] {
				t.Errorf("no set of form %d and kind %d", form, kind)
			}
		}
	}
}
