package syntax

import (
	"slices"

	"github.com/seed92106438/cacheops/invalidation"
)

// edge says that a row counts through the source of from only if that column
// equals to in a row that counts through the source of to.
type edge struct{ from, to columnRef }

// MaxEdges bounds the edges of a statement.
const MaxEdges = 32

func (a *analysis) noteEdge(from, to columnRef) {
	if e := (edge{from, to}); from.src != to.src && len(a.edges) < MaxEdges && !slices.Contains(a.edges, e) {
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
				a.noteEdge(from, pair[1-i])
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
	a.noteEdge(x, y)
	if b := inner.block; !b.Grouped && b.Limit == nil && b.Offset == nil {
		a.noteEdge(y, x)
	}
}

// readBlock is a block with its scope.
type readBlock struct {
	block *Block
	scope *scope
}

// shapeEdges returns the edges between tables. The block is the whole query, or
// nil if that is not one block.
func (a *analysis) shapeEdges(b *Block, sc *scope) []invalidation.Edge {
	var base *source
	if b != nil {
		base = a.base(b, sc)
	}
	var edges []invalidation.Edge
	for _, e := range a.edges {
		shown := ""
		if base != nil && e.to.src == base {
			shown, _ = sc.shown(b.Columns, e.to)
		}
		if e.from.src.table != "" && e.to.src.table != "" && !e.from.src.hidden[e.from.name] && !e.to.src.hidden[e.to.name] {
			edges = append(edges, invalidation.Edge{
				Use: a.useOf(e.from.src), Column: e.from.name,
				Other: a.useOf(e.to.src), OtherColumn: e.to.name, Shown: shown,
			})
		}
	}
	return edges
}
