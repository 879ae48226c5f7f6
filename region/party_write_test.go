package region

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed92106438/cacheops/invalidation"
)

// A change of everything that turns out to be of one table is known as such to all
// who do not find the announcement any more, however little they have looked at.
func TestOutcomeThatIsOfOneTableOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ps := share(t, 2)
		p := ps[0]
		p.fill("topic 1", topic1)
		p.fill("topic 2", topic2)
		p.fill("users", allUsers)
		intent := ps[1].announce(everyTable)
		p.line.next(heldBack)
		read := aside(func() { p.misses("topic 1", topic1, Dead) })
		intent.Commit(t.Context(), postIn1)
		p.hits("users", allUsers) // and hears that nothing is pending any more
		p.line.release(0)
		read()
		p.hits("topic 2", topic2)
	})
}

// A process that writes to a table and never reads it hears of no outcome by itself.
func TestProcessThatOnlyWritesHoldsNoMoreThanIsUnderWay(t *testing.T) {
	ps := share(t, 2)
	p := ps[0]
	under := p.announce(postIn2)
	for range 1000 {
		p.commit(postIn1, userAdded)
	}
	for _, table := range []string{"posts", "users"} {
		if n := len(p.mirror(table).own); n > maxOwn {
			t.Errorf("%d changes of %s are still pending here, though all but one are settled", n, table)
		}
	}
	ps[1].fill("topic 1", topic1)
	p.hits("topic 1", topic1)
	ps[1].misses("topic 2", topic2, Absent)
	under.Abort(t.Context())
}

// What is heard goes to those who want to know of what goes wrong. They may use the
// region.
func TestListenerMayUseTheRegion(t *testing.T) {
	ps := share(t, 1)
	r := ps[0].Region.(*shared)
	heard := 0
	r.Notify(func(error) {
		heard++
		r.Watches(named("posts"), []string{"id"}, topic1.Tables[0].Parts[0].Columns)
	})
	ps[0].lot.append(ps[0].lot.journal(journalName(named("posts"))), []byte("nonsense"))
	ps[0].misses("topic 1", topic1, Absent)
	if heard != 1 {
		t.Errorf("%d faults were told, want 1", heard)
	}
}

func TestEntryThatDependsOnNothingKnown(t *testing.T) {
	ps := share(t, 1)
	for name, dep := range map[string]*invalidation.Dependency{
		"no dependency": nil,
		"no tables":     {},
		"all tables":    {Tables: []invalidation.TableDependency{{Table: named(invalidation.AllTables)}}},
	} {
		if _, ok := ps[0].Stamp(t.Context(), dep, 0); ok {
			t.Errorf("%s: a stamp was given", name)
		}
		if ps[0].Put(t.Context(), &Entry{Key: sharedKey("q"), Dependency: dep, Encoding: text("q"), TTL: time.Hour}) {
			t.Errorf("%s: it was stored", name)
		}
	}
}

// The announcement of a change that was not made is taken back even if it was not
// known to have arrived.
func TestAbortOfAChangeThatWasAnnouncedWithoutAnAnswer(t *testing.T) {
	for _, outage := range []Outage{Degrade, Strict} {
		ps := share(t, 1)
		p := ps[0].lot.join(t, sharing{outage: outage})
		ps[0].fill("topic 1", topic1)
		p.line.next(unanswered)
		if intent, err := p.Announce(t.Context(), []invalidation.Change{postIn1}); err == nil {
			ps[0].misses("topic 1", topic1, Blocked)
			intent.Abort(t.Context())
		}
		ps[0].hits("topic 1", topic1)
		p.hits("topic 1", topic1)
	}
}

// The gate is there for queries, so that they lose no time. A lease is renewed
// whether it is closed or not.
func TestLeaseIsRenewedThroughAGateThatIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ps := share(t, 2)
		ps[0].fill("topic 1", topic1)
		intent := ps[1].announce(postIn1)
		ps[1].line.cut = "look"
		for range 3 * DefaultLease / time.Second {
			for range tolerated {
				ps[1].misses("topic 2", topic2, Away)
			}
			ps[0].misses("topic 1", topic1, Blocked)
			time.Sleep(time.Second)
		}
		time.Sleep(closedFor + 1)
		intent.Abort(t.Context())
		ps[0].hits("topic 1", topic1)
	})
}

// A renewal that has failed is tried again before the lease ends.
func TestRenewalThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ps := share(t, 2)
		ps[0].fill("topic 1", topic1)
		intent := ps[1].announce(postIn1)
		ps[1].line.next(lost, lost, lost, lost)
		for range 2 {
			ps[0].misses("topic 1", topic1, Blocked)
			time.Sleep(DefaultLease + 1)
			ps[0].misses("topic 1", topic1, Blocked)
		}
		intent.Abort(t.Context())
		ps[0].hits("topic 1", topic1)
	})
}
