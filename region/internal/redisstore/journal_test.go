package redisstore

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/seed92106438/cacheops/internal/redistest"
	"github.com/seed92106438/cacheops/internal/testdb"
	"github.com/seed92106438/cacheops/region/internal/backend"
)

// trips counts how often a client waits for its server.
type trips struct{ n atomic.Int64 }

func (c *trips) DialHook(next redis.DialHook) redis.DialHook { return next }

func (c *trips) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		c.n.Add(1)
		return next(ctx, cmd)
	}
}

func (c *trips) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		c.n.Add(1)
		return next(ctx, cmds)
	}
}

// taken returns how many round trips something takes.
func (c *trips) taken(t *testing.T, do func() error) int64 {
	t.Helper()
	before := c.n.Load()
	if err := do(); err != nil {
		t.Fatal(err)
	}
	return c.n.Load() - before
}

func TestRoundTrips(t *testing.T) {
	for name, options := range map[string]*redis.UniversalOptions{
		"single":  {Addrs: []string{testdb.Redis(t)}},
		"cluster": redistest.StartCluster(t, false).Options(),
	} {
		t.Run(name, func(t *testing.T) {
			for _, journals := range []int{1, 2, 3, 100} {
				t.Run(fmt.Sprint(journals, " journals"), func(t *testing.T) { countTrips(t, options, journals) })
			}
		})
	}
}

func countTrips(t *testing.T, options *redis.UniversalOptions, journals int) {
	c, count := connect(t, options), &trips{}
	c.AddHook(count)
	s := open(t, c, Options{})
	sweep(t, s)
	ctx := t.Context()
	var names []string
	var parts []backend.Part
	var known []backend.Follow
	for i := range journals {
		names = append(names, fmt.Sprint("j", i))
		parts = append(parts, backend.Part{Journal: names[i], Changes: []byte("x")})
		known = append(known, backend.Follow{Journal: names[i]})
	}
	hear := func() error {
		_, news, err := s.Look(ctx, "key", known)
		for i := range news {
			known[i].Epoch, known[i].Number = news[i].Epoch, news[i].Number
		}
		return err
	}
	for range 2 { // so that every node knows the scripts
		for _, do := range []func() error{
			hear,
			func() error { return s.Announce(ctx, "id", time.Minute, parts) },
			func() error { return s.Settle(ctx, "id", parts, names) },
			func() error { return s.Expire(ctx, "j0", backend.Pending{ID: "id"}) },
			func() error { return s.Open(ctx, "j0", 1) },
			func() error { return s.Put(ctx, "key", []byte("value"), time.Minute) },
			func() error { return s.Remove(ctx, "key", []byte("value")) },
			hear,
		} {
			count.taken(t, do)
		}
	}
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"look, nothing new", hear},
		{"announce", func() error { return s.Announce(ctx, "id", time.Minute, parts) }},
		{"look, something new", hear},
		{"renew", func() error { return s.Announce(ctx, "id", time.Minute, parts) }},
		{"settle", func() error { return s.Settle(ctx, "id", parts, names) }},
		{"look, more new", hear},
		{"abort", func() error { return s.Settle(ctx, "id", nil, names) }},
		{"put", func() error { return s.Put(ctx, "key", []byte("value"), time.Minute) }},
		{"delete", func() error { return s.Delete(ctx, names...) }},
		{"remove", func() error { return s.Remove(ctx, "key", []byte("value")) }},
		{"expire", func() error { return s.Expire(ctx, "j0", backend.Pending{ID: "id"}) }},
		{"open", func() error { return s.Open(ctx, "j0", known[0].Epoch) }},
		{"look, nothing known", func() error {
			for i := range known {
				known[i].Epoch, known[i].Number = 0, 0
			}
			return hear()
		}},
	} {
		if n := count.taken(t, step.do); n != 1 {
			t.Errorf("%s takes %d round trips", step.name, n)
		}
	}
}

func TestFarBehindTakesTwoRoundTrips(t *testing.T) {
	c, count := connect(t, &redis.UniversalOptions{Addrs: []string{testdb.Redis(t)}}), &trips{}
	c.AddHook(count)
	s := open(t, c, Options{})
	sweep(t, s)
	known := at(t, s, "j")
	for i := range ahead + 1 {
		settle(t, s, fmt.Sprint(i), "j")
	}
	var news []backend.News
	n := count.taken(t, func() (err error) {
		_, news, err = s.Look(t.Context(), "", []backend.Follow{known})
		return err
	})
	if n > 2 || len(news[0].Records) != ahead+1 {
		t.Errorf("%d records by %d round trips", len(news[0].Records), n)
	}
}

// TestASettledJournalIsAskedForItsHead covers looks at a journal that nothing was new in
// for long: the first that finds something new takes a round trip more, and those after
// it do not.
func TestASettledJournalIsAskedForItsHead(t *testing.T) {
	c, count := connect(t, &redis.UniversalOptions{Addrs: []string{testdb.Redis(t)}}), &trips{}
	c.AddHook(count)
	s := open(t, c, Options{})
	sweep(t, s)
	known := at(t, s, "j")
	look := func() (records, taken int64) {
		taken = count.taken(t, func() error {
			_, news, err := s.Look(t.Context(), "", []backend.Follow{known})
			if err == nil {
				records, known.Number = int64(len(news[0].Records)), news[0].Number
			}
			return err
		})
		return records, taken
	}
	for range 4 * settled { // of which some renew the journal's life
		if records, n := look(); records != 0 || n != 1 {
			t.Fatalf("nothing is new: %d records by %d round trips", records, n)
		}
	}
	if asked := s.fields(known); len(asked) != 3 {
		t.Errorf("a glance goes on to ask %v", asked)
	}
	for _, most := range []int64{2, 1, 1} {
		settle(t, s, "id", "j")
		if records, n := look(); records != 1 || n > most {
			t.Errorf("%d records by %d round trips, want 1 by %d", records, n, most)
		}
	}
}

func TestJournalsLiveAsLongAsTheyAreUsed(t *testing.T) {
	const ttl = 400 * time.Millisecond
	for name, c := range map[string]redis.UniversalClient{
		"single":  connect(t, &redis.UniversalOptions{Addrs: []string{testdb.Redis(t)}}),
		"cluster": redistest.StartCluster(t, false).Client(),
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, c, Options{TTL: ttl})
			known := at(t, s, "j")
			idle := at(t, s, "idle")
			for end := time.Now().Add(2 * ttl); time.Now().Before(end); {
				same(t, s, known)
			}
			anew(t, s, idle)
		})
	}
}

func TestLargeChangesAreGivenUpEarlier(t *testing.T) {
	s := open(t, connect(t, &redis.UniversalOptions{Addrs: []string{testdb.Redis(t)}}), Options{})
	sweep(t, s)
	large := strings.Repeat("x", maxBytes/4)
	for i := range 20 {
		settle(t, s, fmt.Sprint(i, large), "j")
	}
	news := look(t, s, backend.Follow{Journal: "j"})[0]
	if n := len(news.Records); n != 3 || news.Since != 17 || !bytes.HasPrefix(news.Records[0].Changes, []byte("17x")) {
		t.Errorf("%d records since %d", n, news.Since)
	}
	settle(t, s, strings.Repeat("x", 2*maxBytes), "j")
	if news := look(t, s, backend.Follow{Journal: "j"})[0]; len(news.Records) != 1 {
		t.Errorf("%d records: the newest one is always there", len(news.Records))
	}
}

// meddled shows what becomes of a journal whose hash someone has changed.
func meddled(t *testing.T, meddle func(s *Store, key string)) (*Store, backend.Follow) {
	t.Helper()
	s := open(t, connect(t, &redis.UniversalOptions{Addrs: []string{testdb.Redis(t)}}), Options{})
	sweep(t, s)
	settle(t, s, "a", "j")
	settle(t, s, "b", "j")
	known := at(t, s, "j")
	meddle(s, s.journalKey("j"))
	return s, known
}

func TestMeddledJournals(t *testing.T) {
	ctx := context.Background()
	t.Run("that have gone back begin anew", func(t *testing.T) {
		var dump string
		s, known := meddled(t, func(s *Store, key string) {
			dump = s.client.Dump(ctx, key).Val()
			settle(t, s, "c", "j")
		})
		later := at(t, s, "j")
		if err := s.client.RestoreReplace(ctx, s.journalKey("j"), 0, dump).Err(); err != nil {
			t.Fatal(err)
		}
		same(t, s, known) // no one can tell from here
		anew(t, s, later)
		anew(t, s, known)
	})
	t.Run("of another layout begin anew", func(t *testing.T) {
		s, known := meddled(t, func(s *Store, key string) {
			head := s.client.HGet(ctx, key, "head").Val()
			s.client.HSet(ctx, key, "head", "2"+head[1:])
		})
		anew(t, s, known)
	})
	t.Run("without a head begin anew", func(t *testing.T) {
		s, known := meddled(t, func(s *Store, key string) { s.client.HDel(ctx, key, "head") })
		anew(t, s, known)
	})
	t.Run("with nonsense for what is pending cannot be read", func(t *testing.T) {
		s, known := meddled(t, func(s *Store, key string) {
			s.client.HSet(ctx, key, "pending", "3 1 1 9 idx")
			if err := s.Open(ctx, "j", epochOf(s, "j")); err != nil {
				t.Fatal(err)
			}
		})
		for _, follow := range []backend.Follow{known, {Journal: "j"}} {
			if _, _, err := s.Look(ctx, "", []backend.Follow{follow}); err == nil {
				t.Error("it is read")
			}
		}
	})
}

// epochOf returns the epoch of a journal, by its head.
func epochOf(s *Store, journal string) uint64 {
	h, _ := readHead(s.client.HGet(context.Background(), s.journalKey(journal), "head").Val())
	return h.epoch
}

func TestForgottenScripts(t *testing.T) {
	server := redistest.Start(t)
	s := open(t, server.Client(), Options{})
	for _, do := range []func() error{
		func() error { return announce(s, t.Context(), "j", "k") },
		func() error {
			_, _, err := s.Look(t.Context(), "key", []backend.Follow{{Journal: "j"}, {Journal: "k"}})
			return err
		},
		func() error { return s.Settle(t.Context(), "id", []backend.Part{{Journal: "l"}}, []string{"j", "k"}) },
	} {
		server.Do("script", "flush")
		if err := do(); err != nil {
			t.Error(err)
		}
	}
}

func TestNew(t *testing.T) {
	if _, err := New(nil, Options{}); err == nil {
		t.Error("there is no client")
	}
	ring := redis.NewRing(&redis.RingOptions{})
	defer func() { _ = ring.Close() }()
	if _, err := New(ring, Options{}); err == nil {
		t.Error("a Ring cannot keep journals")
	}
}
