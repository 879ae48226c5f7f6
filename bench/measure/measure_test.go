package measure

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/perf/benchfmt"
)

func TestContendersTakeTurns(t *testing.T) {
	var order []string
	turn := func(name string) Contender {
		return Contender{Name: name, Turn: func(context.Context) (Turn, error) {
			order = append(order, name)
			return Turn{Ops: 7, Values: []Value{{Figure: 1.5, Unit: Time}}}, nil
		}}
	}
	results := run(t, 2, turn("a"), turn("b"))
	if want := []string{"a", "b", "a", "b"}; !slices.Equal(order, want) {
		t.Errorf("turns were %q, want %q", order, want)
	}
	if len(results) != 4 {
		t.Fatalf("%d results, want 4", len(results))
	}
	first := results[0]
	if !strings.HasPrefix(first.Name.String(), "Case/subject=a-") || first.Iters != 7 || first.Values[0].OrigValue != 1.5 {
		t.Errorf("the first result is %s %d %v", first.Name, first.Iters, first.Values)
	}
}

func TestWhoFailsLeavesWithAMark(t *testing.T) {
	turns := 0
	failing := Contender{Name: "a", Turn: func(context.Context) (Turn, error) {
		turns++
		return Turn{}, errors.New("no\nrows")
	}}
	absent := Contender{Name: "b", Mark: "cannot"}
	results := run(t, 3, failing, absent)
	if turns != 1 {
		t.Errorf("it took %d turns, want 1", turns)
	}
	if len(results) != 2 || results[0].GetConfig(KeyMark) != "no rows" || results[1].GetConfig(KeyMark) != "cannot" {
		t.Errorf("results are %+v", results)
	}
	for _, r := range results {
		if r.Values[0].Unit != Absent {
			t.Errorf("%s was measured: %+v", r.Name, r.Values)
		}
	}
}

func TestAMarkIsOfOneContenderOnly(t *testing.T) {
	turn := func(context.Context) (Turn, error) { return Turn{Ops: 1, Values: []Value{{1, Time}}}, nil }
	results := run(t, 1, Contender{Name: "a", Mark: "stale", Turn: turn}, Contender{Name: "b", Turn: turn})
	if a, b := results[0].GetConfig(KeyMark), results[1].GetConfig(KeyMark); a != "stale" || b != "" {
		t.Errorf("marks are %q and %q", a, b)
	}
}

func TestALoopNumbersItsCallsAndLooksAtEachTurn(t *testing.T) {
	var numbers []int
	seen := 0
	loop := Loop{For: time.Microsecond,
		Op:    func(n int) error { numbers = append(numbers, n); return nil },
		After: func(ops int) error { seen += ops; return nil }}
	for range 3 {
		if _, err := loop.Turn(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if seen != len(numbers) {
		t.Errorf("After was told of %d calls, there were %d", seen, len(numbers))
	}
	for i, n := range numbers {
		if n != i+1 {
			t.Fatalf("call %d has the number %d", i+1, n)
		}
	}
}

func TestALoopFailsIfWhatIsBeforeOrAfterItDoes(t *testing.T) {
	bad := errors.New("bad")
	op := func(int) error { return nil }
	for name, loop := range map[string]*Loop{
		"before":   {Op: op, Before: func() error { return bad }},
		"after":    {Op: op, After: func(int) error { return bad }},
		"op":       {Op: func(int) error { return bad }},
		"together": {Op: func(int) error { return bad }, Procs: 2},
	} {
		if _, err := loop.Turn(t.Context()); !errors.Is(err, bad) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAPanicIsAFailure(t *testing.T) {
	for _, procs := range []int{1, 2} {
		loop := Loop{Procs: procs, Op: func(int) error { panic("no such row") }}
		if _, err := loop.Turn(t.Context()); err == nil || !strings.Contains(err.Error(), "no such row") {
			t.Errorf("on %d: %v", procs, err)
		}
	}
}

func TestAllocationsAreCounted(t *testing.T) {
	var kept []*int
	loop := Loop{For: time.Millisecond, Op: func(n int) error { kept = append(kept[:0], new(int)); return nil }}
	turn, err := loop.Turn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range turn.Values {
		if v.Unit == Allocations && (v.Figure < 1 || v.Figure > 1.5) {
			t.Errorf("%v allocations for each call, want 1", v.Figure)
		}
	}
}

// run runs a case and reads what was written.
func run(t *testing.T, rounds int, contenders ...Contender) []*benchfmt.Result {
	t.Helper()
	var text bytes.Buffer
	if err := Run(t.Context(), &text, "Case", rounds, contenders); err != nil {
		t.Fatal(err)
	}
	var results []*benchfmt.Result
	reader := benchfmt.NewReader(&text, "figures")
	for reader.Scan() {
		result, ok := reader.Result().(*benchfmt.Result)
		if !ok {
			t.Fatalf("not a result: %v", reader.Result())
		}
		results = append(results, result.Clone())
	}
	return results
}
