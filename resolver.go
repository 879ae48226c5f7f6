package cacheops

import (
	"errors"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops/internal/track"
)

// dbresolver sets the pool of each statement in a callback of its own, which
// runs before all others. The plugin stands around that callback. It has the
// pools tracked that were opened before the plugin was registered (those that
// are opened later are tracked by Initialize), and it finds out which pools
// belong together.
//
// Nothing of dbresolver is linked: the callback and the setting below are known
// by their names. If they come to have others, pools are tracked as before, or
// not at all and then foreign, and no result is kept but from the primary.
const (
	resolverCallback = "gorm:db_resolver"
	resolverWrites   = "gorm:db_resolver:write" // a setting: choose a source
)

// resolver stands around a callback of dbresolver.
type resolver struct {
	*family
	choose func(*gorm.DB)
}

// around puts the plugin around dbresolver's callbacks, where there are any.
// Before("*") must be said again, or GORM moves the replacement to the end.
func (f *family) around() error {
	cb := f.primary.root.Callback()
	if f.resolving || cb.Query().Get(resolverCallback) == nil {
		return nil
	}
	f.resolving = true
	f.several.Store(true)
	r := func(choose func(*gorm.DB)) func(*gorm.DB) { return (&resolver{f, choose}).resolve }
	return errors.Join(
		cb.Create().Before("*").Replace(resolverCallback, r(cb.Create().Get(resolverCallback))),
		cb.Query().Before("*").Replace(resolverCallback, r(cb.Query().Get(resolverCallback))),
		cb.Update().Before("*").Replace(resolverCallback, r(cb.Update().Get(resolverCallback))),
		cb.Delete().Before("*").Replace(resolverCallback, r(cb.Delete().Get(resolverCallback))),
		cb.Row().Before("*").Replace(resolverCallback, r(cb.Row().Get(resolverCallback))),
		cb.Raw().Before("*").Replace(resolverCallback, r(cb.Raw().Get(resolverCallback))),
	)
}

// resolve has a pool chosen for the statement, and tracked.
func (r *resolver) resolve(db *gorm.DB) {
	stmt := db.Statement
	before := stmt.ConnPool
	r.choose(db)
	if stmt.ConnPool == before {
		return // a transaction, or a connection that dbresolver has no say in
	}
	stmt.ConnPool = r.tracked(stmt.ConnPool)
	pool, _ := track.Resolve(stmt.ConnPool)
	if _, known := r.facts(pool); pool != nil && !known {
		r.group(pool, r.source(stmt))
	}
}

// source returns the pool that the statement would be written to: the choice is
// made among the same group. It is asked once for each pool, at the moment when
// the pool is chosen, so that the statement is the same. A pool is in no other
// group, since each group opens its own; and a policy that takes turns is hardly
// disturbed.
func (r *resolver) source(stmt *gorm.Statement) *track.Pool {
	probe := &gorm.Statement{
		Table: stmt.Table, Model: stmt.Model, Schema: stmt.Schema,
		Clauses: stmt.Clauses, Context: stmt.Context,
	}
	probe.DB = &gorm.DB{Config: stmt.DB.Config, Statement: probe}
	probe.SQL.WriteString(stmt.SQL.String())
	probe.Settings.Store(resolverWrites, struct{}{})
	r.choose(probe.DB)
	if probe.ConnPool == nil {
		return nil
	}
	pool, _ := track.Resolve(r.tracked(probe.ConnPool))
	return pool
}

// tracked returns the tracked pool that stands for pool, always the same one.
func (f *family) tracked(pool gorm.ConnPool) gorm.ConnPool {
	switch p := pool.(type) {
	case *track.Pool, gorm.TxCommitter:
		return pool
	case *gorm.PreparedStmtDB:
		if inner := f.tracked(p.ConnPool); inner != p.ConnPool {
			return &gorm.PreparedStmtDB{Stmts: p.Stmts, Mux: p.Mux, ConnPool: inner}
		}
		return p
	}
	f.lock.Lock()
	defer f.lock.Unlock()
	if f.wrapped[pool] == nil {
		f.wrapped[pool], _ = track.Resolve(track.Wrap(pool, journal{f.primary.Plugin}))
	}
	return f.wrapped[pool]
}
