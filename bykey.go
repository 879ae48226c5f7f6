package cacheops

import (
	"cmp"
	"context"
	"reflect"
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/seed92106438/cacheops/internal/snapshot"
	"github.com/seed92106438/cacheops/internal/track"
	"github.com/seed92106438/cacheops/profiles"
	"github.com/seed92106438/cacheops/querykey"
	"github.com/seed92106438/cacheops/region"
)

// Get returns the row of model T whose primary key is id, as
//
//	db.WithContext(ctx).Scopes(Cache()).First(&row, id)
//
// does, and shares its results: what either has stored the other is served. A hit
// in memory costs a small part of what GORM takes to build the statement, which is
// not built. It returns [gorm.ErrRecordNotFound] if there is no such row.
//
// The cache must be registered with db. Soft deletes, profiles, and the settings of
// the context count as for any query. What is not covered goes through GORM, with
// the same answer: a db with conditions, a transaction, models with AfterFind or
// several primary keys, other plugins' callbacks on queries, and whatever is not in
// memory.
func Get[T any](ctx context.Context, cache *Plugin, db *gorm.DB, id any) (T, error) {
	if k := cache.byKey(ctx, db, reflect.TypeFor[T]()); k != nil {
		b := builders.Get().(*querykey.Builder)
		snap := k.lookUp(ctx, b, id)
		builders.Put(b)
		if row, rows, ok := rowOf[T](snap); ok {
			if rows == 0 {
				return row, gorm.ErrRecordNotFound
			}
			return row, nil
		}
	}
	return first[T](ctx, db, id)
}

// rowOf returns a copy of the row that a look-up has found, and how many there are. It
// reports false if the look-up has found nothing.
func rowOf[T any](snap *snapshot.Snapshot) (row T, rows int64, ok bool) {
	if snap == nil {
		return row, 0, false
	}
	row, ok = snapshot.Row[T](snap)
	return row, snap.Rows(), ok
}

// first asks GORM. It is apart because its row is on the heap.
func first[T any](ctx context.Context, db *gorm.DB, id any) (T, error) {
	var row T
	err := asking(ctx, db).Where(hasKey(id)).First(&row).Error
	return row, err
}

// asking returns db with a scope that asks for the result to be cached, unless the
// context says something of that.
func asking(ctx context.Context, db *gorm.DB) *gorm.DB {
	db = db.WithContext(ctx)
	if ctx.Value(contextKey{}) != nil {
		return db
	}
	return db.Scopes(Cache())
}

// hasKey is the condition that First makes of a number.
func hasKey(ids ...any) clause.Expression {
	return clause.IN{Column: clause.PrimaryColumn, Values: ids}
}

// byKey is how the rows of a model are looked up by their primary keys, for all
// calls that are alike but for the key. It is immutable.
type byKey struct {
	*database
	table    string
	profile  profiles.Profile
	region   region.Region
	inRegion string // its name

	sql   string // as First has it
	after []any  // the arguments that follow the key

	// What keys are made of besides the id: see [database.identify].
	head, tail, shape querykey.Parts

	callbacks  reflect.Value // GORM's list of those on queries
	registered int           // how many there were when this was made
}

// byKey returns how rows of type t are looked up through db, or nil if that is
// GORM's business.
func (p *Plugin) byKey(ctx context.Context, db *gorm.DB, t reflect.Type) *byKey {
	stmt := db.Statement
	if db.Error != nil || db.DryRun || db.QueryFields || !plainly(stmt) || ctx.Value(contextKey{}) != nil || ctx.Err() != nil {
		return nil
	}
	tracked, _ := track.Resolve(stmt.ConnPool)
	holder, ok := p.holders.Load(tracked)
	if !ok {
		return nil
	}
	d := holder.(*database)
	if d.disabled.Load() || d.several.Load() || d.connection(stmt.ConnPool) != "" {
		return nil
	}
	known, ok := d.models.Load(t)
	if !ok {
		known, _ = d.models.LoadOrStore(t, d.newByKey(t))
	}
	k := known.(*byKey)
	if k == nil || k.registered != k.callbacks.Len() {
		return nil
	}
	return k
}

// plainly reports whether a statement says nothing yet.
func plainly(stmt *gorm.Statement) bool {
	if len(stmt.Clauses)+len(stmt.Joins)+len(stmt.Preloads)+len(stmt.Selects)+len(stmt.Omits)+len(stmt.Table)+stmt.SQL.Len() > 0 ||
		stmt.Unscoped || stmt.Distinct || stmt.TableExpr != nil || stmt.Model != nil {
		return false
	}
	if _, asked := stmt.Settings.Load(settingsKey); asked {
		return false
	}
	scopes := reflect.ValueOf(stmt).Elem().FieldByIndex(scopesField)
	return scopes.Len() == 0
}

// scopesField is where GORM keeps the scopes of a statement until it is built.
var scopesField = func() []int {
	f, _ := reflect.TypeFor[gorm.Statement]().FieldByName("scopes")
	return f.Index
}()

// covered are the callbacks on queries that have no part in which rows are read, or
// whose part is played here.
var covered = []string{"gorm:query", "gorm:preload", "gorm:after_query", readCallback}

// queryCallbacks returns GORM's list of the callbacks on queries, which it does not
// show; it is only looked at.
func queryCallbacks(db *gorm.DB) reflect.Value {
	return reflect.ValueOf(db.Callback().Query()).Elem().FieldByName("callbacks")
}

// coversCallbacks reports whether there are no callbacks but those covered.
func coversCallbacks(db *gorm.DB) bool {
	list := queryCallbacks(db)
	if list.Kind() != reflect.Slice {
		return false
	}
	for i := range list.Len() {
		if !slices.Contains(covered, list.Index(i).Elem().FieldByName("name").String()) {
			return false
		}
	}
	return true
}

// newByKey finds out how rows of a model are looked up, by two dry runs, which may
// differ in nothing but the key. It returns nil if that is not covered.
func (d *database) newByKey(t reflect.Type) *byKey {
	if t.Kind() != reflect.Struct {
		return nil // a pointer is made by GORM, a map has no model
	}
	const one, two = 1, 2
	stmt, other := d.dryByKey(t, one), d.dryByKey(t, two)
	if stmt == nil || other == nil || !coversCallbacks(d.root) {
		return nil
	}
	vars, otherVars := stmt.Vars, other.Vars
	if len(vars) == 0 || vars[0] != any(one) || len(otherVars) == 0 || otherVars[0] != any(two) ||
		stmt.SQL.String() != other.SQL.String() || !reflect.DeepEqual(vars[1:], otherVars[1:]) {
		return nil
	}
	profile := d.profile(stmt.Table)
	name := cmp.Or(profile.Region, region.Default)
	// Of what processes share, rows are replayed to GORM.
	if profile.Never || d.resolved.regions[name] == nil || d.resolved.regions[name].Shared() {
		return nil
	}
	k := &byKey{
		database: d, table: stmt.Table, profile: profile, sql: stmt.SQL.String(), after: vars[1:],
		region: d.resolved.regions[name], inRegion: name, callbacks: queryCallbacks(d.root),
	}
	k.registered = k.callbacks.Len()
	if !k.prepareKeys(stmt) {
		return nil
	}
	return k
}

// prepareKeys writes what the keys of First's results have in common. See
// [database.identify].
func (k *byKey) prepareKeys(stmt *gorm.Statement) bool {
	var b querykey.Builder
	b.Again(k.origin)
	b.String("")
	b.String(k.sql)
	k.head = b.Parts()
	b.Reset()
	for _, v := range k.after {
		if !b.Value(v) {
			return false
		}
	}
	k.tail = b.Parts()
	b.Reset()
	values{}.writeShape(&b, stmt)
	k.shape = b.Parts()
	return true
}

// writeKey writes the key that First's result is kept under.
func (k *byKey) writeKey(b *querykey.Builder, id any) bool {
	b.Reset()
	b.Again(k.head)
	if !b.Value(id) {
		return false
	}
	b.Again(k.tail)
	b.EndCommon()
	b.Again(k.shape)
	return true
}

// dryByKey returns the statement by which First reads the row with a key, or nil if
// more goes by the model than its key and whether it was deleted.
func (d *database) dryByKey(t reflect.Type, id int) *gorm.Statement {
	tx := d.root.Session(&gorm.Session{DryRun: true, NewDB: true, Context: context.Background()})
	tx = tx.Where(hasKey(id)).First(reflect.New(t).Interface())
	s := tx.Statement.Schema
	if tx.Error != nil || s == nil || s.AfterFind || len(s.PrimaryFields) != 1 {
		return nil
	}
	for _, c := range s.QueryClauses {
		if _, deleted := c.(gorm.SoftDeleteQueryClause); !deleted {
			return nil
		}
	}
	return tx.Statement
}

// lookUp returns the result that is kept for a key, or nil.
func (k *byKey) lookUp(ctx context.Context, b *querykey.Builder, id any) *snapshot.Snapshot {
	var start time.Time
	if k.config.Events.Read != nil {
		start = time.Now()
	}
	if !k.writeKey(b, id) {
		return nil
	}
	entry, miss := k.region.Get(ctx, b.Key(), nil)
	if entry == nil {
		k.missed(ctx, k.table, k.inRegion, miss)
		return nil
	}
	snap, ok := entry.Value.(*snapshot.Snapshot)
	if !ok {
		return nil
	}
	k.counters.hits.Add(1)
	if k.config.Events.Read != nil {
		k.told(ctx, ReadInfo{Hit: true, Age: time.Since(entry.Stored), Duration: time.Since(start)})
	}
	return snap
}

// told completes info and passes it to Events.Read.
func (k *byKey) told(ctx context.Context, info ReadInfo) {
	if f := k.config.Events.Read; f != nil {
		info.Table, info.Op, info.Region = k.table, profiles.Get, k.inRegion
		f(ctx, info)
	}
}
