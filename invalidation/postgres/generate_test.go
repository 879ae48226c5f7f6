package postgres

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"
)

// generator writes random statements over the tables of the test database.
type generator struct {
	*rapid.T
	args    []any
	depth   int // of the expression or query that is being written
	aliases int
	ctes    []origin // common table expressions that can be read
}

// family is what types have in common whose values are compared with each
// other.
type family string

// field is a column. Those of a kind of their own have their type for family.
type field struct {
	name string
	of   family
}

// origin is what rows can be read from, with the columns that it offers.
type origin struct {
	name   string
	fields []field
}

// scopes are the origins that an expression can name, block by block.
type scopes [][]origin

// tables of the test database. Their columns overlap, and each family is there
// in several types, so that every way to mistake one for another is there.
var tables = []origin{
	{"t1", []field{
		{"id", "int"}, {"a", "int"}, {"b", "bool"}, {"s", "text"}, {"n", "num"}, {"at", "time"}, {"u", "uuid"},
	}},
	{"t2", []field{
		{"id", "int"}, {"a", "int"}, {"x", "int"}, {"s", "text"}, {"n", "num"}, {"at", "time"}, {"m", "mood"},
	}},
	{"t3", []field{
		{"x", "text"}, {"s", "text"}, {"f", "num"}, {"at", "time"}, {"u", "uuid"}, {"b", "bool"},
	}},
}

var literals = map[family][]string{
	"int":  {"0", "1", "2", "3", "-1", "'1'", "'2'", "1.5", "2.0", "NULL"},
	"num":  {"0", "1", "2", "1.5", "1.50", "1.005", "0.1", "-1.5", "'1.5'", "1e0", "'NaN'", "NULL"},
	"bool": {"TRUE", "FALSE", "'t'", "'0'", "'1'", "NULL"},
	"text": {"'a'", "'A'", "'ab'", "'b'", "'b '", "''", "'é'", "'É'", "E'a\\tb'", "NULL"},
	"mood": {"'sad'", "'ok'", "'a'", "NULL"},
	"time": {
		"'2024-01-01'", "'2024-01-01 12:00:00'", "'2024-01-01 12:00:00+02'", "'2024-01-02 00:00:00Z'",
		"DATE '2024-01-01'", "'infinity'", "NULL",
	},
	"uuid": {"'" + uuids[0] + "'", "'" + uuids[1] + "'", "NULL"},
}

var uuids = []string{
	"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "b0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
	"A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "{a0eebc999c0b4ef8bb6d6bb9bd380a11}",
}

var noon = time.Date(2024, 1, 1, 12, 0, 0, 0, time.UTC)

// arguments are what a driver is given. Times are apart by less than a column
// keeps, by zones, and by what a date forgets.
var arguments = map[family][]any{
	"int":  {nil, int64(0), int64(1), int64(2), int64(3), "1", "2"},
	"num":  {nil, int64(1), int64(2), 1.5, 0.1, 1.005, "1.5", "1.50", "1.005", "2.0"},
	"bool": {nil, true, false},
	"text": {nil, "a", "A", "ab", "b", "b ", "", "é", "É", "a  "},
	"mood": {nil, "sad", "ok", "a"},
	"time": {
		nil, noon, noon.Add(time.Microsecond), noon.Add(300 * time.Nanosecond), noon.Add(-12 * time.Hour),
		noon.In(time.FixedZone("", 5*3600)), noon.Add(12 * time.Hour), noon.Add(13 * time.Hour).In(time.FixedZone("", -9*3600)),
		noon.Add(600 * time.Millisecond), "2024-01-01",
	},
	"uuid": {nil, uuids[0], uuids[1], uuids[2], uuids[3]},
}

var families = []family{"int", "num", "bool", "text", "mood", "time", "uuid"}

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
func (g *generator) value(of family) string {
	if g.chance(40) {
		return pick(g, literals[of]...)
	}
	g.args = append(g.args, pick(g, arguments[of]...))
	return fmt.Sprintf("$%d", len(g.args))
}

// column names a column of the family, mostly one of the innermost block. It
// is empty if there is none.
func (g *generator) column(in scopes, of family) string {
	scope := in[len(in)-1]
	if g.chance(15) {
		scope = pick(g, in...)
	}
	var found []string
	for _, o := range scope {
		for _, f := range o.fields {
			if f.of != of {
				continue
			}
			found = append(found, o.name+"."+f.name)
			if countField(scope, f.name) == 1 {
				found = append(found, f.name)
			}
		}
	}
	if len(found) == 0 {
		return ""
	}
	return pick(g, found...)
}

func countField(scope []origin, name string) int {
	count := 0
	for _, o := range scope {
		if slices.ContainsFunc(o.fields, func(f field) bool { return f.name == name }) {
			count++
		}
	}
	return count
}

// some returns a column and its family. Subqueries without any give none of
// most families, so that several are tried.
func (g *generator) some(in scopes) (string, family) {
	for range 20 {
		of := pick(g, families...)
		if column := g.column(in, of); column != "" {
			return column, of
		}
	}
	return "1", "int"
}

func (g *generator) operand(in scopes, of family) string {
	if column := g.column(in, of); column != "" && g.chance(30) {
		return column
	}
	return g.value(of)
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
	column, of := g.some(in)
	not := pick(g, "", "", "NOT ")
	switch pick(g, "=", "=", "=", "=", "=", "joined", "joined", "compare", "null", "in", "any", "between", "own", "own", "distinct", "vector", "vectors", "computed") {
	case "=":
		return column + " = " + g.operand(in, of)
	case "joined":
		if other := g.column(in, of); other != "" {
			return column + " = " + other
		}
	case "null":
		return column + pick(g, " IS NULL", " IS NOT NULL", " ISNULL", " NOTNULL")
	case "in":
		return column + " " + not + "IN (" + g.list(in, of) + ")"
	case "any":
		form := pick(g, "%s = ANY (ARRAY[%s])", "%s <> ALL (ARRAY[%s])", "NOT %s = ANY (ARRAY[%s])", "%s < ANY (ARRAY[%s])")
		return fmt.Sprintf(form, column, pick(g, literals[of]...)+", "+column)
	case "between":
		return column + " " + not + "BETWEEN " + pick(g, "", "SYMMETRIC ") + g.operand(in, of) + " AND " + g.operand(in, of)
	case "own":
		return g.ownCondition(in, column, of)
	case "distinct":
		return column + pick(g, " IS DISTINCT FROM ", " IS NOT DISTINCT FROM ") + g.operand(in, of)
	case "vector":
		other, otherOf := g.some(in)
		return "(" + column + ", " + other + ")" + pick(g, " = ", " <> ", " < ") +
			"(" + g.operand(in, of) + ", " + g.operand(in, otherOf) + ")"
	case "vectors":
		other, otherOf := g.some(in)
		return "(" + column + ", " + other + ") " + not + "IN ((" + g.value(of) + ", " + g.value(otherOf) + "), (" +
			g.value(of) + ", " + g.operand(in, otherOf) + "))"
	case "computed":
		form := pick(g, "coalesce(%s, %s) = %s", "nullif(%s, %s) = %s", "CASE WHEN %s = %s THEN %s END IS NOT NULL", "greatest(%s, %s) = %s")
		return fmt.Sprintf(form, column, g.value(of), pick(g, literals[of]...))
	}
	return column + pick(g, " <> ", " != ", " < ", " <= ", " > ", " >= ") + g.operand(in, of)
}

// ownCondition is one that only values of the family can stand in.
func (g *generator) ownCondition(in scopes, column string, of family) string {
	switch of {
	case "bool":
		return column + pick(g, "", "", " IS TRUE", " IS NOT TRUE", " IS FALSE", " IS NOT FALSE", " IS UNKNOWN", " IS NOT UNKNOWN")
	case "text":
		return column + pick(g, " LIKE ", " NOT LIKE ", " ILIKE ", " NOT ILIKE ", " SIMILAR TO ", " ~ ") +
			pick(g, "'a%'", "'%b'", "'A_'", "'a'", "'b '", "'é%'", "NULL", "'b  %'")
	case "int":
		return fmt.Sprintf(pick(g, "%s + 1", "%s / 2", "- %s", "abs(%s)", "%s::text::int"), column) + " = " + g.value("int")
	case "num":
		if other := g.column(in, "int"); other != "" {
			return column + pick(g, " = ", " < ", " <> ") + other
		}
	case "time":
		return column + pick(g, "::date = ", "::timestamp > ", " AT TIME ZONE 'Asia/Tokyo' > ") + pick(g, "'2024-01-01'", "'2024-01-02'")
	case "uuid", "mood":
		return column + "::text = " + g.value("text")
	}
	return column + " IS NOT NULL"
}

func (g *generator) list(in scopes, of family) string {
	var items []string
	for range pick(g, 1, 1, 2, 2, 3) {
		if g.chance(90) {
			items = append(items, g.value(of))
		} else {
			items = append(items, g.operand(in, of))
		}
	}
	return strings.Join(items, ", ")
}

func (g *generator) subqueryCondition(in scopes) string {
	switch pick(g, "exists", "exists", "in", "in", "not in", "scalar", "all") {
	case "exists":
		return pick(g, "", "NOT ") + "EXISTS (" + g.query(in, 1) + ")"
	case "in":
		column, of := g.some(in)
		return column + " IN (" + g.queryOf(in, of) + ")"
	case "not in":
		column, of := g.some(in)
		return column + " NOT IN (" + g.queryOf(in, of) + ")"
	case "all":
		column, of := g.some(in)
		return column + pick(g, " = ALL", " < ANY", " <> ALL", " >= SOME") + " (" + g.queryOf(in, of) + ")"
	}
	column, of := g.some(in)
	if of != "int" {
		return column + " = (SELECT min(q.c1) FROM (" + g.query(in[:len(in)-1], 1) + ") q)"
	}
	return column + " = (SELECT count(*) FROM (" + g.query(in[:len(in)-1], 1) + ") q)"
}

// queryOf writes a SELECT of one column of a family.
func (g *generator) queryOf(outer scopes, of family) string {
	return g.deeper(func() string {
		from, own := g.from(outer)
		in := append(outer[:len(outer):len(outer)], own)
		column := g.column(in, of)
		if column == "" {
			column = "NULL"
		}
		return "SELECT " + column + " FROM " + from + " WHERE " + g.condition(in)
	})
}

// question writes a query as an application asks it: often for a page, or for
// an extreme.
func (g *generator) question() string {
	if g.chance(70) {
		return g.query(nil, 2)
	}
	from, own := g.from(nil)
	in := scopes{own}
	where := ""
	if g.chance(70) {
		where = " WHERE " + g.atom(in)
	}
	column, _ := g.some(in)
	if g.chance(30) {
		return "SELECT " + pick(g, "max", "min") + "(" + column + ") FROM " + from + where
	}
	order := pick(g, column, "1") + pick(g, "", "", " DESC", " NULLS FIRST")
	for _, o := range own {
		order += ", " + o.name + "::text" // so that no tie is left to chance
	}
	return "SELECT " + column + pick(g, "", " AS c1") + ", " + g.selectList(in, 2) + " FROM " + from + where +
		" ORDER BY " + order + " LIMIT " + pick(g, "1", "2", "3") + pick(g, "", "", " OFFSET 1")
}

// query writes a SELECT of so many columns, which are named c1, c2, ….
func (g *generator) query(outer scopes, arity int) string {
	return g.deeper(func() string {
		if g.depth > 3 || g.chance(75) {
			return g.block(outer, arity)
		}
		if g.chance(40) {
			sql, _ := g.familiar(outer)
			other, _ := g.familiar(outer)
			return sql + pick(g, " UNION ", " UNION ALL ", " EXCEPT ", " INTERSECT ") + other
		}
		return g.with(outer, arity)
	})
}

// familiar writes a block whose columns are text and int, so that it can be
// compounded.
func (g *generator) familiar(outer scopes) (string, []origin) {
	from, own := g.from(outer)
	in := append(outer[:len(outer):len(outer)], own)
	first, second := g.column(in, "text"), g.column(in, "int")
	if first == "" || second == "" {
		first, second = "'a'", "1"
	}
	return "SELECT " + first + "::text AS c1, " + second + " AS c2 FROM " + from + " WHERE " + g.condition(in), own
}

// with writes a common table expression that may hide a table.
func (g *generator) with(outer scopes, arity int) string {
	name := pick(g, "t1", "t2", "c")
	defer g.forget(len(g.ctes))
	if g.chance(20) {
		sql := "WITH RECURSIVE c(c1) AS (SELECT a FROM t1 WHERE " + g.condition(append(outer, []origin{tables[0]})) +
			" UNION SELECT t2.x FROM t2 JOIN c ON t2.a = c.c1) "
		g.ctes = append(g.ctes, origin{"c", []field{{"c1", "int"}}})
		return sql + g.block(outer, arity)
	}
	table := tables[0]
	if name == "t2" {
		table = tables[1]
	}
	sql := "WITH " + name + " AS " + pick(g, "", "MATERIALIZED ") + "(SELECT a AS c1, s AS c2 FROM public." + table.name +
		" WHERE " + g.condition(scopes{{table}}) + ") "
	g.ctes = append(g.ctes, origin{name, []field{{"c1", "int"}, {"c2", "text"}}})
	return sql + g.block(outer, arity)
}

func (g *generator) forget(n int) { g.ctes = g.ctes[:n] }

func (g *generator) block(outer scopes, arity int) string {
	from, own := g.from(outer)
	in := append(outer[:len(outer):len(outer)], own)
	sql := "SELECT " + g.selectList(in, arity) + " FROM " + from
	switch {
	case g.chance(30):
		sql += " WHERE " + g.atom(in)
	case g.chance(60):
		sql += " WHERE " + g.condition(in)
	}
	return sql
}

func (g *generator) selectList(in scopes, arity int) string {
	if arity == 1 && g.chance(15) {
		if g.chance(50) {
			return "count(*) AS c1"
		}
		return "count(*) FILTER (WHERE " + g.condition(in) + ") AS c1"
	}
	var list []string
	for i := range arity {
		o := pick(g, in[len(in)-1]...)
		column := o.name + "." + pick(g, o.fields...).name
		form := pick(g, "%s", "%s", "%s", "%s", "row_to_json(%s)", "(%s IS NULL)")
		if strings.HasPrefix(form, "row") {
			column = o.name
		}
		list = append(list, fmt.Sprintf(form+" AS c%d", column, i+1))
	}
	return strings.Join(list, ", ")
}

// from writes a FROM clause and returns what it offers.
func (g *generator) from(outer scopes) (string, []origin) {
	sql, own := g.item(outer)
	for g.depth < 4 && len(own) < 4 && g.chance(30) {
		sql, own = g.join(sql, own, outer)
	}
	return sql, own
}

func (g *generator) join(left string, own []origin, outer scopes) (string, []origin) {
	kind := pick(g, "JOIN", "JOIN", "INNER JOIN", "LEFT JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", ",", "CROSS JOIN", "NATURAL JOIN", "LATERAL")
	if kind == "LATERAL" {
		alias := g.alias()
		in := append(outer[:len(outer):len(outer)], own)
		sql, _ := g.familiar(in)
		return left + ", LATERAL (" + sql + ") AS " + alias, append(own, origin{alias, []field{{"c1", "text"}, {"c2", "int"}}})
	}
	right, offered := g.item(outer)
	own = append(own[:len(own):len(own)], offered...)
	sql := left + " " + kind + " " + right
	switch {
	case kind == "NATURAL JOIN", kind == ",", kind == "CROSS JOIN":
		return sql, own
	case g.chance(20) && len(own) == 2 && countField(own, "s") == 2:
		return sql + " USING (s)", own
	}
	in := append(outer[:len(outer):len(outer)], own)
	of := pick(g, families...)
	one, other := g.column(scopes{own}, of), g.column(scopes{offered}, of)
	if g.chance(50) || one == "" || other == "" {
		return sql + " ON " + g.condition(in), own
	}
	sql += " ON " + one + " = " + other
	if g.chance(40) {
		sql += " AND " + g.condition(in)
	}
	return sql, own
}

// alias returns a name that may be in use in another block, and seldom in the
// same one.
func (g *generator) alias() string {
	if g.chance(60) {
		g.aliases++
		return fmt.Sprintf("y%d", g.aliases)
	}
	return pick(g, "p", "q", "r", "v", "w", "x", "y", "z", "t1", "t2", "s")
}

func (g *generator) item(outer scopes) (string, []origin) {
	switch {
	case g.depth < 3 && g.chance(10):
		alias := g.alias()
		sql, _ := g.familiar(outer)
		return "(" + sql + ") AS " + alias, []origin{{alias, []field{{"c1", "text"}, {"c2", "int"}}}}
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
	switch {
	case g.chance(70):
		o.name = g.alias()
		sql += " AS " + o.name
	case g.chance(10) && len(o.fields) > 2:
		o.name = g.alias()
		fields := slices.Clone(o.fields)
		fields[0].name, fields[1].name = fields[1].name, fields[0].name
		sql += " AS " + o.name + "(" + fields[0].name + ", " + fields[1].name + ")"
		o.fields = fields
	}
	return sql, []origin{o}
}
