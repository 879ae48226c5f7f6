// Package track follows transactions from BEGIN to their outcome.
//
// GORM's callbacks see every statement but not the moment at which its
// effects become true; the connection pool sees that moment but not what the
// statements meant. A [Pool] takes the place of GORM's pool and hands out
// transactions as [Tx], on which the callbacks queue their changes. Commit
// then goes through the journal's two phases: announce, COMMIT, settle.
//
// What a change is, and where journals are kept, is left to packages
// invalidation and region.
package track

import (
	"context"
	"database/sql"
	"time"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/region"
)

// Journal is where the changes of a transaction are announced.
type Journal interface {
	Announce(ctx context.Context, changes []invalidation.Change) (region.Intent, error)

	// Failed settles the intent of a COMMIT that came back with an error.
	Failed(ctx context.Context, intent region.Intent, err error)
}

// Pool is a GORM connection pool whose transactions are tracked. It is used
// as a pointer, which is its identity.
type Pool struct {
	gorm.ConnPool
	journal Journal
}

var (
	_ gorm.ConnPoolBeginner = (*Pool)(nil)
	_ gorm.GetDBConnector   = (*Pool)(nil)
)

// Wrap puts a Pool around pool, whose transactions announce to journal. A
// prepared-statement pool stays outermost, because parts of GORM look for its
// type; the Pool goes inside it. A pool that is tracked already comes back
// unchanged. Wrap is not safe for concurrent use on the same pool.
func Wrap(pool gorm.ConnPool, journal Journal) gorm.ConnPool {
	switch p := pool.(type) {
	case *gorm.PreparedStmtDB:
		p.ConnPool = Wrap(p.ConnPool, journal)
		return p
	case *Pool:
		return p
	default:
		return &Pool{ConnPool: pool, journal: journal}
	}
}

// Layer is what is put around a transaction for a while, to see what is sent.
type Layer interface {
	// Under returns the transaction that it is put around.
	Under() gorm.Tx
}

// Resolve finds what is under the layers that are put around pools: a
// tracked pool, a tracked transaction, or neither. Neither means that a
// statement sent there may belong to a transaction whose outcome is not seen.
func Resolve(pool gorm.ConnPool) (*Pool, *Tx) {
	for {
		switch p := pool.(type) {
		case *Pool:
			return p, nil
		case *Tx:
			return nil, p
		case *gorm.PreparedStmtDB:
			pool = p.ConnPool
		case *gorm.PreparedStmtTX:
			pool = p.Tx
		case Layer:
			pool = p.Under()
		default:
			return nil, nil
		}
	}
}

// Unwrap returns the pool that p stands for.
func (p *Pool) Unwrap() gorm.ConnPool { return p.ConnPool }

// BeginTx begins a transaction that is tracked. It must not return a nil
// interface with an error: GORM's users defer Rollback on what they got.
func (p *Pool) BeginTx(ctx context.Context, opts *sql.TxOptions) (gorm.ConnPool, error) {
	inner, err := begin(ctx, p.ConnPool, opts)
	if err != nil {
		return (*Tx)(nil), err
	}
	// Settling must not be cut short by the caller's context: a change that
	// stays pending would keep results out of the cache.
	return &Tx{Tx: inner, Queue: &Queue{}, pool: p, ctx: context.WithoutCancel(ctx)}, nil
}

// begin begins a transaction on whatever kind of beginner pool is.
func begin(ctx context.Context, pool gorm.ConnPool, opts *sql.TxOptions) (gorm.Tx, error) {
	switch b := pool.(type) {
	case gorm.TxBeginner:
		return b.BeginTx(ctx, opts)
	case gorm.ConnPoolBeginner:
		inner, err := b.BeginTx(ctx, opts)
		if err != nil {
			return nil, err
		}
		if tx, ok := inner.(gorm.Tx); ok {
			return tx, nil
		}
	}
	return nil, gorm.ErrInvalidTransaction
}

// GetDBConn returns the *sql.DB underneath, for (*gorm.DB).DB.
func (p *Pool) GetDBConn() (*sql.DB, error) {
	switch inner := p.ConnPool.(type) {
	case *sql.DB:
		return inner, nil
	case gorm.GetDBConnector:
		return inner.GetDBConn()
	default:
		return nil, gorm.ErrInvalidDB
	}
}

// The setters below exist because other plugins look for them on a pool.

// Ping checks that the database answers.
func (p *Pool) Ping() error {
	db, err := p.GetDBConn()
	if err != nil {
		return err
	}
	return db.Ping()
}

// SetMaxOpenConns passes on to the *sql.DB underneath, if there is one.
func (p *Pool) SetMaxOpenConns(n int) { p.withDB(func(db *sql.DB) { db.SetMaxOpenConns(n) }) }

// SetMaxIdleConns passes on to the *sql.DB underneath, if there is one.
func (p *Pool) SetMaxIdleConns(n int) { p.withDB(func(db *sql.DB) { db.SetMaxIdleConns(n) }) }

// SetConnMaxLifetime passes on to the *sql.DB underneath, if there is one.
func (p *Pool) SetConnMaxLifetime(d time.Duration) {
	p.withDB(func(db *sql.DB) { db.SetConnMaxLifetime(d) })
}

// SetConnMaxIdleTime passes on to the *sql.DB underneath, if there is one.
func (p *Pool) SetConnMaxIdleTime(d time.Duration) {
	p.withDB(func(db *sql.DB) { db.SetConnMaxIdleTime(d) })
}

// Stats are those of the *sql.DB underneath, if there is one.
func (p *Pool) Stats() (s sql.DBStats) {
	p.withDB(func(db *sql.DB) { s = db.Stats() })
	return s
}

func (p *Pool) withDB(f func(*sql.DB)) {
	if db, err := p.GetDBConn(); err == nil {
		f(db)
	}
}
