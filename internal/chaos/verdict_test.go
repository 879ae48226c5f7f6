package chaos

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// checkTime bounds the check of one object.
const checkTime = 20 * time.Second

// verdict is what is wrong with the history of an object.
type verdict struct {
	object, wrong string
	history       history
}

// judge checks the operations, object by object, and returns what is wrong with them.
func judge(all []*operation, bound time.Duration) (wrong []verdict) {
	var mu sync.Mutex
	var checks sync.WaitGroup
	for object, h := range histories(all) {
		checks.Go(func() {
			if fault := h.judge(modelOf(object), bound); fault != "" {
				mu.Lock()
				defer mu.Unlock()
				wrong = append(wrong, verdict{object, fault, h})
			}
		})
	}
	checks.Wait()
	slices.SortFunc(wrong, func(a, b verdict) int { return cmp.Compare(a.object, b.object) })
	return wrong
}

// judge returns why no order explains the operations, or "" if one does.
func (h history) judge(model porcupine.Model, bound time.Duration) string {
	order, s := explain(model, narrowed(h.spans(bound)))
	switch {
	case order == nil && s.late:
		return fmt.Sprintf("no order of %d operations was found in %v; the best end here\n%s", len(h), checkTime, h.excerpt(s.stuck.operation, bound))
	case order == nil:
		return "no order explains what was read\n" + h.excerpt(s.stuck.operation, bound)
	case !h.confirms(model, order, bound):
		return fmt.Sprintf("this is no order: %v", order)
	}
	return ""
}

// confirms has porcupine check an order that was found, and checks that it is one in
// which the operations can have happened, by what was told of them alone. So nothing
// passes by a mistake of who found it. What is left out may have come to nothing.
func (h history) confirms(model porcupine.Model, order []*span, bound time.Duration) bool {
	var at int64
	placed := map[*operation]bool{}
	checked := make([]porcupine.Operation, len(order))
	for i, s := range order {
		placed[s.operation] = true
		from := s.Call
		if s.observes() {
			from -= int64(bound)
		}
		if at = max(at, from); at > cmp.Or(s.Return, never) {
			return false
		}
		checked[i] = porcupine.Operation{Input: s, Call: int64(i), Return: int64(i)}
	}
	missing := slices.ContainsFunc(h, func(o *operation) bool { return o.Return != 0 && !placed[o] })
	return !missing && len(placed) == len(order) && porcupine.CheckOperations(model, checked)
}

// excerpt shows the operations around the end of one that no order comes beyond.
func (h history) excerpt(stuck *operation, bound time.Duration) string {
	at := cmp.Or(stuck.Return, stuck.Call)
	since := at - int64(20*time.Millisecond+bound)
	shown := slices.SortedFunc(slices.Values(h), func(a, b *operation) int { return cmp.Compare(a.Call, b.Call) })
	var text strings.Builder
	for _, o := range shown {
		if o.Call <= at && cmp.Or(o.Return, never) >= since {
			mark := " "
			if o == stuck {
				mark = ">"
			}
			fmt.Fprintf(&text, "%s %+.3f to %+.3f ms: process %d, %v\n", mark,
				float64(o.Call-at)/1e6, float64(cmp.Or(o.Return, at)-at)/1e6, o.Process, o)
		}
	}
	return text.String()
}

// record is what is kept of a history.
type record struct {
	Bound   time.Duration
	History history
}

// keep writes the history to a file that outlives the test, by which it can be judged
// again: no seed has processes do the same once more. See -chaos.history.
func (v *verdict) keep(t testing.TB, bound time.Duration) (file string) {
	t.Helper()
	text, err := json.Marshal(record{bound, v.history})
	must(t, err)
	f, err := os.CreateTemp("", "cacheops-chaos-*.json")
	must(t, err)
	_, err = f.Write(text)
	must(t, errors.Join(err, f.Close()))
	return f.Name()
}

// judgeKept judges a history that was kept.
func judgeKept(t testing.TB, file string) []verdict {
	t.Helper()
	text, err := os.ReadFile(file)
	must(t, err)
	var r record
	must(t, json.Unmarshal(text, &r))
	return judge(r.History, r.Bound)
}
