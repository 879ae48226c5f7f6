package chaos

import (
	"fmt"
	"slices"
	"strings"

	"github.com/anishathalye/porcupine"
)

// register is a row with a value, 0 in the beginning. Its state is the value.
var register = porcupine.Model{
	Init: func() any { return int64(0) },
	Step: func(state, input, _ any) (bool, any) {
		s := input.(*span)
		switch s.Kind {
		case reads:
			return state == s.New, state
		case swaps:
			if state != s.Old {
				return s.to == never, state // then it may have come to nothing
			}
			return true, s.New
		case writes:
			return true, s.New
		}
		return false, state
	},
	Equal: func(a, b any) bool { return a == b },
}

// list is the rows that meet a condition, none in the beginning. Its state has them
// in the order of their ids, and is never changed.
var list = porcupine.Model{
	Init: func() any { return []item(nil) },
	Step: func(state, input, _ any) (bool, any) {
		items, s := state.([]item), input.(*span)
		switch s.Kind {
		case lists:
			return slices.Equal(items, s.Items), items
		case pages:
			return slices.Equal(items[:min(len(items), pageSize)], s.Items), items
		case counts:
			return int64(len(items)) == s.Count, items
		case adds:
			at, _ := slices.BinarySearchFunc(items, s.Items[0], byID)
			return true, slices.Insert(slices.Clone(items), at, s.Items[0])
		case removes:
			at := slices.Index(items, s.Items[0])
			if at < 0 {
				return s.to == never, items // then it may have come to nothing
			}
			return true, slices.Delete(slices.Clone(items), at, at+1)
		}
		return false, items
	},
	Equal: func(a, b any) bool { return slices.Equal(a.([]item), b.([]item)) },
}

// state is what an object has, and all that was done to it.
type state struct {
	has  any
	past *past
}

func (s state) String() string { return fmt.Sprint(s.has) }

// past has what was done, the last first.
type past struct {
	last   *span
	before *past
}

func (p *past) has(s *span) bool {
	for ; p != nil; p = p.before {
		if p.last == s {
			return true
		}
	}
	return false
}

// remembering returns a model in which reads come after what they must come after.
// States in which as much was done have the same past, but for its order, which makes
// no difference.
func remembering(m porcupine.Model) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return state{has: m.Init()} },
		Step: func(before, input, _ any) (bool, any) {
			was, s := before.(state), input.(*span)
			for _, w := range s.after {
				if !was.past.has(w) {
					return false, was
				}
			}
			ok, has := m.Step(was.has, s, nil)
			if !ok || s.observes() {
				return ok, was
			}
			return true, state{has, &past{s, was.past}}
		},
		Equal: func(a, b any) bool { return m.Equal(a.(state).has, b.(state).has) },
	}
}

func byID(a, b item) int {
	switch {
	case a.ID < b.ID || a.ID == b.ID && a.Token < b.Token:
		return -1
	case a == b:
		return 0
	}
	return 1
}

// modelOf returns the model of an object.
func modelOf(object string) porcupine.Model {
	if strings.HasPrefix(object, "list") {
		return remembering(list)
	}
	return remembering(register)
}

func (o *operation) String() string {
	var what string
	switch o.Kind {
	case reads, writes:
		what = fmt.Sprint(o.New)
	case swaps:
		what = fmt.Sprintf("%d for %d", o.Old, o.New)
	case counts:
		what = fmt.Sprint(o.Count)
	default:
		what = fmt.Sprint(o.Items)
	}
	return fmt.Sprintf("[%d, %d] %s: process %d %s %s", o.Call, o.Return, o.Object, o.Process, o.Kind, what)
}
