package cacheops

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/seed92106438/cacheops/querykey"
	"github.com/seed92106438/cacheops/region"
)

// locker is what a region offers besides in which processes meet: a lock for each result,
// which one of them at a time has, and loses after some time.
type locker interface {
	// Lock takes the lock of the result under key; unlock gives it back. If another has
	// it unlock is nil, and holder tells it from those who have it later. If no one can
	// tell, both are empty.
	Lock(ctx context.Context, key querykey.Key) (unlock func(), holder string)
}

// lockerOf returns what the flight of r waits for others by, nil if it does not.
func lockerOf(r *read) locker {
	if !r.profile.Lock && (r.settings == nil || !r.settings.lock) {
		return nil
	}
	l, _ := r.region.(locker)
	return l
}

const (
	// firstPause and longestPause are about how long a flight waits before it looks
	// again, at first and in the end.
	firstPause   = 5 * time.Millisecond
	longestPause = 100 * time.Millisecond

	// maxHolders is how many others a flight waits for. The first may die, or take
	// longer than it may have the lock, and then the second does what it did not. If
	// neither has stored anything, because the result is too large say, or changes all
	// the time, waiting for more would make reads wait in line that would else be sent
	// side by side.
	maxHolders = 2

	// patience bounds the wait, whatever the clock of the region's store does.
	patience = time.Minute
)

// inTurn runs f when no other process is about to find the same result. Others of this
// process have joined f already.
//
// A lock decides only how long f waits. What another process has stored is taken by
// [region.Region.Get], which finds it fresh or does not; otherwise f runs, and takes its
// stamp after it has waited. So the argument at run does not depend on locks, nor on
// those who have them.
func (f *flight) inTurn(ctx context.Context) (*landing, error) {
	if f.locker == nil {
		return f.run(ctx)
	}
	entry, unlock, err := f.wait(ctx)
	if unlock != nil {
		defer unlock() // what f finds is stored by then, or will not be
	}
	switch {
	case err != nil:
		return nil, err
	case entry != nil:
		return &landing{entry: entry, stored: true}, nil
	}
	return f.run(ctx)
}

// wait waits until f has the lock, or what another process has stored, or until there is
// no use in waiting. The error is the context's.
func (f *flight) wait(ctx context.Context) (entry *region.Entry, unlock func(), err error) {
	seen, holders := "", 0
	deadline := time.Now().Add(patience)
	for pause := firstPause; time.Now().Before(deadline); pause = min(2*pause, longestPause) {
		// While a pending change meets the result, or the store is away, no one stores it.
		if _, clear := f.region.Stamp(ctx, f.dep, f.lag(f.tap.ConnPool)); !clear {
			break
		}
		unlock, holder := f.locker.Lock(ctx, f.key)
		if unlock != nil || holder == "" {
			// Whoever had it may have stored the result before he gave it back.
			entry, _ := f.region.Get(ctx, f.key, f.query)
			return entry, unlock, nil
		}
		if holder != seen {
			seen = holder
			holders++
		}
		if holders > maxHolders {
			break
		}
		// At random, so that those who wait do not all come back at once.
		select {
		case <-time.After(pause/2 + rand.N(pause)):
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
		if entry, _ := f.region.Get(ctx, f.key, f.query); entry != nil {
			return entry, nil, nil
		}
	}
	return nil, nil, nil
}
