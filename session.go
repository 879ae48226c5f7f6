package cacheops

import (
	"context"
	"strings"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops/internal/track"
	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/profiles"
)

// Which table a name stands for depends on the connection: on its search path
// or current database, and on its temporary tables. Statements that change
// this for one connection of a pool are seen here, before they are sent. No
// one can tell which later statements will share that connection, so from
// then on
//
//   - names that a temporary table may hide are not cached, see
//     [definitions.hide];
//   - after any other such change nothing is cached, and a write changes every
//     table.
//
// A reader that looked before, and whose query comes after the change on that
// connection, asks again before it stores: see [flight.store].

// heed takes note of a text that is about to be sent.
func (d *database) heed(db *gorm.DB) {
	if db.Statement.SQL.Len() == 0 {
		return // GORM's own statements do not do that
	}
	shape := d.shape(db.Statement.SQL.String())
	if shape.Temporary != "" {
		for _, each := range d.everyone() {
			each.catalog.hide(shape.Temporary)
		}
	}
	_, tx := track.Resolve(db.Statement.ConnPool)
	switch local := shape.Verb == invalidation.Local; {
	case shape.Verb == invalidation.Opaque && tx != nil:
		tx.Stray() // it has changed everything already, and may be SET ROLE in a block
		return
	case !local && shape.Verb != invalidation.Session:
		return
	case tx != nil:
		tx.Stray()
		if local {
			return
		}
	}
	d.strayed.Store(true)
}

// namesIn returns the catalogue by which the names in a statement are
// understood, or nil if there is none.
func (d *database) namesIn(db *gorm.DB) invalidation.Catalog {
	if _, tx := track.Resolve(db.Statement.ConnPool); d.strayed.Load() || tx != nil && tx.Strayed() {
		return nil
	}
	return d.catalog.known()
}

// names returns the catalogue, reading it if need be, for names that are given
// by the caller. It is nil if it cannot be read, or not without waiting for a
// connection: all of them may be in the hands of such callers.
func (d *database) names(ctx context.Context) invalidation.Catalog {
	if d.strayed.Load() {
		return nil
	}
	if stats := d.pool.Stats(); d.catalog.known() == nil && stats.MaxOpenConnections > 0 && stats.InUse >= stats.MaxOpenConnections {
		return nil
	}
	catalog, err := d.catalog.load(context.WithoutCancel(ctx), d.pool)
	if err != nil {
		return nil
	}
	return catalog.Catalog
}

// canonical returns the name by which changes know a table. Without a catalogue
// it may be any.
func canonical(catalog invalidation.Catalog, name string) string {
	switch {
	case catalog == nil:
		return invalidation.AllTables
	case catalog[name] == nil:
		// SQLite's own schema may be named, and never is in its catalogue.
		name = strings.TrimPrefix(name, "main.")
	}
	return catalog.Canonical(name)
}

// profileOf returns the profile of a table that goes by its canonical name: a
// profile names it as the application does, without the schema if that is
// enough.
func (d *database) profileOf(catalog invalidation.Catalog, name string) profiles.Profile {
	short := name[strings.LastIndexByte(name, '.')+1:]
	if r := catalog[short]; r != nil && r.Name == name {
		name = short
	}
	return d.profile(name)
}
