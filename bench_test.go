package cacheops_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/seed92106438/cacheops"
	"github.com/seed92106438/cacheops/internal/sqlcount"
	"github.com/seed92106438/cacheops/profiles"
)

// Account is a flat row, as most are: numbers, texts and times.
type Account struct {
	ID        uint
	Status    int `gorm:"index"`
	Name      string
	Email     string
	Balance   int64
	CreatedAt time.Time
}

// Parcel is a rich row: pointers, JSON and times that may be NULL.
type Parcel struct {
	ID      uint
	Status  int `gorm:"index"`
	Weight  *float64
	Note    *string
	Labels  []string `gorm:"serializer:json"`
	Sent    *time.Time
	Arrived *time.Time
}

const (
	benchStatuses = 100
	benchRows     = 100 // of each status
)

// benchFile makes a database file with accounts and parcels.
func benchFile(tb testing.TB, statuses int) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "bench.db")
	db := uncached(tb, path)
	must(tb, db.AutoMigrate(&Account{}, &Parcel{}))
	day := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	weight, note := 1.5, "leave it at the door"
	for status := range statuses {
		accounts, parcels := make([]Account, benchRows), make([]Parcel, benchRows)
		for i := range benchRows {
			accounts[i] = Account{Status: status, Name: fmt.Sprintf("name %d", i), Email: fmt.Sprintf("a%d@example.org", i), CreatedAt: day}
			parcels[i] = Parcel{Status: status, Weight: &weight, Note: &note, Labels: []string{"fragile", "gift"}, Sent: &day}
		}
		must(tb, db.Create(&accounts).Error)
		must(tb, db.Create(&parcels).Error)
	}
	return path
}

// openFile opens the file, and counts what is sent. What is measured is the
// plugin, so the database is SQLite whatever the tests run on.
func openFile(tb testing.TB, path string) (*gorm.DB, *sqlcount.Log) {
	tb.Helper()
	return targets["sqlite"].open(tb, sqliteDSN(path), &gorm.Config{})
}

// uncached opens the file without the plugin, and without counting.
func uncached(tb testing.TB, path string) *gorm.DB {
	tb.Helper()
	db, err := gorm.Open(sqlite.Open("file:"+path+"?_journal_mode=WAL&_synchronous=OFF&_busy_timeout=10000"),
		&gorm.Config{Logger: logger.Default.LogMode(logger.Silent)})
	must(tb, err)
	conn, err := db.DB()
	must(tb, err)
	tb.Cleanup(func() { _ = conn.Close() })
	return db
}

// hitting opens the file with the plugin and proves that read is a hit now:
// it sends no statement.
func hitting(tb testing.TB, path string, read func(*gorm.DB) error) *gorm.DB {
	tb.Helper()
	db, log := openFile(tb, path)
	must(tb, db.Use(cacheops.New(everything)))
	must(tb, read(db))
	log.Take()
	must(tb, read(db))
	if sent := log.Take(); len(sent) != 0 {
		tb.Fatalf("not a hit: it sent %q", sent)
	}
	return db
}

// benchReads are the reads that are measured.
var benchReads = []struct {
	name string
	rows float64 // allocations that the result itself takes
	read func(*gorm.DB) error
}{
	{"First", 0, func(db *gorm.DB) error {
		var a Account
		return db.First(&a, 242).Error
	}},
	{"Find 100 flat", 1, func(db *gorm.DB) error {
		var list []Account
		return db.Find(&list, "status = ?", 2).Error
	}},
	{"Find 100 rich", 1 + 4*benchRows, func(db *gorm.DB) error {
		var list []Parcel
		return db.Find(&list, "status = ?", 2).Error
	}},
	{"Count", 0, func(db *gorm.DB) error {
		var n int64
		return db.Model(&Account{}).Where("status = ?", 2).Count(&n).Error
	}},
	{"Pluck 100", 1, func(db *gorm.DB) error {
		var names []string
		return db.Model(&Account{}).Where("status = ?", 2).Pluck("name", &names).Error
	}},
}

// BenchmarkHit compares a hit with what GORM needs to write the same
// statement and not send it, and with SQLite.
func BenchmarkHit(b *testing.B) {
	path := benchFile(b, benchStatuses)
	for _, bench := range benchReads {
		measure := func(name string, db *gorm.DB) {
			b.Run(bench.name+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if err := bench.read(db); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		db := uncached(b, path)
		measure("dry run", db.Session(&gorm.Session{DryRun: true}))
		measure("hit", hitting(b, path, bench.read))
		measure("uncached", db)
	}
}

func BenchmarkParallelHit(b *testing.B) {
	path := benchFile(b, benchStatuses)
	for _, bench := range benchReads[:2] {
		measure := func(name string, db *gorm.DB) {
			b.Run(bench.name+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						if err := bench.read(db); err != nil {
							b.Error(err)
							return
						}
					}
				})
			})
		}
		measure("dry run", uncached(b, path).Session(&gorm.Session{DryRun: true}))
		measure("hit", hitting(b, path, bench.read))
	}
}

// BenchmarkHitOfRows is BenchmarkHit for reads whose rows are scanned from the
// cache, as from the database, each time.
func BenchmarkHitOfRows(b *testing.B) {
	path := benchFile(b, benchStatuses)
	for _, bench := range []struct {
		name string
		read func(*gorm.DB) error
	}{
		{"Row", func(db *gorm.DB) error {
			var name string
			return db.Model(&Account{}).Select("name").Where("id = ?", 242).Row().Scan(&name)
		}},
		{"Scan 1", func(db *gorm.DB) error {
			var a Account
			return db.Model(&Account{}).Where("id = ?", 242).Scan(&a).Error
		}},
		{"Scan 100 flat", func(db *gorm.DB) error {
			var list []Account
			return db.Model(&Account{}).Where("status = ?", 2).Scan(&list).Error
		}},
	} {
		measure := func(name string, db *gorm.DB) {
			b.Run(bench.name+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					must(b, bench.read(db))
				}
			})
		}
		measure("uncached", uncached(b, path))
		cache := cacheops.New(withRows)
		db := uncached(b, path)
		must(b, db.Use(cache))
		must(b, bench.read(db))
		measure("hit", db)
		if misses := cache.Stats().Misses; misses != 1 {
			b.Errorf("%s missed %d times", bench.name, misses)
		}
	}
}

// BenchmarkMiss reads with an argument that is new each time, so that each
// read looks up in vain, asks the database and stores the result.
func BenchmarkMiss(b *testing.B) {
	path := benchFile(b, benchStatuses)
	for _, bench := range []struct {
		name string
		read func(db *gorm.DB, n int) error
	}{
		{"First", func(db *gorm.DB, n int) error {
			var a Account
			return db.Where("balance > ?", -n).First(&a, 242).Error
		}},
		{"Find 100 flat", func(db *gorm.DB, n int) error {
			var list []Account
			return db.Where("balance > ?", -n).Find(&list, "status = ?", 2).Error
		}},
		{"Find 100 rich", func(db *gorm.DB, n int) error {
			var list []Parcel
			return db.Where("weight > ?", -n).Find(&list, "status = ?", 2).Error
		}},
	} {
		measure := func(name string, db *gorm.DB) {
			n := 0
			b.Run(bench.name+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					n++
					if err := bench.read(db, n); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		measure("uncached", uncached(b, path))
		cache := cacheops.New(everything)
		db := uncached(b, path)
		must(b, db.Use(cache))
		must(b, bench.read(db, 1<<30)) // which reads the catalogue
		measure("miss", db)
		if stats := cache.Stats(); stats.Hits > 0 || stats.Fills == 0 {
			b.Errorf("%s did not miss each time: %d hits, %d fills", bench.name, stats.Hits, stats.Fills)
		}
	}
}

// BenchmarkUpdate changes one row by its primary key. The cached results
// either pin the key, then nothing is to be learnt of the row, or the status,
// which the update leaves open; then the update tells the status itself, or, if
// it is written too, the row is read before, unless the profile says otherwise.
func BenchmarkUpdate(b *testing.B) {
	path := benchFile(b, benchStatuses)
	plain := cacheops.Config{Profiles: profiles.Set{"*": {Ops: profiles.All}}}
	noImages := cacheops.Config{Profiles: profiles.Set{"*": {Ops: profiles.All, NoImages: true}}}
	byKey := func(db *gorm.DB, n int) error { return db.Take(&Account{}, "id = ?", n).Error }
	byStatus := func(db *gorm.DB, n int) error {
		return db.Take(&Account{}, "status = ? AND name <> ?", n%benchStatuses, fmt.Sprint(n)).Error
	}
	update := func(db *gorm.DB, n int) error {
		return db.Model(&Account{ID: uint(1 + n%1000)}).Update("balance", n).Error
	}
	measure := func(name string, config *cacheops.Config, entries int, read func(*gorm.DB, int) error, statements int) {
		db, log := openFile(b, path)
		if config != nil {
			must(b, db.Use(cacheops.New(*config)))
		}
		for n := range entries {
			must(b, read(db, n+1))
		}
		log.Take()
		must(b, update(db, 0))
		if sent := log.Take(); len(sent) != statements {
			b.Fatalf("%s sends %q, want %d statements", name, sent, statements)
		}
		n := 0
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				n++
				must(b, update(db, n))
			}
		})
	}
	measure("uncached", nil, 0, nil, 1)
	measure("nothing cached", &plain, 0, byKey, 1)
	measure("10000 by key", &plain, 10_000, byKey, 1)
	measure("10000 by status, no image", &noImages, 10_000, byStatus, 1)
	measure("10000 by status, told", &plain, 10_000, byStatus, 1)
	byBalance := func(db *gorm.DB, n int) error {
		return db.Take(&Account{}, "balance < ? AND name <> ?", 1+n%benchStatuses, fmt.Sprint(n)).Error
	}
	measure("10000 by balance, image", &plain, 10_000, byBalance, 3)
}

// TestHitsAllocateLittleMoreThanADryRun guards the path of a hit: besides
// what GORM itself allocates to write the statement, a hit allocates the rows
// that it hands out, and hardly anything else.
func TestHitsAllocateLittleMoreThanADryRun(t *testing.T) {
	path := benchFile(t, 3)
	dry := uncached(t, path).Session(&gorm.Session{DryRun: true})
	const own = 2 // a hit's own
	for _, bench := range benchReads {
		allocations := func(db *gorm.DB) float64 {
			return testing.AllocsPerRun(50, func() { must(t, bench.read(db)) })
		}
		hit, floor := allocations(hitting(t, path, bench.read)), allocations(dry)
		if hit > floor+bench.rows+own {
			t.Errorf("a hit of %s takes %v allocations: %v of a dry run, %v of the rows, and more than %v", bench.name, hit, floor, bench.rows, own)
		}
	}
}

// BenchmarkGet reads a row by its key past GORM's builder.
func BenchmarkGet(b *testing.B) {
	path := benchFile(b, 10)
	db, log := openFile(b, path)
	cache := cacheops.New(everything)
	must(b, db.Use(cache))
	read := func() {
		if _, err := cacheops.Get[Account](b.Context(), cache, db, 242); err != nil {
			b.Fatal(err)
		}
	}
	read()
	log.Take()
	b.Run("hit", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			read()
		}
	})
	if sent := log.Take(); len(sent) != 0 {
		b.Fatalf("not a hit: it sent %q", sent)
	}
}
