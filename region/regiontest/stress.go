package regiontest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/region"
	"github.com/seed92106438/cacheops/region/internal/forum"
)

// stress is the test of many goroutines at once.
var stress = []test{{"No read is served what is older than its start", linearizable}}

// linearizable lets readers and writers loose on a database in each process. What
// they read only ever grows, so what a read must see at least is known when it
// begins.
func linearizable(s *steps) {
	const readers, writers = 4, 2
	duration := time.Second
	if testing.Short() {
		duration /= 4
	}
	db := &registers{lab: s.lab}
	end := time.Now().Add(duration)
	var all sync.WaitGroup
	for i := range writers {
		all.Go(func() {
			for time.Now().Before(end) {
				if err := db.write(s.Context(), i%len(s.lab.Processes)); err != nil {
					s.Error(err)
					return
				}
			}
		})
	}
	for i := range readers {
		all.Go(func() {
			for time.Now().Before(end) {
				hit, err := db.read(s.Context(), i%len(s.lab.Processes))
				if err != nil {
					s.Error(err)
					return
				}
				if hit {
					db.hits.Add(1)
				}
			}
		})
	}
	all.Wait()
	s.Logf("%d reads were hits, beside %d transactions", db.hits.Load(), db.last)
	if db.hits.Load() == 0 {
		s.Error("no read was a hit, so nothing was shown")
	}
	s.write()
	s.lab.author = -1
}

// registers is a database: two tables, with a row for each register. There are so
// many that most reads are hits, however long a change takes.
type registers struct {
	lab  *laboratory
	hits atomic.Int64

	mu    sync.Mutex
	last  int
	posts [32]register
	users [32]register
}

// register has its values, the last of which is the present one.
type register []version

type version struct {
	value  int
	author int // the process that wrote it
	time   time.Time
}

// value returns the present value.
func (r register) value() int {
	if len(r) == 0 {
		return 0
	}
	return r[len(r)-1].value
}

// seen returns the value that a process must see which begins to read now.
func (r register) seen(process int, bound time.Duration) int {
	latest := time.Now().Add(-bound)
	for i := len(r) - 1; i >= 0; i-- {
		if r[i].author == process || !r[i].time.After(latest) {
			return r[i].value
		}
	}
	return 0
}

// write is a transaction on one register of each table. It announces what it
// does, or everything, and may roll back.
func (db *registers) write(ctx context.Context, process int) error {
	post, user := rand.IntN(len(db.posts)), rand.IntN(len(db.users))
	row := func(id int) where { return where{forum.Is("id", int64(id))} }
	changes := []invalidation.Change{
		forum.Updated("posts", row(post), row(post)), forum.Updated("users", row(user), row(user)),
	}
	announced := changes
	if rand.IntN(8) == 0 {
		announced = []invalidation.Change{forum.EveryTable}
	}
	intent, err := db.lab.Processes[process].Announce(ctx, announced)
	if err != nil {
		return err
	}
	if rand.IntN(4) == 0 {
		intent.Abort(ctx)
		return nil
	}
	db.mu.Lock()
	db.last++
	now := version{db.last, process, time.Now()}
	db.posts[post], db.users[user] = append(db.posts[post], now), append(db.users[user], now)
	db.mu.Unlock()
	intent.Commit(ctx, changes...)
	return nil
}

// selection is a query: some registers of each table.
type selection struct {
	name         string
	dep          *invalidation.Dependency
	posts, users []int
}

// drawn is a register of each table, or the first posts.
func drawn() selection {
	if rand.IntN(8) == 0 {
		return selection{"posts", forum.Read("posts", where{
			forum.Above("id", int64(-1)), forum.Atom(invalidation.Less, "id", int64(4)),
		}), []int{0, 1, 2, 3}, nil}
	}
	i := rand.IntN(32)
	return selection{fmt.Sprint(i), forum.Reads(
		forum.Use("posts", where{forum.Is("id", int64(i))}),
		forum.Use("users", where{forum.Is("id", int64(i))}),
	), []int{i}, []int{i}}
}

// ask runs a query in the database, on what look makes of each register.
func (db *registers) ask(q selection, look func(register) int) (values []int) {
	db.mu.Lock()
	defer db.mu.Unlock()
	for _, i := range q.posts {
		values = append(values, look(db.posts[i]))
	}
	for _, i := range q.users {
		values = append(values, look(db.users[i]))
	}
	return values
}

// read runs a query through the region. It reports an error if it was served what
// is older than its start.
func (db *registers) read(ctx context.Context, process int) (hit bool, err error) {
	r := db.lab.Processes[process]
	q := drawn()
	key := keyOf("registers", q.name, "")
	seen := func(r register) int { return r.seen(process, db.lab.Bound) }
	least := db.ask(q, seen)
	if entry, _ := r.Get(ctx, key, question{tables: tablesOf(q.dep)}); entry != nil {
		return true, compare(q, entry, least)
	}
	stamp, ok := r.Stamp(ctx, q.dep, 0)
	if !ok {
		return false, nil
	}
	value := text(strings.Trim(fmt.Sprint(db.ask(q, register.value)), "[]"))
	entry := &region.Entry{
		Key: key, Dependency: q.dep, Stamp: stamp, TTL: time.Hour,
		Value: value, Encoding: value, Size: int64(len(value)),
	}
	if !r.Put(ctx, entry) {
		return false, nil
	}
	// Someone who begins to wait now asks whether he may have the result.
	least = db.ask(q, seen)
	if !r.Fresh(ctx, entry) {
		return false, nil
	}
	if rand.IntN(64) == 0 {
		_ = r.Delete(ctx, key) // a store under stress may be late
		r.Dropped(key)
		r.Stats()
		r.Watches(forum.Named("posts"), []string{"id"}, invalidation.Columns{All: true})
	}
	return false, compare(q, entry, least)
}

// compare returns an error if the entry is older than what must be seen.
func compare(q selection, entry *region.Entry, least []int) error {
	value, ok := entry.Value.(text)
	if got := strings.Fields(string(value)); ok && len(got) == len(least) {
		for i := range got {
			if n, err := strconv.Atoi(got[i]); err != nil || n < least[i] {
				return fmt.Errorf("%s: read %v, which was %v before the read began", q.name, got, least)
			}
		}
		return nil
	}
	return fmt.Errorf("%s: read %v, which was not stored", q.name, entry.Value)
}
