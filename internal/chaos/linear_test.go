package chaos

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/seed92106438/cacheops/internal/redistest"
	"github.com/seed92106438/cacheops/internal/testdb"
	"github.com/seed92106438/cacheops/region"
)

// workers of a process.
const workers = 3

// database makes a database with the tables.
func (a *assignment) database(t testing.TB, kind string) {
	t.Helper()
	a.Database = kind
	if kind == "postgres" {
		a.DSN = testdb.Postgres(t)
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
	t.Logf("seed %d: %d operations by %d processes, %d hits, %d misses, %d refused; judged in %v",
		*seed, len(r.operations), r.processes, r.hits, r.misses, r.refused, time.Since(began).Round(time.Millisecond))
	if r.hits < uint64(len(r.operations))/20 {
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
			time.Sleep(*runTime / 2)
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

func TestRedisIsLinearizable(t *testing.T) {
	server := redistest.Start(t)
	spec := assignment{Workers: workers, Region: regionSpec{
		Kind: "redis", Addresses: []string{server.Address()}, Lease: *leaseTime, Outage: region.Degrade,
	}}
	spec.database(t, "postgres")
	c := start(t, 3, spec, nil)
	c.inflict(*runTime, c.kill, c.killAtAStep)
	c.finish().check(t, 0)
}
