package region

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/region/internal/wire"
)

// untilEvicted is how long a store is told to keep a result without a time to live:
// it may evict nothing of its own accord.
const untilEvicted = 7 * 24 * time.Hour

// recently is how old the news may be that a stamp is taken by.
const recently = 100 * time.Millisecond

// Stamp implements [Region]. A stamp may be older than it could be: what was
// settled between it and the query only seems to have come later. So the news are
// asked for only if they are not quite new, if by them there is no stamp, or for a
// replica, of which what was settled within the lag has to be known.
func (r *shared) Stamp(ctx context.Context, dep *invalidation.Dependency, lag time.Duration) (Stamp, bool) {
	mirrors := r.on(dep)
	if mirrors == nil || r.debts.any() {
		return nil, false
	}
	now := time.Now()
	if lag == 0 && heardSince(mirrors, now.Add(-recently)) {
		if stamp, ok := stampBy(mirrors, dep, time.Time{}); ok {
			return stamp, true
		}
	}
	if _, ok := r.look(ctx, "", mirrors); !ok {
		return nil, false
	}
	var quiet time.Time
	if lag > 0 {
		quiet = now.Add(-lag)
	}
	stamp, ok := stampBy(mirrors, dep, quiet)
	if !ok {
		r.tidy(ctx, mirrors)
	}
	return stamp, ok
}

// heardSince reports whether all mirrors have heard of their journals since t.
func heardSince(mirrors []*mirror, t time.Time) bool {
	return !slices.ContainsFunc(mirrors, func(m *mirror) bool { return !m.heardSince(t) })
}

// stampBy takes the stamp by what the mirrors have heard. The journals are read one
// after the other: see [memory.Stamp].
func stampBy(mirrors []*mirror, dep *invalidation.Dependency, quiet time.Time) (Stamp, bool) {
	stamp := make(Stamp, len(mirrors))
	for i := range dep.Tables {
		d := &dep.Tables[i]
		database, ok := mirrors[0].stamp(d, quiet)
		if !ok {
			return nil, false
		}
		if i == 0 {
			stamp[0] = database
		}
		if stamp[i+1], ok = mirrors[i+1].stamp(d, quiet); !ok {
			return nil, false
		}
	}
	return stamp, true
}

// Put implements [Region].
func (r *shared) Put(ctx context.Context, e *Entry) bool {
	_, ok := r.put(ctx, e)
	return ok
}

// put stores e, and returns a slot for it.
func (r *shared) put(ctx context.Context, e *Entry) (*slot, bool) {
	if e.Encoding == nil || e.Key.Common == 0 || r.debts.any() {
		return nil, false
	}
	mirrors := r.on(e.Dependency)
	s, ok := r.slot(e, mirrors)
	if !ok || s.check() != nil {
		return nil, false
	}
	r.watch(s, mirrors)
	rows, err := e.Encoding.AppendBinary(nil)
	if err != nil {
		r.faults.report(fmt.Errorf("cacheops: writing a result: %w", err))
		return nil, false
	}
	e.Stored = time.Now()
	stored := &wire.Entry{
		Key: e.Key.Text[:e.Key.Common], Stored: e.Stored, TTL: e.TTL,
		Stamp: positionsOf(e.Stamp), Dependency: e.Dependency, Rows: rows,
	}
	return s, r.send(ctx, valueName(e.Key), stored, cmp.Or(e.TTL, untilEvicted))
}

// send puts an entry into the store under a name.
func (r *shared) send(ctx context.Context, name string, stored *wire.Entry, ttl time.Duration) bool {
	sealed, err := r.codec.Seal(stored, name)
	if err == nil {
		err = r.gate.pass(ctx, func(ctx context.Context) error { return r.backend.Put(ctx, name, sealed, ttl) })
	}
	if err != nil {
		r.faults.report(fmt.Errorf("cacheops: writing a result: %w", err))
	}
	return err == nil
}

// watch has the journals of a slot follow what it restricts.
func (r *shared) watch(s *slot, mirrors []*mirror) {
	for i := range s.marks {
		s.marks[i].journal.watch(s.marks[i].table)
	}
	for _, m := range mirrors {
		m.watched.Store(true)
	}
}

// restamp puts a fresh entry back with a new stamp if the journals will soon reach
// back to the old one no more. Others may do so at the same time, or have put a newer
// one: either is as good, since it is by its stamp that it is found to be fresh.
//
// The new stamp is taken first, and then the entry is checked once more. What was
// settled up to the stamp has been heard of by then, and does not meet it; what was
// pending and does, would have refused the stamp. So the entry is as one that was
// read from the database just after the stamp was taken.
func (r *shared) restamp(ctx context.Context, s *slot, stored *wire.Entry, mirrors []*mirror) {
	e := s.entry
	ttl := untilEvicted
	if e.TTL > 0 {
		ttl = min(e.TTL, e.TTL-time.Since(e.Stored)) // by two clocks, it may be
	}
	if ttl <= 0 || !behind(mirrors, e.Stamp) {
		return
	}
	name := valueName(e.Key)
	if _, begun := r.restamps.LoadOrStore(name, nil); begun {
		return
	}
	defer r.restamps.Delete(name)
	stamp, ok := stampBy(mirrors, e.Dependency, time.Time{})
	if !ok || s.check() != nil {
		return
	}
	renewed := *stored
	renewed.Stamp = positionsOf(stamp)
	if r.send(ctx, name, &renewed, ttl) {
		e.Stamp = stamp
	}
}

// behind reports whether half of what some journal keeps came after the stamp.
func behind(mirrors []*mirror, stamp Stamp) bool {
	for i, m := range mirrors {
		if m.since(stamp[i]) > m.length/2 {
			return true
		}
	}
	return false
}

func stampOf(ps []wire.Position) Stamp {
	stamp := make(Stamp, len(ps))
	for i, p := range ps {
		stamp[i] = Position(p)
	}
	return stamp
}

func positionsOf(s Stamp) []wire.Position {
	ps := make([]wire.Position, len(s))
	for i, p := range s {
		ps[i] = wire.Position(p)
	}
	return ps
}
