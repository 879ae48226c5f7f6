package cacheops

import (
	"context"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/singleflight"

	"github.com/seed92106438/cacheops/querykey"
)

// flights lets concurrent misses of one key share one query.
type flights struct {
	group singleflight.Group

	mu      sync.Mutex
	waiting map[string]*party // by the flight's id

	landings [256]atomic.Uint64 // by a part of the key's hash
}

// landed returns how many flights, of the key and those that share a part of its hash,
// have stored a result.
func (fs *flights) landed(key querykey.Key) uint64 { return fs.landing(key).Load() }

func (fs *flights) landing(key querykey.Key) *atomic.Uint64 {
	return &fs.landings[key.Hash%uint64(len(fs.landings))]
}

// party is the reads that wait for a flight and may give up. Its context ends
// when the last of them has left.
type party struct {
	ctx    context.Context
	cancel context.CancelFunc
	size   int
}

// join runs f, or waits for the flight of the same result that is under way.
// It reports whether what it returns is f's own. It returns early, with the
// context's error, if the context ends; the flight goes on for the others. If
// there are none its query is cancelled, as it would be without a cache.
func (fs *flights) join(ctx context.Context, f *flight) (*landing, bool, error) {
	mine := false // written by the flight before it lands
	if ctx.Done() == nil {
		v, err, _ := fs.group.Do(f.id, func() (any, error) {
			mine = true
			return f.guarded(ctx)
		})
		return v.(*landing).taken(ctx, mine), mine, err
	}
	p := fs.enter(ctx, f.id)
	defer fs.leave(p, f.id)
	landed := fs.group.DoChan(f.id, func() (any, error) {
		mine = true
		return f.guarded(p.ctx)
	})
	select {
	case result := <-landed:
		return result.Val.(*landing).taken(ctx, mine), mine, result.Err
	case <-ctx.Done():
		return nil, true, ctx.Err()
	}
}

// enter counts a read that waits for a flight. A read that finds the flight
// cancelled by those before it is told the flight's error, which is not its
// own, and sends a query for itself.
func (fs *flights) enter(ctx context.Context, id string) *party {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	p := fs.waiting[id]
	if p == nil {
		p = &party{}
		p.ctx, p.cancel = context.WithCancel(context.WithoutCancel(ctx))
		if fs.waiting == nil {
			fs.waiting = map[string]*party{}
		}
		fs.waiting[id] = p
	}
	p.size++
	return p
}

func (fs *flights) leave(p *party, id string) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if p.size--; p.size == 0 {
		delete(fs.waiting, id)
		p.cancel()
	}
}

// guarded runs f and catches a panic, which would otherwise end the process
// when it happens on the flight's own goroutine.
func (f *flight) guarded(ctx context.Context) (found *landing, err error) {
	defer func() {
		if v := recover(); v != nil {
			found = &landing{panicked: v}
		}
	}()
	return f.inTurn(ctx)
}

// taken is called by each read that the flight has landed for, before it
// leaves. For the read whose query it was, it panics if the query has.
func (l *landing) taken(ctx context.Context, mine bool) *landing {
	if l == nil || !mine {
		return l
	}
	if l.panicked != nil {
		panic(l.panicked)
	}
	if l.own != nil {
		l.own.claim(ctx)
	}
	return l
}
