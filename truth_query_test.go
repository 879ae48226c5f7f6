package cacheops_test

import (
	"fmt"
	"strings"
)

// ref is a table in a FROM clause.
type ref struct {
	*table
	alias string
}

// refs are what an expression may name.
type refs []ref

// column draws a column of one of them, mostly qualified.
func (w *writer) column(from refs) (string, column) {
	r := from[w.below(len(from))]
	c := r.table.column(w.dice)
	if len(from) == 1 && w.chance(50) {
		return c.name, c
	}
	return r.alias + "." + c.name, c
}

// distinct writes a column such that equal values are shown alike.
func (w *writer) distinct(from refs) string {
	name, c := w.column(from)
	if c.loose {
		return w.asText(name)
	}
	return name
}

// asText makes a text of an expression, such that other values have others.
func (w *writer) asText(x string) string { return fmt.Sprintf(w.text, x) }

// source writes a FROM clause.
func (w *writer) source() (string, refs) {
	first := ref{w.table(w.dice), w.alias()}
	from := refs{first}
	if w.view != nil && w.chance(5) {
		from[0].table = w.view
	}
	sql := fmt.Sprintf(" FROM %s AS %s", from[0].name, first.alias)
	for range []int{0, 0, 0, 1, 1, 2}[w.below(6)] {
		next := ref{w.table(w.dice), w.alias()}
		from = append(from, next)
		product := w.chance(15)
		if product {
			sql += w.product
		} else {
			sql += pick(w.dice, w.joins...)
		}
		if w.chance(10) {
			sql += fmt.Sprintf("(SELECT * FROM %s WHERE %s) AS %s", next.name, w.condition(refs{{next.table, next.name}}), next.alias)
		} else {
			sql += fmt.Sprintf("%s AS %s", next.name, next.alias)
		}
		switch {
		case product:
		case w.chance(70):
			y := next.table.column(w.dice)
			sql += fmt.Sprintf(" ON %s = %s.%s", w.columnOf(from, y.domain), next.alias, y.name)
		default:
			sql += " ON " + w.condition(from)
		}
	}
	return sql, from
}

// list writes a SELECT list.
func (w *writer) list(from refs, one func(refs) string) []string {
	list := make([]string, 1+w.below(3))
	for i := range list {
		list[i] = one(from)
	}
	return list
}

func (w *writer) any(from refs) string {
	x, _ := w.column(from)
	if w.chance(65) {
		return x
	}
	return fmt.Sprintf(pick(w.dice, w.tongue.shown...), x)
}

// where writes a WHERE clause, or none.
func (w *writer) where(from refs) string {
	switch {
	case w.chance(10):
		return ""
	case w.chance(40):
		return " WHERE " + w.plainCondition(from)
	}
	return " WHERE " + w.condition(from)
}

// selection writes a query. It reports whether the order of its rows is fixed.
func (w *writer) selection() (string, bool) {
	switch w.below(16) {
	case 0:
		return w.groups(), false
	case 1:
		source, from := w.source()
		return "SELECT DISTINCT " + strings.Join(numbered(w.list(from, w.distinct)), ", ") + source + w.where(from), false
	case 2:
		return w.compound()
	case 3:
		return w.common(), false
	case 4:
		return w.figure(), true
	case 5:
		return w.ordered(), true
	case 6, 7, 8, 9, 10, 11:
		t := w.table(w.dice)
		return pick(w.dice, "SELECT * FROM ", "SELECT id FROM ", "SELECT count(*) AS n FROM ") + t.name +
			" WHERE " + w.plainCondition(refs{{t, t.name}}), false
	default:
		source, from := w.source()
		list := pick(w.dice, "*", strings.Join(numbered(w.list(from, w.any)), ", "))
		if len(from) > 1 && list == "*" {
			list = from[0].alias + ".*"
		}
		return "SELECT " + list + source + w.where(from), false
	}
}

// numbered gives each expression a name of its own.
func numbered(list []string) []string {
	named := make([]string, len(list))
	for i, x := range list {
		named[i] = fmt.Sprintf("%s AS x%d", x, i)
	}
	return named
}

// ordered writes a query with an order that leaves nothing open, and a limit.
func (w *writer) ordered() string {
	source, from := w.source()
	list := w.list(from, w.any)
	sql := "SELECT " + strings.Join(numbered(list), ", ") + source + w.where(from) + " ORDER BY "
	if w.chance(30) {
		x, _ := w.column(from)
		// The columns that are not shown decide what is shown.
		sql += w.asText(x) + ", "
	}
	for i, x := range list {
		if i > 0 {
			sql += ", "
		}
		sql += w.asText(x) + pick(w.dice, " ASC", " DESC")
	}
	if w.chance(80) {
		sql += pick(w.dice, " LIMIT 1", " LIMIT 2", " LIMIT 3", " LIMIT 2 OFFSET 1", " LIMIT 0")
	}
	return sql
}

// figure writes an aggregate over all rows.
func (w *writer) figure() string {
	source, from := w.source()
	x, c := w.column(from)
	what := pick(w.dice, "count(*)", "count(%s)", "count(DISTINCT %s)", "min("+w.text+")", "max("+w.text+")")
	if w.chance(30) && (c.domain == ints || !w.strict) {
		what = pick(w.dice, w.sums...)
	}
	if strings.Contains(what, "%s") {
		what = fmt.Sprintf(what, x)
	}
	return "SELECT " + what + " AS n" + source + w.where(from)
}

func (w *writer) groups() string {
	source, from := w.source()
	key := w.distinct(from)
	x, _ := w.column(from)
	text := w.asText(x)
	sql := fmt.Sprintf("SELECT %s AS k, count(*) AS n, max(%s) AS m%s%s GROUP BY %s", key, text, source, w.where(from), key)
	if w.chance(40) {
		sql += pick(w.dice, " HAVING count(*) > 1", " HAVING max("+text+") <> 'NULL'", " HAVING min("+text+") IS NOT NULL")
	}
	return sql
}

// compound joins two queries of one column.
func (w *writer) compound() (string, bool) {
	var sql string
	for i := range 2 {
		source, from := w.source()
		x, _ := w.column(from)
		if i > 0 {
			sql += pick(w.dice, " UNION ", " UNION ALL ", " EXCEPT ", " INTERSECT ")
		}
		sql += "SELECT " + w.asText(x) + " AS x" + source + w.where(from)
	}
	if w.chance(40) {
		return sql + " ORDER BY 1 LIMIT 2", true
	}
	return sql, false
}

// common writes a query with a common table expression, which may hide a
// table.
func (w *writer) common() string {
	name := pick(w.dice, "q", "q", w.table(w.dice).name)
	source, from := w.source()
	x, y := w.any(from), w.any(from)
	inner := fmt.Sprintf("WITH %s(k, n) AS (SELECT %s, %s%s%s) ", name, x, y, source, w.where(from))
	if name != "q" {
		// Inside, the name stands for the table, or for itself, which is an
		// error; both handles must say so.
		return inner + "SELECT " + w.asText("k") + " AS k FROM " + name
	}
	condition := pick(w.dice, "n IS NOT NULL", "1 = 1")
	if !w.strict {
		condition = pick(w.dice, "k = 1", "n IS NOT NULL", "k IN (SELECT id FROM t0)", "1")
	}
	return inner + "SELECT k, n FROM q WHERE " + condition
}
