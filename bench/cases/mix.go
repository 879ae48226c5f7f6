package cases

import (
	"context"
	"errors"
	"math/rand"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops/bench/measure"
	"github.com/seed92106438/cacheops/bench/shop"
	"github.com/seed92106438/cacheops/bench/subject"
)

// mix is work as a server has it: 95 % reads and 5 % writes, of rows of which some are
// in demand more than others. Balances only grow, so a read that is older than a write
// which was acknowledged before it began shows itself.
type mix struct {
	*station
	rows  int
	acked []atomic.Int64 // by key
	locks []sync.Mutex   // of writers
	read  func(db *gorm.DB, id int) ([]shop.Person, error)
}

func newMix(s *station, rows int, read func(*gorm.DB, int) ([]shop.Person, error)) *mix {
	m := &mix{station: s, rows: rows, read: read, acked: make([]atomic.Int64, rows+1), locks: make([]sync.Mutex, rows+1)}
	for id := range m.acked {
		m.acked[id].Store(int64(id) - 1) // as they were made
	}
	return m
}

// worker is one of several that read and write at the same time.
type worker struct {
	reads, stale, writes int
	took                 []time.Duration // by reads
	err                  error
}

const (
	writesOf100 = 5
	skew        = 1.1
)

func (m *mix) turn(each time.Duration) func(context.Context) (measure.Turn, error) {
	round := int64(0)
	return func(context.Context) (measure.Turn, error) {
		round++
		workers := make([]worker, 2*runtime.GOMAXPROCS(0))
		hits, misses := m.served()
		m.log.Take()
		began := time.Now()
		var wg sync.WaitGroup
		for i := range workers {
			random := rand.New(rand.NewSource(round<<8 + int64(i)))
			wg.Go(func() { workers[i].work(m, random, began.Add(each)) })
		}
		wg.Wait()
		elapsed := time.Since(began)
		all := together(workers)
		hits2, misses2 := m.served()
		return all.turn(elapsed, m.ratio(all.reads, hits2-hits, misses2-misses)), all.err
	}
}

// work reads and writes until it is late.
func (w *worker) work(m *mix, random *rand.Rand, until time.Time) {
	demand := rand.NewZipf(random, skew, 1, uint64(m.rows-1))
	for w.err == nil && time.Now().Before(until) {
		id := 1 + int(demand.Uint64())
		if random.Intn(100) < writesOf100 {
			w.err = m.write(id)
			w.writes++
			continue
		}
		list := random.Intn(5) == 0
		began := time.Now()
		stale, err := m.look(id, list)
		w.took = append(w.took, time.Since(began))
		w.reads++
		if stale {
			w.stale++
		}
		w.err = err
	}
}

func (m *mix) write(id int) error {
	m.locks[id].Lock()
	defer m.locks[id].Unlock()
	balance := m.acked[id].Load() + 1
	err := m.db.Model(&shop.Person{ID: uint(id)}).Update("balance", balance).Error
	if err == nil {
		m.acked[id].Store(balance)
	}
	return err
}

// look reads one row, or all of a household, and tells whether any is older than what
// was acknowledged before.
func (m *mix) look(id int, list bool) (stale bool, err error) {
	from, to := id, id
	if list {
		from = (id-1)/20*20 + 1
		to = from + 19
	}
	before := make([]int64, to-from+1)
	for i := range before {
		before[i] = m.acked[from+i].Load()
	}
	var people []shop.Person
	if list {
		err = m.db.Find(&people, "household = ?", (id-1)/20).Error
	} else {
		people, err = m.read(m.db, id)
	}
	for _, p := range people {
		stale = stale || p.Balance < before[int(p.ID)-from]
	}
	return stale, err
}

// served returns what the plugin says of itself, if it is this project's.
func (m *mix) served() (hits, misses uint64) {
	if p := subject.Plugin(m.db); p != nil {
		stats := p.Stats()
		return stats.Hits, stats.Misses
	}
	return 0, 0
}

// ratio is the part of the reads that were hits, in per cent. Others than this project
// send no SELECT but for reads.
func (m *mix) ratio(reads int, hits, misses uint64) float64 {
	if hits+misses > 0 {
		return 100 * float64(hits) / float64(hits+misses)
	}
	selects := 0
	for _, statement := range m.log.Take() {
		if strings.HasPrefix(statement, "SELECT") {
			selects++
		}
	}
	return 100 * (1 - float64(selects)/float64(max(reads, 1)))
}

func together(workers []worker) worker {
	var all worker
	for _, w := range workers {
		all.reads, all.stale, all.writes = all.reads+w.reads, all.stale+w.stale, all.writes+w.writes
		all.took = append(all.took, w.took...)
		all.err = errors.Join(all.err, w.err)
	}
	slices.Sort(all.took)
	return all
}

func (w *worker) turn(elapsed time.Duration, ratio float64) measure.Turn {
	ops := w.reads + w.writes
	if ops == 0 || w.reads == 0 {
		return measure.Turn{}
	}
	at := func(part float64) float64 { return float64(w.took[int(part*float64(w.reads-1))]) }
	return measure.Turn{Ops: ops, Values: []measure.Value{
		{Figure: float64(elapsed) / float64(ops), Unit: measure.Time},
		{Figure: float64(ops) / elapsed.Seconds(), Unit: "ops/s"},
		{Figure: ratio, Unit: "hit-%"},
		{Figure: at(0.5), Unit: "read-p50-ns"},
		{Figure: at(0.99), Unit: "read-p99-ns"},
		{Figure: at(0.999), Unit: "read-p999-ns"},
		{Figure: float64(w.stale), Unit: "stale-reads"},
		{Figure: 100 * float64(w.stale) / float64(w.reads), Unit: "stale-%"},
	}}
}

// firstRow reads a row as one is usually read.
func firstRow(db *gorm.DB, id int) ([]shop.Person, error) {
	var p shop.Person
	err := db.First(&p, id).Error
	return []shop.Person{p}, err
}

func mixed(ctx context.Context, l *Lab) ([]measure.Contender, error) {
	stations, err := l.openAll(ctx, onSQLite, subject.All())
	if err != nil {
		return nil, err
	}
	var contenders []measure.Contender
	for _, s := range stations {
		c := measure.Contender{Name: s.Name}
		if _, err := s.cached(byKey.read); err != nil && s.Name != subject.Uncached { // not before its lease is over
			c.Mark = err.Error()
		} else {
			c.Turn = newMix(s, l.Size.People, firstRow).turn(8 * l.Plan.Turn)
		}
		contenders = append(contenders, c)
	}
	return contenders, nil
}

func mixCases() []Case {
	return []Case{{
		Name: "Mix", Group: "Mix", Title: "95 % reads, 5 % updates, Zipf distribution",
		About: "Four reads of five are `First(&p, id)`, the others `Find` of 20 rows; the demand for a row falls with its rank by the power of 1.1, among 10,000. " +
			"Two goroutines work on each core. A stale read gave less than a write that was acknowledged before it began; p50, p99 and p999 are of reads.",
		contenders: mixed,
	}}
}
