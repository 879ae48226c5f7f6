package invalidation

import (
	"context"
	"database/sql"
	"sync"
	"time"
)

// Dialect is what the cache has to know of one kind of database. A package
// for a dialect registers it when it is imported.
type Dialect interface {
	Analyzer

	// ReadCatalog reads what the database says of its tables. It fails if the
	// session is set up so that the dialect's SQL means something that the
	// analyser does not know; then nothing is cached.
	ReadCatalog(ctx context.Context, q Querier) (Catalog, error)

	// Identify reads a data source name.
	Identify(dsn string) Identity

	// Answered reports whether an error of a driver is the database's answer, so
	// that the statement is done with, whatever became of it. After any other, a
	// server may still be at work.
	Answered(err error) bool

	// Present reports whether a text, given as an argument, may be read as a moment
	// near the present, so that the same question has another answer later.
	Present(text string) bool

	// Images says how rows are read that a write is about to reach.
	Images() Images
}

// Querier is what [Dialect.ReadCatalog] needs of a database, a connection or a
// transaction.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Identity is what a data source name says of the database that it leads to.
type Identity struct {
	// Database is the same for all names that lead to one database. It is
	// empty if the name does not tell, or if no other name leads there.
	Database string
	// Local is true if the name leads to a database of the machine that it is used
	// on: by a file, a socket, or an address by which a machine calls itself.
	Local bool
	// Session has the settings of the name by which one SQL text may have
	// another result: a search path, a time zone. Users and passwords are no
	// part of it, nor of Database.
	Session string
	// Location is the zone to which the driver moves a time before it writes
	// down what the clock shows there. Nil if it is not known; then no column
	// is taken for a [Wall].
	Location *time.Location
	// CountsFound is true if a database that would count only the rows that a
	// write has altered is asked to count those that it has found.
	CountsFound bool
}

// Images says how the rows that a write is about to reach are read so that no
// other writer changes them in between.
type Images struct {
	// Lock is sent first if the transaction has written nothing yet; %s stands
	// for the quoted table. It is empty if none is needed.
	Lock string
	// Clause ends the SELECT: it takes those locks that the write takes itself.
	Clause string
	// Delete takes the place of Clause before a DELETE, if that takes other locks.
	Delete string
	// Search takes the place of Clause where no unique key leads to the row, if
	// Changed is true. It waits for no row, for the write may pass over those that
	// others hold.
	Search string
	// Ends reports whether the transaction may have ended with that error of the
	// SELECT. Nil says that it never has.
	Ends func(error) bool
	// Savepoint is true if a transaction bears no statement after one that failed,
	// unless it goes back to a savepoint.
	Savepoint bool
	// Column is how the SELECT names a column to get what is stored, and not what
	// the driver makes of it by the column's type; %s stands for the quoted name.
	// If it is nil the driver gives what is stored.
	Column func(Column) string
	// Changed is true if the database counts as touched only rows that the
	// write has altered, not those that it has found, unless
	// [Identity.CountsFound] says otherwise.
	Changed bool
}

var dialects sync.Map // name -> Dialect

// Register makes a dialect known by the name that GORM's dialector has for it.
// It is for the init function of the dialect's package.
func Register(name string, d Dialect) { dialects.Store(name, d) }

// DialectOf returns the dialect that is registered under a name.
func DialectOf(name string) (Dialect, bool) {
	d, ok := dialects.Load(name)
	if !ok {
		return nil, false
	}
	return d.(Dialect), true
}
