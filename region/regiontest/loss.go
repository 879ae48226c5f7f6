package regiontest

import "github.com/seed92106438/cacheops/region/internal/forum"

// loss are tests of a store that loses what it has. Whatever was in it, nothing is
// served that has become untrue.
var loss = []test{
	{"What was stored before a loss is not served", storedBeforeLoss},
	{"What is pending is pending after a loss", pendingInLoss},
	{"What was settled before a loss may be unknown to a replica", settledBeforeLoss},
	{"What was read before a loss is not served", readBeforeLoss},
}

// lose makes the store lose all that it has.
func (s *steps) lose() {
	s.lab.Lose()
	s.write()
	s.lab.author = -1 // nobody knows of it at once
}

func storedBeforeLoss(s *steps) {
	s.fill("topic 1", forum.Topic1)
	s.hits("topic 1")
	s.lose()
	s.misses("topic 1")
	s.lab.wait(s.T)
	s.misses("topic 1")
	s.fill("topic 1", forum.Topic1)
	s.hits("topic 1")
	s.commit(forum.PostIn1)
	s.dropped("topic 1")
}

func pendingInLoss(s *steps) {
	intent := s.announce(forum.PostIn1)
	s.lose()
	s.cannotFill("too early", forum.Topic1)
	s.queries["users"] = forum.AllUsers
	within(s, func() bool {
		s.cannotFill("too early", forum.Topic1)
		_, ok := s.read().Stamp(s.Context(), forum.AllUsers, 0)
		return ok
	}, "there are no stamps after a loss")
	s.cannotFill("topic 1", forum.Topic1)
	// COMMIT: what was read before it lacks the post.
	intent.commit()
	s.misses("too early", "topic 1")
	s.lab.wait(s.T)
	s.fill("topic 1", forum.Topic1)
	s.hits("topic 1")
}

func settledBeforeLoss(s *steps) {
	s.commit(forum.PostIn1)
	s.lose()
	s.hear(s.reader)
	s.lab.wait(s.T)
	if s.stamped(forum.Topic1, longLag) {
		s.Error("stamped, though a replica may not show a change of which nothing is known any more")
	}
	s.calm(forum.Topic1)
}

func readBeforeLoss(s *steps) {
	q := s.query("topic 1", forum.Topic1)
	s.lose()
	// COMMIT of a change that was announced and settled, and lost.
	s.hear(s.reader)
	q.put()
	s.misses("topic 1")
	s.lab.wait(s.T)
	s.misses("topic 1")
}
