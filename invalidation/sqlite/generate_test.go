package sqlite

import (
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// generator writes random statements over the tables of the test database, in
// the order of their text, so that the arguments fall in with the parameters.
type generator struct {
	*rapid.T
	args  []any
	depth int      // of the expression or query that is being written
	ctes  []origin // common table expressions that can be read
}

// origin is what rows can be read from, with the columns that it offers.
type origin struct {
	name    string
	columns []string
}

// scopes are the origins that an expression can name, block by block.
type scopes [][]origin

// tables of the test database. Their columns overlap, and b and x are of other
// kinds in t3, so that every way to mistake one for another is there.
var tables = []origin{
	{"t1", []string{"id", "a", "b", "s"}},
	{"t2", []string{"id", "a", "x", "s"}},
	{"t3", []string{"b", "x", "s"}},
}

// below draws a number less than n. Rapid favours small numbers, which is
// good for sizes but not for choices, so the draw is scattered.
func (g *generator) below(n int) int {
	const scatter = 0x9e3779b97f4a7c15 // odd, so that nothing is lost
	return int(rapid.Uint32().Draw(g.T, "choice") * (scatter>>33 | 1) >> 8 % uint32(n))
}

func pick[E any](g *generator, list ...E) E { return list[g.below(len(list))] }

func (g *generator) chance(percent int) bool { return 99-g.below(100) < percent }

// deeper runs write one level down.
func (g *generator) deeper(write func() string) string {
	g.depth++
	defer func() { g.depth-- }()
	return write()
}

// value is a literal or a parameter.
func (g *generator) value() string {
	if g.chance(50) {
		return pick(g, "0", "1", "2", "3", "-1", "'a'", "'A'", "'ab'", "'1'", "'1.0'", "NULL", "TRUE", "1.0")
	}
	g.args = append(g.args, pick[any](g, nil, int64(0), int64(1), int64(2), int64(3), "a", "A", "ab", "1", "1.0"))
	return "?"
}

// column names a column, mostly one of the innermost block.
func (g *generator) column(in scopes) string {
	scope := in[len(in)-1]
	if g.chance(15) {
		scope = pick(g, in...)
	}
	if len(scope) == 0 {
		return g.value()
	}
	o := pick(g, scope...)
	name := pick(g, o.columns...)
	if clear := countColumn(scope, name) == 1; clear && g.chance(40) || g.chance(3) {
		return name
	}
	return o.name + "." + name
}

func countColumn(scope []origin, name string) int {
	count := 0
	for _, o := range scope {
		if slices.Contains(o.columns, name) {
			count++
		}
	}
	return count
}

func (g *generator) operand(in scopes) string {
	if g.chance(60) {
		return g.value()
	}
	return g.column(in)
}

func (g *generator) condition(in scopes) string {
	return g.deeper(func() string {
		switch {
		case g.depth < 5 && g.chance(35):
			return g.combination(in)
		case g.depth < 4 && g.chance(20):
			return g.subqueryCondition(in)
		}
		return g.atom(in)
	})
}

func (g *generator) combination(in scopes) string {
	switch pick(g, "and", "and", "and", "or", "not") {
	case "not":
		return "NOT (" + g.condition(in) + ")"
	case "or":
		return "(" + g.condition(in) + " OR " + g.condition(in) + ")"
	}
	return g.condition(in) + " AND " + g.condition(in)
}

func (g *generator) atom(in scopes) string {
	column, not := g.column(in), pick(g, "", "", "NOT ")
	switch pick(g, "=", "=", "=", "=", "=", "=", "joined", "joined", "compare", "null", "in", "between", "like", "is", "bare", "vector", "vectors", "computed") {
	case "=":
		return column + pick(g, " = ", " == ") + g.operand(in)
	case "joined":
		return column + " = " + g.column(in)
	case "null":
		return column + pick(g, " IS NULL", " IS NOT NULL", " ISNULL", " NOTNULL", " NOT NULL")
	case "in":
		return column + " " + not + "IN (" + g.list(in) + ")"
	case "between":
		return column + " " + not + "BETWEEN " + g.operand(in) + " AND " + g.operand(in)
	case "like":
		return column + " " + not + pick(g, "LIKE ", "LIKE ", "GLOB ") +
			pick(g, "'a%'", "'%b'", "'A_'", "'a'", "'1%'", "NULL", "'a*'")
	case "is":
		return column + pick(g, " IS ", " IS NOT ", " IS DISTINCT FROM ", " IS NOT DISTINCT FROM ") + g.operand(in)
	case "bare":
		return not + column
	case "vector":
		return "(" + column + ", " + g.column(in) + ")" + pick(g, " = ", " <> ", " < ") +
			"(" + g.operand(in) + ", " + g.operand(in) + ")"
	case "vectors":
		return "(" + column + ", " + g.column(in) + ") " + not + "IN ((" + g.value() + ", " + g.value() + "), (" +
			g.value() + ", " + g.operand(in) + "))"
	case "computed":
		form := pick(g, "abs(%s)", "%s + 1", "%s COLLATE NOCASE", "+%s", "coalesce(%s, 1)", "CAST(%s AS TEXT)", "%s || ''")
		return fmt.Sprintf(form, column) + " = " + g.value()
	}
	return column + pick(g, " <> ", " != ", " < ", " <= ", " > ", " >= ") + g.operand(in)
}

func (g *generator) list(in scopes) string {
	var items []string
	for range pick(g, 0, 1, 1, 2, 2, 3) {
		if g.chance(90) {
			items = append(items, g.value())
		} else {
			items = append(items, g.column(in))
		}
	}
	return strings.Join(items, ", ")
}

func (g *generator) subqueryCondition(in scopes) string {
	switch pick(g, "exists", "exists", "in", "in", "not in", "table", "scalar") {
	case "exists":
		return pick(g, "", "NOT ") + "EXISTS (" + g.query(in, 1) + ")"
	case "in":
		return g.column(in) + " IN (" + g.query(in, 1) + ")"
	case "not in":
		return g.column(in) + " NOT IN (" + g.query(in, 1) + ")"
	case "table":
		return "(1, " + g.column(in) + ", 1) IN t3"
	}
	return g.column(in) + " = (SELECT count(*) FROM (" + g.query(in[:len(in)-1], 1) + "))"
}

// query writes a SELECT of so many columns, which are named c1, c2, ….
func (g *generator) query(outer scopes, arity int) string {
	return g.deeper(func() string {
		if g.depth > 3 || g.chance(80) {
			return g.block(outer, arity)
		}
		if g.chance(40) {
			return g.block(outer, arity) + pick(g, " UNION ", " UNION ALL ", " EXCEPT ", " INTERSECT ") + g.block(outer, arity)
		}
		return g.with(outer, arity)
	})
}

// with writes a common table expression that may hide a table.
func (g *generator) with(outer scopes, arity int) string {
	name := pick(g, "t1", "t2", "c")
	if g.chance(20) {
		sql := "WITH RECURSIVE c(c1) AS (SELECT a FROM t1 WHERE " + g.condition(append(outer, []origin{tables[0]})) +
			" UNION SELECT t2.x FROM t2 JOIN c ON t2.a = c.c1) "
		defer g.forget(len(g.ctes))
		g.ctes = append(g.ctes, origin{"c", []string{"c1"}})
		return sql + g.block(outer, arity)
	}
	body := "SELECT main." + name + ".a AS c1, s AS c2 FROM main." + name + " WHERE a IS NOT ?"
	if name == "c" {
		body = "SELECT a AS c1, s AS c2 FROM t1 WHERE b IS NOT ?"
	}
	g.args = append(g.args, pick[any](g, nil, int64(1), int64(2)))
	defer g.forget(len(g.ctes))
	g.ctes = append(g.ctes, origin{name, []string{"c1", "c2"}})
	return "WITH " + name + " AS (" + body + ") " + g.block(outer, arity)
}

func (g *generator) forget(n int) { g.ctes = g.ctes[:n] }

func (g *generator) block(outer scopes, arity int) string {
	from, own := g.from(outer)
	in := append(outer[:len(outer):len(outer)], own)
	// The SELECT list stands before FROM: its arguments too. So only FROM,
	// which is written first, and WHERE have some; the list has none.
	list := g.selectList(in, arity)
	sql := "SELECT " + list + " FROM " + from
	if g.chance(70) {
		sql += " WHERE " + g.condition(in)
	}
	return sql
}

// selectList writes no parameters.
func (g *generator) selectList(in scopes, arity int) string {
	if arity == 1 && g.chance(15) {
		return "count(*)"
	}
	var list []string
	for range arity {
		list = append(list, g.plainColumn(in)+fmt.Sprintf(" AS c%d", len(list)+1))
	}
	return pick(g, "", "", "DISTINCT ") + strings.Join(list, ", ")
}

func (g *generator) plainColumn(in scopes) string {
	o := pick(g, in[len(in)-1]...)
	return o.name + "." + pick(g, o.columns...)
}

// from writes a FROM clause and returns what it offers.
func (g *generator) from(outer scopes) (string, []origin) {
	sql, own := g.item(outer)
	for g.depth < 4 && len(own) < 4 && g.chance(45) {
		sql, own = g.join(sql, own, outer)
	}
	return sql, own
}

func (g *generator) join(left string, own []origin, outer scopes) (string, []origin) {
	kind := pick(g, "JOIN", "JOIN", "INNER JOIN", "LEFT JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", ",", "CROSS JOIN", "NATURAL JOIN", "NATURAL LEFT JOIN")
	right, offered := g.item(outer)
	own = append(own[:len(own):len(own)], offered...)
	sql := left + " " + kind + " " + right
	switch {
	case strings.HasPrefix(kind, "NATURAL"), kind == ",", g.chance(10):
		return sql, own
	case g.chance(20) && len(own) == 2 && countColumn(own, "s") == 2:
		return sql + " USING (s)", own
	}
	in := append(outer[:len(outer):len(outer)], own)
	if g.chance(50) {
		return sql + " ON " + g.condition(in), own
	}
	sql += " ON " + g.plainColumn(scopes{own}) + " = " + g.plainColumn(scopes{offered})
	if g.chance(40) {
		sql += " AND " + g.condition(in)
	}
	return sql, own
}

// alias returns a name that may be in use in another block, or even in the
// same one.
func (g *generator) alias() string {
	return pick(g, "p", "q", "r", "u", "v", "w", "x", "y", "z", "t1", "t2")
}

func (g *generator) item(outer scopes) (string, []origin) {
	switch {
	case g.depth < 3 && g.chance(10):
		alias := g.alias()
		return "(" + g.query(outer, 2) + ") AS " + alias, []origin{{alias, []string{"c1", "c2"}}}
	case g.depth < 3 && g.chance(10):
		left, own := g.item(outer)
		sql, own := g.join(left, own, outer)
		return "(" + sql + ")", own
	}
	o := pick(g, append(g.ctes[:len(g.ctes):len(g.ctes)], tables...)...)
	for _, cte := range g.ctes {
		if cte.name == o.name {
			o = cte
		}
	}
	sql := o.name
	if g.chance(60) {
		o.name = g.alias()
		sql += " AS " + o.name
	}
	return sql, []origin{o}
}

// mutation writes an INSERT, UPDATE or DELETE of a table.
func (g *generator) mutation(table origin) string {
	switch pick(g, "insert", "upsert", "upsert", "update", "update", "delete") {
	case "insert":
		return pick(g, "INSERT", "INSERT OR IGNORE", "INSERT OR REPLACE", "REPLACE") + " INTO " + g.insertion(table)
	case "upsert":
		return g.upsert(table)
	case "delete":
		return "DELETE FROM " + table.name + " WHERE " + g.condition(scopes{{table}})
	}
	sql := "UPDATE " + pick(g, "", "OR IGNORE ", "OR REPLACE ") + table.name
	if g.chance(30) {
		sql += " AS me"
		table.name = "me"
	}
	sql += " SET " + g.assignments(table)
	own := []origin{table}
	if g.chance(30) {
		from, offered := g.from(nil)
		sql += " FROM " + from
		own = append(own, offered...)
	}
	return sql + " WHERE " + g.condition(scopes{own})
}

func (g *generator) insertion(table origin) string {
	columns := table.columns[g.below(2):]
	names := "(" + strings.Join(columns, ", ") + ")"
	switch {
	case g.chance(10):
		return table.name + " DEFAULT VALUES"
	case g.chance(10):
		return table.name + names + " " + g.query(nil, len(columns))
	case g.chance(10):
		names = ""
		columns = table.columns
	}
	var rows []string
	for range pick(g, 1, 1, 2, 3) {
		var values []string
		for range columns {
			values = append(values, g.value())
		}
		rows = append(rows, "("+strings.Join(values, ", ")+")")
	}
	return table.name + names + " VALUES " + strings.Join(rows, ", ")
}

func (g *generator) upsert(table origin) string {
	target := "(id)"
	if table.name == "t3" {
		target = pick(g, "(b, x)", "(x, b)")
	}
	sql := "INSERT INTO " + g.insertion(table)
	if strings.Contains(sql, "DEFAULT VALUES") || strings.Contains(sql, "SELECT") {
		return sql
	}
	switch pick(g, "nothing", "update", "update", "update") {
	case "nothing":
		return sql + " ON CONFLICT " + pick(g, "", target+" ") + "DO NOTHING"
	}
	sql += " ON CONFLICT " + pick(g, "", target, target, target) + " DO UPDATE SET s = " +
		pick(g, "excluded.s", "excluded.s || 'b'", "s || 'b'", "'b'")
	if table.name != "t3" {
		sql += ", a = " + g.value()
	}
	return sql
}

func (g *generator) assignments(table origin) string {
	var set []string
	for range pick(g, 1, 1, 2) {
		set = append(set, pick(g, table.columns...)+" = "+pick(g, g.value, g.value, func() string {
			return g.plainColumn(scopes{{table}}) + pick(g, "", " || 'a'")
		})())
	}
	return strings.Join(set, ", ")
}
