package chaos

import (
	"context"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/querykey"
	"github.com/seed92106438/cacheops/region"
)

// step is one of the steps of a write at which its process may end.
type step struct {
	At  string
	Nth int64
}

// Steps of a write.
const (
	beforeIntent  = "before the intent"
	afterIntent   = "after the intent"
	beforeOutcome = "after COMMIT, before the outcome"
	afterOutcome  = "after the outcome"
)

// steps are chosen from. What happens between COMMIT and outcome matters most.
var steps = []string{beforeIntent, afterIntent, beforeOutcome, beforeOutcome, beforeOutcome, afterOutcome}

// deadly is a region whose process ends at a step. It takes its time now and then, so
// that others come between the steps of reads and writes, which seldom happens by
// itself.
type deadly struct {
	region.Region
	step step
	seen atomic.Int64
}

// Notify passes on what the plugin wants to hear.
func (d *deadly) Notify(f func(error)) {
	if r, ok := d.Region.(interface{ Notify(func(error)) }); ok {
		r.Notify(f)
	}
}

// dawdle is the longest that a step is held up.
const dawdle = 60 * time.Millisecond

// linger holds a step up, once in so many times.
func linger(times int) {
	if rand.IntN(times) == 0 {
		time.Sleep(rand.N(dawdle))
	}
}

// pass kills the process if this is the step.
func (d *deadly) pass(at string) {
	linger(3)
	if d.step.At == at && d.seen.Add(1) == d.step.Nth {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
}

func (d *deadly) Announce(ctx context.Context, changes []invalidation.Change) (region.Intent, error) {
	d.pass(beforeIntent)
	in, err := d.Region.Announce(ctx, changes)
	if err != nil {
		return nil, err
	}
	d.pass(afterIntent)
	return &deadlyIntent{in, d}, nil
}

func (d *deadly) Stamp(ctx context.Context, dep *invalidation.Dependency, lag time.Duration) (region.Stamp, bool) {
	stamp, ok := d.Region.Stamp(ctx, dep, lag)
	linger(20)
	return stamp, ok
}

func (d *deadly) Put(ctx context.Context, e *region.Entry) bool {
	linger(20)
	return d.Region.Put(ctx, e)
}

type deadlyIntent struct {
	region.Intent
	region *deadly
}

func (in *deadlyIntent) Commit(ctx context.Context, changes ...invalidation.Change) {
	in.region.pass(beforeOutcome)
	in.Intent.Commit(ctx, changes...)
	in.region.pass(afterOutcome)
}

// oblivious is a region that serves what it has without a look at the journals.
type oblivious struct {
	region.Region
	kept sync.Map // of keys to entries
}

func (o *oblivious) Get(ctx context.Context, key querykey.Key, q region.Query) (*region.Entry, region.Miss) {
	if e, ok := o.kept.Load(string(key.Text)); ok {
		return e.(*region.Entry), region.Miss{}
	}
	return o.Region.Get(ctx, key, q)
}

func (o *oblivious) Put(ctx context.Context, e *region.Entry) bool {
	if !o.Region.Put(ctx, e) {
		return false
	}
	o.kept.Store(string(e.Key.Text), e)
	return true
}
