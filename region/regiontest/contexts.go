package regiontest

import (
	"context"
	"time"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/region/internal/forum"
)

// endedContexts reads and writes with contexts that have ended. What a region
// does for such is its own business, as long as it is not wrong; and it says
// nothing about the store, so everyone else is served as before.
func endedContexts(s *steps) {
	overdue, cancel := context.WithDeadline(context.Background(), time.Now().Add(-time.Second))
	defer cancel()
	for name, ctx := range map[string]context.Context{"cancelled": ended(), "overdue": overdue} {
		s.run(name, func(s *steps) { usesOf(s, ctx) })
	}
}

func usesOf(s *steps, ctx context.Context) {
	s.fill("topic 1", forum.Topic1)
	s.fill("topic 2", forum.Topic2)
	for range 10 {
		if e, _ := s.read().Get(ctx, s.key("topic 1"), question{tables: tablesOf(forum.Topic1)}); e != nil && e.Value != text("topic 1") {
			s.Errorf("got %v", e.Value)
		}
		s.read().Stamp(ctx, forum.Topic1, 0)
	}
	if s.lookUp(s.key("topic 1")) == nil {
		s.Error("others are not served any more")
	}
	late := s.query("late", forum.Topic1)
	s.read().Put(ctx, late.entry)
	s.commit(forum.PostIn1)
	s.misses("topic 1", "late")

	intent, err := s.process(s.writer).Announce(ctx, []invalidation.Change{forum.PostIn2})
	if err == nil {
		if e, _ := s.read().Get(s.Context(), s.key("topic 2"), question{tables: tablesOf(forum.Topic2)}); e != nil {
			s.Error("served under a change that was announced")
		}
		intent.Abort(ctx)
	}
	s.hits("topic 2")
}
