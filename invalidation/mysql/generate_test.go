package mysql

import (
	"fmt"
	"strings"
	"time"

	"pgregory.net/rapid"
)

// generator writes random statements over the tables of [schemaSQL], in the
// order of their text, so that the arguments fall in with the parameters.
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

// tables of the test database. Their columns overlap, and are of other kinds
// in each, so that every way to mistake one for another is there.
var tables = []origin{
	{"t1", []string{"id", "a", "b", "s", "e", "d", "n"}},
	{"t2", []string{"id", "a", "x", "s", "d", "ts"}},
	{"t3", []string{"b", "x", "s", "g"}},
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

var (
	newYear = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	noon    = time.Date(2026, 1, 1, 12, 0, 0, 600_000_000, time.UTC)
	summer  = time.Date(2026, 6, 1, 2, 30, 0, 0, time.FixedZone("", 5*60*60))
)

// value is a literal or a parameter.
func (g *generator) value() string {
	if g.chance(50) {
		return pick(g, "0", "1", "2", "3", "-1", "1.5", "2.005", "1e0", "18446744073709551615", "'a'", "'A'", "'ab '",
			"'é'", "'2'", "'1.0'", "'1a'", "''", "NULL", "TRUE", "0x61", "_latin1'a'", "'2026-01-01'",
			"'0000-00-00'", "'2026-01-01 12:00:01'", "DATE'2026-01-01'")
	}
	g.args = append(g.args, pick[any](g, nil, int64(0), int64(1), int64(2), int64(3), int64(-1), uint64(1<<64-1), 1.5,
		2.005, 1.0, true, "a", "A", "ab", "a ", "É", "2", "1.0", " 1", "1a", "2026-01-01", "0000-00-00", []byte("a"),
		[]byte{0}, newYear, noon, summer, time.Time{}))
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
	if g.chance(20) {
		return name
	}
	return o.name + "." + name
}

func (g *generator) operand(in scopes) string {
	if g.chance(70) {
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
	switch pick(g, "and", "and", "and", "or", "not", "xor") {
	case "not":
		return pick(g, "NOT ", "!") + "(" + g.condition(in) + ")"
	case "or":
		return "(" + g.condition(in) + pick(g, " OR ", " || ") + g.condition(in) + ")"
	case "xor":
		return "(" + g.condition(in) + " XOR " + g.condition(in) + ")"
	}
	return g.condition(in) + pick(g, " AND ", " && ") + g.condition(in)
}

func (g *generator) atom(in scopes) string {
	column, not := g.column(in), pick(g, "", "", "NOT ")
	switch pick(g, "=", "=", "=", "=", "=", "joined", "joined", "compare", "null", "in", "between", "like", "same", "bare", "vector", "vectors", "computed", "chain") {
	case "=":
		return column + " = " + g.operand(in)
	case "joined":
		return column + " = " + g.column(in)
	case "null":
		return column + pick(g, " IS NULL", " IS NOT NULL", " IS UNKNOWN", " IS NOT TRUE", " IS FALSE")
	case "in":
		return column + " " + not + "IN (" + g.list(in) + ")"
	case "between":
		return column + " " + not + "BETWEEN " + g.operand(in) + " AND " + g.operand(in)
	case "like":
		return column + " " + not + pick(g, "LIKE ", "LIKE ", "REGEXP ") +
			pick(g, "'a%'", "'%b'", "'A_'", "'a'", "'1%'", "NULL", `'a\\%'`, "'a|b' ", "'É%'")
	case "same":
		return column + " <=> " + g.operand(in)
	case "bare":
		return not + column
	case "vector":
		return "(" + column + ", " + g.column(in) + ")" + pick(g, " = ", " <> ", " < ", " <=> ") +
			"(" + g.operand(in) + ", " + g.operand(in) + ")"
	case "vectors":
		return "(" + column + ", " + g.column(in) + ") " + not + "IN ((" + g.value() + ", " + g.value() + "), (" +
			g.value() + ", " + g.operand(in) + "))"
	case "computed":
		form := pick(g, "abs(%s)", "%s + 1", "%s COLLATE utf8mb4_bin", "+%s", "coalesce(%s, 1)", "CAST(%s AS CHAR)", "BINARY %s", "-%s")
		return fmt.Sprintf(form, column) + " = " + g.value()
	case "chain":
		return column + " = " + g.operand(in) + pick(g, " = ", " < ", " <=> ") + g.operand(in)
	}
	return column + pick(g, " <> ", " != ", " < ", " <= ", " > ", " >= ") + g.operand(in)
}

func (g *generator) list(in scopes) string {
	var items []string
	for range pick(g, 1, 1, 2, 2, 3) {
		if g.chance(90) {
			items = append(items, g.value())
		} else {
			items = append(items, g.column(in))
		}
	}
	return strings.Join(items, ", ")
}

func (g *generator) subqueryCondition(in scopes) string {
	switch pick(g, "exists", "exists", "in", "in", "not in", "any", "scalar") {
	case "exists":
		return pick(g, "", "NOT ") + "EXISTS (" + g.query(in, 1) + ")"
	case "in":
		return g.column(in) + " IN (" + g.query(in, 1) + ")"
	case "not in":
		return g.column(in) + " NOT IN (" + g.query(in, 1) + ")"
	case "any":
		return g.column(in) + pick(g, " = ", " < ", " <> ") + pick(g, "ANY", "ALL", "SOME") + " (" + g.query(in, 1) + ")"
	}
	return g.column(in) + " = (SELECT count(*) FROM (" + g.query(nil, 1) + ") AS z)"
}

// query writes a SELECT of so many columns, which are named c1, c2, ….
func (g *generator) query(outer scopes, arity int) string {
	return g.deeper(func() string {
		switch {
		case g.depth > 3 || g.chance(80):
			return g.block(outer, arity)
		case g.chance(60):
			return g.block(outer, arity) + pick(g, " UNION ", " UNION ALL ", " EXCEPT ", " INTERSECT ") + g.block(outer, arity)
		}
		return g.with(outer, arity)
	})
}

// with writes a common table expression that may hide a table.
func (g *generator) with(outer scopes, arity int) string {
	name := pick(g, "t1", "t2", "c")
	body := "SELECT a AS c1, s AS c2 FROM " + pick(g, "t1", "t2") + " WHERE a <> ?"
	g.args = append(g.args, pick[any](g, nil, int64(1), int64(2)))
	defer func(n int) { g.ctes = g.ctes[:n] }(len(g.ctes))
	g.ctes = append(g.ctes, origin{name, []string{"c1", "c2"}})
	return "WITH " + name + " AS (" + body + ") " + g.block(outer, arity)
}

// block writes no parameters in the SELECT list, which stands before FROM.
func (g *generator) block(outer scopes, arity int) string {
	from, own := g.from(outer)
	in := append(outer[:len(outer):len(outer)], own)
	sql := "SELECT " + g.selectList(own, arity) + " FROM " + from
	if g.chance(75) {
		sql += " WHERE " + g.condition(in)
	}
	return sql
}

func (g *generator) selectList(own []origin, arity int) string {
	if arity == 1 && g.chance(15) {
		return "count(*)"
	}
	var list []string
	for range arity {
		list = append(list, g.plainColumn(own)+fmt.Sprintf(" AS c%d", len(list)+1))
	}
	return pick(g, "", "", "DISTINCT ") + strings.Join(list, ", ")
}

func (g *generator) plainColumn(own []origin) string {
	o := pick(g, own...)
	return o.name + "." + pick(g, o.columns...)
}

// from writes a FROM clause and returns what it offers.
func (g *generator) from(outer scopes) (string, []origin) {
	sql, own := g.item(outer)
	for g.depth < 4 && len(own) < 3 && g.chance(45) {
		sql, own = g.join(sql, own, outer)
	}
	return sql, own
}

func (g *generator) join(left string, own []origin, outer scopes) (string, []origin) {
	kind := pick(g, "JOIN", "JOIN", "STRAIGHT_JOIN", "LEFT JOIN", "LEFT JOIN", "RIGHT JOIN", ",", "CROSS JOIN", "NATURAL JOIN", "NATURAL LEFT JOIN")
	right, offered := g.item(outer)
	own = append(own[:len(own):len(own)], offered...)
	sql := left + " " + kind + " " + right
	if kind == "," || strings.HasPrefix(kind, "NATURAL") {
		return sql, own
	}
	if strings.HasSuffix(kind, "T JOIN") && g.chance(10) && !strings.Contains(left, "JOIN") {
		return sql + " USING (s)", own
	}
	sql += " ON " + g.plainColumn(own) + " = " + g.plainColumn(offered)
	if g.chance(50) {
		sql += " AND " + g.condition(append(outer[:len(outer):len(outer)], own))
	}
	return sql, own
}

// item writes one table, view or subquery. Aliases may be in use in another
// block.
func (g *generator) item(outer scopes) (string, []origin) {
	alias := pick(g, "p", "q", "r", "u", "v", "w", "t1", "t2")
	if g.depth < 3 && g.chance(12) {
		return "(" + g.query(nil, 2) + ") AS " + alias, []origin{{alias, []string{"c1", "c2"}}}
	}
	o := pick(g, append(g.ctes[:len(g.ctes):len(g.ctes)], tables...)...)
	for _, cte := range g.ctes {
		if cte.name == o.name {
			o = cte
		}
	}
	sql := o.name
	if g.chance(60) {
		o.name = alias
		sql += " AS " + alias
	}
	return sql, []origin{o}
}

// mutation writes an INSERT, UPDATE or DELETE of a table.
func (g *generator) mutation() string {
	table := pick(g, tables...)
	switch pick(g, "insert", "upsert", "upsert", "update", "update", "update", "updates", "delete", "deletes") {
	case "insert":
		return pick(g, "INSERT", "INSERT", "INSERT IGNORE", "REPLACE") + " INTO " + g.insertion(table)
	case "upsert":
		return "INSERT INTO " + g.insertion(table) + " ON DUPLICATE KEY UPDATE " + g.upsert(table)
	case "update":
		return "UPDATE " + pick(g, "", "IGNORE ") + table.name + " SET " + g.assignments(table) +
			" WHERE " + g.condition(scopes{{table}})
	case "updates":
		from, own := g.from(nil)
		return "UPDATE " + from + " SET " + g.assignments(pick(g, own...)) + " WHERE " + g.condition(scopes{own})
	case "deletes":
		from, own := g.from(nil)
		return "DELETE " + pick(g, own...).name + " FROM " + from + " WHERE " + g.condition(scopes{own})
	}
	return "DELETE FROM " + table.name + " WHERE " + g.condition(scopes{{table}}) + pick(g, "", "", " LIMIT 1")
}

func (g *generator) insertion(table origin) string {
	columns := table.columns[g.below(2):]
	names := "(" + strings.Join(columns, ", ") + ")"
	if g.chance(10) {
		return table.name + names + " SELECT " + g.selectList([]origin{tables[0]}, len(columns)) + " FROM t1 WHERE " +
			g.condition(scopes{{tables[0]}})
	}
	var rows []string
	for range pick(g, 1, 1, 2) {
		var values []string
		for _, column := range columns {
			values = append(values, g.cell(column))
		}
		rows = append(rows, "("+strings.Join(values, ", ")+")")
	}
	return table.name + names + " VALUES " + strings.Join(rows, ", ")
}

// cell is a value for a column, mostly one that fits.
func (g *generator) cell(column string) string {
	switch {
	case g.chance(10):
		return g.value()
	case g.chance(10), column == "g":
		return "DEFAULT"
	case column == "d" || column == "ts":
		return g.bound(newYear, noon, summer, "2026-01-01 11:59:59.7", "0000-00-00", time.Time{})
	case column == "s" || column == "e" || column == "b":
		return g.bound("a", "A", "b", "ab", "2", "1", "a ")
	}
	return g.bound(int64(0), int64(1), int64(2), int64(3), "1", "2", 1.5, 2.005)
}

func (g *generator) bound(values ...any) string {
	g.args = append(g.args, pick(g, values...))
	return "?"
}

func (g *generator) upsert(table origin) string {
	column := pick(g, table.columns...)
	set := column + " = " + pick(g, "VALUES("+column+")", "VALUES("+column+")", column, "VALUES(s)", "s")
	if g.chance(50) {
		other := pick(g, table.columns...)
		set += ", " + other + " = " + g.cell(other)
	}
	return set
}

func (g *generator) assignments(table origin) string {
	var set []string
	for range pick(g, 1, 1, 2) {
		column := pick(g, table.columns...)
		value := ""
		if g.chance(25) {
			value = g.plainColumn([]origin{table})
		} else {
			value = g.cell(column)
		}
		set = append(set, table.name+"."+column+" = "+value)
	}
	return strings.Join(set, ", ")
}
