package cacheops_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"gorm.io/gorm"

	"github.com/seed92106438/cacheops"
	"github.com/seed92106438/cacheops/profiles"
	"github.com/seed92106438/cacheops/region"
)

func TestZeroConfig(t *testing.T) {
	f := newFixture(t, cacheops.Config{})
	f.watch("by itself", firstPost(1)).isBypassed()
	f.watch("asked for", under(t.Context(), firstPost(1), cacheops.Cache())).isCached()
	if s := f.cache.Stats(); len(s.Regions) != 1 || !rowsAreKept() && s.Regions[region.Default].MaxBytes != region.DefaultMaxBytes {
		t.Errorf("regions: %+v", s.Regions)
	}
}

func TestBadConfigIsOneErrorOfUse(t *testing.T) {
	profile := func(name string, p profiles.Profile) cacheops.Config {
		return cacheops.Config{Profiles: profiles.Set{name: p}}
	}
	for name, c := range map[string]struct {
		config cacheops.Config
		names  []string
	}{
		"unknown region":        {profile("posts", profiles.Profile{Region: "hto"}), []string{`"posts"`, `"hto"`}},
		"negative TTL":          {profile("posts", profiles.Profile{TTL: -time.Second}), []string{`"posts"`, "TTL", "-1s"}},
		"negative NegativeTTL":  {profile("posts", profiles.Profile{NegativeTTL: -1}), []string{`"posts"`, "NegativeTTL"}},
		"negative MaxRows":      {profile("posts", profiles.Profile{MaxRows: -1}), []string{`"posts"`, "MaxRows"}},
		"too much jitter":       {profile("posts", profiles.Profile{Jitter: 1}), []string{`"posts"`, "Jitter"}},
		"pattern without match": {profile("po sts", profiles.Profile{}), []string{`"po sts"`}},
		"no model":              {profile(profiles.Table(7), profiles.Profile{}), []string{"int is not a model"}},
		"Never and Ops":         {profile("audit_*", profiles.Profile{Never: true, Ops: profiles.Get}), []string{`"audit_*"`, "Never"}},
		"several": {cacheops.Config{Profiles: profiles.Set{"a": {TTL: -1}, "b": {MaxRows: -1}}},
			[]string{`"a"`, `"b"`}},
		"nil region": {cacheops.Config{Regions: region.Set{"hot": nil}}, []string{`"hot"`, "nil"}},
		"region with bad options": {
			cacheops.Config{Regions: region.Set{"hot": region.Memory(region.MemoryOptions{MaxBytes: -1})}},
			[]string{`"hot"`, "MaxBytes"}},
		"negative UnseenCommit": {cacheops.Config{UnseenCommit: -1}, []string{"UnseenCommit"}},
	} {
		t.Run(name, func(t *testing.T) {
			db, log := openDB(t, on().empty(t), &gorm.Config{})
			log.Take()
			err := db.Use(cacheops.New(c.config))
			if !errors.Is(err, cacheops.ErrConfig) {
				t.Fatalf("got %v", err)
			}
			for _, want := range append(c.names, "cacheops") {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not in: %v", want, err)
				}
			}
			if db.Plugins[cacheops.Name] != nil || len(log.Take()) > 0 {
				t.Error("the plugin was registered all the same")
			}
			must(t, db.AutoMigrate(&Note{})) // the database works on
			must(t, db.Create(&Note{}).Error)
		})
	}
}

func TestUseTwice(t *testing.T) {
	f := newFixture(t, everything)
	for name, plugin := range map[string]*cacheops.Plugin{"the same": f.cache, "another": cacheops.New(everything)} {
		if err := f.db.Use(plugin); !errors.Is(err, gorm.ErrRegistered) {
			t.Errorf("%s: %v", name, err)
		}
	}
	must(t, f.cache.Initialize(f.db)) // as GORM may
	f.log.Take()
	one := f.watch("post 1", firstPost(1)).isCached()
	must(t, setTitle(f.db, 1, "changed"))
	one.isFresh()
	if n := f.cache.Stats().Changes; n != 1 {
		t.Errorf("%d changes were published, want 1", n)
	}
}

// Before Use, a plugin can do nothing and says so.
func TestPluginThatIsNotRegistered(t *testing.T) {
	cache, ctx := cacheops.New(everything), t.Context()
	for name, err := range map[string]error{
		"InvalidateRow":   cache.InvalidateRow(ctx, &Post{ID: 1}),
		"InvalidateModel": cache.InvalidateModel(ctx, &Post{}),
		"InvalidateWhere": cache.InvalidateWhere(ctx, &Post{}, "id = ?", 1),
		"InvalidateAll":   cache.InvalidateAll(ctx),
	} {
		if err == nil || !strings.Contains(err.Error(), "not registered") {
			t.Errorf("%s: %v", name, err)
		}
	}
	db, _ := openDB(t, on().empty(t), &gorm.Config{})
	find := func(tx *gorm.DB) *gorm.DB { return tx.Find(&[]Post{}) }
	if _, err := cache.Explain(db, find); err == nil {
		t.Error("Explain has something to tell")
	}
	if err := cache.InvalidateQuery(db, find); err == nil {
		t.Error("InvalidateQuery did something")
	}
	if s := cache.Stats(); s.Hits+s.Misses+s.Changes > 0 || s.Entries > 0 {
		t.Errorf("%+v", s)
	}
	bad := cacheops.New(cacheops.Config{UnseenCommit: -1})
	bad.SetEnabled(false)
	if s := bad.Stats(); len(s.Regions) > 0 {
		t.Errorf("%+v", s)
	}
}

// A resolver of sources and replicas opens each with a copy of the database's
// configuration, which initialises the plugin again.
func TestDatabaseOpenedWithTheSameConfiguration(t *testing.T) {
	for _, prepared := range []bool{false, true} {
		f := newFixtureWith(t, everything, &gorm.Config{PrepareStmt: prepared})
		second := openAgain(t, f, f.dsn)
		one := f.watch("post 1", firstPost(1)).isCached()
		two := f.watch("post 2", firstPost(2)).isCached()
		must(t, setTitle(second, 1, "changed through the other"))
		one.isFresh()
		two.isKept()
		must(t, second.Transaction(func(tx *gorm.DB) error { return setTitle(tx, 2, "in a transaction") }))
		two.isFresh()
		if n := f.cache.Stats().Changes; n != 2 {
			t.Errorf("%d changes were published, want 2", n)
		}
	}
}

// openAgain opens the fixture's database by a name, with the configuration of
// f.db.
func openAgain(t *testing.T, f *fixture, dsn string) *gorm.DB {
	t.Helper()
	config := *f.db.Config
	conn, _ := on().driver(t, dsn).Open()
	t.Cleanup(func() { _ = conn.Close() })
	db, err := gorm.Open(on().dialector(dsn, conn), &config)
	must(t, err)
	return db
}

// Statements may be sent to another pool than the database's own, as those
// are that a resolver sends to a replica. Such reads may lag.
func TestOtherPoolsAreReadButNotCached(t *testing.T) {
	f := newFixture(t, everything)
	one := f.watch("post 1", firstPost(1)).isCached()
	replica := openAgain(t, f, on().alias(f.dsn))
	raw, _ := openDB(t, f.dsn, &gorm.Config{})
	for reason, pool := range map[cacheops.Bypass]gorm.ConnPool{
		cacheops.OtherPool: replica.ConnPool, cacheops.ForeignPool: raw.ConnPool,
	} {
		switched := f.db.WithContext(t.Context())
		switched.Statement.ConnPool = pool
		var post Post
		must(t, switched.First(&post, 1).Error)
		if n := f.cache.Stats().Bypasses[reason]; n != 1 || post.ID != 1 {
			t.Errorf("%q was counted %d times", reason, n)
		}
	}
	one.isKept()
}

func TestOnePluginForTwoDatabases(t *testing.T) {
	f := newFixture(t, everything)
	second, log := openDB(t, on().empty(t), &gorm.Config{})
	must(t, second.AutoMigrate(&Author{}, &Post{}, &Tag{}, &Note{}))
	seed(t, second)
	must(t, second.Use(f.cache))
	costs := func(statements int) {
		t.Helper()
		log.Take()
		must(t, second.First(&Post{}, 1).Error)
		if sent := log.Take(); len(sent) != statements {
			t.Errorf("in the second: %q, want %d", sent, statements)
		}
	}
	one := f.watch("post 1 of the first", firstPost(1)).isCached()
	must(t, second.First(&Post{}, 2).Error) // what the first read of a database finds may not be stored yet
	costs(1)
	costs(0)
	must(t, setTitle(second, 1, "changed"))
	one.isKept()
	costs(1)
	must(t, setTitle(f.db, 1, "changed too"))
	one.isFresh()
	costs(0)
	must(t, f.cache.InvalidateModel(t.Context(), &Post{}))
	one.isFresh()
	costs(1)
}

// A definition that one plugin changes is news to all that share a region
// with it.
func TestDefinitionChangedThroughAnotherPlugin(t *testing.T) {
	dsn := on().empty(t)
	a, b := pair(t, everything, dsn, dsn)
	must(t, a.AutoMigrate(&Tag{}))
	must(t, a.First(&Note{}, 1).Error) // reads the catalogue
	must(t, b.Exec(trigger("noted", "AFTER INSERT ON tags", "UPDATE notes SET text = 'by the trigger'")).Error)
	must(t, a.First(&Note{}, 1).Error)
	must(t, a.Create(&Tag{Name: "new"}).Error)
	var note Note
	must(t, a.First(&note, 1).Error)
	if note.Text != "by the trigger" {
		t.Errorf("got %q, which the trigger has changed", note.Text)
	}
}

func TestPluginsWithoutACommonRegionShareNothing(t *testing.T) {
	f := newFixture(t, everything)
	one := f.watch("post 1", firstPost(1)).isCached()
	other, _ := openDB(t, f.dsn, &gorm.Config{})
	must(t, other.Use(cacheops.New(everything)))
	before := f.cache.Stats()
	must(t, other.First(&Post{}, 1).Error)
	must(t, setTitle(other, 1, "changed"))
	if after := f.cache.Stats(); after.Changes != before.Changes || after.Entries != before.Entries {
		t.Errorf("before %+v, after %+v", before, after)
	}
	must(t, f.cache.InvalidateRow(t.Context(), &Post{ID: 1}))
	one.isFresh()
}

// pair is two handles, each with a plugin of its own, that share a region.
func pair(t *testing.T, config cacheops.Config, first, second string) (a, b *gorm.DB) {
	t.Helper()
	config.Regions = region.Set{region.Default: region.Memory(region.MemoryOptions{})}
	open := func(dsn string) *gorm.DB {
		db, _ := openDB(t, dsn, &gorm.Config{})
		pool, err := db.DB()
		must(t, err)
		pool.SetMaxOpenConns(1)
		must(t, db.AutoMigrate(&Note{}))
		must(t, db.Save(&Note{ID: 1, Text: "first"}).Error)
		must(t, db.Use(cacheops.New(config)))
		return db
	}
	return open(first), open(second)
}

// seesChangeOf reports whether what a has cached is dropped by a write of b.
func seesChangeOf(t *testing.T, a, b *gorm.DB) bool {
	t.Helper()
	must(t, a.First(&Note{}, 1).Error)
	must(t, b.Model(&Note{ID: 1}).Update("text", "changed").Error)
	stats := func() cacheops.Stats { return a.Plugins[cacheops.Name].(*cacheops.Plugin).Stats() }
	before := stats()
	must(t, a.First(&Note{}, 1).Error)
	after := stats()
	if hit := after.Hits - before.Hits; hit+after.Dropped-before.Dropped != 1 {
		t.Fatalf("neither served nor dropped: %+v", after)
	}
	return after.Dropped > before.Dropped
}

func TestOneFileByManyPathsIsOneDatabase(t *testing.T) {
	onlyOn(t, "sqlite", "it is about files")
	dir := t.TempDir()
	t.Chdir(dir)
	file := filepath.Join(dir, "a b.db")
	must(t, os.Mkdir("sub", 0o700))
	must(t, os.Symlink(dir, "link"))
	must(t, os.WriteFile("a b.db", nil, 0o600))
	must(t, os.Symlink("a b.db", "alias.db"))
	escaped := (&url.URL{Path: file}).EscapedPath()
	for name, dsn := range map[string]string{
		"relative": "a b.db", "dots": "sub/../a b.db", "with options": file + "?_busy_timeout=100",
		"a URI": "file:" + file, "a URI with options": "file:" + file + "?_busy_timeout=100&mode=rwc",
		"an escaped URI": "file:" + escaped, "a URI with slashes": "file://" + escaped,
		"a URI with a host": "file://localhost" + escaped, "a URI with a fragment": "file:" + escaped + "#x",
		"a folder by a link": "link/a b.db", "a file by a link": "alias.db",
	} {
		t.Run(name, func(t *testing.T) {
			a, b := pair(t, everything, file, dsn)
			if !seesChangeOf(t, a, b) || !seesChangeOf(t, b, a) {
				t.Errorf("%q and %q are two databases", file, dsn)
			}
		})
	}
}

func TestDatabasesThatAreNotOne(t *testing.T) {
	onlyOn(t, "sqlite", "it is about files")
	dir := t.TempDir()
	for name, dsn := range map[string][2]string{
		"two files":          {filepath.Join(dir, "a.db"), filepath.Join(dir, "b.db")},
		"in memory":          {":memory:", ":memory:"},
		"in memory, by URI":  {"file::memory:", "file::memory:"},
		"in memory, by mode": {"file:x?mode=memory", "file:x?mode=memory"},
		"a literal percent":  {filepath.Join(dir, "c%20d.db"), filepath.Join(dir, "c d.db")},
	} {
		t.Run(name, func(t *testing.T) {
			a, b := pair(t, everything, dsn[0], dsn[1])
			if seesChangeOf(t, a, b) {
				t.Errorf("%q are one database", dsn)
			}
			if !seesChangeOf(t, a, a) {
				t.Error("its own changes are not seen")
			}
		})
	}
}

func TestDatabaseNamedByTheConfig(t *testing.T) {
	onlyOn(t, "sqlite", "it is about databases in memory, which have no name")
	config := everything
	config.Database = "shop"
	shared := "file:named?mode=memory&cache=shared"
	a, b := pair(t, config, shared, shared)
	if !seesChangeOf(t, a, b) || !seesChangeOf(t, b, a) {
		t.Error("one name, two databases")
	}
}

// A name by which each machine calls a database of its own must not stand for all of
// them in a region that machines share.
func TestNameOfOneMachineInARegionOfSeveral(t *testing.T) {
	onlyOn(t, "sqlite", "which names are meant is told by the tests of each dialect")
	dial := func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("not in this test") }
	local := redis.NewClient(&redis.Options{Addr: "127.0.0.1:6379", Dialer: dial})
	socket := redis.NewClient(&redis.Options{Network: "unix", Addr: "/run/redis.sock", Dialer: dial})
	remote := redis.NewClient(&redis.Options{Addr: "redis.example.org:6379", Dialer: dial})
	cluster := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{"10.0.0.1:6379", "10.0.0.2:6379"}, Dialer: dial})
	for _, client := range []redis.UniversalClient{local, socket, remote, cluster} {
		t.Cleanup(func() { _ = client.Close() })
	}
	for name, c := range map[string]struct {
		client  redis.UniversalClient
		name    string
		refused bool
	}{
		"Redis here":                   {local, "", false},
		"Redis at a socket":            {socket, "", false},
		"Redis elsewhere":              {remote, "", true},
		"a cluster elsewhere":          {cluster, "", true},
		"Redis elsewhere, with a name": {remote, "shop", false},
		"a cluster, with a name":       {cluster, "shop", false},
	} {
		t.Run(name, func(t *testing.T) {
			shared := region.Redis(c.client, region.RedisOptions{})
			t.Cleanup(func() { _ = shared.(io.Closer).Close() })
			for level, r := range map[string]region.Region{
				"Redis": shared, "tiered": region.Tiered(region.MemoryOptions{}, shared, region.TieredOptions{}),
			} {
				db, _ := openDB(t, filepath.Join(t.TempDir(), "shop.db"), &gorm.Config{})
				err := db.Use(cacheops.New(cacheops.Config{Database: c.name, Regions: region.Set{region.Default: r}}))
				if c.refused != errors.Is(err, cacheops.ErrConfig) || !c.refused && err != nil {
					t.Errorf("%s: %v", level, err)
				}
			}
		})
	}
}
