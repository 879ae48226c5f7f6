package cacheops

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/seed92106438/cacheops/invalidation"
)

// catalogCache keeps the database's catalogue. It is read on the first miss
// after the plugin is registered or a definition was changed, never for a
// write: as long as it was not read, nothing is cached that a write could
// have to spare.
type catalogCache struct {
	dialect invalidation.Dialect
	zoned   bool // it is known in which zone times are written down

	reader  chan struct{} // has room for the one that reads
	current atomic.Pointer[catalog]
	*definitions
}

// definitions follows changes of one database's definitions.
type definitions struct {
	changing   atomic.Int64  // changes that are announced and not settled
	generation atomic.Uint64 // counts those that were settled
	foreign    atomic.Uint64 // counts those of them that may be other processes'

	mu        sync.Mutex
	temporary map[string]bool // names that some connection may know as another table
}

// hide notes that a temporary table of that name is being made: on one
// connection, and no one can tell on which, the name stands for that table.
func (d *definitions) hide(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.temporary == nil {
		d.temporary = map[string]bool{}
	}
	d.temporary[name] = true
}

// hidden makes no base table of what may be hidden by a temporary table. Its
// results are not cached any more, while what is written under its name still
// counts for what it hides.
func (d *definitions) hidden(cat invalidation.Catalog) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for name := range d.temporary {
		if cat[name] == nil {
			cat[name] = &invalidation.Relation{Name: name}
		}
		cat[name].Base = false
	}
}

// allDefinitions are known by the names of the databases. Plugins that share a
// region share its changes, so the catalogues of all of them must be forgotten
// at once.
var allDefinitions sync.Map // string -> *definitions

func definitionsOf(name string) *definitions {
	v, ok := allDefinitions.Load(name)
	if !ok {
		v, _ = allDefinitions.LoadOrStore(name, new(definitions))
	}
	return v.(*definitions)
}

// catalogOf returns the catalogue of the database, which may be registered
// already by another handle. A catalogue also says how a driver writes values
// down; the driver is part of the session.
func (p *Plugin) catalogOf(id invalidation.Identity, dialect invalidation.Dialect) *catalogCache {
	for _, d := range p.each() {
		if d.name == id.Database && d.session == id.Session {
			return d.catalog
		}
	}
	return &catalogCache{
		dialect: dialect, zoned: id.Location != nil,
		reader: make(chan struct{}, 1), definitions: definitionsOf(id.Database),
	}
}

// catalog is a catalogue with the generation that it was read in.
type catalog struct {
	invalidation.Catalog
	generation uint64
	functions  bool                                // it has functions that may write
	keys       map[*invalidation.Relation][]string // see keysOf
}

// known returns the catalogue by which a write is understood, or nil if it is
// not read or may be out of date.
//
// While a definition is changing there is none. Otherwise a write that fires a
// trigger which was created a moment ago, and is not yet settled, would be
// understood by a catalogue without it.
func (c *catalogCache) known() invalidation.Catalog {
	if current := c.current.Load(); current != nil && c.changing.Load() == 0 && c.valid(current) {
		return current.Catalog
	}
	return nil
}

// calls reports whether a query of any text may call a function that writes. As
// long as that is not known it may.
func (c *catalogCache) calls() bool {
	current := c.current.Load()
	return current == nil || current.functions || !c.valid(current)
}

// valid reports whether no definition was changed since cat was read.
//
// A dependency is made with a catalogue, then the stamp is taken, then valid
// is asked. A definition that changes is announced as a Redefinition first,
// then executed, then the catalogue is forgotten, then it is settled. So if it
// was announced after the stamp, the journal makes the result untrue; if it
// was still pending, the stamp is refused; and if it was settled before the
// stamp, valid reports false.
func (c *catalogCache) valid(cat *catalog) bool {
	return cat.generation == c.generation.Load()
}

// shows reports whether a result of SELECT * has the columns that the table
// has. A connection that read the definitions before they were changed can
// give its next result under the old names (go-sqlite3 asks for them before
// SQLite reads the definitions anew), which passes but must not be stored.
func (cat *catalog) shows(table string, columns []string) bool {
	relation := cat.Catalog[table]
	if table == "" || relation == nil || !relation.Base {
		return true
	}
	for _, column := range columns {
		if _, ok := relation.Columns[invalidation.Name(column)]; !ok {
			return false
		}
	}
	return len(columns) == len(relation.Columns)
}

// loaded returns the catalogue if it is read already, and nil otherwise.
func (c *catalogCache) loaded() *catalog {
	if current := c.current.Load(); current != nil && c.valid(current) {
		return current
	}
	return nil
}

// load returns the catalogue, reading it through q if need be.
func (c *catalogCache) load(ctx context.Context, q invalidation.Querier) (*catalog, error) {
	if current := c.loaded(); current != nil {
		return current, nil
	}
	select {
	case c.reader <- struct{}{}:
		defer func() { <-c.reader }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if current := c.loaded(); current != nil {
		return current, nil
	}
	// The generation is taken before reading: a catalogue that was overtaken
	// by a change of definitions is never valid.
	fresh := &catalog{generation: c.generation.Load()}
	var err error
	if fresh.Catalog, err = c.dialect.ReadCatalog(ctx, q); err != nil {
		return nil, err
	}
	c.hidden(fresh.Catalog)
	if !c.zoned {
		fresh.ForgetZones()
	}
	fresh.keys = make(map[*invalidation.Relation][]string, len(fresh.Catalog))
	for name, relation := range fresh.Catalog {
		fresh.functions = fresh.functions || invalidation.IsFunction(name)
		fresh.keys[relation] = keysOf(relation)
	}
	c.current.Store(fresh)
	return fresh, nil
}

// begin notes that a definition may be about to change.
func (d *definitions) begin() { d.changing.Add(1) }

// end notes that it has changed, or has not after all. The catalogue is
// forgotten before it is known again.
func (d *definitions) end() {
	d.generation.Add(1)
	d.changing.Add(-1)
}

// forget has the catalogue read anew: another process may have changed a definition.
func (d *definitions) forget() {
	d.generation.Add(1)
	d.foreign.Add(1)
}

// reading tells how many changes by other processes a catalogue that is known now may
// have seen. It is never zero.
func (d *definitions) reading() uint64 { return d.foreign.Load() + 1 }

// made notes by which reading of the catalogue changes were made, which was asked for
// before the catalogue was.
func made(changes []invalidation.Change, reading uint64) []invalidation.Change {
	for i := range changes {
		changes[i].Catalog = reading
	}
	return changes
}

// outdated returns the databases of changes that were made by a catalogue which is
// not the present one any more. A trigger or a foreign key that was created before
// their statements were sent may be missing in it.
func outdated(changes []invalidation.Change) (databases []string) {
	for i := range changes {
		c := &changes[i]
		if c.Catalog != 0 && c.Catalog != definitionsOf(c.Table.Database).reading() && !slices.Contains(databases, c.Table.Database) {
			databases = append(databases, c.Table.Database)
		}
	}
	return databases
}
