package chaos

import (
	"time"
)

// inflict does faults, chosen at random, until the time is over.
func (c *crew) inflict(d time.Duration, faults ...func()) {
	for end := time.Now().Add(d); time.Now().Before(end); {
		time.Sleep(time.Duration(100+c.random.IntN(400)) * time.Millisecond)
		faults[c.random.IntN(len(faults))]()
	}
}

// place returns that of some member.
func (c *crew) place() int { return c.random.IntN(len(c.members)) }

// kill kills a process at any moment, and replaces it.
func (c *crew) kill() { c.replace(c.place(), step{}) }

// killAtAStep has a process replaced by one that ends itself in the midst of a write,
// and replaces that when it has.
func (c *crew) killAtAStep() {
	place := c.place()
	c.replace(place, step{At: steps[c.random.IntN(len(steps))], Nth: 1 + c.random.Int64N(20)})
	select {
	case <-c.members[place].ended:
	case <-time.After(2 * time.Second):
	}
	c.replace(place, step{})
}
