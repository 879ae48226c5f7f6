package sqlitestore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/seed92106438/cacheops/region/internal/backend"
)

// shard is one file by its name, whichever file has that just now.
type shard struct {
	options *Options
	path    string

	mu     sync.RWMutex // held for writing by one who closes or opens the file
	file   *file        // nil while none is open
	closed bool
}

// attempts bounds how often a call begins again because its file was replaced.
const attempts = 4

// read calls read with a connection to the file that has the name, at some moment of
// the call at least. If the file is replaced later on, what is read is still what
// was true at that moment, and more: it is what writers had written there by then.
func (s *shard) read(ctx context.Context, read func(*reader) error) (err error) {
	for range attempts {
		var f *file
		if f, err = s.hold(ctx); err != nil {
			return s.wrap(err)
		}
		err = f.read(ctx, read)
		again := s.letGo(f, err)
		if err == nil || !again {
			return s.wrap(err)
		}
	}
	return s.wrap(err)
}

// write makes a transaction in the file that has the name when it is committed.
//
// # Why what was written is seen by all
//
// A writer commits, and then looks at the name. If the file has it still, it had it
// when COMMIT was done: no file is given its name back. Whoever takes the file's
// place afterwards begins new journals. They are young, and what was pending in the
// old ones may be missing from them. If the file has lost its name, the transaction
// is made in the one that has it now; what was written to the other one only those
// can have read who began before it was replaced.
func (s *shard) write(ctx context.Context, write func(*tx) error) (err error) {
	unknown := false // an attempt may have written
	for range attempts {
		var f *file
		if f, err = s.hold(ctx); err != nil {
			break
		}
		var sent bool
		sent, err = f.write(ctx, write)
		unknown = unknown || sent
		if again := s.letGo(f, err); !again {
			break
		}
		if err == nil {
			err = errMoved // if this was the last attempt
		}
	}
	if unknown && errors.Is(err, backend.ErrRefused) {
		err = errors.New(err.Error()) // so it was this time
	}
	return s.wrap(err)
}

// hold returns the file that has the name, opening it if need be. It stays open
// until letGo.
func (s *shard) hold(ctx context.Context) (*file, error) {
	for range attempts {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		s.mu.RLock()
		f := s.file
		if f != nil && f.stands() == current {
			return f, nil
		}
		s.mu.RUnlock()
		if err := s.renew(ctx, f, false); err != nil {
			return nil, err
		}
	}
	return nil, errMoved
}

// letGo ends the use of a file. It reports whether the call has to begin again,
// because the file is not the one that has the name, or is damaged.
func (s *shard) letGo(f *file, err error) (again bool) {
	stands := f.stands()
	s.mu.RUnlock()
	if !damaged(err) && !failed(err) {
		return stands != current
	}
	// If it cannot be opened again, another is put in its place.
	return s.renew(context.Background(), f, damaged(err)) == nil
}

// renew takes the place of f, unless another did already.
func (s *shard) renew(ctx context.Context, f *file, bad bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errClosed
	}
	if s.file != f {
		return nil
	}
	var old os.FileInfo
	if f != nil {
		if bad || f.stands() == torn {
			old = f.identity.file
		}
		s.file = nil
		_ = f.close() // it may be damaged
	}
	var err error
	s.file, err = s.open(ctx, old)
	return err
}

var errClosed = errors.New("it is closed")

// open opens the file that has the name, having put another in its place if it is of
// no use. Bad is the file that was found to be so.
//
// Those who do this wait for each other. Else one could take away what another has
// just made, and the files that SQLite keeps beside it, which go by its name, could
// be taken for those of another.
func (s *shard) open(ctx context.Context, bad os.FileInfo) (*file, error) {
	if s.options.Memory {
		return openFile(ctx, s.path, s.options)
	}
	if err := os.MkdirAll(filepath.Dir(s.path), 0o700); err != nil {
		return nil, err
	}
	release, err := lock(ctx, s.path+"-lock", s.options)
	if err != nil {
		return nil, err
	}
	defer release()
	for range attempts {
		var f *file
		if f, err = s.openOrMake(ctx, bad); err == nil {
			return f, nil
		}
		var cleared error
		switch {
		case errors.Is(err, errObsolete):
			cleared = s.clear(os.Remove)
		case damaged(err), failed(err):
			cleared = s.clear(s.aside)
		case !errors.Is(err, errMoved):
			return nil, err
		}
		if cleared != nil {
			return nil, errors.Join(err, cleared)
		}
	}
	return nil, err
}

// openOrMake opens the file, or makes it if there is none.
func (s *shard) openOrMake(ctx context.Context, bad os.FileInfo) (*file, error) {
	now, err := os.Stat(s.path)
	switch {
	case err == nil && now.IsDir():
		return nil, errors.New("it is a folder: Shards is to be set")
	case err == nil && bad != nil && os.SameFile(now, bad):
		if err := s.clear(s.aside); err != nil {
			return nil, err
		}
	case err == nil:
		return openFile(ctx, s.path, s.options)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	// A log that was left behind would be taken for the new file's.
	if err := s.clear(os.Remove); err != nil {
		return nil, err
	}
	if err := create(s.path); err != nil {
		return nil, err
	}
	return openFile(ctx, s.path, s.options)
}

// create makes an empty file that is for this user only. It must be a new one:
// closing a file gives up the locks that SQLite has on it in this process.
func create(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// clear takes the file away, and then those beside it. The other way round, someone
// who is killed in between would leave a file without its log.
func (s *shard) clear(take func(path string) error) error {
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		if err := take(s.path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// aside moves a file away such that it can be looked at. There is one such at most.
func (s *shard) aside(path string) error {
	return os.Rename(path, s.path+".damaged"+path[len(s.path):])
}

// close closes the file.
func (s *shard) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.file == nil {
		return nil
	}
	f := s.file
	s.file = nil
	return s.wrap(f.close())
}

func (s *shard) wrap(err error) error {
	if err == nil {
		return nil
	}
	if s.options.Memory {
		return fmt.Errorf("cacheops: SQLite cache in memory: %w", err)
	}
	return fmt.Errorf("cacheops: SQLite cache %q: %w", s.path, err)
}

// lock takes the lock of those who open or replace files, until release is called.
// It is a lock on an empty database, because that works wherever SQLite does, and
// ends with its process.
func lock(ctx context.Context, path string, o *Options) (release func(), err error) {
	f := &file{options: o, path: path}
	if err := f.connect(); err != nil {
		return nil, err
	}
	err = patiently(ctx, time.Now().Add(o.BusyTimeout), func() error { return f.writer.set(`BEGIN EXCLUSIVE`) })
	if err != nil {
		return nil, errors.Join(err, f.close())
	}
	return func() { _ = f.close() }, nil
}
