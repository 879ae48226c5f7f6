package syntax

import "github.com/seed92106438/cacheops/invalidation"

// projection reads conditions as they bear on the rows of one source: what is
// said of other sources, or is not understood, is left open.
type projection struct {
	scope *scope
	src   *source
	rules Rules
}

// rows returns a condition that holds for every row for which e may come out
// as the outcome, true or false. A row for which e is NULL is in neither.
//
// So a negation only asks for the other outcome, and what is not understood
// is open on both sides of a NOT.
func (p projection) rows(e Expr, outcome bool) predicate {
	switch e := e.(type) {
	case *Not:
		return p.rows(e.X, !outcome)
	case *Logic:
		return p.logic(e, outcome)
	case *Compare:
		return p.compare(e.Op, e.X, e.Y, outcome)
	case *Same:
		return p.same(e, outcome)
	case *Between:
		return p.between(e, outcome)
	case *In:
		return p.in(e, outcome)
	case *Like:
		return p.like(e, outcome)
	case *Column:
		return p.truth(e, outcome)
	}
	return always()
}

func (p projection) logic(e *Logic, outcome bool) predicate {
	if len(e.Terms) == 0 {
		return always()
	}
	result := p.rows(e.Terms[0], outcome)
	for _, term := range e.Terms[1:] {
		result = combine(result, p.rows(term, outcome), outcome == e.And)
	}
	return result
}

// combine joins two conditions with AND, or else with OR.
func combine(p, q predicate, and bool) predicate {
	if and {
		return both(p, q)
	}
	return either(p, q)
}

// complement is the comparison that is true where the other one is false.
var complement = map[invalidation.Op]invalidation.Op{
	invalidation.Eq:        invalidation.NotEq,
	invalidation.NotEq:     invalidation.Eq,
	invalidation.Less:      invalidation.GreaterEq,
	invalidation.LessEq:    invalidation.Greater,
	invalidation.Greater:   invalidation.LessEq,
	invalidation.GreaterEq: invalidation.Less,
}

// mirror is the comparison with its sides exchanged.
var mirror = map[invalidation.Op]invalidation.Op{
	invalidation.Eq:        invalidation.Eq,
	invalidation.NotEq:     invalidation.NotEq,
	invalidation.Less:      invalidation.Greater,
	invalidation.LessEq:    invalidation.GreaterEq,
	invalidation.Greater:   invalidation.Less,
	invalidation.GreaterEq: invalidation.LessEq,
}

func (p projection) compare(op invalidation.Op, x, y Expr, outcome bool) predicate {
	if !outcome {
		op = complement[op]
	}
	if xs, ok := x.(*Row); ok {
		return p.compareRows(op, xs, y)
	}
	if column, ok := p.column(x); ok {
		return atom(op, column, operand(y))
	}
	if column, ok := p.column(y); ok {
		return atom(mirror[op], column, operand(x))
	}
	return always()
}

// weak is the comparison that holds of the first fields of two rows if another
// does of the rows.
var weak = map[invalidation.Op]invalidation.Op{
	invalidation.Less:      invalidation.LessEq,
	invalidation.LessEq:    invalidation.LessEq,
	invalidation.Greater:   invalidation.GreaterEq,
	invalidation.GreaterEq: invalidation.GreaterEq,
}

// compareRows reads (a, b) = (1, 2) as a = 1 AND b = 2, and <> as the
// contrary. Of (a, b) > (1, 2) it takes a >= 1 alone, which pages by key need.
func (p projection) compareRows(op invalidation.Op, x *Row, y Expr) predicate {
	ys, ok := y.(*Row)
	if !ok || len(x.List) == 0 || len(x.List) != len(ys.List) {
		return always()
	}
	if op, ok := weak[op]; ok {
		return p.compare(op, x.List[0], ys.List[0], true)
	}
	equal := op == invalidation.Eq
	result := p.compare(invalidation.Eq, x.List[0], ys.List[0], equal)
	for i := 1; i < len(x.List); i++ {
		next := p.compare(invalidation.Eq, x.List[i], ys.List[i], equal)
		result = combine(result, next, equal)
	}
	return result
}

// column returns the name of the column of the projection's source that e
// names.
func (p projection) column(e Expr) (string, bool) {
	if ref, ok := p.scope.column(e); ok && ref.src == p.src {
		return ref.name, true
	}
	return "", false
}

// same reads IS NOT DISTINCT FROM, which compares NULL as a value. A parameter
// may be NULL: then it is one of two things, and the contrary is left open.
func (p projection) same(e *Same, outcome bool) predicate {
	same := outcome != e.Not
	column, ok := p.column(e.X)
	value := operand(e.Y)
	if !ok {
		column, ok = p.column(e.Y)
		value = operand(e.X)
	}
	switch {
	case !ok || !isKnown(value):
		return always()
	case isNull(value):
		return nullAtom(column, same)
	case same && value.Known:
		return atom(invalidation.Eq, column, value)
	case same:
		return either(atom(invalidation.Eq, column, value), nullAtom(column, true))
	case value.Known:
		return either(atom(invalidation.NotEq, column, value), nullAtom(column, true))
	}
	return always()
}

// between reads x BETWEEN lo AND hi as x >= lo AND x <= hi.
func (p projection) between(e *Between, outcome bool) predicate {
	inside := outcome != e.Not
	return combine(
		p.compare(invalidation.GreaterEq, e.X, e.Lo, inside),
		p.compare(invalidation.LessEq, e.X, e.Hi, inside),
		inside)
}

func (p projection) in(e *In, outcome bool) predicate {
	if e.Query != nil {
		return always()
	}
	among := outcome != e.Not
	if len(e.List) == 0 {
		// Nothing is among nothing, not even NULL.
		if among {
			return never()
		}
		return always()
	}
	if x, ok := e.X.(*Row); ok {
		return p.inRows(x, e.List, among)
	}
	column, ok := p.column(e.X)
	if !ok {
		return always()
	}
	values := operands(e.List)
	if among {
		return oneOf([]string{column}, [][]invalidation.Operand{values})
	}
	return noneOf(column, values)
}

// inRows reads (a, b) IN ((1, 2), (3, 4)).
func (p projection) inRows(x *Row, list []Expr, among bool) predicate {
	if !among || len(x.List) == 0 {
		return always()
	}
	columns := make([]string, len(x.List))
	for i, e := range x.List {
		columns[i], _ = p.column(e)
	}
	values := make([][]invalidation.Operand, len(columns))
	for _, e := range list {
		row, ok := e.(*Row)
		if !ok || len(row.List) != len(columns) {
			return always()
		}
		for i, value := range row.List {
			values[i] = append(values[i], operand(value))
		}
	}
	return oneOf(columns, values)
}

// like reads a match, which is NULL for NULL.
func (p projection) like(e *Like, outcome bool) predicate {
	column, ok := p.column(e.X)
	if !ok {
		return always()
	}
	pattern := operand(e.Pattern)
	_, isText := pattern.Literal.(string)
	if !e.Opaque && outcome != e.Not && (isText || pattern.Param > 0) {
		return atom(invalidation.Like, column, pattern)
	}
	return nullAtom(column, false)
}

// truth reads a column as a condition. A number is true if it is other than
// zero; what is no number counts as zero, so falsehood says less. A boolean is
// 1 or 0.
func (p projection) truth(e *Column, outcome bool) predicate {
	column, ok := p.column(e)
	if !ok {
		return always()
	}
	zero := invalidation.Operand{Known: true, Literal: int64(0)}
	switch {
	case outcome:
		return atom(invalidation.NotEq, column, zero)
	case p.rules.Booleans:
		return atom(invalidation.Eq, column, zero)
	}
	return nullAtom(column, false)
}
