// Package sqlitestore is a [backend.Backend] in an SQLite file, in which the
// processes of a host meet; with a rollback journal also those of several hosts, on
// a network share. docs/wire-format.md has the tables.
//
// # Why a file can be trusted
//
// A backend may lose journals as a whole, and nothing less. SQLite sees to that as
// long as a process is killed: what was committed stays. Three things it does not
// see to.
//
//   - After a power loss the last transactions may be missing, if a COMMIT does not
//     wait for the disk. So a file remembers in which boot of the machine it was
//     written in that way, and in another one it is replaced. See [file.begun].
//   - A file may be damaged. Then it is moved aside, and another takes its place. See
//     [shard.open].
//   - A file may be replaced or removed while others have it open, who would go on to
//     read and write what nobody else sees. So each call first makes sure that the
//     file which is open is the one that has the name, and each call that writes does
//     so again when it has committed: then what it wrote was in the file while the
//     file was the one that all use. See [shard.write].
package sqlitestore

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"
)

// Options of a [Store]. The zero Options are of use.
type Options struct {
	// MaxBytes bounds what is in use of the files. When it is reached, first what has
	// expired makes room, then what was stored least recently. Zero means
	// DefaultMaxBytes.
	MaxBytes int64

	// JournalLength is the number of committed changes that are kept for each
	// journal. Zero means DefaultJournalLength.
	JournalLength int

	// Rollback journal in place of a write-ahead log, for network shares. Readers then
	// wait for writers, and each write for the disk.
	Rollback bool

	// Save says what a write waits for.
	Save Save

	// BusyTimeout bounds the time that a call waits for other processes, as its
	// context does. Zero means DefaultBusyTimeout.
	BusyTimeout time.Duration

	// Shards is the number of files among which values are spread. If it is not zero
	// the path is that of their folder.
	Shards int

	// Memory keeps everything in memory that this Store has for itself.
	Memory bool

	// Driver is the name of the driver in database/sql. By default it is the first of
	// "sqlite3" and "sqlite" that is there.
	Driver string
}

// Save says what a write waits for.
type Save int

const (
	// Normal hands what is written to the operating system, and sees to it that the
	// file is whole after a power loss. The file is replaced when the machine was
	// started anew.
	Normal Save = iota
	// Fast does not see to that either.
	Fast
	// Durable waits for the disk. The file stays when the machine is started anew.
	Durable
)

// Defaults of [Options].
const (
	DefaultMaxBytes      = 256 << 20
	DefaultJournalLength = 4096
	DefaultBusyTimeout   = 5 * time.Second
)

const minBytes = 256 << 10 // a few pages for each table

// complete returns the options with their defaults, or what is wrong with them.
func (o Options) complete(path string) (Options, error) {
	switch {
	case path == "" && !o.Memory:
		return o, errors.New("the path is empty")
	case o.MaxBytes < 0 || o.MaxBytes > 0 && o.MaxBytes < minBytes:
		return o, fmt.Errorf("option MaxBytes is %d, but must be %d at least", o.MaxBytes, minBytes)
	case o.JournalLength < 0:
		return o, fmt.Errorf("option JournalLength is %d, but must not be negative", o.JournalLength)
	case o.BusyTimeout < 0:
		return o, fmt.Errorf("option BusyTimeout is %v, but must not be negative", o.BusyTimeout)
	case o.Shards < 0 || o.Shards > maxShards:
		return o, fmt.Errorf("option Shards is %d, but must be from 0 to %d", o.Shards, maxShards)
	case o.Save < Normal || o.Save > Durable:
		return o, fmt.Errorf("there is no way %d to save", o.Save)
	case o.Rollback && o.Save == Fast:
		return o, errors.New("with a rollback journal nothing can be saved fast: hosts cannot tell of each other's power losses")
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	if o.JournalLength == 0 {
		o.JournalLength = DefaultJournalLength
	}
	if o.BusyTimeout == 0 {
		o.BusyTimeout = DefaultBusyTimeout
	}
	if o.Rollback || o.Memory || thisBoot() == "" {
		o.Save = Durable
	}
	var err error
	o.Driver, err = driverName(o.Driver)
	return o, err
}

const maxShards = 100

// paths returns the files at a path, the one with the journals first.
func (o *Options) paths(path string) ([]string, error) {
	if o.Memory {
		return make([]string, max(o.Shards, 1)), nil
	}
	path, err := filepath.Abs(path) // the working directory may change
	if err != nil || o.Shards == 0 {
		return []string{path}, err
	}
	paths := make([]string, o.Shards)
	for i := range paths {
		paths[i] = filepath.Join(path, fmt.Sprintf("%02d.sqlite", i))
	}
	return paths, nil
}

// driverName returns the name of the driver to use.
func driverName(wanted string) (string, error) {
	names := []string{wanted}
	if wanted == "" {
		names = []string{"sqlite3", "sqlite"}
	}
	for _, name := range names {
		if slices.Contains(sql.Drivers(), name) {
			return name, nil
		}
	}
	return "", fmt.Errorf("no driver for SQLite is registered as %q: import _ %q, or _ %q without cgo",
		names, "github.com/mattn/go-sqlite3", "modernc.org/sqlite")
}
