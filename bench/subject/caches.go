package subject

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-gorm/caches/v4"
	"github.com/redis/go-redis/v9"
	"gorm.io/gorm"
)

// go-gorm/caches leaves the store to its users. These do what the two in its README do,
// by the same calls, and as there, requests are not merged ("easer").

func cachesMemory(db *gorm.DB, _ Ground) (*gorm.DB, func() error, error) {
	store := &mapCacher{}
	store.rows.Store(new(sync.Map))
	return plugged(db, &caches.Caches{Conf: &caches.Config{Cacher: store}}, nil)
}

func cachesRedis(db *gorm.DB, g Ground) (*gorm.DB, func() error, error) {
	c := client(g)
	return plugged(db, &caches.Caches{Conf: &caches.Config{Cacher: redisCacher{c}}}, c.Close)
}

// mapCacher keeps results, as JSON, in a map that any write replaces by an empty one.
// The README's does that without synchronization.
type mapCacher struct{ rows atomic.Pointer[sync.Map] }

func (m *mapCacher) Get(_ context.Context, key string, q *caches.Query[any]) (*caches.Query[any], error) {
	value, ok := m.rows.Load().Load(key)
	if !ok {
		return nil, nil
	}
	return q, q.Unmarshal(value.([]byte))
}

func (m *mapCacher) Store(_ context.Context, key string, q *caches.Query[any]) error {
	value, err := q.Marshal()
	if err == nil {
		m.rows.Load().Store(key, value)
	}
	return err
}

func (m *mapCacher) Invalidate(context.Context) error {
	m.rows.Store(new(sync.Map))
	return nil
}

// redisCacher keeps results, as JSON, in Redis. A write looks for all of them, by SCAN
// with the server's default count, and deletes them in one command.
type redisCacher struct{ client *redis.Client }

func (r redisCacher) Get(ctx context.Context, key string, q *caches.Query[any]) (*caches.Query[any], error) {
	value, err := r.client.Get(ctx, key).Bytes()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return q, q.Unmarshal(value)
}

func (r redisCacher) Store(ctx context.Context, key string, q *caches.Query[any]) error {
	value, err := q.Marshal()
	if err != nil {
		return err
	}
	return r.client.Set(ctx, key, value, 300*time.Second).Err()
}

func (r redisCacher) Invalidate(ctx context.Context) error {
	var keys []string
	scan := r.client.Scan(ctx, 0, caches.IdentifierPrefix+"*", 0).Iterator()
	for scan.Next(ctx) {
		keys = append(keys, scan.Val())
	}
	if err := scan.Err(); err != nil || len(keys) == 0 {
		return err
	}
	return r.client.Del(ctx, keys...).Err()
}
