package invalidation

import (
	"database/sql/driver"
	"slices"
)

// Outcome is what is known of one execution of a query when it is done.
type Outcome struct {
	// Rows of the result.
	Rows int64
	// First and Last are what the driver gave for the [Page]'s Result column in
	// the first and the last of them, or nil. They count only if the shape has a
	// page.
	First, Last driver.Value
	// Partners are known of some edges.
	Partners []Partners
}

// Partners has what the OtherColumn of an [Edge] holds in the rows of the other
// use: each value that it has in some row for which that use's predicate holds,
// as of a moment after the stamp. There may be more.
type Partners struct {
	Edge   Edge
	Values []driver.Value
}

// Narrow returns the dependency d of one execution of a query, made from the
// same arguments and catalogue, as it is when its outcome is known. If that says
// nothing, it returns d itself, which it never changes.
//
// Partners bound the rows that count by an edge: a row counts only beside one of
// the other use that has its value, and those are all the values that there are.
// That stays true as long as d holds for the other use: a change that gave that
// use a row with another value would meet d, if only d is not narrowed there. So
// of two uses that bound each other only one is narrowed, and [Shape.Edges] that
// ask otherwise are passed over.
//
// Several uses of one table see rows each for themselves, so the others stay as
// they are.
func (s *Shape) Narrow(d *Dependency, args []driver.Value, catalog Catalog, o Outcome) *Dependency {
	if len(args) != s.Params {
		return d
	}
	b := binding{args, catalog}
	bounds := b.bounds(s, &o)
	narrowed := d
	for _, bound := range bounds {
		name := catalog.Canonical(s.Uses[bound.use].Table)
		at := slices.IndexFunc(d.Tables, func(t TableDependency) bool { return t.Table.Name == name })
		if at < 0 || d.Tables[at].declared {
			continue
		}
		if narrowed == d {
			narrowed = &Dependency{Tables: slices.Clone(d.Tables)}
		}
		narrowed.Tables[at].Parts = b.bounded(s, name, bounds)
	}
	return narrowed
}

// bound says which rows count through a use: those in its boxes.
type bound struct {
	use   int
	boxes []Box
	// by has columns by which rows outside of the boxes count all the same.
	by Columns
}

// narrow returns what is left of parts of the use.
func (bd *bound) narrow(parts []Part) []Part {
	var narrowed TableDependency
	for _, part := range parts {
		if by := part.Columns.Intersect(bd.by); len(by.Names) > 0 {
			narrowed.add(Part{Boxes: part.Boxes, Columns: by, Side: part.Side})
		}
		if !bd.by.Covers(part.Columns) {
			part.Boxes = intersect(part.Boxes, bd.boxes)
			narrowed.add(part)
		}
	}
	return narrowed.Parts
}

// bounds returns what the outcome says of the uses.
func (b *binding) bounds(s *Shape, o *Outcome) []bound {
	var bounds []bound
	if s.Page != nil {
		bounds = s.Page.bounds(b, s, o)
	}
	for _, p := range o.Partners {
		set, ok := b.among(s, &p)
		relied := func(other bound) bool { return other.use == p.Edge.Other }
		if ok && !slices.ContainsFunc(bounds, relied) && !slices.ContainsFunc(o.Partners, func(other Partners) bool {
			return other.Edge.Other == p.Edge.Use
		}) {
			bounds = append(bounds, bound{use: p.Edge.Use, boxes: []Box{{{p.Edge.Column, set}}}})
		}
	}
	return bounds
}

// among returns the set of the partners' values, if they are understood, and
// alike in both columns.
func (b *binding) among(s *Shape, p *Partners) (Set, bool) {
	kind := b.catalog[s.Uses[p.Edge.Use].Table].column(p.Edge.Column).Kind
	other := b.catalog[s.Uses[p.Edge.Other].Table].column(p.Edge.OtherColumn)
	if kind != other.Kind || !kind.Identifies() {
		return Set{}, false
	}
	var values []Value
	for _, v := range p.Values {
		points, ok := other.read(v).Points()
		if !ok || len(points) != 1 {
			return Set{}, false
		}
		if !points[0].isNull() { // NULL equals nothing
			values = append(values, points[0])
		}
	}
	return finiteSet(false, values), true
}

// Identifies reports whether values of the kind are taken as points, so that
// rows can be told apart by them.
func (k Kind) Identifies() bool {
	switch k {
	case Int, Text, Exact, Bytes, UUID:
		return true
	}
	return false
}

// bounded returns the parts of all uses of a table, each within its bounds.
func (b *binding) bounded(s *Shape, table string, bounds []bound) []Part {
	var d TableDependency
	for i := range s.Uses {
		if b.catalog.Canonical(s.Uses[i].Table) != table {
			continue
		}
		parts := []Part{b.use(&s.Uses[i])}
		for _, bound := range bounds {
			if bound.use == i {
				parts = bound.narrow(parts)
			}
		}
		for _, part := range parts {
			d.add(part)
		}
	}
	return d.Parts
}
