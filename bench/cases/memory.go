package cases

import (
	"context"
	"fmt"
	"runtime"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops/bench/measure"
	"github.com/seed92106438/cacheops/bench/shop"
	"github.com/seed92106438/cacheops/bench/subject"
)

// weighed measures how much the heap grows with each result that is stored.
func weighed(n int, read func(db *gorm.DB, i int) (any, error)) func(context.Context, *Lab) ([]measure.Contender, error) {
	return func(_ context.Context, l *Lab) ([]measure.Contender, error) {
		var contenders []measure.Contender
		for _, s := range subject.All() {
			if s.Shared || s.Name == subject.Uncached || s.Name == "cacheops-sqlite" {
				continue
			}
			contenders = append(contenders, measure.Contender{Name: s.Name, Turn: func(ctx context.Context) (measure.Turn, error) {
				return l.weigh(ctx, s, n, read)
			}})
		}
		return contenders, nil
	}
}

func (l *Lab) weigh(ctx context.Context, s subject.Subject, n int, read func(db *gorm.DB, i int) (any, error)) (measure.Turn, error) {
	at, err := l.open(ctx, onSQLite, s)
	if err != nil {
		return measure.Turn{}, err
	}
	if err := at.fill(1, read); err != nil { // which makes what is made once
		return measure.Turn{}, err
	}
	before := heap()
	if err := at.fill(n, read); err != nil {
		return measure.Turn{}, err
	}
	grown := heap() - before
	if _, err := safely(func(db *gorm.DB) (any, error) { return read(db, n) }, at.db); err != nil { // a hit, if all is well
		return measure.Turn{}, err
	}
	if sent := len(at.log.Take()); sent > 0 {
		return measure.Turn{}, errNoHit
	}
	turn := measure.Turn{Ops: n, Values: []measure.Value{{Figure: float64(grown) / float64(n-1), Unit: "B/entry"}}}
	return turn, l.clear()
}

// fill reads the numbers up to n.
func (s *station) fill(n int, read func(db *gorm.DB, i int) (any, error)) error {
	for i := 1; i <= n; i++ {
		if _, err := safely(func(db *gorm.DB) (any, error) { return read(db, i) }, s.db); err != nil {
			return err
		}
	}
	s.log.Take()
	return nil
}

// heap returns how many bytes are alive.
func heap() int64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.GC() // what finalizers have set free
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

func oneRow(db *gorm.DB, i int) (any, error) {
	var p shop.Person
	return &p, db.Take(&p, "id = ? AND balance >= ?", 1+i%entries, -i).Error
}

func hundredRows(db *gorm.DB, i int) (any, error) {
	var list []shop.Person
	return &list, db.Find(&list, "street = ? AND balance >= ?", i%100, -i).Error
}

// million measures hits and updates with few results cached and with very many.
func million(op func(s *station, n int) func(int) error) func(context.Context, *Lab) ([]measure.Contender, error) {
	return func(ctx context.Context, l *Lab) ([]measure.Contender, error) {
		var contenders []measure.Contender
		for _, s := range []subject.Subject{memory(), named("caches-memory")} {
			for _, n := range []int{entries, 100 * entries} {
				at, err := l.open(ctx, onSQLite, s)
				if err != nil {
					return nil, err
				}
				if err := at.fill(n, oneRow); err != nil {
					return nil, err
				}
				loop := &measure.Loop{For: l.Plan.Turn, Op: op(at, n), After: func(int) error {
					at.log.Take()
					return nil
				}}
				contenders = append(contenders, measure.Contender{Name: fmt.Sprintf("%s-%d", s.Name, n), Turn: loop.Turn})
			}
		}
		return contenders, nil
	}
}

// anywhere reads results that were stored, one here and one there.
func anywhere(s *station, n int) func(int) error {
	const stride = 611_953 // prime
	return func(i int) error {
		_, err := oneRow(s.db, 1+i*stride%n)
		if err == nil && len(s.log.Take()) > 0 {
			return errNoHit
		}
		return err
	}
}

func updated(s *station, _ int) func(int) error {
	return func(i int) error { return update(s.db, i) }
}

func memoryCases() []Case {
	const group = "Memory"
	return []Case{
		{Name: "MemoryOneRow", Group: group, Title: "growth of the heap by a result of one row, of 2,000", contenders: weighed(2_000, oneRow)},
		{Name: "MemoryHundredRows", Group: group, Title: "growth of the heap by a result of 100 rows, of 200", Long: true, contenders: weighed(200, hundredRows)},
		{Name: "MillionHit", Group: group, Title: "hit, with 10,000 and with 1,000,000 results of one row cached", Long: true, contenders: million(anywhere)},
		{Name: "MillionUpdate", Group: group, Title: "update by key, with 10,000 and with 1,000,000 results of one row cached", Long: true,
			About: "The others drop all of them at the first one.", contenders: million(updated)},
	}
}
