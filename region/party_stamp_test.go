package region

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// A result that is asked for now and then outlives any number of changes that do not
// meet it, though the journals do not reach back to when it was stored.
func TestResultThatIsAskedForIsGivenANewStamp(t *testing.T) {
	for _, restricted := range []bool{true, false} {
		t.Run(fmt.Sprint("restricted by a point: ", restricted), func(t *testing.T) {
			dep := topic1
			if !restricted {
				dep = read("posts", where{above("topic", int64(5))})
			}
			ps := shareYoung(t, 3, sharing{length: 8})
			ps[0].lot.length = 8
			ps[0].grow()
			ps[0].fill("q", dep)
			ps[0].fill("never asked for", dep)
			for range 10 {
				for range 5 {
					ps[0].commit(postIn2)
				}
				ps[1].hits("q", dep)
			}
			// For a process that has heard of nothing yet, it is as new as it was
			// when it was last looked at.
			ps[2].hits("q", dep)
			ps[2].misses("never asked for", dep, Dead)
			ps[0].commit(inserted("posts", is("topic", int64(1))), inserted("posts", is("topic", int64(6))))
			for _, p := range ps {
				p.misses("q", dep, Dead)
			}
		})
	}
}

func TestNewStampCostsOneCallPerHalfAJournal(t *testing.T) {
	ps := shareYoung(t, 2, sharing{length: 8})
	ps[0].grow()
	ps[0].fill("q", topic1)
	for range 4 {
		ps[0].commit(postIn2)
	}
	ps[0].lot.counted()
	ps[1].hits("q", topic1)
	ps[1].calls("look")
	ps[0].commit(postIn2)
	ps[0].lot.counted()
	ps[1].hits("q", topic1)
	ps[1].calls("look", "put")
	ps[1].hits("q", topic1)
	ps[1].calls("look")
}

func TestNewStampKeepsTheTimeToLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ps := shareYoung(t, 2, sharing{length: 2})
		ps[0].grow()
		ps[0].fill("q", topic1) // for an hour
		for range 6 {
			time.Sleep(9 * time.Minute)
			ps[0].commit(postIn2)
			ps[0].commit(postIn2)
			ps[1].hits("q", topic1)
		}
		time.Sleep(6*time.Minute + 1)
		ps[1].misses("q", topic1, Absent)
	})
}

// A change that is pending, or comes in between, is not hidden by a new stamp.
func TestNewStampHidesNoChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ps := shareYoung(t, 2, sharing{length: 2})
		ps[0].grow()
		ps[0].fill("q", topic1)
		ps[0].commit(postIn2)
		ps[0].commit(postIn2)
		ps[1].line.next(straight, heldThere)
		wait := aside(func() { ps[1].hits("q", topic1) })
		ps[0].commit(postIn1)
		ps[1].line.release(0)
		wait()
		for _, p := range ps {
			p.misses("q", topic1, Dead)
		}
	})
}
