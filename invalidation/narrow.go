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
	// Shown is known of some of the Shape's Shows.
	Shown []Shown
}

// Shown has what a column holds in the rows of a result, as the driver gave it.
// There may be more.
type Shown struct {
	Showing Showing
	Column  string
	Values  []driver.Value
}

// Partners has what the OtherColumn of an [Edge] holds in the rows of the other
// use: each value that it has in some row for which that use's predicate holds,
// as of a moment after the stamp; if the edge's Side is After, each that it has
// in some row of the result. There may be more.
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
// An edge whose Side is After bounds the rows that appear alone. Let R be the rows
// of FROM of which the result is made, all or the first n in its order, and S the
// rows of the use. Of the rows beside which no row of S stands, R are those that
// pass all else; x is the edge's OtherColumn in R. Now let rows V of S vanish and
// rows N appear, and let all else stay. If none of V is any, and none of N is
// beside one of R, each row of R still has none beside it, and each that had one
// still has it. So what passes now are rows that passed before, with all of R
// among them. If R was all it is all, and if it was the first n it is the first
// n. If V is not empty that holds no more, and so V is not bounded. An update has
// its old rows in V and its new ones in N.
//
// Nothing is asked here of the dependency on the other use but that it is sound:
// R is what the result shows, which stays as it is for as long as no change meets
// d. Several changes of one moment may be taken one after the other. So such an
// edge may go along with any other that does not rely on its use.
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

// bound returns what the rows of a result say of the use that they are made of.
//
// Let a row not be shown. No row of the result is made of it; so it is as long
// as the result stands, for that shows which rows it is made of. Let the row
// change in columns that decide neither which rows there are nor in which order.
// Then the result is made of the same rows, at the same places, and as each row
// of it is computed by itself it is as it was.
func (h *Shown) bound(b *binding, s *Shape) (bound, bool) {
	use := &s.Uses[h.Showing.Use]
	values, ok := b.catalog[use.Table].column(h.Column).points(h.Values)
	if !ok || !b.placed(use, h.Showing.Place) {
		return bound{}, false
	}
	boxes := []Box{{{h.Column, finiteSet(true, values)}}}
	return bound{use: h.Showing.Use, boxes: boxes, by: h.Showing.Place}, true
}

// placed reports whether the columns that decide about the place of a row are
// known and change only with writes that name them.
func (b *binding) placed(u *Use, place Columns) bool {
	relation := b.catalog[u.Table]
	return !place.All && len(place.Names) > 0 && relation.computesNone(place.Names) && relation.computesNone(u.Columns.Names)
}

// bound says which rows count through a use: those in its boxes.
type bound struct {
	use   int
	boxes []Box
	// by has columns by which rows outside of the boxes count all the same.
	by Columns
	// side is After if only the rows that appear are bounded, else Either.
	side Side
}

// narrow returns what is left of parts of the use.
func (bd *bound) narrow(parts []Part) []Part {
	var narrowed TableDependency
	for _, part := range parts {
		if bd.side == After {
			if part.Side != After {
				narrowed.add(Part{Boxes: part.Boxes, Columns: part.Columns, Side: Before})
			}
			if part.Side == Before {
				continue
			}
			part.Side = After
		}
		within := intersect(part.Boxes, bd.boxes)
		if bd.by.Covers(part.Columns) || slices.EqualFunc(within, part.Boxes, Box.equal) {
			narrowed.add(part)
			continue
		}
		if by := part.Columns.Intersect(bd.by); len(by.Names) > 0 {
			narrowed.add(Part{Boxes: part.Boxes, Columns: by, Side: part.Side})
		}
		part.Boxes = within
		narrowed.add(part)
	}
	return narrowed.Parts
}

// bounds returns what the outcome says of the uses.
func (b *binding) bounds(s *Shape, o *Outcome) []bound {
	var bounds []bound
	if s.Page != nil {
		bounds = s.Page.bounds(b, s, o)
	}
	for i := range o.Shown {
		if bound, ok := o.Shown[i].bound(b, s); ok {
			bounds = append(bounds, bound)
		}
	}
	for _, p := range o.Partners {
		relied := func(other bound) bool {
			return p.Edge.Side == Either && other.use == p.Edge.Other && len(other.by.Names) == 0
		}
		relies := func(other Partners) bool { return other.Edge.Side == Either && other.Edge.Other == p.Edge.Use }
		if slices.ContainsFunc(bounds, relied) || slices.ContainsFunc(o.Partners, relies) {
			continue
		}
		if set, ok := b.among(s, &p); ok {
			bounds = append(bounds, bound{use: p.Edge.Use, boxes: b.beside(s, &p.Edge, set), side: p.Edge.Side})
		}
	}
	return bounds
}

// beside covers the rows that an edge lets count: those with a value of the set,
// and those that count in any case.
func (b *binding) beside(s *Shape, e *Edge, set Set) []Box {
	var boxes []Box
	add := func(column string, set Set) {
		if box, some := Box(nil).restrict(column, set); some {
			boxes = append(boxes, box)
		}
	}
	add(e.Column, set)
	if e.OrNull != "" {
		add(e.OrNull, b.set(b.catalog[s.Uses[e.Use].Table], &Predicate{Op: IsNull, Column: e.OrNull}))
	}
	return boxes
}

// among returns the set of the partners' values, if they are understood, and
// alike in both columns.
func (b *binding) among(s *Shape, p *Partners) (Set, bool) {
	kind := b.catalog[s.Uses[p.Edge.Use].Table].column(p.Edge.Column).Kind
	other := b.catalog[s.Uses[p.Edge.Other].Table].column(p.Edge.OtherColumn)
	values, ok := other.points(p.Values)
	if !ok || kind != other.Kind || p.Edge.Nulls && slices.ContainsFunc(values, Value.isNull) {
		return Set{}, false
	}
	values = slices.DeleteFunc(values, Value.isNull) // which equals nothing
	return finiteSet(p.Edge.Nulls, values), true
}

// points returns what a driver gave for values of the column, if rows can be
// told apart by them.
func (c Column) points(given []driver.Value) ([]Value, bool) {
	if !c.Kind.Identifies() {
		return nil, false
	}
	values := make([]Value, 0, len(given))
	for _, v := range given {
		points, ok := c.read(v).Points()
		if !ok || len(points) != 1 {
			return nil, false
		}
		values = append(values, points[0])
	}
	return values, true
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
