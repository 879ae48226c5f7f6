package region

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/seed92106438/cacheops/invalidation"
)

func BenchmarkHit(b *testing.B) {
	for _, bench := range []struct {
		name string
		dep  *invalidation.Dependency
	}{
		{"one table", topic1},
		{"two tables", reads(use("posts", where{is("topic", int64(1))}), use("users", nil))},
	} {
		b.Run(bench.name, func(b *testing.B) {
			f := begin(b, MemoryOptions{})
			f.fill("q", bench.dep)
			k := key("q")
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					f.Get(context.Background(), k, nil)
				}
			})
		})
	}
}

// BenchmarkHitAfterChanges is the first look at an entry after n changes that
// do not meet it: by an equality, which the index answers, and by a range,
// for which the records are gone through.
func BenchmarkHitAfterChanges(b *testing.B) {
	for name, dep := range map[string]*invalidation.Dependency{
		"equality": topic1,
		"range":    read("posts", where{above("views", int64(100))}),
	} {
		for _, n := range []int{1, 100, 4096} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				f := begin(b, MemoryOptions{})
				f.fill("q", dep)
				s, k := f.find(key("q")), key("q")
				for range n {
					f.commit(inserted("posts", is("topic", int64(2)), is("views", int64(5))))
				}
				b.ReportAllocs()
				for b.Loop() {
					s.marks[1].number.Store(0)
					f.Get(b.Context(), k, nil)
				}
				f.hits("q")
			})
		}
	}
}

func BenchmarkFill(b *testing.B) {
	f := begin(b, MemoryOptions{})
	k := key("q")
	b.ReportAllocs()
	for b.Loop() {
		stamp, _ := f.Stamp(b.Context(), topic1, 0)
		f.Put(b.Context(), &Entry{Key: k, Dependency: topic1, Stamp: stamp})
	}
}

// BenchmarkPublish is a transaction that changed one row, with n results in
// the region that depend on its table.
func BenchmarkPublish(b *testing.B) {
	for _, n := range []int{0, 10_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			f := begin(b, MemoryOptions{MaxBytes: 8 << 30})
			for i := range n {
				f.fill(fmt.Sprint(i), topic1)
			}
			changes := []invalidation.Change{postIn2}
			f.commit(postIn2)
			f.store.CleanUp()
			runtime.GC() // of the filling
			b.ReportAllocs()
			for b.Loop() {
				intent, _ := f.Announce(b.Context(), changes)
				intent.Commit(b.Context())
			}
			if n > 0 {
				f.hits("0")
			}
		})
	}
}

// BenchmarkHitShared is a hit beside which there are processes: from memory, with
// journals that are followed in the background or asked each time, and from a store
// that takes no time.
func BenchmarkHitShared(b *testing.B) {
	for _, bench := range []struct {
		name string
		join func(*lot) *process
	}{
		{"memory", func(*lot) *process { return &process{TB: b, Region: Memory(MemoryOptions{})} }},
		{"bounded", func(l *lot) *process { return l.tier(b, Bounded(time.Minute), sharing{}) }},
		{"linearizable", func(l *lot) *process { return l.tier(b, Linearizable, sharing{}) }},
		{"shared", func(l *lot) *process { return l.join(b, sharing{}) }},
	} {
		b.Run(bench.name, func(b *testing.B) {
			other := share(b, 1)[0]
			p := bench.join(other.lot)
			p.fill("q", topic1)
			other.lot.keepNoCalls()
			k, q := sharedKey("q"), Query(asked(tablesOf(topic1)))
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if e, miss := p.Get(context.Background(), k, q); e == nil {
						b.Errorf("not a hit: %+v", miss)
						return
					}
				}
			})
		})
	}
}
