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
		sql += pick(w.dice, " IS NULL", " IS NOT NULL", " LIKE 'a%'", " LIKE 'A%'")
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
		return x + pick(w.dice, " IS ", " IS NOT ", " IS NOT DISTINCT FROM ") + w.operand(c.domain)
	case 13:
		return x + pick(w.dice, " LIKE ", " LIKE ", " NOT LIKE ", " GLOB ") + pick(w.dice, "'a%'", "'A%'", "'%a'", "'1%'", "''", "'_'", "'20%'", "'a*'")
	case 14:
		return x
	case 15, 16:
		y, _ := w.column(from)
		return x + pick(w.dice, " = ", " < ", " <> ", " IS ") + y
	case 17:
		y, other := w.column(from)
		return fmt.Sprintf("(%s, %s) %s (%s, %s)", x, y, pick(w.dice, "=", "<>", "<"), w.operand(c.domain), w.operand(other.domain))
	case 18:
		return fmt.Sprintf(pick(w.dice, "+%s", "%s COLLATE NOCASE", "coalesce(%s, 1)", "CAST(%s AS TEXT)", "(%s)", "lower(%s)"), x) +
			pick(w.dice, " = ", " < ") + w.operand(c.domain)
	default:
		return w.operand(c.domain) + pick(w.dice, " = ", " < ", " IS NULL AND 1 = ") + w.operand(c.domain)
	}
}

// nested writes a condition with a subquery, which may name the rows around
// it.
func (w *writer) nested(from refs) string {
	x, c := w.column(from)
	inner := ref{w.table(w.dice), w.alias()}
	y, _ := w.column(refs{inner})
	within := append(refs{inner}, from...)
	source := fmt.Sprintf(" FROM %s AS %s", inner.name, inner.alias)
	switch w.below(5) {
	case 0:
		return x + pick(w.dice, " IN ", " NOT IN ") + "(SELECT " + y + source + " WHERE " + w.condition(refs{inner}) + ")"
	case 1:
		return pick(w.dice, "EXISTS ", "NOT EXISTS ") + "(SELECT 1" + source + " WHERE " + w.condition(within) + ")"
	case 2:
		return x + pick(w.dice, " = ", " < ", " IS ") + "(SELECT " + pick(w.dice, "min", "max", "count") + "(" + y + ")" + source + " WHERE " + w.condition(within) + ")"
	case 3:
		return "(SELECT count(*)" + source + " WHERE " + w.condition(within) + ") >= " + w.operand(ints)
	default:
		return x + " IN (SELECT " + y + source + " UNION SELECT " + w.operand(c.domain) + ")"
	}
}

// alias makes a name that no other source of the statement has.
func (w *writer) alias() string { return w.name("s") }
