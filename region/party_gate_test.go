package region

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed92106438/cacheops/region/internal/backend"
)

// called reports whether the gate lets a call through.
func (g *gate) called(answer error) (through bool) {
	_ = g.pass(context.Background(), func(context.Context) error {
		through = true
		return answer
	})
	return through
}

func TestGateClosesAfterFailuresAndOpensByAProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(time.Minute)
		for i := range tolerated {
			if !g.called(errAway) {
				t.Fatalf("it is closed after %d failures", i)
			}
		}
		if g.called(nil) {
			t.Error("it is open after too many failures")
		}
		time.Sleep(closedFor + 1)
		if !g.called(errAway) {
			t.Error("no probe is let through")
		}
		if g.called(nil) {
			t.Error("it is open after a probe that failed")
		}
		time.Sleep(closedFor + 1)
		if g.called(nil); !g.called(nil) {
			t.Error("it is closed after a probe that succeeded")
		}
	})
}

func TestCallThatWasCancelledSaysNothingAboutTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(time.Minute)
		for range tolerated {
			g.called(context.Canceled)
			g.called(errAway)
		}
		if g.called(nil) {
			t.Error("calls that were cancelled keep it open")
		}
		time.Sleep(closedFor + 1)
		g.called(context.Canceled)
		if !g.called(errAway) || g.called(nil) {
			t.Error("a probe that was cancelled counts")
		}
	})
}

// A value that is too large is refused however often it is tried, and what else the
// store is asked for has nothing to do with that.
func TestStoreThatRefusesIsNotAway(t *testing.T) {
	refusal := fmt.Errorf("too large: %w", backend.ErrRefused)
	synctest.Test(t, func(t *testing.T) {
		g := newGate(time.Minute)
		for range 2 * tolerated {
			g.called(refusal)
		}
		if !g.called(errAway) {
			t.Fatal("refusals closed it")
		}
		for range tolerated - 2 {
			g.called(errAway)
		}
		g.called(refusal)
		if g.called(errAway); !g.called(nil) {
			t.Error("it is closed by failures between which the store has answered")
		}
		for range tolerated {
			g.called(errAway)
		}
		time.Sleep(closedFor + 1)
		if g.called(refusal); !g.called(nil) {
			t.Error("it is closed after a probe that was answered")
		}
	})
}

func TestCallThatPanicsIsAFailure(t *testing.T) {
	g := newGate(time.Minute)
	for range tolerated {
		func() {
			defer func() { _ = recover() }()
			_ = g.pass(t.Context(), func(context.Context) error { panic(errors.New("a defect")) })
		}()
	}
	if g.called(nil) {
		t.Error("it is open")
	}
}
