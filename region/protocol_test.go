package region

import (
	"testing"

	"github.com/seed92106438/cacheops/invalidation"
)

// Each test walks one case of the argument at slot.check, step by step. The
// database is not there: its COMMIT is a comment between two steps.

func TestCommittedChangeDropsWhatItMeets(t *testing.T) {
	tests := []struct {
		name   string
		dep    *invalidation.Dependency
		change invalidation.Change
		drops  bool
	}{
		{"an insert into the topic", topic1, postIn1, true},
		{"an insert into another topic", topic1, postIn2, false},
		{"a delete from the topic", topic1, deleted("posts", is("topic", int64(1))), true},
		{"a delete from another topic", topic1, deleted("posts", is("topic", int64(2))), false},
		{"a move into the topic", topic1, updated("posts", where{is("topic", int64(2))}, where{is("topic", int64(1))}), true},
		{"a move out of the topic", topic1, updated("posts", where{is("topic", int64(1))}, where{is("topic", int64(2))}), true},
		{"a move between other topics", topic1, updated("posts", where{is("topic", int64(2))}, where{is("topic", int64(3))}), false},
		{"an update of a column that is read", read("posts", where{is("topic", int64(1))}, "id", "topic"),
			updated("posts", where{is("topic", int64(1))}, where{is("topic", int64(1))}, "id"), true},
		{"an update of a column that is not read", read("posts", where{is("topic", int64(1))}, "id", "topic"),
			updated("posts", where{is("topic", int64(1))}, where{is("topic", int64(1))}, "views"), false},
		{"a range that the row lies in", read("posts", where{above("views", int64(5))}), inserted("posts", is("views", int64(6))), true},
		{"a range that the row lies outside of", read("posts", where{above("views", int64(5))}), inserted("posts", is("views", int64(4))), false},
		{"a row of unknown topic", topic1, inserted("posts", is("id", int64(1))), true},
		{"anything in the table", topic1, anything("posts"), true},
		{"anything in another table", topic1, anything("users"), false},
		{"every table", topic1, everyTable, true},
		{"no row at all", topic1, deleted("posts", in("topic")), false},
		{"a query without rows", read("posts", where{in("topic")}), postIn1, false},
		{"a query without rows, and DDL", read("posts", where{in("topic")}), anything("posts"), true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := begin(t, MemoryOptions{})
			f.fill("q", test.dep)
			intent := f.announce(test.change)
			if !test.drops {
				f.hits("q")
				intent.Commit(t.Context())
				f.hits("q")
				return
			}
			f.misses("q", Blocked)
			intent.Commit(t.Context())
			drop := f.misses("q", Dead)
			if drop.Change.Table != test.change.Table || drop.Change.Kind != test.change.Kind || drop.Time.IsZero() {
				t.Errorf("dropped by %+v, want %+v", drop, test.change)
			}
			f.misses("q", Absent)
			f.fill("q", test.dep)
			f.hits("q")
		})
	}
}

// The first case: the intent comes after the look at the journal.
func TestReadBeforeAnnouncementIsServed(t *testing.T) {
	f := begin(t, MemoryOptions{})
	f.fill("topic 1", topic1)
	f.hits("topic 1") // the writer has not committed yet: the old state is the state
	f.commit(postIn1)
	f.misses("topic 1", Dead)
}

// The second case: the intent lies between the stamp and the look.
func TestPendingChangeBlocksServing(t *testing.T) {
	f := begin(t, MemoryOptions{})
	f.fill("topic 1", topic1)
	f.fill("topic 2", topic2)
	intent := f.announce(postIn1)
	// COMMIT: the database has the post now, and the outcome is on its way.
	f.misses("topic 1", Blocked)
	f.hits("topic 2")
	intent.Commit(t.Context())
	f.misses("topic 1", Dead)
	f.hits("topic 2")
}

// The third case: the intent lies before the stamp.
func TestPendingChangeBlocksStamping(t *testing.T) {
	f := begin(t, MemoryOptions{})
	intent := f.announce(postIn1)
	f.isBlocked(topic1)
	f.query("topic 2", topic2).isStored()
	intent.Commit(t.Context())
	f.hits("topic 2")
	f.query("topic 1", topic1).isStored()
	f.hits("topic 1")
}

// What the query read may lack the post: it is not stored under any order of
// the steps of the writer.
func TestChangeDuringQueryForbidsStoring(t *testing.T) {
	t.Run("announced and pending", func(t *testing.T) {
		f := begin(t, MemoryOptions{})
		q, neighbour := f.query("topic 1", topic1), f.query("topic 2", topic2)
		intent := f.announce(postIn1)
		q.isNotStored()
		neighbour.isStored()
		intent.Commit(t.Context())
		f.misses("topic 1", Absent)
		f.hits("topic 2")
	})
	t.Run("announced and committed", func(t *testing.T) {
		f := begin(t, MemoryOptions{})
		q, neighbour := f.query("topic 1", topic1), f.query("topic 2", topic2)
		f.commit(postIn1)
		q.isNotStored()
		neighbour.isStored()
		f.misses("topic 1", Absent)
		f.hits("topic 2")
	})
	t.Run("announced and aborted", func(t *testing.T) {
		f := begin(t, MemoryOptions{})
		q := f.query("topic 1", topic1)
		f.announce(postIn1).Abort(t.Context())
		q.isStored()
		f.hits("topic 1")
	})
}

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

func TestAbortCostsNoOneAResult(t *testing.T) {
	f := begin(t, MemoryOptions{})
	f.fill("topic 1", topic1)
	f.announce(postIn1, everyTable).Abort(t.Context())
	f.hits("topic 1")
	f.query("topic 1", topic1).isStored()
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

func TestCommittedChangesTakeThePlaceOfThoseAnnounced(t *testing.T) {
	tests := []struct {
		name      string
		announced invalidation.Change
	}{
		{"the table", anything("posts")},
		{"every table", everyTable},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := begin(t, MemoryOptions{})
			f.fill("topic 1", topic1)
			f.fill("topic 2", topic2)
			intent := f.announce(test.announced)
			f.misses("topic 1", Blocked)
			f.misses("topic 2", Blocked)
			intent.Commit(t.Context(), postIn1)
			f.misses("topic 1", Dead)
			f.hits("topic 2")
			f.fill("topic 1", topic1)
		})
	}
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

func TestSeveralTables(t *testing.T) {
	both := reads(use("posts", where{is("topic", int64(1))}), use("users", nil))
	tests := []struct {
		name   string
		change invalidation.Change
		drops  bool
	}{
		{"a change of the first", postIn1, true},
		{"a change of the second", userAdded, true},
		{"a change of the first, elsewhere", postIn2, false},
		{"a change of another table", anything("tags"), false},
		{"a change of every table", everyTable, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := begin(t, MemoryOptions{})
			f.fill("both", both)
			intent := f.announce(test.change)
			if !test.drops {
				f.hits("both")
				f.query("again", both).isStored()
				intent.Commit(t.Context())
				f.hits("both", "again")
				return
			}
			f.misses("both", Blocked)
			f.isBlocked(both)
			intent.Commit(t.Context())
			f.misses("both", Dead)
		})
	}
}

func TestTransactionOverSeveralTables(t *testing.T) {
	f := begin(t, MemoryOptions{})
	f.fill("topic 1", topic1)
	f.fill("topic 2", topic2)
	f.fill("users", allUsers)
	intent := f.announce(postIn1, userAdded, postIn1)
	f.misses("topic 1", Blocked)
	f.misses("users", Blocked)
	f.hits("topic 2")
	intent.Commit(t.Context())
	f.misses("topic 1", Dead)
	f.misses("users", Dead)
	f.hits("topic 2")
}

func TestFirstOutcomeStands(t *testing.T) {
	t.Run("commit", func(t *testing.T) {
		f := begin(t, MemoryOptions{})
		f.fill("topic 1", topic1)
		f.fill("topic 2", topic2)
		intent := f.announce(postIn1)
		intent.Commit(t.Context())
		intent.Abort(t.Context())
		f.misses("topic 1", Dead)
		f.fill("topic 1", topic1)
		intent.Commit(t.Context(), postIn1, postIn2)
		f.hits("topic 1", "topic 2")
	})
	t.Run("abort", func(t *testing.T) {
		f := begin(t, MemoryOptions{})
		f.fill("topic 1", topic1)
		intent := f.announce(postIn1)
		intent.Abort(t.Context())
		intent.Commit(t.Context())
		f.hits("topic 1")
	})
}

// Of two pending changes that meet, one settled leaves the other.
func TestEachPendingChangeBlocksForItself(t *testing.T) {
	f := begin(t, MemoryOptions{})
	f.fill("topic 1", topic1)
	first, second := f.announce(postIn1), f.announce(postIn1)
	first.Abort(t.Context())
	f.misses("topic 1", Blocked)
	f.isBlocked(topic1)
	second.Abort(t.Context())
	f.hits("topic 1")
}

func TestDatabasesAreApart(t *testing.T) {
	elsewhere := func(table string) invalidation.Change {
		return invalidation.Change{Table: invalidation.Table{Database: "shop", Name: table}}
	}
	f := begin(t, MemoryOptions{})
	f.fill("topic 1", topic1)
	f.commit(elsewhere("posts"), elsewhere(invalidation.AllTables))
	f.hits("topic 1")
	f.commit(anything("posts"))
	f.misses("topic 1", Dead)
}

func TestFollowerValidates(t *testing.T) {
	f := begin(t, MemoryOptions{})
	e := f.fill("topic 1", topic1)
	if !f.Fresh(t.Context(), e) {
		t.Error("not fresh after Put")
	}
	intent := f.announce(postIn1)
	if f.Fresh(t.Context(), e) {
		t.Error("fresh under a pending change")
	}
	intent.Abort(t.Context())
	if !f.Fresh(t.Context(), e) {
		t.Error("not fresh after an abort")
	}
	f.commit(postIn2)
	f.Delete(t.Context(), e.Key)
	if !f.Fresh(t.Context(), e) {
		t.Error("not fresh once it was evicted, though no change met it")
	}
	f.commit(postIn1)
	if f.Fresh(t.Context(), e) {
		t.Error("fresh after a committed change")
	}
}
