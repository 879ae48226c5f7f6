package redisstore

import (
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/seed92106438/cacheops/internal/redistest"
	"github.com/seed92106438/cacheops/region/internal/backend"
)

func TestHangingServer(t *testing.T) {
	for name, way := range map[string]struct {
		client func(*redis.UniversalOptions)
		Options
	}{
		"a client that keeps deadlines": {client: func(o *redis.UniversalOptions) { o.ContextTimeoutEnabled = true }},
		"one that does not":             {client: func(*redis.UniversalOptions) {}},
		"one that need not":             {func(*redis.UniversalOptions) {}, Options{Timeout: 50 * time.Millisecond}},
	} {
		t.Run(name, func(t *testing.T) {
			server := redistest.Start(t)
			o := server.Options()
			way.client(o)
			s := open(t, connect(t, o), way.Options)
			known := at(t, s, "j")
			server.Pause()
			for range 3 {
				began := time.Now()
				_, _, err := s.Look(within(t, 50*time.Millisecond), "key", []backend.Follow{known})
				if err == nil {
					t.Fatal("it answers")
				}
				// The client itself would wait for seconds.
				if took := time.Since(began); took > 2*time.Second {
					t.Errorf("gave up after %s", took)
				}
			}
			if err := announce(s, within(t, 50*time.Millisecond), "j"); err == nil || errors.Is(err, backend.ErrRefused) {
				t.Errorf("announcing: %v", err)
			}
			server.Resume()
			look(t, s, known)
		})
	}
}

func TestRefusals(t *testing.T) {
	server := redistest.Start(t)
	s := open(t, server.Client(), Options{})
	if err := announce(s, within(t, patience), "j", "k"); err != nil {
		t.Fatal(err)
	}
	known := at(t, s, "j")
	t.Run("out of memory", func(t *testing.T) {
		server.Do("config", "set", "maxmemory", "1")
		defer server.Do("config", "set", "maxmemory", "0")
		for name, write := range map[string]func() error{
			"announce": func() error { return announce(s, within(t, patience), "j", "new") },
			"settle": func() error {
				return s.Settle(within(t, patience), "id", []backend.Part{{Journal: "j"}, {Journal: "new"}}, []string{"j", "k"})
			},
			"abort":  func() error { return s.Settle(within(t, patience), "id", nil, []string{"j", "k"}) },
			"expire": func() error { return s.Expire(within(t, patience), "j", pendingOf(t, s, "j")) },
			"open":   func() error { return s.Open(within(t, patience), "j", known.Epoch) },
			"put":    func() error { return s.Put(within(t, patience), "key", []byte("value"), time.Hour) },
		} {
			if err := write(); !errors.Is(err, backend.ErrRefused) {
				t.Errorf("%s: %v", name, err)
			}
			same(t, s, known)
			pendingOf(t, s, "j")
			pendingOf(t, s, "k")
		}
	})
	t.Run("and then again", func(t *testing.T) {
		if err := s.Settle(within(t, patience), "id", nil, []string{"j", "k"}); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("a user who may not ask the server who it is", func(t *testing.T) {
		server.Do("acl", "setuser", "blind", "on", ">secret", "~*", "+@all", "-info")
		o := server.Options()
		o.Username, o.Password = "blind", "secret"
		blind := open(t, connect(t, o), s.Options)
		if _, _, err := blind.Look(within(t, patience), "", []backend.Follow{at(t, s, "j")}); err == nil {
			t.Error("a journal is trusted")
		}
		if err := announce(blind, within(t, patience), "j"); err == nil {
			t.Error("announced")
		}
	})
	t.Run("a key of someone else", func(t *testing.T) {
		server.Do("set", s.journalKey("foreign"), "x")
		if _, _, err := s.Look(within(t, patience), "", []backend.Follow{{Journal: "foreign"}}); err == nil || errors.Is(err, backend.ErrRefused) {
			t.Error(err)
		}
		if server.Do("get", s.journalKey("foreign")) != "x" {
			t.Error("it was taken away")
		}
	})
	t.Run("a record that fails leaves what is pending", func(t *testing.T) {
		if err := announce(s, within(t, patience), "j"); err != nil {
			t.Fatal(err)
		}
		parts := []backend.Part{{Journal: "j"}, {Journal: "foreign"}}
		if err := s.Settle(within(t, patience), "id", parts, []string{"j"}); err == nil || errors.Is(err, backend.ErrRefused) {
			t.Error(err)
		}
		pendingOf(t, s, "j")
	})
}

func TestHalfRefused(t *testing.T) {
	cluster := redistest.StartCluster(t, false)
	s := open(t, cluster.Client(), Options{})
	names := apart(cluster, s)
	full, _ := cluster.Master(s.journalKey(names[0]))
	for _, name := range names {
		at(t, s, name)
	}
	full.Do("config", "set", "maxmemory", "1")
	if err := announce(s, within(t, patience), names[:]...); err == nil || errors.Is(err, backend.ErrRefused) {
		t.Errorf("half of it was announced: %v", err)
	}
	pendingOf(t, s, names[1])
	if err := announce(s, within(t, patience), names[0]); !errors.Is(err, backend.ErrRefused) {
		t.Error(err)
	}
	parts := []backend.Part{{Journal: names[0]}}
	if err := s.Settle(within(t, patience), "id", parts, names[1:]); !errors.Is(err, backend.ErrRefused) {
		t.Error(err)
	}
	pendingOf(t, s, names[1]) // because there is no record
}

// pendingOf returns the only announcement that is pending in a journal.
func pendingOf(t testing.TB, s *Store, journal string) backend.Pending {
	t.Helper()
	news := look(t, s, backend.Follow{Journal: journal})[0]
	if len(news.Pending) != 1 {
		t.Fatalf("%d are pending in %q", len(news.Pending), journal)
	}
	return news.Pending[0]
}
