package region

import (
	"testing"
	"testing/synctest"
	"time"
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

// A replica may lag behind by more than this process has heard of a journal.
func TestStampForAReplicaNeedsAJournalThatWasFollowedForAsLong(t *testing.T) {
	for name, forget := range map[string]func(*process){
		"records were given up": func(p *process) { p.commit(postIn2); p.commit(postIn2) },
		"the journal was lost":  func(p *process) { p.lot.lose(); p.Stamp(p.Context(), topic1, 0); p.grow() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ps := share(t, 2)
				ps[0].lot.length = 1
				ps[0].commit(postIn1)
				forget(ps[0])
				if _, ok := ps[1].Stamp(t.Context(), topic1, time.Minute); ok {
					t.Error("a stamp was given that a change came before which the replica may lack")
				}
				if _, ok := ps[1].Stamp(t.Context(), topic1, 0); !ok {
					t.Error("no stamp was given for a source")
				}
				time.Sleep(time.Minute + 1)
				if _, ok := ps[1].Stamp(t.Context(), topic1, time.Minute); !ok {
					t.Error("no stamp was given when the journal was followed for as long as the lag")
				}
			})
		})
	}
}
