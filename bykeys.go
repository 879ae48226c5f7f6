package cacheops

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"gorm.io/gorm"
	"gorm.io/gorm/schema"

	"github.com/seed92106438/cacheops/internal/snapshot"
	"github.com/seed92106438/cacheops/querykey"
)

// GetMany returns the rows of model T whose primary keys are ids, each under its id:
// the row that [Get] returns for it. An id without a row is not in the map, which is
// no error; one that is given twice is asked for once. No ids cost no statement.
//
// Each row is kept under the key of [Get] and First, with their dependency, so all of
// them share their results, and a change of one row leaves the others in the cache.
// So is the fact that there is no row. What is not in the cache is fetched by
//
//	SELECT … WHERE id IN (…)
//
// once for each 500 ids, and stored row by row. The map is not the state of one
// moment: each row is one that was true at some moment of the call.
//
// What Get leaves to GORM, GetMany does too, and also what is kept in a region that
// processes share, where looking up each id would be a round trip: one Find of the
// ids, cached as a list. A limit or an order of db then counts as in any Find.
//
// An id is told from others by its value as the database stores it, whatever integer
// type K is. Where SQL may hold an id for equal to a key that differs from it, such as
// "a" and "A" under many collations, or "1" and 1, the id is asked for by itself.
//
// The error is that of the Find, and the map is nil then. A model that has no primary
// key of one column is [gorm.ErrPrimaryKeyRequired].
func GetMany[T any, K comparable](ctx context.Context, cache *Plugin, db *gorm.DB, ids ...K) (map[K]T, error) {
	if len(ids) == 0 {
		return map[K]T{}, db.Error
	}
	m := many[T, K]{ctx: ctx, cache: cache, db: db, found: make(map[K]T, len(ids))}
	k := cache.byKey(ctx, db, reflect.TypeFor[T]())
	if missing := m.serve(k, ids); len(missing) > 0 {
		if err := m.fetch(k, missing); err != nil {
			return nil, err
		}
	}
	return m.found, nil
}

// maxIDs bounds the parameters of one query, of which some databases take no more than
// 999.
const maxIDs = 500

// many is one call of GetMany.
type many[T any, K comparable] struct {
	ctx   context.Context
	cache *Plugin
	db    *gorm.DB
	found map[K]T
}

// serve takes from the cache what is there, and returns the other ids, each once.
func (m *many[T, K]) serve(k *byKey, ids []K) (missing []K) {
	b := builders.Get().(*querykey.Builder)
	defer builders.Put(b)
	for _, id := range ids {
		if _, twice := m.found[id]; twice {
			continue
		}
		var snap *snapshot.Snapshot
		if k != nil {
			snap = k.lookUp(m.ctx, b, id)
		}
		switch row, rows, ok := rowOf[T](snap); {
		case !ok:
			missing = append(missing, id)
		case rows > 0:
			m.found[id] = row
		}
	}
	if len(missing) < 2 {
		return missing
	}
	seen := make(map[K]bool, len(missing))
	return slices.DeleteFunc(missing, func(id K) bool {
		twice := seen[id]
		seen[id] = true
		return twice
	})
}

// fetch asks the database: for many ids at once, and for those by themselves of which
// only the database can tell to which rows they are equal.
func (m *many[T, K]) fetch(k *byKey, ids []K) error {
	key, err := keyOf[T](m.db)
	if err != nil {
		return err
	}
	var together, alone []K
	for _, id := range ids {
		if _, ok := key.ofID(id); ok && len(ids) > 1 {
			together = append(together, id)
		} else {
			alone = append(alone, id)
		}
	}
	for chunk := range slices.Chunk(together, maxIDs) {
		doubtful, err := m.fetchChunk(k, key, chunk)
		if err != nil {
			return err
		}
		alone = append(alone, doubtful...)
	}
	for _, id := range alone {
		switch row, err := Get[T](m.ctx, m.cache, m.db, id); {
		case err == nil:
			m.found[id] = row
		case !errors.Is(err, gorm.ErrRecordNotFound):
			return err
		}
	}
	return nil
}

// fetchChunk asks for ids by one query, and returns those of which it cannot tell
// which rows are theirs.
func (m *many[T, K]) fetchChunk(k *byKey, key *rowKey, chunk []K) (doubtful []K, err error) {
	ids, known := make([]any, len(chunk)), make([]any, len(chunk))
	for i, id := range chunk {
		ids[i] = id
		known[i], _ = key.ofID(id)
	}
	var rows []T
	g := k.gather(m.ctx, key, ids)
	if g != nil {
		err = g.find(m.db, &rows)
	} else {
		err = asking(m.ctx, m.db).Where(hasKey(ids...)).Find(&rows).Error
	}
	if err != nil {
		return nil, err
	}
	keys := make([]any, len(rows))
	for j := range rows {
		keys[j] = key.ofRow(m.ctx, reflect.ValueOf(&rows[j]).Elem())
	}
	for i, place := range match(known, keys) {
		switch {
		case place == isDoubtful:
			doubtful = append(doubtful, chunk[i])
		case place == isAbsent:
			keep(g, i, *new(T), 0)
		default:
			m.found[chunk[i]] = keep(g, i, rows[place], 1)
		}
	}
	return doubtful, nil
}

// keep stores the row that was found for an id, or that there is none, if it is to be
// stored. The row must not be used any more; that which is returned is the caller's.
func keep[T any](g *gathering, i int, row T, rows int64) T {
	if g == nil || g.stamps[i] == nil {
		return row
	}
	into := new(T)
	*into = row
	snap := g.keep(i, reflect.ValueOf(into).Elem(), rows)
	if kept, _, ok := rowOf[T](snap); ok {
		return kept
	}
	return row
}

// keyOf returns the primary key of a model.
func keyOf[T any](db *gorm.DB) (*rowKey, error) {
	stmt := &gorm.Statement{DB: db}
	if err := stmt.Parse(new(T)); err != nil {
		return nil, fmt.Errorf("cacheops: %T is not a model: %w", *new(T), err)
	}
	if len(stmt.Schema.PrimaryFields) != 1 {
		return nil, fmt.Errorf("cacheops: %T: %w: of one column", *new(T), gorm.ErrPrimaryKeyRequired)
	}
	return newRowKey(stmt.Schema.PrimaryFields[0]), nil
}

// rowKey is the primary key of a model, by whose values rows are found to be those of
// ids.
type rowKey struct {
	*schema.Field
	own bool // the type has a way of its own to scan
}
