package sqlite

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/invalidation/internal/syntax/shapetest"
)

// narrowSchema has articles, of which some are beside others, and what may be
// missing beside them.
const narrowSchema = `
	CREATE TABLE a (id INTEGER PRIMARY KEY, g INTEGER, v INTEGER);
	CREATE TABLE c (id INTEGER PRIMARY KEY, aid INTEGER, w INTEGER);
	CREATE TABLE d (id INTEGER PRIMARY KEY, aid INTEGER, w INTEGER)`

var narrowTables = map[string][]string{"a": {"id", "g", "v"}, "c": {"id", "aid", "w"}, "d": {"id", "aid", "w"}}

// dice chooses evenly, which rapid does not: few of its tables have rows.
type dice struct {
	*rand.Rand
	testing.TB
}

func one[E any](g *dice, list ...E) E { return list[g.IntN(len(list))] }

func (g *dice) chance(percent int) bool { return g.IntN(100) < percent }

// narrowed writes a query of which the result tells more than its text.
func (g *dice) narrowed() string {
	n := func() string { return fmt.Sprint(one(g, 0, 1, 2, 3)) }
	x := "a." + one(g, "id", "id", "g")
	and := func(condition string) string {
		if g.chance(50) {
			return ""
		}
		return " AND " + condition
	}
	sub := "c WHERE c.aid = " + x + and("c.w = "+n())
	from := one(g,
		"a LEFT JOIN c ON c.aid = "+x+and("c.w = "+n())+" WHERE c."+one(g, "id", "aid", "w")+" IS NULL",
		"a LEFT JOIN c ON "+x+" = c.aid LEFT JOIN d ON d.aid = "+one(g, "c.w", "a.v")+" WHERE c.id IS NULL",
		"a LEFT JOIN c ON c.aid = "+x+" JOIN d ON d.aid = a.v WHERE c.id IS NULL"+and("d.w = "+n()),
		"d JOIN a ON a.v = d.w LEFT JOIN c ON c.aid = "+one(g, x, "d.aid")+" WHERE c.w IS NULL",
		"d LEFT JOIN (a LEFT JOIN c ON c.aid = a.id) ON d.aid = a.id WHERE c.id IS NULL",
		"a RIGHT JOIN d ON d.aid = a.id LEFT JOIN c ON c.aid = a.g WHERE c.id IS NULL",
		"a LEFT JOIN c ON c.aid = a.id RIGHT JOIN d ON d.aid = c.w WHERE c.id IS NULL",
		"a LEFT JOIN a AS b ON b.g = a.id WHERE b.id IS NULL",
		"a JOIN d ON d.aid = "+x+" WHERE d.w = "+n(),
		"a WHERE NOT EXISTS (SELECT 1 FROM "+sub+")",
		"a WHERE NOT EXISTS (SELECT 1 FROM c LEFT JOIN d ON d.aid = c.w WHERE "+one(g, "c", "d")+".aid = "+x+")",
		"a WHERE NOT EXISTS (SELECT 1 FROM c WHERE c.aid = "+x+" GROUP BY c.aid HAVING count(*) = 1)",
		"a WHERE NOT EXISTS (SELECT 1 FROM "+sub+") AND a.g NOT IN (SELECT d.w FROM d)",
		"a WHERE EXISTS (SELECT 1 FROM "+sub+")",
		"a WHERE "+x+one(g, " NOT IN ", " NOT IN ", " IN ")+"(SELECT c.aid FROM c WHERE c.w < "+n()+")",
		"a WHERE NOT "+x+" IN (SELECT c.aid FROM c)",
		"a WHERE "+x+" NOT IN (SELECT c.aid FROM c ORDER BY c.aid LIMIT 1)",
		"a WHERE "+x+" NOT IN (SELECT c.aid FROM d LEFT JOIN c ON c.w = 1 WHERE d.id = 0)",
		"a WHERE a.v >= "+n(),
	)
	columns := one(g, "a.id, a.v", "a.*", "a.g, a.v, a.id", "a.g, a.v AS w")
	return "SELECT " + columns + " FROM " + from + one(g, "", "", "", " AND a.g = "+n()) + g.firstRows()
}

// firstRows may end a query so that it gives the first rows in a full order.
func (g *dice) firstRows() string {
	if g.chance(50) {
		return ""
	}
	order := one(g, " ORDER BY a.id", " ORDER BY a.id DESC", " ORDER BY a.v, a.id, a.g", " ORDER BY a.v DESC, a.id, a.g")
	return order + one(g, "", " LIMIT 1", " LIMIT 2", " LIMIT 2 OFFSET 1", " LIMIT 1 OFFSET 2")
}

// told runs a query and returns its answer, and what is known by it.
func (d database) told(g *dice, query string, shape *invalidation.Shape) (answer string, o invalidation.Outcome) {
	rows, err := d.Query(query)
	if err != nil {
		g.Fatalf("%s: %v", query, err)
	}
	columns, list := readAll(g, rows)
	o.Rows = int64(len(list))
	shown := func(name string) []driver.Value {
		at := slices.IndexFunc(columns, func(c string) bool { return strings.EqualFold(c, name) })
		values := []driver.Value{}
		for _, row := range list {
			values = append(values, row[at])
		}
		return values
	}
	if shape.Page != nil && len(list) > 0 {
		values := shown(shape.Page.Result)
		o.First, o.Last = values[0], values[len(values)-1]
	}
	for _, show := range shape.Shows {
		columns := show.Columns
		if show.Star {
			columns = []invalidation.ShownColumn{{Column: "id", Result: "id"}}
		}
		c := one(g, columns...)
		o.Shown = append(o.Shown, invalidation.Shown{Showing: show, Column: c.Column, Values: shown(c.Result)})
	}
	for _, e := range shape.Edges {
		switch {
		case e.Shown != "":
			o.Partners = append(o.Partners, invalidation.Partners{Edge: e, Values: shown(e.Shown)})
		case g.chance(30):
			rows, err := d.Query("SELECT DISTINCT " + e.OtherColumn + " FROM " + shape.Uses[e.Other].Table)
			if err != nil {
				continue // the column is another table's
			}
			_, asked := readAll(g, rows)
			p := invalidation.Partners{Edge: e}
			for _, row := range asked {
				p.Values = append(p.Values, row[0])
			}
			o.Partners = append(o.Partners, p)
		}
	}
	if !strings.Contains(query, "ORDER BY a") {
		slices.SortFunc(list, func(x, y []any) int { return strings.Compare(fmt.Sprint(x), fmt.Sprint(y)) })
	}
	return fmt.Sprint(list), o
}

// readAll returns the names of the columns of a result, and its rows.
func readAll(g *dice, rows *sql.Rows) (columns []string, list [][]any) {
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		g.Fatalf("%v", err)
	}
	for rows.Next() {
		values, targets := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			targets[i] = &values[i]
		}
		if err := rows.Scan(targets...); err != nil {
			g.Fatalf("%v", err)
		}
		list = append(list, values)
	}
	return columns, list
}

// transaction does one or two statements and returns what they changed.
func (d database) transaction(g *dice, catalog invalidation.Catalog) (text string, changes []invalidation.Change) {
	for range one(g, 1, 1, 2) {
		table := one(g, "a", "c", "c", "d")
		columns := narrowTables[table]
		n := func() string { return fmt.Sprint(one(g, "0", "1", "2", "3", "4", "5", "NULL")) }
		where := " WHERE " + one(g, columns...) + " = " + n()
		insert := "INTO " + table + " (" + strings.Join(columns, ", ") + ") VALUES (" + one(g, "NULL", "NULL", "1", "7") + ", " + n() + ", " + n() + ")"
		sql := one(g,
			"INSERT "+insert, "INSERT "+insert, "INSERT OR REPLACE "+insert, "INSERT "+insert+" ON CONFLICT (id) DO UPDATE SET "+columns[1]+" = "+n(),
			"UPDATE "+table+" SET "+one(g, columns[1:]...)+" = "+n()+where, "DELETE FROM "+table+where)
		var facts invalidation.Facts
		if !strings.HasPrefix(sql, "INSERT") && g.chance(70) {
			facts.HasBefore = true
			rows, err := d.Query("SELECT * FROM " + table + where)
			if err != nil {
				g.Fatalf("%v", err)
			}
			names, list := readAll(g, rows)
			for _, row := range list {
				image := invalidation.Image{}
				for i, name := range names {
					image[name] = row[i]
				}
				facts.Before = append(facts.Before, image)
			}
		}
		if _, err := d.Exec(sql); err != nil {
			continue // the key is taken
		}
		text += sql + "; "
		changes = append(changes, Analyzer{}.Analyze(sql).Changes("", nil, catalog, facts)...)
	}
	return text, changes
}

// TestWhatTheResultTellsIsTrueUntilAChangeMeetsIt lets transactions follow a
// query. As long as none meets what its result depends on, the answer is the
// same.
func TestWhatTheResultTellsIsTrueUntilAChangeMeetsIt(t *testing.T) {
	db := openDatabase(t, narrowSchema)
	catalog, err := ReadCatalog(t.Context(), db.DB)
	if err != nil {
		t.Fatal(err)
	}
	kept := map[invalidation.ChangeKind]int{}
	for seed := range uint64(500) {
		db.follow(&dice{rand.New(rand.NewPCG(seed, 0)), t}, catalog, kept)
	}
	for _, kind := range []invalidation.ChangeKind{invalidation.Insert, invalidation.Update, invalidation.Delete} {
		if kept[kind] == 0 {
			t.Errorf("no %v was let pass by what the results tell: the test shows nothing", kind)
		}
	}
}

// follow lets transactions follow one query. It counts those that are let pass
// only by what the result tells, by the kind of their first change.
func (d database) follow(g *dice, catalog invalidation.Catalog, kept map[invalidation.ChangeKind]int) {
	cell := func() any { return one[any](g, nil, 0, 0, 1, 1, 2, 2, 3, 3) }
	for _, table := range slices.Sorted(maps.Keys(narrowTables)) {
		d.mustExec(g, "DELETE FROM "+table)
		for id := range one(g, 0, 1, 3, 6, 6) {
			d.mustExec(g, "INSERT INTO "+table+" VALUES (?, ?, ?)", id, cell(), cell())
		}
	}
	query := g.narrowed()
	shape := Analyzer{}.Analyze(query)
	if shape.Refusal != "" {
		g.Fatalf("%s: %s", query, shape.Refusal)
	}
	before, outcome := d.told(g, query, shape)
	whole := shape.Dependency("", nil, catalog)
	narrowed := shape.Narrow(whole, nil, catalog, outcome)
	for range 25 {
		d.mustExec(g, "SAVEPOINT s")
		text, changes := d.transaction(g, catalog)
		if meet(changes, narrowed) {
			d.mustExec(g, "ROLLBACK TO s; RELEASE s") // as if it had not been
			continue
		}
		d.mustExec(g, "RELEASE s")
		if meet(changes, whole) {
			kept[changes[0].Kind]++
		}
		if after, _ := d.told(g, query, shape); after != before {
			g.Fatalf("%s\nalters the answer of\n%s\nfrom %s\n  to %s\nunnoticed: %v do not meet\n%v\n%s",
				text, query, before, after, changes, narrowed, shapetest.Print(shape))
		}
	}
}
