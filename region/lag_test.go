package region

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed92106438/cacheops/invalidation"
)

// lag is how far a replica is behind in these tests.
const lag = time.Second

// stamped asks for a stamp for a query that is sent to a lagging replica.
func (f *fixture) stamped(dep *invalidation.Dependency) bool {
	_, ok := f.Stamp(f.Context(), dep, lag)
	return ok
}

// A query to a replica must not be stored as long as the replica may not show
// a change that was settled already.
func TestStampForAReplica(t *testing.T) {
	everything := anything("posts")
	for name, test := range map[string]struct {
		length  int // of the journal
		changes []invalidation.Change
		dep     *invalidation.Dependency
		want    bool // while the lag lasts
	}{
		"a change that meets it":               {100, []invalidation.Change{postIn1}, topic1, false},
		"a change of other rows":               {100, []invalidation.Change{postIn2}, topic1, true},
		"a change of another table":            {100, []invalidation.Change{userAdded}, topic1, true},
		"a change of the whole table":          {100, []invalidation.Change{everything}, topic1, false},
		"a change of every table":              {100, []invalidation.Change{everyTable}, topic1, false},
		"one that meets it, and is trimmed":    {1, []invalidation.Change{postIn1, postIn2}, topic1, false},
		"one that meets it, after a trimmed":   {1, []invalidation.Change{postIn2, postIn1}, topic1, false},
		"a range, and one above it":            {100, []invalidation.Change{inserted("posts", is("views", int64(1)))}, read("posts", where{above("views", int64(5))}), true},
		"a range, and one in it":               {100, []invalidation.Change{inserted("posts", is("views", int64(9)))}, read("posts", where{above("views", int64(5))}), false},
		"no change":                            {100, nil, topic1, true},
		"two tables, and a change of either":   {100, []invalidation.Change{userAdded}, reads(use("posts", nil), use("users", nil)), false},
		"two tables, and a change that misses": {100, []invalidation.Change{postIn2}, reads(use("posts", where{is("topic", int64(1))}), use("users", nil)), true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := begin(t, MemoryOptions{JournalLength: test.length})
				for _, c := range test.changes {
					f.commit(c)
				}
				f.expect(test.dep, test.want)
				time.Sleep(lag)
				f.expect(test.dep, test.want) // it may be just that far behind
				time.Sleep(time.Nanosecond)
				f.expect(test.dep, true)
			})
		})
	}
}

func (f *fixture) expect(dep *invalidation.Dependency, want bool) {
	f.Helper()
	if got := f.stamped(dep); got != want {
		f.Errorf("stamped: %v, want %v", got, want)
	}
	if _, ok := f.Stamp(f.Context(), dep, 0); !ok {
		f.Error("there is no stamp for the primary")
	}
}

// What was given up within the lag may have met anything, except where the
// index knows better.
func TestStampForAReplicaWithATrimmedJournal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := begin(t, MemoryOptions{JournalLength: 1})
		all := read("posts", where{above("views", int64(5))})
		f.fill("topic 1", topic1) // from here on the index watches topics
		f.journal(named("posts")).index.separate(boxes("posts", where{is("topic", int64(1))}), boxes("posts", where{is("topic", int64(2))}))
		f.commit(inserted("posts", is("topic", int64(2)), is("views", int64(1))))
		f.commit(inserted("posts", is("topic", int64(2)), is("views", int64(1))))
		if f.stamped(all) {
			t.Error("stamped, though no one knows what was given up")
		}
		time.Sleep(lag + 1)
		f.expect(topic1, true)
		f.commit(inserted("posts", is("topic", int64(2)), is("views", int64(1))))
		f.commit(inserted("posts", is("topic", int64(2)), is("views", int64(1))))
		f.expect(all, false)
		time.Sleep(lag + 1)
		f.expect(all, true)
	})
}

// The lag counts from when a change was settled, not from when it was
// announced, and an aborted one does not count.
func TestLagBeginsWithTheOutcome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := begin(t, MemoryOptions{})
		slow, undone := f.announce(postIn1), f.announce(postIn1)
		time.Sleep(2 * lag)
		undone.Abort(t.Context())
		if f.stamped(topic1) {
			t.Error("stamped while a change is pending")
		}
		slow.Commit(t.Context())
		f.expect(topic1, false)
		time.Sleep(lag + 1)
		f.expect(topic1, true)

		f.announce(postIn1).Abort(t.Context())
		f.expect(topic1, true)
	})
}
