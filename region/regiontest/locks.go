package regiontest

import (
	"context"

	"github.com/seed92106438/cacheops/querykey"
)

// locker is what a region may offer besides, by which processes wait for each other.
type locker interface {
	Lock(ctx context.Context, key querykey.Key) (unlock func(), holder string)
}

// A lock is had by one process at a time. Who has lost it, after a while, takes it from
// nobody when he gives it back.
func locks(s *steps) {
	one, ok := s.read().(locker)
	other, too := s.process(s.writer).(locker)
	if !ok || !too {
		s.Skip("the region has no locks")
	}
	late, _ := one.Lock(s.Context(), s.key("topic 1"))
	unlock, holder := other.Lock(s.Context(), keyOf(s.Name(), "topic 1", "put into something else"))
	if late == nil || unlock != nil || holder == "" {
		s.Fatalf("one has it: %t; the other has it: %t, or %q", late != nil, unlock != nil, holder)
	}
	if free, _ := other.Lock(s.Context(), s.key("topic 2")); free == nil {
		s.Error("another result is locked as well")
	}
	within(s, func() bool {
		unlock, _ = other.Lock(s.Context(), s.key("topic 1"))
		return unlock != nil
	}, "the lock does not end")
	late()
	if again, next := one.Lock(s.Context(), s.key("topic 1")); again != nil || next == holder {
		s.Errorf("taken from the other: %t; had by %q, after %q", again != nil, next, holder)
	}
	unlock()
	if again, _ := one.Lock(s.Context(), s.key("topic 1")); again == nil {
		s.Error("what was given back is not to be had")
	}
}
