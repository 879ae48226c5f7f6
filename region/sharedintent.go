package region

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/region/internal/backend"
)

// sharedIntent is the [Intent] of a shared region. It lives under an id of its own,
// for a lease that is renewed until it is settled.
type sharedIntent struct {
	region *shared
	id     string
	parts  []sharedPart
	owed   bool // it could not be announced
	once   sync.Once

	settled context.Context // ends when renewals are to end
	cancel  context.CancelFunc

	mu      sync.Mutex
	renewal *time.Timer
}

// sharedPart is what goes to one journal.
type sharedPart struct {
	mirror  *mirror
	changes []invalidation.Change
	own     *ownIntent // of announced parts
	sealed  backend.Part
}

// Announce implements [Region]. First the changes are pending in this process's own
// mirrors, then in the store: when it returns, neither this process nor any other
// can be served a result that they meet.
func (r *shared) Announce(ctx context.Context, changes []invalidation.Change) (Intent, error) {
	in, err := r.intent(changes)
	if err != nil {
		return nil, err
	}
	looked := r.lookForRedefinitions(ctx, changes)
	err = r.gate.pass(ctx, in.send)
	looked()
	if err != nil {
		err = fmt.Errorf("cacheops: announcing a change: %w: %w", ErrUnavailable, err)
		r.faults.report(err)
		if r.outage == Strict {
			in.Abort(ctx)
			return nil, err
		}
		in.owed = true
		r.debts.promise()
		return in, nil
	}
	in.mu.Lock()
	in.renewal = time.AfterFunc(r.lease/renewals, in.renew)
	in.mu.Unlock()
	return in, nil
}

// intent makes changes pending in this process's mirrors.
func (r *shared) intent(changes []invalidation.Change) (*sharedIntent, error) {
	parts, err := r.split(changes, r.mirror)
	if err != nil {
		return nil, err
	}
	in := &sharedIntent{region: r, id: rand.Text(), parts: parts}
	in.settled, in.cancel = context.WithCancel(context.Background())
	for i := range in.parts {
		in.parts[i].own = in.parts[i].mirror.announce(in.parts[i].changes)
	}
	return in, nil
}

// split parts changes by the journals that they go to.
func (r *shared) split(changes []invalidation.Change, journal func(invalidation.Table) *mirror) ([]sharedPart, error) {
	var parts []sharedPart
	for _, c := range changes {
		m := journal(c.Table)
		i := slices.IndexFunc(parts, func(p sharedPart) bool { return p.mirror == m })
		if i < 0 {
			i = len(parts)
			parts = append(parts, sharedPart{mirror: m})
		}
		parts[i].changes = append(parts[i].changes, c)
	}
	for i := range parts {
		p := &parts[i]
		sealed, err := r.codec.SealChanges(p.changes, p.mirror.name)
		if err != nil {
			return nil, fmt.Errorf("cacheops: announcing a change of %q: %w", p.mirror.table.Name, err)
		}
		p.sealed = backend.Part{Journal: p.mirror.name, Changes: sealed}
	}
	return parts, nil
}

// announcedIn returns where the outcome of a change of the table goes: to the
// journal that it was announced in. For a change of everything that turned out to be
// of single tables that is the database's. Were it the table's, then who looks at
// the database's, for another table, would find nothing pending there any more, and
// so would whoever has looked at the table's before. Within one journal there is no
// such moment.
func (in *sharedIntent) announcedIn(t invalidation.Table) *mirror {
	for _, name := range []string{t.Name, invalidation.AllTables} {
		for _, part := range in.parts {
			if part.mirror.table == (invalidation.Table{Database: t.Database, Name: name}) {
				return part.mirror
			}
		}
	}
	return in.region.mirror(t)
}

// send announces the parts in the store, or renews them.
func (in *sharedIntent) send(ctx context.Context) error {
	return in.region.backend.Announce(ctx, in.id, in.region.lease, sealedOf(in.parts))
}

func sealedOf(parts []sharedPart) []backend.Part {
	sealed := make([]backend.Part, len(parts))
	for i := range parts {
		sealed[i] = parts[i].sealed
	}
	return sealed
}

// renew renews the lease, and puts the announcement back should it have been lost.
// If the store cannot be reached the lease may end before the outcome is known.
// Then it counts as committed, and the outcome, which has a number of its own,
// makes untrue once more what was stored in between.
func (in *sharedIntent) renew() {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.settled.Err() != nil {
		return
	}
	next := in.region.lease / renewals
	err := in.region.gate.past(in.settled, in.send)
	if in.settled.Err() != nil {
		return
	}
	if err != nil {
		in.region.faults.report(fmt.Errorf("cacheops: renewing a change: %w", err))
		next /= renewals
	}
	in.renewal.Reset(next)
}

// renewals is how often a lease is renewed in its time. One that fails is tried
// again so often until the next is due.
const renewals = 3

// stop ends the renewals. One that is on its way is given up, and waited for. Should
// it still arrive, when the outcome has, then what it brings back is pending until
// its lease ends.
func (in *sharedIntent) stop() {
	in.cancel()
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.renewal != nil {
		in.renewal.Stop()
	}
}

// Commit implements [Intent]. The context may have ended with what the caller had
// to do; the outcome is told all the same.
func (in *sharedIntent) Commit(ctx context.Context, changes ...invalidation.Change) {
	in.once.Do(func() {
		in.stop()
		committed := in.parts
		if len(changes) > 0 {
			// What was announced covers what is said now, so it can stand for it.
			if narrowed, err := in.region.split(changes, in.announcedIn); err == nil {
				committed = narrowed
			}
		}
		in.settle(context.WithoutCancel(ctx), in.outcome(committed))
	})
}

// outcome is that parts were committed.
func (in *sharedIntent) outcome(committed []sharedPart) debt {
	d := debt{intent: in, committed: sealedOf(committed)}
	for _, part := range committed {
		d.changes += len(part.changes)
	}
	return d
}

// settle writes an outcome, or remembers that it must be written. As long as that
// is so, nothing is taken from the region, so what is pending here may be so for
// longer than that.
func (in *sharedIntent) settle(ctx context.Context, d debt) {
	r := in.region
	if in.owed {
		r.debts.owe(r, d)
		return
	}
	if err := r.gate.pass(ctx, d.pay); err != nil {
		r.faults.report(fmt.Errorf("cacheops: settling a change: %w", err))
		r.debts.promise()
		r.debts.owe(r, d)
		return
	}
	in.paid(ctx)
}

// maxOwn is the number of settled changes in one journal from which on a process
// that only writes looks at the journal, to be rid of their announcements.
const maxOwn = 32

// paid ends the announcements here, now that the outcome is in the store.
func (in *sharedIntent) paid(ctx context.Context) {
	looks := in.region.looks.Load()
	var crowded []*mirror
	for _, part := range in.parts {
		if part.mirror.end(part.own, looks) >= maxOwn {
			crowded = append(crowded, part.mirror)
		}
	}
	if len(crowded) > 0 {
		in.region.look(ctx, "", crowded)
	}
}

// Abort implements [Intent]. What could not be announced may have arrived all the
// same, so it is withdrawn as well. If the store does not hear of it, the
// announcement ends with its lease.
func (in *sharedIntent) Abort(ctx context.Context) {
	in.once.Do(func() {
		in.stop()
		in.region.try(context.WithoutCancel(ctx), debt{intent: in}.pay)
		if in.owed {
			in.region.debts.forgive()
		}
		in.forget()
	})
}

// forget ends the announcements here.
func (in *sharedIntent) forget() {
	for _, part := range in.parts {
		part.mirror.abort(part.own, in.id)
	}
}
