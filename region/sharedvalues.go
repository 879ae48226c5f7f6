package region

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/region/internal/backend"
	"github.com/seed92106438/cacheops/region/internal/wire"
)

// sharedValues are the [Values] of a name in a store that processes share.
//
// The name has a journal of its own, and its position is part of the keys. Clear
// appends to the journal, and nothing that was set before is found any more. A call
// guesses the position that it saw last, and asks for the value and for what is new
// in the journal in one round trip. If nothing is, the guess was right when it was
// made: the value is read before the journal, or when it is.
//
// What is set at a position that Clear ends at the same time is found by nobody: it
// was set before.
type sharedValues struct {
	region *shared
	name   string // of the journal, and what keys begin with
	ttl    time.Duration
	at     atomic.Pointer[Position]
}

// values returns the values of a name. The name is escaped, so that it ends in a key
// where it seems to.
func (r *shared) values(name string) valueStore {
	v := &sharedValues{region: r, name: "v:" + url.QueryEscape(name), ttl: r.ttl}
	v.at.Store(&Position{})
	return v
}

// look returns the position, and the value that there is at it under a key, if the
// key is not nil. Without a key any position will do that there was meanwhile: what is
// set there is set before whatever Clear ended it.
//
// If the position was another than guessed, it looks once more, by the one that it was
// told. Should that be another again, all was cleared between the two looks, and at
// that moment there was nothing: so however often others clear, there is an answer.
// It must not guess by what others have stored meanwhile, which may be older.
func (v *sharedValues) look(ctx context.Context, key *string) (Position, []byte, error) {
	r, at := v.region, *v.at.Load()
	for range 2 {
		name := ""
		if key != nil {
			name = v.key(at, *key)
		}
		var value []byte
		var news []backend.News
		err := r.gate.pass(ctx, func(ctx context.Context) (err error) {
			value, news, err = r.backend.Look(ctx, name, []backend.Follow{{Journal: v.name, Epoch: at.Epoch, Number: at.Number}})
			return err
		})
		switch {
		case err != nil:
			return at, nil, err
		case !news[0].Changed:
			return at, value, nil
		}
		at = Position{news[0].Epoch, news[0].Number}
		v.at.Store(&Position{at.Epoch, at.Number})
		if key == nil {
			return at, nil, nil
		}
	}
	return at, nil, nil
}

// prefix is what keys of a position begin with.
func (v *sharedValues) prefix(at Position) string {
	return fmt.Sprintf("%s:%x-%x:", v.name, at.Epoch, at.Number)
}

func (v *sharedValues) key(at Position, key string) string { return v.prefix(at) + key }

func (v *sharedValues) get(ctx context.Context, key string) ([]byte, error) {
	at, sealed, err := v.look(ctx, &key)
	if sealed == nil || err != nil {
		return nil, err
	}
	value, err := v.open(sealed, v.key(at, key))
	if err != nil {
		// What cannot be read is as good as none.
		v.region.faults.report(fmt.Errorf("cacheops: reading a value: %w", err))
		return nil, nil
	}
	return value.value, nil
}

func (v *sharedValues) open(sealed []byte, name string) (storedValue, error) {
	e, err := v.region.codec.Open(sealed, name)
	if err != nil {
		return storedValue{}, err
	}
	s := storedValue{key: string(e.Key), value: e.Rows}
	if s.value == nil {
		s.value = []byte{}
	}
	if e.TTL > 0 {
		s.expires = e.Stored.Add(e.TTL)
	}
	return s, nil
}

// seal returns what is stored of a value, and for how long.
func (v *sharedValues) seal(key, name string, value []byte, ttl time.Duration) ([]byte, time.Duration, error) {
	ttl = cmp.Or(ttl, v.ttl)
	sealed, err := v.region.codec.Seal(&wire.Entry{
		Key: []byte(key), Stored: time.Now(), TTL: ttl, Dependency: &invalidation.Dependency{}, Rows: value,
	}, name)
	return sealed, cmp.Or(ttl, untilEvicted), err
}

func (v *sharedValues) set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	at, _, err := v.look(ctx, nil)
	if err != nil {
		return err
	}
	name := v.key(at, key)
	sealed, ttl, err := v.seal(key, name, value, ttl)
	if err != nil {
		return err
	}
	return v.region.gate.pass(ctx, func(ctx context.Context) error { return v.region.backend.Put(ctx, name, sealed, ttl) })
}

func (v *sharedValues) add(ctx context.Context, key string, value []byte, ttl time.Duration) (added bool, err error) {
	at, there, err := v.look(ctx, &key)
	if there != nil || err != nil {
		return false, err
	}
	name := v.key(at, key)
	sealed, ttl, err := v.seal(key, name, value, ttl)
	if err != nil {
		return false, err
	}
	err = v.region.gate.pass(ctx, func(ctx context.Context) (err error) {
		added, err = v.region.backend.Add(ctx, name, sealed, ttl)
		return err
	})
	return added, err
}

func (v *sharedValues) remove(ctx context.Context, keys []string) error {
	at, _, err := v.look(ctx, nil)
	if err != nil {
		return err
	}
	names := make([]string, len(keys))
	for i, key := range keys {
		names[i] = v.key(at, key)
	}
	return v.region.gate.pass(ctx, func(ctx context.Context) error { return v.region.backend.Delete(ctx, names...) })
}

func (v *sharedValues) clear(ctx context.Context) error {
	return v.region.gate.pass(ctx, func(ctx context.Context) error {
		return v.region.backend.Settle(ctx, rand.Text(), []backend.Part{{Journal: v.name}}, nil)
	})
}

// lister is a backend that can list what it has.
type lister interface {
	Each(ctx context.Context, prefix string, yield func(key string, value []byte, expires time.Time) bool) error
}

func (v *sharedValues) each(ctx context.Context, yield func(storedValue) bool) error {
	store, ok := v.region.backend.(lister)
	if !ok {
		return fmt.Errorf("the region cannot list its values: %w", errors.ErrUnsupported)
	}
	at, _, err := v.look(ctx, nil)
	if err != nil {
		return err
	}
	return store.Each(ctx, v.prefix(at), func(name string, sealed []byte, _ time.Time) bool {
		s, err := v.open(sealed, name)
		return err != nil || yield(s) // what cannot be read is as good as none
	})
}
