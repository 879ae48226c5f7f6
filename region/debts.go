package region

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed92106438/cacheops/region/internal/backend"
)

// debts are outcomes that a store is yet to be told, because it was away.
//
// As long as there is one, what the store has may be older than what this process
// knows, so nothing is taken from it and nothing put there. A change that could not
// be announced is a debt from then on, before its COMMIT is sent.
type debts struct {
	count atomic.Int64 // promised and owed

	mu     sync.Mutex
	owed   []debt
	paying chan struct{} // closed by close; nil while nobody pays
	closed bool
}

// debt is an outcome to be written.
type debt struct {
	intent    *sharedIntent
	committed []backend.Part
}

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
	if d.paying == nil && !d.closed {
		d.paying = make(chan struct{})
		go d.payAll(r, d.paying)
	}
}

// payAll pays what is owed, in order, until nothing is.
func (d *debts) payAll(r *shared, stop chan struct{}) {
	retry := minRetry
	for {
		next, ok := d.next()
		if !ok {
			return
		}
		err := r.gate.past(context.Background(), next.pay)
		if err == nil {
			next.intent.paid(context.Background())
			d.strike()
			retry = minRetry
			continue
		}
		r.faults.report(fmt.Errorf("cacheops: settling a change: %w", err))
		select {
		case <-stop:
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
		d.paying = nil
		return debt{}, false
	}
	return d.owed[0], true
}

// strike takes the oldest debt off, which was paid.
func (d *debts) strike() {
	d.mu.Lock()
	defer d.mu.Unlock()
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

// close gives up what is owed.
func (d *debts) close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	if d.paying != nil {
		close(d.paying)
		d.paying = nil
	}
	if n := len(d.owed); n > 0 {
		return fmt.Errorf("cacheops: closing the region: %d changes were not announced", n)
	}
	return nil
}
