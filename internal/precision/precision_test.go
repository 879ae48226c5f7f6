package precision

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gorm.io/driver/mysql"
	"gorm.io/driver/postgres"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/seed92106438/cacheops"
	"github.com/seed92106438/cacheops/internal/testdb"
	_ "github.com/seed92106438/cacheops/invalidation/mysql"
	_ "github.com/seed92106438/cacheops/invalidation/postgres"
	"github.com/seed92106438/cacheops/profiles"
	"github.com/seed92106438/cacheops/region"
)

var (
	steps = flag.Int("precision.steps", 5_000, "reads and writes of the trace")
	seed  = flag.Uint64("precision.seed", 1, "of the trace")

	document = flag.String("precision.document", "", "file to write the figures into")
)

// reports are what the tests have measured, for the document.
var reports []string

func TestMain(m *testing.M) {
	code := m.Run()
	if *document != "" && code == 0 {
		if err := rewrite(*document); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// rewrite puts the reports in the place of those that are in the document: all
// that comes after its heading "Figures".
func rewrite(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	const heading = "# Figures\n"
	before, _, found := strings.Cut(string(text), heading)
	if !found {
		return fmt.Errorf("%s has no heading %q", path, heading)
	}
	return os.WriteFile(path, []byte(before+heading+"\n"+strings.Join(reports, "\n")), 0o644)
}

func open(tb testing.TB, dialector gorm.Dialector) *gorm.DB {
	tb.Helper()
	db, err := gorm.Open(dialector, &gorm.Config{Logger: logger.Discard})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if pool, err := db.DB(); err == nil {
			_ = pool.Close()
		}
	})
	return db
}

// play makes a database with two handles, one of them with the plugin, and
// plays the trace on it.
func play(tb testing.TB, dialector func() gorm.Dialector) *Report {
	tb.Helper()
	misses := 0
	cache := cacheops.New(cacheops.Config{
		Profiles: profiles.Set{"*": {Ops: profiles.All}},
		Regions:  region.Set{region.Default: region.Memory(region.MemoryOptions{MaxBytes: 1 << 30})},
		Events: cacheops.Events{Read: func(_ context.Context, info cacheops.ReadInfo) {
			if !info.Hit {
				misses++
			}
		}},
	})
	plain, cached := open(tb, dialector()), open(tb, dialector())
	if err := Fill(plain, rand.New(rand.NewPCG(*seed, 1))); err != nil {
		tb.Fatal(err)
	}
	if err := cached.Use(cache); err != nil {
		tb.Fatal(err)
	}
	report, err := Play(cached, plain, func() bool {
		hit := misses == 0
		misses = 0
		return hit
	}, *seed, *steps)
	if err != nil {
		tb.Fatal(err)
	}
	return report
}

func check(t *testing.T, r *Report) {
	t.Helper()
	t.Logf("\n%s", r)
	reports = append(reports, "## "+strings.TrimPrefix(t.Name(), "TestPrecisionOn")+"\n\n"+r.String())
	if r.Plugin.Missed != 0 {
		t.Errorf("%d results were served that were not true", r.Plugin.Missed)
	}
}

func TestPrecisionOnSQLite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "magazine.db")
	check(t, play(t, func() gorm.Dialector { return sqlite.Open(path + "?_journal_mode=WAL&_synchronous=OFF") }))
}

func TestPrecisionOnPostgreSQL(t *testing.T) {
	dsn := testdb.Postgres(t) + " synchronous_commit=off"
	check(t, play(t, func() gorm.Dialector { return postgres.Open(dsn) }))
}

func TestPrecisionOnMySQL(t *testing.T) {
	// Without it, a Save that alters nothing reaches no row by MySQL's count, and
	// GORM follows it by an upsert which does.
	dsn := testdb.MySQL(t) + "&clientFoundRows=true"
	check(t, play(t, func() gorm.Dialector { return mysql.Open(dsn) }))
}
