package region

import (
	"testing"

	"github.com/seed92106438/cacheops/invalidation"
)

// Knowing a row may spare a result of another process, of which this one has not
// heard. Once it has seen some result on the table it goes by those.
func TestProcessThatHasSeenNoResultWatchesEverything(t *testing.T) {
	ps := share(t, 2)
	all := invalidation.Columns{All: true}
	watches := func(p *process, table, column string, want bool) {
		t.Helper()
		if got := p.Watches(named(table), []string{column}, all); got != want {
			t.Errorf("Watches(%s, %s) = %v, want %v", table, column, got, want)
		}
	}
	watches(ps[1], "posts", "topic", true)
	watches(ps[1], "posts", "views", true)
	ps[0].fill("topic 1", topic1)
	ps[0].fill("users", allUsers)
	ps[1].hits("topic 1", topic1)
	for _, p := range ps {
		watches(p, "posts", "topic", true)
		watches(p, "posts", "views", false)
	}
	watches(ps[0], "users", "id", false)
	watches(ps[1], "users", "id", true)
}
