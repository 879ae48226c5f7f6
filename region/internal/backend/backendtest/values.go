package backendtest

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed92106438/cacheops/region/internal/backend"
)

// value checks what is under a key, nil for nothing, as the other process sees it.
func (f *fixture) value(key string, want []byte) {
	f.Helper()
	got, news, err := f.There.Look(f.ctx(), key, nil)
	f.must(err)
	if len(news) != 0 {
		f.Fatalf("news of %d journals that were not asked for", len(news))
	}
	if (got == nil) != (want == nil) || !bytes.Equal(got, want) {
		f.Fatalf("under %.40q is %.40q (%d bytes), not %.40q (%d bytes)", key, got, len(got), want, len(want))
	}
}

// gone waits until nothing is under a key.
func (f *fixture) gone(key string) {
	f.Helper()
	for ctx := f.ctx(); ; time.Sleep(5 * time.Millisecond) {
		got, _, err := f.There.Look(ctx, key, nil)
		f.must(err)
		if got == nil {
			return
		}
	}
}

var values = []test{
	{"there is none under a key that nothing was stored under", func(f *fixture) {
		f.must(f.Here.Put(f.ctx(), "a", []byte("1"), time.Hour))
		f.value("b", nil)
	}},
	{"one that was put is found by all", func(f *fixture) {
		f.must(f.Here.Put(f.ctx(), "a", []byte("1"), time.Hour))
		f.must(f.Here.Put(f.ctx(), "b", []byte("2"), time.Hour))
		f.value("a", []byte("1"))
		f.value("b", []byte("2"))
	}},
	{"the last one that was put stands", func(f *fixture) {
		f.must(f.Here.Put(f.ctx(), "a", []byte("long, and to go"), time.Hour))
		f.must(f.There.Put(f.ctx(), "a", []byte("2"), time.Hour))
		f.value("a", []byte("2"))
	}},
	{"any bytes are a value", func(f *fixture) {
		every := make([]byte, 256)
		for i := range every {
			every[i] = byte(i)
		}
		f.must(f.Here.Put(f.ctx(), "a", every, time.Hour))
		f.value("a", every)
	}},
	{"1 MiB is a value", func(f *fixture) {
		large := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
		f.must(f.Here.Put(f.ctx(), "a", large, time.Hour))
		f.value("a", large)
	}},
	{"it is gone after its time, and not before", func(f *fixture) {
		f.must(f.Here.Put(f.ctx(), "short", []byte("1"), 30*time.Millisecond))
		f.must(f.Here.Put(f.ctx(), "long", []byte("1"), time.Hour))
		f.gone("short")
		f.value("long", []byte("1"))
	}},
	{"the shortest time is one too", func(f *fixture) {
		f.must(f.Here.Put(f.ctx(), "a", []byte("1"), time.Nanosecond))
		f.gone("a")
	}},
	{"putting it again gives it time again", func(f *fixture) {
		f.must(f.Here.Put(f.ctx(), "a", []byte("1"), 50*time.Millisecond))
		f.must(f.Here.Put(f.ctx(), "a", []byte("2"), time.Hour))
		f.must(f.Here.Put(f.ctx(), "b", []byte("1"), 60*time.Millisecond))
		f.gone("b")
		f.value("a", []byte("2"))
	}},
	{"those deleted are gone, and others are kept", func(f *fixture) {
		for _, key := range []string{"a", "b", "c"} {
			f.must(f.Here.Put(f.ctx(), key, []byte("1"), time.Hour))
		}
		f.must(f.Here.Delete(f.ctx(), "a", "b", "never there"))
		f.must(f.Here.Delete(f.ctx()))
		f.value("a", nil)
		f.value("b", nil)
		f.value("c", []byte("1"))
	}},
	{"it comes with the news of journals", func(f *fixture) {
		f.must(f.Here.Put(f.ctx(), "a", []byte("1"), time.Hour))
		f.append("j", "x")
		got, news, err := f.There.Look(f.ctx(), "a", []backend.Follow{{Journal: "j"}})
		f.must(err)
		if string(got) != "1" || len(news) != 1 {
			f.Fatalf("found %q and news of %d journals", got, len(news))
		}
		f.records(news[0], "x")
	}},
	{"no key, no value", func(f *fixture) {
		got, _, err := f.Here.Look(f.ctx(), "", []backend.Follow{{Journal: "j"}})
		f.must(err)
		if got != nil {
			f.Fatalf("found %q", got)
		}
	}},
	{"one is added where there is none", func(f *fixture) {
		f.added("a", "1", time.Hour, true)
		f.added("a", "2", time.Hour, false)
		f.value("a", []byte("1"))
		f.must(f.Here.Delete(f.ctx(), "a"))
		f.added("a", "3", time.Hour, true)
		f.value("a", []byte("3"))
	}},
	{"one that was added is gone after its time", func(f *fixture) {
		f.added("a", "1", 30*time.Millisecond, true)
		f.gone("a")
		f.added("a", "2", time.Hour, true)
	}},
	{"of many who add, one does", func(f *fixture) {
		var done atomic.Int64
		var all sync.WaitGroup
		for i := range 16 {
			all.Go(func() {
				b := []backend.Backend{f.Here, f.There}[i%2]
				ok, err := b.Add(context.Background(), "a", fmt.Append(nil, i), time.Hour)
				if err != nil {
					f.Error(err)
				}
				if ok {
					done.Add(1)
				}
			})
		}
		all.Wait()
		if done.Load() != 1 {
			f.Fatalf("%d have added it", done.Load())
		}
	}},
	{"one is removed only if it is the one that is meant", func(f *fixture) {
		f.must(f.Here.Put(f.ctx(), "a", []byte("mine"), time.Hour))
		f.must(f.Here.Put(f.ctx(), "b", []byte("mine"), time.Hour))
		for _, other := range []string{"yours", "min", "mine ", ""} {
			f.must(f.There.Remove(f.ctx(), "a", []byte(other)))
		}
		f.must(f.There.Remove(f.ctx(), "never there", []byte("mine")))
		f.value("a", []byte("mine"))
		f.must(f.There.Remove(f.ctx(), "a", []byte("mine")))
		f.value("a", nil)
		f.value("b", []byte("mine"))
		f.added("a", "yours", time.Hour, true)
		f.must(f.There.Remove(f.ctx(), "a", []byte("mine")))
		f.value("a", []byte("yours"))
	}},
	{"nothing is done for one who has given up", func(f *fixture) {
		gone, cancel := context.WithCancel(context.Background())
		cancel()
		if err := f.Here.Put(gone, "a", []byte("1"), time.Hour); err == nil {
			f.Error("put")
		}
		if _, err := f.Here.Add(gone, "a", []byte("1"), time.Hour); err == nil {
			f.Error("added")
		}
		if err := f.Here.Remove(gone, "a", []byte("1")); err == nil {
			f.Error("removed")
		}
		if _, _, err := f.Here.Look(gone, "a", []backend.Follow{{Journal: "j"}}); err == nil {
			f.Error("looked")
		}
		f.value("a", nil)
	}},
}

// added checks that Add does what is expected.
func (f *fixture) added(key, value string, ttl time.Duration, want bool) {
	f.Helper()
	ok, err := f.Here.Add(f.ctx(), key, []byte(value), ttl)
	f.must(err)
	if ok != want {
		f.Fatalf("adding %q reported %t", key, ok)
	}
}
