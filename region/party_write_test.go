package region

import (
	"testing"
	"testing/synctest"
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
