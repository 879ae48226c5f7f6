package cacheops_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"
)

// dice draws what the randomised test is made of.
type dice struct{ *rapid.T }

// below draws a number less than n. Rapid favours small numbers, which is
// good for sizes but not for choices, so the draw is scattered.
func (d dice) below(n int) int {
	const scatter = 0x9e3779b97f4a7c15 // odd, so that nothing is lost
	return int((uint64(rapid.Uint32().Draw(d.T, "choice")) * scatter) >> 16 % uint64(n))
}

// chance shrinks to false.
func (d dice) chance(percent int) bool { return 99-d.below(100) < percent }

func pick[E any](d dice, list ...E) E { return list[d.below(len(list))] }

// domain is what the values of a column are mostly of.
type domain int

const (
	ints domain = iota
	texts
	reals
	bools
	times
	blobs
	uuids
	domains
)

// sortable domains have a greatest value, on all databases.
func (of domain) sortable() bool { return of == ints || of == texts || of == reals || of == times }

// values are few, so that they often agree, and awkward.
var values = [domains][]any{
	ints: {0, 1, 1, 1, 2, 2, 2, 3, 3, 4, -1, int64(1<<53 + 1), int64(1 << 53), int64(math.MaxInt64)},
	texts: {
		"a", "a", "a", "A", "A", "b", "b", "a ", "ab", "", "1", "1.0", "é", "true",
		"2026-03-01 12:00:00+00:00",
	},
	reals: {0.0, 0.5, 1.0, 1.0, 1.5, 2.0, -0.5, 0.1, float64(1 << 53)},
	bools: {true, false},
	times: {
		day, day.In(time.FixedZone("", 2*3600)), day.Add(time.Hour),
		day.Add(time.Hour).In(time.FixedZone("", -11*3600)), day.Add(1500 * time.Millisecond), day.AddDate(0, 0, 5),
	},
	blobs: {[]byte{}, []byte("a"), []byte{0xff}},
	uuids: {
		"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "{a0eebc999c0b4ef8bb6d6bb9bd380a11}",
		"00000000-0000-0000-0000-000000000001", "ffffffff-ffff-ffff-ffff-ffffffffffff",
	},
}

// value draws a value for a column, rarely one of another domain.
func (w *writer) value(of domain) any {
	switch {
	case w.chance(10):
		return nil
	case !w.strict && w.chance(7):
		of = domain(w.below(int(domains)))
	}
	list := values[of]
	if of == ints && w.strict && w.chance(90) {
		list = list[:smallInts] // others are errors for most columns
	}
	return pick(w.dice, list...)
}

// smallInts is how many of the integers fit into all columns.
const smallInts = 11

// literal writes a value as SQL.
func (w *writer) literal(v any) string {
	switch v := v.(type) {
	case nil:
		return "NULL"
	case string:
		return "'" + strings.ReplaceAll(v, "'", "''") + "'"
	case time.Time:
		if w.zone == "" {
			v = v.UTC()
		}
		return "'" + v.Format("2006-01-02 15:04:05.999999999"+w.zone) + "'"
	case []byte:
		return fmt.Sprintf(w.byte, v)
	case float64:
		return fmt.Sprintf("%.1f", v)
	default:
		return fmt.Sprint(v)
	}
}

// writer writes SQL in the order of its text, so that the arguments fall in
// with the parameters.
type writer struct {
	dice
	*world
	args   []any
	plain  bool   // no parameters
	spared string // the table that is not written, if there is another
	depth  int
}

// operand is a literal or a parameter.
func (w *writer) operand(of domain) string {
	v := w.value(of)
	if w.plain || w.chance(40) {
		return w.literal(v)
	}
	w.args = append(w.args, v)
	return "?"
}

// constant is an operand that is compared with no column. Where types are
// strict, a parameter has none there.
func (w *writer) constant(of domain) string {
	if w.strict {
		return w.literal(w.value(of))
	}
	return w.operand(of)
}

// operands is a list of one to three.
func (w *writer) operands(of domain) string {
	list := make([]string, 1+w.below(3))
	for i := range list {
		list[i] = w.operand(of)
	}
	return strings.Join(list, ", ")
}

// matching returns the columns that can be compared with values of the domain.
func (w *writer) matching(columns []column, of domain) []column {
	if !w.strict {
		return columns
	}
	return slices.DeleteFunc(slices.Clone(columns), func(c column) bool { return c.domain != of })
}

func hours(n int) time.Duration { return time.Duration(n) * time.Hour }
