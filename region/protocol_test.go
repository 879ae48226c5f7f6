package region

import (
	"testing"

	"github.com/seed92106438/cacheops/invalidation"
)

// What the argument at slot.check says of what can be seen from outside is tested by
// package regiontest. Here is what takes a look inside.

// A change that is announced after Put has looked, and before it has stored,
// is found by the next read.
func TestChangeBesidePutIsFound(t *testing.T) {
	f := begin(t, MemoryOptions{})
	q := f.query("topic 1", topic1)
	s, _ := f.slot(q.entry)
	if s.check() != nil {
		t.Fatal("not fresh")
	}
	f.commit(postIn1)
	f.store.Set(q.entry.Key.Hash, s)
	f.misses("topic 1", Dead)
}

func TestAbortDoesNotMoveTheJournal(t *testing.T) {
	f := begin(t, MemoryOptions{})
	f.fill("topic 2", topic2)
	intent := f.announce(postIn1)
	f.hits("topic 2")
	before := f.journal(named("posts")).number.Load()
	intent.Abort(t.Context())
	if after := f.journal(named("posts")).number.Load(); after != before {
		t.Errorf("the number went from %d to %d", before, after)
	}
}

// An outcome has a number of its own. Here the entry's mark moves past the
// announcement, which it does not meet, and a commit that is wider than what
// was announced, against the rules, still finds it.
func TestOutcomeHasItsOwnNumber(t *testing.T) {
	f := begin(t, MemoryOptions{})
	f.fill("topic 1", topic1)
	f.fill("users", allUsers)
	intent := f.announce(postIn2)
	f.hits("topic 1", "users")
	intent.Commit(t.Context(), postIn2, postIn1)
	f.misses("topic 1", Dead)
	f.hits("users")
}

// A reader is halfway: it has looked at the first journal and not yet at the
// second, when a writer goes through. What was announced for every table and
// committed for one cannot slip between the two looks.
func TestCommitBetweenTwoLooksIsFound(t *testing.T) {
	both := reads(use("posts", where{is("topic", int64(1))}), use("users", nil))
	t.Run("announced after the first look", func(t *testing.T) {
		f := begin(t, MemoryOptions{})
		s, _ := f.slot(f.query("both", both).entry)
		halfway(t, s, 1)
		f.announce(everyTable).Commit(t.Context(), userAdded)
		if miss := s.check(); miss == nil || miss.Cause != Dead {
			t.Errorf("got %+v, want Dead", miss)
		}
	})
	t.Run("announced before, committed after the first look", func(t *testing.T) {
		f := begin(t, MemoryOptions{})
		s, _ := f.slot(f.query("both", both).entry)
		intent := f.announce(everyTable)
		if miss := (&slot{marks: s.marks[:1]}).check(); miss == nil || miss.Cause != Blocked {
			t.Errorf("at the first look: got %+v, want Blocked", miss)
		}
		intent.Commit(t.Context(), userAdded)
		if miss := s.check(); miss == nil || miss.Cause != Dead {
			t.Errorf("at the next read: got %+v, want Dead", miss)
		}
	})
}

// halfway checks that a slot passes the first looks of a read.
func halfway(t *testing.T, s *slot, looks int) {
	t.Helper()
	if miss := (&slot{marks: s.marks[:looks]}).check(); miss != nil {
		t.Fatalf("halfway: %+v", miss)
	}
}

// The commit is appended before the announcement is withdrawn. If it were the
// other way round, there would be a moment in which neither is found.
func TestCommitIsAppendedBeforeAnnouncementIsWithdrawn(t *testing.T) {
	f := begin(t, MemoryOptions{})
	f.fill("topic 1", topic1)
	intent := f.announce(everyTable)

	// Commit stands still before it appends, with the table's journal in use.
	posts := f.journal(named("posts"))
	posts.mu.RLock()
	done := make(chan struct{})
	go func() {
		defer close(done)
		intent.Commit(t.Context(), postIn1)
	}()
	for posts.mu.TryRLock() { // until the writer waits for the lock
		posts.mu.RUnlock()
	}
	if pending := len(f.journal(named(invalidation.AllTables)).pending); pending != 1 {
		t.Errorf("%d announcements are pending, want 1", pending)
	}
	posts.mu.RUnlock()
	<-done
	f.misses("topic 1", Dead)
}

// An entry that is not in the store any more may still be true, for those who have
// waited for it.
func TestFollowerOfAnEvictedEntry(t *testing.T) {
	f := begin(t, MemoryOptions{})
	e := f.fill("topic 1", topic1)
	f.commit(postIn2)
	f.delete("topic 1")
	if !f.Fresh(t.Context(), e) {
		t.Error("not fresh, though no change met it")
	}
	f.commit(postIn1)
	if f.Fresh(t.Context(), e) {
		t.Error("fresh after a committed change")
	}
}
