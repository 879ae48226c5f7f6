package syntax

import (
	"slices"

	"github.com/seed92106438/cacheops/invalidation"
)

// edge says that a row counts through the source of from only if that column
// equals to in a row that counts through the source of to. The rest is as in
// [invalidation.Edge].
type edge struct {
	from, to columnRef
	side     invalidation.Side
	nulls    bool
	orNull   string
}

// MaxEdges bounds the edges of a statement.
const MaxEdges = 32

func (a *analysis) noteEdge(e edge) {
	if e.from.src != e.to.src && len(a.edges) < MaxEdges && !slices.Contains(a.edges, e) {
		a.edges = append(a.edges, e)
	}
}

// edges notes what the equalities of a source say of its rows. They are facts:
// a row of the source counts only in a combination of rows in which they are
// true, and in which the sources that may be relied on show rows of their own.
// Those rows count too: whatever is asked of them is asked of the combination,
// for a side of an outer join that is kept is asked for less than the other.
func (eq *equalities) edges(a *analysis) {
	for _, pair := range eq.pairs {
		for i, from := range pair {
			if from.src == eq.src {
				a.noteEdge(edge{from: from, to: pair[1-i]})
			}
		}
	}
}

// among notes that x IN (SELECT y …) must be true for a row of x's source to
// count: x then equals y in a row of the subquery. A row that the subquery
// gives counts, in turn, only if there is an x that equals it; unless the
// subquery puts rows together or leaves some out, so that other rows decide
// which ones it gives.
func (eq *equalities) among(a *analysis, x columnRef, in *In) {
	inner := a.blocks[in.Query]
	if in.Not || inner == nil || len(inner.block.Columns) != 1 {
		return
	}
	y, ok := inner.scope.column(inner.block.Columns[0].Expr)
	if !ok {
		return
	}
	a.noteEdge(edge{from: x, to: y})
	if inner.givesAll() {
		a.noteEdge(edge{from: y, to: x})
	}
}

// beside notes what EXISTS (SELECT … WHERE y = x), or NOT EXISTS, says for a row
// of x's source to count: only a row of the subquery with that y is of any
// matter to it. If there must be one, and not one that the subquery makes of
// none, the row counts only beside it.
func (eq *equalities) beside(a *analysis, e *Exists, exists bool, usable sourceSet) {
	inner := a.blocks[e.Query]
	if inner == nil {
		return
	}
	for _, pair := range inner.correlated(eq.scope) {
		if x, y := pair[0], pair[1]; x.src == eq.src && usable.has(x.src) {
			a.noteEdge(edge{from: y, to: x})
			if exists && !inner.block.Grouped {
				a.noteEdge(edge{from: x, to: y})
			}
		}
	}
}

// readBlock is a block with its scope.
type readBlock struct {
	block *Block
	scope *scope
}

// givesAll reports whether the block puts no rows together and leaves none out.
func (r *readBlock) givesAll() bool {
	return !r.block.Grouped && r.block.Limit == nil && r.block.Offset == nil
}

// correlated returns the columns of the scope around the block that must equal
// one of the block's own, each with that. It must be a row's own value: a source
// that may show NULL in place of a row is passed over.
func (r *readBlock) correlated(outer *scope) [][2]columnRef {
	var pairs [][2]columnRef
	for _, term := range conjuncts(r.block.Where) {
		e, ok := term.(*Compare)
		if !ok || e.Op != invalidation.Eq {
			continue
		}
		for _, sides := range [][2]Expr{{e.X, e.Y}, {e.Y, e.X}} {
			x, isOuter := r.scope.outward(sides[0], outer)
			y, isOwn := r.scope.column(sides[1])
			if isOuter && isOwn && r.scope.open.has(y.src) {
				pairs = append(pairs, [2]columnRef{x, y})
			}
		}
	}
	return pairs
}

// outward returns the column of an outer scope that e names, if it is clear
// that it is none of the scope itself.
func (sc *scope) outward(e Expr, outer *scope) (columnRef, bool) {
	c, ok := e.(*Column)
	if !ok || c.Table == "" || len(sc.named(c.Table)) > 0 {
		return columnRef{}, false
	}
	return outer.column(e)
}

// conjuncts returns the conditions that must all be true for e to be true.
func conjuncts(e Expr) []Expr {
	logic, ok := e.(*Logic)
	switch {
	case e == nil:
		return nil
	case !ok || !logic.And:
		return []Expr{e}
	}
	var all []Expr
	for _, term := range logic.Terms {
		all = append(all, conjuncts(term)...)
	}
	return all
}

// shapeEdges returns the edges between tables. The block is the whole query, or
// nil if that is not one block.
func (a *analysis) shapeEdges(b *Block, sc *scope) []invalidation.Edge {
	var base *source
	if b != nil {
		base = a.base(b, sc)
		a.absences(b, sc)
	}
	var edges []invalidation.Edge
	for _, e := range a.edges {
		shown := ""
		if base != nil && e.to.src == base || e.side == invalidation.After {
			shown, _ = sc.shown(b.Columns, e.to)
		}
		if e.side == invalidation.After && shown == "" {
			continue
		}
		if e.from.src.table != "" && e.to.src.table != "" && !e.from.src.hidden[e.from.name] && !e.to.src.hidden[e.to.name] {
			edges = append(edges, invalidation.Edge{
				Use: a.useOf(e.from.src), Column: e.from.name,
				Other: a.useOf(e.to.src), OtherColumn: e.to.name, Shown: shown,
				Side: e.side, Nulls: e.nulls, OrNull: e.orNull,
			})
		}
	}
	return edges
}
