package region_test

import (
	"context"
	"crypto/rand"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/seed92106438/cacheops/internal/testdb"
	"github.com/seed92106438/cacheops/region"
)

func TestRedisConforms(t *testing.T) {
	address := testdb.Redis(t)
	conform(t, func(t *testing.T) store {
		prefix := "cacheops-test-" + rand.Text()
		client := redis.NewClient(&redis.Options{Addr: address})
		lose := func() { loseRedis(t, client, prefix) }
		t.Cleanup(func() {
			lose()
			if err := client.Close(); err != nil {
				t.Error(err)
			}
		})
		return store{lose: lose, join: func() region.Region {
			return region.Redis(client, region.RedisOptions{Prefix: prefix, SharedOptions: region.SharedOptions{
				Lease: lease, Timeout: 5 * time.Second, // machines of tests are slow
			}})
		}}
	})
}

// loseRedis deletes all keys with the prefix, in one step.
func loseRedis(t *testing.T, client *redis.Client, prefix string) {
	const script = `
		local keys = redis.call('keys', ARGV[1] .. ':*')
		for _, key in ipairs(keys) do redis.call('del', key) end
		return #keys`
	if err := client.Eval(context.Background(), script, nil, prefix).Err(); err != nil {
		t.Error(err)
	}
}
