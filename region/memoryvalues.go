package region

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/querykey"
)

// memoryValues are the [Values] of a name in a memory region. They are entries like
// any other, which depend on a table that is in no database, and that Clear changes.
type memoryValues struct {
	region     *memory
	dependency *invalidation.Dependency
}

// memoryValue is the value of such an entry.
type memoryValue struct {
	key   string
	value []byte
}

// valuesDatabase has a table for each name. No database can be called that, because
// those that are opened have names of another form.
const valuesDatabase = "\x00values"

func (m *memory) values(name string) valueStore {
	table := invalidation.Table{Database: valuesDatabase, Name: "v:" + name} // never AllTables
	return &memoryValues{m, &invalidation.Dependency{Tables: []invalidation.TableDependency{{Table: table}}}}
}

func (v *memoryValues) table() invalidation.Table { return v.dependency.Tables[0].Table }

func (v *memoryValues) key(key string) querykey.Key {
	var b querykey.Builder
	b.String(valuesDatabase)
	b.String(v.table().Name)
	b.String(key)
	return b.Key()
}

func (v *memoryValues) get(ctx context.Context, key string) ([]byte, error) {
	e, _ := v.region.Get(ctx, v.key(key), nil)
	if e == nil {
		return nil, nil
	}
	return e.Value.(memoryValue).value, nil
}

// entry makes an entry. There is no stamp while Clear is under way, which takes no
// longer than it takes to say.
func (v *memoryValues) entry(ctx context.Context, key string, value []byte, ttl time.Duration) (*Entry, error) {
	if value == nil {
		value = []byte{}
	}
	e := &Entry{
		Key: v.key(key), Dependency: v.dependency,
		Value: memoryValue{key, value}, Size: int64(len(key) + len(value)), TTL: ttl, Stored: time.Now(),
	}
	if weigh(e) > v.region.maxBytes/4 {
		return nil, errors.New("the value is too large")
	}
	for ok := false; !ok; {
		if e.Stamp, ok = v.region.Stamp(ctx, v.dependency, 0); ok {
			break
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		runtime.Gosched()
	}
	return e, nil
}

// set implements valueStore. If Put finds that all was cleared meanwhile, the value
// was set before.
func (v *memoryValues) set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	e, err := v.entry(ctx, key, value, ttl)
	if err == nil {
		v.region.Put(ctx, e)
	}
	return err
}

func (v *memoryValues) add(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error) {
	e, err := v.entry(ctx, key, value, ttl)
	if err != nil {
		return false, err
	}
	s, ok := v.region.slot(e)
	if !ok {
		return false, errors.New("the stamp is of no use")
	}
	added := false
	v.region.store.Compute(e.Key.Hash, func(old *slot, found bool) (*slot, otter.ComputeOp) {
		if found && bytes.Equal(old.entry.Key.Text, e.Key.Text) && !old.expired() && old.check() == nil {
			return nil, otter.CancelOp
		}
		added = true
		return s, otter.WriteOp
	})
	return added, nil
}

func (v *memoryValues) remove(ctx context.Context, keys []string) error {
	var errs []error
	for _, key := range keys {
		errs = append(errs, v.region.Delete(ctx, v.key(key)))
	}
	return errors.Join(errs...)
}

func (v *memoryValues) clear(ctx context.Context) error {
	in, err := v.region.Announce(ctx, []invalidation.Change{{Table: v.table(), Kind: invalidation.Any, Rows: -1}})
	if err == nil {
		in.Commit(ctx)
	}
	return err
}

func (v *memoryValues) each(_ context.Context, yield func(storedValue) bool) error {
	for s := range v.region.store.Values() {
		value, ok := s.entry.Value.(memoryValue)
		if !ok || s.entry.Dependency.Tables[0].Table != v.table() || s.check() != nil {
			continue
		}
		found := storedValue{key: value.key, value: value.value}
		if s.entry.TTL > 0 {
			found.expires = s.entry.Stored.Add(s.entry.TTL)
		}
		if !yield(found) {
			break
		}
	}
	return nil
}
