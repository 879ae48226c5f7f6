package redisstore

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/seed92106438/cacheops/internal/testdb"
	"github.com/seed92106438/cacheops/region/internal/backend"
)

// BenchmarkLook sets a look beside a bare GET of the same value. They take turns,
// so that what else goes on in the machine meets both; "x-bare" is the ratio of
// their medians.
func BenchmarkLook(b *testing.B) {
	for name, way := range map[string]struct {
		punctual bool
		timeout  time.Duration
	}{
		"punctual":  {true, 0},
		"hasty":     {false, time.Second},
		"goroutine": {false, 0},
	} {
		c := redis.NewClient(&redis.Options{Addr: testdb.Redis(b), ContextTimeoutEnabled: way.punctual})
		defer func() { _ = c.Close() }()
		s := open(b, c, Options{Timeout: way.timeout})
		sweep(b, s)
		ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
		defer cancel()
		for _, size := range []int{1 << 10, 16 << 10} {
			if err := s.Put(ctx, "v", bytes.Repeat([]byte("x"), size), time.Hour); err != nil {
				b.Fatal(err)
			}
			for _, journals := range []int{1, 3} {
				follow := known(b, s, journals)
				b.Run(fmt.Sprintf("%s/%dKiB/journals=%d", name, size>>10, journals), func(b *testing.B) {
					beside(b, func() error {
						return c.Get(ctx, s.valueKey("v")).Err()
					}, func() error {
						_, _, err := s.Look(ctx, "v", follow)
						return err
					})
				})
			}
		}
	}
}

// known returns journals of which everything is known.
func known(b *testing.B, s *Store, n int) []backend.Follow {
	b.Helper()
	follow := make([]backend.Follow, n)
	for i := range follow {
		follow[i].Journal = fmt.Sprint("database\x00table", i)
	}
	_, news, err := s.Look(context.Background(), "", follow)
	if err != nil {
		b.Fatal(err)
	}
	for i := range follow {
		follow[i].Epoch, follow[i].Number = news[i].Epoch, news[i].Number
	}
	return follow
}

// beside measures do beside what it is compared with.
func beside(b *testing.B, bare, do func() error) {
	b.Helper()
	b.ReportAllocs()
	var times [2][]time.Duration
	for b.Loop() {
		for i, f := range []func() error{bare, do} {
			began := time.Now()
			if err := f(); err != nil {
				b.Fatal(err)
			}
			times[i] = append(times[i], time.Since(began))
		}
	}
	medians := [2]time.Duration{}
	for i := range times {
		slices.Sort(times[i])
		medians[i] = times[i][len(times[i])/2]
	}
	b.ReportMetric(float64(medians[0]), "bare-ns")
	b.ReportMetric(float64(medians[1]), "this-ns")
	b.ReportMetric(float64(medians[1])/float64(medians[0]), "x-bare")
}

// BenchmarkWrite sets the two calls of a change beside a bare SET of the same
// changes, in the same way.
func BenchmarkWrite(b *testing.B) {
	c := redis.NewClient(&redis.Options{Addr: testdb.Redis(b), ContextTimeoutEnabled: true})
	defer func() { _ = c.Close() }()
	s := open(b, c, Options{})
	sweep(b, s)
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	changes := bytes.Repeat([]byte("x"), 200)
	for _, journals := range []int{1, 3} {
		var parts []backend.Part
		var names []string
		for i := range journals {
			names = append(names, fmt.Sprint("database\x00table", i))
			parts = append(parts, backend.Part{Journal: names[i], Changes: changes})
		}
		announce := func() error { return s.Announce(ctx, "id", time.Minute, parts) }
		settle := func() error { return s.Settle(ctx, "id", parts, names) }
		for name, do := range map[string]func() error{"announce": announce, "settle": settle} {
			b.Run(fmt.Sprintf("%s/journals=%d", name, journals), func(b *testing.B) {
				beside(b, func() error {
					return c.Set(ctx, s.valueKey("v"), changes, time.Hour).Err()
				}, do)
			})
		}
	}
}
