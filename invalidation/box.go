package invalidation

import "slices"

// maxBoxes is the number of boxes past which a union of them collapses to
// its hull.
const maxBoxes = 16

// Term restricts one column.
type Term struct {
	Column string // lower case
	Set    Set
}

// Box is a region of a table's row space: the rows whose values lie in the
// set of every term. Terms are in the order of their columns, one for a
// column. A column that has no term may hold anything, so the box without
// terms is the whole table.
//
// No box is empty: a condition that no row satisfies has no box at all.
type Box []Term

// whole returns the union of boxes that covers every row.
func whole() []Box { return []Box{nil} }

// Meets reports whether the two boxes may have a row in common.
func (b Box) Meets(other Box) bool {
	for i, j := 0, 0; i < len(b) && j < len(other); {
		switch p, q := &b[i], &other[j]; {
		case p.Column == q.Column:
			if !p.Set.meets(&q.Set) {
				return false
			}
			i, j = i+1, j+1
		case p.Column < q.Column:
			i++
		default:
			j++
		}
	}
	return true
}

// And returns a box that covers the rows in both boxes. It reports false if
// there can be none.
func (b Box) And(other Box) (Box, bool) {
	both := append(make(Box, 0, len(b)+len(other)), b...)
	ok := true
	for i := 0; i < len(other) && ok; i++ {
		both, ok = both.restrict(other[i].Column, other[i].Set)
	}
	return both, ok
}

// Pins reports whether the box confines the column to points.
func (b Box) Pins(column string) bool {
	i, found := b.find(column)
	return found && b[i].Set.form == finite
}

// Fixes reports whether the box confines the column to one value, or to none.
// NULL is none that would: a unique column may hold it in several rows.
func (b Box) Fixes(column string) bool {
	i, found := b.find(column)
	return found && b[i].Set.form == finite && b[i].Set.notNull && len(b[i].Set.values) <= 1
}

// set returns what the box says of a column.
func (b Box) set(column string) Set {
	if i, found := b.find(column); found {
		return b[i].Set
	}
	return Set{}
}

func (b Box) find(column string) (int, bool) {
	for i := range b {
		if b[i].Column >= column {
			return i, b[i].Column == column
		}
	}
	return len(b), false
}

// restrict narrows a column of the box, in place. It reports false if nothing
// is left.
func (b Box) restrict(column string, set Set) (Box, bool) {
	if set.unrestricted() {
		return b, true
	}
	i, found := b.find(column)
	if !found {
		return slices.Insert(b, i, Term{column, set}), !set.empty()
	}
	b[i].Set = b[i].Set.Intersect(set)
	return b, !b[i].Set.empty()
}

// meetAny reports whether some box of one union meets some of the other.
func meetAny(a, b []Box) bool {
	for i := range a {
		for j := range b {
			if a[i].Meets(b[j]) {
				return true
			}
		}
	}
	return false
}

// limit returns a union that covers boxes, which it takes over, of [maxBoxes]
// at the most.
func limit(boxes []Box) []Box {
	for _, b := range boxes {
		if len(b) == 0 {
			return whole()
		}
	}
	if len(boxes) > maxBoxes {
		return []Box{hull(boxes)}
	}
	distinct := boxes[:0]
	for _, b := range boxes {
		if !slices.ContainsFunc(distinct, b.equal) {
			distinct = append(distinct, b)
		}
	}
	return distinct
}

// equal reports whether the boxes are written down alike.
func (b Box) equal(other Box) bool {
	return slices.EqualFunc(b, other, func(p, q Term) bool {
		return p.Column == q.Column && p.Set.form == q.Set.form && p.Set.notNull == q.Set.notNull &&
			slices.Equal(p.Set.values, q.Set.values) && slices.Equal(p.Set.spans, q.Set.spans)
	})
}

// hull returns one box that covers boxes, of which there is one at least.
func hull(boxes []Box) Box {
	if len(boxes) == 1 {
		return boxes[0]
	}
	var h Box
	sets := make([]Set, len(boxes))
	for _, term := range boxes[0] {
		for i, b := range boxes {
			sets[i] = b.set(term.Column)
		}
		if set := union(sets...); !set.unrestricted() {
			h = append(h, Term{term.Column, set})
		}
	}
	return h
}

// intersect returns a union that covers the rows which lie in both unions, of
// [maxBoxes] at the most if neither union has more.
func intersect(a, b []Box) []Box {
	if len(a) < len(b) {
		a, b = b, a
	}
	if len(a)*len(b) > maxBoxes {
		a = []Box{hull(a)}
	}
	var both []Box
	for _, p := range a {
		for _, q := range b {
			if box, ok := p.And(q); ok {
				both = append(both, box)
			}
		}
	}
	return both
}
