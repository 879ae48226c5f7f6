package shop

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"

	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/seed92106438/cacheops/internal/sqlcount"
)

// Source makes equal databases.
type Source interface {
	// Copy makes another database with the same rows.
	Copy(context.Context) (*Database, error)
	// Close removes the source. Its copies must have been closed.
	Close() error
}

// Database is one of several that are equal.
type Database struct {
	// Name is what the plugin calls it.
	Name string

	driver    sqlcount.Driver
	dialector func(gorm.ConnPool) gorm.Dialector
	remove    func() error
	opened    []io.Closer
}

// Open returns a handle, and the log of what is sent through it.
func (d *Database) Open() (*gorm.DB, *sqlcount.Log, error) {
	pool, log := d.driver.Open()
	d.opened = append(d.opened, pool)
	db, err := gorm.Open(d.dialector(pool), &gorm.Config{Logger: logger.Discard})
	if err != nil {
		return nil, nil, fmt.Errorf("open %s: %w", d.Name, err)
	}
	return db, log, nil
}

// Close closes the handles and removes the database.
func (d *Database) Close() error { return errors.Join(d.disconnect(), d.remove()) }

// disconnect closes the handles.
func (d *Database) disconnect() error {
	var errs []error
	for _, pool := range d.opened {
		errs = append(errs, pool.Close())
	}
	d.opened = nil
	return errors.Join(errs...)
}

// sqliteSource is a file that is copied.
type sqliteSource struct {
	dir    string
	copies atomic.Int64
}

// SQLite makes a source of SQLite databases in a folder of its own.
func SQLite(size Size) (Source, error) {
	dir, err := os.MkdirTemp("", "cacheops-bench-")
	if err != nil {
		return nil, err
	}
	s := &sqliteSource{dir: dir}
	original := s.at(s.original())
	db, _, err := original.Open()
	if err == nil {
		err = size.fill(db)
	}
	if err == nil {
		err = original.disconnect()
	}
	if err != nil {
		return nil, fmt.Errorf("make the SQLite database: %w", err)
	}
	return s, nil
}

func (s *sqliteSource) original() string { return filepath.Join(s.dir, "original.db") }

// at returns the database in a file. It is set up as is usual for servers: a log that
// is written ahead, and writers that wait for each other.
func (s *sqliteSource) at(path string) *Database {
	dsn := "file:" + path + "?_journal_mode=WAL&_synchronous=NORMAL&_busy_timeout=10000&_txlock=immediate"
	return &Database{
		Name:      path,
		driver:    sqlcount.SQLite(dsn),
		dialector: func(pool gorm.ConnPool) gorm.Dialector { return sqlite.New(sqlite.Config{DSN: dsn, Conn: pool}) },
		remove: func() error {
			for _, suffix := range []string{"", "-wal", "-shm"} {
				if err := os.Remove(path + suffix); err != nil && !os.IsNotExist(err) {
					return err
				}
			}
			return nil
		},
	}
}

func (s *sqliteSource) Copy(context.Context) (*Database, error) {
	path := filepath.Join(s.dir, fmt.Sprintf("copy%d.db", s.copies.Add(1)))
	rows, err := os.ReadFile(s.original())
	if err != nil {
		return nil, err
	}
	return s.at(path), os.WriteFile(path, rows, 0o600)
}

func (s *sqliteSource) Close() error { return os.RemoveAll(s.dir) }
