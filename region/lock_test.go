package region

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed92106438/cacheops/querykey"
)

// locks is what of a region the tests of locks use.
type locks interface {
	Lock(ctx context.Context, key querykey.Key) (unlock func(), holder string)
}

func (p *process) lock(name string) (unlock func(), holder string) {
	return p.Region.(locks).Lock(p.Context(), sharedKey(name))
}

// takes checks that the process gets the lock, and returns what gives it back.
func (p *process) takes(name string) (unlock func()) {
	p.Helper()
	unlock, holder := p.lock(name)
	if unlock == nil {
		p.Fatalf("%s is locked by %q", name, holder)
	}
	return unlock
}

// isLocked checks that another has the lock, and tells who.
func (p *process) isLocked(name string) (holder string) {
	p.Helper()
	unlock, holder := p.lock(name)
	if unlock != nil || holder == "" {
		p.Fatalf("%s is not locked", name)
	}
	return holder
}

func TestLockIsHadByOneProcess(t *testing.T) {
	ps := share(t, 3)
	unlock := ps[0].takes("q")
	holder := ps[1].isLocked("q")
	if again := ps[2].isLocked("q"); again != holder {
		t.Errorf("%q has it, and %q", holder, again)
	}
	ps[1].takes("another")
	unlock()
	ps[1].takes("q")
	if next := ps[2].isLocked("q"); next == holder {
		t.Error("the next holder is not told from the first")
	}
	if unlock, holder := ps[0].Region.(locks).Lock(t.Context(), key("of this process alone")); unlock != nil || holder != "" {
		t.Error("a key that means nothing to others was locked")
	}
}

// The store has a lock beside the result, and takes neither for the other.
func TestLockStandsBesideItsResult(t *testing.T) {
	ps := share(t, 2)
	unlock := ps[0].takes("topic 1")
	ps[1].misses("topic 1", topic1, Absent)
	ps[0].fill("topic 1", topic1)
	ps[1].isLocked("topic 1")
	unlock()
	ps[1].hits("topic 1", topic1)
	ps[1].takes("topic 1")
	if len(ps[1].faults) > 0 {
		t.Errorf("told of %v", ps[1].faults)
	}
}

func TestLockBehindMemoryIsTheStores(t *testing.T) {
	ps := share(t, 1)
	tiered := ps[0].lot.tier(t, Bounded(time.Second), sharing{})
	unlock := tiered.takes("q")
	ps[0].isLocked("q")
	unlock()
	ps[0].takes("q")
}

// Who loses his lock after a lease takes it from nobody when he gives it back.
func TestLockIsLostAfterALease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ps := share(t, 3)
		late := ps[0].takes("q")
		time.Sleep(DefaultLease - time.Nanosecond)
		first := ps[1].isLocked("q")
		time.Sleep(time.Nanosecond)
		unlock := ps[1].takes("q")
		late()
		if ps[2].isLocked("q") == first {
			t.Error("the lease did not end")
		}
		unlock()
		ps[2].takes("q")
	})
}

// A lock is given back though its reader has given up.
func TestLockIsGivenBackAfterItsContext(t *testing.T) {
	ps := share(t, 2)
	ctx, cancel := context.WithCancel(t.Context())
	unlock, _ := ps[0].Region.(locks).Lock(ctx, sharedKey("q"))
	cancel()
	unlock()
	ps[1].takes("q")
	if unlock, holder := ps[1].Region.(locks).Lock(ctx, sharedKey("other")); unlock != nil || holder != "" {
		t.Error("locked for one who has given up")
	}
}

// While the store is away no one can tell who has the lock, and no one waits.
func TestLockOfAStoreThatIsAway(t *testing.T) {
	ps := share(t, 2)
	ps[0].line.isCut(true)
	if unlock, holder := ps[0].lock("q"); unlock != nil || holder != "" {
		t.Errorf("%q has it", holder)
	}
	if len(ps[0].faults) != 1 {
		t.Errorf("told of %v", ps[0].faults)
	}
	ps[0].line.isCut(false)
	ps[0].takes("q")()
	ps[1].takes("q")
}

// repeating is a store whose client repeats a call whose answer was lost.
type repeating struct{ *line }

func (r repeating) Add(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error) {
	_, _ = r.line.Add(ctx, key, value, ttl)
	return r.line.Add(ctx, key, value, ttl)
}

func TestLockIsKnownByItsHolderIfTheCallWasRepeated(t *testing.T) {
	ps := share(t, 2)
	r := newShared(sharing{backend: repeating{ps[0].line}}, nil)
	defer func() { _ = r.Close() }()
	unlock, _ := r.Lock(t.Context(), sharedKey("q"))
	if unlock == nil {
		t.Fatal("the holder does not know that he has it")
	}
	ps[1].isLocked("q")
	unlock()
	ps[1].takes("q")
}
