// Package cases has what is measured: each case puts the same statements to every
// subject, on a copy of the same database.
package cases

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops/bench/measure"
	"github.com/seed92106438/cacheops/bench/shop"
	"github.com/seed92106438/cacheops/bench/subject"
	"github.com/seed92106438/cacheops/internal/sqlcount"
)

// Plan says how long is measured.
type Plan struct {
	Rounds int
	Turn   time.Duration
	Long   bool // the cases that take minutes as well
}

// Case is one table of the document.
type Case struct {
	// Name is that of the benchmark, and of the file of its figures.
	Name string
	// Group is the heading under which it is shown.
	Group string
	// Title is what is done, and About what else is to be known of it.
	Title, About string
	// Long is set for cases of the long set only.
	Long bool

	contenders func(context.Context, *Lab) ([]measure.Contender, error)
}

// Lab is where cases are run. It makes what they need when they need it.
type Lab struct {
	Plan  Plan
	Size  shop.Size
	Redis *shop.Redis // nil leaves out what needs it
	Dir   string

	sqlite, postgres shop.Source
	opened           []func() error
}

// Run runs a case and writes its figures to w.
func (l *Lab) Run(ctx context.Context, c *Case, w io.Writer) (err error) {
	defer func() { err = errors.Join(err, l.clear()) }()
	contenders, err := c.contenders(ctx, l)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Name, err)
	}
	return measure.Run(ctx, w, c.Name, l.Plan.Rounds, contenders)
}

// clear closes what a case has opened.
func (l *Lab) clear() error {
	var errs []error
	for i := len(l.opened) - 1; i >= 0; i-- {
		errs = append(errs, l.opened[i]())
	}
	l.opened = nil
	return errors.Join(errs...)
}

// Close removes the databases.
func (l *Lab) Close() error {
	var errs []error
	for _, source := range []shop.Source{l.sqlite, l.postgres} {
		if source != nil {
			errs = append(errs, source.Close())
		}
	}
	return errors.Join(errs...)
}

// ground is a kind of database.
type ground func(context.Context, *Lab) (shop.Source, error)

func onSQLite(_ context.Context, l *Lab) (source shop.Source, err error) {
	if l.sqlite == nil {
		l.sqlite, err = shop.SQLite(l.Size)
	}
	return l.sqlite, err
}

func onPostgres(ctx context.Context, l *Lab) (source shop.Source, err error) {
	if l.postgres == nil {
		l.postgres, err = shop.Postgres(ctx, l.Size)
	}
	return l.postgres, err
}

// station is a subject at work on a database of its own.
type station struct {
	subject.Subject
	db     *gorm.DB // reads and writes through the subject
	truth  *gorm.DB // reads and writes past it
	log    *sqlcount.Log
	ground subject.Ground
}

// open puts a subject to work.
func (l *Lab) open(ctx context.Context, on ground, s subject.Subject) (*station, error) {
	source, err := on(ctx, l)
	if err != nil {
		return nil, err
	}
	database, err := source.Copy(ctx)
	if err != nil {
		return nil, err
	}
	l.opened = append(l.opened, database.Close)
	truth, _, err := database.Open()
	if err != nil {
		return nil, err
	}
	db, log, err := database.Open()
	if err != nil {
		return nil, err
	}
	at := &station{Subject: s, truth: truth, log: log, ground: subject.Ground{Database: database, Dir: l.Dir, Redis: l.Redis}}
	var end func() error
	at.db, end, err = s.Use(db, at.ground)
	if end != nil {
		l.opened = append(l.opened, end)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Name, err)
	}
	return at, nil
}

// openAll puts those subjects to work for which there is what they need.
func (l *Lab) openAll(ctx context.Context, on ground, subjects []subject.Subject) ([]*station, error) {
	var stations []*station
	for _, s := range subjects {
		if s.Shared && l.Redis == nil {
			continue
		}
		at, err := l.open(ctx, on, s)
		if err != nil {
			return nil, err
		}
		stations = append(stations, at)
	}
	return stations, nil
}
