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

func TestHitAtTheBoundedLevelMakesNoCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, other := bounded(t)
		other.fill("topic 1", topic1)
		p.hits("topic 1", topic1)
		p.hits("topic 1", topic1)
		synctest.Wait() // until the journals were heard of
		p.lot.counted()
		for range 1000 {
			p.hits("topic 1", topic1)
		}
		p.calls()
		k := sharedKey("topic 1")
		q := asked(nil)
		if n := testing.AllocsPerRun(100, func() { p.Get(t.Context(), k, q) }); n != 0 {
			t.Errorf("a hit makes %v allocations", n)
		}
	})
}

// At the other level each hit asks the journals, and does not have the value sent.
func TestHitAtTheLinearizableLevelAsks(t *testing.T) {
	ps := share(t, 1)
	p := ps[0].lot.tier(t, Linearizable, sharing{})
	ps[0].fill("topic 1", topic1)
	p.hits("topic 1", topic1)
	ps[0].commit(postIn2)
	ps[0].lot.counted()
	p.hits("topic 1", topic1)
	p.calls("look")
	ps[0].commit(postIn1)
	p.misses("topic 1", topic1, Dead)
}

func TestOwnWritesAreSeenAtOnce(t *testing.T) {
	for _, level := range []Level{Linearizable, Bounded(time.Hour)} {
		synctest.Test(t, func(t *testing.T) {
			ps := share(t, 1)
			p := ps[0].lot.tier(t, level, sharing{})
			p.fill("topic 1", topic1)
			p.fill("topic 2", topic2)
			p.hits("topic 1", topic1)
			intent := p.announce(postIn1)
			p.misses("topic 1", topic1, Blocked)
			p.hits("topic 2", topic2)
			intent.Commit(t.Context())
			if e, _ := p.get("topic 1", topic1); e != nil {
				t.Error("it was served")
			}
			p.fill("topic 1", topic1)
			p.hits("topic 1", topic1)
			p.hits("topic 2", topic2)
		})
	}
}

// What was announced and did not come about, or less of it, costs no one a result.
func TestOwnWritesCostNoMoreThanTheyChange(t *testing.T) {
	for name, settle := range map[string]func(*process, Intent){
		"aborted":  func(p *process, i Intent) { i.Abort(p.Context()) },
		"narrowed": func(p *process, i Intent) { i.Commit(p.Context(), postIn2) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ps := share(t, 1)
				p := ps[0].lot.tier(t, Bounded(time.Hour), sharing{})
				p.fill("topic 1", topic1)
				intent := p.announce(postIn1, postIn2)
				p.misses("topic 1", topic1, Blocked)
				settle(p, intent)
				p.hits("topic 1", topic1)
				p.lot.counted()
				p.hits("topic 1", topic1)
				p.calls()
			})
		})
	}
}

func TestWritesOfOthersAreSeenWithinTheBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, other := bounded(t)
		other.fill("topic 1", topic1)
		other.fill("topic 2", topic2)
		for range 20 { // so that the journals are followed
			p.hits("topic 1", topic1)
			p.hits("topic 2", topic2)
			time.Sleep(100 * time.Millisecond)
		}
		other.commit(postIn1)
		time.Sleep(time.Second)
		p.misses("topic 1", topic1, Dead)
		p.hits("topic 2", topic2)
	})
}

// With the store away, what is in memory serves for as long as the bound.
func TestBoundEndsWhileTheStoreIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, other := bounded(t)
		other.fill("topic 1", topic1)
		for range 5 {
			p.hits("topic 1", topic1)
			time.Sleep(100 * time.Millisecond)
		}
		p.line.isCut(true)
		p.hits("topic 1", topic1)
		time.Sleep(time.Second)
		p.misses("topic 1", topic1, Away)
		p.line.isCut(false)
		time.Sleep(closedFor + 1)
		p.hits("topic 1", topic1)
	})
}

func TestFollowerStopsWhenNothingIsAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, other := bounded(t)
		other.fill("topic 1", topic1)
		p.hits("topic 1", topic1)
		p.hits("topic 1", topic1)
		time.Sleep(time.Minute)
		p.lot.counted()
		time.Sleep(time.Minute)
		p.calls()
		tiered := p.Region.(*tiered)
		tiered.mu.Lock()
		if tiered.timer != nil {
			t.Error("there is a timer")
		}
		tiered.mu.Unlock()
		other.commit(postIn1)
		p.misses("topic 1", topic1, Dead) // it does not go by what it has heard long ago
	})
}

// Reads that come in bursts do not wait for a part of the bound in each.
func TestJournalsAreHeardOfAtOnceAfterAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, other := bounded(t)
		other.fill("topic 1", topic1)
		p.hits("topic 1", topic1)
		time.Sleep(time.Minute)
		p.lot.counted()
		p.hits("topic 1", topic1)
		synctest.Wait()
		p.calls("look", "look")
		for range 100 {
			p.hits("topic 1", topic1)
		}
		p.calls()
	})
}

func TestFollowerStopsWhenTheRegionIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, other := bounded(t)
		other.fill("topic 1", topic1)
		p.hits("topic 1", topic1)
		p.hits("topic 1", topic1)
		synctest.Wait()
		if err := p.Region.(*tiered).Close(); err != nil {
			t.Error(err)
		}
		p.lot.counted()
		time.Sleep(time.Hour)
		p.calls()
		p.get("topic 1", topic1)
		p.lot.counted()
		time.Sleep(time.Hour)
		p.calls()
	})
}

// What was kept in memory by journals that were lost is not served by those that
// took their place.
func TestMemoryDoesNotOutliveTheJournals(t *testing.T) {
	for _, level := range []Level{Linearizable, Bounded(time.Second)} {
		synctest.Test(t, func(t *testing.T) {
			ps := share(t, 1)
			p := ps[0].lot.tier(t, level, sharing{})
			p.fill("topic 1", topic1)
			p.hits("topic 1", topic1)
			p.lot.lose()
			time.Sleep(time.Second)
			p.misses("topic 1", topic1, Dead)
			p.Stamp(t.Context(), topic1, 0)
			time.Sleep(DefaultLease + 1)
			p.Stamp(t.Context(), topic1, 0)
			p.fill("topic 1", topic1)
			p.hits("topic 1", topic1)
		})
	}
}

// A look that was answered before a change was announced does not end what is pending
// here, though its answer comes after.
func TestAnswerFromBeforeAnOutcomeDoesNotStandForIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, other := bounded(t)
		other.fill("topic 1", topic1)
		p.hits("topic 1", topic1)
		p.line.next(heldBack)
		read := aside(func() { p.misses("topic 2", topic2, Absent) })
		p.commit(postIn1)
		p.line.release(0)
		read()
		if e, _ := p.get("topic 1", topic1); e != nil {
			t.Error("a process was served what it had made untrue itself")
		}
	})
}
