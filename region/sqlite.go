package region

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/seed92106438/cacheops/region/internal/sqlitestore"
)

// SQLiteOptions are the options of [SQLite]. The zero value is a good start. All
// processes that share a file must have the same Shards and Rollback.
type SQLiteOptions struct {
	// Place says what the path is relative to.
	Place Place

	// MaxBytes bounds what is in use of the file. Past it, what has expired is
	// removed, and then what was stored least recently. A result of more than a
	// quarter of it is not stored. It is 256 KiB at least. Zero means
	// DefaultFileBytes.
	MaxBytes int64

	// TTL is the time to live of [Values] that are set without one. Zero means until
	// evicted.
	TTL time.Duration

	// Save says what a write waits for.
	Save Save

	// Rollback uses a rollback journal instead of a write-ahead log, which does not
	// work on network shares. Readers then wait for writers, and each write for the
	// disk, whatever Save says. The share must have locks that work.
	Rollback bool

	// BusyTimeout bounds how long a call waits while other processes have the file
	// locked. What the plugin asks for waits no longer than Timeout either, which is
	// BusyTimeout by default if that is set. Zero means five seconds.
	BusyTimeout time.Duration

	// Shards is the number of files among which values are spread, up to 100. Then
	// the path is that of their folder. Values in different files can be written at
	// the same time; the journals are all in one. Zero means one file.
	Shards int

	// Driver is the name in database/sql of the SQLite driver. By default it is the
	// first of "sqlite3" and "sqlite" that is there. The program must import one.
	Driver string

	SharedOptions
}

// DefaultFileBytes is the default of [SQLiteOptions.MaxBytes].
const DefaultFileBytes = sqlitestore.DefaultMaxBytes

// Place says where the file of a region made by [SQLite] is.
type Place int

const (
	// AtPath is where the path says.
	AtPath Place = iota
	// InCacheDir is in the folder "cacheops" among the user's caches, see
	// [os.UserCacheDir].
	InCacheDir
	// InTempDir is in a folder of this user's own among temporary files, see
	// [os.TempDir].
	InTempDir
	// InMemory is in no file at all: no process shares it, and the path is not used.
	InMemory
)

// Save says what a write to a file waits for.
type Save int

const (
	// NormalSave waits for the operating system. Nothing is lost when processes end,
	// in whatever way. When the machine was started anew the file is replaced by an
	// empty one, because a power loss may have taken the last changes. Where the
	// machine cannot tell (other than on Linux), it is as DurableSave.
	NormalSave Save = iota
	// FastSave does not ever ask for the disk, which costs fewer writes time when the
	// log is full. A power loss may damage the file as a whole, and not only its end;
	// since it is replaced then anyway, what is at risk is nothing but the cache.
	FastSave
	// DurableSave waits for the disk with each write. The file stays when the machine
	// is started anew.
	DurableSave
)

// SQLite returns a region in an SQLite file, which all processes of the host with the
// same path share. A program that uses it imports a driver, either
// github.com/mattn/go-sqlite3, or modernc.org/sqlite, which needs no cgo.
//
// The file is made with its folder if it is not there, for this user alone. If it is
// damaged it is moved aside, to the same name with ".damaged", and if it is of another
// version it is removed; another takes its place. A database that is not a cache is
// an error. Files next to it whose names begin with its name belong to it.
//
// The region must be closed. A wrong option, or a file that cannot be used, is
// reported by [Set.Validate], which opens the file.
func SQLite(path string, o SQLiteOptions) *SQLiteFile {
	store, err := openSQLite(path, &o)
	if err != nil {
		return &SQLiteFile{shared: newShared(sharing{backend: nowhere{}}, err)}
	}
	length := cmp.Or(o.JournalLength, DefaultSharedJournalLength)
	o.Timeout = cmp.Or(o.Timeout, o.BusyTimeout)
	shared := o.region(sharing{backend: store, length: length}).(*shared)
	shared.ttl = o.TTL
	return &SQLiteFile{shared: shared, store: store}
}

func openSQLite(path string, o *SQLiteOptions) (*sqlitestore.Store, error) {
	if o.TTL < 0 {
		return nil, fmt.Errorf("the option TTL is %v, but must not be negative", o.TTL)
	}
	if err := o.validate(); err != nil {
		return nil, err
	}
	path, err := o.Place.resolve(path)
	if err != nil {
		return nil, fmt.Errorf("the place of %q: %w", path, err)
	}
	return sqlitestore.Open(path, sqlitestore.Options{
		MaxBytes:      o.MaxBytes,
		JournalLength: cmp.Or(o.JournalLength, DefaultSharedJournalLength),
		Rollback:      o.Rollback,
		Save:          sqlitestore.Save(o.Save),
		BusyTimeout:   o.BusyTimeout,
		Shards:        o.Shards,
		Memory:        o.Place == InMemory,
		Driver:        o.Driver,
	})
}

// resolve returns the path in its place.
func (p Place) resolve(path string) (string, error) {
	switch p {
	case AtPath, InMemory:
		return path, nil
	case InCacheDir, InTempDir:
	default:
		return path, fmt.Errorf("there is no Place %d", p)
	}
	if !filepath.IsLocal(path) {
		return path, errors.New("it must be a relative path that does not lead out of its folder")
	}
	if p == InTempDir {
		folder, err := ownTempDir()
		return filepath.Join(folder, path), err
	}
	folder, err := os.UserCacheDir()
	return filepath.Join(folder, "cacheops", path), err
}

// ownTempDir makes the folder of this user among temporary files. Anyone may have
// made it before, to have a say in what is cached; then it is not used.
func ownTempDir() (string, error) {
	folder := filepath.Join(os.TempDir(), fmt.Sprintf("cacheops-%d", os.Getuid()))
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return folder, err
	}
	info, err := os.Lstat(folder)
	if err != nil {
		return folder, err
	}
	if !info.IsDir() || os.Getuid() >= 0 && info.Mode().Perm()&0o077 != 0 {
		return folder, fmt.Errorf("%s is not a folder of this user alone", folder)
	}
	return folder, nil
}

// SQLiteFile is the region made by [SQLite], with what there is to do about a file.
type SQLiteFile struct {
	*shared
	store *sqlitestore.Store // nil if the options are wrong
}

var _ Region = (*SQLiteFile)(nil)

// Stats implements [Region], of all that is in the file and has not expired.
func (f *SQLiteFile) Stats() Stats {
	stats := f.shared.Stats()
	if f.err != nil {
		return stats
	}
	ctx, cancel := context.WithTimeout(context.Background(), f.gate.timeout)
	defer cancel()
	stats.MaxBytes = f.store.MaxBytes()
	var err error
	if stats.Entries, stats.Bytes, err = f.store.Size(ctx); err != nil {
		f.faults.report(fmt.Errorf("cacheops: counting what the region has: %w", err))
	}
	return stats
}

// Clear empties the file: results, and values of all names. A file that is damaged is
// replaced. What transactions have announced stays announced.
func (f *SQLiteFile) Clear(ctx context.Context) error {
	if f.err != nil {
		return f.err
	}
	return f.store.Clear(ctx)
}

// RemoveExpired removes what has expired, and returns how much that was. It need not
// be called: what has expired is not served, and makes room for what is stored.
func (f *SQLiteFile) RemoveExpired(ctx context.Context) (removed int64, err error) {
	if f.err != nil {
		return 0, f.err
	}
	return f.store.RemoveExpired(ctx)
}

// Vacuum makes the file as small as it can be. Writers wait for it.
func (f *SQLiteFile) Vacuum(ctx context.Context) error {
	if f.err != nil {
		return f.err
	}
	return f.store.Vacuum(ctx)
}
