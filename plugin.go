package cacheops

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops/internal/track"
	"github.com/seed92106438/cacheops/region"
)

// Name is the name under which the plugin is registered with GORM.
const Name = "cacheops"

// Plugin is the cache of one or several databases. It is made by [New],
// registered with db.Use, and safe for concurrent use.
type Plugin struct {
	config Config

	// resolved holds the outcome of checking config, once.
	once     sync.Once
	resolved *defaults
	err      error

	disabled atomic.Bool
	watching atomic.Bool // some pool has a Connector of the plugin
	counters counters

	holders sync.Map // *database by its *track.Pool

	mu        sync.Mutex
	databases []*database
}

var _ gorm.Plugin = (*Plugin)(nil)

// New returns a plugin. A bad configuration is reported by db.Use.
func New(config Config) *Plugin { return &Plugin{config: config} }

// Name implements [gorm.Plugin].
func (p *Plugin) Name() string { return Name }

// Initialize implements [gorm.Plugin]; db.Use calls it. It sends nothing to
// the database. GORM calls it again for databases that are opened with the
// same configuration, as dbresolver opens its sources and replicas: these get
// their pools tracked and callbacks of their own; what is shared is made once.
func (p *Plugin) Initialize(db *gorm.DB) error {
	if err := p.check(); err != nil {
		return err
	}
	if db.Callback().Query().Get(readCallback) != nil {
		return nil
	}
	dialect, err := dialectOf(db)
	if err != nil {
		return err
	}
	pool := track.Wrap(db.ConnPool, journal{p})
	db.ConnPool, db.Statement.ConnPool = pool, pool
	tracked, _ := track.Resolve(pool)
	d, err := newDatabase(p, db, tracked, dialect)
	if err != nil {
		return err
	}
	p.join(d)
	if err := errors.Join(d.register(db), d.around()); err != nil {
		return fmt.Errorf("cacheops: registering callbacks: %w", err)
	}
	d.bind(tracked)
	p.holders.Store(tracked, d)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.databases = append(p.databases, d)
	return nil
}

// SetEnabled turns caching on, as it is at first, or off. While it is off
// nothing is looked up or stored and no SQL is added, but writes still make
// results untrue, so that caching can be turned on again at any time.
func (p *Plugin) SetEnabled(enabled bool) { p.disabled.Store(!enabled) }

// check resolves the configuration once.
func (p *Plugin) check() error {
	p.once.Do(func() {
		if p.resolved, p.err = p.config.resolve(); p.err == nil {
			p.listen()
		}
	})
	return p.err
}

// listen has regions tell of what goes wrong in their stores and fails no query, and
// of what other processes may have defined.
func (p *Plugin) listen() {
	for _, r := range p.resolved.distinct {
		if told, ok := r.(interface{ Notify(func(error)) }); ok {
			told.Notify(func(err error) { p.report(context.Background(), "", err) })
		}
		r.Redefined(func(database string) { definitionsOf(database).forget() })
	}
}

// regions returns the regions in use, none before the plugin is registered.
func (p *Plugin) regions() region.Set {
	if p.check() != nil {
		return nil
	}
	return p.resolved.regions
}

// distinctRegions returns each of them once.
func (p *Plugin) distinctRegions() []region.Region {
	if p.check() != nil {
		return nil
	}
	return p.resolved.distinct
}

// each returns the databases registered so far under whose names results may
// be kept.
func (p *Plugin) each() []*database {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(p.databases), func(d *database) bool { return !d.lives(d) })
}
