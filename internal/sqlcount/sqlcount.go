// Package sqlcount notes every statement that is sent to a database, for tests
// and examples that say what a step costs. It looks from below database/sql, so
// nothing can pass it by.
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

	definitions []string // see [Driver]
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
	if at := l.definition(sql); at < 0 {
		l.statements = append(l.statements, sql)
	} else if at == 0 {
		l.catalogue++
	}
	l.mu.Unlock()
	l.pass(sql)
}

// definition returns which text of those that tell of the catalogue is in the
// statement, or -1.
func (l *Log) definition(sql string) int {
	for i, text := range l.definitions {
		if strings.Contains(sql, text) {
			return i
		}
	}
	return -1
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

// Driver is a way to a database.
type Driver struct {
	driver.Connector
	// Catalogue has what statements contain that read the catalogue. Those with
	// the first text are counted: one for each reading.
	Catalogue []string
	// Prepares is set if a statement with arguments is prepared first, although
	// the driver has a method to send it at once.
	Prepares bool
}

// SQLite is the way to a SQLite database under a data source name as the
// sqlite3 driver takes it.
func SQLite(dsn string) Driver {
	return Driver{Connector: sqlite{dsn}, Catalogue: []string{"sqlite_master"}}
}

// Open opens a database whose statements are noted in the log.
func (d Driver) Open() (*sql.DB, *Log) {
	log := &Log{definitions: d.Catalogue}
	return sql.OpenDB(&connector{Connector: d.Connector, prepares: d.Prepares, log: log}), log
}

// sqlite makes connections to a SQLite database.
type sqlite struct{ dsn string }

func (s sqlite) Driver() driver.Driver { return &sqlite3.SQLiteDriver{} }

func (s sqlite) Connect(context.Context) (driver.Conn, error) { return s.Driver().Open(s.dsn) }
