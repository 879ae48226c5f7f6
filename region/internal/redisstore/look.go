package redisstore

import (
	"context"
	"errors"
	"math/rand/v2"

	"github.com/redis/go-redis/v9"

	"github.com/seed92106438/cacheops/region/internal/backend"
)

// looks is how often a look may have to be repeated.
const looks = 4

// Look implements [backend.Backend].
//
// Records are everywhere before an announcement is gone, so a reader who looks at
// the announcement's journal first, and then at those of the records, cannot miss
// both. On one server a look has no parts, and order is of no importance. The nodes
// of a cluster answer in any order: a look that finds an announcement gone whose
// records are in other journals may have looked at these too early, so it looks
// again. That is rare, and all else takes one round trip.
func (s *Store) Look(ctx context.Context, key string, follow []backend.Follow) ([]byte, []backend.News, error) {
	known := follow
	for range looks {
		value, found, err := s.look(ctx, key, follow)
		if err != nil {
			return nil, nil, err
		}
		news, moved := make([]backend.News, len(found)), false
		for i := range found {
			news[i] = found[i].News
			moved = moved || found[i].movedSince(known[i])
		}
		if s.together || len(follow) < 2 || !moved {
			return value, news, nil
		}
		known = make([]backend.Follow, len(news))
		for i := range news {
			known[i] = backend.Follow{Epoch: news[i].Epoch, Number: news[i].Number}
		}
	}
	return nil, nil, errors.New("cacheops: redis: reading journals: they do not come to rest")
}

// look looks once.
func (s *Store) look(ctx context.Context, key string, follow []backend.Follow) ([]byte, []found, error) {
	var value *redis.StringCmd
	calls := s.ask(follow)
	err := s.within(ctx, func() error {
		pipe := s.client.Pipeline()
		if key != "" {
			value = pipe.Get(ctx, s.valueKey(key))
		}
		send(ctx, pipe, calls)
		_, _ = pipe.Exec(ctx) // each reply has its error
		s.repeat(ctx, calls)
		return nil
	})
	if err != nil {
		return nil, nil, s.failed("reading journals", err)
	}
	errs := make([]error, 0, 1+len(calls))
	for _, c := range calls {
		errs = append(errs, c.reply.Err())
	}
	var bytes []byte
	if value != nil {
		bytes, err = valueOf(value)
		errs = append(errs, err)
	}
	if err := s.failed("reading a value and journals", errs...); err != nil {
		return nil, nil, err
	}
	news, err := read(calls, follow)
	return bytes, news, err
}

// valueOf returns a value, nil if there is none.
func valueOf(reply *redis.StringCmd) ([]byte, error) {
	value, err := reply.Bytes()
	switch {
	case errors.Is(err, redis.Nil):
		return nil, nil
	case err == nil && value == nil:
		return []byte{}, nil
	}
	return value, err
}

// renewals is how many looks there are for one that renews a journal's life, which
// is a write.
const renewals = 64

// ask returns the calls that ask for news: one for all journals, or one for each.
func (s *Store) ask(follow []backend.Follow) []*call {
	renew := 0
	if rand.IntN(renewals) == 0 {
		renew = 1
	}
	var calls []*call
	for i, f := range follow {
		if i == 0 || !s.together {
			calls = append(calls, s.call(newsScript, renew))
		}
		calls[len(calls)-1].add(s.journalKey(f.Journal), f.Epoch, f.Number)
	}
	return calls
}
