package cacheops

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"slices"
	"sync/atomic"

	"github.com/seed92106438/cacheops/internal/track"
	"github.com/seed92106438/cacheops/internal/watch"
)

// Connector returns a connector whose connections tell the plugin of all that
// is sent on them, whoever sends it: a raw *sql.DB or *sql.Tx, db.Connection,
// other libraries, BEGIN as text. It is to be made before the pool is:
//
//	pool := sql.OpenDB(cache.Connector(connector))
//	db, err := gorm.Open(postgres.New(postgres.Config{DSN: dsn, Conn: pool}))
//	err = db.Use(cache)
//
// The DSN is given all the same, because it tells which database it is.
// Without db.Use, what is sent counts for each database that the plugin is
// registered with, so a pool that GORM does not know can be watched too. No
// read of such a pool is served from the cache.
//
// What is sent on the driver's own connection, which [Unwrap] returns, is not
// seen.
func (p *Plugin) Connector(connector driver.Connector) driver.Connector {
	p.watching.Store(true)
	return watch.Wrap(connector, &link{plugin: p})
}

// Open opens a pool as [sql.Open] does, with a [Plugin.Connector].
func (p *Plugin) Open(driverName, dataSourceName string) (*sql.DB, error) {
	plain, err := sql.Open(driverName, dataSourceName)
	if err != nil {
		return nil, err
	}
	d := plain.Driver()
	if err := plain.Close(); err != nil {
		return nil, err
	}
	opener, ok := d.(driver.DriverContext)
	if !ok {
		return sql.OpenDB(p.Connector(&watch.Source{Opener: d, Name: dataSourceName})), nil
	}
	connector, err := opener.OpenConnector(dataSourceName)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(p.Connector(connector)), nil
}

// Unwrap returns the driver's own connection. It is for [sql.Conn.Raw], whose
// function is given a wrapper if the pool has a [Plugin.Connector]. What is
// sent on the driver's connection has to be made known with [Plugin.Wrote] or
// [Plugin.WroteSQL].
//
//	err := conn.Raw(func(driverConn any) error {
//		pgxConn := cacheops.Unwrap(driverConn).(*stdlib.Conn).Conn()
//		…
//	})
func Unwrap(driverConn any) any { return watch.Unwrap(driverConn) }

// link is what a watched pool has to do with the plugin.
type link struct {
	plugin *Plugin
	bound  atomic.Pointer[[]*database]
}

// Session implements [watch.Observer].
func (l *link) Session(status watch.Status) watch.Session { return &wire{link: l, status: status} }

// databases returns those that the pool may lead to, and all that must hear of
// their changes: those that it was registered with, or else all that the
// plugin knows.
func (l *link) databases() []*database {
	bound := l.bound.Load()
	if bound == nil {
		return l.plugin.each()
	}
	var all []*database
	for _, d := range *bound {
		for _, each := range d.everyone() {
			if !slices.Contains(all, each) {
				all = append(all, each)
			}
		}
	}
	return all
}

// bind notes that the pool leads to d, if it is watched for d's plugin.
func (d *database) bind(pool *track.Pool) {
	db, err := pool.GetDBConn()
	if err != nil {
		return
	}
	for _, observer := range watch.Observers(db) {
		if l, ok := observer.(*link); ok && l.plugin == d.Plugin {
			if !d.owns(pool) {
				d.elsewhere.Store(true) // it may be written to past GORM
			}
			l.add(d)
		}
	}
}

// add binds another database, unless it is the same by another handle.
func (l *link) add(d *database) {
	var all []*database
	if bound := l.bound.Load(); bound != nil {
		all = slices.Clone(*bound)
	}
	same := func(other *database) bool { return other.name == d.name && other.session == d.session }
	if !slices.ContainsFunc(all, same) {
		all = append(all, d)
		l.bound.Store(&all)
	}
}

// notSent reports whether a statement was not sent, and is going to be sent in
// another way.
func notSent(err error) bool { return errors.Is(err, driver.ErrSkip) }
