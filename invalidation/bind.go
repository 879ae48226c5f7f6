package invalidation

import "database/sql/driver"

// binding puts the arguments of one execution in the place of parameters.
type binding struct {
	args    []driver.Value
	catalog Catalog
}

// boxes returns a union of boxes that covers the rows of relation, which may
// be nil, for which the predicate holds.
func (b *binding) boxes(relation *Relation, p *Predicate) []Box {
	if p == nil {
		return whole()
	}
	return limit(b.and([]Box{make(Box, 0, max(1, len(p.Terms)))}, relation, p))
}

// and narrows boxes, which it takes over, to the rows for which the predicate
// holds too.
func (b *binding) and(boxes []Box, relation *Relation, p *Predicate) []Box {
	switch p.Op {
	case And:
		for i := range p.Terms {
			boxes = b.and(boxes, relation, &p.Terms[i])
		}
		return boxes
	case Or:
		return intersect(boxes, b.or(relation, p))
	}
	set := b.set(relation, p)
	kept := boxes[:0]
	for _, box := range boxes {
		if box, ok := box.restrict(p.Column, set); ok {
			kept = append(kept, box)
		}
	}
	return kept
}

func (b *binding) or(relation *Relation, p *Predicate) []Box {
	var boxes []Box
	for i := range p.Terms {
		boxes = append(boxes, b.boxes(relation, &p.Terms[i])...)
	}
	return limit(boxes)
}

// set returns a set that covers the values of the column for which an atom
// holds.
func (b *binding) set(relation *Relation, p *Predicate) Set {
	column := relation.column(p.Column)
	switch p.Op {
	case IsNull:
		if column.ZeroIsNull {
			return Set{}
		}
		return onlyNull
	case IsNotNull:
		return someValue
	case Eq, NotEq, Less, LessEq, Greater, GreaterEq, Like:
		if len(p.Operands) != 1 {
			return someValue
		}
		v, ok := b.value(p.Operands[0])
		if !ok {
			return someValue
		}
		return column.compared(p.Op, v)
	case In:
		return b.in(column.Kind, p.Operands)
	case NotIn:
		return b.notIn(column.Kind, p.Operands)
	case Joined:
		return b.joined(column.Kind, p)
	}
	return Set{}
}

func (b *binding) in(kind Kind, operands []Operand) Set {
	points := make([]Value, 0, len(operands))
	var spans []span
	for _, operand := range operands {
		v, ok := b.value(operand)
		switch value, understood := valueOf(v, kind); {
		case !ok || !understood:
			return someValue
		case v == nil: // nothing equals NULL
		case kind.pointed():
			points = append(points, value)
		default:
			spans = append(spans, value.near(v))
		}
	}
	if len(spans) > 0 {
		return spanSet(false, spans...)
	}
	return finiteSet(false, points)
}

func (b *binding) notIn(kind Kind, operands []Operand) Set {
	if len(operands) == 0 {
		return Set{} // even NULL is not in the empty list
	}
	var excluded []Value
	for _, operand := range operands {
		v, ok := b.value(operand)
		if ok && v == nil {
			return none // nothing differs from NULL
		}
		if value, understood := valueOf(v, kind); ok && understood && kind.separate() {
			excluded = append(excluded, value)
		}
	}
	return allButSet(false, excluded)
}

// joined returns what is asked of the other side of an equal join, if the
// columns on both sides are of one known kind. NULL is never equal.
func (b *binding) joined(kind Kind, p *Predicate) Set {
	other := b.catalog[p.Table]
	if len(p.Terms) != 1 || kind == Unknown || other.column(p.Terms[0].Column).Kind != kind {
		return Set{}
	}
	return b.set(other, &p.Terms[0]).Intersect(someValue)
}

// value returns the value of an operand, if it is known.
func (b *binding) value(o Operand) (driver.Value, bool) {
	if o.Param > 0 && o.Param <= len(b.args) {
		return b.args[o.Param-1], true
	}
	return o.Literal, o.Known && o.Param == 0
}
