package chaos

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed92106438/cacheops/internal/redistest"
	"github.com/seed92106438/cacheops/internal/testdb"
)

// workers of a process.
const workers = 3

// database makes a database with the tables.
func (a *assignment) database(t testing.TB, kind string) {
	t.Helper()
	a.Database = kind
	if kind == "postgres" {
		// A statement whose process was killed goes on to wait for a lock. Should it get
		// that when its lease is over, no one would know of what it writes then.
		a.DSN = testdb.Postgres(t)
		separator := " "
		if strings.Contains(a.DSN, "://") {
			separator = "&"
		}
		a.DSN += fmt.Sprintf("%slock_timeout=%d", separator, leaseTime.Milliseconds()/4)
	} else {
		a.DSN = "file:" + filepath.Join(t.TempDir(), "test.db") +
			"?_journal_mode=WAL&_synchronous=OFF&_busy_timeout=20000&_txlock=immediate"
	}
	db, err := openDatabase(kind, a.DSN)
	must(t, err)
	must(t, prepare(db))
	pool, err := db.DB()
	must(t, err)
	must(t, pool.Close())
}

// check has a crew's operations judged, and its figures looked at.
func (r *result) check(t *testing.T, bound time.Duration) {
	t.Helper()
	for i, fault := range r.faults {
		if i == 10 {
			t.Errorf("and %d more faults", len(r.faults)-i)
			break
		}
		t.Error(fault)
	}
	began := time.Now()
	for i, wrong := range judge(r.operations, bound) {
		if i < 3 {
			t.Error(wrong)
		}
	}
	t.Logf("seed %d: %d operations by %d processes, %d hits, %d misses, %d refused, %d errors; judged in %v",
		*seed, len(r.operations), r.processes, r.hits, r.misses, r.refused, r.errors, time.Since(began).Round(time.Millisecond))
	if r.hits < uint64(len(r.operations))/50 {
		t.Errorf("only %d reads of %d operations were served from the cache", r.hits, len(r.operations))
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestMemoryIsLinearizable(t *testing.T) {
	for _, kind := range []string{"postgres", "sqlite"} {
		t.Run(kind, func(t *testing.T) {
			spec := assignment{Workers: 2 * workers, Region: regionSpec{Kind: "memory"}}
			spec.database(t, kind)
			c := start(t, 1, spec, nil)
			time.Sleep(*runTime)
			c.finish().check(t, 0)
		})
	}
}

// A region that does not ask the journals is found out.
func TestTheCheckFindsWhatIsStale(t *testing.T) {
	spec := assignment{Workers: workers, Region: regionSpec{Kind: "oblivious"}}
	spec.database(t, "sqlite")
	c := start(t, 1, spec, nil)
	time.Sleep(500 * time.Millisecond)
	r := c.finish()
	if wrong := judge(r.operations, 0); len(wrong) == 0 {
		t.Errorf("nothing was found wrong with %d operations, %d of them hits", len(r.operations), r.hits)
	} else {
		t.Log(wrong[0])
	}
}

// crewSize is the number of processes that share a region.
const crewSize = 3

// redisSpec is a crew's region in a server of Redis.
func redisSpec(t testing.TB, addresses ...string) assignment {
	t.Helper()
	spec := assignment{Workers: workers, Region: regionSpec{Kind: "redis", Addresses: addresses, Lease: *leaseTime}}
	spec.database(t, "postgres")
	return spec
}

func TestRedisWhoseWritersDie(t *testing.T) {
	server := redistest.Start(t)
	c := start(t, crewSize, redisSpec(t, server.Address()), nil)
	c.inflict(*runTime)
	c.finish().check(t, 0)
}

func TestRedisThatForgets(t *testing.T) {
	server := redistest.Start(t)
	c := start(t, crewSize, redisSpec(t, server.Address()), nil)
	c.inflict(*runTime, forgets(server)...)
	c.finish().check(t, 0)
}

func TestRedisThatIsAwayAtTimes(t *testing.T) {
	server := redistest.Start(t)
	c := start(t, crewSize, redisSpec(t, server.Address()), nil)
	c.inflict(*runTime, outages(server)...)
	c.finish().check(t, 0)
}

func TestRedisBehindWaysThatFail(t *testing.T) {
	server := redistest.Start(t)
	ways := newProxies(t, crewSize, server.Address())
	c := start(t, crewSize, redisSpec(t), ways.address)
	c.inflict(*runTime, ways.spoil)
	c.finish().check(t, 0)
}

func TestRedisThatFailsOver(t *testing.T) {
	set := redistest.StartSentinel(t)
	spec := redisSpec(t)
	for _, s := range set.Sentinels {
		spec.Region.Addresses = append(spec.Region.Addresses, s.Address())
	}
	spec.Region.Master = set.Options().MasterName
	c := start(t, crewSize, spec, nil)
	c.inflict(*runTime / 2)
	failover(t, set, c.random)
	c.inflict(*runTime / 2)
	c.finish().check(t, 0)
}

func TestClusterThatFailsOver(t *testing.T) {
	cluster := redistest.StartCluster(t, true)
	c := start(t, crewSize, redisSpec(t, cluster.Options().Addrs...), nil)
	c.inflict(*runTime / 2)
	cluster.Failover("cacheops")
	c.inflict(*runTime / 2)
	c.finish().check(t, 0)
}

func TestTieredLinearizable(t *testing.T) {
	server := redistest.Start(t)
	spec := redisSpec(t, server.Address())
	spec.Region.Tiered = true
	c := start(t, crewSize, spec, nil)
	c.inflict(*runTime, append(forgets(server), outages(server)...)...)
	c.finish().check(t, 0)
}

func TestTieredBehindWaysThatFail(t *testing.T) {
	server := redistest.Start(t)
	ways := newProxies(t, crewSize, server.Address())
	spec := redisSpec(t)
	spec.Region.Tiered = true
	c := start(t, crewSize, spec, ways.address)
	c.inflict(*runTime, ways.spoil)
	c.finish().check(t, 0)
}

func TestTieredBounded(t *testing.T) {
	const bound = 20 * time.Millisecond
	server := redistest.Start(t)
	spec := redisSpec(t, server.Address())
	spec.Region.Tiered, spec.Region.Bound = true, bound
	c := start(t, crewSize, spec, nil)
	c.inflict(*runTime, append(forgets(server), outages(server)...)...)
	c.finish().check(t, bound)
}

// sqliteSpec is a crew's region in an SQLite file.
func sqliteSpec(t testing.TB) assignment {
	t.Helper()
	spec := assignment{Workers: workers, Region: regionSpec{
		Kind: "sqlite", Path: filepath.Join(t.TempDir(), "cache.db"), Lease: *leaseTime,
	}}
	spec.database(t, "sqlite")
	return spec
}

func TestSQLiteIsLinearizable(t *testing.T) {
	c := start(t, crewSize, sqliteSpec(t), nil)
	c.inflict(*runTime)
	c.finish().check(t, 0)
}

func TestSQLiteThatIsDamaged(t *testing.T) {
	spec := sqliteSpec(t)
	c := start(t, crewSize, spec, nil)
	c.inflict(*runTime, damages(spec.Region.Path)...)
	c.finish().check(t, 0)
}
