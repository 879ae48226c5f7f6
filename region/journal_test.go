package region

import (
	"database/sql/driver"
	"math"
	"testing"

	"github.com/seed92106438/cacheops/invalidation"
)

// Results that no change meets are kept as long as the journal reaches back.
// Past that, the index has to show that they hold.
func TestTrimmedJournal(t *testing.T) {
	changes := []invalidation.Change{
		inserted("posts", is("id", int64(10)), is("topic", int64(3)), is("views", int64(5))),
		inserted("posts", is("id", int64(20)), is("topic", int64(2)), is("views", int64(5))),
		deleted("posts", is("id", int64(20)), is("topic", int64(2)), is("views", int64(5))),
	}
	tests := []struct {
		name string
		dep  *invalidation.Dependency
		kept bool // once the changes are trimmed
	}{
		{"an equality", topic1, true},
		{"a list", read("posts", where{in("topic", int64(1), int64(4))}), true},
		{"a range", read("posts", where{above("views", int64(100))}), false},
		{"an equality beside a range", read("posts", where{is("topic", int64(1)), above("views", int64(1))}), true},
		{"two equalities, one of them touched", read("posts", where{is("id", int64(10)), is("topic", int64(1))}), true},
		{"two equalities, each touched by another change", read("posts", where{is("id", int64(10)), is("topic", int64(2))}), false},
		{"alternatives", read("posts", where{either(is("topic", int64(1)), is("id", int64(9)))}), true},
		{"alternatives, one of them a range", read("posts", where{either(is("topic", int64(1)), above("views", int64(100)))}), false},
		{"NULL", read("posts", where{atom(invalidation.IsNull, "topic")}), true},
		{"no row", read("posts", where{in("id")}), true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			long, short := begin(t, MemoryOptions{JournalLength: 3}), begin(t, MemoryOptions{JournalLength: 2})
			for _, f := range []*fixture{long, short} {
				f.journal(named("posts")).index.separate(test.dep.Tables[0].Boxes(),
					changes[0].After, changes[1].After, changes[2].Before)
				f.fill("q", test.dep)
				for _, change := range changes {
					f.commit(change)
				}
			}
			long.hits("q")
			if test.kept {
				short.hits("q")
			} else if drop := short.misses("q", Dead); drop.Change.Table != (invalidation.Table{}) || drop.Time.IsZero() {
				t.Errorf("dropped by %+v, want an unknown change", drop)
			}
		})
	}
}

// A look that finds nothing moves the mark, so what is looked at from time to
// time never falls behind the journal.
func TestLookKeepsAnEntryAheadOfTheTrim(t *testing.T) {
	f := begin(t, MemoryOptions{JournalLength: 2})
	f.fill("popular", read("posts", where{above("views", int64(100))}))
	for range 10 {
		f.commit(inserted("posts", is("views", int64(5))))
		f.hits("popular")
	}
	f.commit(inserted("posts", is("views", int64(101))))
	f.misses("popular", Dead)
}

// Changes of many rows are given up sooner than their number asks for, so that
// a journal's room is bounded too.
func TestHeavyChangesAreGivenUpSooner(t *testing.T) {
	f := begin(t, MemoryOptions{JournalLength: 8})
	f.fill("popular", read("posts", where{above("views", int64(100))}))
	many := make([]driver.Value, 100)
	for i := range many {
		many[i] = int64(1000 + i)
	}
	for range 4 {
		f.commit(inserted("posts", in("topic", many...), is("views", int64(5))))
	}
	if n := len(f.journal(named("posts")).records); n != 1 {
		t.Errorf("%d records of 101 points are kept where there is room for 128 points", n)
	}
	f.misses("popular", Dead)
}

// A change whose outcome is the last before the stamp is part of the result.
func TestChangeBeforeTheStampIsNotHeldAgainstIt(t *testing.T) {
	f := begin(t, MemoryOptions{})
	f.commit(inserted("posts", is("views", int64(101))))
	f.fill("popular", read("posts", where{above("views", int64(100))}))
	f.commit(inserted("posts", is("views", int64(5))))
	f.hits("popular")
}

func TestMarkNeverMovesBack(t *testing.T) {
	var m mark
	m.advance(5)
	m.advance(3)
	if got := m.number.Load(); got != 5 {
		t.Errorf("the mark is at %d, want 5", got)
	}
}

func TestDropNamesTheFirstChangeThatMet(t *testing.T) {
	f := begin(t, MemoryOptions{JournalLength: 4})
	for range 6 { // the oldest are given up
		f.commit(postIn2)
	}
	f.fill("topic 1", topic1)
	f.commit(postIn2)
	f.commit(postIn1)
	f.commit(anything("posts"))
	if drop := f.misses("topic 1", Dead); drop.Change.Kind != invalidation.Insert {
		t.Errorf("dropped by %+v, want the insert", drop)
	}
}

// The same changes, seen by the index alone.
func TestIndexIsOpenedByWhatLeavesTheColumnOpen(t *testing.T) {
	manyTopics := make([]driver.Value, pointLimit+1)
	for i := range manyTopics {
		manyTopics[i] = int64(1000 + i)
	}
	tests := []struct {
		name   string
		change invalidation.Change
		spares bool
	}{
		{"another topic", postIn2, true},
		{"the topic", postIn1, false},
		{"a row without topic", inserted("posts", is("id", int64(1))), false},
		{"a range of topics", inserted("posts", above("topic", int64(5))), false},
		{"a move within other topics", updated("posts", where{is("topic", int64(2))}, where{is("topic", int64(3))}), true},
		{"a move from an open topic", updated("posts", where{is("id", int64(2))}, where{is("topic", int64(3))}), false},
		{"a move to an open topic", updated("posts", where{is("topic", int64(3))}, where{is("id", int64(2))}), false},
		{"a list of other topics", deleted("posts", in("topic", int64(2), int64(3))), true},
		{"a list with the topic", deleted("posts", in("topic", int64(2), int64(1))), false},
		{"more topics than are noted", deleted("posts", in("topic", manyTopics...)), false},
		{"anything", anything("posts"), false},
		{"every table", everyTable, false},
		{"a kind of change that is not known", invalidation.Change{Table: named("posts"), Kind: -1}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			x := newIndex(DefaultJournalLength)
			x.separate(topic1.Tables[0].Boxes(), postIn2.After, test.change.Before, test.change.After)
			x.watch(&topic1.Tables[0], 4)
			x.note(&postIn2, 5)
			if !x.spares(&topic1.Tables[0], 4) {
				t.Error("touched by another topic alone")
			}
			x.note(&test.change, 6)
			if got := x.spares(&topic1.Tables[0], 5); got != test.spares {
				t.Errorf("spares the topic: %v, want %v", got, test.spares)
			}
		})
	}
}

// Points of two kinds say nothing of each other. When a column changes its
// kind, what was noted in the one is not held against the other.
func TestIndexTellsKindsApart(t *testing.T) {
	number, text := &topic1.Tables[0], &retyped("1").Tables[0]
	x := newIndex(DefaultJournalLength)
	x.watch(number, 0)
	x.note(&postIn2, 1)
	if x.spares(text, 0) {
		t.Error("a number spares a text")
	}
	x.note(&invalidation.Change{Table: named("posts"), Kind: invalidation.Insert, After: retyped("2").Tables[0].Boxes()}, 2)
	if x.spares(number, 1) || x.spares(number, 2) {
		t.Error("a text spares a number")
	}
	if x.spares(text, 1) || !x.spares(text, 2) {
		t.Error("the new kind is not followed from its first change on")
	}
	if number := orNull(&read("posts", where{is("topic", int64(1))}).Tables[0]); x.spares(number, 2) {
		t.Error("a text spares a number or NULL")
	}
}

// A column that is watched from the number 4 on may have been touched before.
func TestIndexKnowsNothingOfATimeBeforeItWatched(t *testing.T) {
	x := newIndex(DefaultJournalLength)
	x.watch(&topic1.Tables[0], 4)
	if x.spares(&topic1.Tables[0], 3) {
		t.Error("spares from before")
	}
	if !x.spares(&topic1.Tables[0], 4) {
		t.Error("touched since")
	}
	x.watch(&topic2.Tables[0], 9)
	if !x.spares(&topic1.Tables[0], 4) {
		t.Error("watching twice forgets")
	}
}

func TestIndexIsBounded(t *testing.T) {
	for length, size := range map[int]int{1: minCells, 256: minCells, 257: 2 * minCells, 4096: 16384, math.MaxInt: maxCells} {
		if x := newIndex(length); x.size != size {
			t.Errorf("a journal of %d has %d cells, want %d", length, x.size, size)
		}
	}
	f := begin(t, MemoryOptions{JournalLength: 3})
	f.fill("topic 1", topic1)
	for i := range int64(100) {
		f.commit(inserted("posts", is("topic", i+100)))
	}
	j := f.journal(named("posts"))
	if len(j.records) != 3 || len(j.index.cells) != minCells || len(j.index.columns) != 1 || len(j.pending) != 0 {
		t.Errorf("the journal has %d records, %d cells, %d columns, %d pending",
			len(j.records), len(j.index.cells), len(j.index.columns), len(j.pending))
	}
}
