package sqlitestore

import (
	"errors"
	"fmt"
	"math"
	"time"
)

func now() int64 { return time.Now().UnixMicro() }

// expiry returns when a value expires, which is not sooner than its time to live
// says.
func expiry(ttl time.Duration) int64 {
	if ttl > math.MaxInt64-time.Microsecond {
		ttl = math.MaxInt64 - time.Microsecond
	}
	return now() + int64((ttl+time.Microsecond-1)/time.Microsecond)
}

// Errors of values that are not stored.
var (
	errTTL      = errors.New("its time to live must be positive")
	errTooLarge = errors.New("it is too large")
	errNoRoom   = errors.New("there is no room for it yet")
)

// share is the part of MaxBytes that one value may take.
const share = 4

// fits returns an error if a value can never be stored.
func (o *Options) fits(value []byte, ttl time.Duration) error {
	switch {
	case ttl <= 0:
		return errTTL
	case int64(len(value)) > o.MaxBytes/int64(max(o.Shards, 1))/share:
		return fmt.Errorf("%w: %d bytes", errTooLarge, len(value))
	}
	return nil
}

// put stores a value. It reports false if there is no room for it.
func (t *tx) put(key string, value []byte, ttl time.Duration) (bool, error) {
	if room, err := t.makeRoom(len(key) + len(value)); !room || err != nil {
		return false, err
	}
	_, err := t.exec(`INSERT OR REPLACE INTO entries (key, value, expires) VALUES (?, ?, ?)`,
		blob(key), blob(value), expiry(ttl))
	return err == nil, err
}

// has reports whether there is a value that has not expired.
func (t *tx) has(key string) (bool, error) {
	var one int64
	return t.one(`SELECT 1 FROM entries WHERE key = ? AND expires > ?`, []any{blob(key), now()}, &one)
}

// What is removed at once, and how often within one transaction: that bounds how
// long others wait for it.
const (
	batch  = 16
	rounds = 64
)

// makeRoom removes values until there is room for so many bytes: those that have
// expired, then those that were stored least recently.
func (t *tx) makeRoom(bytes int) (bool, error) {
	for range rounds {
		used, err := t.used()
		if err != nil {
			return false, err
		}
		if used+int64(bytes) <= t.options.MaxBytes/int64(max(t.options.Shards, 1)) {
			return true, nil
		}
		removed, err := t.removeExpired(batch)
		if err == nil && removed == 0 {
			removed, err = t.exec(`DELETE FROM entries WHERE id IN (SELECT id FROM entries ORDER BY id LIMIT ?)`, batch)
		}
		if err != nil || removed == 0 {
			return false, err
		}
	}
	return false, nil
}

// removeExpired removes some of what has expired, and returns how many.
func (t *tx) removeExpired(limit int) (int64, error) {
	return t.exec(`DELETE FROM entries WHERE id IN (SELECT id FROM entries WHERE expires <= ? ORDER BY expires LIMIT ?)`,
		now(), limit)
}

// used returns the bytes of the file that are in use.
func (c *conn) used() (bytes int64, err error) {
	_, err = c.one(`SELECT (page_count - freelist_count) * page_size
		FROM pragma_page_count, pragma_freelist_count, pragma_page_size`, nil, &bytes)
	return bytes, err
}
