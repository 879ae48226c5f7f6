package region_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3"

	"github.com/seed92106438/cacheops/region"
)

// everyRegion runs a test of values in each kind of region.
func everyRegion(t *testing.T, test func(t *testing.T, here, there region.Region)) {
	t.Helper()
	file := func(t *testing.T, o region.SQLiteOptions) (here, there region.Region) {
		path := filepath.Join(t.TempDir(), "cache")
		return sqlite(t, path, o), sqlite(t, path, o)
	}
	regions := []struct {
		name string
		open func(t *testing.T) (here, there region.Region)
	}{
		{"memory", func(*testing.T) (here, there region.Region) {
			r := region.Memory(region.MemoryOptions{})
			return r, r
		}},
		{"SQLite", func(t *testing.T) (here, there region.Region) { return file(t, region.SQLiteOptions{}) }},
		{"SQLite, encrypted shards", func(t *testing.T) (here, there region.Region) {
			return file(t, region.SQLiteOptions{Shards: 3, SharedOptions: region.SharedOptions{
				Secret: []byte("sixteen bytes at least"), CompressAbove: 100,
			}})
		}},
		{"SQLite in memory", func(t *testing.T) (here, there region.Region) {
			r := sqlite(t, "", region.SQLiteOptions{Place: region.InMemory})
			return r, r
		}},
		{"tiered", func(t *testing.T) (here, there region.Region) {
			here, there = file(t, region.SQLiteOptions{})
			tier := func(r region.Region) region.Region {
				return region.Tiered(region.MemoryOptions{}, r, region.TieredOptions{})
			}
			return tier(here), tier(there)
		}},
	}
	for _, r := range regions {
		t.Run(r.name, func(t *testing.T) {
			here, there := r.open(t)
			test(t, here, there)
		})
	}
}

// sqlite makes a region that is closed with the test.
func sqlite(t testing.TB, path string, o region.SQLiteOptions) *region.SQLiteFile {
	t.Helper()
	if o.Timeout == 0 {
		o.Timeout = 5 * time.Second // machines of tests are slow
	}
	r := region.SQLite(path, o)
	if err := (region.Set{"file": r}).Validate(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

type fruit struct {
	Name  string
	Seeds []int
}

func want[T any](t *testing.T, v *region.Values[T], key string, value any) {
	t.Helper()
	got, err := v.Get(t.Context(), key)
	if value == nil {
		if !errors.Is(err, region.ErrNotFound) {
			t.Fatalf("%q is %v, %v, and ought not to be there", key, got, err)
		}
	} else if err != nil || fmt.Sprint(got) != fmt.Sprint(value) {
		t.Fatalf("%q is %v, %v, and not %v", key, got, err, value)
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestValues(t *testing.T) {
	everyRegion(t, func(t *testing.T, here, there region.Region) {
		ctx := t.Context()
		a, b := region.ValuesOf[fruit](here, "fruit"), region.ValuesOf[fruit](there, "fruit")
		other := region.ValuesOf[fruit](there, "fruit:")
		apple, pear := fruit{"apple", []int{1, 2}}, fruit{"pear", nil}

		want(t, a, "k", nil)
		ok(t, a.Set(ctx, "k", apple, time.Hour))
		want(t, a, "k", apple)
		want(t, b, "k", apple)
		want(t, b, "", nil)
		want(t, other, "k", nil)
		ok(t, b.Set(ctx, "k", pear, 0))
		want(t, a, "k", pear)

		// Who changes what he has set, or got, changes nothing else.
		ok(t, a.Set(ctx, "k", apple, 0))
		apple.Seeds[0] = 100
		got, err := a.Get(ctx, "k")
		ok(t, err)
		got.Seeds[1] = 200
		want(t, a, "k", fruit{"apple", []int{1, 2}})

		ok(t, a.Set(ctx, "l", pear, 0))
		ok(t, b.Delete(ctx, "k", "l", "not there"))
		ok(t, b.Delete(ctx))
		want(t, a, "k", nil)
		want(t, a, "l", nil)
	})
}

func TestValuesExpire(t *testing.T) {
	everyRegion(t, func(t *testing.T, here, there region.Region) {
		ctx := t.Context()
		v := region.ValuesOf[int](here, "n")
		ok(t, v.Set(ctx, "short", 1, time.Nanosecond))
		ok(t, v.Set(ctx, "long", 2, time.Hour))
		want(t, v, "short", nil)
		want(t, v, "long", 2)
		if added, err := v.Add(ctx, "short", 3, 0); !added || err != nil {
			t.Fatalf("what has expired is in the way: %v", err)
		}
		if err := v.Set(ctx, "k", 1, -1); err == nil {
			t.Fatal("a negative time to live is accepted")
		}
	})
}

func TestValuesAdd(t *testing.T) {
	everyRegion(t, func(t *testing.T, here, there region.Region) {
		for round := range 20 {
			key := fmt.Sprint(round)
			var added atomic.Int32
			var winner atomic.Int32
			var all sync.WaitGroup
			for i := range 4 {
				v := region.ValuesOf[int](here, "n")
				if i%2 == 1 {
					v = region.ValuesOf[int](there, "n")
				}
				all.Go(func() {
					did, err := v.Add(t.Context(), key, i, time.Hour)
					if err != nil {
						t.Error(err)
					}
					if did {
						added.Add(1)
						winner.Store(int32(i))
					}
				})
			}
			all.Wait()
			if added.Load() != 1 {
				t.Fatalf("%d have added it", added.Load())
			}
			want(t, region.ValuesOf[int](here, "n"), key, winner.Load())
		}
	})
}

func TestValuesClear(t *testing.T) {
	everyRegion(t, func(t *testing.T, here, there region.Region) {
		ctx := t.Context()
		a, b := region.ValuesOf[int](here, "n"), region.ValuesOf[int](there, "n")
		kept := region.ValuesOf[int](here, "m")
		ok(t, a.Set(ctx, "k", 1, 0))
		ok(t, kept.Set(ctx, "k", 2, 0))
		ok(t, b.Clear(ctx))
		want(t, a, "k", nil)
		want(t, b, "k", nil)
		want(t, kept, "k", 2)
		if added, err := a.Add(ctx, "k", 3, 0); !added || err != nil {
			t.Fatalf("what was cleared is in the way: %v", err)
		}
		want(t, b, "k", 3)
	})
}

func TestValuesItems(t *testing.T) {
	everyRegion(t, func(t *testing.T, here, there region.Region) {
		ctx := t.Context()
		a, b := region.ValuesOf[int](here, "n"), region.ValuesOf[int](there, "n")
		ok(t, a.Set(ctx, "cleared", 1, 0))
		ok(t, a.Clear(ctx))
		ok(t, region.ValuesOf[int](here, "other").Set(ctx, "k", 1, 0))
		ok(t, a.Set(ctx, "long", 1, time.Hour))
		ok(t, a.Set(ctx, "for ever", 2, 0))
		ok(t, a.Set(ctx, "over", 3, time.Nanosecond))

		items := map[string]int{}
		for item, err := range b.Items(ctx) {
			ok(t, err)
			items[item.Key] = item.Value
			if item.Expires.IsZero() != (item.Key == "for ever") {
				t.Errorf("%q expires at %v", item.Key, item.Expires)
			}
		}
		if !maps.Equal(items, map[string]int{"long": 1, "for ever": 2}) {
			t.Errorf("items are %v", items)
		}
		var expired []string
		for item, err := range b.Expired(ctx) {
			ok(t, err)
			expired = append(expired, item.Key)
		}
		if !slices.Equal(expired, []string{"over"}) {
			t.Errorf("expired are %v", expired)
		}
		if n, err := b.Count(ctx); n != 2 || err != nil {
			t.Errorf("there are %d, %v", n, err)
		}
		for _, err := range b.Items(ctx) {
			ok(t, err)
			break
		}
	})
}

func TestValuesUpdate(t *testing.T) {
	everyRegion(t, func(t *testing.T, here, _ region.Region) {
		ctx := t.Context()
		from := region.ValuesOf[int](sqlite(t, filepath.Join(t.TempDir(), "other"), region.SQLiteOptions{}), "n")
		ok(t, from.Set(ctx, "a", 1, 0))
		ok(t, from.Set(ctx, "b", 2, time.Hour))
		ok(t, from.Set(ctx, "over", 3, time.Nanosecond))
		v := region.ValuesOf[int](here, "m")
		ok(t, v.Set(ctx, "a", 100, 0))
		ok(t, v.Set(ctx, "c", 4, 0))
		ok(t, v.Update(ctx, from))
		for key, value := range map[string]any{"a": 1, "b": 2, "c": 4, "over": nil} {
			want(t, v, key, value)
		}
		for item, err := range v.Items(ctx) {
			ok(t, err)
			if left := time.Until(item.Expires); item.Key == "b" && (left <= 0 || left > time.Hour) {
				t.Errorf("%v is left of b's time to live", left)
			}
		}
	})
}

// While values are cleared again and again, what is found was set since the last
// Clear before the Get.
func TestValuesClearedMeanwhile(t *testing.T) {
	everyRegion(t, func(t *testing.T, here, there region.Region) {
		ctx := t.Context()
		a, b := region.ValuesOf[int64](here, "n"), region.ValuesOf[int64](there, "n")
		var cleared, number atomic.Int64
		var all sync.WaitGroup
		stop := make(chan struct{})
		all.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if err := a.Set(ctx, "k", number.Add(1), 0); err != nil {
					t.Error(err)
				}
			}
		})
		all.Go(func() {
			defer close(stop)
			for range 50 {
				began := number.Load() // set before now, or at the same time
				if err := b.Clear(ctx); err != nil {
					t.Error(err)
				}
				cleared.Store(began)
				bound := cleared.Load()
				if n, err := b.Get(ctx, "k"); err == nil && n < bound {
					t.Errorf("%d was found, which was set before %d, before all was cleared", n, bound)
				}
			}
		})
		all.Wait()
	})
}

// A value that has a form of its own keeps it.
func TestValuesBinary(t *testing.T) {
	v := region.ValuesOf[time.Time](region.Memory(region.MemoryOptions{}), "t")
	at := time.Date(2026, 7, 1, 12, 0, 0, 1, time.FixedZone("", 3600))
	ok(t, v.Set(t.Context(), "k", at, 0))
	got, err := v.Get(t.Context(), "k")
	if err != nil || !got.Equal(at) {
		t.Fatalf("got %v, %v", got, err)
	}
}

func TestValuesErrors(t *testing.T) {
	ctx := context.Background()
	small := region.Memory(region.MemoryOptions{MaxBytes: 4000})
	if err := region.ValuesOf[string](small, "n").Set(ctx, "k", string(make([]byte, 2000)), 0); err == nil {
		t.Error("a value that is too large is not an error")
	}
	if err := region.ValuesOf[func()](small, "n").Set(ctx, "k", func() {}, 0); err == nil {
		t.Error("a value without a form is not an error")
	}
	ok(t, region.ValuesOf[string](small, "n").Set(ctx, "k", "text", 0))
	if _, err := region.ValuesOf[int](small, "n").Get(ctx, "k"); err == nil || errors.Is(err, region.ErrNotFound) {
		t.Errorf("a value of another type: %v", err)
	}
	none := region.ValuesOf[int](struct{ region.Region }{small}, "n")
	if _, err := none.Get(ctx, "k"); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("a region without values: %v", err)
	}
}
