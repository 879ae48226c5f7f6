package region

import (
	"errors"
	"testing"
	"testing/synctest"
)

func TestWhatOneProcessDeletesIsGoneForAll(t *testing.T) {
	ps := share(t, 2)
	ps[0].fill("topic 1", topic1)
	ps[0].fill("topic 2", topic2)
	if err := ps[1].Delete(t.Context(), sharedKey("topic 1")); err != nil {
		t.Error(err)
	}
	for _, p := range ps {
		p.misses("topic 1", topic1, Absent)
		p.hits("topic 2", topic2)
	}
}

// A result that could not be deleted may be served, which whoever wanted it gone has
// to know.
func TestDeletionThatTheStoreDoesNotHearOfIsAnError(t *testing.T) {
	for _, join := range []func(*testing.T, *lot) *process{
		func(t *testing.T, l *lot) *process { return l.join(t, sharing{}) },
		func(t *testing.T, l *lot) *process { return l.tier(t, Linearizable, sharing{}) },
	} {
		synctest.Test(t, func(t *testing.T) {
			ps := share(t, 1)
			p := join(t, ps[0].lot)
			p.fill("topic 1", topic1)
			p.line.isCut(true)
			for range 2 * tolerated { // the gate closes
				if err := p.Delete(t.Context(), sharedKey("topic 1")); !errors.Is(err, ErrUnavailable) {
					t.Errorf("got %v, want an error that says so", err)
				}
			}
			ps[0].hits("topic 1", topic1)
		})
	}
}

// The result that one process has in memory is untrue, and another has stored the new
// one already: no query needs to be sent.
func TestResultThatIsDeadInMemoryIsLookedForInTheStore(t *testing.T) {
	ps := share(t, 1)
	other := ps[0]
	p := other.lot.tier(t, Linearizable, sharing{})
	other.fill("topic 1", topic1)
	p.hits("topic 1", topic1)
	other.commit(postIn1)
	other.fill("topic 1", topic1)
	p.hits("topic 1", topic1)
	p.lot.counted()
	p.hits("topic 1", topic1)
	p.calls("look") // it is in memory again
	other.commit(postIn1)
	if _, miss := p.get("topic 1", topic1); miss.Cause != Dead || miss.Drop.Change.Table.Name != "posts" {
		t.Errorf("got %+v, want to be told of what it died", miss)
	}
}
