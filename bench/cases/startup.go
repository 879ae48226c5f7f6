package cases

import (
	"context"
	"fmt"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/seed92106438/cacheops/bench/measure"
	"github.com/seed92106438/cacheops/bench/subject"
)

// startUps measures what db.Use takes, on a handle that is new each time, over a pool
// that is open.
func startUps(ctx context.Context, l *Lab) ([]measure.Contender, error) {
	var contenders []measure.Contender
	for _, s := range subject.All() {
		if s.Shared || s.Name == subject.Uncached {
			continue
		}
		at, err := l.open(ctx, onSQLite, subject.Subject{Name: s.Name, Use: plain})
		if err != nil {
			return nil, err
		}
		at.Subject = s
		contenders = append(contenders, measure.Contender{Name: s.Name, Turn: at.startUp(l)})
	}
	return contenders, nil
}

func plain(db *gorm.DB, _ subject.Ground) (*gorm.DB, func() error, error) { return db, nil, nil }

// startUp measures the start of the station's subject, and counts what it sends.
func (s *station) startUp(l *Lab) func(context.Context) (measure.Turn, error) {
	var fresh *gorm.DB
	sent := 0
	loop := &measure.Loop{For: l.Plan.Turn,
		Before: func() (err error) {
			fresh, err = gorm.Open(s.db.Dialector, &gorm.Config{Logger: logger.Discard})
			s.log.Take()
			return err
		},
		Op: func(int) error {
			_, end, err := s.Use(fresh, s.ground)
			if err != nil {
				return err
			}
			sent += len(s.log.Take())
			if end != nil {
				return end()
			}
			return nil
		}}
	return func(ctx context.Context) (measure.Turn, error) {
		sent = 0
		readings := s.log.Catalogue()
		turn, err := loop.Turn(ctx)
		sent += s.log.Catalogue() - readings
		if err != nil {
			return turn, fmt.Errorf("start: %w", err)
		}
		turn.Values = append(turn.Values, measure.Value{Figure: float64(sent) / float64(turn.Ops), Unit: "statements/op"})
		return turn, nil
	}
}

func startUpCases() []Case {
	return []Case{{Name: "StartUp", Group: "Start-up", Title: "`db.Use`, with a region or store of its own", contenders: startUps}}
}
