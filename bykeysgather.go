package cacheops

import (
	"context"
	"reflect"
	"time"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops/internal/snapshot"
	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/querykey"
	"github.com/seed92106438/cacheops/region"
)

// gathering is one query for the rows of many ids, each of which is stored as the
// result of the query for that id alone. It does for all of them what a [flight] does
// for one result, in the same order: the dependencies and then the stamps are taken,
// the query is sent, what was found is stored. See [flight.run] for why that is right;
// it holds for each id by itself, since the query for many sees of each row what a
// query for one, sent at the same moment, would see.
type gathering struct {
	*byKey
	ctx          context.Context
	ids          []any
	deps         []*invalidation.Dependency // of each id
	stamps       []region.Stamp             // of each id; nil if its row must not be stored
	ttl, noneTTL time.Duration              // of a row, and of its absence
	catalog      *catalog
	star         string // the table whose columns the result must have: see [catalog.shows]
	tap          *tap
}

// gather prepares a query for ids, or returns nil if their rows are not to be stored
// one by one. The key must be unique in the database as well: else First picks one of
// several rows.
func (k *byKey) gather(ctx context.Context, key *rowKey, ids []any) *gathering {
	if k == nil {
		return nil
	}
	g := &gathering{byKey: k, ctx: ctx, ids: ids, deps: make([]*invalidation.Dependency, len(ids))}
	stmt := &gorm.Statement{DB: k.root, Context: ctx, Table: k.table}
	stmt.SQL.WriteString(k.sql)
	r := &read{stmt: stmt, profile: k.profile}
	for i, id := range ids {
		stmt.Vars = append([]any{id}, k.after...)
		dep, cat, reason := k.depend(r)
		if reason != "" {
			return nil
		}
		// The first catalogue will do for all: if it is valid in the end, no other
		// was read.
		if g.deps[i] = dep; i == 0 {
			g.catalog = cat
		}
	}
	relation := g.catalog.Catalog[invalidation.Name(k.table)]
	if relation == nil || !g.unique(relation.Columns[invalidation.Name(key.DBName)], key) {
		return nil
	}
	g.ttl, g.noneTTL = ttls(r)
	g.star = k.database.shape(k.sql).Star
	return g
}

// unique reports whether an id is equal to one value of the column at most, and
// numbers are compared as such.
func (g *gathering) unique(column invalidation.Column, key *rowKey) bool {
	kind := key.IndirectFieldType.Kind()
	number := reflect.Int <= kind && kind <= reflect.Uint64
	return column.Unique && (!number || column.Kind == invalidation.Int)
}

// find takes the stamps and has GORM send the query. Its statement passes the plugin's
// own callback by: see [tapped].
func (g *gathering) find(db *gorm.DB, rows any) error {
	start := time.Now()
	tx := db.WithContext(g.ctx).Where(hasKey(g.ids...))
	g.tap = &tap{ConnPool: tx.Statement.ConnPool}
	tx.Statement.ConnPool = g.tap
	g.stamp()
	m := g.mark(tx, mark{own: true})
	err := tx.Find(rows).Error
	m.lift()
	if m.saw() || g.strayed.Load() || err == nil && !g.catalog.shows(g.star, g.tap.names) {
		clear(g.stamps)
	}
	g.counters.misses.Add(uint64(len(g.ids)))
	for range g.ids {
		g.told(g.ctx, ReadInfo{Duration: time.Since(start)})
	}
	return err
}

// stamp takes the stamps. Each is of its own journals' positions, all of which are
// read before the query is sent.
func (g *gathering) stamp() {
	g.stamps = make([]region.Stamp, len(g.ids))
	lag := g.lag(g.tap.ConnPool)
	for i, dep := range g.deps {
		if stamp, clear := g.region.Stamp(g.ctx, dep, lag); clear {
			g.stamps[i] = stamp
		}
	}
	if !g.database.catalog.valid(g.catalog) || !g.covers(lag, g.tap.ConnPool) {
		clear(g.stamps)
	}
}

// keep stores what was found for the id at i, and returns it, or nil if it is not
// stored.
func (g *gathering) keep(i int, value reflect.Value, rows int64) *snapshot.Snapshot {
	snap := g.taken(value, rows)
	if snap == nil || !g.put(i, snap) {
		g.counters.refused.Add(1)
		return nil
	}
	g.counters.fills.Add(1)
	return snap
}

// taken makes what is stored of a row, or nil if it is not to be stored.
func (g *gathering) taken(value reflect.Value, rows int64) *snapshot.Snapshot {
	snap, err := snapshot.Take(value, rows, g.tap.names)
	if err != nil {
		g.report(g.ctx, g.table, err)
		return nil
	}
	if g.profile.MaxBytes > 0 && snap.Size() > g.profile.MaxBytes {
		return nil
	}
	return snap
}

func (g *gathering) put(i int, snap *snapshot.Snapshot) bool {
	var b querykey.Builder
	if !g.writeKey(&b, g.ids[i]) {
		return false
	}
	entry := &region.Entry{
		Key: b.Key().Clone(), Dependency: g.deps[i], Stamp: g.stamps[i],
		Value: snap, Size: snap.Size(), TTL: g.ttl,
	}
	if snap.Rows() == 0 {
		entry.TTL = g.noneTTL
	}
	return g.region.Put(g.ctx, entry)
}
