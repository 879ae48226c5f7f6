package region

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/region/internal/backend"
)

// debts are outcomes that a store is yet to be told, because it was away.
//
// As long as there is one, what the store has may be older than what this process
// knows, so nothing is taken from it and nothing put there. A change that could not
// be announced is a debt from then on, before its COMMIT is sent.
type debts struct {
	count atomic.Int64 // promised and owed

	mu      sync.Mutex
	owed    []debt
	changes int                // in what is owed
	cancel  context.CancelFunc // of the payer; nil while nobody pays
	payer   sync.WaitGroup
	closed  bool
}

// debt is an outcome to be written.
type debt struct {
	intent    *sharedIntent
	committed []backend.Part
	changes   int // in them
}

// maxOwed is the number of changes past which what is owed is made wider, so that it
// takes no more memory however long a store is away.
const maxOwed = 10_000

// Bounds of the time between two attempts to pay.
const minRetry, maxRetry = 50 * time.Millisecond, time.Second

// any reports whether anything is owed, or may come to be.
func (d *debts) any() bool { return d.count.Load() != 0 }

// promise is made for a change that may have to be owed.
func (d *debts) promise() { d.count.Add(1) }

// forgive takes a promise back.
func (d *debts) forgive() { d.count.Add(-1) }

// owe turns a promise into a debt, and sees to it that it is paid.
func (d *debts) owe(r *shared, owed debt) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.owed = append(d.owed, owed)
	if d.changes += owed.changes; d.changes > maxOwed {
		d.widen(r)
	}
	if d.cancel == nil && !d.closed {
		var ctx context.Context
		ctx, d.cancel = context.WithCancel(context.Background())
		d.payer.Go(func() { d.payAll(ctx, r) })
	}
}

// widen makes of all that is owed, but the oldest, which may be about to be paid, a
// change of everything for each database.
func (d *debts) widen(r *shared) {
	rest := d.owed[1:]
	wide, err := r.everythingIn(databasesOf(rest))
	if err != nil {
		r.faults.report(err)
		return
	}
	for _, owed := range rest {
		owed.intent.forget() // the wider ones are pending instead
	}
	d.count.Add(int64(len(wide) - len(rest)))
	d.owed = append(d.owed[:1:1], wide...)
	d.changes = 0
	for _, owed := range d.owed {
		d.changes += owed.changes
	}
}

// databasesOf returns the databases that the debts concern.
func databasesOf(owed []debt) map[string]bool {
	databases := map[string]bool{}
	for _, d := range owed {
		for _, part := range d.intent.parts {
			databases[part.mirror.table.Database] = true
		}
	}
	return databases
}

// everythingIn makes a debt for each of the databases that everything there has
// changed.
func (r *shared) everythingIn(databases map[string]bool) (wide []debt, err error) {
	for database := range databases {
		table := invalidation.Table{Database: database, Name: invalidation.AllTables}
		in, err := r.intent(r.mirror(table).everything())
		if err != nil {
			for _, owed := range wide {
				owed.intent.forget()
			}
			return nil, err
		}
		wide = append(wide, in.outcome(in.parts))
	}
	return wide, nil
}

// payAll pays what is owed, in order, until nothing is.
func (d *debts) payAll(ctx context.Context, r *shared) {
	retry := minRetry
	for {
		next, ok := d.next()
		if !ok {
			return
		}
		err := r.gate.past(ctx, next.pay)
		if err == nil {
			next.intent.paid(ctx)
			d.strike()
			retry = minRetry
			continue
		}
		if ctx.Err() == nil {
			r.faults.report(fmt.Errorf("cacheops: settling a change: %w", err))
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(retry):
			retry = min(2*retry, maxRetry)
		}
	}
}

// next returns the oldest debt. If there is none the payer is done.
func (d *debts) next() (debt, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed || len(d.owed) == 0 {
		d.stop()
		return debt{}, false
	}
	return d.owed[0], true
}

// strike takes the oldest debt off, which was paid.
func (d *debts) strike() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.changes -= d.owed[0].changes
	d.owed = d.owed[1:]
	d.count.Add(-1)
}

// pay writes the outcome.
func (d debt) pay(ctx context.Context) error {
	announced := make([]string, len(d.intent.parts))
	for i := range announced {
		announced[i] = d.intent.parts[i].sealed.Journal
	}
	return d.intent.region.backend.Settle(ctx, d.intent.id, d.committed, announced)
}

// stop has the payer come to its end, if there is one.
func (d *debts) stop() {
	if d.cancel != nil {
		d.cancel()
		d.cancel = nil
	}
}

// close gives up what is owed, and waits for the payer.
func (d *debts) close() error {
	defer d.payer.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	d.stop()
	if n := len(d.owed); n > 0 {
		return fmt.Errorf("cacheops: closing the region: %d outcomes were not announced", n)
	}
	return nil
}
