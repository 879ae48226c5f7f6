package cacheops_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"
	"gorm.io/gorm"

	"github.com/seed92106438/cacheops/region"
)

// trips counts how often a process waits for Redis, but for new connections, which are
// opened when several calls are made at once for the first time.
type trips struct{ n atomic.Int64 }

func (c *trips) count(cmd redis.Cmder) {
	if name := cmd.Name(); name != "hello" && name != "client" { // with which they begin
		c.n.Add(1)
	}
}

func (c *trips) DialHook(next redis.DialHook) redis.DialHook { return next }

func (c *trips) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		c.count(cmd)
		return next(ctx, cmd)
	}
}

func (c *trips) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		c.count(cmds[0])
		return next(ctx, cmds)
	}
}

// overRedis is a fixture with a count of the round trips that something takes.
func overRedis(t *testing.T) (f *fixture, taken func(do func()) int64) {
	count := &trips{}
	keep, nurse := inRedis(t, count)
	config := everything
	config.Regions = region.Set{region.Default: nursed(keep, nurse)}
	f = newFixture(t, config)
	return f, func(do func()) int64 {
		before := count.n.Load()
		do()
		return count.n.Load() - before
	}
}

func TestHitIsOneRoundTripWhateverTheNumberOfTables(t *testing.T) {
	f, taken := overRedis(t)
	for name, read := range map[string]func(*gorm.DB) answer{
		"a row": firstPost(1),
		"a row with that of another table": into(func(db *gorm.DB, p *Post) *gorm.DB {
			return db.Joins("Author").First(p, 1)
		}),
		"rows by three tables": into(func(db *gorm.DB, posts *[]Post) *gorm.DB {
			return db.Joins("JOIN post_tags ON post_tags.post_id = posts.id").
				Joins("JOIN tags ON tags.id = post_tags.tag_id").Order("posts.id").Find(posts, "tags.name = ?", "go")
		}),
		"no row": into(func(db *gorm.DB, posts *[]Post) *gorm.DB { return db.Find(posts, "category_id = ?", 77) }),
	} {
		w := f.watch(name, read).isCached()
		if n := taken(func() { w.isKept() }); n != 1 {
			t.Errorf("%s takes %d round trips", name, n)
		}
	}
}

// Changes are announced at COMMIT, and beside that the process looks whether another
// has changed definitions, which is no wait of its own; then they are settled.
func TestTransactionTakesTheSameRoundTripsWhateverItChanges(t *testing.T) {
	const announced, settled = 2, 1
	f, taken := overRedis(t)
	takes := func(name string, want int64, do func()) {
		t.Helper()
		if n := taken(do); n != want {
			t.Errorf("%s takes %d round trips, want %d", name, n, want)
		}
	}
	f.watch("tags", into(func(db *gorm.DB, tags *[]Tag) *gorm.DB { return db.Order("id").Find(tags) })).isCached()
	notes := f.watch("notes", into(func(db *gorm.DB, n *int64) *gorm.DB { return db.Model(&Note{}).Count(n) })).isCached()
	must(t, f.db.Create(&Note{Text: "zero"}).Error) // so that the server knows the scripts
	notes.isFresh()
	takes("one row", announced+settled, func() { must(t, f.db.Create(&Note{Text: "one"}).Error) })
	notes.isFresh()
	takes("1,000 rows by one statement", announced+settled, func() {
		many := make([]Note, 1000)
		must(t, f.db.Create(&many).Error)
	})
	notes.isFresh()
	takes("several statements on three tables", announced+settled, func() {
		must(t, f.db.Transaction(func(tx *gorm.DB) error {
			for range 10 {
				must(t, tx.Create(&Note{Text: "more"}).Error)
			}
			must(t, tx.Create(&Tag{Name: "new"}).Error)
			return setTitle(tx, 1, "changed")
		}))
	})
	notes.isFresh()
	takes("a transaction that is rolled back", 0, func() {
		tx := f.db.Begin()
		must(t, tx.Create(&Note{Text: "never"}).Error)
		must(t, tx.Rollback().Error)
	})
	notes.isKept()
}

// cuttable is a hook by which no command arrives any more.
type cuttable struct {
	trips
	cut atomic.Bool
}

func (c *cuttable) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if c.cut.Load() {
			for _, cmd := range cmds {
				cmd.SetErr(errCut)
			}
			return errCut
		}
		return next(ctx, cmds)
	}
}

var errCut = errors.New("the line is cut")

// The result may still be there, and whoever wants it gone has to know.
func TestInvalidateQueryWhileTheStoreIsAway(t *testing.T) {
	line := &cuttable{}
	config := everything
	config.Regions = region.Set{region.Default: nursed(inRedis(t, line))}
	f := newFixture(t, config)
	f.watch("post 1", firstPost(1)).isCached()
	first := func(tx *gorm.DB) *gorm.DB { return tx.First(&Post{}, 1) }
	line.cut.Store(true)
	for range 5 { // the store is asked no more after three
		if err := f.cache.InvalidateQuery(f.db, first); !errors.Is(err, region.ErrUnavailable) {
			t.Errorf("got %v, want an error that says that the store is away", err)
		}
	}
}
