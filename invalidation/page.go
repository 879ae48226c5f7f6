package invalidation

import "database/sql/driver"

// bounds returns what the page says of its use when the result is known.
func (p *Page) bounds(b *binding, s *Shape, o *Outcome) []bound {
	if o.Rows <= 0 || p.Use < 0 || p.Use >= len(s.Uses) {
		return nil
	}
	var bounds []bound
	within := func(set Set, by Columns) {
		if !set.unrestricted() {
			bounds = append(bounds, bound{use: p.Use, boxes: []Box{{{p.Column, set}}}, by: by})
		}
	}
	within(p.until(b, s, o), Columns{})
	within(p.from(b, s, o), p.Place)
	return bounds
}

// until covers what a full page has, up to its last row, in the column by which
// it is ordered.
//
// A full page does not depend on the rows that come after its last one. Let the
// result be the rows after the first o, up to n of them, of a sequence that is
// ordered first by the column c of one use of a table, ascending say, and let
// there be n, the last of which shows c = L. Each row of the sequence is made of
// one row of that use: the use is on no side of an outer join on which rows are
// made up, and rows are not grouped. The first o+n of the sequence have c ≤ L,
// or NULL where that is sorted first. Now let rows of the use come, go or change
// for which c > L, before and after. Only members of the sequence come, go or
// change that have c > L, and these stood, and stand, behind all those with c ≤ L
// and at no place before o+n. So the first o+n stay as they are, and the page
// with them. A row with c = L may come before the last one by a second term of
// the order, or by chance: it is a tie, and not left out. Nor is NULL, which
// comes first in one database and last in another. If the page was not full,
// any row may come to fill it, and it depends on all of them; the page of no
// rows at all has no last one.
//
// Other uses of the table, in a self-join or a subquery, see rows wherever they
// come in the order, and stay as they are.
func (p *Page) until(b *binding, s *Shape, o *Outcome) Set {
	if limit, ok := b.value(p.Limit); !ok || !isCount(limit, o.Rows) {
		return Set{}
	}
	return b.catalog[s.Uses[p.Use].Table].column(p.Column).until(o.Last, p.Desc)
}

// from covers what a page that begins after an offset has, from its first row
// on, in the column by which it is ordered. Rows outside count by their Place
// alone.
//
// Let the sequence be as above, and its row o+1, the first of the page, show
// c = F. The rows for which c < F, if no NULL, stand before it: none of them is
// shown. Let one of them change in columns that decide neither which rows are in
// the sequence nor in which order. Then the sequence has the same rows, at the
// same places, and those on the page are as they were, for each row of it is
// computed by itself. Rows with c = F may be on either side of the page's first.
// Whether the page is full does not matter.
func (p *Page) from(b *binding, s *Shape, o *Outcome) Set {
	relation := b.catalog[s.Uses[p.Use].Table]
	if !b.placed(&s.Uses[p.Use], p.Place) {
		return Set{}
	}
	return relation.column(p.Column).until(o.First, !p.Desc)
}

// until covers what a database sorts up to a row for which a driver gave v,
// and NULL. It holds everything if that is not known.
//
// A driver may give true for any positive integer, of which the others come
// later.
func (c Column) until(v driver.Value, desc bool) Set {
	if !c.Kind.ordered() || v == nil {
		return Set{}
	}
	if _, ok := v.(bool); ok {
		c.Canonical = false
	}
	read := c.read(v)
	s, ok := read.hull()
	if !ok {
		return Set{}
	}
	end := &s.lo
	if !desc {
		end = &s.hi
	}
	if end.isNull() {
		return Set{}
	}
	slack := c.orderSlack(*end, nil)
	if desc {
		return spanSet(true, span{lo: slack.lo})
	}
	return spanSet(true, span{hi: slack.hi})
}

// isCount reports whether v is the number n.
func isCount(v driver.Value, n int64) bool {
	count, ok := valueOf(v, Int)
	return ok && count == Value{kind: Int, lo: uint64(n)}
}
