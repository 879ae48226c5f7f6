package cacheops_test

import (
	"context"
	"crypto/rand"
	"path/filepath"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/seed92106438/cacheops/internal/testdb"
	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/region"
)

func init() {
	regionKinds["redis"] = func(t testing.TB) region.Region { return patient{redisRegion(t)} }
	regionKinds["sqlite"] = func(t testing.TB) region.Region {
		return patient{closed(t, region.SQLite(filepath.Join(t.TempDir(), "cache"), region.SQLiteOptions{SharedOptions: brief}))}
	}
	regionKinds["tiered"] = func(t testing.TB) region.Region {
		return patient{closed(t, region.Tiered(region.MemoryOptions{}, redisRegion(t), region.TieredOptions{}))}
	}
	regionKinds["bounded"] = func(t testing.TB) region.Region {
		return patient{closed(t, region.Tiered(region.MemoryOptions{}, redisRegion(t), region.TieredOptions{Level: region.Bounded(time.Second)}))}
	}
}

// brief lets journals be young for a moment only. Nothing depends on how long that
// is but the time that tests take.
var brief = region.SharedOptions{Lease: 50 * time.Millisecond, Timeout: 10 * time.Second}

func redisRegion(t testing.TB) region.Region {
	client := redis.NewClient(&redis.Options{Addr: testdb.Redis(t)})
	t.Cleanup(func() { _ = client.Close() })
	return closed(t, region.Redis(client, region.RedisOptions{Prefix: "cacheops-test-" + rand.Text(), SharedOptions: brief}))
}

// closed closes a region when the test ends.
func closed(t testing.TB, r region.Region) region.Region {
	t.Cleanup(func() { _ = r.(interface{ Close() error }).Close() })
	return r
}

// patient is a region whose journals the tests never see young: they are new with
// each test, and a test that has read a result expects it to be there.
type patient struct{ region.Region }

func (p patient) Stamp(ctx context.Context, dep *invalidation.Dependency, lag time.Duration) (region.Stamp, bool) {
	for range 3 {
		if stamp, ok := p.Region.Stamp(ctx, dep, lag); ok {
			return stamp, ok
		}
		time.Sleep(brief.Lease + time.Millisecond)
	}
	return p.Region.Stamp(ctx, dep, lag)
}
