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
