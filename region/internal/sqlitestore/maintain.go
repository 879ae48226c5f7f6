package sqlitestore

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// page is how many values are read, or removed, at once.
const page = 256

// Each calls yield for each value whose key begins with a prefix, until it returns
// false. It has those that have expired and were not removed yet. No lock is held
// while yield is called, so what is stored in the meantime may be among them or not.
func (s *Store) Each(ctx context.Context, prefix string, yield func(key string, value []byte, expires time.Time) bool) error {
	for _, shard := range s.shards {
		if more, err := shard.each(ctx, prefix, yield); !more || err != nil {
			return err
		}
	}
	return nil
}

// item is a value with its key.
type item struct {
	key, value []byte
	expires    int64
}

func (s *shard) each(ctx context.Context, prefix string, yield func(key string, value []byte, expires time.Time) bool) (more bool, err error) {
	from, to := []byte(prefix), after(prefix)
	for {
		var items []item
		err := s.read(ctx, func(r *reader) error {
			items = items[:0]
			return r.each(`SELECT key, value, expires FROM entries WHERE key >= ? AND (? IS NULL OR key < ?) ORDER BY key LIMIT ?`,
				[]any{blob(from), to, to, page}, func(rows *sql.Rows) error {
					var i item
					err := rows.Scan(&i.key, &i.value, &i.expires)
					items = append(items, i)
					return err
				})
		})
		if err != nil {
			return false, err
		}
		for _, i := range items {
			if !yield(string(i.key), blob(i.value), time.UnixMicro(i.expires)) {
				return false, nil
			}
		}
		if len(items) < page {
			return true, nil
		}
		from = append(items[len(items)-1].key, 0) // the least that is greater
	}
}

// after returns the least key that is greater than all that begin with a prefix, as
// an argument: nil if there is none.
func after(prefix string) any {
	b := []byte(prefix)
	for len(b) > 0 && b[len(b)-1] == 0xff {
		b = b[:len(b)-1]
	}
	if len(b) == 0 {
		return nil
	}
	b[len(b)-1]++
	return b
}

// Size returns how many values there are that have not expired, and the bytes of the
// files that are in use.
func (s *Store) Size(ctx context.Context) (values, bytes int64, err error) {
	for _, shard := range s.shards {
		var n, used int64
		err := shard.read(ctx, func(r *reader) (err error) {
			if _, err = r.one(`SELECT count(*) FROM entries WHERE expires > ?`, []any{now()}, &n); err == nil {
				used, err = r.used()
			}
			return err
		})
		if err != nil {
			return 0, 0, err
		}
		values, bytes = values+n, bytes+used
	}
	return values, bytes, nil
}

// MaxBytes returns the bound of what is in use of the files.
func (s *Store) MaxBytes() int64 { return s.options.MaxBytes }

// RemoveExpired removes what has expired, and returns how many values that were.
func (s *Store) RemoveExpired(ctx context.Context) (removed int64, err error) {
	for _, shard := range s.shards {
		for n := int64(page); n == page; removed += n {
			err := shard.write(ctx, func(t *tx) (err error) {
				n, err = t.removeExpired(page)
				return err
			})
			if err != nil {
				return removed, err
			}
		}
	}
	return removed, nil
}

// Clear removes all values, and gives up what the journals have of the past, so that
// nothing which processes keep in memory can be shown to be fresh either. What is
// pending stays so.
func (s *Store) Clear(ctx context.Context) error {
	var errs []error
	for _, shard := range s.shards {
		errs = append(errs, shard.write(ctx, func(t *tx) error {
			if _, err := t.exec(`DELETE FROM entries`); err != nil {
				return err
			}
			return t.forget()
		}))
	}
	return errors.Join(errs...)
}

// Vacuum gives back to the file system what is not in use of the files. Writers wait
// for it.
func (s *Store) Vacuum(ctx context.Context) error {
	var errs []error
	for _, shard := range s.shards {
		errs = append(errs, shard.wrap(shard.vacuum(ctx)))
	}
	return errors.Join(errs...)
}

func (s *shard) vacuum(ctx context.Context) error {
	f, err := s.hold(ctx)
	if err != nil {
		return err
	}
	err = f.alone(ctx, func(deadline time.Time) error {
		return patiently(ctx, deadline, func() error {
			return f.writer.set(`VACUUM`, `PRAGMA wal_checkpoint(TRUNCATE)`)
		})
	})
	s.letGo(f, err)
	return err
}
