package redisstore

import (
	"context"
	"crypto/rand"
	"testing"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/seed92106438/cacheops/internal/redistest"
	"github.com/seed92106438/cacheops/internal/testdb"
	"github.com/seed92106438/cacheops/region/internal/backend/backendtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// connect makes a client that is closed when the test ends.
func connect(t testing.TB, o *redis.UniversalOptions) redis.UniversalClient {
	c := redis.NewUniversalClient(o)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// open makes a store whose keys are its own.
func open(t testing.TB, c redis.UniversalClient, o Options) *Store {
	t.Helper()
	if o.Prefix == "" {
		o.Prefix = "cacheops-test-" + rand.Text()
	}
	s, err := New(c, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// sweep removes what a store has, when the test ends.
func sweep(t testing.TB, s *Store) {
	t.Cleanup(func() {
		ctx := context.Background()
		keys := s.client.Scan(ctx, 0, s.Prefix+":*", 1000).Iterator()
		for keys.Next(ctx) {
			s.client.Unlink(ctx, keys.Val())
		}
	})
}

// lose removes a journal.
func lose(t testing.TB, s *Store, journal string) {
	t.Helper()
	if err := s.client.Del(context.Background(), s.journalKey(journal)).Err(); err != nil {
		t.Fatal(err)
	}
}

// conforms runs the suite with two clients.
func conforms(t *testing.T, o *redis.UniversalOptions, swept bool) {
	here, there := connect(t, o), connect(t, o)
	backendtest.Run(t, func(t *testing.T, length int) backendtest.Store {
		a := open(t, here, Options{Length: length})
		if swept {
			sweep(t, a)
		}
		return backendtest.Store{
			Here: a, There: open(t, there, a.Options),
			Lose: func(journal string) { lose(t, a, journal) },
		}
	})
}

func TestContract(t *testing.T) {
	t.Run("single", func(t *testing.T) {
		conforms(t, &redis.UniversalOptions{Addrs: []string{testdb.Redis(t)}}, true)
	})
	t.Run("contexts kept by the client", func(t *testing.T) {
		conforms(t, &redis.UniversalOptions{Addrs: []string{testdb.Redis(t)}, ContextTimeoutEnabled: true}, true)
	})
	t.Run("old protocol", func(t *testing.T) {
		conforms(t, &redis.UniversalOptions{Addrs: []string{testdb.Redis(t)}, Protocol: 2}, true)
	})
	t.Run("TLS and password", func(t *testing.T) {
		conforms(t, redistest.Start(t, redistest.TLS(), redistest.Password("secret")).Options(), false)
	})
	t.Run("socket", func(t *testing.T) {
		conforms(t, redistest.Start(t, redistest.Socket()).Options(), false)
	})
	t.Run("Sentinel", func(t *testing.T) {
		conforms(t, redistest.StartSentinel(t).Options(), false)
	})
	t.Run("cluster", func(t *testing.T) {
		conforms(t, redistest.StartCluster(t, false).Options(), false)
	})
}
