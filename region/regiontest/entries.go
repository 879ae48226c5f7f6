package regiontest

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"time"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/querykey"
	"github.com/seed92106438/cacheops/region"
	"github.com/seed92106438/cacheops/region/internal/forum"
)

// entries are tests of what a region keeps, in one process.
var entries = []test{
	{"Keys are compared in full", keysInFull},
	{"Keys that differ in their last part share nothing in memory", keysApart},
	{"The memory of a key may be used again after a look-up", keysReused},
	{"A result whose time to live is over is not served", timeToLive},
	{"A result has the time at which it was put", storedAtPut},
	{"What is deleted is gone, and nothing else", deletion},
	{"An end is remembered", endsRemembered},
	{"Columns that a result restricts are watched", columnsWatched},
	{"A result with a stamp of other journals is refused", foreignStamps},
	{"A result that no journal can vouch for is refused", unvouched},
	{"A result of no table outlives every change", withoutTables},
	{"A result that is too large is refused", tooLarge},
	{"An entry that was served does not change", immutability},
	{"The last result that was put is served", replaced},
	{"A read whose context has ended harms no other", endedContexts},
}

// lookUp looks up a key that is not the test's own.
func (s *steps) lookUp(key querykey.Key) *region.Entry {
	e, _ := s.read().Get(s.Context(), key, question{tables: tablesOf(forum.Topic1)})
	return e
}

func keysInFull(s *steps) {
	mine, theirs := s.key("mine"), s.key("theirs")
	mine.Hash, theirs.Hash = 7, 7
	put := func(key querykey.Key, value text) {
		q := s.query(string(value), forum.Topic1)
		q.entry.Key = key
		q.isStored()
	}
	put(mine, "mine")
	if e := s.lookUp(mine); e == nil || e.Value != text("mine") {
		s.Errorf("got %v, want mine", e)
	}
	if e := s.lookUp(theirs); e != nil {
		s.Errorf("a collision served %v", e.Value)
	}
	s.delete(theirs)
	if s.lookUp(mine) == nil {
		s.Error("a collision deleted another's entry")
	}
	put(theirs, "theirs")
	if e := s.lookUp(theirs); e == nil || e.Value != text("theirs") {
		s.Errorf("got %v, want theirs", e)
	}
	if e := s.lookUp(mine); e != nil && e.Value != text("mine") {
		s.Errorf("a collision served %v", e.Value)
	}
}

func keysReused(s *steps) {
	s.fill("topic 1", forum.Topic1)
	key := s.key("topic 1")
	if s.read().Shared() { // then it may be kept anew, under the key that is asked for
		key = keyOf(s.Name(), "topic 1", "put into something else")
	}
	scratch := key.Clone()
	look := func() *region.Entry {
		copy(scratch.Text, key.Text)
		e := s.lookUp(scratch)
		for i := range scratch.Text {
			scratch.Text[i] = 'x'
		}
		return e
	}
	for range 2 {
		if e := look(); e == nil || e.Value != text("topic 1") {
			s.Errorf("got %v, want a hit", e)
		}
	}
	overwritten := key.Clone()
	copy(overwritten.Text, scratch.Text)
	if s.lookUp(overwritten) != nil {
		s.Error("served under what the memory of the key was overwritten with")
	}
	s.commit(forum.PostIn1)
	s.settle()
	if look() != nil {
		s.Error("served after a committed change")
	}
	if _, ok := s.read().Dropped(key); !ok {
		s.Error("the end is not remembered")
	}
}

func timeToLive(s *steps) {
	const ttl = 100 * time.Millisecond
	short, always := s.query("short", forum.Topic1), s.query("always", forum.Topic1)
	short.entry.TTL, always.entry.TTL = ttl, 0
	s.fill("an hour", forum.Topic1)
	always.isStored()
	began := time.Now()
	e := short.isStored()
	within(s, func() bool {
		got, _ := s.get(s.reader, "short")
		return got == nil
	}, "the result is served past its time")
	if lived := time.Since(began); lived < ttl {
		s.Errorf("gone after %v, want %v", lived, ttl)
	}
	if s.read().Fresh(s.Context(), e) {
		s.Error("fresh past its time")
	}
	s.hits("an hour", "always")
}

func storedAtPut(s *steps) {
	q := s.query("topic 1", forum.Topic1)
	before := time.Now()
	e := q.isStored()
	if e.Stored.Before(before) || e.Stored.After(time.Now()) {
		s.Errorf("stored at %v, want a moment of Put", e.Stored)
	}
	if got, _ := s.get(s.reader, "topic 1"); got == nil || got.Stored.Sub(e.Stored).Abs() > time.Millisecond || got.TTL != e.TTL {
		s.Errorf("got %+v, want it as of %v for %v", got, e.Stored, e.TTL)
	}
}

func deletion(s *steps) {
	s.fill("topic 1", forum.Topic1)
	s.fill("topic 2", forum.Topic2)
	s.delete(s.key("topic 1"))
	s.delete(s.key("not there"))
	if e, miss := s.get(s.reader, "topic 1"); e != nil || miss.Cause != region.Absent {
		s.Errorf("got %v, %+v, want a miss that is absent", e, miss)
	}
	s.hits("topic 2")
	s.fill("topic 1", forum.Topic1)
	s.hits("topic 1")
}

func endsRemembered(s *steps) {
	s.fill("topic 1", forum.Topic1)
	key := s.key("topic 1")
	if drop, ok := s.read().Dropped(key); ok {
		s.Errorf("a fresh entry was dropped by %+v", drop)
	}
	s.commit(forum.PostIn1)
	s.dropped("topic 1")
	s.fill("topic 1", forum.Topic1)
	drop, ok := s.read().Dropped(key)
	if !ok || drop.Change.Table != forum.PostIn1.Table || drop.Change.Kind != forum.PostIn1.Kind || drop.Time.IsZero() {
		s.Errorf("got %+v, %v, want the insert", drop, ok)
	}
	if drop, ok := s.read().Dropped(querykey.Key{Hash: key.Hash, Text: []byte("another")}); ok {
		s.Errorf("a colliding key was dropped by %+v", drop)
	}
}

// A region may watch more than it must.
func columnsWatched(s *steps) {
	s.fill("topic 1", forum.Read("posts", in1, "id", "topic"))
	s.fill("popular", forum.Read("posts", where{forum.Above("views", int64(100))}))
	for _, restricted := range [][]string{{"topic"}, {"views"}, {"id", "topic"}} {
		if !s.read().Watches(forum.Named("posts"), restricted, invalidation.Columns{All: true}) {
			s.Errorf("does not watch %v", restricted)
		}
	}
	if !s.read().Watches(forum.Named("posts"), []string{"topic"}, invalidation.Columns{Names: []string{"id"}}) {
		s.Error("does not watch topics when an id is written, which a result of a topic looks at")
	}
}

func foreignStamps(s *steps) {
	for _, alter := range []func(region.Stamp) region.Stamp{
		func(region.Stamp) region.Stamp { return nil },
		func(st region.Stamp) region.Stamp { return st[:len(st)-1] },
		func(st region.Stamp) region.Stamp { return append(st, region.Position{}) },
		func(st region.Stamp) region.Stamp { st[0].Epoch++; return st },
		func(st region.Stamp) region.Stamp { st[1].Epoch++; return st },
	} {
		q := s.query("topic 1", forum.Topic1)
		q.entry.Stamp = alter(slices.Clone(q.entry.Stamp))
		q.isRefused()
		if s.read().Fresh(s.Context(), q.entry) {
			s.Errorf("fresh with the stamp %v", q.entry.Stamp)
		}
	}
	s.fill("topic 1", forum.Topic1)
}

func unvouched(s *steps) {
	twoDatabases := &invalidation.Dependency{Tables: []invalidation.TableDependency{
		{Table: forum.Named("posts")}, {Table: invalidation.Table{Database: "shop", Name: "posts"}},
	}}
	for name, dep := range map[string]*invalidation.Dependency{
		"every table":   forum.Read(invalidation.AllTables, nil),
		"two databases": twoDatabases,
	} {
		if _, ok := s.read().Stamp(s.Context(), dep, 0); ok {
			s.Errorf("%s: a stamp was given", name)
		}
		for length := range 4 {
			if s.read().Put(s.Context(), s.entry(name, dep, make(region.Stamp, length))) {
				s.Errorf("%s: stored with a stamp of %d", name, length)
			}
		}
	}
}

// A region need not store it.
func withoutTables(s *steps) {
	none := &invalidation.Dependency{}
	stamp, ok := s.read().Stamp(s.Context(), none, 0)
	if !ok || !s.read().Put(s.Context(), s.entry("SELECT 1", none, stamp)) {
		s.misses("SELECT 1")
		return
	}
	s.commit(forum.EveryTable)
	s.hits("SELECT 1")
}

func tooLarge(s *steps) {
	if s.lab.TooLarge == 0 {
		s.Skip("nothing is too large for the region")
	}
	noise := make([]byte, s.lab.TooLarge) // which cannot be compressed
	_, _ = rand.NewChaCha8([32]byte{}).Read(noise)
	sized := func(name string, bytes int) *query {
		q := s.query(name, forum.Topic1)
		value := text(noise[:bytes])
		q.entry.Value, q.entry.Encoding, q.entry.Size = value, value, int64(bytes)
		return q
	}
	sized("too large", len(noise)).isRefused()
	half := sized("half of it", len(noise)/2).isStored()
	if e, miss := s.get(s.reader, "half of it"); e == nil || e.Value != half.Value {
		s.Errorf("half of what is too large is not served: %+v", miss)
	}
}

func immutability(s *steps) {
	s.fill("topic 1", forum.Topic1)
	served, _ := s.get(s.reader, "topic 1")
	if served == nil {
		s.Fatal("not served")
	}
	was := *served
	was.Key, was.Stamp = served.Key.Clone(), slices.Clone(served.Stamp)
	s.commit(forum.PostIn2)
	s.hits("topic 1")
	s.commit(forum.PostIn1)
	s.dropped("topic 1")
	s.fill("topic 1", forum.Topic1)
	s.delete(s.key("topic 1"))
	if !reflect.DeepEqual(&was, served) {
		s.Errorf("it was %+v and is %+v", was, *served)
	}
}

func replaced(s *steps) {
	s.fill("topic 1", forum.Topic1)
	q := s.query("topic 1", forum.Topic2)
	q.entry.Value, q.entry.Encoding = text("new"), text("new")
	q.isStored()
	s.commit(forum.PostIn1)
	if e, miss := s.get(s.reader, "topic 1"); e == nil || e.Value != text("new") {
		s.Errorf("got %v, %+v, want what was put last", e, miss)
	}
	s.commit(forum.PostIn2)
	s.dropped("topic 1")
}
