// Package measure runs what is compared in turns, and writes down each turn in the
// format of Go's benchmarks.
package measure

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"time"

	"golang.org/x/perf/benchfmt"
)

// Contender is one of those that take turns in a case.
type Contender struct {
	// Name is the subject's, and what else tells it from others of the case.
	Name string

	// Mark says what is wrong with what it does, if anything is.
	Mark string

	// Turn measures for once. If it is nil, the contender does not take part, and
	// Mark says why.
	Turn func(context.Context) (Turn, error)
}

// Turn is what was measured at once.
type Turn struct {
	Ops    int
	Values []Value
}

// Value is a figure. Units are those of Go's benchmarks, or words of their own.
type Value struct {
	Figure float64
	Unit   string
}

// Units that are used in several places.
const (
	Time        = "ns/op"
	Bytes       = "B/op"
	Allocations = "allocs/op"
)

// Run lets the contenders take turns, as many rounds as are asked for, and writes each
// turn to w. A contender that fails leaves, with a mark that says how. The context
// ends it early.
func Run(ctx context.Context, w io.Writer, name string, rounds int, contenders []Contender) error {
	out := &writer{name: name, out: benchfmt.NewWriter(w)}
	failed := map[string]bool{}
	for range rounds {
		for i := range contenders {
			c := &contenders[i]
			if c.Turn == nil || failed[c.Name] {
				continue
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			runtime.GC() // of what the one before has left
			turn, err := c.Turn(ctx)
			if err != nil {
				failed[c.Name] = true
				c.Turn, c.Mark = nil, err.Error()
				continue
			}
			if err := out.write(c, turn); err != nil {
				return err
			}
		}
	}
	return out.absent(contenders)
}

// Loop measures a function that is called again and again.
type Loop struct {
	// Op is called with numbers that rise from 1.
	Op func(n int) error
	// Before is called before each call of Op, and not measured. It may be nil.
	Before func() error
	// After is called after each turn with how often Op was called in it, and not
	// measured. It may be nil.
	After func(ops int) error
	// Procs is how many goroutines call Op at the same time, and how many processors
	// Go uses then. Zero means one, and all processors.
	Procs int
	// For is how long a turn takes, about.
	For time.Duration

	ops    int // of a turn, once it is known how long one takes
	called int
}

// Turn is a [Contender.Turn].
func (l *Loop) Turn(context.Context) (Turn, error) {
	if l.Procs > 0 {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(l.Procs))
	}
	if l.ops == 0 {
		if err := l.calibrate(); err != nil {
			return Turn{}, err
		}
	}
	return l.measure(l.ops)
}

// calibrate finds out how many calls a turn has.
func (l *Loop) calibrate() error {
	ops := 1
	for {
		turn, err := l.measure(ops)
		if err != nil {
			return err
		}
		took := time.Duration(turn.Values[0].Figure * float64(ops))
		if took >= l.For/5 || l.Before != nil {
			each := max(took/time.Duration(ops), 1)
			l.ops = max(1, int(l.For/each), l.Procs)
			if l.Before != nil {
				l.ops = min(l.ops, 20) // what comes before takes longer, as a rule
			}
			return nil
		}
		ops *= 4
	}
}

func (l *Loop) measure(ops int) (Turn, error) {
	var took time.Duration
	var before, after runtime.MemStats
	var bytes, allocations uint64
	measured := func(f func() error) error {
		runtime.ReadMemStats(&before)
		began := time.Now()
		err := f()
		took += time.Since(began)
		runtime.ReadMemStats(&after)
		bytes += after.TotalAlloc - before.TotalAlloc
		allocations += after.Mallocs - before.Mallocs
		return err
	}
	if err := l.pass(ops, measured); err != nil {
		return Turn{}, err
	}
	if l.After != nil {
		if err := l.After(ops); err != nil {
			return Turn{}, err
		}
	}
	per := func(total float64) float64 { return total / float64(ops) }
	return Turn{Ops: ops, Values: []Value{
		{per(float64(took)), Time}, {per(float64(bytes)), Bytes}, {per(float64(allocations)), Allocations},
	}}, nil
}

// pass calls Op so many times, within measured.
func (l *Loop) pass(ops int, measured func(func() error) error) (err error) {
	defer recovered(&err)
	first := l.called
	l.called += ops
	switch {
	case l.Before != nil:
		for n := range ops {
			if err := l.Before(); err != nil {
				return err
			}
			if err := measured(func() error { return l.Op(first + n + 1) }); err != nil {
				return err
			}
		}
		return nil
	case l.Procs > 1:
		return measured(func() error { return l.together(first, ops) })
	default:
		return measured(func() error {
			for n := range ops {
				if err := l.Op(first + n + 1); err != nil {
					return err
				}
			}
			return nil
		})
	}
}

// together calls Op on several goroutines.
func (l *Loop) together(first, ops int) error {
	var wg sync.WaitGroup
	errs := make([]error, l.Procs)
	for p := range l.Procs {
		wg.Go(func() {
			defer recovered(&errs[p])
			for n := p; n < ops && errs[p] == nil; n += l.Procs {
				errs[p] = l.Op(first + n + 1)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// recovered makes an error of a panic.
func recovered(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("panics: %v", r)
	}
}
