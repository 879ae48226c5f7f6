package cacheops

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/profiles"
	"github.com/seed92106438/cacheops/querykey"
	"github.com/seed92106438/cacheops/region"
)

// Explanation tells what the plugin would do with a query.
type Explanation struct {
	SQL    string // with placeholders
	Table  string // whose profile is followed
	Op     profiles.Ops
	Bypass Bypass // why the query would not be cached, or empty

	// What follows is set if the query would be cached.

	Region     string
	TTL        time.Duration
	Key        string // a digest, to tell results apart
	Dependency *invalidation.Dependency

	Cached bool          // there is a fresh result
	Age    time.Duration // of that result
	// Dropped is the end of the last result of this query, if the region
	// still remembers it.
	Dropped *region.Drop

	key   querykey.Key // set as well if only the moment keeps the cache out
	begun bool
}

// explanationKey is the key of an *Explanation to be filled in, among a
// statement's settings.
const explanationKey = "cacheops:explanation"

// Explain tells whether a query would be cached, where and for how long, and
// what it depends on, or why not. The query is given as to [gorm.DB.ToSQL]
// and is not run; the catalogue may be read.
func (p *Plugin) Explain(db *gorm.DB, query func(tx *gorm.DB) *gorm.DB) (*Explanation, error) {
	var found Explanation
	tx := db.Session(&gorm.Session{DryRun: true, SkipDefaultTransaction: true}).Set(explanationKey, &found)
	// A session again, so that sub-queries can be made of it too.
	tx = query(tx.Session(&gorm.Session{}))
	if explained := found.SQL != "" && errors.Is(tx.Error, gorm.ErrDryRunModeUnsupported); tx.Error != nil && !explained {
		return nil, fmt.Errorf("cacheops: explaining a query: %w", tx.Error)
	}
	if found.SQL == "" {
		return nil, errors.New("cacheops: explaining a query: it is not a read")
	}
	return &found, nil
}

// explain serves a dry run. It renders the SQL as ever and, if the statement
// comes from Explain, fills the explanation in. The query that begins first
// is the one: its sub-queries and preloads are rendered after it has begun.
func (d *database) explain(db *gorm.DB, form form) {
	v, _ := db.Statement.Settings.Load(explanationKey)
	found, ok := v.(*Explanation)
	if !ok || found.begun {
		form.send(db)
		return
	}
	raw := db.Statement.SQL.Len() > 0
	r := read{db: db, stmt: db.Statement, form: form}
	*found = Explanation{Table: d.tableOf(r.stmt), begun: true}
	if raw && d.shape(db.Statement.SQL.String()).Verb != invalidation.Query {
		return
	}
	var builder querykey.Builder
	if found.Bypass = d.prepare(&r); found.Bypass == "" {
		found.Bypass = d.address(&r, &builder)
	}
	form.send(db)
	if db.Error != nil {
		return
	}
	found.SQL, found.Op = db.Statement.SQL.String(), form.kind(db.Statement)
	if form.refusal(db.Statement) == "" && d.identify(&r, &builder) == "" {
		found.key = r.key.Clone()
	}
	if found.Bypass != "" {
		return
	}
	found.Dependency, _, found.Bypass = d.depend(&r)
	if found.Bypass == "" {
		d.explainEntry(&r, found)
	}
}

// explainEntry adds what there is under the query's key.
func (d *database) explainEntry(r *read, found *Explanation) {
	found.Region = r.name
	found.Key = fmt.Sprintf("%016x", r.key.Hash)
	found.TTL, _ = ttls(r)
	var entry *region.Entry
	if entry, found.Bypass = d.lookUp(r); entry != nil {
		found.Cached, found.Age = true, time.Since(entry.Stored)
	}
	if drop, ok := r.region.Dropped(r.key); ok {
		found.Dropped = &drop
	}
}

// String renders the explanation for people, over several lines.
func (e *Explanation) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", e.SQL)
	if e.Bypass != "" {
		fmt.Fprintf(&b, "not cached: %s\n", e.Bypass)
		return b.String()
	}
	fmt.Fprintf(&b, "%s on %s, region %s, TTL %s, key %s\n", e.Op, e.Table, e.Region, e.TTL, e.Key)
	for _, t := range e.Dependency.Tables {
		fmt.Fprintf(&b, "depends on %s\n", t)
	}
	if e.Cached {
		fmt.Fprintf(&b, "cached %s ago\n", e.Age.Round(time.Millisecond))
	} else {
		b.WriteString("not in the cache\n")
	}
	if e.Dropped != nil {
		fmt.Fprintf(&b, "last dropped at %s by %s\n", e.Dropped.Time.Format(time.RFC3339), e.Dropped.Change)
	}
	return b.String()
}
