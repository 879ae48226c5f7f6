package watch

//lint:file-ignore SA1019 old drivers have nothing else

import (
	"context"
	"database/sql/driver"
	"errors"
)

// conn is a watched connection. Where the driver's own lacks an interface that
// conn has, its methods answer what database/sql would have done without it.
type conn struct {
	driver.Conn
	session Session
}

var (
	_ driver.ConnBeginTx        = (*conn)(nil)
	_ driver.ConnPrepareContext = (*conn)(nil)
	_ driver.ExecerContext      = (*conn)(nil)
	_ driver.QueryerContext     = (*conn)(nil)
	_ driver.NamedValueChecker  = (*conn)(nil)
	_ driver.Pinger             = (*conn)(nil)
)

// watched wraps a connection. What database/sql does with one depends on
// whether it can be reset and validated, so the wrapper must be able to do just
// what the driver's own can.
func watched(inner driver.Conn, observer Observer) driver.Conn {
	c := &conn{Conn: inner, session: observer.Session(statusOf(inner))}
	_, resets := inner.(driver.SessionResetter)
	_, validates := inner.(driver.Validator)
	switch {
	case resets && validates:
		return kept{resettable{c}}
	case resets:
		return resettable{c}
	case validates:
		return valid{c}
	default:
		return c
	}
}

type (
	resettable struct{ *conn }
	valid      struct{ *conn }
	kept       struct{ resettable }
)

var (
	_ driver.SessionResetter = kept{}
	_ driver.Validator       = kept{}
)

func (c resettable) ResetSession(ctx context.Context) error {
	return c.Conn.(driver.SessionResetter).ResetSession(ctx)
}

func (c valid) IsValid() bool { return c.Conn.(driver.Validator).IsValid() }

func (c kept) IsValid() bool { return c.Conn.(driver.Validator).IsValid() }

// statusOf asks drivers of SQLite, which know.
func statusOf(inner driver.Conn) Status {
	c, ok := inner.(interface{ AutoCommit() bool })
	return func() (open, known bool) { return ok && !c.AutoCommit(), ok }
}

// Unwrap returns the connection that is watched.
func (c *conn) Unwrap() driver.Conn { return c.Conn }

// Close implements [driver.Conn].
func (c *conn) Close() error {
	defer c.session.Close()
	return c.Conn.Close()
}

// Ping implements [driver.Pinger].
func (c *conn) Ping(ctx context.Context) error {
	if pinger, ok := c.Conn.(driver.Pinger); ok {
		return pinger.Ping(ctx)
	}
	return nil
}

// CheckNamedValue implements [driver.NamedValueChecker].
func (c *conn) CheckNamedValue(value *driver.NamedValue) error {
	if checker, ok := c.Conn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(value)
	}
	return driver.ErrSkip
}

// ExecContext implements [driver.ExecerContext].
func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (result driver.Result, err error) {
	execer, ok := c.Conn.(driver.ExecerContext)
	old, oldOK := c.Conn.(driver.Execer)
	if !ok && !oldOK {
		return nil, driver.ErrSkip
	}
	ended, err := c.session.Statement(ctx, query, args)
	if err != nil {
		return nil, err
	}
	if ended != nil {
		defer func() { ended.result(result, err) }()
	}
	if ok {
		return execer.ExecContext(ctx, query, args)
	}
	values, err := plain(ctx, args)
	if err != nil {
		return nil, err
	}
	return old.Exec(query, values)
}

// QueryContext implements [driver.QueryerContext].
func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (found driver.Rows, err error) {
	queryer, ok := c.Conn.(driver.QueryerContext)
	old, oldOK := c.Conn.(driver.Queryer)
	if !ok && !oldOK {
		return nil, driver.ErrSkip
	}
	ended, err := c.session.Statement(ctx, query, args)
	if err != nil {
		return nil, err
	}
	if ended != nil {
		defer func() { found = ended.rows(found, err) }()
	}
	if ok {
		return queryer.QueryContext(ctx, query, args)
	}
	values, err := plain(ctx, args)
	if err != nil {
		return nil, err
	}
	return old.Query(query, values)
}

// result tells of a statement that was executed, or that panicked.
func (ended Ended) result(result driver.Result, err error) {
	switch {
	case err != nil:
		ended(-1, err)
	case result == nil:
		ended(-1, errPanicked)
	default:
		rows, err := result.RowsAffected()
		if err != nil {
			rows = -1
		}
		ended(rows, nil)
	}
}

// rows puts off telling of a statement until its rows are closed, if there are
// any.
func (ended Ended) rows(inner driver.Rows, err error) driver.Rows {
	switch {
	case err != nil:
		ended(-1, err)
	case inner == nil:
		ended(-1, errPanicked)
	default:
		return &rows{Rows: inner, ended: ended}
	}
	return inner
}

// plain does for a driver without contexts and names what database/sql does.
func plain(ctx context.Context, args []driver.NamedValue) ([]driver.Value, error) {
	values := make([]driver.Value, len(args))
	for i, arg := range args {
		if arg.Name != "" {
			return nil, errors.New("sql: driver does not support the use of Named Parameters")
		}
		values[i] = arg.Value
	}
	return values, ctx.Err()
}
