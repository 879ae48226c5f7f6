package region

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed92106438/cacheops/invalidation"
)

func TestTimeToLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := begin(t, MemoryOptions{})
		q := f.query("a minute", topic1)
		q.entry.TTL = time.Minute
		e := q.isStored()
		f.fill("for ever", topic1)

		time.Sleep(time.Minute - 1)
		f.hits("a minute", "for ever")
		time.Sleep(time.Nanosecond)
		if f.Fresh(t.Context(), e) {
			t.Error("fresh past its time")
		}
		f.misses("a minute", Absent)
		f.hits("for ever")
		if entries := f.Stats().Entries; entries != 1 {
			t.Errorf("%d entries are left, want 1", entries)
		}
		time.Sleep(100 * 365 * 24 * time.Hour)
		f.hits("for ever")
	})
}

func TestStoredIsTheTimeOfPut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := begin(t, MemoryOptions{})
		q := f.query("topic 1", topic1)
		time.Sleep(time.Second)
		if e := q.isStored(); !e.Stored.Equal(time.Now()) {
			t.Errorf("stored at %v, want %v", e.Stored, time.Now())
		}
	})
}

// An entry that was replaced while a reader found it dead is not the one to
// be removed.
func TestRemoveLeavesANewerEntry(t *testing.T) {
	f := begin(t, MemoryOptions{})
	f.fill("topic 1", topic1)
	old := f.find(key("topic 1"))
	f.commit(postIn1)
	f.fill("topic 1", topic1)
	f.remove(old)
	f.hits("topic 1")
}

func TestWithoutADependencyNothingIsStored(t *testing.T) {
	f := begin(t, MemoryOptions{})
	f.isBlocked(nil)
	if f.Put(t.Context(), &Entry{Key: key("none")}) {
		t.Error("stored")
	}
}

func TestDependencyWithoutTablesOutlivesEveryChange(t *testing.T) {
	f := begin(t, MemoryOptions{})
	f.fill("SELECT 1", &invalidation.Dependency{})
	f.commit(everyTable)
	f.hits("SELECT 1")
	f.delete("SELECT 1")
	f.misses("SELECT 1", Absent)
}

func TestSize(t *testing.T) {
	const most = 1 << 20
	t.Run("an entry of a quarter is stored", func(t *testing.T) {
		f := begin(t, MemoryOptions{MaxBytes: most})
		q := f.query("large", topic1)
		q.entry.Size = most / 4
		q.entry.Size -= weigh(q.entry) - most/4
		q.isStored()
		f.hits("large")

		larger := f.query("larger", topic1)
		larger.entry.Size = q.entry.Size + 1
		larger.isNotStored()
	})
	t.Run("the bound is kept", func(t *testing.T) {
		f := begin(t, MemoryOptions{MaxBytes: most})
		for i := range 4096 {
			q := f.query(fmt.Sprint(i), topic1)
			q.entry.Size = 1024
			q.isStored()
		}
		f.store.CleanUp()
		stats := f.Stats()
		if stats.MaxBytes != most || stats.Bytes > most || stats.Bytes < most/2 {
			t.Errorf("%d of %d bytes are in use", stats.Bytes, stats.MaxBytes)
		}
		if least, room := stats.Bytes/(1024+3*footprint), stats.Bytes/1024; stats.Entries < least || stats.Entries > room {
			t.Errorf("%d bytes hold %d entries", stats.Bytes, stats.Entries)
		}
	})
	t.Run("what is removed is not counted", func(t *testing.T) {
		f := begin(t, MemoryOptions{})
		f.fill("topic 1", topic1)
		f.fill("topic 2", topic2)
		f.commit(postIn1)
		f.misses("topic 1", Dead)
		f.store.CleanUp()
		stats := f.Stats()
		if want := weigh(&Entry{Key: key("topic 2"), Dependency: topic2}); stats.Entries != 1 || stats.Bytes != want {
			t.Errorf("got %+v, want one entry of %d bytes", stats, want)
		}
		if stats.MaxBytes != DefaultMaxBytes {
			t.Errorf("got %+v, want the default bound", stats)
		}
	})
	t.Run("the points of a dependency count", func(t *testing.T) {
		short := weigh(&Entry{Dependency: read("posts", where{in("id", int64(1))})})
		long := weigh(&Entry{Dependency: read("posts", where{in("id", int64(1), int64(2), int64(3))})})
		if long <= short {
			t.Errorf("three points weigh %d, one %d", long, short)
		}
	})
}

func TestWatches(t *testing.T) {
	f := begin(t, MemoryOptions{})
	f.query("not stored", topic1)
	all := invalidation.Columns{All: true}
	if f.Watches(named("posts"), []string{"topic"}, all) {
		t.Error("watches before any entry was put")
	}
	f.fill("topic 1", topic1)
	f.fill("popular", read("posts", where{above("views", int64(100))}))
	f.fill("users", allUsers)
	f.delete("topic 1")
	tests := []struct {
		table   string
		columns string
		want    bool
	}{
		{"posts", "topic", true},
		{"posts", "views", true},
		{"posts", "id", false},
		{"posts", "id topic", true},
		{"posts", "", false},
		{"users", "id name", false},
		{"tags", "topic", false},
	}
	for _, test := range tests {
		if got := f.Watches(named(test.table), strings.Fields(test.columns), all); got != test.want {
			t.Errorf("Watches(%s, %s) = %v, want %v", test.table, test.columns, got, test.want)
		}
	}
}

// Knowing the topic of a row whose views change is of no use to a result that
// does not look at the views.
func TestWatchesOnlyForWhatIsLookedAt(t *testing.T) {
	f := begin(t, MemoryOptions{})
	f.fill("ids", read("posts", where{is("topic", int64(1))}, "id", "topic"))
	written := func(names ...string) invalidation.Columns { return invalidation.Columns{Names: names} }
	if f.Watches(named("posts"), []string{"topic"}, written("views")) {
		t.Error("watches for a column that no one looks at")
	}
	if !f.Watches(named("posts"), []string{"topic"}, written("id", "views")) {
		t.Error("does not watch for a column that is looked at")
	}
	f.fill("views", read("posts", where{is("topic", int64(2))}, "topic", "views"))
	if !f.Watches(named("posts"), []string{"topic"}, written("views")) {
		t.Error("does not watch for a column that is looked at by now")
	}
}

func TestValidate(t *testing.T) {
	tests := []struct {
		name string
		set  Set
		want string // every line of the error
	}{
		{"nothing", nil, ""},
		{"defaults", Set{Default: Memory(MemoryOptions{})}, ""},
		{"sizes", Set{Default: Memory(MemoryOptions{MaxBytes: 1, JournalLength: 1})}, ""},
		{"bytes", Set{"hot": Memory(MemoryOptions{MaxBytes: -1})},
			`cacheops: region "hot": MemoryOptions.MaxBytes is -1, but must not be negative`},
		{"length", Set{"hot": Memory(MemoryOptions{JournalLength: -5})},
			`cacheops: region "hot": MemoryOptions.JournalLength is -5, but must not be negative`},
		{"all that is wrong", Set{"hot": Memory(MemoryOptions{MaxBytes: -1}), "cold": nil, Default: Memory(MemoryOptions{})},
			"cacheops: region \"cold\" is nil\n" +
				`cacheops: region "hot": MemoryOptions.MaxBytes is -1, but must not be negative`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := ""
			if err := test.set.Validate(); err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// Everything that a hit costs: no lock, and no allocation.
func TestHitAllocatesNothing(t *testing.T) {
	f := begin(t, MemoryOptions{})
	f.fill("both", reads(use("posts", where{is("topic", int64(1))}), use("users", nil)))
	k, ctx := key("both"), t.Context()

	// No lock: the journals are held by a writer all the while.
	for _, name := range []string{invalidation.AllTables, "posts", "users"} {
		j := f.journal(named(name))
		j.mu.Lock()
		defer j.mu.Unlock()
	}
	if allocs := testing.AllocsPerRun(1000, func() { f.Get(ctx, k, nil) }); allocs != 0 {
		t.Errorf("a hit allocates %v times", allocs)
	}
	f.hits("both")
}

func TestHitAfterUnrelatedChangesAllocatesNothing(t *testing.T) {
	f := begin(t, MemoryOptions{})
	f.fill("topic 1", topic1)
	f.commit(postIn2)
	s, k, ctx := f.find(key("topic 1")), key("topic 1"), t.Context()
	allocs := testing.AllocsPerRun(1000, func() {
		s.marks[1].number.Store(0)
		f.Get(ctx, k, nil)
	})
	if allocs != 0 {
		t.Errorf("a hit allocates %v times", allocs)
	}
	f.hits("topic 1")
}
