package sqlitestore

import (
	"context"
	"database/sql"
	"errors"
)

// conn is one connection with its prepared statements. It is used by one goroutine
// at a time.
//
// Statements are sent without the caller's context: each is short, since what may
// take long is waiting for a lock, and that is up to [patiently]. A context would
// cost a goroutine for each statement with some drivers, and could end a transaction
// anywhere.
type conn struct {
	*sql.Conn
	statements map[string]*sql.Stmt
}

// set executes pragmas and definitions, which are sent once.
func (c *conn) set(statements ...string) error {
	for _, s := range statements {
		if _, err := c.ExecContext(context.Background(), s); err != nil {
			return err
		}
	}
	return nil
}

func (c *conn) prepared(query string) (*sql.Stmt, error) {
	if s := c.statements[query]; s != nil {
		return s, nil
	}
	s, err := c.PrepareContext(context.Background(), query)
	if err == nil {
		c.statements[query] = s
	}
	return s, err
}

// exec executes a statement and returns how many rows it has changed.
func (c *conn) exec(query string, args ...any) (int64, error) {
	s, err := c.prepared(query)
	if err != nil {
		return 0, err
	}
	result, err := s.ExecContext(context.Background(), args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// one reads one row, and reports false if there is none.
func (c *conn) one(query string, args []any, into ...any) (bool, error) {
	s, err := c.prepared(query)
	if err != nil {
		return false, err
	}
	err = s.QueryRowContext(context.Background(), args...).Scan(into...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// each reads rows.
func (c *conn) each(query string, args []any, scan func(*sql.Rows) error) error {
	s, err := c.prepared(query)
	if err != nil {
		return err
	}
	rows, err := s.QueryContext(context.Background(), args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// end rolls back, and reports false if the connection is of no more use.
func (c *conn) end() bool {
	_, err := c.exec("ROLLBACK")
	// Some failures have ended the transaction already.
	return err == nil || says(err, "no transaction is active")
}

// close closes the connection with its statements.
func (c *conn) close() error {
	var errs []error
	for _, s := range c.statements {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, c.Conn.Close())...)
}

// blob binds bytes, which are never NULL.
func blob[T string | []byte](v T) []byte {
	if len(v) == 0 {
		return []byte{}
	}
	return []byte(v)
}
