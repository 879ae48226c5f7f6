package cacheops_test

import (
	"context"
	"flag"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/seed92106438/cacheops"
	"github.com/seed92106438/cacheops/querykey"
	"github.com/seed92106438/cacheops/region"
)

// Results are kept in a region of the kind that the flag names, unless a test
// makes one of its own.
var regionKind = flag.String("region", "memory", "the region that the tests keep results in: memory, redis, sqlite, tiered, bounded, portable or layered")

// regionKinds makes an empty region of each kind, which ends with the test.
var regionKinds = map[string]func(testing.TB) region.Region{
	"memory": func(testing.TB) region.Region { return region.Memory(region.MemoryOptions{}) },
	"redis":  func(t testing.TB) region.Region { return nursed(inRedis(t)) },
	"sqlite": func(t testing.TB) region.Region { return nursed(inFile(t)) },
	"tiered": func(t testing.TB) region.Region {
		keep, nurse := inRedis(t)
		return nursed(region.Tiered(region.MemoryOptions{}, keep, region.TieredOptions{}), nurse)
	},
	"bounded": func(t testing.TB) region.Region {
		keep, nurse := inRedis(t)
		tiered := region.Tiered(region.MemoryOptions{}, keep, region.TieredOptions{Level: region.Bounded(time.Second)})
		t.Cleanup(func() { must(t, tiered.(io.Closer).Close()) })
		return nursed(tiered, nurse)
	},
	"portable": func(testing.TB) region.Region { return newDepot().join() },
	"layered":  func(testing.TB) region.Region { return newDepot().layered() },
}

// inRegion returns config with a region of the kind that the tests are run on,
// unless it has regions. A memory region is what it has by itself.
func inRegion(t testing.TB, config cacheops.Config) cacheops.Config {
	t.Helper()
	if config.Regions == nil && rowsAreKept() {
		config.Regions = region.Set{region.Default: regionKinds[*regionKind](t)}
	}
	return config
}

// rowsAreKept reports whether the region keeps rows, which it shares among all
// that they are scanned into.
func rowsAreKept() bool { return *regionKind != "memory" }

// isCachedApart is isCached for what another destination has been given before:
// it costs a query of its own, unless the region keeps rows.
func (w *watched) isCachedApart() *watched {
	w.f.Helper()
	if !rowsAreKept() {
		return w.isCached()
	}
	w.isKept()
	return w
}

// depot stands for a store that processes share: it has nothing but bytes.
// Whether these are true a memory region tells, whose values they are.
type depot struct{ region.Region }

func newDepot() *depot { return &depot{region.Memory(region.MemoryOptions{})} }

// join makes the region of a process.
func (d *depot) join() *portable { return &portable{depot: d} }

// layered makes that of a process which keeps in memory what it was served.
func (d *depot) layered() *portable {
	return &portable{depot: d, front: map[string]*layer{}}
}

// portable is a region that shares a depot with others.
type portable struct {
	*depot

	damage func([]byte) []byte // what becomes of bytes on their way; nil is nothing
	notify func(error)

	mu    sync.Mutex
	front map[string]*layer // by the key in full; nil if there is none
}

// layer is what is kept of an entry of the depot.
type layer struct {
	of   *region.Entry
	kept any
}

func (*portable) Shared() bool { return true }

func (p *portable) Notify(f func(error)) { p.notify = f }

// common is the key that processes share.
func common(k querykey.Key) querykey.Key {
	text := slices.Clone(k.Text[:k.Common])
	return querykey.Key{Hash: xxhash.Sum64(text), Text: text, Common: k.Common}
}

func (p *portable) Get(ctx context.Context, key querykey.Key, q region.Query) (*region.Entry, region.Miss) {
	if q == nil {
		return nil, region.Miss{}
	}
	stored, miss := p.depot.Get(ctx, common(key), nil)
	if stored == nil {
		return nil, miss
	}
	_ = q.Tables()
	entry := *stored
	entry.Key = key.Clone()
	var err error
	if entry.Value, err = p.value(stored, key, q); err != nil {
		return nil, region.Miss{}
	}
	return &entry, region.Miss{}
}

// value decodes what is stored. If there is a layer, it is looked up there first.
func (p *portable) value(stored *region.Entry, key querykey.Key, q region.Query) (any, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if l := p.front[string(key.Text)]; l != nil && l.of == stored {
		return l.kept, nil
	}
	encoded := slices.Clone(stored.Value.([]byte))
	if p.damage != nil {
		encoded = p.damage(encoded)
	}
	value, err := q.Decode(encoded)
	if err != nil && p.notify != nil {
		p.notify(err)
	}
	if err != nil || p.front == nil {
		return value, err
	}
	kept, _, err := q.Keep(value)
	if err != nil {
		return value, nil
	}
	p.front[string(key.Text)] = &layer{stored, kept}
	return kept, nil
}

func (p *portable) Put(ctx context.Context, e *region.Entry) bool {
	encoded, err := e.Encoding.AppendBinary(nil)
	if err != nil {
		return false
	}
	stored := *e
	stored.Key, stored.Value, stored.Size = common(e.Key), encoded, int64(len(encoded))
	return p.depot.Put(ctx, &stored)
}

func (p *portable) Fresh(ctx context.Context, e *region.Entry) bool {
	stored := *e
	stored.Key = common(e.Key)
	return p.depot.Fresh(ctx, &stored)
}

func (p *portable) Delete(ctx context.Context, key querykey.Key) error {
	return p.depot.Delete(ctx, common(key))
}

func (p *portable) Dropped(key querykey.Key) (region.Drop, bool) { return p.depot.Dropped(common(key)) }
