package redisstore

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/seed92106438/cacheops/internal/redistest"
	"github.com/seed92106438/cacheops/region/internal/backend"
)

const patience = 30 * time.Second

// within is a context with a deadline, as the callers of a store have.
func within(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

// look asks for the news of journals, until that succeeds.
func look(t testing.TB, s *Store, follow ...backend.Follow) []backend.News {
	t.Helper()
	for ctx := within(t, patience); ; {
		_, news, err := s.Look(within(t, time.Second), "", follow)
		if err == nil {
			return news
		}
		if ctx.Err() != nil {
			t.Fatal(err)
		}
	}
}

// at returns where a journal stands.
func at(t testing.TB, s *Store, journal string) backend.Follow {
	t.Helper()
	news := look(t, s, backend.Follow{Journal: journal})[0]
	return backend.Follow{Journal: journal, Epoch: news.Epoch, Number: news.Number}
}

func settle(t testing.TB, s *Store, changes string, journals ...string) {
	t.Helper()
	var parts []backend.Part
	for _, journal := range journals {
		parts = append(parts, backend.Part{Journal: journal, Changes: []byte(changes)})
	}
	if err := s.Settle(within(t, patience), "id", parts, nil); err != nil {
		t.Fatal(err)
	}
}

func announce(s *Store, ctx context.Context, journals ...string) error {
	var parts []backend.Part
	for _, journal := range journals {
		parts = append(parts, backend.Part{Journal: journal, Changes: []byte("changes")})
	}
	return s.Announce(ctx, "id", time.Minute, parts)
}

// anew checks that a journal has begun anew.
func anew(t testing.TB, s *Store, known backend.Follow) {
	t.Helper()
	news := look(t, s, known)[0]
	if news.Epoch == known.Epoch || !news.Changed || !news.Young {
		t.Fatalf("the journal goes on as if nothing had been: %+v, known %+v", news, known)
	}
}

// same checks that nothing is new in a journal.
func same(t testing.TB, s *Store, known backend.Follow) {
	t.Helper()
	if news := look(t, s, known)[0]; news.Changed {
		t.Fatalf("something is new: %+v, known %+v", news, known)
	}
}

func TestServersThatForget(t *testing.T) {
	t.Run("restart from a snapshot", func(t *testing.T) {
		server := redistest.Start(t)
		s := open(t, server.Client(), Options{})
		settle(t, s, "a", "j")
		snapshot := server.Snapshot()
		before := at(t, s, "j")
		settle(t, s, "b", "j")
		after := at(t, s, "j")
		server.Restore(snapshot)
		// Whoever knew no more than the snapshot has is told too: what he does not
		// know of may have been lost.
		anew(t, s, before)
		anew(t, s, after)
	})
	t.Run("restart with all there was", func(t *testing.T) {
		server := redistest.Start(t, redistest.Persistent())
		s := open(t, server.Client(), Options{})
		settle(t, s, "a", "j")
		known := at(t, s, "j")
		server.Restart()
		anew(t, s, known)
	})
	t.Run("restart with nothing", func(t *testing.T) {
		server := redistest.Start(t)
		s := open(t, server.Client(), Options{})
		settle(t, s, "a", "j")
		known := at(t, s, "j")
		server.Restart()
		anew(t, s, known)
	})
	t.Run("announcing after a restart", func(t *testing.T) {
		server := redistest.Start(t, redistest.Persistent())
		s := open(t, server.Client(), Options{})
		known := at(t, s, "j")
		server.Restart()
		for ctx := within(t, patience); announce(s, within(t, time.Second), "j") != nil && ctx.Err() == nil; {
		}
		anew(t, s, known)
		if news := look(t, s, backend.Follow{Journal: "j"})[0]; len(news.Pending) != 1 {
			t.Fatalf("%+v", news)
		}
	})
	t.Run("no restart", func(t *testing.T) {
		s := open(t, redistest.Start(t).Client(), Options{})
		settle(t, s, "a", "j")
		same(t, s, at(t, s, "j"))
	})
}

func TestReplicas(t *testing.T) {
	master := redistest.Start(t)
	replica := redistest.Start(t, redistest.ReplicaOf(master))
	s := open(t, master.Client(), Options{})
	settle(t, s, "a", "j")
	known := at(t, s, "j")
	read := open(t, replica.Client(), s.Options)
	for ctx := within(t, patience); replica.Do("exists", s.journalKey("j")) != int64(1) && ctx.Err() == nil; {
	}
	t.Run("are not read", func(t *testing.T) {
		for name, follow := range map[string]backend.Follow{"known": known, "unknown": {Journal: "j"}} {
			if _, _, err := read.Look(within(t, patience), "", []backend.Follow{follow}); !errors.Is(err, backend.ErrRefused) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
	t.Run("are not read by scripts", func(t *testing.T) {
		scripted := open(t, replica.Client(), s.Options)
		scripted.together = false // as in a cluster
		for range renewals {
			if _, _, err := scripted.Look(within(t, patience), "", []backend.Follow{known}); !errors.Is(err, backend.ErrRefused) {
				t.Fatal(err)
			}
		}
	})
	t.Run("are not written", func(t *testing.T) {
		if err := announce(read, within(t, patience), "j"); !errors.Is(err, backend.ErrRefused) {
			t.Error(err)
		}
	})
	t.Run("begin anew when they are promoted, on a connection that stays", func(t *testing.T) {
		replica.Do("replicaof", "no", "one")
		anew(t, read, known)
	})
	t.Run("and a master that was one for a while, too", func(t *testing.T) {
		master.Do("replicaof", "127.0.0.1", "1")
		if _, _, err := s.Look(within(t, patience), "", []backend.Follow{known}); !errors.Is(err, backend.ErrRefused) {
			t.Error(err)
		}
		master.Do("replicaof", "no", "one")
		anew(t, s, known)
	})
}

func TestSentinelFailover(t *testing.T) {
	set := redistest.StartSentinel(t)
	s := open(t, set.Client(), Options{Timeout: time.Second})
	settle(t, s, "a", "j")
	before := at(t, s, "j")
	master := set.Master()
	for _, replica := range set.Servers[1:] {
		redistest.CutOff(master, replica)
	}
	settle(t, s, "b", "j") // which the replicas will never hear of
	after := at(t, s, "j")
	master.Kill()
	for _, replica := range set.Servers[1:] {
		replica.Resume()
	}
	set.Succeeded(master)
	anew(t, s, before)
	anew(t, s, after)
	same(t, s, at(t, s, "j"))
}

func TestClusterFailover(t *testing.T) {
	cluster := redistest.StartCluster(t, true)
	s := open(t, cluster.Client(), Options{})
	names := apart(cluster, s)
	j, other := names[0], names[1]
	master, replica := cluster.Master(s.journalKey(j))
	settle(t, s, "a", j, other)
	known := at(t, s, j)
	for ctx := within(t, patience); replica.Do("dbsize") != master.Do("dbsize") && ctx.Err() == nil; {
	}
	redistest.CutOff(master, replica)
	settle(t, s, "b", j)
	master.Kill()
	if err := announce(s, within(t, time.Second), j, other); err == nil || errors.Is(err, backend.ErrRefused) {
		t.Errorf("half of it was announced, and the error is %v", err)
	}
	if err := s.Settle(within(t, patience), "id", nil, []string{other}); err != nil {
		t.Fatal(err)
	}
	kept := at(t, s, other)
	replica.Resume()
	cluster.Succeeded(master, replica)
	anew(t, s, known)
	same(t, s, kept)
}
