package replay

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"sync"
)

// idleConns is how many connections are kept for the next rows. They are
// empty structs, but database/sql keeps books on them.
const idleConns = 64

// database is what rows are played through. It is opened with the first.
var database = sync.OnceValue(func() *sql.DB {
	db := sql.OpenDB(connector{})
	db.SetMaxIdleConns(idleConns)
	return db
})

// play has database/sql make rows of s. The source travels as an argument of
// a query without text.
func play(ctx context.Context, s source) (*sql.Rows, error) {
	return database().QueryContext(ctx, "", s)
}

func playRow(ctx context.Context, s source) *sql.Row {
	return database().QueryRowContext(ctx, "", s)
}

var errOnlyPlays = errors.New("cacheops: this connection only plays rows")

// connector and conn are the least that database/sql asks of a driver.
type connector struct{}

func (c connector) Connect(context.Context) (driver.Conn, error) { return conn{}, nil }
func (c connector) Driver() driver.Driver                        { return c }
func (c connector) Open(string) (driver.Conn, error)             { return nil, errOnlyPlays }

type conn struct{}

var (
	_ driver.QueryerContext    = conn{}
	_ driver.NamedValueChecker = conn{}
)

func (conn) Prepare(string) (driver.Stmt, error) { return nil, errOnlyPlays }
func (conn) Begin() (driver.Tx, error)           { return nil, errOnlyPlays }
func (conn) Close() error                        { return nil }

// CheckNamedValue lets the source through as it is.
func (conn) CheckNamedValue(*driver.NamedValue) error { return nil }

func (conn) QueryContext(ctx context.Context, _ string, args []driver.NamedValue) (driver.Rows, error) {
	p, err := args[0].Value.(source).open(ctx)
	if err != nil {
		return nil, err // not a nil player in an interface
	}
	return p, nil
}
