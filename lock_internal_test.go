package cacheops

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/querykey"
	"github.com/seed92106438/cacheops/region"
)

// lockable is a region in which another process has the lock of every result.
type lockable struct {
	region.Region
	mu      sync.Mutex
	holder  func() string // empty if the lock is to be had
	entry   *region.Entry // what Get finds
	blocked bool          // no stamp is given
	asked   int           // for the lock
	given   bool          // back
}

func (l *lockable) Get(context.Context, querykey.Key, region.Query) (*region.Entry, region.Miss) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.entry, region.Miss{}
}

func (l *lockable) Stamp(context.Context, *invalidation.Dependency, time.Duration) (region.Stamp, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return nil, !l.blocked
}

func (l *lockable) Lock(context.Context, querykey.Key) (func(), string) {
	l.asked++
	if holder := l.holder(); holder != "" {
		return nil, holder
	}
	return func() { l.given = true }, "oneself"
}

// after has a change come to the region when some time has passed.
func (l *lockable) after(d time.Duration, change func()) {
	time.AfterFunc(d, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		change()
	})
}

// waits has a flight wait for its turn.
func (l *lockable) waits(ctx context.Context) (entry *region.Entry, locked bool, took time.Duration, err error) {
	f := &flight{database: &database{family: &family{}}, region: l, locker: l, tap: tap{}}
	began := time.Now()
	entry, unlock, err := f.wait(ctx)
	return entry, unlock != nil, time.Since(began), err
}

func always(holder string) func() string { return func() string { return holder } }

// until has one holder after another, each for some time.
func until(each time.Duration, holders ...string) func() string {
	began := time.Now()
	return func() string { return holders[min(int(time.Since(began)/each), len(holders)-1)] }
}

func TestWaitForOtherProcesses(t *testing.T) {
	const lease = 5 * time.Second
	for name, test := range map[string]struct {
		region          func() *lockable
		locked          bool
		atLeast, atMost time.Duration
	}{
		"no one has the lock": {func() *lockable { return &lockable{holder: always("")} }, true, 0, 0},
		"the holder dies": {func() *lockable {
			return &lockable{holder: until(lease, "a", "")}
		}, true, lease, lease + 2*longestPause},
		"two holders die": {func() *lockable {
			return &lockable{holder: until(lease, "a", "b", "")}
		}, true, 2 * lease, 2*lease + 2*longestPause},
		"no holder stores it": {func() *lockable {
			return &lockable{holder: until(lease, "a", "b", "c", "d", "e")}
		}, false, 2 * lease, 2*lease + 2*longestPause},
		"the lock does not end": {func() *lockable {
			return &lockable{holder: always("a")}
		}, false, patience, patience + 2*longestPause},
		"a pending change meets the result": {func() *lockable {
			return &lockable{holder: always("a"), blocked: true}
		}, false, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := test.region()
				entry, locked, took, err := l.waits(t.Context())
				if entry != nil || err != nil || locked != test.locked || took < test.atLeast || took > test.atMost {
					t.Errorf("locked %t after %v: %v, %v", locked, took, entry, err)
				}
				if most := 10 + int(took/(longestPause/2)); l.asked > most {
					t.Errorf("asked %d times in %v", l.asked, took)
				}
			})
		})
	}
}

// A change that is announced while a flight waits ends the wait: what the holder finds
// will not be stored.
func TestWaitEndsWithAPendingChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &lockable{holder: always("a")}
		l.after(time.Second, func() { l.blocked = true })
		entry, locked, took, err := l.waits(t.Context())
		if entry != nil || locked || err != nil || took < time.Second || took > time.Second+2*longestPause {
			t.Errorf("after %v: %v, %t, %v", took, entry, locked, err)
		}
	})
}

func TestWaitEndsWithWhatIsStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stored := &region.Entry{}
		l := &lockable{holder: always("a")}
		l.after(time.Second, func() { l.entry = stored })
		entry, locked, took, err := l.waits(t.Context())
		if entry != stored || locked || err != nil || took > time.Second+2*longestPause {
			t.Errorf("after %v: %v, %t, %v", took, entry, locked, err)
		}
	})
}

// The holder may store the result just before he gives the lock back, after a flight
// has looked. Having the lock it looks again.
func TestWhoHasTheLockLooksAgain(t *testing.T) {
	l := &lockable{holder: always(""), entry: &region.Entry{}}
	f := &flight{database: &database{family: &family{}}, region: l, locker: l, tap: tap{}}
	found, err := f.inTurn(t.Context())
	if err != nil || found.entry != l.entry || !found.stored || !l.given {
		t.Errorf("found %+v, %v, given back: %t", found, err, l.given)
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(999*time.Millisecond, cancel)
		_, locked, took, err := (&lockable{holder: always("a")}).waits(ctx)
		if locked || !errors.Is(err, context.Canceled) || took != 999*time.Millisecond {
			t.Errorf("after %v: %t, %v", took, locked, err)
		}
	})
}
