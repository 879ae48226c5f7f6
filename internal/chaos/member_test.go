package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/redis/go-redis/v9"
	"gorm.io/driver/postgres"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/seed92106438/cacheops"
	_ "github.com/seed92106438/cacheops/invalidation/postgres"
	"github.com/seed92106438/cacheops/profiles"
	"github.com/seed92106438/cacheops/region"
)

// assignment is what a process of a crew is to do.
type assignment struct {
	Process  int // its number; a process that replaces another has one of its own
	Database string
	DSN      string
	Region   regionSpec
	Workers  int
	Step     step // at which it kills itself
}

// regionSpec says which region a crew has.
type regionSpec struct {
	Kind      string // memory, redis, sqlite, or oblivious, which is broken
	Tiered    bool
	Bound     time.Duration // zero is linearizable
	Addresses []string      // of Redis
	Master    string        // that Sentinel watches
	Path      string
	Lease     time.Duration
}

// assigned is the variable that makes this program a process of a crew.
const assigned = "CACHEOPS_CHAOS_ASSIGNMENT"

// member is a process of a crew.
type member struct {
	assignment
	*recorder
	db    *gorm.DB
	cache *cacheops.Plugin

	mu      sync.Mutex
	serial  int64
	refused int64
}

// serve does what is assigned until the test closes the standard input or ends.
func serve(assignmentText string) error {
	m := &member{recorder: newRecorder(os.NewFile(3, "pipe"))}
	if err := json.Unmarshal([]byte(assignmentText), &m.assignment); err != nil {
		return err
	}
	if err := m.open(); err != nil {
		return err
	}
	m.tell(true, message{Ready: true})
	stop := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(stop)
	}()
	go every(100*time.Millisecond, stop, m.report)
	var workers sync.WaitGroup
	for i := range m.Workers {
		workers.Go(func() { m.work(i, stop) })
	}
	workers.Wait()
	m.report()
	return nil
}

// open opens the database with the plugin.
func (m *member) open() error {
	db, err := openDatabase(m.Database, m.DSN)
	if err != nil {
		return err
	}
	m.db = db
	r := &deadly{Region: m.Region.open(), step: m.Step}
	m.cache = cacheops.New(cacheops.Config{
		Profiles: profiles.Set{"*": {Ops: profiles.All, TTL: time.Hour}},
		Regions:  region.Set{region.Default: r},
		Events:   cacheops.Events{Error: func(context.Context, cacheops.ErrorInfo) {}},
	})
	return db.Use(m.cache)
}

func openDatabase(kind, dsn string) (*gorm.DB, error) {
	dialector := sqlite.Open(dsn)
	if kind == "postgres" {
		dialector = postgres.Open(dsn)
	}
	db, err := gorm.Open(dialector, &gorm.Config{Logger: logger.Discard})
	if err != nil {
		return nil, err
	}
	pool, err := db.DB()
	if err != nil {
		return nil, err
	}
	pool.SetMaxIdleConns(8)
	return db, nil
}

// open makes the region, which ends with the process.
func (s *regionSpec) open() region.Region {
	common := region.SharedOptions{Lease: s.Lease, Outage: region.Strict}
	var r region.Region
	switch s.Kind {
	case "oblivious":
		return &oblivious{Region: region.Memory(region.MemoryOptions{})}
	case "redis":
		client := redis.NewUniversalClient(&redis.UniversalOptions{Addrs: s.Addresses, MasterName: s.Master})
		r = region.Redis(client, region.RedisOptions{SharedOptions: common})
	case "sqlite":
		r = region.SQLite(s.Path, region.SQLiteOptions{SharedOptions: common})
	default:
		return region.Memory(region.MemoryOptions{})
	}
	if s.Tiered {
		r = region.Tiered(region.MemoryOptions{}, r, region.TieredOptions{Level: region.Bounded(s.Bound)})
	}
	return r
}

// report tells how well the cache does.
func (m *member) report() {
	stats := m.cache.Stats()
	m.mu.Lock()
	refused := m.refused
	m.mu.Unlock()
	m.tell(true, message{Stats: &stats, Refused: refused})
}

// next returns a number that no other write has.
func (m *member) next() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.serial++
	return int64(m.Process)<<32 | m.serial
}

// fateOf tells what an error says of the write that it ended. What PostgreSQL itself
// has refused is not there.
func (m *member) fateOf(err error) fate {
	var answer *pgconn.PgError
	switch {
	case err == nil:
		return done
	case errors.As(err, &answer):
		return void
	case errors.Is(err, region.ErrUnavailable):
		m.mu.Lock()
		defer m.mu.Unlock()
		m.refused++
		return void
	}
	return unknown
}

// fault tells of what must not be.
func (m *member) fault(format string, args ...any) {
	m.tell(true, message{Fault: fmt.Sprintf("process %d: %s", m.Process, fmt.Sprintf(format, args...))})
}
