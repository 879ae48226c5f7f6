package regiontest_test

import (
	"context"
	"slices"
	"time"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/region"
)

// Faults of how changes are announced and settled.

func commitsAborted(f *faulty) {
	f.settle(func(in region.Intent, _ []invalidation.Change) faultyIntent {
		return faultyIntent{
			func(ctx context.Context, changes []invalidation.Change) { in.Commit(ctx, changes...) },
			func(ctx context.Context) { in.Commit(ctx) },
		}
	})
}

func abortsCommitted(f *faulty) {
	f.settle(func(in region.Intent, _ []invalidation.Change) faultyIntent {
		return faultyIntent{func(ctx context.Context, _ []invalidation.Change) { in.Abort(ctx) }, in.Abort}
	})
}

func commitsAnnounced(f *faulty) {
	f.settle(func(in region.Intent, _ []invalidation.Change) faultyIntent {
		return faultyIntent{func(ctx context.Context, _ []invalidation.Change) { in.Commit(ctx) }, in.Abort}
	})
}

func announcesLate(f *faulty) {
	f.announce = func(_ context.Context, announced []invalidation.Change) (region.Intent, error) {
		return faultyIntent{func(ctx context.Context, changes []invalidation.Change) {
			if len(changes) == 0 {
				changes = announced
			}
			if in, err := f.Region.Announce(ctx, changes); err == nil {
				in.Commit(ctx)
			}
		}, func(context.Context) {}}, nil
	}
}

func announcesFirst(f *faulty) {
	f.announce = func(ctx context.Context, changes []invalidation.Change) (region.Intent, error) {
		return f.Region.Announce(ctx, changes[:min(1, len(changes))])
	}
}

func settlesAgain(f *faulty) {
	f.settle(func(in region.Intent, announced []invalidation.Change) faultyIntent {
		return faultyIntent{func(ctx context.Context, changes []invalidation.Change) {
			in.Commit(ctx, changes...)
			if again, err := f.Region.Announce(ctx, announced); err == nil {
				again.Commit(ctx, changes...)
			}
		}, in.Abort}
	})
}

// alter alters changes before they are announced and committed.
func (f *faulty) alter(change func(*invalidation.Change)) {
	altered := func(changes []invalidation.Change) []invalidation.Change {
		changes = slices.Clone(changes)
		for i := range changes {
			change(&changes[i])
		}
		return changes
	}
	f.announce = func(ctx context.Context, changes []invalidation.Change) (region.Intent, error) {
		in, err := f.Region.Announce(ctx, altered(changes))
		if err != nil {
			return nil, err
		}
		return faultyIntent{func(ctx context.Context, changes []invalidation.Change) {
			in.Commit(ctx, altered(changes)...)
		}, in.Abort}, nil
	}
}

func unitesDatabases(f *faulty) {
	f.alter(func(c *invalidation.Change) { c.Table.Database = "forum" })
}

func ignores(kind invalidation.ChangeKind) func(*faulty) {
	return func(f *faulty) {
		f.alter(func(c *invalidation.Change) {
			if c.Kind == kind {
				c.Kind = invalidation.Insert // of no row
			}
		})
	}
}

func heedsContext(f *faulty) {
	f.settle(func(in region.Intent, _ []invalidation.Change) faultyIntent {
		return faultyIntent{func(ctx context.Context, changes []invalidation.Change) {
			if ctx.Err() == nil {
				in.Commit(ctx, changes...)
			}
		}, in.Abort}
	})
}

// withdrawsFirst leaves a moment in which a committed change is neither pending nor
// in the journal.
func withdrawsFirst(f *faulty) {
	f.settle(func(in region.Intent, announced []invalidation.Change) faultyIntent {
		return faultyIntent{func(ctx context.Context, changes []invalidation.Change) {
			if len(changes) == 0 {
				changes = announced
			}
			in.Abort(ctx)
			time.Sleep(50 * time.Microsecond)
			if again, err := f.Region.Announce(ctx, changes); err == nil {
				again.Commit(ctx)
			}
		}, in.Abort}
	})
}
