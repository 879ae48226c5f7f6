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
		o := input.(*operation)
		switch o.Kind {
		case reads:
			return state == o.New, state
		case swaps:
			return state == o.Old, o.New
		case writes:
			return true, o.New
		}
		return false, state
	},
}

// list is the rows that meet a condition, none in the beginning. Its state has them
// in the order of their ids, and is never changed.
var list = porcupine.Model{
	Init: func() any { return []item(nil) },
	Step: func(state, input, _ any) (bool, any) {
		items, o := state.([]item), input.(*operation)
		switch o.Kind {
		case lists:
			return slices.Equal(items, o.Items), items
		case pages:
			return slices.Equal(items[:min(len(items), pageSize)], o.Items), items
		case counts:
			return int64(len(items)) == o.Count, items
		case adds:
			at, _ := slices.BinarySearchFunc(items, o.Items[0], byID)
			return true, slices.Insert(slices.Clone(items), at, o.Items[0])
		case removes:
			at := slices.Index(items, o.Items[0])
			if at < 0 {
				return o.Unsure, items // then it may have come to nothing
			}
			return true, slices.Delete(slices.Clone(items), at, at+1)
		}
		return false, items
	},
	Equal: func(a, b any) bool { return slices.Equal(a.([]item), b.([]item)) },
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
		return list
	}
	return register
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
