package subject

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/evangwt/grc"
	"gorm.io/gorm"
)

// grc drops nothing when rows change; it leaves that to its TTL. A query asks for it by
// its context, so its handle has such a one. It comes with a client of Redis only.

var grcConfig = grc.CacheConfig{TTL: 5 * time.Minute, Prefix: "cache:"}

func grcMemory(db *gorm.DB, _ Ground) (*gorm.DB, func() error, error) {
	return useGrc(db, &mapClient{}, nil)
}

func grcRedis(db *gorm.DB, g Ground) (*gorm.DB, func() error, error) {
	c := clientV8(g)
	return useGrc(db, grc.NewRedisClient(c), c.Close)
}

func useGrc(db *gorm.DB, client grc.CacheClient, end func() error) (*gorm.DB, func() error, error) {
	db, end, err := plugged(db, grc.NewGormCache("grc", client, grcConfig), end)
	return in(db, grc.UseCacheKey, true), end, err
}

// mapClient is the client of Redis with a map in the place of the server.
type mapClient struct{ values sync.Map }

func (m *mapClient) Get(_ context.Context, key string) (any, error) {
	value, _ := m.values.Load(key)
	return value, nil
}

func (m *mapClient) Set(_ context.Context, key string, value any, _ time.Duration) error {
	data, err := json.Marshal(value)
	if err == nil {
		m.values.Store(key, data)
	}
	return err
}
