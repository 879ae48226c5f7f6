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
