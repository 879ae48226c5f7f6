package regiontest

import (
	"encoding"
	"errors"
	"time"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/region"
)

// text is a result that is its own encoding.
type text string

// AppendBinary implements [encoding.BinaryAppender].
func (t text) AppendBinary(b []byte) ([]byte, error) { return append(b, t...), nil }

var _ encoding.BinaryAppender = text("")

// question is what is asked of one who looks up a text.
type question struct {
	tables []invalidation.Table
	decode error // what Decode returns
	keep   error // what Keep returns
}

// Tables implements [region.Query].
func (q question) Tables() []invalidation.Table { return q.tables }

// Decode implements [region.Query].
func (q question) Decode(encoded []byte) (any, error) { return text(encoded), q.decode }

// Keep implements [region.Query].
func (q question) Keep(value any) (any, int64, error) {
	t, ok := value.(text)
	if !ok {
		return nil, 0, errors.New("what is to be kept was not decoded")
	}
	return t, int64(len(t)), q.keep
}

// query is a fill in three steps: it is begun, with its stamp taken; the database
// answers; the result is put.
type query struct {
	*steps
	name  string
	entry *region.Entry
}

// query begins a fill, as a read does that was not served.
func (s *steps) query(name string, dep *invalidation.Dependency) *query {
	s.Helper()
	s.queries[name] = dep
	s.get(s.reader, name)
	stamp, ok := s.read().Stamp(s.Context(), dep, 0)
	if !ok {
		s.Fatalf("no stamp for %s", name)
	}
	return &query{s, name, s.entry(name, dep, stamp)}
}

func (s *steps) entry(name string, dep *invalidation.Dependency, stamp region.Stamp) *region.Entry {
	return &region.Entry{
		Key: s.key(name), Dependency: dep, Stamp: stamp, TTL: time.Hour,
		Value: text(name), Encoding: text(name), Size: int64(len(name)),
	}
}

func (q *query) put() bool { return q.read().Put(q.Context(), q.entry) }

func (q *query) isStored() *region.Entry {
	q.Helper()
	if !q.put() {
		q.Errorf("%s was not stored", q.name)
	}
	return q.entry
}

// isRefused expects that the result is not stored, as no result that a change of
// the same process has met is.
func (q *query) isRefused() {
	q.Helper()
	if q.put() {
		q.Errorf("%s was stored", q.name)
	}
	q.misses(q.name)
}

// isUseless expects that the result is not served to anyone. If a change of
// another process has met it, it may be stored by one that has not heard of that.
func (q *query) isUseless() {
	q.Helper()
	if q.put() && q.reader == q.writer {
		q.Errorf("%s was stored", q.name)
	}
	q.misses(q.name)
}

// cannotFill expects that there is no stamp, or none that is of use, while a
// change is pending that meets the dependency.
func (s *steps) cannotFill(name string, dep *invalidation.Dependency) {
	s.Helper()
	s.queries[name] = dep
	s.hear(s.reader)
	stamp, ok := s.read().Stamp(s.Context(), dep, 0)
	if !ok {
		return
	}
	if s.reader == s.writer {
		s.Errorf("%s: a stamp was given", name)
	}
	(&query{s, name, s.entry(name, dep, stamp)}).isUseless()
}
