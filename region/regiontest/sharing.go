package regiontest

import (
	"errors"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/querykey"
	"github.com/seed92106438/cacheops/region"
	"github.com/seed92106438/cacheops/region/internal/forum"
)

// leaving are tests of results that leave the process, which need one.
var leaving = []test{
	{"A result without an encoding is refused", withoutEncoding},
	{"A result that cannot be encoded is refused", unencodable},
	{"A key that means nothing to others is refused", withoutCommon},
	{"Keys that have the common part alike share a result", commonKeys},
	{"The tables need not be known to those who ask", unknownTables},
}

// sharing are tests of results that another process has stored.
var sharing = []test{
	{"What one process stores is served to another as it is", servedElsewhere},
	{"What cannot be decoded is a miss", undecodable},
	{"What cannot be kept may be served once", unkeepable},
	{"Whoever reads may write", turns},
	{"One process at a time has the lock of a result", locks},
}

func withoutEncoding(s *steps) {
	q := s.query("topic 1", forum.Topic1)
	q.entry.Encoding = nil
	q.isRefused()
}

// broken is a result that cannot be encoded.
type broken struct{}

func (broken) AppendBinary(b []byte) ([]byte, error) { return append(b, "half"...), errNotNow }

var errNotNow = errors.New("not now")

func unencodable(s *steps) {
	q := s.query("topic 1", forum.Topic1)
	q.entry.Encoding = broken{}
	q.isRefused()
	s.fill("topic 1", forum.Topic1)
	s.hits("topic 1")
}

func withoutCommon(s *steps) {
	q := s.query("topic 1", forum.Topic1)
	q.entry.Key.Common = 0
	q.isRefused()
	if e := s.lookUp(q.entry.Key); e != nil {
		s.Errorf("served %v", e.Value)
	}
}

// What the same rows are put into is told by the rest of the key.
func commonKeys(s *steps) {
	s.fill("topic 1", forum.Topic1)
	another := keyOf(s.Name(), "topic 1", "put into something else")
	for range 2 {
		if e := s.lookUp(another); e == nil || e.Value != text("topic 1") {
			s.Errorf("got %v, want what has the common part alike", e)
		}
	}
	s.hits("topic 1")
	s.commit(forum.PostIn1)
	if e := s.lookUp(another); e != nil {
		s.Error("served after a committed change")
	}
	s.misses("topic 1")
}

// In memory a result is the value itself, which is for one kind of destination.
func keysApart(s *steps) {
	if s.read().Shared() {
		s.Skip("results leave the process")
	}
	s.fill("topic 1", forum.Topic1)
	if e := s.lookUp(keyOf(s.Name(), "topic 1", "put into something else")); e != nil {
		s.Errorf("got %v, want a miss", e)
	}
}

func unknownTables(s *steps) {
	both := forum.Reads(forum.Use("posts", in1), forum.Use("users", nil))
	s.fill("both", both)
	for name, tables := range map[string][]invalidation.Table{
		"none":       nil,
		"fewer":      tablesOf(forum.AllUsers),
		"others":     {forum.Named("tags")},
		"more":       {forum.Named("posts"), forum.Named("tags"), forum.Named("users")},
		"everything": {forum.Named(invalidation.AllTables)},
	} {
		// Each asks by a key of its own, that nothing is kept in memory for.
		key := keyOf(s.Name(), "both", name)
		if e, miss := s.read().Get(s.Context(), key, question{tables: tables}); e == nil {
			s.Errorf("%s: got %+v, want a hit", name, miss)
		}
	}
	s.commit(forum.UserAdded)
	for _, tables := range [][]invalidation.Table{nil, {forum.Named("posts")}} {
		key := keyOf(s.Name(), "both", "after the change")
		if e, miss := s.read().Get(s.Context(), key, question{tables: tables}); e != nil || miss.Cause != region.Dead {
			s.Errorf("got %v, %+v, want a miss that is dead", e, miss)
		}
	}
}

func servedElsewhere(s *steps) {
	put := s.fill("topic 1", forum.Topic1)
	e, miss := s.get(s.writer, "topic 1")
	if e == nil {
		s.Fatalf("got %+v, want a hit", miss)
	}
	if e.Value != put.Value || e.TTL != put.TTL || e.Dependency.String() != put.Dependency.String() || !sameKey(e.Key, put.Key) {
		s.Errorf("got %+v, want %+v", e, put)
	}
	s.commit(forum.PostIn1)
	if s.process(s.writer).Fresh(s.Context(), e) {
		s.Error("fresh after a committed change")
	}
	s.dropped("topic 1")
}

func sameKey(a, b querykey.Key) bool { return string(a.Text) == string(b.Text) }

// ask looks up a result in the writer's process, which has not stored it.
func (s *steps) ask(name string, q question) (*region.Entry, region.Miss) {
	q.tables = tablesOf(s.queries[name])
	return s.process(s.writer).Get(s.Context(), s.key(name), q)
}

func undecodable(s *steps) {
	s.fill("topic 1", forum.Topic1)
	for range 2 {
		if e, miss := s.ask("topic 1", question{decode: errNotNow}); e != nil || miss.Cause != region.Absent {
			s.Errorf("got %v, %+v, want a miss that is absent", e, miss)
		}
	}
	s.hits("topic 1")
}

func unkeepable(s *steps) {
	s.fill("topic 1", forum.Topic1)
	for range 2 {
		if e, _ := s.ask("topic 1", question{keep: errNotNow}); e != nil && e.Value != text("topic 1") {
			s.Errorf("got %v", e.Value)
		}
	}
	s.hits("topic 1")
	s.commit(forum.PostIn1)
	if e, _ := s.ask("topic 1", question{keep: errNotNow}); e != nil {
		s.Error("served after a committed change")
	}
}

func turns(s *steps) {
	for range 3 {
		s.fill("topic 1", forum.Topic1)
		s.hits("topic 1")
		s.commit(forum.PostIn1)
		s.dropped("topic 1")
		s.reader, s.writer = s.writer, s.reader
	}
}
