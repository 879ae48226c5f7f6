package cacheops

import (
	"cmp"
	"context"
	"errors"
	"regexp"
	"sync"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/callbacks"

	"github.com/seed92106438/cacheops/internal/track"
	"github.com/seed92106438/cacheops/profiles"
	"github.com/seed92106438/cacheops/querykey"
	"github.com/seed92106438/cacheops/region"
)

// read is one read on its way through the cache.
type read struct {
	db       *gorm.DB
	stmt     *gorm.Statement
	form     form
	settings *settings // as asked for; may be nil
	profile  profiles.Profile
	wanted   profiles.Ops // kinds of reading that are to be cached
	op       profiles.Ops // what kind this is
	region   region.Region
	name     string // of the region
	key      querykey.Key
	landed   uint64    // see flights.landed: as of before the look-up
	shape    *analysed // of its text, on a miss
	start    time.Time // zero unless someone listens
}

// reader serves the reads of one form; write sends what is a write after all.
// It must not change anything in a dry run, which is how GORM renders
// sub-queries and ToSQL.
func (d *database) reader(form form, write func(*gorm.DB, sender)) func(*gorm.DB) {
	return func(db *gorm.DB) {
		d := d.at(db.Statement)
		switch {
		case db.Error != nil:
			form.send(db)
		case db.DryRun:
			d.explain(db, form)
		case tapped(db.Statement):
			form.send(db) // who has tapped it stores what it gives
		case d.writesAnyway(db):
			write(db, asQuery(form.send))
		default:
			d.read(db, form)
		}
	}
}

// read serves a read: from the cache if it can, from the database otherwise.
func (d *database) read(db *gorm.DB, form form) {
	r := read{db: db, stmt: db.Statement, form: form}
	if d.config.Events.Read != nil {
		r.start = time.Now()
	}
	if reason := d.prepare(&r); reason != "" {
		d.bypass(&r, reason)
		return
	}
	builder := builders.Get().(*querykey.Builder)
	defer builders.Put(builder)
	if reason := d.address(&r, builder); reason != "" {
		d.bypass(&r, reason)
		return
	}
	d.serve(&r)
}

// writesAnyway reports whether a statement that is sent as a query writes after
// all: a text of the caller's such as UPDATE … RETURNING, or a query that calls
// a function which may write.
func (d *database) writesAnyway(db *gorm.DB) bool {
	if db.Statement.SQL.Len() == 0 {
		if !d.catalog.calls() {
			return false
		}
		callbacks.BuildQuerySQL(db)
	}
	return db.Error == nil && d.changes(d.shape(db.Statement.SQL.String()))
}

// builders are for reuse: a key that is looked up and not stored costs no
// memory.
var builders = sync.Pool{New: func() any { return new(querykey.Builder) }}

// prepare decides whether the read is to be cached, and where. It returns why
// not, or "". What costs least and excludes most comes first.
func (d *database) prepare(r *read) Bypass {
	stmt := r.stmt
	r.settings = settingsOf(stmt)
	r.profile = d.profile(d.tableOf(stmt))
	asked := r.settings != nil && r.settings.wanted
	r.wanted = r.profile.Ops
	if asked {
		r.wanted = cmp.Or(r.settings.ops, profiles.All)
	}
	switch {
	case r.wanted&r.form.kinds() == 0:
		return NotAsked
	case r.settings != nil && r.settings.never:
		return Forbidden
	case r.profile.Never:
		return NeverCached
	case d.disabled.Load():
		return Disabled
	case stmt.Context.Err() != nil:
		return ContextDone
	}
	if reason := d.connection(stmt.ConnPool); reason != "" {
		return reason
	}
	if _, locking := stmt.Clauses["FOR"]; locking {
		return Locking
	}
	if reason := r.form.refusal(stmt); reason != "" {
		return reason
	}
	r.name = r.profile.Region
	if asked && r.settings.region != "" {
		r.name = r.settings.region
	}
	if r.name == "" {
		r.name = region.Default
	}
	if r.region = d.resolved.regions[r.name]; r.region == nil {
		return NoSuchRegion
	}
	return ""
}

// tableOf returns the table whose profile a statement follows: GORM's, or, of
// an SQL text given by the caller, the first that it reads. There GORM's is
// the destination's, which may have nothing to do with the text.
func (d *database) tableOf(stmt *gorm.Statement) string {
	if stmt.SQL.Len() == 0 {
		return stmt.Table
	}
	if uses := d.shape(stmt.SQL.String()).Uses; len(uses) > 0 {
		return uses[0].Table
	}
	return ""
}

// profile returns the profile of a table.
func (d *database) profile(table string) profiles.Profile {
	profile, _ := d.resolved.matcher.Match(table)
	return profile
}

// connection tells why reads through pool do not take part in the cache.
func (d *database) connection(pool gorm.ConnPool) Bypass {
	tracked, tx := track.Resolve(pool)
	switch {
	case tx != nil:
		// A transaction may read from a snapshot, which may be older than
		// what is cached, and sees its own changes, which no one else may see.
		return InTransaction
	case tracked == nil:
		return ForeignPool
	case !d.keeps(tracked):
		return OtherPool
	case d.strayed.Load():
		return SessionChanged
	case d.manual.Load() > 0:
		return ManualBegin
	}
	return ""
}

// address builds the SQL and the read's key, and checks the kind of read.
func (d *database) address(r *read, b *querykey.Builder) Bypass {
	stmt := r.stmt
	callbacks.BuildQuerySQL(r.db)
	if r.db.Error != nil {
		return ""
	}
	r.op = r.form.kind(stmt)
	if r.wanted&r.op == 0 {
		return NotAsked
	}
	return d.identify(r, b)
}

// identify makes the key of a read whose SQL is built.
func (d *database) identify(r *read, b *querykey.Builder) Bypass {
	stmt := r.stmt
	b.Reset()
	b.Again(d.origin)
	extra := "" // the same as none: it does not matter who asks
	if r.settings != nil {
		extra = r.settings.extra
	}
	b.String(extra)
	b.String(stmt.SQL.String())
	for _, v := range stmt.Vars {
		if !b.Value(v) {
			return BadArgument
		}
	}
	b.EndCommon()
	r.form.writeShape(b, stmt)
	r.key = b.Key()
	return ""
}

// serve looks the read up, and fills it from the database if it is not there.
func (d *database) serve(r *read) {
	if r.db.Error != nil {
		return // the statement could not be built
	}
	r.landed = d.flights.landed(r.key)
	entry, reason := d.lookUp(r)
	switch {
	case reason != "":
		d.bypass(r, reason)
		return
	case entry == nil:
		d.miss(r)
		return
	}
	if kept := entry.Value.(filler); !kept.Fill(r.db) {
		d.bypass(r, unfit(kept))
		return
	}
	// GORM logs a statement that has SQL when its callbacks are done. This
	// one was not sent.
	r.stmt.SQL.Reset()
	d.counters.hits.Add(1)
	if d.config.Events.Read != nil {
		d.told(r, ReadInfo{Hit: true, Age: time.Since(entry.Stored)})
	}
}

// lookUp returns the fresh entry under the read's key, or nil, or why nothing
// can be looked up now. It tells of a result that it finds to be untrue.
func (d *database) lookUp(r *read) (*region.Entry, Bypass) {
	entry, miss := r.region.Get(r.stmt.Context, r.key, d.query(r.region, r.form, r.db, r.settings))
	if entry == nil {
		d.missed(r.stmt.Context, r.stmt.Table, r.name, miss)
		if miss.Cause == region.Away {
			return nil, RegionAway
		}
	}
	return entry, ""
}

// missed tells of a result that was found to be untrue.
func (p *Plugin) missed(ctx context.Context, table, inRegion string, miss region.Miss) {
	if miss.Cause != region.Dead {
		return
	}
	p.counters.dropped.Add(1)
	if f := p.config.Events.Drop; f != nil {
		f(ctx, DropInfo{Table: table, Region: inRegion, Change: miss.Drop.Change})
	}
}

// bypass sends the read to the database past the cache.
func (d *database) bypass(r *read, reason Bypass) {
	if reason != NotAsked {
		d.counters.bypass(reason)
	}
	if reason == NoSuchRegion {
		d.report(r.stmt.Context, r.stmt.Table, errNoSuchRegion(r.name))
	}
	r.form.send(r.db)
	if _, tx := track.Resolve(r.stmt.ConnPool); tx != nil && d.mayEnd(r) {
		tx.Doubt()
	}
	d.told(r, ReadInfo{Bypass: reason})
}

// mayEnd reports whether the read may have ended its transaction: a database may
// do so over an error, as for a deadlock. MySQL gives that of a read that locks
// when the rows are read, which the caller does by himself.
func (d *database) mayEnd(r *read) bool {
	if err := r.db.Error; err != nil {
		return !errors.Is(err, gorm.ErrRecordNotFound)
	}
	_, unread := r.form.(rows)
	return unread && d.root.Name() == "mysql" && locking.MatchString(r.stmt.SQL.String())
}

// locking finds the words by which a SELECT locks rows.
var locking = regexp.MustCompile(`(?i)\b(for\s+(update|share)|share\s+mode)\b`)

// told completes info and passes it to Events.Read.
func (d *database) told(r *read, info ReadInfo) {
	f := d.config.Events.Read
	if f == nil {
		return
	}
	if r.op == 0 { // bypassed before its SQL was built
		r.op = r.form.kind(r.stmt)
	}
	info.Table, info.Op, info.Duration = r.stmt.Table, r.op, time.Since(r.start)
	if info.Bypass == "" {
		info.Region = r.name
	}
	f(r.stmt.Context, info)
}

// report counts an error and passes it to Events.Error.
func (p *Plugin) report(ctx context.Context, table string, err error) {
	p.counters.errors.Add(1)
	if f := p.config.Events.Error; f != nil {
		f(ctx, ErrorInfo{Table: table, Err: err})
	}
}
