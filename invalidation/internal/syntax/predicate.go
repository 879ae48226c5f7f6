package syntax

import (
	"slices"

	"github.com/seed92106438/cacheops/invalidation"
)

type predicate = invalidation.Predicate

// always is the condition that every row meets; it is the zero predicate.
func always() predicate { return predicate{} }

// never is the condition that no row meets.
func never() predicate { return predicate{Op: invalidation.Or} }

func isAlways(p predicate) bool { return p.Op == invalidation.And && len(p.Terms) == 0 }

func isNever(p predicate) bool { return p.Op == invalidation.Or && len(p.Terms) == 0 }

// restriction returns p in the form of [invalidation.Use.Where].
func restriction(p predicate) *predicate {
	if isAlways(p) {
		return nil
	}
	return &p
}

// both returns the condition that p and q hold.
func both(p, q predicate) predicate {
	switch {
	case isAlways(p):
		return q
	case isAlways(q):
		return p
	}
	return join(invalidation.And, p, q)
}

// either returns the condition that p or q holds.
func either(p, q predicate) predicate {
	switch {
	case isAlways(p) || isAlways(q):
		return always()
	case isNever(p):
		return q
	case isNever(q):
		return p
	}
	return join(invalidation.Or, p, q)
}

// join makes one list of terms of p and q; p must not be used any more.
func join(op invalidation.Op, p, q predicate) predicate {
	if p.Op != op {
		p = predicate{Op: op, Terms: []predicate{p}}
	}
	if q.Op == op {
		p.Terms = append(p.Terms, q.Terms...)
	} else {
		p.Terms = append(p.Terms, q)
	}
	return p
}

// atom compares a column with a value, if that is known.
func atom(op invalidation.Op, column string, value invalidation.Operand) predicate {
	if !isKnown(value) {
		return always()
	}
	return predicate{Op: op, Column: column, Operands: []invalidation.Operand{value}}
}

// nullAtom returns that the column is NULL, or else that it is not.
func nullAtom(column string, null bool) predicate {
	if null {
		return predicate{Op: invalidation.IsNull, Column: column}
	}
	return predicate{Op: invalidation.IsNotNull, Column: column}
}

// MaxRows is how many rows of values are kept apart from each other.
const MaxRows = 16

// oneOf returns the condition that the columns equal one of the rows of
// values, which are given column by column. A column whose name is empty is
// none of the table's, and left open. Many rows are not kept apart: then each
// column holds one of its values, which is more.
func oneOf(columns []string, values [][]invalidation.Operand) predicate {
	rows := len(values[0])
	if len(columns) > 1 && rows <= MaxRows {
		result := never()
		for row := range rows {
			result = either(result, oneRow(columns, values, row))
		}
		return result
	}
	result := always()
	for i, column := range columns {
		if column != "" && allKnown(values[i]) {
			result = both(result, predicate{Op: invalidation.In, Column: column, Operands: values[i]})
		}
	}
	return result
}

func oneRow(columns []string, values [][]invalidation.Operand, row int) predicate {
	result := always()
	for i, column := range columns {
		if column != "" {
			result = both(result, atom(invalidation.Eq, column, values[i][row]))
		}
	}
	return result
}

// noneOf returns the condition that the column differs from every value, of
// which there is at least one. Values that are not known only could say more.
func noneOf(column string, values []invalidation.Operand) predicate {
	var known []invalidation.Operand
	for _, value := range values {
		if isKnown(value) {
			known = append(known, value)
		}
	}
	if known == nil {
		return nullAtom(column, false)
	}
	return predicate{Op: invalidation.NotIn, Column: column, Operands: known}
}

// operand returns the value that e stands for. It is unknown unless e is a
// literal or a parameter.
func operand(e Expr) invalidation.Operand {
	if value, ok := e.(*Value); ok {
		return value.Operand
	}
	return invalidation.Operand{}
}

func operands(list []Expr) []invalidation.Operand {
	values := make([]invalidation.Operand, len(list))
	for i, e := range list {
		values[i] = operand(e)
	}
	return values
}

func isKnown(o invalidation.Operand) bool { return o.Known || o.Param > 0 }

func allKnown(operands []invalidation.Operand) bool {
	return !slices.ContainsFunc(operands, func(o invalidation.Operand) bool { return !isKnown(o) })
}

func isNull(o invalidation.Operand) bool { return o.Known && o.Literal == nil }
