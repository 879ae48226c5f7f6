package chaos

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"gorm.io/gorm"

	"github.com/seed92106438/cacheops"
	"github.com/seed92106438/cacheops/profiles"
	"github.com/seed92106438/cacheops/region"
)

// shop is a database with the tables of crews, and ways to it: one without the
// plugin, which tells the truth, and as many with one as are opened.
type shop struct {
	t     *testing.T
	spec  assignment
	truth *gorm.DB
}

func newShop(t *testing.T) *shop {
	t.Helper()
	s := &shop{t: t}
	s.spec.database(t, "sqlite")
	s.truth = s.open()
	return s
}

// open opens the database.
func (s *shop) open() *gorm.DB {
	s.t.Helper()
	db, err := openDatabase(s.spec.Database, s.spec.DSN)
	must(s.t, err)
	s.t.Cleanup(func() {
		pool, err := db.DB()
		must(s.t, err)
		must(s.t, pool.Close())
	})
	return db
}

// process is the database as a process sees it that keeps results in a region.
func (s *shop) process(r region.Region) (*gorm.DB, *cacheops.Plugin) {
	s.t.Helper()
	db := s.open()
	cache := cacheops.New(cacheops.Config{
		Profiles: profiles.Set{"*": {Ops: profiles.All, TTL: time.Hour}},
		Regions:  region.Set{region.Default: r},
		Database: filepath.Base(s.t.Name()),
		Events:   cacheops.Events{Error: func(_ context.Context, e cacheops.ErrorInfo) { s.t.Log(e.Err) }},
	})
	must(s.t, db.Use(cache))
	s.t.Cleanup(func() {
		if closer, ok := r.(io.Closer); ok {
			_ = closer.Close() // which says what could not be announced
		}
	})
	return db, cache
}

// inRedis makes a region whose calls may take a tenth of a second.
func inRedis(client redis.UniversalClient, outage region.Outage) region.Region {
	return region.Redis(client, region.RedisOptions{SharedOptions: region.SharedOptions{
		Outage: outage, Timeout: 100 * time.Millisecond, Lease: 300 * time.Millisecond,
	}})
}

// agree checks that a process reads what the database has.
func (s *shop) agree(db *gorm.DB) {
	s.t.Helper()
	for id := int64(1); id <= registerCount; id++ {
		if got, want := value(s.t, db, id), value(s.t, s.truth, id); got != want {
			s.t.Errorf("register %d has %d, not %d", id, want, got)
		}
	}
}

// value reads a register.
func value(t *testing.T, db *gorm.DB, id int64) int64 {
	t.Helper()
	var row Register
	must(t, db.First(&row, id).Error)
	return row.Value
}

// set writes a register.
func set(db *gorm.DB, id, value int64) error {
	return db.Model(&Register{ID: id}).Update("value", value).Error
}

// isRefused checks that a process can write nothing, and that nothing comes of it.
func (s *shop) isRefused(db *gorm.DB) {
	s.t.Helper()
	before := value(s.t, s.truth, 1)
	for name, err := range map[string]error{
		"a write":                         set(db, 1, before+1),
		"a write outside any transaction": set(db.Session(&gorm.Session{SkipDefaultTransaction: true}), 1, before+1),
		"a transaction": db.Transaction(func(tx *gorm.DB) error {
			return errors.Join(set(tx, 1, before+1), set(tx, 2, before+1))
		}),
	} {
		if !errors.Is(err, region.ErrUnavailable) {
			s.t.Errorf("%s is not refused: %v", name, err)
		}
	}
	if after := value(s.t, s.truth, 1); after != before {
		s.t.Errorf("what was refused is there: %d", after)
	}
}

// eventually waits for something to become so.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
