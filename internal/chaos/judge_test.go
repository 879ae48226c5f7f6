package chaos

import (
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

func TestJudge(t *testing.T) {
	for name, test := range map[string]struct {
		told  []*operation
		bound time.Duration
		right bool
	}{
		"a read sees what was written":         {told(wrote(1, 1, 2, 7), saw(2, 3, 4, 7)), 0, true},
		"a read does not":                      {told(wrote(1, 1, 2, 7), saw(2, 3, 4, 0)), 0, false},
		"a read during a write":                {told(wrote(1, 1, 9, 7), saw(2, 3, 4, 7), saw(2, 5, 6, 7)), 0, true},
		"a read after it was seen":             {told(wrote(1, 1, 9, 7), saw(2, 3, 4, 7), saw(2, 5, 6, 0)), 0, false},
		"a value that nobody wrote":            {told(saw(1, 1, 2, 5)), 0, false},
		"a write that came to nothing":         {told(operation{Object: "register 1", Kind: writes, New: 7, Call: 1, Return: 2, Void: true}, saw(2, 3, 4, 7)), 0, false},
		"an unknown end, seen late":            {told(wrote(1, 1, 0, 7), saw(2, 3, 4, 0), saw(2, 5, 6, 7)), 0, true},
		"an unknown end, seen and not":         {told(wrote(1, 1, 0, 7), saw(2, 3, 4, 7), saw(2, 5, 6, 0)), 0, false},
		"an unknown end, never seen":           {told(wrote(1, 1, 0, 7), saw(2, 3, 4, 0)), 0, true},
		"a swap":                               {told(wrote(1, 1, 2, 7), swapped(2, 3, 4, 7, 8), saw(1, 5, 6, 8)), 0, true},
		"swaps of unknown ends, the last seen": {told(wrote(1, 1, 2, 7), swapped(2, 3, 0, 7, 8), swapped(3, 5, 0, 8, 9), saw(1, 7, 8, 9)), 0, true},
		"a swap of what was not there":         {told(wrote(1, 1, 2, 7), swapped(2, 3, 4, 0, 8)), 0, false},
		"as old as the bound":                  {told(wrote(1, 1, 20, 7), saw(2, 29, 30, 0)), 10, true},
		"older than the bound":                 {told(wrote(1, 1, 20, 7), saw(2, 31, 32, 0)), 10, false},
		"one's own write, as old":              {told(wrote(1, 1, 20, 7), saw(1, 29, 30, 0)), 10, false},
		"another's after one's own":            {told(wrote(1, 1, 2, 7), wrote(2, 4, 5, 8), saw(1, 9, 10, 7)), 10, true},
		"a list":                               {told(added(1, 2, 7), added(3, 4, 5), listed(lists, 5, 6, 5, 7), listed(counts, 7, 8, 5, 7)), 0, true},
		"a list without what was added":        {told(added(1, 2, 7), listed(lists, 5, 6)), 0, false},
		"a list with what was removed":         {told(added(1, 2, 7), removed(3, 4, 7), listed(lists, 5, 6, 7)), 0, false},
		"a page":                               {told(added(1, 2, 1), added(1, 2, 2), added(1, 2, 3), added(1, 2, 4), listed(pages, 5, 6, 1, 2, 3)), 0, true},
		"a page without its first":             {told(added(1, 2, 1), added(1, 2, 2), added(1, 2, 3), added(1, 2, 4), listed(pages, 5, 6, 2, 3, 4)), 0, false},
		"a wrong count":                        {told(added(1, 2, 7), listed(counts, 5, 6)), 0, false},
		"perhaps removed, and seen":            {told(added(1, 2, 7), removed(3, 0, 7), listed(lists, 5, 6, 7), listed(lists, 7, 8)), 0, true},
		"perhaps removed, and seen again":      {told(added(1, 2, 7), removed(3, 0, 7), listed(lists, 5, 6), listed(lists, 7, 8, 7)), 0, false},
		"perhaps removed, and by another":      {told(added(1, 2, 7), removed(3, 0, 7), removed(4, 5, 7), listed(lists, 7, 8)), 0, true},
		"perhaps added, and only counted":      {told(added(1, 0, 7), listed(counts, 3, 4, 7), listed(counts, 5, 6, 7)), 0, true},
		"perhaps added, counted, and gone":     {told(added(1, 0, 7), listed(counts, 3, 4, 7), listed(lists, 5, 6)), 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			if wrong := judge(test.told, test.bound); (len(wrong) == 0) != test.right {
				t.Errorf("the verdict is %q", wrong)
			}
		})
	}
}
