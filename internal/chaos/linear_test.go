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
			t.Errorf("%s: %s\nall of it is in %s", wrong.object, wrong.wrong, wrong.keep(t, bound))
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

// mode is a way to keep results, with what happens to those who do.
type mode struct {
	name  string
	bound time.Duration // on how old a read may be
	work  func(*testing.T) *result
}

// modes are all in which crews work.
func modes() []mode {
	return []mode{
		{"memory, postgres", 0, func(t *testing.T) *result { return inMemory(t, "postgres") }},
		{"memory, sqlite", 0, func(t *testing.T) *result { return inMemory(t, "sqlite") }},
		{"redis, writers die", 0, redisWhoseWritersDie},
		{"redis that forgets", 0, redisThatForgets},
		{"redis that is away at times", 0, redisThatIsAwayAtTimes},
		{"redis behind ways that fail", 0, redisBehindWaysThatFail},
		{"redis that fails over", 0, redisThatFailsOver},
		{"cluster that fails over", 0, clusterThatFailsOver},
		{"tiered", 0, tieredLinearizable},
		{"tiered behind ways that fail", 0, tieredBehindWaysThatFail},
		{"tiered, bounded", bound, tieredBounded},
		{"sqlite", 0, sqliteWhoseWritersDie},
		{"sqlite that is damaged", 0, sqliteThatIsDamaged},
	}
}

// In each mode what is read is what the database would have answered.
func TestLinearizable(t *testing.T) {
	total, ran := 0, 0
	for _, m := range modes() {
		t.Run(m.name, func(t *testing.T) {
			r := m.work(t)
			r.check(t, m.bound)
			total += len(r.operations)
			ran++
		})
	}
	t.Logf("%d operations in %d modes", total, ran)
	if ran == len(modes()) && total < *inAll {
		t.Errorf("all modes together have done less than %d operations", *inAll)
	}
}

// inMemory has one process, which no other can take the place of.
func inMemory(t *testing.T, kind string) *result {
	spec := assignment{Workers: 2 * workers, Region: regionSpec{Kind: "memory"}}
	spec.database(t, kind)
	c := start(t, 1, spec, nil)
	for more := c.stint(1); more(); {
		time.Sleep(calm)
	}
	return c.finish()
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
		t.Logf("%s: %s", wrong[0].object, wrong[0].wrong)
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

func redisWhoseWritersDie(t *testing.T) *result {
	server := redistest.Start(t)
	c := start(t, crewSize, redisSpec(t, server.Address()), nil)
	c.inflict(1)
	return c.finish()
}

func redisThatForgets(t *testing.T) *result {
	server := redistest.Start(t)
	c := start(t, crewSize, redisSpec(t, server.Address()), nil)
	c.inflict(1, forgets(server)...)
	return c.finish()
}

func redisThatIsAwayAtTimes(t *testing.T) *result {
	server := redistest.Start(t)
	c := start(t, crewSize, redisSpec(t, server.Address()), nil)
	c.inflict(1, outages(server)...)
	return c.finish()
}

func redisBehindWaysThatFail(t *testing.T) *result {
	server := redistest.Start(t)
	ways := newProxies(t, crewSize, server.Address())
	c := start(t, crewSize, redisSpec(t), ways.address)
	c.inflict(1, ways.spoil)
	return c.finish()
}

func redisThatFailsOver(t *testing.T) *result {
	set := redistest.StartSentinel(t)
	spec := redisSpec(t)
	for _, s := range set.Sentinels {
		spec.Region.Addresses = append(spec.Region.Addresses, s.Address())
	}
	spec.Region.Master = set.Options().MasterName
	c := start(t, crewSize, spec, nil)
	c.inflict(2)
	failover(t, set, c.random)
	c.inflict(2)
	return c.finish()
}

func clusterThatFailsOver(t *testing.T) *result {
	cluster := redistest.StartCluster(t, true)
	c := start(t, crewSize, redisSpec(t, cluster.Options().Addrs...), nil)
	c.inflict(2)
	cluster.Failover("cacheops")
	c.inflict(2)
	return c.finish()
}

func tieredLinearizable(t *testing.T) *result {
	server := redistest.Start(t)
	spec := redisSpec(t, server.Address())
	spec.Region.Tiered = true
	c := start(t, crewSize, spec, nil)
	c.inflict(1, append(forgets(server), outages(server)...)...)
	return c.finish()
}

func tieredBehindWaysThatFail(t *testing.T) *result {
	server := redistest.Start(t)
	ways := newProxies(t, crewSize, server.Address())
	spec := redisSpec(t)
	spec.Region.Tiered = true
	c := start(t, crewSize, spec, ways.address)
	c.inflict(1, ways.spoil)
	return c.finish()
}

// bound is how old a read of the bounded crew may be.
const bound = 20 * time.Millisecond

func tieredBounded(t *testing.T) *result {
	server := redistest.Start(t)
	spec := redisSpec(t, server.Address())
	spec.Region.Tiered, spec.Region.Bound = true, bound
	c := start(t, crewSize, spec, nil)
	c.inflict(1, append(forgets(server), outages(server)...)...)
	return c.finish()
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

func sqliteWhoseWritersDie(t *testing.T) *result {
	c := start(t, crewSize, sqliteSpec(t), nil)
	c.inflict(1)
	return c.finish()
}

func sqliteThatIsDamaged(t *testing.T) *result {
	spec := sqliteSpec(t)
	c := start(t, crewSize, spec, nil)
	c.inflict(1, damages(spec.Region.Path)...)
	return c.finish()
}
