package sqlitestore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/seed92106438/cacheops/region/internal/backend"
)

// file is an open file: one connection that writes, and some that read.
type file struct {
	options  *Options
	path     string
	db       *sql.DB
	identity identity

	writer  *conn
	writing chan struct{} // holds one element while nobody writes
	readers chan *reader  // those that nobody uses; nil for one to be opened

	broken atomic.Bool // the writer's connection is of no more use
}

// maxReaders bounds the connections that read. More than there are processors are of
// no use.
const maxReaders = 8

// openFile opens the file that has the name now, and makes its tables if it is
// empty.
func openFile(ctx context.Context, path string, o *Options) (*file, error) {
	f := &file{options: o, path: path, writing: make(chan struct{}, 1)}
	if err := f.connect(); err != nil {
		return nil, err
	}
	if err := f.start(ctx); err != nil {
		return nil, errors.Join(err, f.close())
	}
	n := min(runtime.GOMAXPROCS(0), maxReaders)
	f.readers = make(chan *reader, n)
	for range n {
		f.readers <- nil
	}
	f.writing <- struct{}{}
	return f, nil
}

// source is the data source name, as a URI: with any driver, any path can be one.
func (f *file) source() string {
	if f.options.Memory {
		f.path = fmt.Sprintf("/cacheops-%016x", rand.Uint64())
		return "file:" + f.path + "?vfs=memdb"
	}
	path := filepath.ToSlash(f.path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // a drive's letter
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath()
}

// connect opens the writer's connection. The file itself is opened when something is
// read.
func (f *file) connect() (err error) {
	if f.db, err = sql.Open(f.options.Driver, f.source()); err != nil {
		return err
	}
	if f.writer, err = f.connection(); err != nil {
		return errors.Join(err, f.db.Close())
	}
	return nil
}

// connection opens a connection.
func (f *file) connection() (*conn, error) {
	c, err := f.db.Conn(context.Background())
	if err != nil {
		return nil, err
	}
	opened := &conn{c, map[string]*sql.Stmt{}}
	if err := opened.set(fmt.Sprintf(`PRAGMA busy_timeout = %d`, step.Milliseconds())); err != nil {
		return nil, errors.Join(err, opened.close())
	}
	return opened, nil
}

// start sees what is in the file. That the file
// has the name before and after shows that it is the one that was opened: while it
// is open no other can be given its number.
func (f *file) start(ctx context.Context) (err error) {
	before, _ := os.Stat(f.path)
	deadline := time.Now().Add(f.options.BusyTimeout)
	err = patiently(ctx, deadline, f.prepare)
	if err != nil || f.options.Memory {
		return err
	}
	if f.identity, err = identify(f.path, f.options); err != nil {
		return err
	}
	if before == nil || !os.SameFile(before, f.identity.file) {
		return errMoved
	}
	return patiently(ctx, deadline, func() error {
		return f.writer.set(fmt.Sprintf(`PRAGMA synchronous = %s`, synchronous[f.options.Save]))
	})
}

var synchronous = map[Save]string{Normal: "NORMAL", Fast: "OFF", Durable: "FULL"}

// errMoved is found by one who opens a file while it is replaced.
var errMoved = errors.New("the file was replaced while it was opened")

// prepare may be repeated.
func (f *file) prepare() error {
	empty, err := f.inspect()
	if err != nil {
		return err
	}
	if err := f.writer.set(`PRAGMA synchronous = FULL`); err != nil {
		return err
	}
	if err := f.setMode(); err != nil && !(empty && busy(err)) {
		return err
	} else if err != nil {
		// Whoever opens an empty file makes its tables before others can open it. So
		// those who use this one had it before it was emptied.
		return errObsolete
	}
	if empty {
		if err := f.define(); err != nil {
			return err
		}
	}
	if err := f.sound(); err != nil {
		return err
	}
	return f.begun()
}

// setMode sets the journal mode, which is the file's.
func (f *file) setMode() error {
	if f.options.Memory {
		return nil
	}
	mode := "wal"
	if f.options.Rollback {
		mode = "delete"
	}
	var now string
	if _, err := f.writer.one(`PRAGMA journal_mode = `+mode, nil, &now); err != nil {
		return err
	}
	if now != mode {
		return fmt.Errorf("its journal mode stays %q, but is to be %q", now, mode)
	}
	return f.writer.set(`PRAGMA journal_size_limit = 4194304`)
}

// reader returns a connection that reads, for use by one goroutine.
func (f *file) reader(ctx context.Context) (*reader, error) {
	select {
	case r := <-f.readers:
		if r != nil {
			return r, nil
		}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	var r *reader
	err := patiently(ctx, time.Now().Add(f.options.BusyTimeout), func() (err error) {
		r, err = f.openReader()
		return err
	})
	if err != nil {
		f.readers <- nil
	}
	return r, err
}

// openReader opens a connection. It may be one to another file, if this one was
// replaced since the call began; then it must not be used.
func (f *file) openReader() (*reader, error) {
	c, err := f.connection()
	if err != nil {
		return nil, err
	}
	// Something has to be read for the file to be opened.
	err = c.set(`PRAGMA query_only = 1`, `SELECT 1 FROM sqlite_master`)
	if err == nil && f.stands() != current {
		err = errMoved
	}
	if err != nil {
		return nil, errors.Join(err, c.close())
	}
	return newReader(c), nil
}

// read reads with one of the connections.
func (f *file) read(ctx context.Context, read func(*reader) error) error {
	r, err := f.reader(ctx)
	if err != nil {
		return err
	}
	err = patiently(ctx, time.Now().Add(f.options.BusyTimeout), func() error { return read(r) })
	if err != nil && !busy(err) {
		_ = r.close()
		r = nil
	}
	f.readers <- r
	return err
}

// alone calls do when nobody else in this process writes.
func (f *file) alone(ctx context.Context, do func(deadline time.Time) error) error {
	select {
	case <-f.writing:
		defer func() { f.writing <- struct{}{} }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if f.broken.Load() {
		return errBroken
	}
	return do(time.Now().Add(f.options.BusyTimeout))
}

// write makes one transaction. It reports whether COMMIT was sent: until then nothing
// was done.
func (f *file) write(ctx context.Context, write func(*tx) error) (sent bool, err error) {
	err = f.alone(ctx, func(deadline time.Time) error {
		if err := patiently(ctx, deadline, f.begin); err != nil {
			return err
		}
		err := write(&tx{f.writer, f.options})
		if err == nil {
			sent = true
			// With a rollback journal COMMIT has to wait for readers. It keeps new ones
			// out in the meantime, so it must not be given up for a new BEGIN.
			err = patiently(ctx, deadline, f.commit)
		} else {
			err = fmt.Errorf("%w: %w", backend.ErrRefused, err)
		}
		if err != nil && !f.writer.end() {
			f.broken.Store(true)
		}
		return err
	})
	return sent && !busy(err), err
}

// errBroken is found by one who waited while the connection broke.
var errBroken = errors.New("the connection is broken")

func (f *file) begin() error {
	_, err := f.writer.exec(`BEGIN IMMEDIATE`)
	return err
}

func (f *file) commit() error {
	_, err := f.writer.exec(`COMMIT`)
	return err
}

// close closes the connections. Nobody may use the file any more.
func (f *file) close() error {
	var errs []error
	for range len(f.readers) {
		if r := <-f.readers; r != nil {
			errs = append(errs, r.close())
		}
	}
	if f.writer != nil {
		errs = append(errs, f.writer.close())
	}
	return errors.Join(append(errs, f.db.Close())...)
}
