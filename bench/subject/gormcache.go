package subject

import (
	pacific "github.com/Pacific73/gorm-cache/cache"
	pacificconfig "github.com/Pacific73/gorm-cache/config"
	asjdf "github.com/asjdf/gorm-cache/cache"
	asjdfconfig "github.com/asjdf/gorm-cache/config"
	"github.com/asjdf/gorm-cache/storage"
	redisv8 "github.com/go-redis/redis/v8"
	"gorm.io/gorm"
)

// The gorm-cache of Pacific73, and asjdf's, which comes from it. Both keep whole
// results and single rows, as they do in their READMEs; but results of any length
// (there 50 and 5 rows at most), as many as there are, and longer.
const (
	fiveMinutes = 5 * 60 * 1000 // in milliseconds
	items       = 10_000_000
)

func asjdfMemory(db *gorm.DB, _ Ground) (*gorm.DB, func() error, error) {
	return useAsjdf(db, storage.NewMem(&storage.MemStoreConfig{MaxSize: items}), nil)
}

func asjdfRedis(db *gorm.DB, g Ground) (*gorm.DB, func() error, error) {
	c := client(g)
	return useAsjdf(db, storage.NewRedis(&storage.RedisStoreConfig{Client: c}), c.Close)
}

func useAsjdf(db *gorm.DB, store storage.DataStorage, end func() error) (*gorm.DB, func() error, error) {
	plugin, err := asjdf.NewGorm2Cache(&asjdfconfig.CacheConfig{
		CacheLevel:           asjdfconfig.CacheLevelAll,
		CacheStorage:         store,
		InvalidateWhenUpdate: true,
		CacheTTL:             fiveMinutes,
	})
	if err != nil {
		return nil, nil, err
	}
	return plugged(db, plugin, end)
}

func pacific73Memory(db *gorm.DB, _ Ground) (*gorm.DB, func() error, error) {
	return usePacific73(db, &pacificconfig.CacheConfig{CacheStorage: pacificconfig.CacheStorageMemory, CacheSize: items}, nil)
}

func pacific73Redis(db *gorm.DB, g Ground) (*gorm.DB, func() error, error) {
	c := clientV8(g)
	return usePacific73(db, &pacificconfig.CacheConfig{
		CacheStorage: pacificconfig.CacheStorageRedis,
		RedisConfig:  pacific.NewRedisConfigWithClient(c),
	}, c.Close)
}

func usePacific73(db *gorm.DB, config *pacificconfig.CacheConfig, end func() error) (*gorm.DB, func() error, error) {
	config.CacheLevel = pacificconfig.CacheLevelAll
	config.InvalidateWhenUpdate = true
	config.CacheTTL = fiveMinutes
	plugin, err := pacific.NewGorm2Cache(config)
	if err != nil {
		return nil, nil, err
	}
	return plugged(db, plugin, end)
}

// clientV8 is client for those that use the Redis client's version before.
func clientV8(g Ground) *redisv8.Client {
	return redisv8.NewClient(&redisv8.Options{Addr: g.Redis.Addr, DB: g.Redis.Take()})
}
