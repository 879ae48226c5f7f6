package cases

import (
	"context"
	"fmt"
	"runtime"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops/bench/measure"
	"github.com/seed92106438/cacheops/bench/subject"
)

// parallel measures hits on one core and on all. The number of cores is behind the
// names.
func parallel(h hit) func(context.Context, *Lab) ([]measure.Contender, error) {
	return func(ctx context.Context, l *Lab) ([]measure.Contender, error) {
		stations, err := l.openAll(ctx, onSQLite, subject.All())
		if err != nil {
			return nil, err
		}
		var contenders []measure.Contender
		for _, s := range stations {
			if s.Shared {
				continue
			}
			if s.Name == subject.Uncached {
				contenders = append(contenders, l.dryOnCores(s, h)...)
			}
			contenders = append(contenders, l.onCores(s, h)...)
		}
		return contenders, nil
	}
}

func (l *Lab) onCores(s *station, h hit) []measure.Contender {
	mark, after := "", s.sentEach
	if s.Name != subject.Uncached {
		var err error
		if mark, err = s.prove(h.read, h.alter, h.altered); err != nil {
			return []measure.Contender{{Name: s.Name, Mark: err.Error()}}
		}
		after = s.sentNothing
	}
	s.log.Take()
	return l.each(s.Name, mark, measure.Loop{After: after, Op: func(int) error {
		_, err := h.read(s.db)
		return err
	}})
}

// dryOnCores measures what cores share without any cache: memory, and the collector.
// On one core the collector has the others to itself.
func (l *Lab) dryOnCores(s *station, h hit) []measure.Contender {
	dry := s.db.Session(&gorm.Session{DryRun: true})
	return l.each(subject.DryRun, "", measure.Loop{Op: func(int) error {
		_, err := h.read(dry)
		return err
	}})
}

// each is a contender for one core, and one for all.
func (l *Lab) each(name, mark string, loop measure.Loop) []measure.Contender {
	var contenders []measure.Contender
	for _, procs := range []int{1, runtime.NumCPU()} {
		on := loop
		on.For, on.Procs = l.Plan.Turn, procs
		contenders = append(contenders, measure.Contender{Name: fmt.Sprintf("%s-%d", name, procs), Mark: mark, Turn: on.Turn})
	}
	return contenders
}

func parallelCases() []Case {
	return []Case{
		{Name: "ParallelFirst", Group: "Hits on several cores", Title: "`First(&p, id)`, on as many cores as the name says", contenders: parallel(byKey)},
		{Name: "ParallelFlat100", Group: "Hits on several cores", Title: "`Find`, 100 flat rows", contenders: parallel(people("street", street))},
	}
}
