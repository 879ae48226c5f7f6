package regiontest

import (
	"time"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/region/internal/forum"
)

// The lags of replicas in these tests: within longLag lies all that they do, and
// shortLag passes soon.
const (
	shortLag = 50 * time.Millisecond
	longLag  = time.Hour
)

// stamped reports whether there is a stamp for a query that is sent to a replica.
func (s *steps) stamped(dep *invalidation.Dependency, lag time.Duration) bool {
	s.hear(s.reader)
	_, ok := s.read().Stamp(s.Context(), dep, lag)
	return ok
}

// calm waits until whatever was committed is settled for longer than shortLag.
func (s *steps) calm(dep *invalidation.Dependency) {
	s.Helper()
	within(s, func() bool { return s.stamped(dep, shortLag) }, "there is no stamp for a replica once the lag is over")
}

// A query to a replica must not be stored as long as the replica may not show a
// change that was settled already.
func replicas(s *steps) {
	both := forum.Reads(forum.Use("posts", in1), forum.Use("users", nil))
	for _, e := range []encounter{
		{"a change that meets it", forum.Topic1, forum.PostIn1, true},
		{"a change of other rows", forum.Topic1, forum.PostIn2, false},
		{"a change of another table", forum.Topic1, forum.UserAdded, false},
		{"a change of the whole table", forum.Topic1, forum.Anything("posts"), true},
		{"a change of every table", forum.Topic1, forum.EveryTable, true},
		{"two tables, and a change of either", both, forum.UserAdded, true},
		{"two tables, and a change that misses", both, forum.PostIn2, false},
	} {
		s.run(e.name, e.isFollowedByAReplica)
	}
	s.run("a change that is pending, and aborted", func(s *steps) {
		s.calm(forum.Topic1)
		intent := s.announce(forum.PostIn1)
		if s.stamped(forum.Topic1, shortLag) {
			s.Error("stamped while a change is pending")
		}
		intent.abort()
		if !s.stamped(forum.Topic1, shortLag) {
			s.Error("there is no stamp after an abort")
		}
	})
}

func (e *encounter) isFollowedByAReplica(s *steps) {
	s.calm(e.dep)
	s.commit(e.change)
	if !e.drops {
		if !s.stamped(e.dep, shortLag) {
			s.Error("there is no stamp, though no change meets the dependency")
		}
		return
	}
	if s.stamped(e.dep, longLag) {
		s.Error("stamped, though a replica may not show the change")
	}
	if !s.stamped(e.dep, 0) {
		s.Error("there is no stamp for the primary")
	}
	s.calm(e.dep)
}
