package cases

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops/bench/measure"
	"github.com/seed92106438/cacheops/bench/shop"
	"github.com/seed92106438/cacheops/bench/subject"
)

// storm is a writer that goes on while hits are measured. It writes through the same
// subject to the same table, but to none of the rows that are read.
type storm struct {
	*station
	written atomic.Int64
}

const (
	gust      = 100 // rows of a statement
	breath    = 10 * time.Millisecond
	elsewhere = 7 // a street that is not read
)

// hitsInStorm measures hits in quiet and while 10,000 rows a second are written.
func hitsInStorm(ctx context.Context, l *Lab) ([]measure.Contender, error) {
	stations, err := l.openAll(ctx, onSQLite, subject.All())
	if err != nil {
		return nil, err
	}
	h := people("street", street)
	for _, s := range stations {
		_, _ = safely(h.read, s.db)
	}
	var contenders []measure.Contender
	for _, s := range stations {
		quiet := l.hits(s, h.read, h.alter, h.altered)
		quiet.Name += "-quiet"
		quiet.Turn = s.again(quiet.Turn, h.read)
		contenders = append(contenders, quiet)
		if quiet.Turn != nil {
			contenders = append(contenders, measure.Contender{Name: s.Name, Mark: quiet.Mark, Turn: (&storm{station: s}).turn(l, h.read)})
		}
	}
	return contenders, nil
}

// again returns the turn with the result cached again before, which the storm may have
// dropped.
func (s *station) again(turn func(context.Context) (measure.Turn, error), read Read) func(context.Context) (measure.Turn, error) {
	if turn == nil || s.Name == subject.Uncached {
		return turn
	}
	return func(ctx context.Context) (measure.Turn, error) {
		if _, err := s.cached(read); err != nil {
			return measure.Turn{}, err
		}
		return turn(ctx)
	}
}

// turn measures while the writer writes. What is sent for reads is not counted here:
// who drops what was not written sends them, and takes as long as that takes.
func (s *storm) turn(l *Lab, read Read) func(context.Context) (measure.Turn, error) {
	loop := &measure.Loop{For: 4 * l.Plan.Turn, Op: func(int) error {
		_, err := read(s.db)
		return err
	}}
	return func(ctx context.Context) (measure.Turn, error) {
		ctx, stop := context.WithCancel(ctx)
		done := make(chan error, 1)
		go func() { done <- s.blow(ctx) }()
		before, began := s.written.Load(), time.Now()
		turn, err := loop.Turn(ctx)
		rows := float64(s.written.Load() - before)
		turn.Values = append(turn.Values, measure.Value{Figure: rows / time.Since(began).Seconds(), Unit: "rows-written/s"})
		stop()
		err = errors.Join(err, <-done)
		s.log.Take()
		return turn, err
	}
}

// blow writes until the context ends.
func (s *storm) blow(ctx context.Context) error {
	tick := time.NewTicker(breath)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := s.gust(s.db, n); err != nil {
			return err
		}
		s.written.Add(gust)
	}
}

func (s *storm) gust(db *gorm.DB, n int) error {
	return db.Model(&shop.Person{}).Where("street = ?", elsewhere).Update("balance", n).Error
}

func stormCases() []Case {
	return []Case{{
		Name: "HitWhileWriting", Group: "Hits", Title: "`Find`, 100 flat rows, while 10,000 other rows of the table are written each second",
		About:      "By updates of 100 rows, none of which is read. Those that drop what was not written read from the database most of the time. The writer has a core of its own, unless Redis needs it.",
		contenders: hitsInStorm,
	}}
}
