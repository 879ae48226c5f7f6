package cacheops

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seed92106438/cacheops/invalidation"
)

// Wrote makes known that rows of the tables, given as models or names, were
// written past GORM: by a raw *sql.DB, COPY, or another program. It is to be
// called when they are committed; until then, reads may be served and stored
// as they were. Every result on these tables is dropped, and so are those on
// tables that foreign keys and triggers may have changed along with them,
// which [Plugin.InvalidateModel] leaves alone. [Plugin.WroteSQL] drops less,
// [Plugin.InvalidateRow] and [Plugin.InvalidateWhere] tell which rows.
//
// For a transaction of one's own, [Plugin.Announce] before its COMMIT leaves
// no moment in which an old result is served. [Plugin.Connector] sees such
// writes by itself.
//
// A table that no database of the plugin has is an error, and nothing is
// dropped.
func (p *Plugin) Wrote(ctx context.Context, modelsOrTables ...any) error {
	if len(modelsOrTables) == 0 {
		return errors.New("cacheops: Wrote: no table was named")
	}
	known := make([]bool, len(modelsOrTables))
	changes, err := p.changesIn(func(d *database) ([]invalidation.Change, error) {
		return d.wrote(ctx, modelsOrTables, known)
	})
	if err != nil {
		return err
	}
	if i := slices.Index(known, false); i >= 0 {
		return fmt.Errorf("cacheops: Wrote: there is no table for %v", modelsOrTables[i])
	}
	return p.publish(context.WithoutCancel(ctx), changes)
}

// wrote returns what follows from a write of those tables that the database
// has, and marks these as known.
func (d *database) wrote(ctx context.Context, modelsOrTables []any, known []bool) ([]invalidation.Change, error) {
	shape := &invalidation.Shape{Verb: invalidation.Mutation}
	catalog := d.names(ctx)
	for i, v := range modelsOrTables {
		table, err := d.table(v)
		if err != nil {
			return nil, err
		}
		if table = canonical(catalog, table); catalog == nil || catalog[table] != nil {
			known[i] = true
			shape.Writes = append(shape.Writes, invalidation.Write{Table: table, Kind: invalidation.Any})
		}
	}
	if len(shape.Writes) == 0 {
		return nil, nil
	}
	return shape.Changes(d.name, nil, catalog, invalidation.Facts{}), nil
}

// WroteSQL makes known that a statement was carried out past GORM, and drops
// just what it may have changed. It is to be called when the statement is
// committed, as [Plugin.Wrote] is. A text that is not understood drops every
// result. One that writes nothing, or that was not given the arguments that it
// has parameters for, is an error, and nothing is dropped.
func (p *Plugin) WroteSQL(ctx context.Context, sql string, args ...any) error {
	if strings.TrimSpace(sql) == "" {
		return errors.New("cacheops: WroteSQL: no statement was given")
	}
	changes, err := p.changesIn(func(d *database) ([]invalidation.Change, error) {
		shape := d.shape(sql)
		switch {
		case !writes(shape):
			return nil, errors.New("cacheops: WroteSQL: the statement writes nothing")
		case shape.Verb == invalidation.Mutation && len(args) != shape.Params:
			return nil, fmt.Errorf("cacheops: WroteSQL: %d arguments for %d parameters", len(args), shape.Params)
		}
		return d.ignored(shape.Changes(d.name, d.stored(args), d.names(ctx), invalidation.Facts{})), nil
	})
	if err != nil {
		return err
	}
	return p.publish(context.WithoutCancel(ctx), changes)
}

// writes reports whether a statement of that shape may write rows or change
// definitions. A query may, by a function that the analyser does not know.
func writes(shape *invalidation.Shape) bool {
	switch shape.Verb {
	case invalidation.Opaque, invalidation.Mutation, invalidation.Definition:
		return true
	case invalidation.Query:
		return len(shape.Calls) > 0
	}
	return false
}

// changesIn collects changes of all databases that the plugin is registered
// with. An error in one of them is an error of the whole.
func (p *Plugin) changesIn(changes func(*database) ([]invalidation.Change, error)) ([]invalidation.Change, error) {
	databases := p.each()
	if len(databases) == 0 {
		return nil, errNotRegistered
	}
	var all []invalidation.Change
	for _, d := range databases {
		c, err := changes(d)
		if err != nil {
			return nil, err
		}
		all = append(all, c...)
	}
	return all, nil
}
