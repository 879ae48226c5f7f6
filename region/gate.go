package region

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/seed92106438/cacheops/region/internal/backend"
)

// gate is what each call of a store passes through: it bounds the time that the
// call may take, and lets none through for a while after several have failed, so
// that a store which is away costs queries no time. One that refuses is not away.
type gate struct {
	timeout time.Duration
	breaker *gobreaker.TwoStepCircuitBreaker[struct{}]
}

const (
	tolerated = 3           // failures in a row before the gate closes
	closedFor = time.Second // until a call is let through again, to see
)

func newGate(timeout time.Duration) *gate {
	return &gate{timeout, gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		Timeout:     closedFor,
		ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= tolerated },
		// A store that refuses is there. What it refuses may be this call's fault, as
		// a value that is too large, and its answers cost no time.
		IsSuccessful: func(err error) bool { return err == nil || errors.Is(err, backend.ErrRefused) },
		// A caller who gave up says nothing about the store.
		IsExcluded: func(err error) bool { return errors.Is(err, context.Canceled) },
	})}
}

// pass makes a call, unless too many have failed. One whose context has ended before
// it is made would say nothing about the store.
func (g *gate) pass(ctx context.Context, call func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	done, err := g.breaker.Allow()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, g.timeout)
	defer cancel()
	failed := true
	defer func() {
		if failed { // by a panic
			done(errPanicked)
		}
	}()
	err = call(ctx)
	failed = false
	done(err)
	return err
}

// past makes a call past the gate: one that must be made, and that no query waits for.
func (g *gate) past(ctx context.Context, call func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, g.timeout)
	defer cancel()
	return call(ctx)
}

var errPanicked = errors.New("the call has panicked")

// faults tells those who want to know of what goes wrong.
type faults struct {
	count atomic.Uint64

	mu    sync.Mutex
	heard []func(error)
}

func (f *faults) tell(listener func(error)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.heard = append(f.heard, listener)
}

// report counts an error and tells of it.
func (f *faults) report(err error) {
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		return // of the errors that closed the gate those who want to know have heard
	}
	f.count.Add(1)
	f.mu.Lock()
	heard := f.heard
	f.mu.Unlock()
	for _, listener := range heard {
		listener(err)
	}
}
