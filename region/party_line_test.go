package region

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/seed92106438/cacheops/region/internal/backend"
)

// line is what one process reaches a lot by. A call may get lost on it, or be held
// up, on its way there or back.
type line struct {
	*lot
	mu    sync.Mutex
	cut   string // calls of that kind are lost, or "all"
	fates []fate // of the next of the others
	held  []hold
}

// fate is what becomes of a call.
type fate int

const (
	straight   fate = iota
	lost            // it does not arrive
	unanswered      // it is done, and the answer is lost
	heldThere       // it is done when it is released, if the caller waits for it or not
	heldBack        // it is done, and the answer comes when it is released
)

// hold is a call that is held up.
type hold struct {
	call    string
	release chan struct{}
}

// next sets the fates of the next calls.
func (l *line) next(fates ...fate) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fates = fates
}

// release lets go of one of the calls that are held up.
func (l *line) release(i int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.held[i].release)
	l.held = slices.Delete(l.held, i, i+1)
}

// isCut has all calls be lost, or none.
func (l *line) isCut(cut bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cut = ""; cut {
		l.cut = "all"
	}
}

// clear holds nothing up any more.
func (l *line) clear() {
	l.next()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, h := range l.held {
		close(h.release)
	}
	l.held = nil
}

// waiting returns how many calls are held up.
func (l *line) waiting() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.held)
}

// hold returns what a call has to wait for.
func (l *line) hold(call string) chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	h := hold{call, make(chan struct{})}
	l.held = append(l.held, h)
	return h.release
}

func (l *line) fate(call string) fate {
	l.mu.Lock()
	defer l.mu.Unlock()
	if call == l.cut || l.cut == "all" {
		return lost
	}
	if len(l.fates) == 0 {
		return straight
	}
	f := l.fates[0]
	l.fates = l.fates[1:]
	return f
}

// send makes a call.
func (l *line) send(ctx context.Context, call string, do func() error) error {
	done := make(chan error, 1)
	switch l.fate(call) {
	case lost:
		return errAway
	case unanswered:
		_ = do()
		return errAway
	case heldThere:
		released := l.hold(call)
		go func() {
			<-released
			done <- do()
		}()
	case heldBack:
		err := do()
		released := l.hold(call)
		go func() {
			<-released
			done <- err
		}()
	default:
		return do()
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l *line) Look(ctx context.Context, key string, follow []backend.Follow) (value []byte, news []backend.News, err error) {
	err = l.send(ctx, "look", func() (err error) {
		value, news, err = l.lot.Look(ctx, key, follow)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	return value, news, nil
}

func (l *line) Put(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	return l.send(ctx, "put", func() error { return l.lot.Put(ctx, key, value, ttl) })
}

func (l *line) Add(ctx context.Context, key string, value []byte, ttl time.Duration) (added bool, err error) {
	err = l.send(ctx, "add", func() (err error) {
		added, err = l.lot.Add(ctx, key, value, ttl)
		return err
	})
	if err != nil {
		return false, err
	}
	return added, nil
}

func (l *line) Remove(ctx context.Context, key string, value []byte) error {
	return l.send(ctx, "remove", func() error { return l.lot.Remove(ctx, key, value) })
}

func (l *line) Delete(ctx context.Context, keys ...string) error {
	return l.send(ctx, "delete", func() error { return l.lot.Delete(ctx, keys...) })
}

func (l *line) Announce(ctx context.Context, id string, lease time.Duration, parts []backend.Part) error {
	return l.send(ctx, "announce", func() error { return l.lot.Announce(ctx, id, lease, parts) })
}

func (l *line) Settle(ctx context.Context, id string, committed []backend.Part, announced []string) error {
	return l.send(ctx, "settle", func() error { return l.lot.Settle(ctx, id, committed, announced) })
}

func (l *line) Expire(ctx context.Context, journal string, p backend.Pending) error {
	return l.send(ctx, "expire", func() error { return l.lot.Expire(ctx, journal, p) })
}

func (l *line) Open(ctx context.Context, journal string, epoch uint64) error {
	return l.send(ctx, "open", func() error { return l.lot.Open(ctx, journal, epoch) })
}
