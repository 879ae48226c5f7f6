package redistest

import (
	"context"
	"testing"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestServer(t *testing.T) {
	for name, settings := range map[string][]Setting{
		"plain":            nil,
		"password":         {Password("secret")},
		"TLS and password": {TLS(), Password("secret")},
		"socket":           {Socket()},
	} {
		t.Run(name, func(t *testing.T) {
			s := Start(t, settings...)
			keeps(t, s.Client())
			stranger := client(t, &redis.UniversalOptions{Addrs: []string{s.Address()}, TLSConfig: s.tls})
			if err := stranger.Ping(t.Context()).Err(); err == nil && s.password != "" {
				t.Error("it lets everyone in")
			}
		})
	}
}

// keeps shows that a client can write and read.
func keeps(t *testing.T, c redis.UniversalClient) {
	t.Helper()
	if err := c.Set(t.Context(), "key", "value", 0).Err(); err != nil {
		t.Fatal(err)
	}
	has(t, c, "value")
}

func has(t *testing.T, c redis.UniversalClient, want string) {
	t.Helper()
	if got := c.Get(context.Background(), "key").Val(); got != want {
		t.Fatalf("it has %q, not %q", got, want)
	}
}

func TestRestart(t *testing.T) {
	t.Run("forgets", func(t *testing.T) {
		s := Start(t)
		keeps(t, s.Client())
		s.Restart()
		has(t, s.Client(), "")
	})
	t.Run("remembers if it is asked to", func(t *testing.T) {
		s := Start(t, Persistent())
		keeps(t, s.Client())
		s.Restart()
		has(t, s.Client(), "value")
	})
	t.Run("goes back to a snapshot", func(t *testing.T) {
		s := Start(t)
		keeps(t, s.Client())
		snapshot := s.Snapshot()
		s.Do("set", "key", "later")
		s.Restore(snapshot)
		has(t, s.Client(), "value")
		s.Restart()
		has(t, s.Client(), "")
	})
}

func TestPause(t *testing.T) {
	s := Start(t)
	s.Pause()
	o := s.Options().Simple()
	o.ReadTimeout, o.MaxRetries = 50_000_000, -1
	c := redis.NewClient(o)
	defer func() { _ = c.Close() }()
	if err := c.Ping(t.Context()).Err(); err == nil {
		t.Error("it answers")
	}
	s.Resume()
	keeps(t, s.Client())
}

func TestSentinel(t *testing.T) {
	set := StartSentinel(t, Password("secret"))
	c := set.Client()
	keeps(t, c)
	for _, replica := range set.Servers[1:] {
		CutOff(set.Master(), replica)
	}
	old := set.Master()
	old.Do("set", "key", "later")
	old.Kill()
	for _, replica := range set.Servers[1:] {
		replica.Resume()
	}
	now := set.Succeeded(old)
	has(t, now.Client(), "value")
}

func TestCluster(t *testing.T) {
	cluster := StartCluster(t, true)
	c := cluster.Client()
	for _, key := range []string{"a", "b", "c", "d", "e", "f"} {
		if err := c.Set(t.Context(), key, key, 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	master, replica := cluster.Master("a")
	until(t, "the replica", func() bool { return replica.Do("dbsize") == master.Do("dbsize") })
	cluster.Failover("a")
	for _, key := range []string{"a", "b", "c", "d", "e", "f"} {
		until(t, key, func() bool {
			c.(*redis.ClusterClient).ReloadState(t.Context())
			return c.Get(t.Context(), key).Val() == key
		})
	}
}
