package invalidation

import "testing"

// An upsert changes only rows that are in the way of a new one: those with its
// values in some unique key.
func TestUpsertsReachRowsInTheWay(t *testing.T) {
	columns := map[string]Column{
		"id": {Kind: Int, Unique: true}, "slug": {Kind: Text, Unique: true}, "price": {Kind: Decimal, Scale: 2},
		"a": {Kind: Int}, "b": {Kind: Int},
	}
	with := func(keys ...[]string) Catalog {
		if keys == nil {
			keys = [][]string{}
		}
		return Catalog{"t": {Name: "t", Base: true, Columns: columns, Keys: keys}}
	}
	unknown := Catalog{"t": {Name: "t", Base: true, Columns: columns}}
	lit := func(vs ...any) []Operand {
		var row []Operand
		for _, v := range vs {
			row = append(row, Operand{Known: true, Literal: v})
		}
		return row
	}
	for _, c := range []struct {
		name    string
		catalog Catalog
		key     []string
		names   []string
		rows    [][]Operand
		before  string
	}{
		{"of a key that is named", unknown, []string{"id"}, []string{"id", "a"}, [][]Operand{lit(int64(5), int64(1))}, "{id = 5}"},
		{"of several rows", unknown, []string{"id"}, []string{"id"}, [][]Operand{lit(int64(5)), lit(int64(6))}, "{id = 5} or {id = 6}"},
		{"of a key of two", unknown, []string{"a", "b"}, []string{"a", "b"}, [][]Operand{lit(int64(1), int64(2))}, "{a = 1, b = 2}"},
		{"with NULL in it", unknown, []string{"a", "b"}, []string{"a", "b"}, [][]Operand{lit(int64(1), nil)}, "{no row}"},
		{"as it would be stored", unknown, []string{"price"}, []string{"price"}, [][]Operand{lit("1.005")}, "{1 <= price <= 1.01}"},
		{"of any key", with([]string{"id"}, []string{"slug"}), nil, []string{"id", "slug"}, [][]Operand{lit(int64(5), "x")}, `{id = 5} or {slug = "x"}`},
		{"of a key of which nothing is given", with([]string{"id"}, []string{"slug"}), nil, []string{"id"}, [][]Operand{lit(int64(5))}, "{any row}"},
		{"of a key of which part is given", with([]string{"a", "b"}), nil, []string{"a"}, [][]Operand{lit(int64(5))}, "{a = 5}"},
		{"of a key of expressions", with([]string{"id"}, nil), nil, []string{"id"}, [][]Operand{lit(int64(5))}, "{any row}"},
		{"of a generated key", with([]string{"id"}), nil, []string{"id"}, [][]Operand{lit(nil)}, "{any row}"},
		{"of a NULL that is no key's", with([]string{"slug"}), nil, []string{"slug"}, [][]Operand{lit(nil)}, "{no row}"},
		{"where there is no key", with(), nil, []string{"id"}, [][]Operand{lit(int64(5))}, "{no row}"},
		{"of keys that are not known", unknown, nil, []string{"id"}, [][]Operand{lit(int64(5))}, "{any row}"},
		{"of rows that are not written out", with([]string{"id"}), nil, []string{"id"}, nil, "{any row}"},
		{"under a name that is no column", with([]string{"id"}), nil, []string{"rowid"}, [][]Operand{lit(int64(5))}, "{any row}"},
		{"with a value that is not known", with([]string{"id"}), nil, []string{"id"}, [][]Operand{{{}}}, "{any row}"},
	} {
		w := writing{binding{nil, c.catalog}, Facts{}}
		boxes := w.reached(c.catalog["t"], &Write{Kind: Update, Conflict: true, Key: c.key, Names: c.names, Rows: c.rows})
		if got := describe(boxes); got != c.before {
			t.Errorf("%s: %s, want %s", c.name, got, c.before)
		}
	}
}

// Of very many rows only the hull is known.
func TestUpsertsOfManyRowsReachTheirHull(t *testing.T) {
	relation := &Relation{Name: "t", Base: true, Columns: map[string]Column{"id": {Kind: Int, Unique: true}}}
	write := &Write{Kind: Update, Conflict: true, Key: []string{"id"}, Names: []string{"id"}}
	for i := range 3 * maxPoints {
		write.Rows = append(write.Rows, []Operand{{Known: true, Literal: int64(i + 1)}})
	}
	w := writing{binding{nil, Catalog{"t": relation}}, Facts{}}
	boxes := w.reached(relation, write)
	for id, meets := range map[int64]bool{1: true, 3 * maxPoints: true, 3*maxPoints + 1: false, -1: false} {
		if meetAny(boxes, []Box{{{"id", relation.Columns["id"].stored(id)}}}) != meets {
			t.Errorf("%d: meets is %t", id, !meets)
		}
	}
}
