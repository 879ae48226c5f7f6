package redisstore

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
)

// atLeast rounds up to what Redis can count.
func atLeast(ttl time.Duration) time.Duration { return max(ttl, time.Millisecond) }

// Put implements [backend.Backend].
func (s *Store) Put(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	err := s.within(ctx, func(c redis.UniversalClient) error {
		return c.Set(ctx, s.valueKey(key), value, atLeast(ttl)).Err()
	})
	return s.failed("storing a value", err)
}

// Add implements [backend.Backend]. If the client repeats a command whose answer
// was lost, it may report false for what it has added itself.
func (s *Store) Add(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error) {
	var added bool
	err := s.within(ctx, func(c redis.UniversalClient) (err error) {
		added, err = c.SetNX(ctx, s.valueKey(key), value, atLeast(ttl)).Result()
		return err
	})
	if err != nil {
		return false, s.failed("adding a value", err)
	}
	return added, nil
}

// Delete implements [backend.Backend].
func (s *Store) Delete(ctx context.Context, keys ...string) error {
	if len(keys) == 0 {
		return nil
	}
	err := s.within(ctx, func(c redis.UniversalClient) error {
		_, err := c.Pipelined(ctx, func(pipe redis.Pipeliner) error {
			for _, key := range keys {
				pipe.Unlink(ctx, s.valueKey(key))
			}
			return nil
		})
		return err
	})
	return s.failed("deleting values", err)
}

// Remove implements [backend.Backend].
func (s *Store) Remove(ctx context.Context, key string, value []byte) error {
	err := s.within(ctx, func(c redis.UniversalClient) error {
		return removeScript.Run(ctx, c, []string{s.valueKey(key)}, value).Err()
	})
	return s.failed("removing a value", err)
}
