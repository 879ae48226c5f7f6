// Package region keeps results, and the journals that tell which of them are
// still true.
//
// A [Region] is a named cache: a store of entries and, per table, a journal
// of changes. The life of a result is: the positions of its tables' journals
// are read (the [Stamp]), the query runs, the result is put with that stamp.
// A later look-up serves it as long as no change that was appended after the
// stamp meets its dependency. The life of a change is: announced as pending,
// COMMIT, settled as committed or aborted. A result that a pending change
// meets is neither served nor stored.
//
// What a dependency and a change are, and whether they meet, is decided in
// package invalidation. What a result looks like is the caller's business: a
// region never looks into a value.
package region

import (
	"context"
	"encoding"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/querykey"
)

// Set gives regions their names. The name of the region that is used where
// nothing else is asked for is [Default].
type Set map[string]Region

// Default is the name of the region that a profile uses unless it names one.
const Default = "default"

// Validate returns an error that names each region that is nil, or that finds
// fault with the options it was made with.
func (s Set) Validate() error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(s)) {
		if s[name] == nil {
			errs = append(errs, fmt.Errorf("cacheops: region %q is nil", name))
			continue
		}
		if r, ok := s[name].(interface{ Validate() error }); ok {
			if err := r.Validate(); err != nil {
				errs = append(errs, fmt.Errorf("cacheops: region %q: %w", name, err))
			}
		}
	}
	return errors.Join(errs...)
}

// Region is a store of results with the journals of the tables that they
// were computed from. It is safe for concurrent use, and may be shared by
// several plugins and databases of a process.
type Region interface {
	// Get returns the entry under key if it is fresh: no change that was
	// settled as committed after its stamp, and none that is pending, meets
	// its dependency. Otherwise the entry is nil and the Miss says why. A
	// region that is [Region.Shared] finds nothing without q.
	Get(ctx context.Context, key querykey.Key, q Query) (*Entry, Miss)

	// Shared reports whether results leave the process, so that an entry needs
	// an Encoding.
	Shared() bool

	// Stamp reads the present positions of the journals of dep's tables. It
	// must be called before the query is sent. It reports false if a pending
	// change meets dep: then the result must be neither stored nor shared.
	//
	// The query may be sent to a replica that is behind by up to lag. Unless
	// that is zero, Stamp also reports false if a change that meets dep was
	// settled as committed within that time, or if the region cannot tell.
	Stamp(ctx context.Context, dep *invalidation.Dependency, lag time.Duration) (Stamp, bool)

	// Put stores a result. It reports false, and stores nothing, if a change
	// since e.Stamp already meets the dependency, or the value is too large.
	Put(ctx context.Context, e *Entry) bool

	// Fresh reports whether e, which Put accepted, is fresh now, as Get would.
	Fresh(ctx context.Context, e *Entry) bool

	// Announce appends changes to their journals as pending, all or none.
	// When it returns, no reader can be served a result that they meet.
	Announce(ctx context.Context, changes []invalidation.Change) (Intent, error)

	// Delete drops the entry under key, if there is one, for all who share the
	// region. It returns an error if it may still be served. What another process
	// has in memory, in front of a store, is beyond its reach: see [Tiered].
	Delete(ctx context.Context, key querykey.Key) error

	// Watches reports whether some entry put since the region was made
	// depends on table, looks at one of the columns written, and restricts one
	// of columns, so that knowing a row's value there can spare a result. It
	// may report true in doubt.
	Watches(table invalidation.Table, columns []string, written invalidation.Columns) bool

	// Dropped tells which change last made the entry under key untrue, if the
	// region still remembers.
	Dropped(key querykey.Key) (Drop, bool)

	// Redefined has f called with the name of a database whose definitions another
	// process may have changed, before the look-up, stamp or announcement by which
	// that was found out returns. A region of one process has nothing to tell.
	Redefined(f func(database string))

	// Stats returns the present size of the region.
	Stats() Stats
}

// Query is what a shared region asks of the one who looks a result up.
type Query interface {
	// Tables returns the tables that the result depends on, as far as is known
	// without it. More or fewer cost a round trip, and nothing else. Of
	// [invalidation.AllTables] the database's journal is looked at, as it is for
	// every table.
	Tables() []invalidation.Table

	// Decode makes a value of what the Encoding of an [Entry] was. It must not
	// keep the bytes, nor trust them.
	Decode(encoded []byte) (any, error)

	// Keep makes of a decoded value what may be held in memory and served many
	// times, and its size in bytes.
	Keep(value any) (kept any, size int64, err error)
}

// Position is a place in one table's journal.
type Position struct {
	Epoch  uint64 // of the journal; a journal that was begun anew has another
	Number uint64 // of the last entry of the journal that was seen
}

// Stamp holds the positions of the journals that a result depends on, read
// before its query was sent: the database's own journal, where [invalidation.AllTables]
// changes are, and then one for each table of the dependency, in its order.
type Stamp []Position

// Intent is a set of announced changes that awaits its outcome. Exactly one
// of its methods takes effect, the first that is called; it is safe to call
// them again. They never fail: an outcome that cannot be written counts as
// committed.
type Intent interface {
	// Commit settles the changes as committed. The changes given take the
	// place of those announced, which must cover them; with none given, those
	// announced stand. What Commit makes untrue is not served any more when it
	// returns.
	Commit(ctx context.Context, changes ...invalidation.Change)

	// Abort settles the changes as aborted. It costs no one a result.
	Abort(ctx context.Context)
}

// Entry is a cached result. After Put its fields must not be changed.
type Entry struct {
	Key        querykey.Key
	Dependency *invalidation.Dependency
	Stamp      Stamp
	Value      any // the result; never changed by anyone after Put
	// Encoding writes the result for other processes, in a form that does not
	// depend on what it is put into. A region that is not shared does not use it.
	Encoding encoding.BinaryAppender
	Size     int64         // of Value, in bytes
	TTL      time.Duration // from Put; zero means until evicted or dropped
	Stored   time.Time     // set by Put
}

// Cause tells why a look-up found no fresh entry.
type Cause int

// The causes of a miss.
const (
	Absent  Cause = iota // not there, evicted or expired
	Dead                 // a committed change meets it: it was dropped now
	Blocked              // a pending change meets it: it may yet prove true
	Away                 // the store does not answer, or cannot be trusted yet
)

// Miss tells why Get returned no entry.
type Miss struct {
	Cause Cause
	// Drop has the change that met the entry, for Dead.
	Drop Drop
}

// Drop is the end of an entry.
type Drop struct {
	// Change that made the entry untrue. Its Table is empty if the journal
	// was trimmed past the entry's stamp, so that no one can tell.
	Change invalidation.Change
	Time   time.Time // when it was found out
}

// Stats is the size of a region at one moment.
type Stats struct {
	Entries  int64
	Bytes    int64  // an estimate, keys and values
	MaxBytes int64  // 0 if there is no bound
	Errors   uint64 // of the store, since the region was made
}
