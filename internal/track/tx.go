package track

import (
	"context"
	"database/sql"

	"gorm.io/gorm"
)

// Tx is a tracked transaction. It has no BeginTx on purpose: GORM takes a
// pool that can begin for one that is not yet in a transaction.
type Tx struct {
	gorm.Tx
	*Queue
	pool *Pool
	ctx  context.Context
}

var (
	_ gorm.Tx             = (*Tx)(nil)
	_ gorm.GetDBConnector = (*Tx)(nil)
)

// Pool returns the pool that the transaction was begun on.
func (t *Tx) Pool() *Pool { return t.pool }

// GetDBConn returns the *sql.DB underneath, for (*gorm.DB).DB.
func (t *Tx) GetDBConn() (*sql.DB, error) { return t.pool.GetDBConn() }

// Commit commits the transaction in both phases.
func (t *Tx) Commit() error {
	return t.Queue.Commit(t.ctx, t.pool.journal, t.Tx.Commit, t.Tx.Rollback)
}

// Rollback drops the queued changes; they were not announced yet.
func (t *Tx) Rollback() error {
	defer t.Settle(t.ctx)
	t.Take()
	return t.Tx.Rollback()
}
