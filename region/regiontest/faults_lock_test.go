package regiontest_test

import (
	"context"
	"crypto/rand"
	"sync"
	"time"

	"github.com/seed92106438/cacheops/querykey"
)

// Faults of how results are locked.

// ward has the locks of results, for a region that two processes share.
type ward struct {
	mu    sync.Mutex
	locks map[string]lock

	lease time.Duration              // for which a lock is had
	name  func(querykey.Key) string  // under which a result is locked
	owns  func(there, own lock) bool // whether a lock that is there is given back by who had one
}

type lock struct {
	holder string
	ends   time.Time
}

// locks has the region lock results, with what is altered of how that is right.
func locks(alter func(*ward)) func(*faulty) {
	return func(f *faulty) {
		w := &ward{
			locks: map[string]lock{}, lease: 50 * time.Millisecond,
			name: func(key querykey.Key) string { return string(key.Text[:key.Common]) },
			owns: func(there, own lock) bool { return there.holder == own.holder },
		}
		alter(w)
		f.lock = w.lock
	}
}

func (w *ward) lock(_ context.Context, key querykey.Key) (unlock func(), holder string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	name := w.name(key)
	if there, locked := w.locks[name]; locked && time.Now().Before(there.ends) {
		return nil, there.holder
	}
	own := lock{rand.Text(), time.Now().Add(w.lease)}
	w.locks[name] = own
	return func() { w.unlock(name, own) }, own.holder
}

func (w *ward) unlock(name string, own lock) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if there, locked := w.locks[name]; locked && w.owns(there, own) {
		delete(w.locks, name)
	}
}

func locksForGood(w *ward) { w.lease = time.Hour }

func locksForNoTime(w *ward) { w.lease = 0 }

func locksDestinations(w *ward) {
	w.name = func(key querykey.Key) string { return string(key.Text) }
}

func locksAll(w *ward) { w.name = func(querykey.Key) string { return "" } }

func givesBackOthers(w *ward) { w.owns = func(_, _ lock) bool { return true } }

func givesNothingBack(w *ward) {
	w.lease, w.owns = 2*time.Second, func(_, _ lock) bool { return false }
}
