package regiontest

import (
	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/region"
	"github.com/seed92106438/cacheops/region/internal/forum"
)

// protocol walks the cases of "Why a hit is never stale" in DESIGN.md, step by
// step. The database is not there: its COMMIT is a moment between two steps.
var protocol = []test{
	{"A result is absent, is stored, and is served", filledAndServed},
	{"A committed change drops what it meets, and nothing else", committedChanges},
	{"A change drops what looks at its side", sides},
	{"A list of ten thousand values is dropped by those in it", longLists},
	{"A read before the announcement is served", servedBeforeAnnouncement},
	{"A pending change blocks serving", blocksServing},
	{"A pending change blocks stamping", blocksStamping},
	{"A change during the query forbids serving its result", changeDuringQuery},
	{"An abort costs no one a result", abortCostsNothing},
	{"Committed changes take the place of those announced", narrowed},
	{"A result of several tables depends on each", severalTables},
	{"A transaction over several tables is announced and settled as one", severalChanges},
	{"The first outcome stands", firstOutcome},
	{"Each pending change blocks for itself", eachBlocks},
	{"Databases are apart", databasesApart},
	{"A transaction without changes does nothing", noChanges},
	{"Whoever shares a query's result asks whether it is fresh", followers},
	{"A replica that lags does not fill", replicas},
	{"An outcome is told though its context has ended", outcomeInEndedContext},
}

func filledAndServed(s *steps) {
	if _, miss := s.get(s.reader, "topic 1"); miss.Cause != region.Absent {
		s.Errorf("got cause %v, want absent", miss.Cause)
	}
	s.fill("topic 1", forum.Topic1)
	s.hits("topic 1")
	s.misses("topic 2")
	s.fill("topic 2", forum.Topic2)
	s.hits("topic 1", "topic 2")
}

// The first case: the announcement comes after the look at the journal.
func servedBeforeAnnouncement(s *steps) {
	s.fill("topic 1", forum.Topic1)
	s.hits("topic 1") // the writer has not committed yet: the old state is the state
	s.commit(forum.PostIn1)
	s.dropped("topic 1")
}

// The second case: the announcement lies between the stamp and the look.
func blocksServing(s *steps) {
	s.fill("topic 1", forum.Topic1)
	s.fill("topic 2", forum.Topic2)
	intent := s.announce(forum.PostIn1)
	s.blocked("topic 1")
	// COMMIT: the database has the post now, and the outcome is on its way.
	s.blocked("topic 1")
	s.hits("topic 2")
	intent.commit()
	s.dropped("topic 1")
	s.hits("topic 2")
}

// The third case: the announcement lies before the stamp.
func blocksStamping(s *steps) {
	intent := s.announce(forum.PostIn1)
	s.cannotFill("topic 1", forum.Topic1)
	s.fill("topic 2", forum.Topic2)
	s.hits("topic 2")
	// COMMIT: what was read before it lacks the post.
	intent.commit()
	s.misses("topic 1")
	s.hits("topic 2")
	s.fill("topic 1", forum.Topic1)
	s.hits("topic 1")
}

// What the query has read may lack the post. It is not served under any order of
// the steps of the writer.
func changeDuringQuery(s *steps) {
	s.run("announced and pending", func(s *steps) {
		q, neighbour := s.query("topic 1", forum.Topic1), s.query("topic 2", forum.Topic2)
		intent := s.announce(forum.PostIn1)
		q.isUseless()
		neighbour.isStored()
		s.hits("topic 2")
		intent.commit()
		s.misses("topic 1")
		s.hits("topic 2")
	})
	s.run("announced and committed", func(s *steps) {
		q, neighbour := s.query("topic 1", forum.Topic1), s.query("topic 2", forum.Topic2)
		s.commit(forum.PostIn1)
		q.isUseless()
		neighbour.isStored()
		s.hits("topic 2")
	})
	s.run("announced before, and committed", func(s *steps) {
		q := s.query("topic 1", forum.Topic1)
		intent := s.announce(forum.EveryTable)
		intent.commit(forum.PostIn1)
		q.isUseless()
	})
	s.run("announced and aborted", func(s *steps) {
		q := s.query("topic 1", forum.Topic1)
		s.announce(forum.PostIn1).abort()
		s.settle()
		s.misses("topic 1") // so that the process looks at the journals
		q.isStored()
		s.hits("topic 1")
	})
}

func abortCostsNothing(s *steps) {
	s.fill("topic 1", forum.Topic1)
	intent := s.announce(forum.PostIn1, forum.EveryTable)
	s.blocked("topic 1")
	intent.abort()
	s.hits("topic 1")
	s.fill("topic 1 again", forum.Topic1)
	s.hits("topic 1", "topic 1 again")
}

func narrowed(s *steps) {
	for name, announced := range map[string]invalidation.Change{
		"the rows of several topics": forum.Inserted("posts", forum.Above("topic", int64(0))),
		"the table":                  forum.Anything("posts"),
		"every table":                forum.EveryTable,
	} {
		s.run(name, func(s *steps) {
			s.fill("topic 1", forum.Topic1)
			s.fill("topic 2", forum.Topic2)
			intent := s.announce(announced)
			s.blocked("topic 1", "topic 2")
			intent.commit(forum.PostIn1)
			s.dropped("topic 1")
			s.hits("topic 2")
			s.fill("topic 1", forum.Topic1)
			s.hits("topic 1", "topic 2")
		})
	}
}

func severalChanges(s *steps) {
	s.fill("topic 1", forum.Topic1)
	s.fill("topic 2", forum.Topic2)
	s.fill("users", forum.AllUsers)
	intent := s.announce(forum.PostIn1, forum.UserAdded, forum.PostIn1)
	s.blocked("topic 1", "users")
	s.hits("topic 2")
	intent.commit()
	s.dropped("topic 1")
	s.dropped("users")
	s.hits("topic 2")
}

func firstOutcome(s *steps) {
	s.run("a commit", func(s *steps) {
		s.fill("topic 1", forum.Topic1)
		s.fill("topic 2", forum.Topic2)
		intent := s.announce(forum.PostIn1)
		intent.commit()
		intent.abort()
		s.dropped("topic 1")
		s.fill("topic 1", forum.Topic1)
		intent.commit(forum.PostIn1, forum.PostIn2)
		s.hits("topic 1", "topic 2")
	})
	s.run("an abort", func(s *steps) {
		s.fill("topic 1", forum.Topic1)
		intent := s.announce(forum.PostIn1)
		intent.abort()
		intent.commit()
		s.hits("topic 1")
	})
}

// Of two pending changes that meet, one settled leaves the other.
func eachBlocks(s *steps) {
	s.fill("topic 1", forum.Topic1)
	first, second := s.announce(forum.PostIn1), s.announce(forum.PostIn1)
	first.abort()
	s.blocked("topic 1")
	s.cannotFill("topic 1 again", forum.Topic1)
	second.abort()
	s.hits("topic 1")
}

func databasesApart(s *steps) {
	elsewhere := func(table string) invalidation.Change {
		return invalidation.Change{Table: invalidation.Table{Database: "shop", Name: table}}
	}
	s.fill("topic 1", forum.Topic1)
	intent := s.announce(elsewhere("posts"), elsewhere(invalidation.AllTables))
	s.hits("topic 1")
	s.fill("topic 2", forum.Topic2)
	intent.commit()
	s.hits("topic 1", "topic 2")
	both := s.announce(elsewhere("posts"), forum.PostIn1)
	s.blocked("topic 1")
	s.hits("topic 2")
	both.commit()
	s.dropped("topic 1")
}

func noChanges(s *steps) {
	s.fill("topic 1", forum.Topic1)
	s.commit()
	s.announce().abort()
	s.hits("topic 1")
}

func followers(s *steps) {
	e := s.fill("topic 1", forum.Topic1)
	fresh := func(want bool, when string) {
		s.Helper()
		s.hear(s.reader)
		if s.read().Fresh(s.Context(), e) != want {
			s.Errorf("%s: fresh is %v, want %v", when, !want, want)
		}
	}
	fresh(true, "after Put")
	intent := s.announce(forum.PostIn1)
	fresh(false, "under a pending change")
	intent.abort()
	s.settle()
	fresh(true, "after an abort")
	s.commit(forum.PostIn2)
	fresh(true, "after a change of another topic")
	s.commit(forum.PostIn1)
	fresh(false, "after a committed change")
}

func outcomeInEndedContext(s *steps) {
	s.fill("topic 1", forum.Topic1)
	s.fill("topic 2", forum.Topic2)
	committed, aborted := s.announce(forum.PostIn1), s.announce(forum.PostIn2)
	s.blocked("topic 1", "topic 2")
	committed.Commit(ended())
	aborted.Abort(ended())
	s.write()
	s.dropped("topic 1")
	s.hits("topic 2")
}
