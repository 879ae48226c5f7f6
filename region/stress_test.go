package region

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/seed92106438/cacheops/invalidation"
)

// TestReadsAreLinearizable lets readers and writers loose on registers whose
// values only grow. No read may be served a value from before it began.
func TestReadsAreLinearizable(t *testing.T) {
	const readers, readsEach, writers = 4, 5000, 2
	db := &registers{region: Memory(MemoryOptions{JournalLength: 64})}
	stop := make(chan struct{})
	var reading, writing sync.WaitGroup
	for range writers {
		writing.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					db.write(t.Context())
				}
			}
		})
	}
	hits := make([]int, readers)
	for i := range hits {
		reading.Go(func() {
			for range readsEach {
				hit, err := db.read(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				if hit {
					hits[i]++
				}
			}
		})
	}
	reading.Wait()
	close(stop)
	writing.Wait()
	if slices.Max(hits) == 0 {
		t.Error("no read was a hit, so nothing was shown")
	}
}

// registers is a database: two tables, with a row for each register.
type registers struct {
	region Region
	mu     sync.Mutex
	last   int
	posts  [4]int
	users  [4]int
}

// write is a transaction on one register of each table. It announces what it
// does, or everything, and may roll back.
func (db *registers) write(ctx context.Context) {
	post, user := rand.IntN(len(db.posts)), rand.IntN(len(db.users))
	row := where{is("id", int64(post))}
	changes := []invalidation.Change{
		updated("posts", row, row),
		updated("users", where{is("id", int64(user))}, where{is("id", int64(user))}),
	}
	announced := changes
	if rand.IntN(4) == 0 {
		announced = []invalidation.Change{everyTable}
	}
	intent, _ := db.region.Announce(ctx, announced)
	if rand.IntN(4) == 0 {
		intent.Abort(ctx)
		return
	}
	db.mu.Lock()
	db.last++
	db.posts[post], db.users[user] = db.last, db.last
	db.mu.Unlock()
	intent.Commit(ctx, changes...)
}

// read looks at one register of each table, or at all posts, through the
// cache. It reports an error if it was served what is older than its start.
func (db *registers) read(ctx context.Context) (hit bool, err error) {
	post, user := rand.IntN(len(db.posts)), rand.IntN(len(db.users))
	name, query := fmt.Sprint(post, user), func() []int { return []int{db.posts[post], db.users[user]} }
	dep := reads(use("posts", where{is("id", int64(post))}), use("users", where{is("id", int64(user))}))
	if rand.IntN(4) == 0 {
		name, query = "posts", func() []int { return slices.Clone(db.posts[:]) }
		dep = read("posts", where{above("id", int64(-1))})
	}
	start := db.ask(query)
	entry, _ := db.region.Get(ctx, key(name), nil)
	if entry == nil {
		stamp, ok := db.region.Stamp(ctx, dep, 0)
		if !ok {
			return false, nil
		}
		entry = &Entry{Key: key(name), Dependency: dep, Stamp: stamp, Value: db.ask(query)}
		if !db.region.Put(ctx, entry) {
			return false, nil
		}
		// A follower that begins now asks whether it may have the result.
		start = db.ask(query)
		if !db.region.Fresh(ctx, entry) {
			return false, nil
		}
	}
	got := entry.Value.([]int)
	for i := range start {
		if got[i] < start[i] {
			return true, fmt.Errorf("%s: read %v, which was %v before the read began", name, got, start)
		}
	}
	return true, nil
}

// ask runs a query in the database.
func (db *registers) ask(query func() []int) []int {
	db.mu.Lock()
	defer db.mu.Unlock()
	return query()
}
