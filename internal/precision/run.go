package precision

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"

	"gorm.io/gorm"
)

// Tally is how one cache fared.
type Tally struct {
	Hits     int
	Dropped  int // results that were there and had been dropped
	Needless int // of those, the ones whose fresh result was the same
	Missed   int // results that were served and were not true
}

// Report is what a trace has shown.
type Report struct {
	Reads, Writes int
	Plugin        Tally
	Tables        Tally // drops all results on a table that is written
	Everything    Tally // drops all results at every write
	Oracle        Tally // drops just what has changed
	// ByQuery and ByWrite have the plugin's needless drops and all its drops
	// by the read that met them, and needless ones by the last write before.
	ByQuery map[string]*Tally
}

// Cached tells whether the read that was sent last was served from the cache.
type Cached func() bool

// simulated is a cache that is played, not run: for each result, the clocks of
// the tables as they were when it was stored.
type simulated struct {
	Tally
	stored map[string]int
}

// read notes a read of a result whose tables were last written at last.
func (s *simulated) read(key string, now, last int, same bool) {
	at, was := s.stored[key]
	switch {
	case was && at > last:
		s.Hits++
		if !same {
			s.Missed++
		}
		return
	case was:
		s.drop(same)
	}
	s.stored[key] = now
}

func (t *Tally) drop(same bool) {
	t.Dropped++
	if same {
		t.Needless++
	}
}

// trace plays reads and writes.
type trace struct {
	cached, plain *gorm.DB
	hit           Cached
	z             *zipf
	report        Report

	truth      map[string]string // by key, what was found last
	there      map[string]bool   // results that the plugin has stored
	tables     simulated
	everything simulated
	written    map[string]int // when a table was written last
}

// Play plays steps on a database that [Fill] has filled, of which one in ten
// is a write. What cached finds is compared with what plain finds.
func Play(cached, plain *gorm.DB, hit Cached, seed uint64, steps int) (*Report, error) {
	t := &trace{
		cached: cached, plain: plain, hit: hit,
		z:      &zipf{rand.New(rand.NewPCG(seed, 2)), map[uint64]*rand.Zipf{}},
		report: Report{ByQuery: map[string]*Tally{}},
		truth:  map[string]string{}, there: map[string]bool{}, written: map[string]int{},
		tables:     simulated{stored: map[string]int{}},
		everything: simulated{stored: map[string]int{}},
	}
	for step := range steps {
		var err error
		if t.z.IntN(10) == 0 {
			err = t.write(step + 1)
		} else {
			err = t.read(step + 1)
		}
		if err != nil {
			return nil, err
		}
	}
	t.report.Tables, t.report.Everything = t.tables.Tally, t.everything.Tally
	return &t.report, nil
}

func (t *trace) write(step int) error {
	t.report.Writes++
	w := chosen(t.z)
	for _, table := range append(w.tables, "") {
		t.written[table] = step
	}
	if err := w.run(t.cached, t.z, step); err != nil {
		return fmt.Errorf("%s: %w", w.name, err)
	}
	return nil
}

func chosen(z *zipf) *write {
	all := 0
	for i := range writes {
		all += writes[i].share
	}
	at := z.IntN(all)
	for i := range writes {
		if at -= writes[i].share; at < 0 {
			return &writes[i]
		}
	}
	panic("unreachable: the shares add up")
}

func (t *trace) read(step int) error {
	t.report.Reads++
	q := &queries[t.z.IntN(len(queries))]
	args := q.pick(t.z)
	found, err := result(t.cached, q, args)
	if err != nil {
		return err
	}
	hit := t.hit()
	truth, err := result(t.plain, q, args)
	if err != nil {
		return err
	}
	key := fmt.Sprint(q.name, args)
	before, known := t.truth[key]
	same := before == truth
	t.truth[key] = truth
	t.tally(q, key, hit, found == truth, same)
	last := 0
	for _, table := range q.tables {
		last = max(last, t.written[table])
	}
	t.tables.read(key, step, last, same)
	t.everything.read(key, step, t.written[""], same)
	switch {
	case known && same:
		t.report.Oracle.Hits++
	case known:
		t.report.Oracle.Dropped++
	}
	return nil
}

// tally notes what the plugin did with a read.
func (t *trace) tally(q *query, key string, hit, right, same bool) {
	by := t.report.ByQuery[q.name]
	if by == nil {
		by = new(Tally)
		t.report.ByQuery[q.name] = by
	}
	for _, tally := range []*Tally{&t.report.Plugin, by} {
		switch {
		case !right:
			tally.Missed++
		case hit:
			tally.Hits++
		case t.there[key]:
			tally.drop(same)
		}
	}
	t.there[key] = true
}

// result runs a query and returns what it found as text.
func result(db *gorm.DB, q *query, args []any) (string, error) {
	found, err := q.run(db, args)
	if err != nil {
		return "", fmt.Errorf("%s: %w", q.name, err)
	}
	text, err := json.Marshal(found)
	return string(text), err
}

// Queries returns the names of the shapes of reads, in order.
func Queries() []string {
	names := make([]string, len(queries))
	for i := range queries {
		names[i] = queries[i].name
	}
	slices.Sort(names)
	return names
}
