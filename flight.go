package cacheops

import (
	"context"
	"math/rand/v2"
	"reflect"
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
	shape    *analysed
	narrows  bool // whether partners may be asked for
	maxRows  int
	maxBytes int64
	ttl      time.Duration
	noneTTL  time.Duration // for a result without rows
	tx       *gorm.DB      // with a statement of its own
	tap      tap
	query    region.Query // nil unless the region is shared
	locker   locker       // nil unless Lock is asked for
	landed   uint64       // see flights.landed: as of before the read's look-up
}

// landing is what a flight came back with: an entry that was stored and may
// be shared, or else the original, which is for the flight's own read alone.
type landing struct {
	entry    *region.Entry
	stored   bool   // the entry was there already: no query was sent
	own      result // the original
	panicked any    // what the query panicked with
}

// filler returns what was found.
func (l *landing) filler() filler {
	if l.entry != nil {
		return l.entry.Value.(filler)
	}
	return l.own
}

// fill puts what was found into the destination of db's statement.
func (l *landing) fill(db *gorm.DB) bool { return l.filler().Fill(db) }

// newFlight prepares the query of r to be sent.
func (d *database) newFlight(r *read, dep *invalidation.Dependency, cat *catalog) *flight {
	f := &flight{
		database: d, form: r.form, region: r.region,
		id: r.name + "\x00" + string(r.key.Text), key: r.key.Clone(),
		dep: dep, catalog: cat, maxRows: r.profile.MaxRows, maxBytes: r.profile.MaxBytes,
		shape: r.shape, narrows: !r.profile.NoPartners,
		tap: tap{ConnPool: r.stmt.ConnPool}, landed: r.landed,
	}
	f.ttl, f.noneTTL = ttls(r)
	f.tx = private(r.db, r.form)
	f.tx.Statement.ConnPool, f.tx.Statement.Vars = &f.tap, frozen(r.stmt)
	f.tx.Statement.SQL.WriteString(r.stmt.SQL.String())
	f.query = d.query(r.region, r.form, f.tx, r.settings)
	f.locker = lockerOf(r)
	return f
}

// private returns a handle with a statement of its own, into whose destination
// a result is scanned as into that of db's statement. It has no SQL yet.
func private(db *gorm.DB, form form) *gorm.DB {
	of := db.Statement
	stmt := &gorm.Statement{
		Context: of.Context, Table: of.Table, Model: of.Model, Schema: of.Schema,
		Joins: of.Joins, ColumnMapping: of.ColumnMapping,
		Clauses: map[string]clause.Clause{}, SkipHooks: true,
		Unscoped: true, // the SQL is written already
	}
	form.aim(stmt, of)
	stmt.DB = &gorm.DB{Config: db.Config, Statement: stmt}
	return stmt.DB
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
	entry, miss := f.lookAgain(ctx)
	if entry != nil {
		return &landing{entry: entry, stored: true}, nil
	}
	lag := f.lag(f.tap.ConnPool)
	stamp, clear := f.region.Stamp(ctx, f.dep, lag)
	clear = clear && miss.Cause != region.Away && f.database.catalog.valid(f.catalog) && f.covers(lag, f.tap.ConnPool)
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

// lookAgain looks for what an earlier flight of the same result has stored: the read
// may have looked before that one landed, and come here after it. It costs a shared
// region a round trip, so it is done only if a flight has landed since.
//
// An earlier flight stores before it is counted, and is counted before it makes room
// for this one. So if its landing is not seen here as one since the count was taken,
// the count was taken after it had stored, and the look-up, which came after the
// count, has seen what it stored. (What another process stores in between is not
// found, nor would it be a moment later. No answer depends on this: a query too many
// is sent, by a stamp of its own.)
func (f *flight) lookAgain(ctx context.Context) (*region.Entry, region.Miss) {
	if f.flights.landed(f.key) == f.landed {
		return nil, region.Miss{}
	}
	return f.region.Get(ctx, f.key, f.query)
}

// store makes an entry of what was found, if it may be one.
func (f *flight) store(ctx context.Context, found *landing, stamp region.Stamp) bool {
	if f.maxRows > 0 && found.own.rows() > int64(f.maxRows) || !f.catalog.shows(f.shape.Star, f.tap.names) || f.strayed.Load() {
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
	if f.region.Shared() {
		rows := found.own.raw()
		if rows == nil {
			return false
		}
		entry.Encoding = rows
	}
	if !f.region.Put(ctx, entry) {
		// What was kept has the original now, and no one else has either.
		return false
	}
	f.flights.landing(f.key).Add(1)
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
