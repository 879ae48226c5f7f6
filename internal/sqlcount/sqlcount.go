// Package sqlcount opens SQLite databases that note every statement sent to
// them, for tests and examples that say what a step costs. It looks from
// below database/sql, so nothing can pass it by.
package sqlcount

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"strings"
	"sync"

	"github.com/mattn/go-sqlite3"
)

// What a gate is called with around a COMMIT.
const (
	Committing = "COMMIT"
	Committed  = "COMMITTED"
)

// Log notes statements. It is safe for concurrent use.
type Log struct {
	mu         sync.Mutex
	statements []string
	catalogue  int
	gate       func(sql string)
}

// Take returns the statements sent since the last Take, in order. BEGIN,
// COMMIT and ROLLBACK that database/sql sends itself are not among them, nor
// are readings of the catalogue, which [Log.Catalogue] counts.
func (l *Log) Take() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	taken := l.statements
	l.statements = nil
	return taken
}

// Catalogue returns how often the catalogue was read since the log was made.
func (l *Log) Catalogue() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.catalogue
}

// Gate has f called with each statement before it is sent, so that a test can
// hold one up; with [Committing] before a COMMIT of database/sql's, and with
// [Committed] after one that went well. Nil takes it away.
func (l *Log) Gate(f func(sql string)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.gate = f
}

func (l *Log) note(sql string) {
	l.mu.Lock()
	if strings.Contains(sql, "sqlite_master") {
		l.catalogue++
	} else {
		l.statements = append(l.statements, sql)
	}
	l.mu.Unlock()
	l.pass(sql)
}

// pass lets something through the gate.
func (l *Log) pass(what string) {
	l.mu.Lock()
	gate := l.gate
	l.mu.Unlock()
	if gate != nil {
		gate(what)
	}
}

// Open opens a SQLite database under a data source name as the sqlite3 driver
// takes it.
func Open(dsn string) (*sql.DB, *Log) {
	log := &Log{}
	return sql.OpenDB(&connector{dsn: dsn, log: log}), log
}

type connector struct {
	dsn string
	log *Log
}

func (c *connector) Driver() driver.Driver { return &sqlite3.SQLiteDriver{} }

func (c *connector) Connect(context.Context) (driver.Conn, error) {
	inner, err := c.Driver().Open(c.dsn)
	if err != nil {
		return nil, err
	}
	return &conn{SQLiteConn: inner.(*sqlite3.SQLiteConn), log: c.log}, nil
}

// conn notes what is sent on a connection.
type conn struct {
	*sqlite3.SQLiteConn
	log *Log
}

func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.log.note(query)
	return c.SQLiteConn.QueryContext(ctx, query, args)
}

func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.log.note(query)
	return c.SQLiteConn.ExecContext(ctx, query, args)
}

func (c *conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	inner, err := c.SQLiteConn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return &stmt{SQLiteStmt: inner.(*sqlite3.SQLiteStmt), query: query, log: c.log}, nil
}

// stmt notes each execution of a prepared statement.
type stmt struct {
	*sqlite3.SQLiteStmt
	query string
	log   *Log
}

func (s *stmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	s.log.note(s.query)
	return s.SQLiteStmt.QueryContext(ctx, args)
}

func (s *stmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	s.log.note(s.query)
	return s.SQLiteStmt.ExecContext(ctx, args)
}

func (c *conn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	inner, err := c.SQLiteConn.BeginTx(ctx, opts)
	if err != nil {
		return nil, err
	}
	return &tx{Tx: inner, log: c.log}, nil
}

// tx passes the gate around COMMIT.
type tx struct {
	driver.Tx
	log *Log
}

func (t *tx) Commit() error {
	t.log.pass(Committing)
	err := t.Tx.Commit()
	if err == nil {
		t.log.pass(Committed)
	}
	return err
}
