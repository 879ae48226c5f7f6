package cacheops_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops"
	"github.com/seed92106438/cacheops/profiles"
	"github.com/seed92106438/cacheops/querykey"
	"github.com/seed92106438/cacheops/region"
)

// rowsToo caches everything, rows too, in a region of a process.
func rowsToo(r region.Region) cacheops.Config {
	return cacheops.Config{
		Profiles: profiles.Set{"*": {Ops: profiles.All | profiles.Rows, TTL: time.Hour}},
		Regions:  region.Set{region.Default: r},
	}
}

// processes opens the database of f in two processes that share a depot. The
// second keeps in memory what it was served, if layered is true.
func (f *fixture) processes(t *testing.T, layered bool) (one, other *fixture) {
	t.Helper()
	d := newDepot()
	second := d.join()
	if layered {
		second = d.layered()
	}
	return f.again(t, rowsToo(d.join()), &gorm.Config{}), f.again(t, rowsToo(second), &gorm.Config{})
}

// eachOther has each of several reads of one text stored by one process, and
// all of them served to another.
func eachOther(t *testing.T, f *fixture, reads map[string]func(*gorm.DB) answer) {
	t.Helper()
	names := slices.Sorted(maps.Keys(reads))
	for _, name := range names {
		for _, layered := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, layered %t", name, layered), func(t *testing.T) {
				one, other := f.processes(t, layered)
				one.watch(name, reads[name]).costs(1)
				for range 2 {
					for _, to := range names {
						other.watch(to+" of what "+name+" has stored", reads[to]).isKept()
					}
				}
				if stats := other.cache.Stats(); stats.Misses > 0 || stats.Errors > 0 {
					t.Errorf("%+v", stats)
				}
			})
		}
	}
}

// Models of posts, as programs of several versions have them.
type (
	shortPost struct {
		ID    uint
		Title string
	}
	longPost struct {
		ID        uint
		Title     *string
		Score     sql.NullFloat64
		Views     int64
		Hidden    bool
		Labels    []string `gorm:"serializer:json"`
		Digest    []byte
		Published *time.Time
		CreatedAt time.Time
		Added     string // which the table does not have
	}
)

func (shortPost) TableName() string { return "posts" }
func (longPost) TableName() string  { return "posts" }

// found reads by Find into a destination of type T.
func found[T any](query func(*gorm.DB) *gorm.DB) func(*gorm.DB) answer {
	return into(func(db *gorm.DB, dest *T) *gorm.DB { return query(db).Find(dest) })
}

func TestPortableIntoOtherDestinations(t *testing.T) {
	f := newFixture(t, cacheops.Config{})
	for name, text := range map[string]string{
		"several rows": "SELECT * FROM posts WHERE category_id = 2 ORDER BY id",
		"no row":       "SELECT * FROM posts WHERE id = 99",
	} {
		raw := func(db *gorm.DB) *gorm.DB { return db.Raw(text) }
		t.Run(name, func(t *testing.T) {
			eachOther(t, f, map[string]func(*gorm.DB) answer{
				"structs":          found[[]Post](raw),
				"a struct":         found[Post](raw),
				"pointers":         found[[]*Post](raw),
				"an array":         found[[2]Post](raw),
				"a smaller struct": found[[]shortPost](raw),
				"a larger struct":  found[[]longPost](raw),
				"a map":            found[map[string]any](raw),
				"maps":             found[[]map[string]any](raw),
				"Scan":             scanOf[[]longPost](raw),
				"Scan of maps":     scanOf[[]map[string]any](raw),
				"Rows":             eachOf[Post](raw),
			})
		})
	}
}

func TestPortableColumn(t *testing.T) {
	f := newFixture(t, cacheops.Config{})
	titles := func(db *gorm.DB) *gorm.DB { return db.Raw("SELECT title FROM posts ORDER BY id LIMIT 3") }
	eachOther(t, f, map[string]func(*gorm.DB) answer{
		"Pluck": into(func(db *gorm.DB, dest *[]string) *gorm.DB { return titles(db).Pluck("title", dest) }),
		"Pluck of pointers": into(func(db *gorm.DB, dest *[]*string) *gorm.DB {
			return titles(db).Pluck("title", dest)
		}),
		"Pluck of texts that may be NULL": into(func(db *gorm.DB, dest *[]sql.NullString) *gorm.DB {
			return titles(db).Pluck("title", dest)
		}),
		"Row": func(db *gorm.DB) answer {
			var title string
			err := titles(db).Row().Scan(&title)
			return answer{Value: title, Err: err}
		},
		"Find": found[[]shortPost](titles),
	})
}

func TestPortableFigures(t *testing.T) {
	f := newFixture(t, cacheops.Config{})
	for name, read := range map[string]func(*gorm.DB) answer{
		"Count": into(func(db *gorm.DB, n *int64) *gorm.DB { return db.Model(&Post{}).Count(n) }),
		"sum": into(func(db *gorm.DB, n *float64) *gorm.DB {
			return db.Model(&Post{}).Select("SUM(score)").Find(n)
		}),
		"average of maps": into(func(db *gorm.DB, m *map[string]any) *gorm.DB {
			return db.Model(&Post{}).Select("AVG(score) AS a, MIN(published) AS p, COUNT(*) AS n").Find(m)
		}),
		"greatest time": into(func(db *gorm.DB, s *sql.NullString) *gorm.DB {
			return db.Model(&Post{}).Select("MAX(title)").Find(s)
		}),
	} {
		eachOther(t, f, map[string]func(*gorm.DB) answer{name: read})
	}
}

// A program may have another version of a model: the statement is the same.
func TestPortableIntoModelsThatGainedOrLostAField(t *testing.T) {
	f := newFixture(t, cacheops.Config{})
	all := func(db *gorm.DB) *gorm.DB { return db.Order("id") }
	eachOther(t, f, map[string]func(*gorm.DB) answer{
		"before": found[[]shortPost](all), "after": found[[]longPost](all),
	})
	first := func(db *gorm.DB) *gorm.DB { return db.Where("id = ?", 3).Limit(1) }
	eachOther(t, f, map[string]func(*gorm.DB) answer{
		"one before": found[shortPost](first), "one after": found[longPost](first),
		"taken": into(func(db *gorm.DB, p *longPost) *gorm.DB { return db.Where("id = ?", 3).Take(p) }),
	})
}

// crate has columns of all the kinds that GORM knows what to do with.
type crate struct {
	ID      uint
	Size    size           `gorm:"embedded;embeddedPrefix:size_"`
	Other   *size          `gorm:"embedded;embeddedPrefix:other_"`
	JSON    map[string]int `gorm:"serializer:json"`
	Names   []string       `gorm:"serializer:json"`
	Parts   []size         `gorm:"serializer:gob;type:bytes"`
	Opened  int64          `gorm:"serializer:unixtime;type:timestamp"`
	Big     uint64
	Small   int8
	Ratio   float32
	Exact   float64
	Yes     *bool
	Blob    []byte
	Nothing *string
	Price   string `gorm:"type:decimal(12,4)"`
	At      time.Time
	Gone    gorm.DeletedAt
}

type size struct{ Width, Height int }

func crates() []crate {
	yes, at := true, time.Date(2026, 7, 1, 8, 30, 15, 250_000_000, time.FixedZone("", 2*3600))
	return []crate{
		{
			Size: size{1, 2}, Other: &size{3, 4}, JSON: map[string]int{"a": 1}, Names: []string{"a", "b"}, Parts: []size{{5, 6}},
			Opened: at.Unix(), Big: 1 << 62, Small: -3, Ratio: 0.1, Exact: 0.1, Yes: &yes,
			Blob: []byte{0, 255}, Price: "12.3400", At: at,
		},
		{At: at.UTC(), Opened: 86400, Price: "0", Blob: []byte{}},
	}
}

func TestPortableKindsOfColumns(t *testing.T) {
	f := openFixture(t, cacheops.Config{}, &gorm.Config{})
	must(t, f.truth.AutoMigrate(&crate{}))
	rows := crates()
	must(t, f.truth.Create(&rows).Error)
	all := func(db *gorm.DB) *gorm.DB { return db.Raw("SELECT * FROM crates ORDER BY id") }
	eachOther(t, f, map[string]func(*gorm.DB) answer{
		"models": found[[]crate](all), "pointers": found[[]*crate](all), "maps": found[[]map[string]any](all),
		"Scan": scanOf[[]crate](all), "Rows": eachOf[map[string]any](all),
	})
}

func TestPortableRelations(t *testing.T) {
	f := newFixture(t, cacheops.Config{})
	for name, read := range map[string]func(*gorm.DB) answer{
		"joined": found[[]Post](func(db *gorm.DB) *gorm.DB { return db.Joins("Author").Order("posts.id") }),
		"joined and preloaded": found[[]Post](func(db *gorm.DB) *gorm.DB {
			return db.Joins("Author").Preload("Author.Posts").Preload("Tags").Order("posts.id")
		}),
		"preloaded": found[[]Author](func(db *gorm.DB) *gorm.DB { return db.Preload("Posts.Tags").Order("id") }),
		"hooks":     found[[]Note](func(db *gorm.DB) *gorm.DB { return db.Order("id") }),
		"mapped": found[[]Post](func(db *gorm.DB) *gorm.DB {
			return db.MapColumns(map[string]string{"title": "body", "body": "title"}).Order("id")
		}),
	} {
		for _, layered := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, layered %t", name, layered), func(t *testing.T) {
				one, other := f.processes(t, layered)
				one.watch(name, read).read(one.db)
				again := other.watch(name+" in another process", read)
				again.isKept()
				again.isKept()
			})
		}
	}
}

// A destination that is not empty is filled as by a plain query, since GORM
// scans into it itself.
func TestPortableIntoADestinationThatIsNotEmpty(t *testing.T) {
	f := newFixture(t, cacheops.Config{})
	one, other := f.processes(t, false)
	read := preset(func() longPost { return longPost{Views: 7, Published: new(time.Time), Added: "kept"} },
		func(db *gorm.DB, p *longPost) *gorm.DB {
			return db.Select("id", "views", "published").Find(p, "id = ?", 2)
		})
	one.watch("empty", into(func(db *gorm.DB, p *longPost) *gorm.DB {
		return db.Select("id", "views", "published").Find(p, "id = ?", 2)
	})).isCached()
	other.watch("not empty", read).isKept()
	appended := preset(func() []map[string]any { return []map[string]any{{"mine": 1}} },
		func(db *gorm.DB, m *[]map[string]any) *gorm.DB { return db.Model(&Note{}).Order("id").Find(m) })
	one.watch("maps", found[[]map[string]any](func(db *gorm.DB) *gorm.DB { return db.Model(&Note{}).Order("id") })).isCached()
	other.watch("maps that are there", appended).isKept()
}

// What another process changes is not served, and what it does not change is.
func TestPortableIsDropped(t *testing.T) {
	f := newFixture(t, cacheops.Config{})
	one, other := f.processes(t, true)
	first, second := other.watch("post 1", firstPost(1)), other.watch("post 2", firstPost(2))
	one.watch("post 1", firstPost(1)).isCached()
	one.watch("post 2", firstPost(2)).isCached()
	first.isKept()
	second.isKept()
	must(t, setTitle(one.db, 1, "changed"))
	first.isFresh()
	second.isKept()
	must(t, setTitle(other.db, 2, "changed"))
	one.watch("post 2 again", firstPost(2)).isFresh()
}

// An error of scanning is the database's to give, each time.
func TestPortableThatCannotBeScanned(t *testing.T) {
	type wrong struct {
		ID    uint
		Title int
	}
	f := newFixture(t, cacheops.Config{})
	for _, layered := range []bool{false, true} {
		one, other := f.processes(t, layered)
		text := func(db *gorm.DB) *gorm.DB { return db.Raw("SELECT id, title FROM posts ORDER BY id") }
		one.watch("maps", found[[]map[string]any](text)).isCached()
		other.watch("structs", found[[]wrong](text)).isBypassed()
		other.watch("a struct", found[wrong](text)).isBypassed()
		if n := other.cache.Stats().Bypasses[cacheops.Unscannable]; n != 4 {
			t.Errorf("%d bypasses were counted", n)
		}
		one.watch("by itself", found[[]wrong](text)).isBypassed()
	}
}

// What was damaged, or written by a version to come, is as good as absent.
func TestPortableThatCannotBeRead(t *testing.T) {
	for name, damage := range map[string]func([]byte) []byte{
		"cut":         func(b []byte) []byte { return b[:len(b)/2] },
		"empty":       func([]byte) []byte { return nil },
		"another bit": func(b []byte) []byte { b[0] ^= 0x80; return b },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, cacheops.Config{})
			d := newDepot()
			broken := d.join()
			broken.damage = damage
			config := rowsToo(broken)
			var heard []error
			config.Events.Error = func(_ context.Context, info cacheops.ErrorInfo) { heard = append(heard, info.Err) }
			one, other := f.again(t, rowsToo(d.join()), &gorm.Config{}), f.again(t, config, &gorm.Config{})
			one.watch("post 1", firstPost(1)).isCached()
			other.watch("post 1", firstPost(1)).isBypassed()
			if len(heard) == 0 || other.cache.Stats().Errors == 0 {
				t.Error("no one was told")
			}
		})
	}
}

// What cannot be copied is scanned each time.
type sealed struct{ inner *string }

func (s *sealed) Scan(src any) error {
	text := fmt.Sprintf("%s", src)
	s.inner = &text
	return nil
}

func (s sealed) Value() (driver.Value, error) { return fmt.Sprint(s.inner), nil }

func TestPortableThatCannotBeCopied(t *testing.T) {
	type opaque struct {
		ID    uint
		Title sealed
	}
	f := newFixture(t, cacheops.Config{})
	read := func(db *gorm.DB) answer {
		var list []opaque
		tx := db.Raw("SELECT id, title FROM posts ORDER BY id").Scan(&list)
		var titles []string
		for _, o := range list {
			titles = append(titles, *o.Title.inner)
		}
		return answer{Value: titles, Rows: tx.RowsAffected, Err: tx.Error}
	}
	byFind := func(db *gorm.DB) answer {
		var list []opaque
		tx := db.Table("posts").Select("id", "title").Order("id").Find(&list)
		var titles []string
		for _, o := range list {
			titles = append(titles, *o.Title.inner)
		}
		return answer{Value: titles, Rows: tx.RowsAffected, Err: tx.Error}
	}
	for _, layered := range []bool{false, true} {
		one, other := f.processes(t, layered)
		one.watch("Scan", read).isCached()
		one.watch("Find", byFind).isCached()
		other.watch("Scan elsewhere", read).isKept()
		other.watch("Find elsewhere", byFind).isKept()
	}
}

// Rows that are too many are read on by GORM, and not stored.
func TestPortableThatIsTooLarge(t *testing.T) {
	for name, ctx := range contexts(t) {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, cacheops.Config{})
			config := rowsToo(newDepot().join())
			config.Profiles = small.Profiles
			one := f.again(t, config, &gorm.Config{})
			one.watch("all", found[[]Post](func(db *gorm.DB) *gorm.DB { return db.WithContext(ctx).Order("id") })).isBypassed()
			one.watch("one of all", found[Post](func(db *gorm.DB) *gorm.DB { return db.WithContext(ctx).Order("id") })).isBypassed()
			one.watch("one", found[Post](func(db *gorm.DB) *gorm.DB { return db.WithContext(ctx).Where("id = 1") })).isCached()
			one.isFree()
		})
	}
}

// A callback of another plugin may send queries of its own in the place of GORM's.
// Then no one can tell whose rows are whose.
func TestPortableWithSeveralQueriesInOne(t *testing.T) {
	f := newFixture(t, cacheops.Config{})
	d := newDepot()
	db, _ := openDB(t, f.dsn, &gorm.Config{})
	query := db.Callback().Query().Get("gorm:query")
	must(t, db.Callback().Query().Replace("gorm:query", func(db *gorm.DB) {
		query(db)
		if rows, err := db.Statement.ConnPool.QueryContext(db.Statement.Context, "SELECT 1"); err == nil {
			must(t, errors.Join(rows.Close(), rows.Err()))
		}
	}))
	cache := cacheops.New(rowsToo(d.join()))
	must(t, db.Use(cache))
	for range 2 {
		must(t, db.First(&Post{}, 1).Error)
	}
	if stats := cache.Stats(); stats.Fills != 0 || stats.Refused != 2 {
		t.Errorf("%+v", stats)
	}
}

// absent is a shared region whose store does not answer.
type absent struct{ *portable }

func (absent) Get(context.Context, querykey.Key, region.Query) (*region.Entry, region.Miss) {
	return nil, region.Miss{Cause: region.Away}
}

// While the store is away the database is asked, and nothing is stored.
func TestRegionThatIsAway(t *testing.T) {
	f := newFixture(t, cacheops.Config{})
	one := f.again(t, rowsToo(absent{newDepot().join()}), &gorm.Config{})
	one.watch("post 1", firstPost(1)).isBypassed()
	one.watch("titles", scanOf[[]string](func(db *gorm.DB) *gorm.DB { return db.Raw("SELECT title FROM posts ORDER BY id") })).isBypassed()
	stats := one.cache.Stats()
	if stats.Bypasses[cacheops.RegionAway] != 4 || stats.Fills+stats.Hits+stats.Misses > 0 {
		t.Errorf("%+v", stats)
	}
	e := one.explain(one.db, func(tx *gorm.DB) *gorm.DB { return tx.First(&Post{}, 1) })
	if e.Bypass != cacheops.RegionAway || !strings.Contains(e.String(), "not cached: region is away") {
		t.Errorf("explained as %q", e)
	}
}
