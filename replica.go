package cacheops

import (
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops/internal/track"
)

// family is what the databases have in common to which one *gorm.DB may send
// its statements: its own, and those among which dbresolver chooses.
//
// A pool holds the rows of one database of the family, under whose name its
// results are kept. That much is found out for certain, or nothing is kept.
// But two names may lead to the same rows after all, and what is used as a
// source may be a replica. So
//
//   - a write to any pool is announced under the names of all members, and
//   - a result is stored only if a pool that is Config.ReplicaLag behind shows
//     all that was settled, unless it comes from the primary's own pool and no
//     write was ever sent to another.
type family struct {
	primary *database // of the *gorm.DB that the plugin was registered with
	begun   time.Time // what was committed before is in no journal
	several atomic.Bool

	// manual counts BEGINs that were sent as text on a pool. From then on no
	// one can tell which statements share a connection with an open
	// transaction, so nothing is served or stored until it ends.
	manual atomic.Int64

	// strayed is set when a statement has changed, on some connection of a
	// pool, what later texts mean, such as a search path. From then on no one
	// can tell which table a name stands for.
	strayed atomic.Bool

	// elsewhere is set when a write is about to be sent to a pool that is not
	// the primary's. From then on the primary may itself be behind.
	elsewhere atomic.Bool

	members []*database // the primary first; grows under lock
	lock    sync.RWMutex
	pools   map[*track.Pool]poolFacts
	wrapped map[gorm.ConnPool]*track.Pool // opened before the plugin was there

	resolving bool // see around
}

// poolFacts is what was found out about a pool.
type poolFacts struct {
	holder *database // whose rows it holds; nil if no one can tell
	own    bool      // the primary's, or opened by the same data source name
}

// join puts d into the family of the database with whose configuration it was
// opened, or makes one of which it is the primary. dbresolver opens pools with
// a copy of the configuration, which has its plugins in the same map.
func (p *Plugin) join(d *database) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, other := range p.databases {
		if reflect.ValueOf(other.root.Plugins).Pointer() == reflect.ValueOf(d.root.Plugins).Pointer() {
			d.family = other.family
			d.family.add(d)
			return
		}
	}
	d.family = &family{
		primary: d, begun: time.Now(), members: []*database{d},
		pools:   map[*track.Pool]poolFacts{d.pool: {holder: d, own: true}},
		wrapped: map[gorm.ConnPool]*track.Pool{d.pool.Unwrap(): d.pool},
	}
}

// add makes d a member. Another pool that was opened by the primary's data
// source name is as good as its own.
func (f *family) add(d *database) {
	f.lock.Lock()
	defer f.lock.Unlock()
	f.several.Store(true)
	f.members = append(f.members, d)
	if d.source != "" && d.source == f.primary.source && d.name == f.primary.name {
		f.pools[d.pool] = poolFacts{holder: f.primary, own: true}
	}
}

// facts returns what was found out about a pool, if anything was.
func (f *family) facts(pool *track.Pool) (poolFacts, bool) {
	f.lock.RLock()
	defer f.lock.RUnlock()
	facts, ok := f.pools[pool]
	return facts, ok
}

// group notes that dbresolver chose pool for a statement that it would write
// to source, so that both hold the rows of one database.
func (f *family) group(pool, source *track.Pool) {
	f.lock.Lock()
	defer f.lock.Unlock()
	if source == nil {
		f.pools[pool] = poolFacts{}
		return
	}
	if _, known := f.pools[source]; !known {
		f.pools[source] = poolFacts{holder: f.named(source)}
	}
	if _, known := f.pools[pool]; known {
		return
	}
	holder, opened := f.pools[source].holder, f.opened(pool)
	if holder != nil && opened != nil && opened.source != "" && opened.session != holder.session {
		holder = nil // a text may have other results there
	}
	f.pools[pool] = poolFacts{holder: holder}
}

// named returns the database that the data source name of a source leads to,
// or nil if the source was opened before the plugin could see its name.
func (f *family) named(source *track.Pool) *database {
	opened := f.opened(source)
	if opened != nil && opened.name == f.primary.name && opened.session == f.primary.session {
		return f.primary
	}
	return opened
}

// opened returns the member that was opened with the pool, or nil.
func (f *family) opened(pool *track.Pool) *database {
	i := slices.IndexFunc(f.members, func(d *database) bool { return d.pool == pool })
	if i < 0 {
		return nil
	}
	return f.members[i]
}

// lives reports whether results may be kept as d's: not once its pool is known
// to hold the rows of another.
func (f *family) lives(d *database) bool {
	facts, known := f.facts(d.pool)
	return !known || facts.holder == d
}

// everyone returns the databases under whose names a change of d's rows must be
// announced: d, the primary, and those whose results may be kept too.
func (d *database) everyone() []*database {
	if !d.several.Load() {
		return []*database{d}
	}
	d.lock.RLock()
	members := d.members[:len(d.members):len(d.members)]
	d.lock.RUnlock()
	all := []*database{d}
	for _, m := range members {
		if m.name != d.name && (m == d.primary || d.resolved.replicaLag > 0 && d.lives(m)) {
			all = append(all, m)
		}
	}
	return all
}

// at returns the database whose rows a statement of d's *gorm.DB is about. As
// far as that cannot be told it is d.
func (d *database) at(stmt *gorm.Statement) *database {
	if !d.several.Load() {
		return d
	}
	pool := poolOf(stmt)
	if pool == nil || pool == d.pool {
		return d
	}
	if facts, _ := d.facts(pool); facts.holder != nil {
		return facts.holder
	}
	return d
}

// poolOf returns the tracked pool that a statement is sent to, be it in a
// transaction, or nil.
func poolOf(stmt *gorm.Statement) *track.Pool {
	pool, tx := track.Resolve(stmt.ConnPool)
	if tx != nil {
		return tx.Pool()
	}
	return pool
}

// atWrite is at for a statement that is about to write. As far as it cannot be
// told whose rows these are, it goes by the pool's own name.
func (d *database) atWrite(stmt *gorm.Statement) *database {
	if !d.several.Load() {
		return d
	}
	pool := poolOf(stmt)
	if pool == nil || d.owns(pool) {
		return d
	}
	d.elsewhere.Store(true)
	if facts, _ := d.facts(pool); facts.holder != nil {
		return facts.holder
	}
	d.lock.RLock()
	defer d.lock.RUnlock()
	if opened := d.opened(pool); opened != nil {
		return opened
	}
	return d
}

// owns reports whether a pool is the primary's, or as good as that.
func (f *family) owns(pool *track.Pool) bool {
	facts, _ := f.facts(pool)
	return facts.own
}

// keeps reports whether what is read from a pool may be kept as d's. A pool
// of which nothing was found out was not chosen by dbresolver.
func (d *database) keeps(pool *track.Pool) bool {
	if pool == d.pool && d == d.primary {
		return true
	}
	facts, known := d.facts(pool)
	if !known {
		return pool == d.pool
	}
	return facts.holder == d && (facts.own || d.resolved.replicaLag > 0)
}

// covers reports whether a stamp that was taken for that lag will do for a
// query that is about to be sent to the pool: the first write to another pool
// may have come since, or a commit of before the plugin be not shown yet.
func (d *database) covers(lag time.Duration, pool gorm.ConnPool) bool {
	return d.lag(pool) == lag && (lag == 0 || time.Since(d.begun) > lag)
}

// lag returns how far behind what was settled a read from the pool may be.
func (d *database) lag(pool gorm.ConnPool) time.Duration {
	if !d.several.Load() {
		return 0
	}
	if tracked, _ := track.Resolve(pool); d.owns(tracked) && !d.elsewhere.Load() {
		return 0
	}
	return d.resolved.replicaLag
}
