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
	s, ok := r.slot(e, r.on(e.Dependency))
	if !ok || s.check() != nil {
		return nil, false
	}
	for i := range s.marks {
		s.marks[i].journal.watch(s.marks[i].table)
	}
	rows, err := e.Encoding.AppendBinary(nil)
	if err != nil {
		r.faults.report(fmt.Errorf("cacheops: writing a result: %w", err))
		return nil, false
	}
	name := valueName(e.Key)
	e.Stored = time.Now()
	sealed, err := r.codec.Seal(&wire.Entry{
		Key: e.Key.Text[:e.Key.Common], Stored: e.Stored, TTL: e.TTL,
		Stamp: positionsOf(e.Stamp), Dependency: e.Dependency, Rows: rows,
	}, name)
	if err != nil {
		r.faults.report(fmt.Errorf("cacheops: writing a result: %w", err))
		return nil, false
	}
	err = r.gate.pass(ctx, func(ctx context.Context) error {
		return r.backend.Put(ctx, name, sealed, cmp.Or(e.TTL, untilEvicted))
	})
	if err != nil {
		r.faults.report(fmt.Errorf("cacheops: writing a result: %w", err))
		return nil, false
	}
	return s, true
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
