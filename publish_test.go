package cacheops

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/region"
)

// distant is a dialect of servers that answer with one error.
type distant struct{ invalidation.Dialect }

var errAnswer = errors.New("the server's answer")

func (distant) Answered(err error) bool { return errors.Is(err, errAnswer) }

// After a lost connection the server may still carry out what it was sent, so
// what it would change is not cached for as long as that may take.
func TestAnErrorThatIsNoAnswerSettlesNothingYet(t *testing.T) {
	for _, test := range []struct {
		name    string
		err     error
		pending time.Duration
	}{
		{"an answer", errAnswer, 0},
		{"a connection that was lost", errors.New("EOF"), DefaultUnseenCommit},
		{"a context that was cancelled", context.Canceled, DefaultUnseenCommit},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := New(Config{})
			if err := p.check(); err != nil {
				t.Fatal(err)
			}
			p.databases = []*database{{Plugin: p, dialect: distant{}}}
			change := invalidation.Change{Table: invalidation.Table{Name: "posts"}}
			dep := &invalidation.Dependency{}
			dep.Declare(change.Table)
			clear := func() bool {
				_, clear := p.resolved.regions[region.Default].Stamp(t.Context(), dep, 0)
				return clear
			}
			synctest.Test(t, func(t *testing.T) {
				intent, err := p.announce(t.Context(), []invalidation.Change{change})
				if err != nil {
					t.Fatal(err)
				}
				intent.fail(t.Context(), test.err)
				intent.Commit(t.Context()) // as a deferred one does

				if clear() != (test.pending == 0) {
					t.Errorf("clear is %t at once", clear())
				}
				time.Sleep(test.pending - 1)
				if clear() != (test.pending == 0) {
					t.Errorf("clear is %t before the time", clear())
				}
				time.Sleep(time.Nanosecond)
				synctest.Wait()
				if !clear() {
					t.Error("still pending")
				}
			})
		})
	}
}
