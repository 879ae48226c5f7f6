package chaos

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/anishathalye/porcupine"
)

// search looks for an order that explains spans. It tries all that there are, one
// after the other, but for reads, which change nothing: a read that can come next
// comes next, since whatever can come before it can as well come after it. Writes
// overlap seldom, so there is little to try. Porcupine tries the reads as well, of
// which many overlap.
type search struct {
	model  porcupine.Model
	spans  []*span // by when they can have happened at the earliest
	placed []bool
	order  []int           // of those that are placed
	failed map[string]bool // what nothing can follow
	end    time.Time
	late   bool // it has given up at its end

	// stuck is the first that no order comes beyond.
	stuck *span
}

// explain returns an order that explains spans. If there is none, or none is found in
// time, it is nil.
func explain(model porcupine.Model, spans []*span) ([]*span, *search) {
	s := &search{
		model: model, spans: slices.Clone(spans), placed: make([]bool, len(spans)),
		failed: map[string]bool{}, end: time.Now().Add(checkTime),
	}
	slices.SortStableFunc(s.spans, func(a, b *span) int { return cmp.Compare(a.from, b.from) })
	if !s.complete(0, model.Init()) {
		return nil, s
	}
	order := make([]*span, len(s.order))
	for i, at := range s.order {
		order[i] = s.spans[at]
	}
	return order, s
}

// complete places all spans that are left, none of which is before start, and reports
// whether that can be done. If not, it leaves things as they were.
func (s *search) complete(start int, state any) bool {
	began := len(s.order)
	start, next := s.read(start, state)
	if len(next) == 0 {
		return true
	}
	situation := fmt.Sprint(start, s.placed[start:slices.Max(next)+1], state)
	if !s.failed[situation] && !s.out() {
		s.failed[situation] = true
		for _, i := range next {
			if ok, then := s.model.Step(state, s.spans[i], nil); ok {
				s.place(i)
				if s.complete(start, then) {
					return true
				}
				s.undo(len(s.order) - 1)
			}
		}
	}
	s.undo(began)
	return false
}

// read places the reads that can come next, and returns what can come then, the first
// to end first.
func (s *search) read(start int, state any) (int, []int) {
	for {
		var next []int
		start, next = s.next(start)
		before := len(s.order)
		for _, i := range next {
			if ok, _ := s.model.Step(state, s.spans[i], nil); ok && s.spans[i].observes() {
				s.place(i)
			}
		}
		if len(s.order) > before {
			continue
		}
		slices.SortStableFunc(next, func(a, b int) int { return cmp.Compare(s.spans[a].to, s.spans[b].to) })
		if len(next) > 0 && (s.stuck == nil || s.stuck.to < s.spans[next[0]].to) {
			s.stuck = s.spans[next[0]]
		}
		return start, next
	}
}

// next returns the first that is left, and those that can come next: none that is left
// had ended before they began.
func (s *search) next(start int) (int, []int) {
	for start < len(s.spans) && s.placed[start] {
		start++
	}
	until := int64(never)
	var next []int
	for i := start; i < len(s.spans) && s.spans[i].from <= until; i++ {
		if !s.placed[i] {
			until = min(until, s.spans[i].to)
			next = append(next, i)
		}
	}
	return start, next
}

func (s *search) place(i int) {
	s.placed[i] = true
	s.order = append(s.order, i)
}

// undo leaves the first n that were placed.
func (s *search) undo(n int) {
	for _, i := range s.order[n:] {
		s.placed[i] = false
	}
	s.order = s.order[:n]
}

// out reports whether the time is over.
func (s *search) out() bool {
	s.late = s.late || time.Now().After(s.end)
	return s.late
}
