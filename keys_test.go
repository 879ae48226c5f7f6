package cacheops_test

import (
	"fmt"
	"testing"
	"time"

	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/seed92106438/cacheops"
	"github.com/seed92106438/cacheops/profiles"
	"github.com/seed92106438/cacheops/region"
)

// where reads the titles of posts by a condition.
func where(condition string, args ...any) func(*gorm.DB) answer {
	return into(func(db *gorm.DB, p *[]string) *gorm.DB {
		return db.Model(&Post{}).Where(condition, args...).Order("id").Pluck("title", p)
	})
}

// label and level are of kinds that drivers know, and types that they do not.
type (
	label string
	level int
)

func TestDifferentArgumentsAreDifferentQuestions(t *testing.T) {
	// An expression has no affinity, so SQLite compares it by the type too.
	const views, title = "views + 0 = ?", "title || '' = ?"
	words := sqlFor("title || ' ' || body = ? || ? OR title = ?", "title || ' ' || body = ?::text || ? OR title = ?",
		"CONCAT(title, ' ', body) = CONCAT(?, ?) OR title = ?")
	same := sqlFor("title IS ?", "title IS NOT DISTINCT FROM ?", "title <=> ?")
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	ten, twenty, empty := int64(10), int64(20), ""
	f := newFixture(t, everything)
	for _, test := range []struct {
		name      string
		condition string
		a, b      []any
	}{
		{"number and text", views, []any{10}, []any{"10"}},
		{"number and a defined type of it", views, []any{10}, []any{level(10)}},
		{"text and bytes", title, []any{"Post 3"}, []any{[]byte("Post 3")}},
		{"text and a defined type of it", title, []any{"Post 3"}, []any{label("Post 3")}},
		{"words that join alike", words, []any{"a b", "c", "Post 1"}, []any{"a", "b c", "Post 1"}},
		{"order", "views = ? OR score = ?", []any{10, 3}, []any{3, 10}},
		{"nil and empty", same, []any{nil}, []any{""}},
		{"nil pointer and pointer to empty", same, []any{(*string)(nil)}, []any{&empty}},
		{"pointers to other values", views, []any{&ten}, []any{&twenty}},
		{"number and bool", sqlFor(views, "", views), []any{1}, []any{true}},
		{"integer and float", sqlFor("CAST(views AS TEXT) = CAST(? AS TEXT)", "", "CAST(views AS CHAR) = CAST(? AS CHAR)"), []any{10}, []any{10.0}},
		{"integers past 2^53", "views + 9007199254740993 - ? = 10", []any{int64(9007199254740993)}, []any{int64(9007199254740992)}},
		{"an instant in two zones", "published = ?", []any{noon}, []any{noon.In(time.FixedZone("", 3600))}},
		{"instants a nanosecond apart", "published = ?", []any{noon}, []any{noon.Add(1)}},
		{"lists of other lengths", "id IN ?", []any{[]int{1, 2}}, []any{[]int{1, 2, 3}}},
		{"lists in another order", "id IN ?", []any{[]int{1, 2}}, []any{[]int{2, 1}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.condition == "" {
				onlyOn(t, "sqlite mysql", "PostgreSQL says of which type an argument is")
			}
			f := f.again(t, everything, &gorm.Config{})
			a := f.watch(fmt.Sprintf("%#v", test.a), where(test.condition, test.a...)).isCached()
			b := f.watch(fmt.Sprintf("%#v", test.b), where(test.condition, test.b...)).isCached()
			a.isKept()
			b.isKept()
		})
	}
}

func TestOneQuestionInSeveralForms(t *testing.T) {
	f := newFixture(t, everything)
	ten, text := int64(10), "Post 3"
	f.watch("number", where("views = ?", 10)).isCached()
	f.watch("another integer type", where("views = ?", uint8(10))).isKept()
	f.watch("pointer", where("views = ?", &ten)).isKept()
	f.watch("text", where("title = ?", text)).isCached()
	f.watch("pointer to text", where("title = ?", &text)).isKept()
}

// A pointer's key is what it points to when the query is made.
func TestArgumentThatChangesBehindItsPointer(t *testing.T) {
	f := newFixture(t, everything)
	views := int64(10)
	read := f.watch("by pointer", where("views = ?", &views)).isCached()
	views = 20
	read.isCached()
	views = 10
	read.isKept()
}

func TestDestinationIsPartOfTheQuestion(t *testing.T) {
	type titled struct {
		ID    uint
		Title string
	}
	type tally struct {
		ID    uint
		Views int64
	}
	const text = "SELECT * FROM posts WHERE category_id = 2"
	f := newFixture(t, everything)
	for _, w := range []*watched{
		f.watch("model", into(func(db *gorm.DB, p *[]Post) *gorm.DB { return db.Raw(text).Find(p) })),
		f.watch("its pointers", into(func(db *gorm.DB, p *[]*Post) *gorm.DB { return db.Raw(text).Find(p) })),
		f.watch("one row", into(func(db *gorm.DB, p *Post) *gorm.DB { return db.Raw(text).Find(p) })),
		f.watch("array", into(func(db *gorm.DB, p *[2]Post) *gorm.DB { return db.Raw(text).Find(p) })),
		f.watch("another struct", into(func(db *gorm.DB, p *[]titled) *gorm.DB { return db.Raw(text).Find(p) })),
		f.watch("a third", into(func(db *gorm.DB, p *[]tally) *gorm.DB { return db.Raw(text).Find(p) })),
		f.watch("map", into(func(db *gorm.DB, m *map[string]any) *gorm.DB { return db.Raw(text).Find(m) })),
		f.watch("maps", into(func(db *gorm.DB, m *[]map[string]any) *gorm.DB { return db.Raw(text).Find(m) })),
	} {
		if w == f.reads[0] {
			w.isCached()
		} else {
			w.isCachedApart()
		}
	}
	for _, w := range f.reads {
		w.isKept()
	}
}

func TestMappingOfColumnsIsPartOfTheQuestion(t *testing.T) {
	f := newFixture(t, everything)
	mapped := func(mapping map[string]string) *watched {
		return f.watch(fmt.Sprint(mapping), into(func(db *gorm.DB, p *[]Post) *gorm.DB {
			return db.MapColumns(mapping).Find(p)
		}))
	}
	plain := mapped(nil).isCached()
	one := mapped(map[string]string{"title": "body"}).isCachedApart()
	other := mapped(map[string]string{"title": "none"}).isCachedApart()
	plain.isKept()
	one.isKept()
	other.isKept()
}

// Take and Find with Limit 1 send the same statement, and share its result;
// each reports an empty one in its own way.
func TestTakeAndFindShareAResult(t *testing.T) {
	f := newFixture(t, everything)
	for _, id := range []int{3, 99} {
		f.watch("Take", into(func(db *gorm.DB, p *Post) *gorm.DB { return db.Take(p, "id = ?", id) })).isCached()
		f.watch("Find", into(func(db *gorm.DB, p *Post) *gorm.DB { return db.Limit(1).Find(p, "id = ?", id) })).isKept()
	}
}

func TestKeySetsTenantsApart(t *testing.T) {
	f := newFixture(t, everything)
	as := func(tenant string) *watched {
		return f.watch("tenant "+tenant, into(func(db *gorm.DB, p *[]Post) *gorm.DB {
			return db.Scopes(cacheops.Cache(cacheops.Key(tenant))).Preload("Author").Order("id").Find(p)
		}))
	}
	none := f.watch("no tenant", into(func(db *gorm.DB, p *[]Post) *gorm.DB { return db.Preload("Author").Order("id").Find(p) }))
	a, b := as("a"), as("b")
	for _, w := range []*watched{a, b, none} {
		w.costs(2) // the preload is set apart as well
	}
	a.isKept()
	b.isKept()
	none.isKept()
	must(t, setTitle(f.db, 1, "changed"))
	a.isFresh()
	b.isFresh()
	none.isFresh()
}

// sharing is a Config that caches everything in a region of others.
func sharing(r region.Region) cacheops.Config {
	return cacheops.Config{
		Profiles: profiles.Set{"*": {Ops: profiles.All, TTL: time.Hour}},
		Regions:  region.Set{region.Default: r},
	}
}

func TestDatabasesInOneRegionDoNotMix(t *testing.T) {
	shared := region.Memory(region.MemoryOptions{})
	f, g := newFixture(t, sharing(shared)), newFixture(t, sharing(shared))
	must(t, g.truth.Model(&Post{}).Where("id = 1").Update("title", "another").Error)
	here, there := f.watch("post 1 here", firstPost(1)).isCached(), g.watch("post 1 there", firstPost(1)).isCached()
	must(t, setTitle(f.db, 1, "changed"))
	there.isKept()
	here.isFresh()
	must(t, g.cache.InvalidateAll(t.Context()))
	here.isKept()
	there.isFresh()
}

func TestDatabasesInMemoryDoNotMix(t *testing.T) {
	shared := region.Memory(region.MemoryOptions{})
	for _, name := range []string{"first", "second"} {
		cache := cacheops.New(sharing(shared))
		db := openMemory(t)
		must(t, db.AutoMigrate(&Tag{}))
		must(t, db.Create(&Tag{Name: name}).Error)
		must(t, db.Use(cache))
		for range 2 {
			var tag Tag
			must(t, db.First(&tag).Error)
			if tag.Name != name {
				t.Errorf("the %s database gave %q", name, tag.Name)
			}
		}
		if s := cache.Stats(); s.Hits != 1 || s.Fills != 1 {
			t.Errorf("%d hits, %d fills", s.Hits, s.Fills)
		}
	}
}

// openMemory opens a database in memory, which has one connection.
func openMemory(t *testing.T) *gorm.DB {
	t.Helper()
	db, err := gorm.Open(sqlite.Open(":memory:"), &gorm.Config{Logger: logger.Discard})
	must(t, err)
	conn, err := db.DB()
	must(t, err)
	conn.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = conn.Close() })
	return db
}

// Two plugins on one file and in one region are one cache.
func TestPluginsOnOneFileShareARegion(t *testing.T) {
	shared := region.Memory(region.MemoryOptions{})
	f := newFixture(t, sharing(shared))
	g := f.again(t, sharing(shared), &gorm.Config{})
	mine, yours := f.watch("post 1", firstPost(1)), g.watch("post 1", firstPost(1))
	other := g.watch("post 2", firstPost(2)).isCached()
	mine.isCached()
	yours.isKept()
	must(t, setTitle(f.db, 1, "mine"))
	yours.isFresh()
	mine.isKept()
	must(t, g.db.Transaction(func(tx *gorm.DB) error { return setTitle(tx, 1, "yours") }))
	mine.isFresh()
	yours.isKept()
	other.isKept()
}

// A database is one however its name is written, and Config.Database says so
// where the names do not.
func TestIdentityOfADatabase(t *testing.T) {
	shared := region.Memory(region.MemoryOptions{})
	config := sharing(shared)
	config.Database = "orders"
	f := newFixture(t, sharing(shared))
	f.watch("post 1", firstPost(1)).isCached()
	indirect := &fixture{T: t, dsn: on().alias(f.dsn), truth: f.truth}
	indirect.again(t, sharing(shared), &gorm.Config{}).watch("post 1, by another name", firstPost(1)).isKept()
	f.again(t, config, &gorm.Config{}).watch("post 1, by a name of the application's", firstPost(1)).isCached()
	f.again(t, config, &gorm.Config{}).watch("post 1, by that name again", firstPost(1)).isKept()
}
