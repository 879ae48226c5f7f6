package cacheops_test

import (
	"database/sql"
	"database/sql/driver"
	"strings"
	"testing"
	"time"

	"gorm.io/driver/mysql"
	"gorm.io/driver/postgres"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/seed92106438/cacheops"
	"github.com/seed92106438/cacheops/region"
)

// goldenKeys are the keys of one question in each dialect, as processes share
// them. Processes that run another version of this package find nothing of each
// other's once they change, which must not happen unawares.
var goldenKeys = map[string]struct {
	open   func(t *testing.T) gorm.Dialector
	common string
}{
	"sqlite": {
		func(t *testing.T) gorm.Dialector {
			conn, err := sql.Open("sqlite3", ":memory:")
			must(t, err)
			t.Cleanup(func() { _ = conn.Close() })
			return sqlite.New(sqlite.Config{DSN: "file:/srv/shop.db?_loc=UTC&cache=shared", Conn: conn})
		},
		"\n\x13sqlite:/srv/shop.db\n/_loc=UTC *sqlite3.SQLiteDriver <zone of the process>\n\x00\nkSELECT * FROM `posts` WHERE title IN (?,?,?,?,?,?,?,?,?) AND published < ? AND `posts`.`deleted_at` IS NULL\x06\x01a\a\x01b\x00\x02\x05?\xf8\x00\x00\x00\x00\x00\x00\x03\r\x04\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01\t%github.com/seed92106438/cacheops_test\x13cacheops_test.label\x06\x01c\t%github.com/seed92106438/cacheops_test\x13cacheops_test.level\x03\x04\b\xe0\xf0\xa0\x9a\r\x05\xa08\x03CET",
	},
	"postgres": {
		func(t *testing.T) gorm.Dialector {
			const dsn = "host=db.example user=app dbname=shop search_path=tenant sslmode=disable"
			return postgres.New(postgres.Config{DSN: dsn, Conn: unconnected(t, "pgx", dsn)})
		},
		"\n\x1dpostgres:db.example:5432/shop\nJsearch_path=\"tenant\" user=a172cedcae47474b *stdlib.Driver <zone of the process>\n\x00\nvSELECT * FROM \"posts\" WHERE title IN ($1,$2,$3,$4,$5,$6,$7,$8,$9) AND published < $10 AND \"posts\".\"deleted_at\" IS NULL\x06\x01a\a\x01b\x00\x02\x05?\xf8\x00\x00\x00\x00\x00\x00\x03\r\x04\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01\t%github.com/seed92106438/cacheops_test\x13cacheops_test.label\x06\x01c\t%github.com/seed92106438/cacheops_test\x13cacheops_test.level\x03\x04\b\xe0\xf0\xa0\x9a\r\x05\xa08\x03CET",
	},
	"mysql": {
		func(t *testing.T) gorm.Dialector {
			const dsn = "app:secret@tcp(db.example:3306)/shop?parseTime=true"
			return mysql.New(mysql.Config{DSN: dsn, Conn: unconnected(t, "mysql", dsn), SkipInitializeWithVersion: true})
		},
		"\n\x15mysql:db.example:3306\nK/shop?parseTime=true&maxAllowedPacket=0 *mysql.MySQLDriver <zone of the process>\n\x00\nkSELECT * FROM `posts` WHERE title IN (?,?,?,?,?,?,?,?,?) AND published < ? AND `posts`.`deleted_at` IS NULL\x06\x01a\a\x01b\x00\x02\x05?\xf8\x00\x00\x00\x00\x00\x00\x03\r\x04\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01\t%github.com/seed92106438/cacheops_test\x13cacheops_test.label\x06\x01c\t%github.com/seed92106438/cacheops_test\x13cacheops_test.level\x03\x04\b\xe0\xf0\xa0\x9a\r\x05\xa08\x03CET",
	},
}

// unconnected opens a pool that is never asked for a connection.
func unconnected(t *testing.T, driverName, dsn string) *sql.DB {
	t.Helper()
	conn, err := sql.Open(driverName, dsn)
	must(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func TestKeysThatProcessesShare(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 5, time.FixedZone("CET", 3600))
	for name, golden := range goldenKeys {
		t.Run(name, func(t *testing.T) {
			db, err := gorm.Open(golden.open(t), &gorm.Config{Logger: logger.Discard, DisableAutomaticPing: true})
			must(t, err)
			cache := cacheops.New(sharing(newDepot().join()))
			must(t, db.Use(cache))
			common, zone := cache.CommonKey(db, func(tx *gorm.DB) *gorm.DB {
				return tx.Scopes(cacheops.Cache(cacheops.Key("tenant"))).Model(&Post{}).
					Where("title IN ?", []any{"a", []byte("b"), nil, true, 1.5, -7, uint64(1 << 63), label("c"), level(2)}).
					Where("published < ?", at).Find(&[]Post{})
			})
			if got := strings.ReplaceAll(common, zone, "<zone of the process>"); got != golden.common {
				t.Errorf("got  %q\nwant %q", got, golden.common)
			}
		})
	}
}

// Databases without a name are told apart in one process only.
func TestSharedRegionNeedsANameForTheDatabase(t *testing.T) {
	for name, test := range map[string]struct {
		r        region.Region
		database string
		fails    bool
	}{
		"shared, no name":      {newDepot().join(), "", true},
		"shared, with a name":  {newDepot().join(), "orders", false},
		"of this process only": {region.Memory(region.MemoryOptions{}), "", false},
	} {
		t.Run(name, func(t *testing.T) {
			config := sharing(test.r)
			config.Database = test.database
			err := openMemory(t).Use(cacheops.New(config))
			if (err != nil) != test.fails || test.fails && !strings.Contains(err.Error(), "Config.Database") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// wrapping makes a driver of another type out of one.
type wrapping struct{ driver.Connector }

type wrapper struct{ driver.Driver }

func (w wrapping) Driver() driver.Driver { return wrapper{w.Connector.Driver()} }

// What two drivers make of one row need not be the same.
func TestKeysTellDriversApart(t *testing.T) {
	shared := region.Memory(region.MemoryOptions{})
	f := newFixture(t, sharing(shared))
	f.watch("post 1", firstPost(1)).isCached()
	f.again(t, sharing(shared), &gorm.Config{}).watch("by the same driver", firstPost(1)).isKept()
	conn := sql.OpenDB(wrapping{on().driver(t, f.dsn).Connector})
	t.Cleanup(func() { _ = conn.Close() })
	db, err := gorm.Open(on().dialector(f.dsn, conn), &gorm.Config{Logger: logger.Discard})
	must(t, err)
	cache := cacheops.New(sharing(shared))
	must(t, db.Use(cache))
	must(t, db.First(&Post{}, 1).Error)
	if stats := cache.Stats(); stats.Misses != 1 {
		t.Errorf("by another driver: %+v", stats)
	}
}

// Nor is what one driver makes of a time in two zones.
func TestKeysTellZonesApart(t *testing.T) {
	zones := map[string]string{}
	for _, name := range []string{"UTC", "Europe/Berlin", "Africa/Lagos", "America/New_York"} {
		zone, err := time.LoadLocation(name)
		must(t, err)
		digest := cacheops.ZoneDigest(zone)
		if other, taken := zones[digest]; taken {
			t.Errorf("%s and %s have one digest", name, other)
		}
		zones[digest] = name
	}
}
