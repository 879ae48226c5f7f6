package chaos

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"gorm.io/gorm"

	"github.com/seed92106438/cacheops/internal/redistest"
	"github.com/seed92106438/cacheops/region"
)

// trouble is what a server of Redis can be in, until it is over.
type trouble struct {
	name  string
	start func(t *testing.T, s *redistest.Server) (over func())
}

var troubles = []trouble{
	{"out of memory", func(_ *testing.T, s *redistest.Server) func() {
		s.Do("config", "set", "maxmemory", "1")
		return func() { s.Do("config", "set", "maxmemory", "0") }
	}},
	{"busy", busy},
	{"silent", func(_ *testing.T, s *redistest.Server) func() {
		s.Pause()
		return s.Resume
	}},
	{"a replica", func(t *testing.T, s *redistest.Server) func() {
		master := redistest.Start(t)
		host, port, _ := strings.Cut(master.Address(), ":")
		s.Do("replicaof", host, port)
		return func() { s.Do("replicaof", "no", "one") }
	}},
	{"asking for a password", func(t *testing.T, s *redistest.Server) func() {
		locked := client(t, s.Address()).Pipeline()
		locked.ConfigSet(context.Background(), "requirepass", "secret")
		locked.Do(context.Background(), "client", "kill", "type", "normal", "skipme", "yes")
		_, err := locked.Exec(context.Background())
		must(t, err)
		return func() {
			c := redis.NewClient(&redis.Options{Addr: s.Address(), Password: "secret"})
			defer func() { _ = c.Close() }()
			must(t, c.ConfigSet(context.Background(), "requirepass", "").Err())
		}
	}},
	{"without the scripts that it knew", func(_ *testing.T, s *redistest.Server) func() {
		s.Do("acl", "setuser", "default", "-@scripting")
		return func() { s.Do("acl", "setuser", "default", "+@all") }
	}},
	{"gone", func(_ *testing.T, s *redistest.Server) func() {
		s.Kill()
		return s.Restart
	}},
}

// busy has a server run a script that does not end by itself.
func busy(t *testing.T, s *redistest.Server) func() {
	s.Do("config", "set", "lua-time-limit", "5")
	running := make(chan struct{})
	go func() {
		defer close(running)
		o := s.Options().Simple()
		o.ReadTimeout, o.MaxRetries = patience, -1
		c := redis.NewClient(o)
		defer func() { _ = c.Close() }()
		c.Eval(context.Background(), "while true do end", nil)
	}()
	other := s.Client()
	eventually(t, "the script", func() bool {
		return redis.HasErrorPrefix(other.Ping(context.Background()).Err(), "BUSY")
	})
	return func() {
		s.Do("script", "kill")
		<-running
	}
}

// A server that is in trouble costs no one an answer. What was written meanwhile, by
// a process that goes on without it, is known to all when it is over.
func TestServerInTrouble(t *testing.T) {
	for _, trouble := range troubles {
		t.Run(trouble.name, func(t *testing.T) {
			t.Parallel()
			server, s := redistest.Start(t), newShop(t)
			one, _ := s.process(inRedis(server.Client(), region.Degrade))
			other, cache := s.process(inRedis(server.Client(), region.Degrade))
			strict, _ := s.process(inRedis(server.Client(), region.Strict))
			s.warm(one, other)
			over := trouble.start(t, server)
			s.isRefused(strict)
			s.agree(strict)
			must(t, set(one, 1, 100))
			must(t, one.Transaction(func(tx *gorm.DB) error { return set(tx, 2, 200) }))
			s.agree(one)
			over()
			s.agree(one)
			eventually(t, "the other process to hear of the change", func() bool {
				return value(t, other, 1) == 100 && value(t, other, 2) == 200
			})
			s.agree(one)
			s.agree(other)
			eventually(t, "results to be served again", func() bool {
				before := cache.Stats().Hits
				s.agree(other)
				return cache.Stats().Hits-before == registerCount
			})
			eventually(t, "writes to be taken again", func() bool { return set(strict, 3, 300) == nil })
			s.agree(one)
			s.agree(other)
		})
	}
}

// warm has processes read until they are served from the cache.
func (s *shop) warm(all ...*gorm.DB) {
	s.t.Helper()
	for range 3 {
		for _, db := range all {
			s.agree(db)
		}
	}
}

// A server that evicts journals and values at any time has answers right all the same.
func TestServerThatEvicts(t *testing.T) {
	server, s := redistest.Start(t), newShop(t)
	one, _ := s.process(inRedis(server.Client(), region.Strict))
	other, cache := s.process(inRedis(server.Client(), region.Strict))
	s.warm(one, other)
	server.Do("config", "set", "maxmemory-policy", "allkeys-lru")
	server.Do("config", "set", "maxmemory", fmt.Sprint(figure(t, server, "used_memory")+200_000))
	for round := int64(1); figure(t, server, "evicted_keys") < 200 || round < 20; round++ {
		for id := int64(1); id <= registerCount; id++ {
			var rows []Register
			must(t, other.Where("id <= ? AND value < ?", id, 1_000_000+round).Find(&rows).Error)
			if int64(len(rows)) != id {
				t.Errorf("%d rows, not %d", len(rows), id)
			}
		}
		// If nothing that may be evicted makes enough room, this is refused.
		if err := set(one, 1+round%registerCount, round); err != nil && !errors.Is(err, region.ErrUnavailable) {
			t.Fatal(err)
		}
		s.agree(one)
		s.agree(other)
		if round > 2000 {
			t.Fatal("nothing is evicted")
		}
	}
	if stats := cache.Stats(); stats.Hits == 0 {
		t.Errorf("nothing was served: %+v", stats)
	}
}

// figure returns one of a server's.
func figure(t *testing.T, s *redistest.Server, name string) int64 {
	t.Helper()
	for line := range strings.Lines(s.Do("info", "all").(string)) {
		if text, ok := strings.CutPrefix(line, name+":"); ok {
			n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
			must(t, err)
			return n
		}
	}
	t.Fatalf("the server does not tell %s", name)
	return 0
}
