package sqlitestore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/seed92106438/cacheops/region/internal/backend"
)

// Store is a [backend.Backend] in a file, or in several.
//
// The journals are all in the first file, so that announcing a transaction's changes
// is one transaction. Values are spread by their keys. Losing a file is losing whole
// journals, or values, which a backend may.
type Store struct {
	options Options
	shards  []*shard
}

var _ backend.Backend = (*Store)(nil)

// Open returns the store at a path. The error is about the options. The files are
// opened when they are first used, and whenever they turn out to have been replaced;
// see [Store.Check]. The store must be closed.
func Open(path string, o Options) (*Store, error) {
	o, err := o.complete(path)
	if err != nil {
		return nil, fmt.Errorf("cacheops: SQLite cache %q: %w", path, err)
	}
	paths, err := o.paths(path)
	if err != nil {
		return nil, fmt.Errorf("cacheops: SQLite cache %q: %w", path, err)
	}
	s := &Store{options: o}
	for _, path := range paths {
		s.shards = append(s.shards, &shard{options: &s.options, path: path})
	}
	return s, nil
}

// Check opens the files, and returns what is wrong with them.
func (s *Store) Check(ctx context.Context) error {
	var errs []error
	for _, shard := range s.shards {
		errs = append(errs, shard.read(ctx, func(*reader) error { return nil }))
	}
	return errors.Join(errs...)
}

func (s *Store) journals() *shard { return s.shards[0] }

// of returns the shard that has the value of a key.
func (s *Store) of(key string) *shard {
	return s.shards[xxhash.Sum64String(key)%uint64(len(s.shards))]
}

// Look implements [backend.Backend]. The value is read before the journals, so what
// is known of them is newer than what is stored with it.
func (s *Store) Look(ctx context.Context, key string, follow []backend.Follow) (value []byte, news []backend.News, err error) {
	journals := s.journals()
	if key != "" && s.of(key) != journals {
		err = s.of(key).read(ctx, func(r *reader) (err error) {
			value, err = r.value(key)
			return err
		})
		key = ""
	}
	for range attempts {
		if err != nil || key == "" && len(follow) == 0 {
			return value, news, err
		}
		ok := false
		err = journals.read(ctx, func(r *reader) (err error) {
			if key != "" {
				if value, err = r.value(key); err != nil {
					return err
				}
			}
			news, ok, err = r.news(follow)
			return err
		})
		if ok || err != nil {
			return value, news, err
		}
		err = journals.write(ctx, func(t *tx) error { return t.follow(follow) })
	}
	return nil, nil, journals.wrap(errMoved)
}

// Put implements [backend.Backend].
func (s *Store) Put(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	_, err := s.store(ctx, key, value, ttl, func(*tx) (bool, error) { return true, nil })
	return err
}

// Add implements [backend.Backend].
func (s *Store) Add(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error) {
	return s.store(ctx, key, value, ttl, func(t *tx) (bool, error) {
		has, err := t.has(key)
		return !has, err
	})
}

// store stores a value if the condition holds.
func (s *Store) store(ctx context.Context, key string, value []byte, ttl time.Duration, condition func(*tx) (bool, error)) (stored bool, err error) {
	shard := s.of(key)
	if err := s.options.fits(value, ttl); err != nil {
		return false, fmt.Errorf("%w: %w", backend.ErrRefused, shard.wrap(err))
	}
	var wanted bool
	err = shard.write(ctx, func(t *tx) (err error) {
		stored = false
		if wanted, err = condition(t); wanted && err == nil {
			stored, err = t.put(key, value, ttl)
		}
		return err
	})
	if err == nil && wanted && !stored {
		// What was removed to make room stays removed.
		err = fmt.Errorf("%w: %w", backend.ErrRefused, shard.wrap(errNoRoom))
	}
	return stored && err == nil, err
}

// Delete implements [backend.Backend]. Each file has a transaction of its own.
func (s *Store) Delete(ctx context.Context, keys ...string) error {
	var errs []error
	for _, shard := range s.shards {
		mine := slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return s.of(key) != shard })
		if len(mine) == 0 {
			continue
		}
		errs = append(errs, shard.write(ctx, func(t *tx) error {
			for _, key := range mine {
				if _, err := t.exec(`DELETE FROM entries WHERE key = ?`, blob(key)); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	return errors.Join(errs...)
}

// Remove implements [backend.Backend].
func (s *Store) Remove(ctx context.Context, key string, value []byte) error {
	return s.of(key).write(ctx, func(t *tx) error {
		_, err := t.exec(`DELETE FROM entries WHERE key = ? AND value = ?`, blob(key), blob(value))
		return err
	})
}

// Announce implements [backend.Backend].
func (s *Store) Announce(ctx context.Context, id string, lease time.Duration, parts []backend.Part) error {
	if err := distinct(parts); err != nil {
		return fmt.Errorf("%w: %w", backend.ErrRefused, s.journals().wrap(err))
	}
	return s.journals().write(ctx, func(t *tx) error {
		for _, part := range parts {
			if err := t.announce(id, lease, part); err != nil {
				return err
			}
		}
		return nil
	})
}

// Settle implements [backend.Backend]. Readers see all of it or nothing.
func (s *Store) Settle(ctx context.Context, id string, committed []backend.Part, announced []string) error {
	return s.journals().write(ctx, func(t *tx) error {
		for _, part := range committed {
			if err := t.commit(part); err != nil {
				return err
			}
		}
		for _, journal := range announced {
			if err := t.withdraw(id, journal); err != nil {
				return err
			}
		}
		return nil
	})
}

// Expire implements [backend.Backend].
func (s *Store) Expire(ctx context.Context, journal string, p backend.Pending) error {
	return s.journals().write(ctx, func(t *tx) error { return t.expire(journal, p) })
}

// Open implements [backend.Backend].
func (s *Store) Open(ctx context.Context, journal string, epoch uint64) error {
	return s.journals().write(ctx, func(t *tx) error { return t.mature(journal, epoch) })
}

// Close implements [backend.Backend]. It waits for calls that are under way.
func (s *Store) Close() error {
	var errs []error
	for _, shard := range s.shards {
		errs = append(errs, shard.close())
	}
	return errors.Join(errs...)
}
