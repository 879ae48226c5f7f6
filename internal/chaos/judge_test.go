package chaos

import (
	"os"
	"strings"
	"testing"
	"time"
)

// told is what processes told of one register or list.
func told(operations ...operation) (all []*operation) {
	for i := range operations {
		all = append(all, &operations[i])
	}
	return all
}

// The operations of the tests, by the process p from time t to e; e is 0 if the end
// is not known.
func wrote(p int, t, e, value int64) operation {
	return operation{Process: p, Object: "register 1", Kind: writes, New: value, Call: t, Return: e}
}

func swapped(p int, t, e, from, to int64) operation {
	return operation{Process: p, Object: "register 1", Kind: swaps, Old: from, New: to, Call: t, Return: e}
}

func saw(p int, t, e, value int64) operation {
	return operation{Process: p, Object: "register 1", Kind: reads, New: value, Call: t, Return: e}
}

func added(t, e, token int64) operation {
	return operation{Object: "list 1", Kind: adds, Items: []item{{token, token}}, Call: t, Return: e}
}

func removed(t, e, token int64) operation {
	return operation{Object: "list 1", Kind: removes, Items: []item{{token, token}}, Call: t, Return: e}
}

func listed(kind kind, t, e int64, tokens ...int64) operation {
	o := operation{Object: "list 1", Kind: kind, Call: t, Return: e, Count: int64(len(tokens))}
	for _, token := range tokens {
		o.Items = append(o.Items, item{token, token})
	}
	return o
}

// as has a process do an operation.
func as(p int, o operation) operation {
	o.Process = p
	return o
}

// moved are the two operations of a move within a list: another token, the same id.
func moved(p int, t, e, from, to int64) (gone, come operation) {
	gone, come = as(p, removed(t, e, from)), as(p, added(t, e, to))
	come.Items[0].ID = from
	return gone, come
}

func TestJudge(t *testing.T) {
	gone, come := moved(1, 5, 20, 7, 70)
	_, back := moved(1, 7, 20, 7, 70)
	for name, test := range map[string]struct {
		told  []*operation
		bound time.Duration
		right bool
	}{
		"a read sees what was written":                         {told(wrote(1, 1, 2, 7), saw(2, 3, 4, 7)), 0, true},
		"a read does not":                                      {told(wrote(1, 1, 2, 7), saw(2, 3, 4, 0)), 0, false},
		"a read during a write":                                {told(wrote(1, 1, 9, 7), saw(2, 3, 4, 7), saw(2, 5, 6, 7)), 0, true},
		"a read after it was seen":                             {told(wrote(1, 1, 9, 7), saw(2, 3, 4, 7), saw(2, 5, 6, 0)), 0, false},
		"a value that nobody wrote":                            {told(saw(1, 1, 2, 5)), 0, false},
		"a write that came to nothing":                         {told(operation{Object: "register 1", Kind: writes, New: 7, Call: 1, Return: 2, Void: true}, saw(2, 3, 4, 7)), 0, false},
		"an unknown end, seen late":                            {told(wrote(1, 1, 0, 7), saw(2, 3, 4, 0), saw(2, 5, 6, 7)), 0, true},
		"an unknown end, seen and not":                         {told(wrote(1, 1, 0, 7), saw(2, 3, 4, 7), saw(2, 5, 6, 0)), 0, false},
		"an unknown end, never seen":                           {told(wrote(1, 1, 0, 7), saw(2, 3, 4, 0)), 0, true},
		"a swap":                                               {told(wrote(1, 1, 2, 7), swapped(2, 3, 4, 7, 8), saw(1, 5, 6, 8)), 0, true},
		"swaps of unknown ends, the last seen":                 {told(wrote(1, 1, 2, 7), swapped(2, 3, 0, 7, 8), swapped(3, 5, 0, 8, 9), saw(1, 7, 8, 9)), 0, true},
		"a swap of what was not there":                         {told(wrote(1, 1, 2, 7), swapped(2, 3, 4, 0, 8)), 0, false},
		"as old as the bound":                                  {told(wrote(1, 1, 20, 7), saw(2, 29, 30, 0)), 10, true},
		"older than the bound":                                 {told(wrote(1, 1, 20, 7), saw(2, 31, 32, 0)), 10, false},
		"one's own write, as old":                              {told(wrote(1, 1, 20, 7), saw(1, 29, 30, 0)), 10, false},
		"another's after one's own":                            {told(wrote(1, 1, 2, 7), wrote(2, 4, 5, 8), saw(1, 9, 10, 7)), 10, true},
		"another's, as old, after one's own that ended later":  {told(wrote(1, 1, 20, 7), wrote(2, 5, 15, 8), saw(1, 21, 22, 7), saw(2, 40, 41, 8)), 10, true},
		"another's, as old, before one's own that ended later": {told(wrote(1, 1, 20, 7), wrote(2, 5, 15, 8), saw(1, 21, 22, 8), saw(2, 40, 41, 7)), 10, false},
		"another's, older, after one's own that ended later":   {told(wrote(1, 1, 20, 7), wrote(2, 5, 15, 8), saw(1, 26, 27, 7), saw(2, 40, 41, 8)), 10, false},
		"a count as old as before one's own move":              {told(added(1, 2, 7), gone, come, added(5, 15, 9), listed(lists, 16, 17, 7, 9), as(1, listed(counts, 21, 22, 7))), 10, true},
		"a count as old as before one's own adding":            {told(added(1, 2, 7), as(1, added(5, 20, 8)), added(5, 15, 9), listed(lists, 16, 17, 7, 9), as(1, listed(counts, 21, 22, 7))), 10, false},
		"a count as old as before one's own moving back":       {told(added(1, 2, 7), as(1, removed(5, 6, 7)), back, added(5, 15, 9), listed(lists, 16, 17, 9), as(1, listed(counts, 21, 22))), 10, false},
		"as old as before one's own, which had not ended":      {told(wrote(1, 1, 20, 7), saw(2, 3, 4, 7), saw(1, 11, 12, 0)), 10, true},
		"a page as old as before one's own adding beyond":      {told(added(1, 2, 1), added(1, 2, 2), added(1, 2, 5), as(1, added(5, 20, 9)), added(5, 15, 3), listed(lists, 16, 17, 1, 2, 3, 5), as(1, listed(pages, 21, 22, 1, 2, 5))), 10, true},
		"a page as old as before one's own adding to it":       {told(added(1, 2, 1), added(1, 2, 2), added(1, 2, 5), as(1, added(5, 20, 4)), added(5, 15, 3), listed(lists, 16, 17, 1, 2, 3, 5), as(1, listed(pages, 21, 22, 1, 2, 5))), 10, false},
		"a list as old as before what is perhaps removed":      {told(added(1, 20, 7), removed(21, 0, 7), as(1, listed(lists, 25, 26)), listed(lists, 40, 41, 7)), 10, true},
		"a list":                            {told(added(1, 2, 7), added(3, 4, 5), listed(lists, 5, 6, 5, 7), listed(counts, 7, 8, 5, 7)), 0, true},
		"a list without what was added":     {told(added(1, 2, 7), listed(lists, 5, 6)), 0, false},
		"a list with what was removed":      {told(added(1, 2, 7), removed(3, 4, 7), listed(lists, 5, 6, 7)), 0, false},
		"a page":                            {told(added(1, 2, 1), added(1, 2, 2), added(1, 2, 3), added(1, 2, 4), listed(pages, 5, 6, 1, 2, 3)), 0, true},
		"a page without its first":          {told(added(1, 2, 1), added(1, 2, 2), added(1, 2, 3), added(1, 2, 4), listed(pages, 5, 6, 2, 3, 4)), 0, false},
		"a wrong count":                     {told(added(1, 2, 7), listed(counts, 5, 6)), 0, false},
		"perhaps removed, and seen":         {told(added(1, 2, 7), removed(3, 0, 7), listed(lists, 5, 6, 7), listed(lists, 7, 8)), 0, true},
		"perhaps removed, and seen again":   {told(added(1, 2, 7), removed(3, 0, 7), listed(lists, 5, 6), listed(lists, 7, 8, 7)), 0, false},
		"perhaps removed, and by another":   {told(added(1, 2, 7), removed(3, 0, 7), removed(4, 5, 7), listed(lists, 7, 8)), 0, true},
		"perhaps added, and only counted":   {told(added(1, 0, 7), listed(counts, 3, 4, 7), listed(counts, 5, 6, 7)), 0, true},
		"perhaps added, counted, and gone":  {told(added(1, 0, 7), listed(counts, 3, 4, 7), listed(lists, 5, 6)), 0, false},
		"perhaps removed by two, and gone":  {told(added(1, 2, 7), removed(9, 0, 7), removed(3, 0, 7), listed(lists, 5, 6), listed(lists, 11, 12)), 0, true},
		"perhaps removed by two, too early": {told(added(1, 2, 7), removed(7, 0, 7), removed(9, 0, 7), listed(lists, 5, 6)), 0, false},
		"perhaps removed, after another":    {told(added(1, 2, 7), removed(3, 0, 7), removed(4, 5, 7), listed(lists, 7, 8, 7)), 0, false},
		"removed twice":                     {told(added(1, 2, 7), removed(3, 4, 7), removed(5, 6, 7)), 0, false},
		"perhaps swapped, and by another":   {told(wrote(1, 1, 2, 7), swapped(2, 3, 0, 7, 8), swapped(3, 4, 5, 7, 9), saw(1, 6, 7, 9)), 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			wrong := judge(test.told, test.bound)
			if found := len(wrong) == 1 && strings.HasPrefix(wrong[0].wrong, "no order explains"); found == test.right || len(wrong) > 0 == test.right {
				t.Errorf("the verdict is %+v", wrong)
			}
		})
	}
}

// Many reads at once, and many writes of which nobody knows what became, are no more
// to judge than few.
func TestJudgeOfMuchAtOnce(t *testing.T) {
	var much []operation
	for token := range int64(40) {
		much = append(much, added(1, 0, 100+token), listed(counts, 1, 90, 1), listed(lists, 2, 90, 2, 3), listed(pages, 3, 90, 2, 3))
	}
	much = append(much, added(1, 90, 1), added(1, 90, 2), added(1, 90, 3), removed(1, 90, 1), listed(lists, 91, 92, 2, 3))
	if wrong := judge(told(much...), 0); len(wrong) > 0 {
		t.Errorf("the verdict is %q", wrong)
	}
	// As many would have to have been added as are not there afterwards.
	much = append(much, listed(counts, 93, 94, 1), listed(lists, 95, 96, 2, 3))
	if wrong := judge(told(much...), 0); len(wrong) != 1 || !strings.Contains(wrong[0].wrong, "no order explains") {
		t.Errorf("the verdict is %q", wrong)
	}
}

// An order that was found is one of all that is known to have happened, at times when
// it can have, and explains what was read.
func TestConfirms(t *testing.T) {
	h := history(told(wrote(1, 1, 2, 7), wrote(2, 3, 4, 8), saw(3, 15, 19, 8), wrote(4, 7, 0, 9)))
	for name, test := range map[string]struct {
		order []int
		right bool
	}{
		"what is known":               {[]int{0, 1, 2}, true},
		"with what may have happened": {[]int{0, 1, 2, 3}, true},
		"too little":                  {[]int{0, 1}, false},
		"something twice":             {[]int{0, 1, 1, 2}, false},
		"at a wrong time":             {[]int{0, 3, 1, 2}, false},
		"something else was read":     {[]int{0, 1, 3, 2}, false},
	} {
		t.Run(name, func(t *testing.T) {
			spans := h.spans(10)
			var order []*span
			for _, i := range test.order {
				order = append(order, spans[i])
			}
			if h.confirms(modelOf("register 1"), order, 10) != test.right {
				t.Errorf("it should be %v", test.right)
			}
		})
	}
}

// What is wrong is shown where no order comes beyond, and can be judged again.
func TestWhatIsWrong(t *testing.T) {
	wrong := judge(told(wrote(1, 1, 20, 7), saw(2, 29, 30, 0), saw(1, 29, 31, 0), saw(2, 32, 33, 7), saw(3, 25, 50, 9)), 10)
	if len(wrong) != 1 || !strings.Contains(wrong[0].wrong, "> -0.000 to +0.000 ms: process 1, [29, 31] register 1: process 1 reads 0\n") {
		t.Fatalf("the verdict is %q", wrong)
	}
	file := wrong[0].keep(t, 10)
	defer func() { must(t, os.Remove(file)) }()
	if then := judgeKept(t, file); len(then) != 1 || then[0].wrong != wrong[0].wrong {
		t.Errorf("the verdict is %q then", then)
	}
	if *kept != "" {
		for _, v := range judgeKept(t, *kept) {
			t.Errorf("%s: %s", v.object, v.wrong)
		}
	}
}
