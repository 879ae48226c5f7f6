package watch

//lint:file-ignore SA1019 old drivers have nothing else

import (
	"context"
	"database/sql/driver"
	"errors"
)

// tx is a transaction of database/sql's on a watched connection.
type tx struct {
	driver.Tx
	session Session
}

// Commit implements [driver.Tx].
func (t *tx) Commit() error { return t.session.Commit(t.Tx.Commit, t.Tx.Rollback) }

// Rollback implements [driver.Tx].
func (t *tx) Rollback() error { return t.session.Rollback(t.Tx.Rollback) }

// Begin implements [driver.Conn].
func (c *conn) Begin() (driver.Tx, error) {
	return c.BeginTx(context.Background(), driver.TxOptions{})
}

// BeginTx implements [driver.ConnBeginTx].
func (c *conn) BeginTx(ctx context.Context, options driver.TxOptions) (begun driver.Tx, err error) {
	ended, err := c.session.Begin(ctx)
	if err != nil {
		return nil, err
	}
	defer func() {
		switch {
		case err != nil:
			ended(-1, err)
		case begun == nil:
			ended(-1, errPanicked)
		default:
			ended(-1, nil)
		}
	}()
	inner, err := c.begin(ctx, options)
	if err != nil {
		return nil, err
	}
	return &tx{Tx: inner, session: c.session}, nil
}

// begin begins a transaction as database/sql does.
func (c *conn) begin(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	if beginner, ok := c.Conn.(driver.ConnBeginTx); ok {
		return beginner.BeginTx(ctx, options)
	}
	if options.Isolation != 0 {
		return nil, errors.New("sql: driver does not support non-default isolation level")
	}
	if options.ReadOnly {
		return nil, errors.New("sql: driver does not support read-only transactions")
	}
	inner, err := c.Conn.Begin()
	if err == nil && ctx.Err() != nil {
		_ = inner.Rollback()
		return nil, ctx.Err()
	}
	return inner, err
}
