package cacheops

import (
	"context"
	"errors"
	"sync"

	"github.com/seed92106438/cacheops/invalidation"
)

// Postponed collects the changes of writes, to be published once. It is safe
// for concurrent use.
type Postponed struct {
	mu      sync.Mutex
	discard bool
	changes map[*Plugin][]invalidation.Change
}

// postponedKey is the key of a *Postponed in a context.
type postponedKey struct{}

// Postpone returns a context whose writes make no result untrue until Publish
// is called: results that they touch are served as they were. It is for batch
// jobs whose many small changes should cost the readers one refresh. What
// concerns every table is not postponed: definitions, and statements that are
// not understood.
//
//	ctx, postponed := cacheops.Postpone(ctx)
//	importAll(db.WithContext(ctx))
//	err := postponed.Publish(ctx)
func Postpone(ctx context.Context) (context.Context, *Postponed) {
	p := &Postponed{changes: map[*Plugin][]invalidation.Change{}}
	return context.WithValue(ctx, postponedKey{}, p), p
}

// WithoutInvalidation returns a context whose writes make no result untrue,
// ever. Results that they touch stay as they are until another change or
// their TTL ends them, unless the caller invalidates them. What concerns every
// table is published all the same, as under [Postpone].
func WithoutInvalidation(ctx context.Context) context.Context {
	return context.WithValue(ctx, postponedKey{}, &Postponed{discard: true})
}

// Publish makes the collected changes known and forgets them. It must be
// called after the transactions that made them are committed; what a
// rolled-back transaction collected costs a needless query at most. If it
// fails the changes are kept and it may be called again.
func (p *Postponed) Publish(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for plugin, changes := range p.changes {
		if err := plugin.publish(context.WithoutCancel(ctx), changes); err != nil {
			errs = append(errs, err)
			continue
		}
		delete(p.changes, plugin)
	}
	return errors.Join(errs...)
}

// keep returns the changes that are to be published now: all but what profiles
// want ignored or, under Postpone and WithoutInvalidation, those that may be of
// definitions, which the catalogue must follow.
func (d *database) keep(ctx context.Context, changes []invalidation.Change) []invalidation.Change {
	changes = d.ignored(changes)
	p, ok := ctx.Value(postponedKey{}).(*Postponed)
	if !ok {
		return changes
	}
	var now []invalidation.Change
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range changes {
		switch {
		case c.Kind == invalidation.Redefinition:
			now = append(now, c)
		case !p.discard:
			p.changes[d.Plugin] = append(p.changes[d.Plugin], c)
		}
	}
	return now
}
