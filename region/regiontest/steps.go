package regiontest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/querykey"
	"github.com/seed92106438/cacheops/region"
)

// laboratory has the regions, and knows when something was last written.
type laboratory struct {
	Regions
	wrote  time.Time // by the process author
	author int
}

// steps are those of one test. Their names say what is expected. What is read is
// stored by the reader, what is written by the writer; what is expected of a hit
// or a miss is expected of both.
type steps struct {
	*testing.T
	lab            *laboratory
	reader, writer int
	queries        map[string]*invalidation.Dependency
}

func (l *laboratory) begin(t *testing.T, reader, writer int) *steps {
	return &steps{t, l, reader, writer, map[string]*invalidation.Dependency{}}
}

// run runs a part of a test.
func (s *steps) run(name string, f func(*steps)) {
	s.Run(name, func(t *testing.T) { f(s.lab.begin(t, s.reader, s.writer)) })
}

// both are the processes of the test.
func (s *steps) both() []int {
	if s.reader == s.writer {
		return []int{s.reader}
	}
	return []int{s.reader, s.writer}
}

func (s *steps) process(i int) region.Region { return s.lab.Processes[i] }

// read is the reader's region.
func (s *steps) read() region.Region { return s.process(s.reader) }

// delete deletes an entry.
func (s *steps) delete(key querykey.Key) {
	s.Helper()
	if err := s.read().Delete(s.Context(), key); err != nil {
		s.Error(err)
	}
}

// hear waits until process i must have heard of what was written.
func (s *steps) hear(i int) {
	if i != s.lab.author {
		s.settle()
	}
}

// settle waits until every process must have heard of what was written. Until then
// not even the writer needs to serve what his changes have left true.
func (s *steps) settle() { time.Sleep(time.Until(s.lab.wrote.Add(s.lab.Bound))) }

// write notes that the writer has written.
func (s *steps) write() { s.lab.wrote, s.lab.author = time.Now(), s.writer }

// key is the key of a query. Each test has its own.
func (s *steps) key(name string) querykey.Key { return keyOf(s.Name(), name, "") }

// keyOf makes a key whose last part means something in one process only.
func keyOf(test, name, own string) querykey.Key {
	var b querykey.Builder
	b.String(test)
	b.String(name)
	b.EndCommon()
	b.String(own)
	return b.Key()
}

// get looks up what is kept of a query. A store may be slow to answer.
func (s *steps) get(process int, name string) (e *region.Entry, miss region.Miss) {
	s.Helper()
	s.hear(process)
	q := question{tables: tablesOf(s.queries[name])}
	within(s, func() bool {
		e, miss = s.process(process).Get(s.Context(), s.key(name), q)
		return e != nil || miss.Cause != region.Away
	}, "%s: the store does not answer", name)
	return e, miss
}

// fill is a query whose result is stored, with nothing in between.
func (s *steps) fill(name string, dep *invalidation.Dependency) *region.Entry {
	s.Helper()
	return s.query(name, dep).isStored()
}

// hits expects that the results are served.
func (s *steps) hits(names ...string) {
	s.Helper()
	s.settle()
	for _, process := range s.both() {
		for _, name := range names {
			if e, miss := s.get(process, name); e == nil || e.Value != text(name) {
				s.Errorf("%s in process %d: got %v, %+v, want a hit", name, process, e, miss)
			}
		}
	}
}

// misses expects that none of the results is served.
func (s *steps) misses(names ...string) {
	s.Helper()
	for _, process := range s.both() {
		for _, name := range names {
			if e, _ := s.get(process, name); e != nil {
				s.Errorf("%s in process %d: was served", name, process)
			}
		}
	}
}

// blocked expects that the results are not served because of a pending change.
func (s *steps) blocked(names ...string) {
	s.Helper()
	for _, process := range s.both() {
		for _, name := range names {
			if e, miss := s.get(process, name); e != nil || miss.Cause != region.Blocked {
				s.Errorf("%s in process %d: got %v with cause %v, want a miss that is blocked", name, process, e, miss.Cause)
			}
		}
	}
}

// dropped expects that a result is found untrue, and is gone.
func (s *steps) dropped(name string) region.Drop {
	s.Helper()
	e, miss := s.get(s.reader, name)
	if e == nil && miss.Cause == region.Blocked && s.lab.Bound > 0 {
		s.settle()
		e, miss = s.get(s.reader, name)
	}
	if e != nil || miss.Cause != region.Dead {
		s.Errorf("%s in process %d: got %v with cause %v, want a miss that is dead", name, s.reader, e, miss.Cause)
	}
	s.misses(name)
	return miss.Drop
}

// announce makes changes pending, until the test ends at the latest.
func (s *steps) announce(changes ...invalidation.Change) *pending {
	s.Helper()
	intent, err := s.process(s.writer).Announce(s.Context(), changes)
	if err != nil {
		s.Fatal(err)
	}
	s.write()
	s.Cleanup(func() { intent.Abort(context.Background()) })
	return &pending{s, intent}
}

// commit is a transaction with nothing in between.
func (s *steps) commit(changes ...invalidation.Change) {
	s.Helper()
	s.announce(changes...).commit()
}

// pending is a transaction that was announced.
type pending struct {
	*steps
	region.Intent
}

func (p *pending) commit(changes ...invalidation.Change) {
	p.Commit(p.Context(), changes...)
	p.write()
}

func (p *pending) abort() {
	p.Abort(p.Context())
	p.write()
}

func tablesOf(dep *invalidation.Dependency) (tables []invalidation.Table) {
	if dep != nil {
		for i := range dep.Tables {
			tables = append(tables, dep.Tables[i].Table)
		}
	}
	return slices.Clip(tables)
}
