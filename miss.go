package cacheops

import (
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/querykey"
)

func errNoSuchRegion(name string) error { return fmt.Errorf("cacheops: no region is called %q", name) }

// miss serves a read that is not in the cache from the database, and stores
// the result if it may be.
func (d *database) miss(r *read) {
	dep, cat, reason := d.depend(r)
	if reason != "" {
		d.bypass(r, reason)
		return
	}
	f := d.newFlight(r, dep, cat)
	found, mine, err := d.flights.join(r.stmt.Context, f)
	if !mine && !f.usable(r.stmt.Context, found) {
		found, err = f.run(r.stmt.Context)
		mine = true
	}
	if err != nil {
		d.counters.misses.Add(1)
		r.form.fail(r.db, err)
		if found != nil {
			found.fill(r.db)
		}
		return
	}
	d.land(r, found, mine && !found.stored)
}

// land delivers what a flight found. The query was the read's own, or was sent
// for another read.
func (d *database) land(r *read, found *landing, own bool) {
	switch {
	case !found.fill(r.db):
		d.bypass(r, unfit(found.filler()))
		return
	case own:
		d.counters.misses.Add(1)
	default:
		r.stmt.SQL.Reset()
		d.counters.hits.Add(1)
		d.counters.shared.Add(1)
	}
	d.told(r, ReadInfo{Hit: !own})
}

// depend finds what the read depends on, or why it cannot be cached.
func (d *database) depend(r *read) (*invalidation.Dependency, *catalog, Bypass) {
	shape := d.analysed(r.stmt.SQL.String())
	if shape.Refusal != "" {
		return nil, nil, Bypass(shape.Refusal)
	}
	r.shape = shape
	cat, err := d.catalog.load(r.stmt.Context, d.pool)
	if err != nil {
		d.report(r.stmt.Context, r.stmt.Table, fmt.Errorf("cacheops: reading the catalogue: %w", err))
		return nil, nil, NoCatalogue
	}
	declared, err := d.declared(r.settings, cat)
	if err != nil {
		d.report(r.stmt.Context, r.stmt.Table, err)
		return nil, nil, UnknownTable
	}
	for _, use := range shape.Uses {
		if d.profileOf(cat.Catalog, cat.Canonical(use.Table)).Never {
			return nil, nil, NeverCached
		}
		relation := cat.Catalog[use.Table]
		if relation != nil && relation.Lasting || (relation == nil || !relation.Base) && len(declared) == 0 {
			return nil, nil, UnknownTable
		}
	}
	args := d.stored(r.stmt.Vars)
	if slices.ContainsFunc(args, d.meansPresent) {
		return nil, nil, TimeArgument
	}
	dep := shape.Dependency(d.name, args, cat.Catalog)
	for _, table := range declared {
		dep.Declare(invalidation.Table{Database: d.name, Name: table})
	}
	if len(dep.Tables) == 0 {
		return nil, nil, NoTable
	}
	return dep, cat, ""
}

// declared returns the tables named by DependsOn. A name without a schema that
// is not in the catalogue is a mistake: no change would ever name it. Nor is one
// taken whose changes transactions do not hold back.
func (d *database) declared(s *settings, cat *catalog) ([]string, error) {
	if s == nil {
		return nil, nil
	}
	tables := make([]string, 0, len(s.dependsOn))
	for _, v := range s.dependsOn {
		table, err := d.table(v)
		if err != nil {
			return nil, err
		}
		table = canonical(cat.Catalog, table)
		if relation := cat.Catalog[table]; relation != nil && relation.Lasting {
			return nil, fmt.Errorf("cacheops: DependsOn: what is written to %q does not wait for COMMIT", table)
		}
		if cat.Catalog[table] == nil && !strings.Contains(table, ".") {
			return nil, fmt.Errorf("cacheops: DependsOn: there is no table %q", table)
		}
		tables = append(tables, table)
	}
	return tables, nil
}

// table returns the key in the catalogue of a table that is given as its name
// or as a model.
func (d *database) table(modelOrTable any) (string, error) {
	if name, ok := modelOrTable.(string); ok && name != "" {
		return invalidation.Name(name), nil
	}
	stmt := &gorm.Statement{DB: d.root}
	if err := stmt.Parse(modelOrTable); err != nil {
		return "", fmt.Errorf("cacheops: %T is neither a model nor the name of a table: %w", modelOrTable, err)
	}
	return invalidation.Name(stmt.Table), nil
}

// meansPresent reports whether the database may take an argument for a moment
// near the present.
func (d *database) meansPresent(v driver.Value) bool {
	switch v := v.(type) {
	case string:
		return d.dialect.Present(v)
	case []byte:
		return d.dialect.Present(string(v))
	}
	return false
}

// stored brings arguments into the form in which they are stored. One that has
// none stays as it is, which no box understands.
func (d *database) stored(vars []any) []driver.Value {
	args := make([]driver.Value, len(vars))
	for i, v := range vars {
		stored, ok := querykey.Normalize(v)
		if !ok {
			stored = v
		}
		if t, ok := stored.(time.Time); ok && d.zone != nil {
			stored = t.In(d.zone)
		}
		args[i] = stored
	}
	return args
}
