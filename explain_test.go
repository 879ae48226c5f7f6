package cacheops_test

import (
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops"
	"github.com/seed92106438/cacheops/profiles"
)

// explain explains a query, which must send nothing.
func (f *fixture) explain(db *gorm.DB, query func(tx *gorm.DB) *gorm.DB) *cacheops.Explanation {
	f.Helper()
	f.log.Take()
	e, err := f.cache.Explain(db, query)
	if err != nil {
		f.Fatal(err)
	}
	if sent := f.log.Take(); len(sent) != 0 {
		f.Errorf("explaining sent %q", sent)
	}
	return e
}

func findCategory(category int) func(*gorm.DB) *gorm.DB {
	return func(tx *gorm.DB) *gorm.DB { return tx.Find(&[]Post{}, "category_id = ?", category) }
}

func TestExplainWhatWouldBeCached(t *testing.T) {
	f := newFixture(t, everything)
	e := f.explain(f.db, findCategory(3))
	if e.Bypass != "" || e.Table != "posts" || e.Op != profiles.Fetch || e.Region != "default" || e.TTL != time.Hour {
		t.Errorf("%+v", e)
	}
	if !strings.Contains(e.SQL, "category_id = "+sqlFor("?", "$1", "?")) {
		t.Errorf("SQL %q", e.SQL)
	}
	if len(e.Dependency.Tables) != 1 || !strings.Contains(e.Dependency.String(), "category_id = 3") {
		t.Errorf("depends on %s", e.Dependency)
	}
	if e.Cached || e.Dropped != nil || e.Age != 0 {
		t.Errorf("of nothing: %+v", e)
	}
	if other := f.explain(f.db, findCategory(4)); other.Key == e.Key {
		t.Errorf("two queries have the key %s", e.Key)
	}
	if again := f.explain(f.db, findCategory(3)); again.Key != e.Key {
		t.Error("one query has two keys")
	}
}

// A result goes from absent to cached to dropped, and Explain follows.
func TestExplainTheLifeOfAResult(t *testing.T) {
	f := newFixture(t, everything)
	list := f.watch("category 3", into(func(db *gorm.DB, p *[]Post) *gorm.DB { return db.Find(p, "category_id = ?", 3) }))
	list.isCached()
	if e := f.explain(f.db, findCategory(3)); !e.Cached || e.Age <= 0 || e.Dropped != nil {
		t.Errorf("cached: %+v", e)
	}
	list.isKept() // explaining changes nothing
	must(t, setTitle(f.db, 4, "of another category"))
	if e := f.explain(f.db, findCategory(3)); !e.Cached {
		t.Error("dropped by a row of another category")
	}
	must(t, setTitle(f.db, 3, "changed"))
	e := f.explain(f.db, findCategory(3))
	if e.Cached || e.Dropped == nil {
		t.Fatalf("dropped: %+v", e)
	}
	if change := e.Dropped.Change; change.Table.Name != f.canonical("posts") || !change.Columns.Has("title") {
		t.Errorf("dropped by %s", change)
	}
	if age := time.Since(e.Dropped.Time); age < 0 || age > time.Minute {
		t.Errorf("dropped %v ago", age)
	}
	list.isFresh()
	if e := f.explain(f.db, findCategory(3)); !e.Cached {
		t.Error("not cached again")
	}
}

// What Explain finds dropped is counted and told once, like any other.
func TestDropFoundByExplainIsCounted(t *testing.T) {
	f := newFixture(t, everything)
	one := f.watch("post 1", firstPost(1)).isCached()
	must(t, setTitle(f.db, 1, "changed"))
	f.explain(f.db, func(tx *gorm.DB) *gorm.DB { return tx.First(&Post{}, 1) })
	one.isFresh()
	// In a shared store it stays until another takes its place, and is found again.
	if n := f.cache.Stats().Dropped; n != 1 && !(n == 2 && rowsAreKept()) {
		t.Errorf("%d results were dropped", n)
	}
}

func TestExplainWhyNotCached(t *testing.T) {
	config := cacheops.Config{Profiles: profiles.Set{
		"posts": {Ops: profiles.All}, "tags": {Never: true}, "notes": {Ops: profiles.Count},
	}}
	f := newFixture(t, config)
	must(t, f.truth.Exec("CREATE VIEW recent AS SELECT * FROM posts").Error)
	for _, c := range []struct {
		bypass cacheops.Bypass
		query  func(tx *gorm.DB) *gorm.DB
	}{
		{cacheops.NotAsked, func(tx *gorm.DB) *gorm.DB { return tx.Find(&[]Author{}) }},
		{cacheops.NotAsked, func(tx *gorm.DB) *gorm.DB { return tx.Find(&[]Note{}) }},
		{cacheops.Forbidden, func(tx *gorm.DB) *gorm.DB { return tx.Scopes(cacheops.NoCache()).Find(&[]Post{}) }},
		{cacheops.NeverCached, func(tx *gorm.DB) *gorm.DB { return tx.Scopes(cacheops.Cache()).Find(&[]Tag{}) }},
		{cacheops.NeverCached, func(tx *gorm.DB) *gorm.DB { return tx.Find(&[]Post{}, "id IN (SELECT id FROM tags)") }},
		{cacheops.NoSuchRegion, func(tx *gorm.DB) *gorm.DB {
			return tx.Scopes(cacheops.Cache(cacheops.Region("nowhere"))).Find(&[]Post{})
		}},
		{cacheops.UnknownTable, func(tx *gorm.DB) *gorm.DB {
			return tx.Scopes(cacheops.Cache()).Table("recent").Find(&[]Post{})
		}},
		{cacheops.NoTable, func(tx *gorm.DB) *gorm.DB { return tx.Scopes(cacheops.Cache()).Raw("SELECT 1").Find(new(int)) }},
		{cacheops.FirstOrCreate, func(tx *gorm.DB) *gorm.DB { return tx.FirstOrInit(&Post{}, Post{Title: "x"}) }},
	} {
		e := f.explain(f.db, c.query)
		if e.Bypass != c.bypass || e.Cached || e.Key != "" {
			t.Errorf("%s: %q, want %q", e.SQL, e.Bypass, c.bypass)
		}
		if !strings.Contains(e.String(), "not cached: "+string(c.bypass)) {
			t.Errorf("in words: %s", e)
		}
	}
	if e := f.explain(f.db, func(tx *gorm.DB) *gorm.DB { return tx.Find(&[]Post{}, "random() > 0") }); e.Bypass == "" {
		t.Error("what is random would be cached")
	}
	must(t, f.db.Transaction(func(tx *gorm.DB) error {
		if e := f.explain(tx, findCategory(3)); e.Bypass != cacheops.InTransaction {
			t.Errorf("in a transaction: %q", e.Bypass)
		}
		return nil
	}))
	if n := f.cache.Stats(); n.Misses+n.Hits > 0 || len(n.Bypasses) > 0 || n.Errors > 0 {
		t.Errorf("explaining was counted as reading: %+v", n)
	}
}

func TestExplainInWords(t *testing.T) {
	f := newFixture(t, everything)
	list := f.watch("category 3", into(func(db *gorm.DB, p *[]Post) *gorm.DB { return db.Find(p, "category_id = ?", 3) }))
	has := func(state string, wants ...string) {
		t.Helper()
		text := f.explain(f.db, findCategory(3)).String()
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %q is not in\n%s", state, want, text)
			}
		}
	}
	has("at first", "SELECT * FROM ", "on posts, region default, TTL 1h0m0s", "category_id = 3", "not in the cache")
	list.isCached()
	has("cached", "cached ", " ago")
	must(t, f.db.Delete(&Post{}, "category_id = ?", 3).Error)
	has("dropped", "not in the cache", "last dropped at ", "by update "+f.canonical("posts"))
}

func TestExplainASubQuery(t *testing.T) {
	f := newFixture(t, everything)
	e := f.explain(f.db, func(tx *gorm.DB) *gorm.DB {
		authors := tx.Model(&Author{}).Select("id").Where("name = ?", "author 1")
		return tx.Where("author_id IN (?)", authors).Find(&[]Post{})
	})
	if e.Table != "posts" || len(e.Dependency.Tables) != 2 {
		t.Errorf("%s", e)
	}
}

// The explanation is of the query itself, not of the preloads that follow.
func TestExplainAQueryWithPreloads(t *testing.T) {
	f := newFixture(t, everything)
	e := f.explain(f.db, func(tx *gorm.DB) *gorm.DB {
		return tx.Preload("Posts.Tags").Find(&Author{ID: 1})
	})
	if e.Table != "authors" || strings.Contains(e.SQL, "posts") {
		t.Errorf("%s", e)
	}
}

func TestExplainOtherKindsOfRead(t *testing.T) {
	f := newFixture(t, everything)
	for op, query := range map[profiles.Ops]func(tx *gorm.DB) *gorm.DB{
		profiles.Get:       func(tx *gorm.DB) *gorm.DB { return tx.Take(&Post{}, 1) },
		profiles.Fetch:     func(tx *gorm.DB) *gorm.DB { return tx.Model(&Post{}).Pluck("title", &[]string{}) },
		profiles.Count:     func(tx *gorm.DB) *gorm.DB { return tx.Model(&Post{}).Count(new(int64)) },
		profiles.Aggregate: func(tx *gorm.DB) *gorm.DB { return tx.Model(&Post{}).Select("SUM(views)").Find(new(int64)) },
		profiles.Exists:    func(tx *gorm.DB) *gorm.DB { return tx.Raw("SELECT EXISTS(SELECT 1 FROM posts)").Find(new(bool)) },
	} {
		if e := f.explain(f.db, query); e.Op != op || e.Bypass != "" || e.Table != "posts" {
			t.Errorf("%v: %s", op, e)
		}
	}
	generic := f.explain(f.db, func(tx *gorm.DB) *gorm.DB {
		_, err := gorm.G[Post](tx).Where("id = ?", 1).Find(t.Context())
		must(t, err)
		return tx
	})
	if generic.Table != "posts" || !strings.Contains(generic.SQL, "id = "+sqlFor("?", "$1", "?")) {
		t.Errorf("generics: %s", generic)
	}
}

func TestExplainOfNoQueryIsAnError(t *testing.T) {
	f := newFixture(t, everything)
	for name, query := range map[string]func(tx *gorm.DB) *gorm.DB{
		"nothing":             func(tx *gorm.DB) *gorm.DB { return tx },
		"a write":             func(tx *gorm.DB) *gorm.DB { return tx.Model(&Post{ID: 1}).Update("title", "x") },
		"a raw write":         func(tx *gorm.DB) *gorm.DB { return tx.Raw("DELETE FROM posts RETURNING id").Find(&[]int{}) },
		"a bad query":         func(tx *gorm.DB) *gorm.DB { return tx.Find(new(chan int)) },
		"a raw write scanned": func(tx *gorm.DB) *gorm.DB { return tx.Raw("DELETE FROM posts RETURNING id").Scan(&[]int{}) },
		"a bad option":        func(tx *gorm.DB) *gorm.DB { return tx.Where(cacheops.Cache()).Find(&[]Post{}) },
	} {
		if e, err := f.cache.Explain(f.db, query); err == nil {
			t.Errorf("%s: %s", name, e)
		}
	}
	var n int64
	must(t, f.truth.Model(&Post{}).Count(&n).Error)
	if n != 12 {
		t.Errorf("%d posts are left: explaining ran the query", n)
	}
}
