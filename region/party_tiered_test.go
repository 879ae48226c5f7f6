package region

import (
	"testing"
	"testing/synctest"
	"time"
)

// bounded makes two processes: one that serves from its memory what is not older
// than a second, and one that does not.
func bounded(t *testing.T) (p, other *process) {
	ps := share(t, 1)
	return ps[0].lot.tier(t, Bounded(time.Second), sharing{}), ps[0]
}

// The change of a process is pending in its mirror before it is in the store. News
// that come in between must not hide it from what is taken from the store then.
func TestOwnChangeIsSeenBehindNewsThatCameInTheMeantime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, other := bounded(t)
		var intent Intent
		p.line.next(heldThere)
		announced := aside(func() { intent = p.announce(postIn1) })
		other.commit(postIn2)
		other.fill("topic 1", topic1)
		p.get("topic 1", topic1)
		p.line.release(0)
		announced()
		p.misses("topic 1", topic1, Blocked)
		intent.Commit(t.Context())
		if e, _ := p.get("topic 1", topic1); e != nil {
			t.Error("a process was served what it had made untrue itself")
		}
	})
}

// A look that hears of a journal for the first time is held up, and the journals
// that were known are looked at in the meantime.
func TestJournalThatIsHeardOfForTheFirstTimeIsAsNewAsTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ps := share(t, 1)
		other := ps[0]
		p := other.lot.tier(t, Bounded(time.Second), sharing{timeout: time.Minute})
		other.fill("topic 1", topic1)
		other.fill("users", allUsers)
		p.hits("users", allUsers)
		p.line.next(heldBack)
		read := aside(func() { p.get("topic 1", topic1) })
		other.commit(postIn1)
		for range 50 {
			time.Sleep(100 * time.Millisecond)
			p.hits("users", allUsers)
		}
		p.line.release(0)
		read()
		if e, _ := p.get("topic 1", topic1); e != nil {
			t.Error("a result was served that is older than the bound")
		}
	})
}
