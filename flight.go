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

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/querykey"
	"github.com/seed92106438/cacheops/region"
)

// flight is one query on its way to the database, for the read that began it
// and those that join it. It shares no memory with the read's statement, so
// it can go on when the read has given up.
type flight struct {
	*database
	form     form
	region   region.Region
	id       string // of concurrent flights for the same result
	key      querykey.Key
	dep      *invalidation.Dependency
	catalog  *catalog
	shape    *invalidation.Shape
	narrows  bool // whether partners may be asked for
	maxRows  int
	maxBytes int64
	ttl      time.Duration
	noneTTL  time.Duration // for a result without rows
	tx       *gorm.DB      // with a statement of its own
	columns  *columnTap
}

// landing is what a flight came back with: an entry that was stored and may
// be shared, or else the original, which is for the flight's own read alone.
type landing struct {
	entry    *region.Entry
	stored   bool   // the entry was there already: no query was sent
	own      result // the original
	panicked any    // what the query panicked with
}

// fill puts what was found into the destination of db's statement.
func (l *landing) fill(db *gorm.DB) bool {
	if l.entry != nil {
		return l.entry.Value.(filler).Fill(db)
	}
	return l.own.Fill(db)
}

// newFlight prepares the query of r to be sent.
func (d *database) newFlight(r *read, dep *invalidation.Dependency, cat *catalog) *flight {
	text := string(r.key.Text)
	f := &flight{
		database: d, form: r.form, region: r.region, id: r.name + "\x00" + text,
		key: querykey.Key{Hash: r.key.Hash, Text: []byte(text), Common: r.key.Common},
		dep: dep, catalog: cat, maxRows: r.profile.MaxRows, maxBytes: r.profile.MaxBytes,
		shape: d.shape(r.stmt.SQL.String()), narrows: !r.profile.NoPartners,
		columns: &columnTap{ConnPool: r.stmt.ConnPool},
	}
	f.ttl, f.noneTTL = ttls(r)
	stmt := &gorm.Statement{
		Table: r.stmt.Table, Model: r.stmt.Model, Schema: r.stmt.Schema,
		Joins: r.stmt.Joins, ColumnMapping: r.stmt.ColumnMapping,
		ConnPool: f.columns, Clauses: map[string]clause.Clause{},
		Vars: frozen(r.stmt), SkipHooks: true,
		Unscoped: true, // the SQL is written already
	}
	stmt.SQL.WriteString(r.stmt.SQL.String())
	r.form.aim(stmt, r.stmt)
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
	if entry, _ := f.region.Get(ctx, f.key, nil); entry != nil {
		return &landing{entry: entry, stored: true}, nil
	}
	lag := f.lag(f.columns.ConnPool)
	stamp, clear := f.region.Stamp(ctx, f.dep, lag)
	clear = clear && f.database.catalog.valid(f.catalog) && f.covers(lag, f.columns.ConnPool)
	f.tx.Statement.Context = ctx
	m := f.mark(f.tx, mark{own: true})
	own, err := f.form.fetch(f.tx.Statement.Context, f)
	m.lift()
	if own == nil {
		return nil, err // the database refused
	}
	found := &landing{own: own}
	if err != nil {
		return found, err
	}
	if clear && !m.saw() && f.store(ctx, found, stamp) {
		f.counters.fills.Add(1)
	} else {
		f.counters.refused.Add(1)
	}
	return found, nil
}

// store makes an entry of what was found, if it may be one.
func (f *flight) store(ctx context.Context, found *landing, stamp region.Stamp) bool {
	if f.maxRows > 0 && found.own.rows() > int64(f.maxRows) || !f.catalog.shows(f.shape.Star, f.columns.names) || f.strayed.Load() {
		return false
	}
	dep := f.narrowed(ctx, found.own)
	kept, size, err := found.own.keep()
	if err != nil {
		f.report(ctx, f.tx.Statement.Table, err)
		return false
	}
	if kept == nil || f.maxBytes > 0 && size > f.maxBytes {
		return false
	}
	entry := &region.Entry{
		Key: f.key, Dependency: dep, Stamp: stamp,
		Value: kept, Size: size, TTL: f.ttl,
	}
	if found.own.rows() == 0 {
		entry.TTL = f.noneTTL
	}
	if !f.region.Put(ctx, entry) {
		// What was kept has the original now, and no one else has either.
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
