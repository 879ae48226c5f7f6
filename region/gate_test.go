package region

import (
	"context"
	"testing"
	"time"
)

// A call that had no time left to begin with is not the store's failure.
func TestContextThatHasEndedDoesNotCloseTheGate(t *testing.T) {
	overdue, cancel := context.WithDeadline(t.Context(), time.Now())
	defer cancel()
	g := newGate(time.Minute)
	call := func(ctx context.Context) error { return ctx.Err() }
	for range 2 * tolerated {
		if g.pass(overdue, call) == nil {
			t.Error("a call was made after its deadline")
		}
	}
	if err := g.pass(t.Context(), call); err != nil {
		t.Errorf("the next call: %v", err)
	}
}
