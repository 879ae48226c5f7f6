package cacheops

import (
	"context"
	"database/sql"
	"math/rand/v2"
	"reflect"
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/seed92106438/cacheops/internal/snapshot"
	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/querykey"
	"github.com/seed92106438/cacheops/region"
)

// flight is one query on its way to the database, for the read that began it
// and those that join it. It shares no memory with the read's statement, so
// it can go on when the read has given up.
type flight struct {
	*database
	region  region.Region
	id      string // of concurrent flights for the same result
	key     querykey.Key
	dep     *invalidation.Dependency
	catalog *catalog
	star    string // see invalidation.Shape
	maxRows int
	ttl     time.Duration
	noneTTL time.Duration // for a result without rows
	tx      *gorm.DB      // with a statement of its own
	columns *columnTap
}

// landing is what a flight came back with: an entry that was stored and may
// be shared, or else the original, which is for the flight's own read alone.
type landing struct {
	entry    *region.Entry
	stored   bool          // the entry was there already: no query was sent
	value    reflect.Value // the original
	rows     int64
	columns  []string
	panicked any // what the query panicked with
}

// fill puts what was found into the destination of db's statement.
func (l *landing) fill(db *gorm.DB) bool {
	if l.entry != nil {
		return l.entry.Value.(*snapshot.Snapshot).Fill(db)
	}
	return snapshot.Move(db, l.value, l.rows, l.columns)
}

// newFlight prepares the query of r to be sent.
func (d *database) newFlight(r *read, dep *invalidation.Dependency, cat *catalog) *flight {
	text := string(r.key.Text)
	f := &flight{
		database: d, region: r.region, id: r.name + "\x00" + text,
		key: querykey.Key{Hash: r.key.Hash, Text: []byte(text)},
		dep: dep, catalog: cat, maxRows: r.profile.MaxRows,
		star:    d.shape(r.stmt.SQL.String()).Star,
		columns: &columnTap{ConnPool: r.stmt.ConnPool},
	}
	f.ttl, f.noneTTL = ttls(r)
	dest, value := snapshot.Fresh(r.stmt.ReflectValue.Type())
	stmt := &gorm.Statement{
		Table: r.stmt.Table, Model: r.stmt.Model, Schema: r.stmt.Schema,
		Dest: dest, ReflectValue: value,
		Joins: r.stmt.Joins, ColumnMapping: r.stmt.ColumnMapping,
		ConnPool: f.columns, Clauses: map[string]clause.Clause{},
		Vars: frozen(r.stmt), SkipHooks: true,
		Unscoped: true, // the SQL is written already
	}
	stmt.SQL.WriteString(r.stmt.SQL.String())
	f.tx = &gorm.DB{Config: r.db.Config, Statement: stmt}
	stmt.DB = f.tx
	return f
}

// ttls returns how long the result is kept, if it has rows and if it has not.
func ttls(r *read) (some, none time.Duration) {
	some = r.profile.TTL
	if r.settings != nil && r.settings.ttl > 0 {
		some = r.settings.ttl
	}
	if some == 0 {
		some = DefaultTTL
	}
	none = some
	if r.profile.NegativeTTL > 0 {
		none = r.profile.NegativeTTL
	}
	keep := 1 - rand.Float64()*r.profile.Jitter
	jittered := func(ttl time.Duration) time.Duration {
		return max(1, time.Duration(keep*float64(ttl))) // zero would be for ever
	}
	return jittered(some), jittered(none)
}

// frozen returns the statement's arguments in a form that the caller cannot
// change while the flight is under way. A caller that cannot give up waits
// for the flight, so its arguments stay as they are.
func frozen(stmt *gorm.Statement) []any {
	if stmt.Context.Done() == nil {
		return stmt.Vars
	}
	vars := make([]any, len(stmt.Vars))
	for i, v := range stmt.Vars {
		switch rv := reflect.ValueOf(v); rv.Kind() {
		case reflect.Pointer:
			vars[i], _ = querykey.Normalize(v)
		case reflect.Slice:
			vars[i] = reflect.AppendSlice(reflect.MakeSlice(rv.Type(), 0, rv.Len()), rv).Interface()
		default:
			vars[i] = v
		}
	}
	return vars
}

// run takes the stamp, sends the query and stores the result, in this order.
// With an error that came while the rows were read, it returns what they had
// been made into, which GORM leaves to its caller.
//
// Let W be a transaction that changes the result, announced at i and
// committed in the database at c > i. If W was pending when the stamp was
// taken, or was announced after it, the journal says so, and the result is
// not stored or not served. If W was settled before the stamp, c lies before
// the SELECT, and the result includes it. A stamp taken after the SELECT
// would hide a W that was settled between the two.
func (f *flight) run(ctx context.Context) (*landing, error) {
	// The read may have looked before an earlier flight of the same result
	// landed, and come here after it.
	if entry, _ := f.region.Get(ctx, f.key); entry != nil {
		return &landing{entry: entry, stored: true}, nil
	}
	stamp, clear := f.region.Stamp(ctx, f.dep)
	clear = clear && f.database.catalog.valid(f.catalog)
	f.tx.Statement.Context = ctx
	f.query(f.tx)
	if f.tx.Error != nil && f.columns.names == nil {
		return nil, f.tx.Error // the database refused
	}
	found := &landing{value: f.tx.Statement.ReflectValue, rows: f.tx.RowsAffected, columns: f.columns.mapped(f.tx.Statement.ColumnMapping)}
	if f.tx.Error != nil {
		return found, f.tx.Error
	}
	if clear && f.store(ctx, found, stamp) {
		f.counters.fills.Add(1)
	} else {
		f.counters.refused.Add(1)
	}
	return found, nil
}

// store makes an entry of what was found, if it may be one.
func (f *flight) store(ctx context.Context, found *landing, stamp region.Stamp) bool {
	if f.maxRows > 0 && found.rows > int64(f.maxRows) || !f.catalog.shows(f.star, f.columns.names) {
		return false
	}
	snap, err := snapshot.Take(found.value, found.rows, found.columns)
	if err != nil {
		f.report(ctx, f.tx.Statement.Table, err)
		return false
	}
	entry := &region.Entry{
		Key: f.key, Dependency: f.dep, Stamp: stamp,
		Value: snap, Size: snap.Size(), TTL: f.ttl,
	}
	if found.rows == 0 {
		entry.TTL = f.noneTTL
	}
	if !f.region.Put(ctx, entry) {
		// The snapshot has the original now, and no one else has either.
		return false
	}
	found.entry = entry
	return true
}

// usable reports whether a read may be served what another read's flight
// found. Put has asked the journal when the flight stored its result; but the
// read may have joined after that, before the flight landed, and a change may
// have been committed in between. Asking again now, as for any hit, excludes
// it. A flight that stored nothing, because a change met it, is of no use to
// others: it may have found a state that is older than that change.
func (f *flight) usable(ctx context.Context, found *landing) bool {
	return found != nil && found.entry != nil && f.region.Fresh(ctx, found.entry)
}

// columnTap is a connection pool that notes the columns of what it is asked.
type columnTap struct {
	gorm.ConnPool
	names []string
}

// QueryContext implements [gorm.ConnPool].
func (t *columnTap) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	rows, err := t.ConnPool.QueryContext(ctx, query, args...)
	if err == nil {
		// An error here is met again by whoever scans the rows. The names are
		// cloned because GORM's Scan may write into what Columns returns.
		names, _ := rows.Columns()
		t.names = slices.Clone(names)
	}
	return rows, err
}

// mapped returns the columns by the names that Scan went by.
func (t *columnTap) mapped(mapping map[string]string) []string {
	if len(mapping) == 0 {
		return t.names
	}
	mapped := slices.Clone(t.names)
	for i, name := range mapped {
		if to, ok := mapping[name]; ok {
			mapped[i] = to
		}
	}
	return mapped
}
