package region

import (
	"testing"
	"testing/synctest"
)

// A look that found the journals as they were before they were lost, and whose
// answer comes after that of one which found those that took their place.
func TestLateAnswerDoesNotBringBackAnEpochThatIsOver(t *testing.T) {
	for name, known := range map[string]bool{"known before": true, "not known before": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ps := share(t, 2)
				p := ps[0]
				ps[1].fill("topic 1", topic1)
				ps[1].commit(postIn1)
				if known {
					p.misses("topic 1", topic1, Dead)
				}
				p.line.next(heldThere, heldBack)
				first := aside(func() { p.misses("topic 2", topic2, Absent) })
				second := aside(func() { p.misses("topic 1", topic1, Away) })
				p.lot.lose()
				p.line.release(0)
				first()
				now := p.mirror("posts").epoch
				p.line.release(0)
				second()
				if got := p.mirror("posts").epoch; got != now {
					t.Error("the epoch that is over was brought back")
				}
			})
		})
	}
}

// A journal of which all records are lost that came since it was heard of first,
// when it had none.
func TestGapInAJournalThatWasEmpty(t *testing.T) {
	ps := share(t, 2)
	ps[0].lot.length = 2
	ps[0].fill("topic 1", topic1)
	ps[1].misses("topic 2", topic2, Absent)
	ps[0].commit(postIn1)
	for range 3 {
		ps[0].commit(postIn2)
	}
	ps[1].misses("topic 1", topic1, Dead)
}
