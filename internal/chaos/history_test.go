package chaos

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/anishathalye/porcupine"
)

// kind says what an operation does to its object.
type kind string

const (
	reads   kind = "reads"   // the value of a register
	writes  kind = "writes"  // a register, whatever it has
	swaps   kind = "swaps"   // the value of a register, if it is Old
	lists   kind = "lists"   // what is in a list, by the order of ids
	pages   kind = "pages"   // the first of a list
	counts  kind = "counts"  // what is in a list
	adds    kind = "adds"    // to a list
	removes kind = "removes" // from a list
)

// pageSize is the limit of a page.
const pageSize = 3

// item is in a list. It has another token wherever it comes to be, so each is added
// once and removed once.
type item struct{ ID, Token int64 }

// operation is one on an object.
type operation struct {
	Process int
	Number  int // of the operation, in its process
	Object  string
	Kind    kind

	Old   int64  // what a register must have for swaps
	New   int64  // what a register has: read or written
	Items []item // what a list has, or one that comes or goes
	Count int64

	Call   int64 // when it began
	Return int64 // when it had ended; 0 if that is not known
	Void   bool  // it came to nothing: it is known not to have happened

	// What is found out of those of which it is not known when they had ended.
	Unseen, Unsure bool
}

// never is when operations end that may yet happen.
const never = math.MaxInt64

func (o *operation) observes() bool {
	return o.Kind == reads || o.Kind == lists || o.Kind == pages || o.Kind == counts
}

// history has the operations on one object.
type history []*operation

// histories parts operations by their objects, leaving out those that came to
// nothing.
func histories(all []*operation) map[string]history {
	by := map[string]history{}
	for _, o := range all {
		if !o.Void {
			by[o.Object] = append(by[o.Object], o)
		}
	}
	return by
}

// checkable returns the operations as porcupine takes them. Reads may be as old as
// bound.
func (h history) checkable(bound time.Duration) []porcupine.Operation {
	h.close()
	var checked []porcupine.Operation
	written := h.written()
	for _, o := range h {
		if o.Unseen {
			continue
		}
		call, end := o.Call, cmp.Or(o.Return, never)
		if o.observes() {
			call = min(call, max(call-int64(bound), written.before(o)+1))
		}
		checked = append(checked, porcupine.Operation{ClientId: o.Process, Input: o, Call: call, Output: o, Return: end})
	}
	return checked
}

// close finds out by when operations had ended of which that is not known: before
// whoever saw that they had happened. That is no more than what the check would find
// out, but operations that may happen at any time take it all the time there is.
//
// A write or swap of which nobody saw the value is left out: without it everyone saw
// the same. Whether a list was seen with or without an item may be told by a mere
// count, so what nobody saw stays open there.
func (h history) close() {
	seen := h.seen()
	gone := h.gone(seen)
	for _, o := range h {
		if o.Return != 0 {
			continue
		}
		var end int64
		switch o.Kind {
		case writes, swaps:
			end = seen[o.New]
			o.Unseen = end == 0
		case adds:
			end = seen[o.Items[0].Token]
		case removes:
			o.Unsure = true
			end = gone[o.Items[0].Token]
		}
		if end != 0 {
			o.Return = max(end, o.Call)
		}
	}
}

// first has the first time of each value or token.
type first map[int64]int64

// note takes a time in, and reports whether it is the first.
func (f first) note(of, at int64) bool {
	if known, ok := f[of]; ok && known <= at {
		return false
	}
	f[of] = at
	return true
}

// seen returns by when each value or token had been seen.
func (h history) seen() first {
	seen := first{}
	for _, o := range h {
		if o.Return == 0 {
			continue
		}
		switch o.Kind {
		case reads:
			seen.note(o.New, o.Return)
		case swaps:
			seen.note(o.Old, o.Return)
		case removes, lists, pages:
			for _, i := range o.Items {
				seen.note(i.Token, o.Return)
			}
		}
	}
	for more := true; more; {
		more = false
		for _, o := range h {
			if end := seen[o.New]; o.Kind == swaps && o.Return == 0 && end != 0 {
				more = seen.note(o.Old, end) || more // it was seen, so it has seen
			}
		}
	}
	return seen
}

// gone returns by when the tokens had gone that may have been removed: when they were
// missed by a read that began after they had been there for certain.
func (h history) gone(seen first) first {
	there, gone := first{}, first{}
	for _, o := range h {
		if o.Kind == removes && o.Return == 0 {
			token := o.Items[0].Token
			there[token] = cmp.Or(seen[token], never)
		}
	}
	for _, o := range h {
		if o.Kind == adds && o.Return != 0 && there[o.Items[0].Token] != 0 {
			there.note(o.Items[0].Token, o.Return)
		}
	}
	for _, o := range h {
		if o.Kind != lists {
			continue
		}
		for token, since := range there {
			if o.Call > since && !slices.ContainsFunc(o.Items, func(i item) bool { return i.Token == token }) {
				gone.note(token, o.Return)
			}
		}
	}
	return gone
}

// ends has, by process, when its writes of an object had ended, in order.
type ends map[int][]int64

func (h history) written() ends {
	by := ends{}
	for _, o := range h {
		if !o.observes() && o.Return != 0 {
			by[o.Process] = append(by[o.Process], o.Return)
		}
	}
	for _, times := range by {
		slices.Sort(times)
	}
	return by
}

// before returns when the process of o had last written before o began, or 0.
func (e ends) before(o *operation) int64 {
	times := e[o.Process]
	at, _ := slices.BinarySearch(times, o.Call)
	if at == 0 {
		return 0
	}
	return times[at-1]
}
