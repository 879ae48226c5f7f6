// Package watch sees what is sent on the connections of a database/sql pool,
// from below it: every statement, BEGIN, COMMIT and ROLLBACK, whoever sends it
// and on whatever path.
//
// A [Connector] takes the place of a driver's own. Its connections tell a
// [Session] each, and otherwise behave as the driver's do: what optional
// interfaces these lack, database/sql finds lacking here too, or is answered
// as if they were. What statements mean is left to the Session.
package watch

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
)

// Observer is told of the connections that a [Connector] makes.
type Observer interface {
	// Session begins to follow a connection.
	Session(Status) Session
}

// Session follows one connection. Its methods are called one after the other,
// in the order in which things are sent, though not by one goroutine.
type Session interface {
	// Statement is called before a text is sent. What it returns is called
	// when the statement has ended, that is, if it returns rows, when these
	// are closed; nil is not called. With an error the text is not sent, and
	// its sender gets the error.
	Statement(ctx context.Context, sql string, args []driver.NamedValue) (Ended, error)

	// Begin is called before a transaction of database/sql's begins. What it
	// returns, never nil, is called when that is done. With an error none begins.
	Begin(ctx context.Context) (Ended, error)

	// Commit takes the place of that transaction's COMMIT. It is to call
	// commit, or else rollback.
	Commit(commit, rollback func() error) error

	// Rollback takes the place of its ROLLBACK, and is to call rollback.
	Rollback(rollback func() error) error

	// Close is called when the connection is closed, and with it ends what
	// transaction was open.
	Close()
}

// Ended is told how many rows a statement has touched, -1 if that is not
// known, and its error: [driver.ErrSkip] if it was not sent this way and is
// going to be sent in another.
type Ended func(rows int64, err error)

// Status tells whether a transaction is open on the connection, if the driver
// knows.
type Status func() (open, known bool)

// errPanicked is the outcome of what ended in a panic of the driver.
var errPanicked = errors.New("cacheops: the driver panicked")

// Connector makes connections that are watched.
type Connector struct {
	inner    driver.Connector
	observer Observer
}

var (
	_ driver.Connector = (*Connector)(nil)
	_ io.Closer        = (*Connector)(nil)
)

// Wrap puts a Connector around a driver's own.
func Wrap(inner driver.Connector, observer Observer) *Connector {
	return &Connector{inner: inner, observer: observer}
}

// Observers returns those of all the Connectors that db's connections come
// through.
func Observers(db *sql.DB) (all []Observer) {
	d, ok := db.Driver().(*Driver)
	for ; ok; d, ok = d.Unwrap().(*Driver) {
		all = append(all, d.connector.observer)
	}
	return all
}

// Connect implements [driver.Connector].
func (c *Connector) Connect(ctx context.Context) (driver.Conn, error) {
	inner, err := c.inner.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return watched(inner, c.observer), nil
}

// Driver implements [driver.Connector].
func (c *Connector) Driver() driver.Driver { return &Driver{c} }

// Close closes the driver's connector, if it can be; [sql.DB.Close] calls it.
func (c *Connector) Close() error {
	if closer, ok := c.inner.(io.Closer); ok {
		return closer.Close()
	}
	return nil
}

// Driver is the driver of watched connections.
type Driver struct{ connector *Connector }

// Open implements [driver.Driver].
func (d *Driver) Open(name string) (driver.Conn, error) {
	inner, err := d.Unwrap().Open(name)
	if err != nil {
		return nil, err
	}
	return watched(inner, d.connector.observer), nil
}

// Unwrap returns the driver that is watched.
func (d *Driver) Unwrap() driver.Driver { return d.connector.inner.Driver() }

// Unwrap returns the driver's own connection under a watched one, as
// [sql.Conn.Raw] hands it out, and any other as it is.
func Unwrap(driverConn any) any {
	for {
		c, ok := driverConn.(interface{ Unwrap() driver.Conn })
		if !ok {
			return driverConn
		}
		driverConn = c.Unwrap()
	}
}

// Source is the Connector of a driver that has none.
type Source struct {
	Opener driver.Driver
	Name   string // of the data source
}

// Connect implements [driver.Connector].
func (s *Source) Connect(context.Context) (driver.Conn, error) { return s.Opener.Open(s.Name) }

// Driver implements [driver.Connector].
func (s *Source) Driver() driver.Driver { return s.Opener }
