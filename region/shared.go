package region

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/querykey"
	"github.com/seed92106438/cacheops/region/internal/backend"
	"github.com/seed92106438/cacheops/region/internal/wire"
)

// ErrUnavailable is wrapped by the errors of a region whose store cannot be reached,
// or refuses: of a strict region, if a change could not be announced there; of any, if
// an entry could not be deleted.
var ErrUnavailable = errors.New("the region's store is unavailable")

// DefaultLease is how long a change that was announced stays pending after its
// writer was last heard of, and how long a journal is young.
const DefaultLease = 5 * time.Second

// DefaultTimeout bounds each call of a shared store.
const DefaultTimeout = 250 * time.Millisecond

// Outage says what becomes of changes that cannot be announced because the
// region's store is away.
type Outage int

const (
	// Degrade lets the write go on. The change is announced as soon as the store is
	// back, and until then this process takes nothing from the region. Other
	// processes that can reach the store serve what the change has made untrue
	// for as long.
	Degrade Outage = iota
	// Strict refuses the write with an error that wraps [ErrUnavailable], so that
	// nothing is ever unannounced.
	Strict
)

// shared is a region in a store that processes share.
type shared struct {
	err           error // of the options
	backend       backend.Backend
	codec         wire.Codec
	gate          *gate
	lease         time.Duration
	length        int
	outage        Outage
	ttl           time.Duration // of values that are set without one
	drops         drops
	debts         debts
	faults        faults
	redefinitions redefinitions

	looks    atomic.Uint64 // how many have begun
	restamps sync.Map      // names of entries that are put back with a new stamp

	mu      sync.Mutex
	mirrors map[invalidation.Table]*mirror
}

// sharing is what a shared region is made of, whatever its store is.
type sharing struct {
	backend backend.Backend
	codec   wire.Codec
	lease   time.Duration // zero means DefaultLease
	timeout time.Duration // zero means DefaultTimeout
	length  int           // of journals; zero means DefaultJournalLength
	outage  Outage
}

func newShared(s sharing, err error) *shared {
	r := &shared{
		err: err, backend: s.backend, codec: s.codec, outage: s.outage,
		lease: orDefault(s.lease, DefaultLease), length: orDefault(s.length, DefaultJournalLength),
		mirrors: map[invalidation.Table]*mirror{},
	}
	r.gate = newGate(orDefault(s.timeout, DefaultTimeout))
	return r
}

func orDefault[T int | time.Duration](v, standard T) T {
	if v <= 0 {
		return standard
	}
	return v
}

// Validate implements the optional interface that [Set.Validate] asks for. It has a
// store look after itself, if that can.
func (r *shared) Validate() error {
	store, ok := r.backend.(interface{ Check(context.Context) error })
	if r.err != nil || !ok {
		return r.err
	}
	ctx, cancel := context.WithTimeout(context.Background(), checkTimeout)
	defer cancel()
	return store.Check(ctx)
}

// checkTimeout bounds the time in which Validate waits for a store.
const checkTimeout = 10 * time.Second

// Shared implements [Region].
func (r *shared) Shared() bool { return true }

// Remote reports whether processes of other machines may share what is stored. It
// implements the optional interface by which a plugin asks for a name of the database
// that means the same to all of them.
func (r *shared) Remote() bool {
	store, ok := r.backend.(interface{ Remote() bool })
	return ok && store.Remote()
}

// Notify has f called for what goes wrong and fails no query. It implements the
// optional interface by which a plugin hears of that.
func (r *shared) Notify(f func(error)) { r.faults.tell(f) }

// mirror returns the mirror of a table's journal. It is made now if there is none.
func (r *shared) mirror(t invalidation.Table) *mirror {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := r.mirrors[t]
	if m == nil {
		m = newMirror(t, r.length)
		r.mirrors[t] = m
	}
	return m
}

// on returns the mirrors that a result with that dependency depends on, as of does.
func (r *shared) on(dep *invalidation.Dependency) []*mirror {
	if dep == nil || slices.ContainsFunc(dep.Tables, func(t invalidation.TableDependency) bool { return t.Table.Name == invalidation.AllTables }) {
		return nil
	}
	return r.of(tablesOf(dep))
}

// of returns the mirrors that a result of the tables depends on, the database's
// first; none if there are no tables, or they are of several databases.
func (r *shared) of(tables []invalidation.Table) []*mirror {
	if len(tables) == 0 {
		return nil
	}
	mirrors := make([]*mirror, 1, 1+len(tables))
	mirrors[0] = r.mirror(invalidation.Table{Database: tables[0].Database, Name: invalidation.AllTables})
	for _, t := range tables {
		if t.Database != tables[0].Database {
			return nil
		}
		if t.Name == invalidation.AllTables {
			continue
		}
		mirrors = append(mirrors, r.mirror(t))
	}
	return mirrors
}

// Delete implements [Region].
func (r *shared) Delete(ctx context.Context, key querykey.Key) error {
	if key.Common == 0 {
		return nil // it cannot have been stored
	}
	err := r.gate.pass(ctx, func(ctx context.Context) error { return r.backend.Delete(ctx, valueName(key)) })
	if err == nil {
		return nil
	}
	err = fmt.Errorf("cacheops: deleting a result: %w: %w", ErrUnavailable, err)
	r.faults.report(err)
	return err
}

// Watches implements [Region]. It knows of what this process has stored or been
// served. If that is no result of the table at all, others may have some for all one
// knows.
func (r *shared) Watches(table invalidation.Table, columns []string, written invalidation.Columns) bool {
	m := r.mirror(table)
	m.mu.Lock()
	j := m.journal
	m.mu.Unlock()
	return !m.watched.Load() || j.watches(columns, written)
}

// Dropped implements [Region]. It knows of the entries that were found untrue by
// this process.
func (r *shared) Dropped(key querykey.Key) (Drop, bool) { return r.drops.recall(key) }

// Stats implements [Region]. How much there is in the store is not known.
func (r *shared) Stats() Stats { return Stats{Errors: r.faults.count.Load()} }

// Close ends what the region does in the background, and gives up changes that are
// still to be announced, which it returns an error for. The client that the region
// was made with stays open.
func (r *shared) Close() error {
	return errors.Join(r.debts.close(), r.backend.Close())
}
