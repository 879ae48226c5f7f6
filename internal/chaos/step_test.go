package chaos

import (
	"context"
	"os"
	"sync"
	"sync/atomic"
	"syscall"

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

var steps = []string{beforeIntent, afterIntent, beforeOutcome, afterOutcome}

// deadly is a region whose process ends at a step.
type deadly struct {
	region.Region
	step step
	seen atomic.Int64
}

// pass kills the process if this is the step.
func (d *deadly) pass(at string) {
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
