package redisstore

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"

	"github.com/redis/go-redis/v9"

	"github.com/seed92106438/cacheops/region/internal/backend"
)

// Look implements [backend.Backend].
func (s *Store) Look(ctx context.Context, key string, follow []backend.Follow) ([]byte, []backend.News, error) {
	if !s.together {
		return s.lookAround(ctx, key, follow)
	}
	if near(follow) && rand.IntN(renewals) != 0 {
		value, news, err := s.glance(ctx, key, follow)
		if !errors.Is(err, errNotSeen) {
			return value, news, err
		}
	}
	value, found, err := s.ask(ctx, key, follow)
	return value, newsOf(found), err
}

// lookAround looks at the journals of a cluster.
//
// Records are everywhere before an announcement is gone, so a reader who looks at
// the announcement's journal first, and then at those of the records, cannot miss
// both. But nodes answer in any order: a look that finds an announcement gone whose
// records are in other journals may have looked at these too early, so it looks
// again. That is rare, and all else takes one round trip.
func (s *Store) lookAround(ctx context.Context, key string, follow []backend.Follow) ([]byte, []backend.News, error) {
	known := follow
	for {
		value, found, err := s.ask(ctx, key, follow)
		if err != nil {
			return nil, nil, err
		}
		news, moved := newsOf(found), false
		next := make([]backend.Follow, len(news))
		for i := range found {
			moved = moved || found[i].movedSince(known[i])
			next[i] = backend.Follow{Epoch: news[i].Epoch, Number: news[i].Number}
		}
		if !moved || len(follow) < 2 {
			return value, news, nil
		}
		known = next
	}
}

// renewals is how many looks there are for one that renews a journal's life, which
// is a write.
const renewals = 64

// ask has scripts tell what is new: one for all journals, or one for each. It begins
// those journals that are not there, or cannot be trusted.
func (s *Store) ask(ctx context.Context, key string, follow []backend.Follow) ([]byte, []found, error) {
	renew := 0
	if s.together || rand.IntN(renewals) == 0 {
		renew = 1
	}
	var calls []*call
	for i, f := range follow {
		if i == 0 || !s.together {
			calls = append(calls, s.call(newsScript, renew))
		}
		calls[len(calls)-1].add(s.journalKey(f.Journal), position(f)+" ")
	}
	var value *redis.StringCmd
	err := s.within(ctx, func(c redis.UniversalClient) error {
		pipe := c.Pipeline()
		value = s.get(ctx, pipe, key)
		send(ctx, pipe, calls)
		_, _ = pipe.Exec(ctx) // each reply has its error
		repeat(ctx, c, calls)
		return nil
	})
	if err != nil {
		return nil, nil, s.failed("reading journals", err)
	}
	bytes, err := valueOf(value)
	errs := []error{err}
	for _, c := range calls {
		errs = append(errs, c.reply.Err())
	}
	if err := s.failed("reading a value and journals", slices.DeleteFunc(errs, succeeded)...); err != nil {
		return nil, nil, err
	}
	all, err := read(calls, follow)
	return bytes, all, err
}

// succeeded is so of no error. Of a look it does not matter what succeeded.
func succeeded(err error) bool { return err == nil }

// get asks for a value, if there is a key.
func (s *Store) get(ctx context.Context, pipe redis.Pipeliner, key string) *redis.StringCmd {
	if key == "" {
		return nil
	}
	return pipe.Get(ctx, s.valueKey(key))
}

// valueOf returns a value, nil if there is none.
func valueOf(reply *redis.StringCmd) ([]byte, error) {
	if reply == nil || errors.Is(reply.Err(), redis.Nil) {
		return nil, nil
	}
	value, err := reply.Bytes()
	if err == nil && value == nil {
		return []byte{}, nil
	}
	return value, err
}
