package cacheops_test

import (
	"fmt"
	"math"
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
	domains
)

var day = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

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
}

// value draws a value for a column, rarely one of another domain.
func (d dice) value(of domain) any {
	switch {
	case d.chance(10):
		return nil
	case d.chance(7):
		of = domain(d.below(int(domains)))
	}
	return pick(d, values[of]...)
}

// literal writes a value as SQL.
func literal(v any) string {
	switch v := v.(type) {
	case nil:
		return "NULL"
	case string:
		return "'" + strings.ReplaceAll(v, "'", "''") + "'"
	case time.Time:
		return "'" + v.Format("2006-01-02 15:04:05.999999999-07:00") + "'"
	case []byte:
		return fmt.Sprintf("x'%x'", v)
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
	args  []any
	plain bool // no parameters
	depth int
}

// operand is a literal or a parameter.
func (w *writer) operand(of domain) string {
	v := w.value(of)
	if w.plain || w.chance(40) {
		return literal(v)
	}
	w.args = append(w.args, v)
	return "?"
}

// operands is a list of one to three.
func (w *writer) operands(of domain) string {
	list := make([]string, 1+w.below(3))
	for i := range list {
		list[i] = w.operand(of)
	}
	return strings.Join(list, ", ")
}

func hours(n int) time.Duration { return time.Duration(n) * time.Hour }
