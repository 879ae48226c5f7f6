package region

import (
	"context"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"time"
)

// ErrNotFound is returned by [Values.Get] if there is no value: it was never set,
// or it has expired, was deleted, cleared or evicted.
var ErrNotFound = errors.New("cacheops: there is no such value")

// Values are values of a program's own, each under a key. They have nothing to do
// with any table. They are safe for concurrent use.
//
// A value is kept as bytes, in any region: what is done to one that was set, or got,
// changes no other. If *T implements [encoding.BinaryMarshaler] and
// [encoding.BinaryUnmarshaler] it has the form of these, otherwise that of
// encoding/json.
type Values[T any] struct {
	name   string
	store  valueStore
	binary bool
}

// valueStore keeps the values of one name.
type valueStore interface {
	get(ctx context.Context, key string) ([]byte, error) // nil if there is none
	set(ctx context.Context, key string, value []byte, ttl time.Duration) error
	add(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error)
	remove(ctx context.Context, keys []string) error
	clear(ctx context.Context) error
	// each calls yield for each value, expired or not, until it returns false.
	each(ctx context.Context, yield func(storedValue) bool) error
}

// storedValue is what valueStore.each has found.
type storedValue struct {
	key     string
	value   []byte
	expires time.Time // zero if it lives until it is evicted
}

func (v *storedValue) expired() bool { return !v.expires.IsZero() && !v.expires.After(time.Now()) }

// ValuesOf returns the values of a name in a region. Those of one name are the same
// wherever they are asked for, so T must be the same too. In a shared region they are
// those of all processes, which find each other's at once. They are lost with the
// region's store.
//
// All regions of this package keep values. Of others every method returns an error.
func ValuesOf[T any](r Region, name string) *Values[T] {
	v := &Values[T]{name: name, store: noValues{}}
	if keeps, ok := r.(interface{ values(name string) valueStore }); ok {
		v.store = keeps.values(name)
	}
	_, marshals := any(new(T)).(encoding.BinaryMarshaler)
	_, unmarshals := any(new(T)).(encoding.BinaryUnmarshaler)
	v.binary = marshals && unmarshals
	return v
}

// Get returns the value under a key, or [ErrNotFound].
func (v *Values[T]) Get(ctx context.Context, key string) (T, error) {
	var value T
	encoded, err := v.store.get(ctx, key)
	if err != nil {
		return value, v.wrap(err)
	}
	if encoded == nil {
		return value, ErrNotFound
	}
	value, err = v.decode(encoded)
	return value, v.wrap(err)
}

// Set stores a value, which expires after ttl. Zero means the region's default, which
// is until evicted unless the region says otherwise.
func (v *Values[T]) Set(ctx context.Context, key string, value T, ttl time.Duration) error {
	encoded, err := v.encode(value, ttl)
	if err == nil {
		err = v.store.set(ctx, key, encoded, ttl)
	}
	return v.wrap(err)
}

// Add stores a value unless there is one, and reports whether it did. Of several who
// add at the same time one does.
func (v *Values[T]) Add(ctx context.Context, key string, value T, ttl time.Duration) (bool, error) {
	encoded, err := v.encode(value, ttl)
	if err != nil {
		return false, v.wrap(err)
	}
	added, err := v.store.add(ctx, key, encoded, ttl)
	return added, v.wrap(err)
}

// Delete removes values. Those that are not there are no error.
func (v *Values[T]) Delete(ctx context.Context, keys ...string) error {
	if len(keys) == 0 {
		return nil
	}
	return v.wrap(v.store.remove(ctx, keys))
}

// Clear removes all values of the name. It takes the same time however many there
// are; the room that they took is free once they have expired or are evicted.
func (v *Values[T]) Clear(ctx context.Context) error { return v.wrap(v.store.clear(ctx)) }

// Item is a value with its key.
type Item[T any] struct {
	Key     string
	Value   T
	Expires time.Time // zero if it lives until it is evicted
}

// Items yields the values that have not expired, in no order. What is set meanwhile
// may be among them or not. An error is the last that is yielded; one that wraps
// [errors.ErrUnsupported] says that the region cannot list what it has, as one in
// Redis.
func (v *Values[T]) Items(ctx context.Context) iter.Seq2[Item[T], error] {
	return v.items(ctx, func(s *storedValue) bool { return !s.expired() })
}

// Expired yields the values that have expired and were not removed yet, as
// [Values.Items] does the others.
func (v *Values[T]) Expired(ctx context.Context) iter.Seq2[Item[T], error] {
	return v.items(ctx, (*storedValue).expired)
}

func (v *Values[T]) items(ctx context.Context, wanted func(*storedValue) bool) iter.Seq2[Item[T], error] {
	return func(yield func(Item[T], error) bool) {
		more := true
		err := v.store.each(ctx, func(s storedValue) bool {
			if !wanted(&s) {
				return true
			}
			value, err := v.decode(s.value)
			if err != nil {
				return true // Get tells what is wrong with it
			}
			more = yield(Item[T]{Key: s.key, Value: value, Expires: s.expires}, nil)
			return more
		})
		if err != nil && more {
			yield(Item[T]{}, v.wrap(err))
		}
	}
}

// Count returns the number of values that have not expired.
func (v *Values[T]) Count(ctx context.Context) (n int, err error) {
	err = v.store.each(ctx, func(s storedValue) bool {
		if !s.expired() {
			n++
		}
		return true
	})
	return n, v.wrap(err)
}

// Update sets what others have: each value that has not expired, for as long as it
// has left to live.
func (v *Values[T]) Update(ctx context.Context, others *Values[T]) error {
	for item, err := range others.Items(ctx) {
		if err != nil {
			return err
		}
		var ttl time.Duration
		if !item.Expires.IsZero() {
			if ttl = time.Until(item.Expires); ttl <= 0 {
				continue
			}
		}
		if err := v.Set(ctx, item.Key, item.Value, ttl); err != nil {
			return err
		}
	}
	return nil
}

func (v *Values[T]) encode(value T, ttl time.Duration) ([]byte, error) {
	if ttl < 0 {
		return nil, fmt.Errorf("the time to live is %v, but must not be negative", ttl)
	}
	if v.binary {
		return any(&value).(encoding.BinaryMarshaler).MarshalBinary()
	}
	return json.Marshal(value)
}

func (v *Values[T]) decode(encoded []byte) (value T, err error) {
	if v.binary {
		err = any(&value).(encoding.BinaryUnmarshaler).UnmarshalBinary(encoded)
	} else {
		err = json.Unmarshal(encoded, &value)
	}
	return value, err
}

func (v *Values[T]) wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("cacheops: values %q: %w", v.name, err)
}

// noValues is of a region that keeps none.
type noValues struct{}

var errNoValues = fmt.Errorf("the region keeps no values: %w", errors.ErrUnsupported)

func (noValues) get(context.Context, string) ([]byte, error) { return nil, errNoValues }
func (noValues) set(context.Context, string, []byte, time.Duration) error {
	return errNoValues
}
func (noValues) add(context.Context, string, []byte, time.Duration) (bool, error) {
	return false, errNoValues
}
func (noValues) remove(context.Context, []string) error             { return errNoValues }
func (noValues) clear(context.Context) error                        { return errNoValues }
func (noValues) each(context.Context, func(storedValue) bool) error { return errNoValues }
