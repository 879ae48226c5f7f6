package region

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed92106438/cacheops/invalidation"
)

// cutOff makes two processes, of which the second can reach the store no more.
func cutOff(t *testing.T, outage Outage) (other, p *process) {
	ps := share(t, 1)
	p = ps[0].lot.join(t, sharing{outage: outage})
	ps[0].fill("topic 1", topic1)
	ps[0].fill("topic 2", topic2)
	p.hits("topic 1", topic1)
	p.line.isCut(true)
	return ps[0], p
}

func TestDegradedWriteIsAnnouncedWhenTheStoreIsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		other, p := cutOff(t, Degrade)
		p.commit(postIn1)
		p.misses("topic 2", topic2, Away)
		if _, ok := p.Stamp(t.Context(), topic2, 0); ok {
			t.Error("a stamp was given")
		}
		other.hits("topic 1", topic1) // of which Degrade warns
		time.Sleep(time.Minute)
		p.misses("topic 2", topic2, Away)

		p.line.isCut(false)
		time.Sleep(maxRetry + closedFor)
		for _, p := range []*process{other, p} {
			p.misses("topic 1", topic1, Dead)
			p.hits("topic 2", topic2)
		}
	})
}

// While the store answers again, and what is owed is not yet paid, nothing is taken
// from it.
func TestNothingIsTakenBeforeWhatIsOwedIsPaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p := cutOff(t, Degrade)
		p.commit(postIn1)
		p.line.isCut(false)
		p.line.next(heldThere)
		time.Sleep(2 * minRetry) // until it is being paid
		p.misses("topic 1", topic1, Away)
		p.misses("topic 2", topic2, Away)
		p.line.release(0)
		time.Sleep(closedFor)
		p.misses("topic 1", topic1, Dead)
		p.hits("topic 2", topic2)
	})
}

// A look is on its way while a change turns out not to be announced.
func TestLookThatIsOvertakenByADebtIsOfNoUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ps := share(t, 1)
		ps[0].fill("topic 2", topic2)
		p := ps[0].lot.join(t, sharing{})
		p.line.next(heldBack, lost)
		read := aside(func() { p.misses("topic 2", topic2, Away) })
		intent := p.announce(postIn1)
		p.line.release(0)
		read()
		intent.Abort(t.Context())
		p.hits("topic 2", topic2)
	})
}

func TestStrictWriteIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		other, p := cutOff(t, Strict)
		for range 2 * tolerated { // with the gate open, and closed
			_, err := p.Announce(t.Context(), []invalidation.Change{postIn1})
			if !errors.Is(err, ErrUnavailable) || !strings.HasPrefix(err.Error(), "cacheops: ") {
				t.Errorf("got %v", err)
			}
		}
		p.misses("topic 1", topic1, Away)
		p.line.isCut(false)
		time.Sleep(closedFor + 1)
		p.hits("topic 1", topic1)
		other.hits("topic 1", topic1)
		p.commit(postIn1)
		other.misses("topic 1", topic1, Dead)
	})
}

// A change that was announced is settled when the store is back, and until then
// pending for everyone, or made an end of by whom it stands in the way of.
func TestOutcomeThatDoesNotArrive(t *testing.T) {
	for _, outage := range []Outage{Degrade, Strict} {
		synctest.Test(t, func(t *testing.T) {
			ps := share(t, 1)
			other := ps[0]
			p := other.lot.join(t, sharing{outage: outage})
			other.fill("topic 1", topic1)
			intent := p.announce(postIn1)
			p.line.isCut(true)
			intent.Commit(t.Context())
			p.misses("topic 1", topic1, Away)
			other.misses("topic 1", topic1, Blocked)
			time.Sleep(DefaultLease + 1)
			other.misses("topic 1", topic1, Blocked)
			other.misses("topic 1", topic1, Dead)
			other.fill("topic 1", topic1)
			p.line.isCut(false)
			time.Sleep(maxRetry + closedFor)
			other.misses("topic 1", topic1, Dead)
			other.fill("topic 1", topic1)
			p.hits("topic 1", topic1)
		})
	}
}

func TestAbortOfAChangeThatIsOwed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		other, p := cutOff(t, Degrade)
		intent := p.announce(postIn1)
		p.misses("topic 2", topic2, Away)
		intent.Abort(t.Context())
		p.line.isCut(false)
		time.Sleep(closedFor + 1)
		p.hits("topic 1", topic1)
		other.hits("topic 1", topic1)
	})
}

func TestWhatIsOwedIsPaidInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p := cutOff(t, Degrade)
		changes := []invalidation.Change{postIn1, userAdded, postIn2}
		for _, c := range changes {
			p.commit(c)
		}
		r := p.Region.(*shared)
		for i, owed := range r.debts.owed {
			if got := owed.intent.parts[0].changes[0]; got.String() != changes[i].String() {
				t.Errorf("debt %d is %v, want %v", i, got, changes[i])
			}
		}
		p.line.isCut(false)
		time.Sleep(maxRetry + closedFor)
		p.lot.mu.Lock()
		defer p.lot.mu.Unlock()
		if n := len(p.lot.journal(journalName(named("posts"))).records); n != 2 {
			t.Errorf("%d records were appended, want 2", n)
		}
	})
}

// However long the store is away, what is owed takes no more than so much room.
func TestWhatIsOwedIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		other, p := cutOff(t, Degrade)
		other.fill("users", allUsers)
		shop := postIn1
		shop.Table.Database = "shop"
		under := p.announce(userAdded) // which is not settled yet
		p.commit(postIn1)
		p.commit(shop)
		for range maxOwed {
			p.commit(postIn1)
		}
		r := p.Region.(*shared)
		if n, changes := len(r.debts.owed), r.debts.changes; n > 10 || changes > 10 {
			t.Errorf("%d debts of %d changes are kept", n, changes)
		}
		if n := len(p.mirror("posts").own); n > 10 {
			t.Errorf("%d changes are pending here", n)
		}
		p.line.isCut(false)
		time.Sleep(time.Minute)
		p.misses("topic 2", topic2, Away) // for one is not settled
		other.misses("topic 2", topic2, Dead)
		other.misses("users", allUsers, Dead)
		under.Abort(t.Context())
		other.fill("users", allUsers)
		p.hits("users", allUsers)
		if n := r.debts.count.Load(); n != 0 {
			t.Errorf("%d debts are left", n)
		}
	})
}

func TestClosingWithDebts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p := cutOff(t, Degrade)
		p.commit(postIn1)
		p.line.isCut(false)
		p.line.next(heldThere)
		time.Sleep(2 * minRetry)
		err := p.Region.(*shared).Close() // which waits for who is paying
		if err == nil || !strings.HasPrefix(err.Error(), "cacheops: ") {
			t.Errorf("got %v", err)
		}
		p.line.clear()
		p.commit(postIn2) // is served no more than it was
		p.misses("topic 2", topic2, Away)
	})
}
