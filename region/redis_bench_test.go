package region

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/seed92106438/cacheops/internal/redistest"
	"github.com/seed92106438/cacheops/invalidation"
)

// inRedis makes a region in a Redis server of its own, whose journals are young no more.
func inRedis(b *testing.B) (*process, redis.UniversalClient) {
	c := redistest.Start(b).Client()
	join := func(o SharedOptions) *shared {
		r := Redis(c, RedisOptions{SharedOptions: o}).(*shared)
		b.Cleanup(func() { _ = r.Close() })
		return r
	}
	nurse := join(SharedOptions{Lease: time.Millisecond, Timeout: time.Minute})
	for range 3 { // the first look begins the journals, the second ends their youth
		nurse.Stamp(b.Context(), topic1, 0)
		time.Sleep(5 * time.Millisecond)
	}
	return &process{TB: b, Region: join(SharedOptions{Timeout: time.Minute})}, c
}

// keep stores a result of that many bytes, and returns where it is in Redis.
func (p *process) keep(size int) (place string) {
	stamp, ok := p.Stamp(p.Context(), topic1, 0)
	value := text(strings.Repeat("x", size))
	k := sharedKey(fmt.Sprint("topic 1 in ", size))
	if !ok || !p.Put(p.Context(), &Entry{
		Key: k, Dependency: topic1, Stamp: stamp, Value: value, Encoding: value, TTL: time.Hour,
	}) {
		p.Fatal("it was not stored")
	}
	return "cacheops:v:" + valueName(k)
}

// beside measures two things that take turns, so that what else goes on in the machine
// meets both. "x" is the ratio of their medians.
func beside(b *testing.B, floor, do func()) {
	b.Helper()
	var times [2][]time.Duration
	for b.Loop() {
		for i, f := range []func(){floor, do} {
			began := time.Now()
			f()
			times[i] = append(times[i], time.Since(began))
		}
	}
	for i := range times {
		slices.Sort(times[i])
	}
	least, median := 0, len(times[0])/2
	b.ReportMetric(float64(times[0][median]), "floor-ns")
	b.ReportMetric(float64(times[1][median]), "this-ns")
	b.ReportMetric(float64(times[1][median])/float64(times[0][median]), "x")
	b.ReportMetric(float64(times[1][least])/float64(times[0][least]), "x-least")
}

// BenchmarkHitInRedis sets a hit on one table beside a bare GET of what is stored for it.
func BenchmarkHitInRedis(b *testing.B) {
	p, c := inRedis(b)
	for _, size := range []int{100, 1 << 10, 16 << 10} {
		place := p.keep(size)
		k, q := sharedKey(fmt.Sprint("topic 1 in ", size)), Query(asked(tablesOf(topic1)))
		b.Run(fmt.Sprint(size, " bytes"), func(b *testing.B) {
			beside(b, func() {
				if err := c.Get(context.Background(), place).Err(); err != nil {
					b.Fatal(err)
				}
			}, func() {
				if e, miss := p.Get(context.Background(), k, q); e == nil {
					b.Fatalf("not a hit: %+v", miss)
				}
			})
		})
	}
}

// BenchmarkHitTiered sets a hit at the bounded level beside one in memory.
func BenchmarkHitTiered(b *testing.B) {
	other := share(b, 1)[0]
	p, memory := other.lot.tier(b, Bounded(time.Hour), sharing{}), begin(b, MemoryOptions{})
	p.fill("q", topic1)
	stamp, _ := memory.Stamp(b.Context(), topic1, 0)
	memory.Put(b.Context(), &Entry{Key: sharedKey("q"), Dependency: topic1, Stamp: stamp, Value: text("q"), TTL: time.Hour})
	other.lot.keepNoCalls()
	k, q := sharedKey("q"), Query(asked(tablesOf(topic1)))
	const hits = 1000 // in each turn: the clock takes a part of one
	times := func(r Region) func() {
		return func() {
			for range hits {
				if e, miss := r.Get(context.Background(), k, q); e == nil {
					b.Fatalf("not a hit: %+v", miss)
				}
			}
		}
	}
	beside(b, times(memory.memory), times(p.Region))
}

// BenchmarkPublishInRedis is a transaction that changed one row, in a Redis with nothing
// else beside one with a million keys of others.
func BenchmarkPublishInRedis(b *testing.B) {
	alone, _ := inRedis(b)
	crowded, c := inRedis(b)
	const keys, together = 1_000_000, 1000
	for i := range keys / together {
		pairs := make([]any, 0, 2*together)
		for j := range together {
			pairs = append(pairs, fmt.Sprintf("other:%d:%d", i, j), "value")
		}
		if err := c.MSet(b.Context(), pairs...).Err(); err != nil {
			b.Fatal(err)
		}
	}
	publish := func(p *process) func() {
		return func() {
			intent, err := p.Announce(context.Background(), []invalidation.Change{postIn1})
			if err != nil {
				b.Fatal(err)
			}
			intent.Commit(context.Background())
		}
	}
	beside(b, publish(alone), publish(crowded))
}

// BenchmarkMemoryInRedis reports what an entry takes in Redis besides its value.
func BenchmarkMemoryInRedis(b *testing.B) {
	p, c := inRedis(b)
	for _, size := range []int{100, 1 << 10, 16 << 10} {
		place := p.keep(size)
		b.Run(fmt.Sprint(size, " bytes"), func(b *testing.B) {
			for b.Loop() {
			}
			stored, err := c.StrLen(b.Context(), place).Result()
			if err != nil {
				b.Fatal(err)
			}
			taken, err := c.MemoryUsage(b.Context(), place).Result()
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(taken), "B-in-Redis")
			b.ReportMetric(float64(stored)-float64(size), "B-beside-the-value")
			b.ReportMetric(float64(taken)-float64(stored), "B-of-Redis")
		})
	}
}
