package watch

//lint:file-ignore SA1019 old drivers have nothing else

import (
	"context"
	"database/sql/driver"
)

// stmt is a prepared statement of a watched connection. Preparing does
// nothing, each execution counts.
type stmt struct {
	driver.Stmt
	conn  *conn
	query string
}

var (
	_ driver.StmtExecContext   = (*stmt)(nil)
	_ driver.StmtQueryContext  = (*stmt)(nil)
	_ driver.NamedValueChecker = (*stmt)(nil)
	_ driver.ColumnConverter   = converting{} // what drivers had before NamedValueChecker
)

// converting is the stmt of a driver that converts arguments.
type converting struct{ *stmt }

// ColumnConverter implements [driver.ColumnConverter].
func (s converting) ColumnConverter(i int) driver.ValueConverter {
	return s.Stmt.(driver.ColumnConverter).ColumnConverter(i)
}

// Prepare implements [driver.Conn].
func (c *conn) Prepare(query string) (driver.Stmt, error) {
	return c.PrepareContext(context.Background(), query)
}

// PrepareContext implements [driver.ConnPrepareContext].
func (c *conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	inner, err := c.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	s := &stmt{Stmt: inner, conn: c, query: query}
	if _, ok := inner.(driver.ColumnConverter); ok {
		return converting{s}, nil
	}
	return s, nil
}

// prepare prepares a statement as database/sql does.
func (c *conn) prepare(ctx context.Context, query string) (driver.Stmt, error) {
	if preparer, ok := c.Conn.(driver.ConnPrepareContext); ok {
		return preparer.PrepareContext(ctx, query)
	}
	inner, err := c.Conn.Prepare(query)
	if err == nil && ctx.Err() != nil {
		_ = inner.Close()
		return nil, ctx.Err()
	}
	return inner, err
}

// CheckNamedValue implements [driver.NamedValueChecker]. database/sql asks the
// connection if the statement cannot.
func (s *stmt) CheckNamedValue(value *driver.NamedValue) error {
	if checker, ok := s.Stmt.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(value)
	}
	return s.conn.CheckNamedValue(value)
}

// ExecContext implements [driver.StmtExecContext].
func (s *stmt) ExecContext(ctx context.Context, args []driver.NamedValue) (result driver.Result, err error) {
	ended, err := s.conn.session.Statement(ctx, s.query, args)
	if err != nil {
		return nil, err
	}
	if ended != nil {
		defer func() { ended.result(result, err) }()
	}
	if execer, ok := s.Stmt.(driver.StmtExecContext); ok {
		return execer.ExecContext(ctx, args)
	}
	values, err := plain(ctx, args)
	if err != nil {
		return nil, err
	}
	return s.Stmt.Exec(values)
}

// QueryContext implements [driver.StmtQueryContext].
func (s *stmt) QueryContext(ctx context.Context, args []driver.NamedValue) (found driver.Rows, err error) {
	ended, err := s.conn.session.Statement(ctx, s.query, args)
	if err != nil {
		return nil, err
	}
	if ended != nil {
		defer func() { found = ended.rows(found, err) }()
	}
	if queryer, ok := s.Stmt.(driver.StmtQueryContext); ok {
		return queryer.QueryContext(ctx, args)
	}
	values, err := plain(ctx, args)
	if err != nil {
		return nil, err
	}
	return s.Stmt.Query(values)
}
