package cacheops_test

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"path/filepath"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"gorm.io/gorm"

	"github.com/seed92106438/cacheops"
	"github.com/seed92106438/cacheops/internal/testdb"
	"github.com/seed92106438/cacheops/profiles"
	"github.com/seed92106438/cacheops/querykey"
	"github.com/seed92106438/cacheops/region"
)

type locker interface {
	Lock(ctx context.Context, key querykey.Key) (unlock func(), holder string)
}

// Lock has a nurse's ward be locked.
func (n *nursery) Lock(ctx context.Context, key querykey.Key) (func(), string) {
	return n.Region.(locker).Lock(ctx, key)
}

// lockedOut is a region that tells when another process has the lock, and stops who
// was the first to find that.
type lockedOut struct {
	region.Region
	*gate
}

func (l *lockedOut) Lock(ctx context.Context, key querykey.Key) (func(), string) {
	unlock, holder := l.Region.(locker).Lock(ctx, key)
	if unlock == nil && holder != "" {
		l.stop()
	}
	return unlock, holder
}

// stores make what opens a region in a store of the test's own.
var stores = map[string]func(t *testing.T) func(region.SharedOptions) region.Region{
	"redis": redisOf,
	"sqlite": func(t *testing.T) func(region.SharedOptions) region.Region {
		path := filepath.Join(t.TempDir(), "cache")
		return func(o region.SharedOptions) region.Region {
			return region.SQLite(path, region.SQLiteOptions{SharedOptions: o})
		}
	},
	"tiered":  tieredOver(region.Linearizable),
	"bounded": tieredOver(region.Bounded(time.Second)),
}

func redisOf(t *testing.T) func(region.SharedOptions) region.Region {
	client := redis.NewClient(&redis.Options{Addr: testdb.Redis(t)})
	prefix := "cacheops-test-" + rand.Text()
	t.Cleanup(func() {
		keys := client.Scan(context.Background(), 0, "*"+prefix+"*", 1000).Iterator()
		for keys.Next(context.Background()) {
			_ = client.Del(context.Background(), keys.Val()).Err()
		}
		_ = client.Close()
	})
	return func(o region.SharedOptions) region.Region {
		return region.Redis(client, region.RedisOptions{Prefix: prefix, SharedOptions: o})
	}
}

func tieredOver(level region.Level) func(*testing.T) func(region.SharedOptions) region.Region {
	return func(t *testing.T) func(region.SharedOptions) region.Region {
		open := redisOf(t)
		return func(o region.SharedOptions) region.Region {
			return region.Tiered(region.MemoryOptions{}, open(o), region.TieredOptions{Level: level})
		}
	}
}

// rivals are two processes that miss the same result: one is held up at its query.
type rivals struct {
	one, other *fixture
	query      *gate
	locked     *gate       // at which the other finds the result locked
	answers    chan answer // of both
}

// eachStore has one process begin a query of post 1 in each kind of region.
func eachStore(t *testing.T, lease time.Duration, options []cacheops.Option, test func(t *testing.T, r *rivals)) {
	for name, store := range stores {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, everything)
			open := store(t)
			process := func(lease time.Duration) region.Region {
				r := open(region.SharedOptions{Lease: lease, Timeout: 5 * time.Second})
				t.Cleanup(func() { must(t, r.(io.Closer).Close()) })
				return r
			}
			r := &rivals{locked: newGate(), answers: make(chan answer, 2)}
			begin := func() *fixture {
				return f.again(t, cacheops.Config{
					Profiles: profiles.Set{"*": {TTL: time.Hour}}, Database: f.dsn,
					Regions: region.Set{region.Default: &lockedOut{nursed(process(lease), process(childhood)), r.locked}},
				}, &gorm.Config{})
			}
			r.one, r.other = begin(), begin()
			warm := under(t.Context(), firstPost(2), cacheops.Cache())
			r.one.watch("post 2", warm).costs(1)
			r.other.watch("post 2", warm).costs(0)
			r.query = r.one.atStatement("SELECT * FROM")
			r.one.log.Take()
			go func() { r.answers <- first(options)(r.one.db) }()
			<-r.query.reached
			test(t, r)
		})
	}
}

// first reads post 1.
func first(options []cacheops.Option) func(*gorm.DB) answer {
	return func(db *gorm.DB) answer { return firstPost(1)(db.Scopes(cacheops.Cache(options...))) }
}

// sent returns how many statements both have sent.
func (r *rivals) sent() int { return len(r.one.log.Take()) + len(r.other.log.Take()) }

var locking = []cacheops.Option{cacheops.Lock()}

func TestLockHasOneProcessRunTheQuery(t *testing.T) {
	eachStore(t, 0, locking, func(t *testing.T, r *rivals) {
		go func() { r.answers <- first(locking)(r.other.db) }()
		<-r.locked.reached
		r.locked.open()
		r.query.open()
		for range 2 {
			r.other.watch("post 1", firstPost(1)).compare(<-r.answers)
		}
		if n := r.sent(); n != 1 {
			t.Errorf("%d queries were sent", n)
		}
	})
}

func TestWithoutLockEachProcessRunsTheQuery(t *testing.T) {
	eachStore(t, 0, nil, func(t *testing.T, r *rivals) {
		first(nil)(r.other.db)
		r.query.open()
		<-r.answers
		if n := r.sent(); n != 2 {
			t.Errorf("%d queries were sent", n)
		}
	})
}

// Who was locked out does not wait for longer than a lease.
func TestLockOfAProcessThatDoesNotGoOn(t *testing.T) {
	eachStore(t, 200*time.Millisecond, locking, func(t *testing.T, r *rivals) {
		r.locked.open()
		r.other.watch("post 1", first(locking)).costs(1)
		r.query.open()
		<-r.answers
	})
}

func TestLockOfAReadThatGivesUp(t *testing.T) {
	eachStore(t, 0, locking, func(t *testing.T, r *rivals) {
		ctx, cancel := context.WithCancel(t.Context())
		go func() { r.answers <- first(locking)(r.other.db.WithContext(ctx)) }()
		<-r.locked.reached
		r.locked.open()
		cancel()
		if a := <-r.answers; !errors.Is(a.Err, context.Canceled) {
			t.Errorf("got %+v", a)
		}
		if sent := r.other.log.Take(); len(sent) != 0 {
			t.Errorf("sent %q", sent)
		}
		r.query.open()
		<-r.answers
	})
}

// What is changed while a process waits is not served to it as it was. (It goes on when
// the change is over: while that is pending no one waits, and a read that began before
// it may find what was there before.)
func TestLockWhileTheResultChanges(t *testing.T) {
	eachStore(t, 0, locking, func(t *testing.T, r *rivals) {
		go func() { r.answers <- first(locking)(r.other.db) }()
		<-r.locked.reached
		must(t, setTitle(r.other.db, 1, "changed"))
		r.locked.open()
		r.query.open()
		for range 2 {
			r.other.watch("post 1", firstPost(1)).compare(<-r.answers)
		}
		r.other.watch("post 1", first(locking)).read(r.other.db)
		r.one.watch("post 1", first(locking)).isKept()
	})
}
