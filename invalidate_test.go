package cacheops_test

import (
	"context"
	"testing"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops"
	"github.com/seed92106438/cacheops/profiles"
	"github.com/seed92106438/cacheops/region"
)

// behindTheBack writes past the plugin.
func (f *fixture) behindTheBack(sql string, args ...any) {
	f.Helper()
	must(f, f.truth.Exec(sql, args...).Error)
}

func TestInvalidateRow(t *testing.T) {
	f := newFixture(t, everything)
	one := f.watch("post 1", firstPost(1)).isCached()
	two := f.watch("post 2", firstPost(2)).isCached()
	all := f.watch("all posts", into(func(db *gorm.DB, p *[]Post) *gorm.DB { return db.Find(p) })).isCached()
	author := f.watch("author 1", into(func(db *gorm.DB, a *Author) *gorm.DB { return db.First(a, 1) })).isCached()
	others := f.watch("others", into(func(db *gorm.DB, p *[]Post) *gorm.DB { return db.Find(p, "id > ?", 6) })).isCached()

	f.behindTheBack("UPDATE posts SET category_id = 4 WHERE id = 1")
	var post Post
	must(t, f.truth.First(&post, 1).Error)
	must(t, f.cache.InvalidateRow(t.Context(), &post))
	one.isFresh()
	all.isFresh()
	two.isKept()
	others.isKept()
	author.isKept()
}

// The row may have left one list and entered another.
func TestInvalidateRowDropsWhereItWasAndWhereItIs(t *testing.T) {
	f := newFixture(t, everything)
	was := f.watch("category 1", postsOf(1)).isCached()
	is := f.watch("category 4", postsOf(4)).isCached()
	f.behindTheBack("UPDATE posts SET category_id = 4 WHERE id = 1")
	must(t, f.cache.InvalidateRow(t.Context(), Post{ID: 1, CategoryID: 4}))
	was.isFresh()
	is.isFresh()
}

func TestInvalidateModel(t *testing.T) {
	for name, model := range map[string]any{
		"model": &Post{}, "value": Post{}, "slice": []Post{}, "table": "posts", "in another case": "Posts",
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, everything)
			one := f.watch("post 1", firstPost(1)).isCached()
			joined := f.watch("authors with posts", into(func(db *gorm.DB, a *[]Author) *gorm.DB {
				return db.Find(a, "id IN (SELECT author_id FROM posts WHERE category_id = 2)")
			})).isCached()
			note := f.watch("notes", into(func(db *gorm.DB, n *[]Note) *gorm.DB { return db.Find(n) })).isCached()
			f.behindTheBack("UPDATE posts SET title = 'changed', category_id = 2")
			must(t, f.cache.InvalidateModel(t.Context(), model))
			one.isFresh()
			joined.isFresh()
			note.isKept()
		})
	}
}

func TestInvalidateWhere(t *testing.T) {
	type where struct {
		query any
		args  []any
	}
	for name, c := range map[string]where{
		"text":                 {"category_id = ?", []any{3}},
		"a map":                {map[string]any{"category_id": 3}, nil},
		"a model":              {&Post{CategoryID: 3}, nil},
		"of deleted rows too":  {"category_id = ? AND deleted_at IS NOT NULL OR category_id = ?", []any{3, 3}},
		"with a range":         {"category_id BETWEEN ? AND ?", []any{3, 3}},
		"of no row at present": {"category_id IN ?", []any{[]int{3, 77}}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, everything)
			three := f.watch("category 3", postsOf(3)).isCached()
			four := f.watch("category 4", postsOf(4)).isCached()
			note := f.watch("notes", into(func(db *gorm.DB, n *[]Note) *gorm.DB { return db.Find(n) })).isCached()
			f.behindTheBack("UPDATE posts SET title = 'changed' WHERE category_id = 3")
			must(t, f.cache.InvalidateWhere(t.Context(), &Post{}, c.query, c.args...))
			three.isFresh()
			four.isKept()
			note.isKept()
		})
	}
}

// What is not understood stands for every row of the table, and no other's.
func TestInvalidateWhereNotUnderstood(t *testing.T) {
	for name, condition := range map[string]string{
		"a function":       "lower(title) = 'post 3'",
		"what is random":   "random() IS NOT NULL",
		"unknown function": "nosuch(title) = 1",
		"no SQL":           "category_id = = 3",
		"a sub-query":      "author_id IN (SELECT id FROM authors WHERE name = 'author 3')",
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, everything)
			three := f.watch("category 3", postsOf(3)).isCached()
			note := f.watch("notes", into(func(db *gorm.DB, n *[]Note) *gorm.DB { return db.Find(n) })).isCached()
			f.behindTheBack("UPDATE posts SET title = 'changed' WHERE category_id = 3")
			must(t, f.cache.InvalidateWhere(t.Context(), &Post{}, condition))
			three.isFresh()
			note.isKept()
		})
	}
}

func TestInvalidateQuery(t *testing.T) {
	find := func(tx *gorm.DB) *gorm.DB { return tx.Order("id").Find(&[]Post{}, "category_id = ?", 3) }
	for name, invalidate := range map[string]func(f *fixture) error{
		"as it is made": func(f *fixture) error { return f.cache.InvalidateQuery(f.db, find) },
		"in a transaction": func(f *fixture) error {
			return f.db.Transaction(func(tx *gorm.DB) error { return f.cache.InvalidateQuery(tx, find) })
		},
		"with a dead context": func(f *fixture) error {
			ctx, cancel := context.WithCancel(f.Context())
			cancel()
			return f.cache.InvalidateQuery(f.db.WithContext(ctx), find)
		},
		"where caching is not asked for": func(f *fixture) error {
			return f.cache.InvalidateQuery(f.db.WithContext(cacheops.WithoutCache(f.Context())), find)
		},
		"while caching is disabled": func(f *fixture) error {
			f.cache.SetEnabled(false)
			defer f.cache.SetEnabled(true)
			return f.cache.InvalidateQuery(f.db, find)
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, everything)
			three := f.watch("category 3", postsOf(3)).isCached()
			hot := f.watch("counted", into(func(db *gorm.DB, n *int64) *gorm.DB {
				return db.Model(&Post{}).Where("category_id = ?", 3).Count(n)
			})).isCached()
			four := f.watch("category 4", postsOf(4)).isCached()
			f.behindTheBack("UPDATE posts SET title = 'changed' WHERE id = 3")
			f.log.Take()
			must(t, invalidate(f))
			if sent := f.log.Take(); len(sent) > 0 {
				t.Errorf("the query was run: %q", sent)
			}
			three.isFresh()
			four.isKept()
			hot.isKept()
		})
	}
}

func TestInvalidateQueryInEveryRegion(t *testing.T) {
	f := newFixture(t, cacheops.Config{Regions: region.Set{"hot": region.Memory(region.MemoryOptions{})}})
	ctx := t.Context()
	hot := f.watch("in hot", under(ctx, firstPost(1), cacheops.Cache(cacheops.Region("hot")))).isCached()
	def := f.watch("in the default", under(ctx, firstPost(1), cacheops.Cache())).isCached()
	tenant := f.watch("of a tenant", under(ctx, firstPost(1), cacheops.Cache(cacheops.Key("a")))).isCached()
	first := func(tx *gorm.DB) *gorm.DB { return tx.First(&Post{}, 1) }
	must(t, f.cache.InvalidateQuery(f.db, first))
	hot.isFresh()
	def.isFresh()
	tenant.isKept()
	must(t, f.cache.InvalidateQuery(f.db.Scopes(cacheops.Cache(cacheops.Key("a"))), first))
	tenant.isFresh()
	def.isKept()
}

func TestInvalidateAll(t *testing.T) {
	f := newFixture(t, everything)
	one := f.watch("post 1", firstPost(1)).isCached()
	note := f.watch("notes", into(func(db *gorm.DB, n *[]Note) *gorm.DB { return db.Find(n) })).isCached()
	f.behindTheBack("UPDATE posts SET title = 'changed'")
	f.behindTheBack("UPDATE notes SET text = 'changed'")
	must(t, f.cache.InvalidateAll(t.Context()))
	one.isFresh()
	note.isFresh()
}

// What a plugin invalidates is its own databases'.
func TestInvalidationsLeaveOtherDatabasesOfTheRegionAlone(t *testing.T) {
	config := everything
	config.Regions = region.Set{region.Default: region.Memory(region.MemoryOptions{})}
	f := newFixture(t, config)
	one := f.watch("post 1", firstPost(1)).isCached()
	other, log := openDB(t, on().empty(t), &gorm.Config{})
	must(t, other.AutoMigrate(&Author{}, &Post{}, &Tag{}, &Note{}))
	seed(t, other)
	cache := cacheops.New(config)
	must(t, other.Use(cache))
	first := func(tx *gorm.DB) *gorm.DB { return tx.First(&Post{}, 1) }
	for name, invalidate := range map[string]func(context.Context) error{
		"InvalidateRow":   func(ctx context.Context) error { return cache.InvalidateRow(ctx, &Post{ID: 1}) },
		"InvalidateModel": func(ctx context.Context) error { return cache.InvalidateModel(ctx, &Post{}) },
		"InvalidateWhere": func(ctx context.Context) error { return cache.InvalidateWhere(ctx, &Post{}, "id = 1") },
		"InvalidateQuery": func(context.Context) error { return cache.InvalidateQuery(other, first) },
		"InvalidateAll":   cache.InvalidateAll,
	} {
		must(t, first(other).Error)
		must(t, invalidate(t.Context()))
		log.Take()
		must(t, first(other).Error)
		if sent := log.Take(); len(sent) != 1 {
			t.Errorf("%s dropped nothing of its own", name)
		}
		one.isKept()
	}
}

// A change is made known even if the one who knows of it is in a hurry.
func TestInvalidateWithADeadContext(t *testing.T) {
	f := newFixture(t, everything)
	one := f.watch("post 1", firstPost(1)).isCached()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	f.behindTheBack("UPDATE posts SET title = 'changed' WHERE id = 1")
	must(t, f.cache.InvalidateRow(ctx, &Post{ID: 1}))
	one.isFresh()
}

func TestInvalidateWhatIsNoModel(t *testing.T) {
	f := newFixture(t, everything)
	one := f.watch("post 1", firstPost(1)).isCached()
	type keyless struct{ Name string }
	ctx := t.Context()
	for name, err := range map[string]error{
		"InvalidateRow of nothing":          f.cache.InvalidateRow(ctx, nil),
		"InvalidateRow of a nil pointer":    f.cache.InvalidateRow(ctx, (*Post)(nil)),
		"InvalidateRow of a number":         f.cache.InvalidateRow(ctx, 1),
		"InvalidateRow of a name":           f.cache.InvalidateRow(ctx, "posts"),
		"InvalidateRow of many":             f.cache.InvalidateRow(ctx, &[]Post{{ID: 1}}),
		"InvalidateRow without a key":       f.cache.InvalidateRow(ctx, &Post{Title: "x"}),
		"InvalidateRow of a keyless model":  f.cache.InvalidateRow(ctx, &keyless{}),
		"InvalidateModel of nothing":        f.cache.InvalidateModel(ctx, nil),
		"InvalidateModel of a number":       f.cache.InvalidateModel(ctx, 1),
		"InvalidateModel without a name":    f.cache.InvalidateModel(ctx, ""),
		"InvalidateWhere of nothing":        f.cache.InvalidateWhere(ctx, nil, "id = 1"),
		"InvalidateWhere of a number":       f.cache.InvalidateWhere(ctx, 1, "id = 1"),
		"InvalidateWhere with a bad column": f.cache.InvalidateWhere(ctx, &Post{}, cacheops.Cache()),
		"InvalidateQuery of a write": f.cache.InvalidateQuery(f.db, func(tx *gorm.DB) *gorm.DB {
			return tx.Delete(&Post{}, 1)
		}),
	} {
		if err == nil {
			t.Errorf("%s is no error", name)
		}
	}
	one.isKept()
}

// What is never cached can be invalidated: there is nothing to do.
func TestInvalidateQueryThatIsNotCached(t *testing.T) {
	f := newFixture(t, cacheops.Config{Profiles: profiles.Set{"posts": {Never: true}}})
	must(t, f.cache.InvalidateQuery(f.db, func(tx *gorm.DB) *gorm.DB { return tx.First(&Post{}, 1) }))
	must(t, f.cache.InvalidateQuery(f.db, func(tx *gorm.DB) *gorm.DB { return tx.First(&Author{}, 1) }))
}
