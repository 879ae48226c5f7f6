package cacheops_test

import "fmt"

// condition writes a condition on the rows of from.
func (w *writer) condition(from refs) string {
	if w.depth < 3 {
		w.depth++
		defer func() { w.depth-- }()
		switch w.below(12) {
		case 0, 1:
			return w.condition(from) + " AND " + w.condition(from)
		case 2:
			return "(" + w.condition(from) + " OR " + w.condition(from) + ")"
		case 3:
			return "NOT (" + w.condition(from) + ")"
		case 4:
			return w.nested(from)
		}
	}
	return w.atom(from)
}

// plainCondition writes one that boxes follow closely, so that what is dropped
// and what is kept hangs on each value.
func (w *writer) plainCondition(from refs) string {
	x, c := w.column(from)
	sql := x
	switch w.below(8) {
	case 0, 1, 2:
		sql += " = " + w.operand(c.domain)
	case 3:
		sql += " IN (" + w.operands(c.domain) + ")"
	case 4, 5:
		sql += pick(w.dice, " < ", " <= ", " > ", " >= ", " <> ") + w.operand(c.domain)
	case 6:
		sql += pick(w.dice, " IS NULL", " IS NOT NULL", w.alike(c, " LIKE 'a%'"), w.alike(c, " LIKE 'A%'"))
	default:
		sql += " BETWEEN " + w.operand(c.domain) + " AND " + w.operand(c.domain)
	}
	if w.chance(25) {
		return sql + " AND " + w.plainCondition(from)
	}
	return sql
}

// atom writes one comparison.
func (w *writer) atom(from refs) string {
	x, c := w.column(from)
	switch w.below(20) {
	case 0, 1, 2, 3:
		return x + " = " + w.operand(c.domain)
	case 4:
		return w.operand(c.domain) + pick(w.dice, " = ", " < ", " >= ", " <> ") + x
	case 5, 6:
		return x + pick(w.dice, " < ", " <= ", " > ", " >= ") + w.operand(c.domain)
	case 7:
		return x + pick(w.dice, " <> ", " != ") + w.operand(c.domain)
	case 8, 9:
		return x + pick(w.dice, " IN ", " IN ", " NOT IN ") + "(" + w.operands(c.domain) + ")"
	case 10:
		return x + pick(w.dice, " BETWEEN ", " NOT BETWEEN ") + w.operand(c.domain) + " AND " + w.operand(c.domain)
	case 11:
		return x + pick(w.dice, " IS NULL", " IS NOT NULL")
	case 12:
		return x + pick(w.dice, w.same...) + w.operand(c.domain)
	case 13:
		return x + w.alike(c, pick(w.dice, w.like...)+pick(w.dice, "'a%'", "'A%'", "'%a'", "'1%'", "''", "'_'", "'20%'", "'a*'"))
	case 14:
		if w.bare || c.domain == bools {
			return x
		}
		return x + " IS NOT NULL"
	case 15, 16:
		return x + pick(w.dice, " = ", " < ", " <> ", w.same[0]) + w.columnOf(from, c.domain)
	case 17:
		y, other := w.column(from)
		return fmt.Sprintf("(%s, %s) %s (%s, %s)", x, y, pick(w.dice, "=", "<>", "<"), w.operand(c.domain), w.operand(other.domain))
	case 18:
		return fmt.Sprintf(pick(w.dice, w.wrapped...), x) + pick(w.dice, " = ", " < ") + w.operand(c.domain)
	default:
		return w.constant(ints) + pick(w.dice, " = ", " < ", " IS NULL AND 1 = ") + w.constant(ints)
	}
}

// alike writes a comparison with a pattern, where the column is of texts.
func (w *writer) alike(c column, pattern string) string {
	if w.strict && c.domain != texts {
		return " IS NOT NULL"
	}
	return pattern
}

// columnOf draws a column that can be compared with values of the domain. There
// must be one.
func (w *writer) columnOf(from refs, of domain) string {
	r := from[w.below(len(from))]
	for _, other := range append(refs{r}, from...) {
		if columns := w.matching(other.columns, of); len(columns) > 0 {
			return other.alias + "." + pick(w.dice, columns...).name
		}
	}
	panic("no column can be compared")
}

// nested writes a condition with a subquery, which may name the rows around
// it.
func (w *writer) nested(from refs) string {
	x, c := w.column(from)
	inner := ref{w.table(w.dice), w.alias()}
	fitting := w.matching(inner.columns, c.domain)
	if len(fitting) == 0 {
		return "EXISTS (SELECT 1 FROM " + inner.name + " AS " + inner.alias + " WHERE " + w.condition(append(refs{inner}, from...)) + ")"
	}
	y := inner.alias + "." + pick(w.dice, fitting...).name
	within := append(refs{inner}, from...)
	source := fmt.Sprintf(" FROM %s AS %s", inner.name, inner.alias)
	switch w.below(5) {
	case 0:
		return x + pick(w.dice, " IN ", " NOT IN ") + "(SELECT " + y + source + " WHERE " + w.condition(refs{inner}) + ")"
	case 1:
		return pick(w.dice, "EXISTS ", "NOT EXISTS ") + "(SELECT 1" + source + " WHERE " + w.condition(within) + ")"
	case 2:
		if w.strict && !c.domain.sortable() {
			return x + " = (SELECT " + y + source + " LIMIT 1 OFFSET 9)"
		}
		return x + pick(w.dice, " = ", " < ", w.same[0]) + "(SELECT " + w.extreme(c) + "(" + y + ")" + source + " WHERE " + w.condition(within) + ")"
	case 3:
		return "(SELECT count(*)" + source + " WHERE " + w.condition(within) + ") >= " + w.operand(ints)
	default:
		return x + " IN (SELECT " + y + source + " UNION SELECT " + w.operand(c.domain) + ")"
	}
}

// extreme draws a function of many values whose result can be compared with c.
func (w *writer) extreme(c column) string {
	if c.domain == ints || !w.strict {
		return pick(w.dice, "min", "max", "count")
	}
	return pick(w.dice, "min", "max")
}

// alias makes a name that no other source of the statement has.
func (w *writer) alias() string { return w.name("s") }
