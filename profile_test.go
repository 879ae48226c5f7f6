package cacheops_test

import (
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops"
	"github.com/seed92106438/cacheops/profiles"
)

func TestPatterns(t *testing.T) {
	f := newFixture(t, cacheops.Config{Profiles: profiles.Set{
		"*":     {TTL: 4 * time.Minute},
		"po*":   {Ops: profiles.Fetch, TTL: 3 * time.Minute},
		"post*": {Ops: profiles.Get, TTL: 2 * time.Minute},
		"Posts": {Ops: profiles.Count, TTL: time.Minute},
	}})
	for _, c := range []struct {
		table string
		ttl   time.Duration
	}{{"posts", time.Minute}, {"post_tags", 2 * time.Minute}, {"authors", 4 * time.Minute}} {
		e := f.explain(f.db.Scopes(cacheops.Cache()), func(tx *gorm.DB) *gorm.DB { return tx.Table(c.table).Find(&[]map[string]any{}) })
		if e.TTL != c.ttl {
			t.Errorf("%s: %v, want %v", c.table, e.TTL, c.ttl)
		}
	}
	// The most specific decides alone: nothing is added from the others.
	f.watch("posts, counted", into(func(db *gorm.DB, n *int64) *gorm.DB { return db.Model(&Post{}).Count(n) })).isCached()
	f.watch("posts, one", firstPost(1)).isBypassed()
	f.watch("posts, many", postsOf(1)).isBypassed()
	f.watch("post_tags, one", into(func(db *gorm.DB, m *map[string]any) *gorm.DB {
		return db.Table("post_tags").Order("post_id").Take(m)
	})).isCached()
}

func TestProfileOfAModel(t *testing.T) {
	f := newFixture(t, cacheops.Config{Profiles: profiles.Set{profiles.Table(&Post{}): {Ops: profiles.Get}}})
	f.watch("post 1", firstPost(1)).isCached()
	f.watch("author 1", into(func(db *gorm.DB, a *Author) *gorm.DB { return db.First(a, 1) })).isBypassed()
}

// No result that reads the table is stored, whatever else it reads.
func TestNever(t *testing.T) {
	f := newFixture(t, cacheops.Config{Profiles: profiles.Set{"*": {Ops: profiles.All}, "authors": {Never: true}}})
	cache := cacheops.Cache(cacheops.DependsOn(&Author{}))
	for name, read := range map[string]func(*gorm.DB) answer{
		"itself": into(func(db *gorm.DB, a *[]Author) *gorm.DB { return db.Scopes(cache).Find(a) }),
		"joined": into(func(db *gorm.DB, p *[]Post) *gorm.DB { return db.Scopes(cache).Joins("Author").Find(p) }),
		"joined by text": into(func(db *gorm.DB, p *[]Post) *gorm.DB {
			return db.Scopes(cache).Joins("LEFT JOIN authors ON authors.id = posts.author_id").Find(p)
		}),
		"in a sub-query": into(func(db *gorm.DB, p *[]Post) *gorm.DB {
			return db.Scopes(cache).Find(p, "author_id IN (SELECT id FROM AUTHORS WHERE name = 'author 1')")
		}),
		"in a CTE": into(func(db *gorm.DB, p *[]Post) *gorm.DB {
			return db.Scopes(cache).Raw("WITH a AS (SELECT id FROM authors) SELECT posts.* FROM posts, a WHERE author_id = a.id").Find(p)
		}),
	} {
		f.watch(name, read).isBypassed()
	}
	preloaded := f.watch("preloaded", into(func(db *gorm.DB, p *Post) *gorm.DB { return db.Preload("Author").First(p, 1) }))
	preloaded.costs(2)
	preloaded.costs(1) // the author alone
	f.watch("not read", firstPost(1)).isKept()
	if n := f.cache.Stats().Bypasses[cacheops.NeverCached]; n != 10 {
		t.Errorf("%d bypasses, want 10", n)
	}
}

func TestMaxRowsOfAProfile(t *testing.T) {
	f := newFixture(t, cacheops.Config{Profiles: profiles.Set{"*": {Ops: profiles.All, MaxRows: 3}}})
	f.watch("three posts", postsOf(1)).isCached()
	f.watch("twelve posts", into(func(db *gorm.DB, p *[]Post) *gorm.DB { return db.Find(p) })).isBypassed()
	f.watch("twelve posts, counted", into(func(db *gorm.DB, n *int64) *gorm.DB { return db.Model(&Post{}).Count(n) })).isCached()
}

func TestTTLOfEntries(t *testing.T) {
	for _, c := range []struct {
		name            string
		profile         profiles.Profile
		scope           []cacheops.Option
		some, none      time.Duration
		someMin, noneMn time.Duration // if they may be shortened
	}{
		{name: "by default", some: cacheops.DefaultTTL, none: cacheops.DefaultTTL},
		{name: "of the profile", profile: profiles.Profile{TTL: time.Hour}, some: time.Hour, none: time.Hour},
		{name: "of the query", profile: profiles.Profile{TTL: time.Hour}, scope: []cacheops.Option{cacheops.TTL(time.Minute)},
			some: time.Minute, none: time.Minute},
		{name: "of an empty result", profile: profiles.Profile{TTL: time.Hour, NegativeTTL: time.Second}, some: time.Hour, none: time.Second},
		{name: "with jitter", profile: profiles.Profile{TTL: time.Hour, NegativeTTL: time.Minute, Jitter: 0.1},
			some: time.Hour, none: time.Minute, someMin: 54 * time.Minute, noneMn: 54 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, config := spied(c.profile)
			f := newFixture(t, config)
			db := f.db.Scopes(cacheops.Cache(c.scope...)).Session(&gorm.Session{})
			for _, e := range []struct {
				id       int
				min, max time.Duration
			}{{1, c.someMin, c.some}, {99, c.noneMn, c.none}} {
				db.First(&Post{}, e.id)
				if e.min == 0 {
					e.min = e.max
				}
				if got := time.Duration(s.ttl.Load()); got < e.min || got > e.max {
					t.Errorf("post %d: %v, want %v", e.id, got, e.max)
				}
			}
		})
	}
}

// A result may show old values of ignored columns, and those alone.
func TestIgnoredColumnsOfAProfile(t *testing.T) {
	f := newFixture(t, cacheops.Config{Profiles: profiles.Set{
		"posts": {Ops: profiles.All, Ignore: []string{"Views", "updated_at"}},
	}})
	one := f.watch("post 1", firstPost(1)).isCached()
	two := f.watch("post 2", firstPost(2)).isCached()
	must(t, f.db.Model(&Post{ID: 1}).Update("views", gorm.Expr("views + 1")).Error)
	must(t, f.db.Exec("UPDATE posts SET views = 7 WHERE id = 1").Error)
	one.isOld()
	must(t, f.db.Model(&Post{ID: 1}).Updates(map[string]any{"views": 8, "title": "changed"}).Error)
	one.isFresh()
	must(t, f.db.Create(&Post{ID: 100, Views: 1}).Error)
	two.isKept()
	must(t, f.db.Unscoped().Delete(&Post{ID: 100}).Error)
	one.isKept()
}

func TestNoImages(t *testing.T) {
	f := newFixture(t, cacheops.Config{Profiles: profiles.Set{"posts": {Ops: profiles.All, NoImages: true}}})
	was := f.watch("category 2", postsOf(2)).isCached()
	other := f.watch("category 1", postsOf(1)).isCached()
	byKey := f.watch("post 1", firstPost(1)).isCached()
	f.log.Take()
	must(t, setTitle(f.db, 2, "of category 2"))
	if sent := f.log.Take(); len(sent) != 1 || !strings.HasPrefix(sent[0], "UPDATE") {
		t.Errorf("sent %q", sent)
	}
	was.isFresh()
	other.isFresh() // its category is not known
	byKey.isKept()
}
