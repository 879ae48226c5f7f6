package syntax

import "github.com/seed92106438/cacheops/invalidation"

// absences notes which rows keep others out of the result by being there: those
// of an outer join of which WHERE wants NULL, and those of NOT EXISTS and NOT
// IN. Such a row, when it appears, only takes rows away from the result, those
// beside it; so it counts only beside one that is shown. When it vanishes it may
// give back any.
//
// The rows of the result must be those of FROM, one by one. They may be the
// first of some order, for what is taken away behind them moves none of them;
// but not those after an offset.
func (a *analysis) absences(b *Block, sc *scope) {
	if b.Grouped || b.Offset != nil || a.refusal != "" {
		return
	}
	for _, term := range conjuncts(b.Where) {
		for _, e := range a.excluding(term, sc) {
			e.side = invalidation.After
			a.noteEdge(e)
		}
	}
}

// excluding returns the edges of the rows that a condition wants to be missing.
func (a *analysis) excluding(term Expr, sc *scope) []edge {
	not := false
	if n, ok := term.(*Not); ok {
		term, not = n.X, true
	}
	switch e := term.(type) {
	case *Same:
		if column, ok := sc.column(e.X); ok && !e.Not && !not && isNull(operand(e.Y)) {
			return sc.unmatched(column)
		}
	case *Exists:
		if inner := a.blocks[e.Query]; not && inner != nil && inner.givesAll() {
			return inner.wanted(sc)
		}
	case *In:
		if inner := a.blocks[e.Query]; not != e.Not && inner != nil && inner.givesAll() {
			return inner.listed(e.X, sc)
		}
	}
	return nil
}

// unmatched returns the edges of an outer join, for a column of its right side
// in which WHERE wants NULL. A row of the left side then is in the result only
// without a partner, or beside one that has NULL in the column. So it is as long
// as the joins above do not keep what they find no partner for of the other
// side: each row of the result is made of one row of this join.
func (sc *scope) unmatched(column columnRef) []edge {
	join := sc.tree
	for join != nil && join.src == nil && join.right.src != column.src {
		if join.keepsRight {
			return nil
		}
		join = join.left
	}
	if join == nil || join.src != nil || !join.keepsLeft || join.keepsRight {
		return nil
	}
	var edges []edge
	for _, term := range conjuncts(join.on) {
		e, ok := term.(*Compare)
		if !ok || e.Op != invalidation.Eq {
			continue
		}
		for _, sides := range [][2]Expr{{e.X, e.Y}, {e.Y, e.X}} {
			x, isColumnX := sc.column(sides[0])
			y, isColumnY := sc.column(sides[1])
			if isColumnX && isColumnY && y.src == column.src && join.left.has(x.src) {
				edges = append(edges, edge{from: y, to: x, orNull: column.name})
			}
		}
	}
	return edges
}

// wanted returns the edges of NOT EXISTS.
func (r *readBlock) wanted(outer *scope) []edge {
	var edges []edge
	for _, pair := range r.correlated(outer) {
		edges = append(edges, edge{from: pair[1], to: pair[0]})
	}
	return edges
}

// listed returns the edge of x NOT IN (SELECT y …). It is not true if some y is
// NULL, nor if x is and there is any y.
func (r *readBlock) listed(e Expr, outer *scope) []edge {
	x, ok := outer.column(e)
	if !ok || len(r.block.Columns) != 1 {
		return nil
	}
	y, ok := r.scope.column(r.block.Columns[0].Expr)
	if !ok || !r.scope.open.has(y.src) {
		return nil
	}
	return []edge{{from: y, to: x, nulls: true}}
}
