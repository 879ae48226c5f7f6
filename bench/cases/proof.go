package cases

import (
	"errors"
	"fmt"
	"time"

	"github.com/google/go-cmp/cmp"
	"gorm.io/gorm"

	"github.com/seed92106438/cacheops/bench/measure"
	"github.com/seed92106438/cacheops/bench/subject"
)

// Read reads with a handle. It returns a pointer to what it has read.
type Read func(*gorm.DB) (any, error)

// patience is how long a subject may take until a read is a hit. A region that
// processes share keeps nothing before its journals are as old as a lease.
const patience = 4 * time.Second

var errNoHit = errors.New("never a hit")

// cached reads until nothing is sent to the database for it.
func (s *station) cached(read Read) (any, error) {
	until := time.Now().Add(patience)
	if !s.Own {
		until = time.Now().Add(patience / 20)
	}
	for {
		s.log.Take()
		got, err := safely(read, s.db)
		if err != nil {
			return nil, err
		}
		if len(s.log.Take()) == 0 {
			return got, nil
		}
		if time.Now().After(until) {
			return nil, errNoHit
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// prove proves that the read is a hit. It returns what is wrong with what is read:
// at first, or after a write through the same handle that alters it.
func (s *station) prove(read Read, alter func(*gorm.DB) error, altered string) (mark string, err error) {
	got, err := s.cached(read)
	if err != nil {
		return "", err
	}
	if differs, err := s.differs(got, read); differs || err != nil {
		mark = "a hit is not what the database gives"
	}
	if alter == nil {
		return mark, err
	}
	if err := alter(s.db); err != nil {
		return "", err
	}
	got, err = safely(read, s.db)
	if err != nil {
		return "", err
	}
	if differs, err := s.differs(got, read); err != nil {
		return "", err
	} else if differs && mark == "" {
		mark = "stale after " + altered
	}
	_, err = s.cached(read)
	return mark, err
}

// differs tells whether the database itself gives another answer.
func (s *station) differs(got any, read Read) (bool, error) {
	want, err := read(s.truth)
	if err != nil {
		return false, err
	}
	return !cmp.Equal(got, want), nil
}

// safely makes an error of a panic: a subject may not be up to a query.
func safely(read Read, db *gorm.DB) (got any, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panics: %v", r)
		}
	}()
	return read(db)
}

// hits is a contender whose reads are proven to be hits, each of them.
func (l *Lab) hits(s *station, read Read, alter func(*gorm.DB) error, altered string) measure.Contender {
	if s.Name == subject.Uncached {
		return l.reads(s, func(db *gorm.DB, _ int) (any, error) { return read(db) })
	}
	mark, err := s.prove(read, alter, altered)
	if err != nil {
		return measure.Contender{Name: s.Name, Mark: err.Error()}
	}
	loop := &measure.Loop{For: l.Plan.Turn, After: s.sentNothing, Op: func(int) error {
		_, err := read(s.db)
		return err
	}}
	return measure.Contender{Name: s.Name, Mark: mark, Turn: loop.Turn}
}

// reads is a contender each of whose reads is proven to go to the database.
func (l *Lab) reads(s *station, read func(*gorm.DB, int) (any, error)) measure.Contender {
	s.log.Take()
	loop := &measure.Loop{For: l.Plan.Turn, After: s.sentEach, Op: func(n int) error {
		_, err := read(s.db, n)
		return err
	}}
	return measure.Contender{Name: s.Name, Turn: loop.Turn}
}

// sentNothing fails if anything was sent in a turn.
func (s *station) sentNothing(ops int) error {
	if sent := len(s.log.Take()); sent > 0 {
		return fmt.Errorf("%d statements were sent for %d reads that were to be hits", sent, ops)
	}
	return nil
}

// sentEach fails if not everything was sent in a turn.
func (s *station) sentEach(ops int) error {
	if sent := len(s.log.Take()); sent < ops {
		return fmt.Errorf("%d statements were sent for %d reads that were to be misses", sent, ops)
	}
	return nil
}
