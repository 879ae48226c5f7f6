package chaos

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"
)

// checkTime bounds the check of one object.
const checkTime = 20 * time.Second

// judge checks the operations, object by object, and returns what is wrong with them.
func judge(all []*operation, bound time.Duration) (wrong []string) {
	var mu sync.Mutex
	var checks sync.WaitGroup
	for object, h := range histories(all) {
		checks.Go(func() {
			if fault := h.judge(modelOf(object), bound); fault != "" {
				mu.Lock()
				defer mu.Unlock()
				wrong = append(wrong, object+": "+fault)
			}
		})
	}
	checks.Wait()
	slices.Sort(wrong)
	return wrong
}

// judge returns why no order explains the operations, or "" if one does.
func (h history) judge(model porcupine.Model, bound time.Duration) string {
	checked := h.checkable(bound)
	switch porcupine.CheckOperationsTimeout(model, checked, checkTime) {
	case porcupine.Ok:
		return ""
	case porcupine.Illegal:
		return "no order explains what was read\n" + h.excerpt(shortest(model, checked))
	}
	return fmt.Sprintf("the check of %d operations took too long", len(checked))
}

// shortest returns when the first operation had ended by which there is no order.
func shortest(model porcupine.Model, checked []porcupine.Operation) int64 {
	times := make([]int64, 0, len(checked))
	for _, o := range checked {
		times = append(times, o.Return)
	}
	slices.Sort(times)
	at, _ := slices.BinarySearchFunc(times, true, func(until int64, _ bool) int {
		if porcupine.CheckOperationsTimeout(model, begun(checked, until), checkTime) == porcupine.Illegal {
			return 0
		}
		return -1
	})
	return times[min(at, len(times)-1)]
}

// begun returns the operations that had begun at a time. Those that had not ended may
// end at any time, and what they read is not known yet.
func begun(checked []porcupine.Operation, until int64) (prefix []porcupine.Operation) {
	for _, o := range checked {
		switch {
		case o.Return <= until:
		case o.Call > until || o.Input.(*operation).observes():
			continue
		default:
			o.Return = math.MaxInt64
		}
		prefix = append(prefix, o)
	}
	return prefix
}

// excerpt shows the operations around a time.
func (h history) excerpt(at int64) string {
	shown := slices.SortedFunc(slices.Values(h), func(a, b *operation) int { return cmp.Compare(a.Call, b.Call) })
	var text strings.Builder
	for _, o := range shown {
		if o.Call <= at && cmp.Or(o.Return, never) >= at-int64(20*time.Millisecond) {
			mark := " "
			if o.Return == at {
				mark = ">"
			}
			fmt.Fprintf(&text, "%s %+.3f to %+.3f ms: process %d, %v\n", mark,
				float64(o.Call-at)/1e6, float64(cmp.Or(o.Return, at)-at)/1e6, o.Process, o)
		}
	}
	return text.String()
}
