package cacheops_test

import (
	"context"
	"crypto/rand"
	"io"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/seed92106438/cacheops/internal/testdb"
	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/region"
)

// inRedis makes a region in Redis that no one else uses, and the same for a nurse.
func inRedis(t testing.TB, hooks ...redis.Hook) (keep, nurse region.Region) {
	t.Helper()
	client := redis.NewClient(&redis.Options{
		Addr: testdb.Redis(t), ContextTimeoutEnabled: len(hooks) > 0, // or else they are not told of all
	})
	for _, hook := range hooks {
		client.AddHook(hook)
	}
	prefix := "cacheops-test-" + rand.Text()
	t.Cleanup(func() {
		keys := client.Scan(context.Background(), 0, "*"+prefix+"*", 1000).Iterator()
		for keys.Next(context.Background()) {
			_ = client.Del(context.Background(), keys.Val()).Err()
		}
		_ = client.Close()
	})
	return twice(t, func(o region.SharedOptions) region.Region {
		return region.Redis(client, region.RedisOptions{Prefix: prefix, SharedOptions: o})
	})
}

// inFile makes a region in an SQLite file, and the same for a nurse.
func inFile(t testing.TB) (keep, nurse region.Region) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "cache")
	return twice(t, func(o region.SharedOptions) region.Region {
		return region.SQLite(path, region.SQLiteOptions{SharedOptions: o})
	})
}

// twice opens a region for one who keeps results in it, and for a nurse.
func twice(t testing.TB, open func(region.SharedOptions) region.Region) (keep, nurse region.Region) {
	lasting := func(lease time.Duration) region.Region {
		r := open(region.SharedOptions{Lease: lease, Timeout: 5 * time.Second}) // of a busy machine
		t.Cleanup(func() { must(t, r.(io.Closer).Close()) })
		return r
	}
	return lasting(0), lasting(childhood)
}

// childhood is for how long a nurse takes a journal for young.
const childhood = 5 * time.Millisecond

// nursery is a region whose journals another process has known for long enough to
// be relied on. A shared journal that was begun just now is not, for a lease, which
// would be too long for each test.
type nursery struct {
	region.Region
	nurse region.Region

	mu    sync.Mutex
	grown map[invalidation.Table]bool
}

func nursed(keep, nurse region.Region) region.Region {
	return &nursery{Region: keep, nurse: nurse, grown: map[invalidation.Table]bool{}}
}

func (n *nursery) Stamp(ctx context.Context, dep *invalidation.Dependency, lag time.Duration) (region.Stamp, bool) {
	if n.takesIn(dep) {
		// The first look begins the journals, a later one ends their youth. A change
		// that is pending keeps the nurse from knowing.
		for range 10 {
			if _, grown := n.nurse.Stamp(ctx, dep, 0); grown {
				break
			}
			time.Sleep(2 * childhood)
		}
	}
	return n.Region.Stamp(ctx, dep, lag)
}

// takesIn reports whether a table of the dependency is seen for the first time.
func (n *nursery) takesIn(dep *invalidation.Dependency) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	young := false
	for i := range dep.Tables {
		young = young || !n.grown[dep.Tables[i].Table]
		n.grown[dep.Tables[i].Table] = true
	}
	return young
}
