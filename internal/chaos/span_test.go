package chaos

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// never is when operations end that may yet happen, or come to nothing.
const never = math.MaxInt64

// span is an operation, and when it can have happened.
type span struct {
	*operation
	from, to int64
	after    []*span // writes that it comes after, whenever they happened
}

// spans returns when the operations can have happened. At a bounded level reads may
// be as old as bound, but come after what their own process had written.
func (h history) spans(bound time.Duration) []*span {
	spans := make([]*span, len(h))
	written := map[int][]*span{} // by process
	for i, o := range h {
		spans[i] = &span{operation: o, from: o.Call, to: cmp.Or(o.Return, never)}
		if !o.observes() && o.Return != 0 {
			written[o.Process] = append(written[o.Process], spans[i])
		}
	}
	if bound == 0 {
		return spans
	}
	for _, s := range spans {
		if s.observes() {
			s.from -= int64(bound)
			s.follow(written[s.Process])
		}
	}
	return spans
}

// follow has a read come after those of its process's writes that had ended when it
// began, if it depends on them. The order alone is asked for: others may have written
// since such a write was committed, and the read be older than its end.
func (s *span) follow(own []*span) {
	for _, w := range own {
		if s.from <= w.to && w.to < s.Call && s.depends(w, own) {
			s.after = append(s.after, w)
		}
	}
}

// depends reports whether what a read has seen may depend on a write of its process.
// What comes after a full page does not alter it, nor a move within a list, which is
// told as two operations that end together, how long it is.
func (s *span) depends(w *span, own []*span) bool {
	switch s.Kind {
	case lists, pages:
		return s.tells(w.Items[0])
	case counts:
		return !slices.ContainsFunc(own, func(o *span) bool {
			return o != w && o.to == w.to && o.Items[0].ID == w.Items[0].ID
		})
	}
	return true
}

// first has a come before b, and reports whether that says more of when they can have
// happened. If it cannot be, no order explains the history, and it is left as it is
// for that to be found.
func first(a, b *span) (more bool) {
	if a == nil || b == nil || b.to < a.from {
		return false
	}
	if a.to > b.to {
		a.to, more = b.to, true
	}
	if b.from < a.from {
		b.from, more = a.from, true
	}
	return more
}

// life is that of a value of a register, or of an item in a list. There is only one,
// for each is written once. What it says of spans, any order that explains them says
// too, with one exception: of a removal of which nobody knows the end, it says when
// it took the item. If it did not, it comes after all that is known, at any time.
type life struct {
	item  item
	comes *span   // nil for a value that was there in the beginning
	goes  *span   // the removal of the item
	shown []*span // those who have seen it
}

// livesOf returns the lives, by value or token.
func livesOf(spans []*span) map[int64]*life {
	lives := map[int64]*life{}
	of := func(token int64) *life {
		if lives[token] == nil {
			lives[token] = &life{}
		}
		return lives[token]
	}
	for _, s := range spans {
		switch s.Kind {
		case writes, swaps:
			of(s.New).comes = s
		case adds:
			l := of(s.Items[0].Token)
			l.item, l.comes = s.Items[0], s
		case removes:
			l := of(s.Items[0].Token)
			l.goes = likelier(l.goes, s)
		}
		for _, token := range s.shows() {
			l := of(token)
			l.shown = append(l.shown, s)
		}
	}
	return lives
}

// likelier returns which of two removals of an item took it. If that is not known of
// either, the one that began first can have done it whenever the other can.
func likelier(a, b *span) *span {
	if a == nil || b.to != never || a.to == never && b.from < a.from {
		return b
	}
	return a
}

// narrow has what a life consists of happen in its order, and reports whether that
// says more. The reads are all that may tell of the item.
func (l *life) narrow(reads []*span) (more bool) {
	more = first(l.comes, l.goes)
	for _, s := range l.shown {
		more = first(l.comes, s) || more
		more = first(s, l.goes) || more
	}
	if l.comes == nil {
		return more
	}
	for _, s := range reads {
		over := s.to < l.comes.from || l.goes != nil && l.goes.to < s.from
		switch {
		case over || !s.tells(l.item) || slices.Contains(s.Items, l.item):
		case l.comes.to < s.from: // it is missed, so it had gone
			more = first(l.goes, s) || more
		case l.goes == nil || s.to < l.goes.from: // it had not come yet
			more = first(s, l.comes) || more
		}
	}
	return more
}

// narrowed narrows spans to when they can have happened by what was seen, and leaves
// out what need not have happened: writes of which nobody knows the end nor saw the
// value, and removals that did not take their item. With or without, the same orders
// of the others explain what was read.
func narrowed(spans []*span) []*span {
	lives := livesOf(spans)
	seen := slices.DeleteFunc(slices.Clone(spans), func(s *span) bool { return s.Kind != lists && s.Kind != pages })
	for more := true; more; {
		more = false
		for _, l := range lives {
			more = l.narrow(seen) || more
		}
	}
	return slices.DeleteFunc(slices.Clone(spans), func(s *span) bool {
		switch s.Kind {
		case writes, swaps:
			return s.to == never
		case removes:
			return s.to == never && lives[s.Items[0].Token].goes != s
		}
		return false
	})
}
