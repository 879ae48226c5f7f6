package chaos

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"pgregory.net/rapid"
)

// teller draws what may be told of an object, by what happened to it one after the
// other. Some of it is told wrong.
type teller struct {
	*rapid.T
	values []int64  // that a register had
	items  [][]item // that a list had
}

func (t *teller) upTo(most int, what string) int { return rapid.IntRange(0, most).Draw(t.T, what) }

// was returns what was there: the last, or what was before that if it is told wrong.
func was[S any](t *teller, states []S) S {
	ago := rapid.SampledFrom([]int{0, 0, 0, 0, 1, 1, 2}).Draw(t.T, "ago")
	return states[max(0, len(states)-1-ago)]
}

// history draws some operations.
func (t *teller) history(object string, kinds ...kind) (h history) {
	t.values, t.items = []int64{0}, [][]item{nil}
	happened := make([]int64, rapid.IntRange(4, 14).Draw(t.T, "operations"))
	for i := range happened {
		happened[i] = int64(t.upTo(60, "when"))
	}
	slices.Sort(happened)
	for i, at := range happened {
		o := operation{
			Object: object, Process: t.upTo(2, "process"), Kind: rapid.SampledFrom(kinds).Draw(t.T, "kind"),
			Call: at - int64(t.upTo(8, "before")), Return: at + 1 + int64(t.upTo(8, "after")),
		}
		if o.observes() {
			h = append(h, t.read(o))
			continue
		}
		comesOf := true
		if t.upTo(3, "end") == 0 {
			o.Return, comesOf = 0, t.upTo(1, "come of") > 0
		}
		h = append(h, t.write(o, int64(i+1), comesOf)...)
	}
	return h
}

// read has an operation see what was there.
func (t *teller) read(o operation) *operation {
	if o.Kind == reads {
		o.New = was(t, t.values)
		return &o
	}
	items := was(t, t.items)
	switch o.Kind {
	case lists:
		o.Items = items
	case pages:
		o.Items = items[:min(len(items), pageSize)]
	case counts:
		o.Count = int64(len(items))
	}
	return &o
}

// write has an operation write a value or token, and perhaps something come of it.
// There is nothing to be removed from an empty list, so something is added to that.
func (t *teller) write(o operation, value int64, comesOf bool) (told []*operation) {
	items := slices.Clone(t.items[len(t.items)-1])
	add := func(o operation, id int64) {
		o.Kind, o.Items = adds, []item{{id, value}}
		items = append(items, o.Items[0])
		slices.SortFunc(items, byID)
		told = append(told, &o)
	}
	there := was(t, t.items)
	switch {
	case o.Kind == writes || o.Kind == swaps:
		o.New = value
		if o.Kind == swaps {
			o.Old = was(t, t.values)
		}
		told = append(told, &o)
		if comesOf {
			t.values = append(t.values, value)
		}
		return told
	case o.Kind == adds || len(there) == 0:
		add(o, 1+int64(t.upTo(8, "id")))
	default:
		gone := rapid.SampledFrom(there).Draw(t.T, "gone")
		o.Items = []item{gone}
		items = slices.DeleteFunc(items, func(i item) bool { return i == gone })
		told = append(told, &o)
		if t.upTo(2, "move") == 0 {
			add(o, gone.ID)
		}
	}
	if comesOf {
		t.items = append(t.items, items)
	}
	return told
}

// The law of verdicts: they are those of porcupine, which is asked here of what was
// told as it was told.
func TestVerdictsArePorcupines(t *testing.T) {
	for object, kinds := range map[string][]kind{
		"register": {reads, reads, reads, writes, swaps},
		"list":     {lists, lists, pages, counts, adds, adds, removes},
	} {
		t.Run(object, func(t *testing.T) {
			verdicts := map[bool]int{}
			rapid.Check(t, func(t *rapid.T) {
				for range 20 {
					h := (&teller{T: t}).history(object, kinds...)
					bound := time.Duration(max(0, rapid.IntRange(-10, 10).Draw(t, "bound")))
					var asTold []porcupine.Operation
					for _, s := range h.spans(bound) {
						asTold = append(asTold, porcupine.Operation{Input: s, Call: s.from, Return: s.to})
					}
					right := porcupine.CheckOperations(modelOf(object), asTold)
					wrong := h.judge(modelOf(object), bound)
					if right && wrong != "" || !right && !strings.HasPrefix(wrong, "no order explains") {
						t.Fatalf("porcupine says %v of %v, and the verdict is %q", right, h, wrong)
					}
					verdicts[right]++
				}
			})
			if least := min(verdicts[true], verdicts[false]); least < (verdicts[true]+verdicts[false])/5 {
				t.Errorf("verdicts of one kind are rare: %v", verdicts)
			}
			t.Log(verdicts)
		})
	}
}
