package syntax

import "github.com/seed92106438/cacheops/invalidation"

// base returns the source of which the block shows every row that counts: the
// first table of a FROM clause which only adds to it, by LEFT JOIN, if WHERE
// speaks of no other. It is nil if there is none.
func (a *analysis) base(b *Block, sc *scope) *source {
	if b.Grouped || b.Limit != nil || b.Offset != nil || a.refusal != "" {
		return nil
	}
	item := b.From
	for {
		join, ok := item.(*Join)
		if !ok {
			break
		}
		if _, table := join.Right.(*Table); !table || !join.KeepsLeft || join.KeepsRight || join.Natural {
			return nil
		}
		item = join.Left
	}
	if _, ok := item.(*Table); !ok {
		return nil
	}
	first := sc.sources[0]
	own := func(column *Column) bool {
		ref, ok := sc.column(column)
		return ok && ref.src == first
	}
	if first.table == "" || !only(b.Where, own) {
		return nil
	}
	return first
}

// shows returns by which columns the block shows which rows it has, of tables
// that it also looks at by others than those that decide about it. Where each
// row that counts is shown, it says nothing.
func (a *analysis) shows(b *Block, sc *scope) []invalidation.Showing {
	if b.Grouped || a.refusal != "" || len(a.sources) == 1 && b.Limit == nil && b.Offset == nil {
		return nil
	}
	var shows []invalidation.Showing
	for _, src := range sc.sources {
		place := place(b, src)
		if src.table == "" || len(place.Names) == 0 || place.Covers(src.looked()) {
			continue
		}
		show := invalidation.Showing{Use: a.useOf(src), Place: place}
		for _, r := range b.Columns {
			ref, ok := sc.column(r.Expr)
			if !ok || ref.src != src || src.hidden[ref.name] {
				continue
			}
			if result, ok := sc.shown(b.Columns, ref); ok {
				show.Columns = append(show.Columns, invalidation.ShownColumn{Column: ref.name, Result: result})
			}
		}
		show.Star = len(b.Columns) == 1 && sc.covers(b.Columns[0].Expr, src)
		if show.Star || show.Columns != nil {
			shows = append(shows, show)
		}
	}
	return shows
}

// only reports whether all columns in e are of one sort, and there is no
// subquery in it.
func only(e Expr, sort func(*Column) bool) bool {
	var parts []Expr
	switch e := e.(type) {
	case nil, *Value:
		return true
	case *Column:
		return sort(e)
	case *Logic:
		parts = e.Terms
	case *Not:
		parts = []Expr{e.X}
	case *Compare:
		parts = []Expr{e.X, e.Y}
	case *Same:
		parts = []Expr{e.X, e.Y}
	case *Between:
		parts = []Expr{e.X, e.Lo, e.Hi}
	case *In:
		if e.Query != nil {
			return false
		}
		parts = append([]Expr{e.X}, e.List...)
	case *Like:
		parts = append([]Expr{e.X, e.Pattern}, e.Rest...)
	case *Row:
		parts = e.List
	case *Sum:
		parts = []Expr{e.X, e.Y}
	case *Other:
		parts = e.Args
	default:
		return false
	}
	for _, part := range parts {
		if !only(part, sort) {
			return false
		}
	}
	return true
}
