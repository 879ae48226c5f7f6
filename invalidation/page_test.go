package invalidation

import (
	"cmp"
	"database/sql/driver"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// paged is the shape of SELECT … FROM posts WHERE … ORDER BY column LIMIT limit.
func paged(where Predicate, column string, desc bool, limit Operand, looked ...string) *Shape {
	s := read(where, append(looked, column)...)
	s.Page = &Page{Use: 0, Column: column, Result: column, Desc: desc, Limit: limit}
	if limit.Param > 0 {
		s.Params = limit.Param
	}
	return s
}

func TestPages(t *testing.T) {
	noon := date("2026-06-01T12:00:00Z")
	of := func(column string, desc bool) *Shape { return paged(all(), column, desc, literal(int64(10)), "title") }
	asc, desc := of("views", false), of("views", true)
	for _, c := range []struct {
		name  string
		query *Shape
		rows  int64
		last  driver.Value
		row   row
		drops bool
	}{
		{"a row after the last one", asc, 10, int64(50), row{"views": int64(51)}, false},
		{"a row before it", asc, 10, int64(50), row{"views": int64(49)}, true},
		{"a tie", asc, 10, int64(50), row{"views": int64(50)}, true},
		{"NULL, which may come first", asc, 10, int64(50), row{"views": nil}, true},
		{"a row that says nothing of it", asc, 10, int64(50), row{"title": "x"}, true},
		{"after the last one, descending", desc, 10, int64(50), row{"views": int64(49)}, false},
		{"before it, descending", desc, 10, int64(50), row{"views": int64(51)}, true},
		{"NULL, which may come first, descending", desc, 10, int64(50), row{"views": nil}, true},
		{"the page is not full", asc, 9, int64(50), row{"views": int64(51)}, true},
		{"no row", asc, 0, nil, row{"views": int64(51)}, true},
		{"more rows than the page has", asc, 11, int64(50), row{"views": int64(51)}, true},
		{"a page of no rows", paged(all(), "views", false, literal(int64(0))), 0, int64(50), row{"views": int64(51)}, true},
		{"a limit that is not known", paged(all(), "views", false, Operand{}), 10, int64(50), row{"views": int64(51)}, true},
		{"no limit", paged(all(), "views", false, literal(nil)), 10, int64(50), row{"views": int64(51)}, true},
		{"the last one is NULL", asc, 10, nil, row{"views": int64(51)}, true},
		{"the last one is not understood", asc, 10, 50.5, row{"views": int64(51)}, true},
		{"true may be a large number", asc, 10, true, row{"views": int64(51)}, true},
		{"false is no positive one", asc, 10, false, row{"views": int64(51)}, false},
		{"texts have an order of their own", of("title", false), 10, "b", row{"title": "c"}, true},
		{"nothing is known of the column", of("price", false), 10, int64(50), row{"price": int64(51)}, true},
		{"floats", of("score", false), 10, 1.5, row{"score": 1.6}, false},
		{"a float that may be the same", of("score", false), 10, 1.5, row{"score": 1.50000001}, true},
		{"times", of("created_at", false), 10, noon, row{"created_at": noon.AddDate(0, 0, 4)}, false},
		{"times that zones may turn round", of("created_at", false), 10, noon, row{"created_at": noon.AddDate(0, 0, 1)}, true},
		{"a number that is read as a time comes before all times", of("created_at", true), 10, noon, row{"created_at": noon.AddDate(0, 0, -9)}, true},
		{"no page", read(all()), 10, int64(50), row{"views": int64(51)}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := c.query.Dependency("db", nil, blog)
			before := d.String()
			narrowed := c.query.Narrow(d, nil, blog, Outcome{Rows: c.rows, Last: c.last})
			if d.String() != before {
				t.Error("the dependency was changed")
			}
			change := insert(c.row).Changes("db", nil, blog, Facts{})[0]
			if got := change.Meets(&narrowed.Tables[0]); got != c.drops {
				t.Errorf("dropped: %v", got)
			}
		})
	}
}

func TestPagesOfServers(t *testing.T) {
	noon := date("2026-06-01T12:00:00Z")
	catalog := Catalog{"posts": {Name: "posts", Base: true, Columns: map[string]Column{
		"at": {Kind: Time, Canonical: true}, "on": {Kind: Clock, Canonical: true}, "price": {Kind: Decimal, Canonical: true, Scale: 2},
		"day": {Kind: Day}, "ok": {Kind: Int, Canonical: true}, "name": {Kind: Exact, Canonical: true}, "uuid": {Kind: UUID, Canonical: true},
	}}}
	for _, c := range []struct {
		name   string
		column string
		desc   bool
		last   driver.Value
		value  driver.Value
		drops  bool
	}{
		{"an instant", "at", true, noon, noon.Add(-2 * 1e9), false},
		{"an instant that may be rounded", "at", true, noon, noon.Add(-5e8), true},
		{"a clock", "on", true, noon, noon.AddDate(0, 0, -4), false},
		{"a clock of another zone", "on", true, noon, noon.AddDate(0, 0, -1), true},
		{"a day", "day", false, noon, noon.AddDate(0, 0, 3), false},
		{"a day that the driver may have moved", "day", false, noon, noon.AddDate(0, 0, 2), true},
		{"a day, downwards, where a number may come last", "day", true, noon, noon.AddDate(0, 0, -9), true},
		{"a decimal in bytes", "price", false, []byte("19.99"), "20.00", false},
		{"a decimal that comes before", "price", false, []byte("19.99"), "19.98", true},
		{"a decimal that is rounded", "price", false, []byte("19.99"), "19.994", true},
		{"a boolean, which may stand for any number", "ok", false, true, int64(2), true},
		{"an integer in bytes", "ok", false, []byte("7"), int64(8), false},
		{"text", "name", false, "b", "c", true},
		{"UUIDs, which are sorted in other ways", "uuid", false, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "f0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			query := paged(all(), c.column, c.desc, literal(int64(10)))
			narrowed := query.Narrow(query.Dependency("db", nil, catalog), nil, catalog, Outcome{Rows: 10, Last: c.last})
			change := insert(row{c.column: c.value}).Changes("db", nil, catalog, Facts{})[0]
			if got := change.Meets(&narrowed.Tables[0]); got != c.drops {
				t.Errorf("dropped: %v", got)
			}
		})
	}
}

func TestOtherReadingsOfAPagedTableStayWhole(t *testing.T) {
	late := insert(row{"views": int64(51)}).Changes("db", nil, blog, Facts{})[0]
	limited := func() *Shape { return paged(all(), "views", false, param(1)) }
	args := []driver.Value{int64(10)}
	narrow := func(s *Shape, declared ...string) *TableDependency {
		d := s.Dependency("db", args, blog)
		for _, name := range declared {
			d.Declare(Table{"db", name})
		}
		d = s.Narrow(d, args, blog, Outcome{Rows: 10, Last: int64(50)})
		i := slices.IndexFunc(d.Tables, func(t TableDependency) bool { return t.Table.Name == "posts" })
		return &d.Tables[i]
	}
	if late.Meets(narrow(limited())) {
		t.Error("the page alone is not narrowed")
	}
	if late.Meets(narrow(limited(), "others")) {
		t.Error("the page is not narrowed beside another table that is declared")
	}
	if !late.Meets(narrow(limited(), "posts")) {
		t.Error("a table that the caller has declared is narrowed")
	}
	twice := limited()
	twice.Uses = append(twice.Uses, Use{Table: "posts"})
	if !late.Meets(narrow(twice)) {
		t.Error("a second reading of the table is narrowed")
	}
	elsewhere := limited()
	here := eq("author_id", int64(1))
	elsewhere.Uses = append(elsewhere.Uses, Use{Table: "posts", Where: &here})
	if late.Meets(narrow(elsewhere)) != true {
		t.Error("a second reading that the row may belong to is narrowed")
	}
	other := insert(row{"views": int64(51), "author_id": int64(2)}).Changes("db", nil, blog, Facts{})[0]
	if other.Meets(narrow(elsewhere)) {
		t.Error("a row that belongs to neither reading is not kept out")
	}
	if d := limited().Dependency("db", nil, blog); limited().Narrow(d, nil, blog, Outcome{Rows: 10, Last: int64(50)}) != d {
		t.Error("without its arguments the page is narrowed")
	}
}

// TestLawFullPagesDependOnNothingPastTheirLastRow runs pages of a join of two
// tables: whatever happens to a few rows, if the page is another one afterwards,
// the change must meet what the page depends on.
func TestLawFullPagesDependOnNothingPastTheirLastRow(t *testing.T) {
	catalog := Catalog{"r": {Name: "r", Base: true, Columns: map[string]Column{"c": {Kind: Int}, "k": {Kind: Int}, "v": {Kind: Int}}}}
	looked := Columns{Names: []string{"c", "k", "v"}}
	// v is shown, c and k decide about the place.
	type row struct{ c, k, v driver.Value }
	boxes := func(r row) []Box {
		columns := catalog["r"].Columns
		return []Box{{{"c", columns["c"].stored(r.c)}, {"k", columns["k"].stored(r.k)}, {"v", columns["v"].stored(r.v)}}}
	}
	differ := func(a, b row) (columns Columns) {
		for name, same := range map[string]bool{"c": a.c == b.c, "k": a.k == b.k, "v": a.v == b.v} {
			if !same {
				columns.Add(name)
			}
		}
		return columns
	}
	rapid.Check(t, func(t *rapid.T) {
		value := func(label string) driver.Value {
			if rapid.IntRange(0, 5).Draw(t, "null") == 0 {
				return nil
			}
			return rapid.Int64Range(0, 6).Draw(t, label)
		}
		desc, nullsFirst, self := rapid.Bool().Draw(t, "desc"), rapid.Bool().Draw(t, "nulls first"), rapid.Bool().Draw(t, "self join")
		limit, offset := rapid.Int64Range(0, 4).Draw(t, "limit"), rapid.IntRange(0, 3).Draw(t, "offset")
		above := rapid.Int64Range(-1, 2).Draw(t, "above")
		where := atom("k", Greater, above)
		shape := &Shape{Verb: Query, Uses: []Use{{"r", &where, looked}}, Page: &Page{Use: 0, Column: "c", Result: "c", Desc: desc, Limit: literal(limit)}}
		if offset > 0 {
			shape.Page.Place = Columns{Names: []string{"c", "k"}}
		}
		if self {
			shape.Uses = append(shape.Uses, Use{"r", nil, looked})
		}

		order := func(a, b [2]row) int {
			x, y := a[0].c, b[0].c
			switch {
			case x == nil && y == nil:
			case x == nil || y == nil:
				if (x == nil) == nullsFirst {
					return -1
				}
				return 1
			case x != y && desc:
				return cmp.Compare(y.(int64), x.(int64))
			case x != y:
				return cmp.Compare(x.(int64), y.(int64))
			}
			return cmp.Compare(fmt.Sprint(b[0].k), fmt.Sprint(a[0].k))
		}
		page := func(rows []row) [][2]row {
			var result [][2]row
			for _, r := range rows {
				if r.k == nil || r.k.(int64) <= above {
					continue
				}
				if !self {
					result = append(result, [2]row{r})
				}
				for _, other := range rows {
					if self && other.c != nil && other.c == r.k {
						result = append(result, [2]row{r, other})
					}
				}
			}
			slices.SortStableFunc(result, order)
			result = result[min(offset, len(result)):]
			return result[:min(int(limit), len(result))]
		}

		var rows []row
		for range rapid.IntRange(0, 12).Draw(t, "rows") {
			rows = append(rows, row{value("c"), value("k"), value("v")})
		}
		result := page(rows)
		dependency := shape.Dependency("db", nil, catalog)
		if n := len(result); n > 0 {
			dependency = shape.Narrow(dependency, nil, catalog, Outcome{Rows: int64(n), First: result[0][0].c, Last: result[n-1][0].c})
		}

		after, change := slices.Clone(rows), Change{Table: Table{"db", "r"}}
		fresh := row{value("c"), value("k"), value("v")}
		change.Kind = rapid.SampledFrom([]ChangeKind{Insert, Update, Delete}).Draw(t, "change")
		switch at := rapid.IntRange(0, 11).Draw(t, "at"); {
		case change.Kind == Insert:
			after, change.After = append(after, fresh), boxes(fresh)
		case at >= len(rows):
			return
		case change.Kind == Update:
			if rapid.Bool().Draw(t, "in place") {
				fresh.c, fresh.k = rows[at].c, rows[at].k
			}
			change.Before, change.After, change.Columns = boxes(rows[at]), boxes(fresh), differ(rows[at], fresh)
			after[at] = fresh
		default:
			change.Before = boxes(rows[at])
			after = slices.Delete(after, at, at+1)
		}
		if !slices.Equal(result, page(after)) && !change.Meets(&dependency.Tables[0]) {
			t.Fatalf("%v\nof %v\nturns %v into %v, but misses\n%v", change, rows, result, page(after), dependency)
		}
	})
}
