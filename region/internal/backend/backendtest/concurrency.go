package backendtest

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/seed92106438/cacheops/region/internal/backend"
)

// Each of several writers makes so many changes.
const (
	writers = 4
	changes = 25
)

// write has writers settle changes, under ids of their own, on both sides.
func (f *fixture) write(each func(ctx context.Context, b backend.Backend, id string) error) {
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			b := []backend.Backend{f.Here, f.There}[w%2]
			for i := range changes {
				if err := each(context.Background(), b, fmt.Sprint(w, ".", i)); err != nil {
					f.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
}

var concurrency = []test{
	{"numbers are contiguous, whoever appends", func(f *fixture) {
		const total = writers * changes
		at := f.position("j")
		f.write(func(ctx context.Context, b backend.Backend, id string) error {
			return b.Settle(ctx, id, []backend.Part{part("j", id)}, nil)
		})
		news := f.all("j")
		if news.Epoch != at.Epoch || news.Number != at.Number+total {
			f.Fatalf("after %d records: %s", total, show(news))
		}
		for i, r := range news.Records {
			if want := news.Since + 1 + uint64(i); r.Number != want {
				f.Fatalf("record %d is where %d was expected", r.Number, want)
			}
		}
	}},
	{"one who follows hears of every record once", func(f *fixture) {
		var done atomic.Bool
		heard := map[string]int{}
		var follower sync.WaitGroup
		follower.Go(func() {
			at := backend.Follow{Journal: "j"}
			for last := false; !last; {
				last = done.Load() // what is settled by now is in this look
				_, news, err := f.There.Look(context.Background(), "", []backend.Follow{at})
				if err != nil {
					f.Error(err)
					return
				}
				if at.Epoch != 0 && news[0].Changed && news[0].Since != at.Number {
					f.Errorf("followed to %d, there are records since %d only", at.Number, news[0].Since)
				}
				for _, r := range news[0].Records {
					heard[string(r.Changes)]++
				}
				at.Epoch, at.Number = news[0].Epoch, news[0].Number
			}
		})
		// Few enough that the follower is never left behind.
		for i := range f.length {
			f.announce(fmt.Sprint(i), part("j", "p"))
			f.settle(fmt.Sprint(i), part("j", fmt.Sprint(i)))
		}
		done.Store(true)
		follower.Wait()
		for i := range f.length {
			if n := heard[fmt.Sprint(i)]; n != 1 {
				f.Errorf("record %d was heard of %d times", i, n)
			}
		}
	}},
	{"in each journal the record is there when the announcement is gone", func(f *fixture) {
		f.witness([]string{"j", "k"}, func(id string) error {
			parts := []backend.Part{part("j", id), part("k", id)}
			return f.Here.Settle(context.Background(), id, parts, []string{"j", "k"})
		}, func(id string, news []backend.News) bool {
			return has(news[0], id) && has(news[1], id)
		})
	}},
	{"records are everywhere before an announcement is gone", func(f *fixture) {
		f.witness([]string{"all", "j", "k"}, func(id string) error {
			parts := []backend.Part{part("j", id), part("k", id)}
			return f.Here.Settle(context.Background(), id, parts, []string{"all"})
		}, func(id string, news []backend.News) bool {
			return has(news[0], id) || has(news[1], id) && has(news[2], id)
		})
	}},
}

// witness has one settle changes that are announced in the first journal, or in
// all if there are two, while another looks at the journals. Of a change that was
// announced before a look, each look has to see something.
func (f *fixture) witness(names []string, settle func(id string) error, sees func(id string, news []backend.News) bool) {
	f.Helper()
	announced := names
	if len(names) == 3 {
		announced = names[:1]
	}
	var last atomic.Int64 // announced
	var done atomic.Bool
	var reader sync.WaitGroup
	reader.Go(func() {
		for looks := 0; !done.Load() || looks == 0; looks++ {
			id := fmt.Sprint(last.Load())
			var follow []backend.Follow
			for _, name := range names {
				follow = append(follow, backend.Follow{Journal: name})
			}
			_, news, err := f.There.Look(context.Background(), "", follow)
			if err != nil {
				f.Error(err)
				return
			}
			if id != "0" && !sees(id, news) {
				f.Errorf("change %s is to be seen nowhere: %s", id, show(news[0]))
				return
			}
		}
	})
	for i := 1; i <= 8*f.length; i++ {
		id := fmt.Sprint(i)
		var parts []backend.Part
		for _, name := range announced {
			parts = append(parts, part(name, id))
		}
		f.must(f.Here.Announce(context.Background(), id, lease, parts))
		last.Store(int64(i))
		f.must(settle(id))
	}
	done.Store(true)
	reader.Wait()
}

// has reports whether a change is pending or a record, or may have been one.
func has(news backend.News, id string) bool {
	for _, p := range news.Pending {
		if p.ID == id {
			return true
		}
	}
	for _, r := range news.Records {
		if string(r.Changes) == id {
			return true
		}
	}
	return news.Since > 0 && len(news.Records) > 0 && later(news.Records[0].Changes, id)
}

// later reports whether the change of a record came after one.
func later(changes []byte, id string) bool {
	var first, n int
	_, _ = fmt.Sscan(string(changes), &first)
	_, _ = fmt.Sscan(id, &n)
	return first > n
}
