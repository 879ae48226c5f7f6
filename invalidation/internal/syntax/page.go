package syntax

import (
	"slices"

	"github.com/seed92106438/cacheops/invalidation"
)

// page returns which page the block gives, or nil if it gives no page of which
// the last row is known by the result. The rows must be those of FROM, one by
// one, and each must show the column by which they are ordered.
func (a *analysis) page(b *Block, sc *scope) *invalidation.Page {
	if page := a.extreme(b, sc); page != nil {
		return page
	}
	limit := operand(b.Limit)
	if b.Grouped || len(b.Order) == 0 || !isCount(limit) {
		return nil
	}
	term := b.Order[0]
	column := term.Expr
	if results := named(b.Columns, column); len(results) > 0 {
		if len(results) > 1 || slices.ContainsFunc(b.Columns, isStar) {
			return nil // dialects differ on whose name it is
		}
		column = results[0].Expr
	}
	ref, ok := sc.orderedBy(column)
	if !ok {
		return nil
	}
	result, ok := sc.shown(b.Columns, ref)
	if !ok {
		return nil
	}
	page := &invalidation.Page{
		Use: a.useOf(ref.src), Column: ref.name, Result: result, Desc: term.Desc, Limit: limit,
	}
	if b.Offset != nil {
		page.Place = place(b, ref.src)
	}
	return page
}

// place returns the columns of src by which its rows have a place in the order
// of the block. A term that is no column may stand for a result by its number.
func place(b *Block, src *source) invalidation.Columns {
	for _, term := range b.Order {
		if _, ok := term.Expr.(*Column); !ok {
			return invalidation.Columns{}
		}
	}
	return src.place
}

// extreme returns the page of one row that a block shows which is the maximum
// or minimum of a column, and nothing else.
func (a *analysis) extreme(b *Block, sc *scope) *invalidation.Page {
	if len(b.Columns) != 1 || b.Offset != nil || slices.ContainsFunc(b.Rest, func(e Expr) bool { return e != nil }) {
		return nil
	}
	extreme, ok := b.Columns[0].Expr.(*Extreme)
	if !ok {
		return nil
	}
	ref, ok := sc.orderedBy(extreme.X)
	if !ok {
		return nil
	}
	return &invalidation.Page{
		Use: a.useOf(ref.src), Column: ref.name, Desc: extreme.Max,
		Limit: invalidation.Operand{Known: true, Literal: int64(1)},
	}
}

// orderedBy returns the column by which the rows are in order, if each of them
// shows its own. SQLite lets a column be nameless; in a shape that says that
// there is none.
func (sc *scope) orderedBy(e Expr) (columnRef, bool) {
	ref, ok := sc.column(e)
	return ref, ok && ref.name != "" && sc.open.has(ref.src) && !ref.src.hidden[ref.name]
}

func isStar(r Result) bool {
	_, ok := r.Expr.(*Star)
	return ok
}

// isCount reports whether the operand of LIMIT is a number of rows: a negative
// one or NULL is no limit in some dialects.
func isCount(limit invalidation.Operand) bool {
	switch n := limit.Literal.(type) {
	case int64:
		return limit.Known && n >= 0
	case uint64:
		return limit.Known
	}
	return limit.Param > 0
}

// shown returns the name under which a SELECT list shows the column, if it has
// no other result that may have that name.
func (sc *scope) shown(results []Result, column columnRef) (string, bool) {
	at := slices.IndexFunc(results, func(r Result) bool {
		ref, ok := sc.column(r.Expr)
		return ok && ref == column || sc.covers(r.Expr, column.src)
	})
	if at < 0 {
		return "", false
	}
	name := column.name
	if results[at].Alias != "" {
		name = results[at].Alias
	}
	for i, r := range results {
		if i != at && mayBe(r, name) {
			return "", false
		}
	}
	return name, true
}

// covers reports whether e is a star of the source, and of no other.
func (sc *scope) covers(e Expr, src *source) bool {
	star, ok := e.(*Star)
	if !ok {
		return false
	}
	covered := sc.sources
	if star.Table != "" {
		covered = sc.named(star.Table)
	}
	return len(covered) == 1 && covered[0] == src
}

// mayBe reports whether the result may have the name. What a star stands for,
// and what a dialect calls an expression, is not known.
func mayBe(r Result, name string) bool {
	if r.Alias != "" {
		return r.Alias == name
	}
	column, ok := r.Expr.(*Column)
	return !ok || column.Name == name
}
