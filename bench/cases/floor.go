package cases

import (
	"context"
	"encoding/json"
	"slices"
	"sync"

	"github.com/redis/go-redis/v9"
	"gorm.io/gorm"

	"github.com/seed92106438/cacheops/bench/measure"
	"github.com/seed92106438/cacheops/bench/subject"
)

// floors are what no cache below GORM can be faster than, and what others use in the
// place of one. They read what the uncached station s does.
func (l *Lab) floors(s *station, h hit) ([]measure.Contender, error) {
	got, err := h.read(s.truth)
	if err != nil {
		return nil, err
	}
	dry := s.db.Session(&gorm.Session{DryRun: true})
	floors := []measure.Contender{l.floor(subject.DryRun, func(int) error {
		_, err := h.read(dry)
		return err
	})}
	if h.plain != nil {
		conn, err := s.truth.DB()
		if err != nil {
			return nil, err
		}
		floors = append(floors, l.floor("database-sql", func(int) error {
			_, err := h.plain(conn)
			return err
		}))
	}
	if h.bare != nil {
		read := h.bare(got)
		floors = append(floors, l.floor("map", func(int) error {
			read()
			return nil
		}))
	}
	if l.Redis != nil {
		get, err := l.bareGet(got)
		if err != nil {
			return nil, err
		}
		floors = append(floors, l.floor("redis-get", get))
	}
	return floors, nil
}

func (l *Lab) floor(name string, op func(int) error) measure.Contender {
	return measure.Contender{Name: name, Turn: (&measure.Loop{Op: op, For: l.Plan.Turn}).Turn}
}

// bareGet gets the same rows, as JSON, from Redis, and leaves them as they are.
func (l *Lab) bareGet(got any) (func(int) error, error) {
	ctx := context.Background()
	c := redis.NewClient(&redis.Options{Addr: l.Redis.Addr, DB: l.Redis.Take(), ContextTimeoutEnabled: true})
	l.opened = append(l.opened, c.Close)
	value, err := json.Marshal(got)
	if err != nil {
		return nil, err
	}
	return func(int) error { return c.Get(ctx, "value").Err() }, c.Set(ctx, "value", value, 0).Err()
}

// bareRow looks a value up in a map and copies it.
func bareRow[T any](got any) func() any {
	var mu sync.RWMutex
	rows := map[int]T{person: *got.(*T)}
	return func() any {
		mu.RLock()
		defer mu.RUnlock()
		row := rows[person]
		return &row
	}
}

// bareRows looks rows up in a map and copies them.
func bareRows[T any](got any) func() any {
	var mu sync.RWMutex
	lists := map[int][]T{person: *got.(*[]T)}
	return func() any {
		mu.RLock()
		defer mu.RUnlock()
		list := slices.Clone(lists[person])
		return &list
	}
}
