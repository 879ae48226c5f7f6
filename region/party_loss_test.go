package region

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed92106438/cacheops/invalidation"
)

// A writer whose journals are lost at some step, with readers that try to store and
// to be served what the database said before its COMMIT.
func TestJournalLostUnderAWriter(t *testing.T) {
	steps := []string{"before he announces", "when he has announced", "when he has committed", "when that is known"}
	for at, step := range steps {
		for _, wait := range []time.Duration{0, DefaultLease + time.Second} {
			t.Run(fmt.Sprintf("%s, %s ago", step, wait), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					ps := share(t, 3)
					version := "old"
					ps[0].fill(version, topic1)
					lose := func(i int) {
						if i == at {
							ps[0].lot.lose()
							ps[0].readAll(ps, version, topic1) // which begins new ones
							time.Sleep(wait)
						}
						ps[0].readAll(ps, version, topic1)
					}
					lose(0)
					intent := ps[1].announce(postIn1)
					lose(1)
					version = "new"
					if e, _ := ps[0].get("old", topic1); e != nil {
						t.Error("the old result is served while the change is pending")
					}
					lose(2)
					intent.Commit(t.Context())
					lose(3)
					for _, p := range ps {
						if e, _ := p.get("old", topic1); e != nil {
							t.Error("the old result is served when the change was made")
						}
					}
					time.Sleep(DefaultLease + 1)
					ps[0].readAll(ps, version, topic1)
					ps[0].readAll(ps, version, topic1)
					ps[2].hits("new", topic1)
				})
			})
		}
	}
}

// readAll has each process read the database, which says what the version is, and
// store it if it may.
func (p *process) readAll(ps []*process, version string, dep *invalidation.Dependency) {
	for _, p := range ps {
		if stamp, ok := p.Stamp(p.Context(), dep, 0); ok {
			p.Put(p.Context(), &Entry{
				Key: sharedKey(version), Dependency: dep, Stamp: stamp,
				Value: text(version), Encoding: text(version), TTL: time.Hour,
			})
		}
	}
}

func TestGapByTrimming(t *testing.T) {
	for _, restricted := range []bool{true, false} {
		ps := share(t, 2)
		ps[0].lot.length = 3
		ps[0].commit(postIn2) // so that there is something to be heard of
		ps[0].fill("topic 1", topic1)
		ps[0].fill("users", allUsers)
		ps[1].hits("topic 1", topic1)
		ps[1].hits("users", allUsers)
		if restricted {
			ps[0].commit(postIn1)
		}
		for range 5 {
			ps[0].commit(postIn2)
		}
		ps[1].misses("topic 1", topic1, Dead)
		ps[1].hits("users", allUsers) // of another journal
	}
}

// What is damaged in a journal may have been anything.
func TestDamagedChangesAreAnyChange(t *testing.T) {
	ps := share(t, 2)
	j := ps[0].lot.journal(journalName(named("posts")))
	ps[0].fill("topic 1", topic1)
	ps[0].fill("users", allUsers)
	intent := ps[1].announce(postIn2)
	ps[0].lot.mu.Lock()
	j.pending[0].Changes = []byte("nonsense")
	ps[0].lot.mu.Unlock()
	ps[0].misses("topic 1", topic1, Blocked)
	ps[0].hits("users", allUsers)
	intent.Abort(t.Context())
	ps[0].hits("topic 1", topic1)
	ps[0].lot.append(j, []byte("nonsense"))
	ps[0].misses("topic 1", topic1, Dead)
	ps[0].hits("users", allUsers)
	if len(ps[0].faults) != 2 {
		t.Errorf("told of %v", ps[0].faults)
	}
}

func TestDamagedResultsAreNotThere(t *testing.T) {
	for name, damage := range map[string]func([]byte) []byte{
		"cut":     func(b []byte) []byte { return b[:len(b)/2] },
		"altered": func(b []byte) []byte { b[len(b)/2] ^= 1; return b },
		"another": func([]byte) []byte { return []byte("nonsense") },
		"empty":   func([]byte) []byte { return []byte{} },
	} {
		t.Run(name, func(t *testing.T) {
			ps := share(t, 2)
			ps[0].fill("topic 1", topic1)
			l := ps[0].lot
			for key, v := range l.values {
				v.bytes = damage(v.bytes)
				l.values[key] = v
			}
			ps[1].misses("topic 1", topic1, Absent)
			ps[1].fill("topic 1", topic1)
			ps[0].hits("topic 1", topic1)
		})
	}
	ps := share(t, 2)
	ps[0].fill("unreadable", topic1)
	ps[1].misses("unreadable", topic1, Absent)
}
