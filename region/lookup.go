package region

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/querykey"
	"github.com/seed92106438/cacheops/region/internal/backend"
	"github.com/seed92106438/cacheops/region/internal/wire"
)

// look asks the store for a value, and for the news of mirrors, in one round trip.
// It reports false if the store does not answer or what it says is of no use.
func (r *shared) look(ctx context.Context, name string, mirrors []*mirror) ([]byte, bool) {
	if r.debts.any() {
		return nil, false
	}
	ticket, began := r.looks.Add(1), time.Now()
	follow := make([]backend.Follow, len(mirrors))
	for i, m := range mirrors {
		follow[i] = m.follow()
	}
	var value []byte
	var news []backend.News
	err := r.gate.pass(ctx, func(ctx context.Context) (err error) {
		value, news, err = r.backend.Look(ctx, name, follow)
		return err
	})
	if err != nil {
		r.faults.report(fmt.Errorf("cacheops: reading the region: %w", err))
		return nil, false
	}
	useful := true
	for i, m := range mirrors {
		useful = r.hear(m, follow[i], &news[i], ticket, began) && useful
	}
	// A debt that was made in the meantime may be to something that was read.
	return value, useful && !r.debts.any()
}

// hear has a mirror take in news, and tells of what could not be read in them when
// that is done: who is told may use the region.
func (r *shared) hear(m *mirror, followed backend.Follow, news *backend.News, ticket uint64, began time.Time) bool {
	var faulty error
	redefined := news.Changed && (news.Epoch != followed.Epoch || news.Since > followed.Number)
	useful := m.hear(followed, news, ticket, began, func(b []byte) ([]invalidation.Change, error) {
		changes, err := r.codec.OpenChanges(b, m.name)
		if err != nil {
			faulty = fmt.Errorf("cacheops: reading the journal of %q: %w", m.table.Name, err)
		}
		redefined = redefined || err != nil || slices.ContainsFunc(changes, redefines)
		return changes, err
	})
	if faulty != nil {
		r.faults.report(faulty)
	}
	if redefined && m.table.Name == invalidation.AllTables {
		r.redefinitions.tell(m.table.Database)
	}
	return useful
}

// valueName is the name under which a store has the value of a key. Two keys may
// share it; the value itself says whose it is.
func valueName(key querykey.Key) string {
	var sum [8]byte
	binary.BigEndian.PutUint64(sum[:], xxhash.Sum64(key.Text[:key.Common]))
	return hex.EncodeToString(sum[:])
}

// Get implements [Region]. It takes one round trip, if q knows the tables.
func (r *shared) Get(ctx context.Context, key querykey.Key, q Query) (*Entry, Miss) {
	s, miss := r.find(ctx, key, q)
	if s == nil {
		return nil, miss
	}
	return s.entry, Miss{}
}

// find looks a fresh entry up in the store.
func (r *shared) find(ctx context.Context, key querykey.Key, q Query) (*slot, Miss) {
	if q == nil || key.Common == 0 {
		return nil, Miss{}
	}
	name := valueName(key)
	mirrors := r.of(q.Tables())
	value, ok := r.look(ctx, name, mirrors)
	switch {
	case !ok:
		return nil, Miss{Cause: Away}
	case value == nil:
		return nil, Miss{}
	}
	stored, err := r.codec.Open(value, name)
	if err != nil {
		r.faults.report(fmt.Errorf("cacheops: reading a result: %w", err))
		return nil, Miss{}
	}
	if !bytes.Equal(stored.Key, key.Text[:key.Common]) {
		return nil, Miss{}
	}
	return r.found(ctx, key, q, stored, mirrors)
}

// found makes a slot of what is in the store, if it is fresh. The mirrors have been
// heard of already.
func (r *shared) found(ctx context.Context, key querykey.Key, q Query, stored *wire.Entry, heard []*mirror) (*slot, Miss) {
	e := &Entry{
		Key: key, Dependency: stored.Dependency, Stamp: stampOf(stored.Stamp),
		TTL: stored.TTL, Stored: stored.Stored,
	}
	all := r.on(e.Dependency)
	if unheard := without(all, heard); len(unheard) > 0 {
		if _, ok := r.look(ctx, "", unheard); !ok {
			return nil, Miss{Cause: Away}
		}
	}
	s, ok := r.slot(e, all)
	if !ok {
		return nil, Miss{Cause: Dead, Drop: Drop{Time: time.Now()}}
	}
	if s.expired() {
		return nil, Miss{} // the store may be less exact about that
	}
	if miss := s.check(); miss != nil {
		r.missed(ctx, key, miss, all)
		return nil, *miss
	}
	value, err := q.Decode(stored.Rows)
	if err != nil {
		r.faults.report(fmt.Errorf("cacheops: reading a result: %w", err))
		return nil, Miss{}
	}
	e.Value, e.Size = value, int64(len(stored.Rows))
	r.watch(s, all)
	r.restamp(ctx, s, stored, all)
	return s, Miss{}
}

// missed does what is left to do about an entry that is not fresh.
func (r *shared) missed(ctx context.Context, key querykey.Key, miss *Miss, mirrors []*mirror) {
	if miss.Cause == Dead {
		r.drops.remember(key.Clone(), miss.Drop)
		return
	}
	r.tidy(ctx, mirrors)
}

// tidy settles announcements whose writers were not heard of for as long as their
// leases, and ends the youth of journals. That is left to those whom it concerns:
// readers that go to the database anyway.
//
// What is pending when a lease ends counts as committed, because its writer may
// have committed just before he died.
func (r *shared) tidy(ctx context.Context, mirrors []*mirror) {
	for _, m := range mirrors {
		for _, p := range m.lapsed() {
			r.try(ctx, func(ctx context.Context) error { return r.backend.Expire(ctx, m.name, p) })
		}
		if epoch, grown := m.grown(r.lease); grown {
			r.try(ctx, func(ctx context.Context) error { return r.backend.Open(ctx, m.name, epoch) })
		}
	}
}

// try does what need not succeed.
func (r *shared) try(ctx context.Context, do func(context.Context) error) {
	if err := r.gate.pass(ctx, do); err != nil {
		r.faults.report(fmt.Errorf("cacheops: writing to the region: %w", err))
	}
}

// slot makes a slot of e at its stamp. The database's journal is looked at for each
// of the tables: what has been announced of all of them may be committed there as
// changes of some.
func (r *shared) slot(e *Entry, mirrors []*mirror) (*slot, bool) {
	if len(mirrors) == 0 || len(e.Stamp) != len(mirrors) {
		return nil, false
	}
	marks := make([]mark, 0, 2*len(e.Dependency.Tables))
	for i := range e.Dependency.Tables {
		for _, at := range [...]int{0, i + 1} {
			marks = append(marks, mark{table: &e.Dependency.Tables[i]})
			if !mirrors[at].at(e.Stamp[at], &marks[len(marks)-1]) {
				return nil, false
			}
		}
	}
	return &slot{entry: e, marks: marks}, true
}

func tablesOf(dep *invalidation.Dependency) []invalidation.Table {
	tables := make([]invalidation.Table, len(dep.Tables))
	for i := range dep.Tables {
		tables[i] = dep.Tables[i].Table
	}
	return tables
}

// without returns those of all that are not in some.
func without(all, some []*mirror) (rest []*mirror) {
	for _, m := range all {
		if !slices.Contains(some, m) {
			rest = append(rest, m)
		}
	}
	return rest
}

// Fresh implements [Region]. An entry at its stamp is as good as it was when it was
// stored, by the news as of now.
func (r *shared) Fresh(ctx context.Context, e *Entry) bool {
	mirrors := r.on(e.Dependency)
	if _, ok := r.look(ctx, "", mirrors); !ok {
		return false
	}
	s, ok := r.slot(e, mirrors)
	return ok && !s.expired() && s.check() == nil
}
