package cacheops_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops"
	"github.com/seed92106438/cacheops/profiles"
	"github.com/seed92106438/cacheops/region"
)

// byHand caches nothing by itself.
var byHand = cacheops.Config{}

// under gives a read the context and the scopes that it is made with.
func under(ctx context.Context, read func(*gorm.DB) answer, scopes ...func(*gorm.DB) *gorm.DB) func(*gorm.DB) answer {
	return func(db *gorm.DB) answer { return read(db.WithContext(ctx).Scopes(scopes...)) }
}

// postsOf is the list of a category.
func postsOf(category int) func(*gorm.DB) answer {
	return into(func(db *gorm.DB, p *[]Post) *gorm.DB { return db.Order("id").Find(p, "category_id = ?", category) })
}

func TestWhoDecides(t *testing.T) {
	get := profiles.Profile{Ops: profiles.Get}
	hand := profiles.Profile{}
	plain := context.Background()
	with, without := cacheops.WithCache(plain), cacheops.WithoutCache(plain)
	cache, noCache := cacheops.Cache(), cacheops.NoCache()
	type scopes []func(*gorm.DB) *gorm.DB
	for _, c := range []struct {
		name    string
		profile profiles.Profile
		ctx     context.Context
		scopes  scopes
		cached  bool
	}{
		{"nobody asks", hand, plain, nil, false},
		{"the profile asks", get, plain, nil, true},
		{"the profile asks for another kind", profiles.Profile{Ops: profiles.All &^ profiles.Get}, plain, nil, false},
		{"the context asks", hand, with, nil, true},
		{"the query asks", hand, plain, scopes{cache}, true},
		{"context over profile", get, without, nil, false},
		{"query over profile", get, plain, scopes{noCache}, false},
		{"query over context, yes", hand, without, scopes{cache}, true},
		{"query over context, no", hand, with, scopes{noCache}, false},
		{"NoCache after Cache", hand, plain, scopes{cache, noCache}, false},
		{"NoCache before Cache", hand, plain, scopes{noCache, cache}, false},
		{"the inner context, yes", hand, cacheops.WithCache(without), nil, true},
		{"the inner context, no", hand, cacheops.WithoutCache(with), nil, false},
		{"Never over the query", profiles.Profile{Never: true}, plain, scopes{cache}, false},
		{"Never over the context", profiles.Profile{Never: true}, with, nil, false},
		{"the query's Ops", hand, plain, scopes{cacheops.Cache(cacheops.Ops(profiles.Get))}, true},
		{"the query's Ops, of another kind", get, plain, scopes{cacheops.Cache(cacheops.Ops(profiles.Fetch))}, false},
		{"the context's Ops", hand, cacheops.WithCache(plain, cacheops.Ops(profiles.Get|profiles.Count)), nil, true},
		{"the context's Ops, of another kind", get, cacheops.WithCache(plain, cacheops.Ops(profiles.Fetch)), nil, false},
		{"the query's Ops over the context's", hand, cacheops.WithCache(plain, cacheops.Ops(profiles.Fetch)),
			scopes{cacheops.Cache(cacheops.Ops(profiles.Get))}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(t, cacheops.Config{Profiles: profiles.Set{"posts": c.profile}})
			one := f.watch("post 1", under(c.ctx, firstPost(1), c.scopes...))
			if c.cached {
				one.isCached()
			} else {
				one.isBypassed()
			}
		})
	}
}

// What one level leaves open comes from the next.
func TestSettingsAreTakenFromTheFirstThatHasThem(t *testing.T) {
	f := newFixture(t, cacheops.Config{
		Profiles: profiles.Set{"posts": {TTL: 4 * time.Minute, Region: "profile"}},
		Regions: region.Set{
			"profile": region.Memory(region.MemoryOptions{}), "context": region.Memory(region.MemoryOptions{}),
			"query": region.Memory(region.MemoryOptions{}),
		},
	})
	ctx := cacheops.WithCache(t.Context(), cacheops.TTL(3*time.Minute), cacheops.Region("context"))
	inner := cacheops.WithCache(ctx, cacheops.TTL(2*time.Minute))
	scope := cacheops.Cache(cacheops.TTL(time.Minute), cacheops.Region("query"))
	for _, c := range []struct {
		name   string
		db     *gorm.DB
		ttl    time.Duration
		region string
	}{
		{"query over context", f.db.WithContext(ctx).Scopes(scope), time.Minute, "query"},
		{"a part from the query, a part from the context", f.db.WithContext(ctx).Scopes(cacheops.Cache(cacheops.TTL(time.Minute))), time.Minute, "context"},
		{"two scopes", f.db.Scopes(cacheops.Cache(cacheops.Region("query")), cacheops.Cache(cacheops.TTL(time.Minute))), time.Minute, "query"},
		{"context over profile", f.db.WithContext(ctx), 3 * time.Minute, "context"},
		{"inner context over outer", f.db.WithContext(inner), 2 * time.Minute, "context"},
		{"a context that begins anew", f.db.WithContext(cacheops.WithCache(cacheops.WithoutCache(ctx))), 4 * time.Minute, "profile"},
		{"the profile", f.db.Scopes(cacheops.Cache()), 4 * time.Minute, "profile"},
		{"a negative TTL says nothing", f.db.Scopes(cacheops.Cache(cacheops.TTL(-time.Second))), 4 * time.Minute, "profile"},
	} {
		e := f.explain(c.db, func(tx *gorm.DB) *gorm.DB { return tx.First(&Post{}, 1) })
		if e.TTL != c.ttl || e.Region != c.region {
			t.Errorf("%s: %v in %q, want %v in %q", c.name, e.TTL, e.Region, c.ttl, c.region)
		}
	}
	other := f.explain(f.db.Scopes(cacheops.Cache()), func(tx *gorm.DB) *gorm.DB { return tx.First(&Author{}, 1) })
	if other.TTL != cacheops.DefaultTTL || other.Region != region.Default {
		t.Errorf("the defaults: %v in %q", other.TTL, other.Region)
	}
}

func TestScopesReachEveryWayToAsk(t *testing.T) {
	f := newFixture(t, byHand)
	scope := cacheops.Cache()
	for name, read := range map[string]func(*gorm.DB) answer{
		"Scopes":      into(func(db *gorm.DB, p *Post) *gorm.DB { return db.Scopes(scope).First(p, 1) }),
		"Clauses":     into(func(db *gorm.DB, p *Post) *gorm.DB { return db.Clauses(scope).First(p, 2) }),
		"after Where": into(func(db *gorm.DB, p *Post) *gorm.DB { return db.Where("id = ?", 3).Clauses(scope).Take(p) }),
		"Raw": into(func(db *gorm.DB, p *[]Post) *gorm.DB {
			return db.Scopes(scope).Raw("SELECT * FROM posts WHERE id = 4").Find(p)
		}),
		"Count":           into(func(db *gorm.DB, n *int64) *gorm.DB { return db.Scopes(scope).Model(&Post{}).Count(n) }),
		"Pluck":           into(func(db *gorm.DB, s *[]string) *gorm.DB { return db.Clauses(scope).Model(&Post{}).Pluck("title", s) }),
		"generics, First": inG(func(ctx context.Context, g gorm.Interface[Post]) (any, error) { return g.Where("id = ?", 5).First(ctx) }, scope),
		"generics, Find":  inG(func(ctx context.Context, g gorm.Interface[Post]) (any, error) { return g.Where("id > ?", 5).Find(ctx) }, scope),
		"generics, Count": inG(func(ctx context.Context, g gorm.Interface[Post]) (any, error) {
			return g.Where("id > ?", 5).Count(ctx, "*")
		}, scope),
	} {
		f.watch(name, read).isCached()
	}
}

// inG makes a read out of one with GORM's generics.
func inG[T any](read func(context.Context, gorm.Interface[T]) (any, error), scope cacheops.Scope) func(*gorm.DB) answer {
	return func(db *gorm.DB) answer {
		value, err := read(context.Background(), gorm.G[T](db, scope))
		return answer{Value: value, Err: err}
	}
}

func TestScopesReachPreloadsAtEveryLevel(t *testing.T) {
	f := newFixture(t, byHand)
	deep := func(scopes ...func(*gorm.DB) *gorm.DB) func(*gorm.DB) answer {
		return into(func(db *gorm.DB, a *[]Author) *gorm.DB {
			return db.Scopes(scopes...).Preload("Posts.Tags").Preload("Posts.Author").Find(a)
		})
	}
	// Authors, their posts, the posts' join table and tags, the posts' authors.
	cached := f.watch("cached", deep(cacheops.Cache()))
	cached.costs(5)
	cached.isKept()
	f.watch("not asked for", deep()).costs(5)
	f.watch("in a context", under(cacheops.WithCache(t.Context()), deep())).isKept()

	must(t, f.db.Model(&Tag{ID: 1}).Update("name", "golang").Error)
	cached.isFresh() // the tags alone are read again
}

func TestPreloadWithScopesOfItsOwn(t *testing.T) {
	f := newFixture(t, byHand)
	preload := func(outer, inner cacheops.Scope) func(*gorm.DB) answer {
		return into(func(db *gorm.DB, a *Author) *gorm.DB {
			return db.Scopes(outer).Preload("Posts", func(db *gorm.DB) *gorm.DB { return db.Scopes(inner) }).First(a, 1)
		})
	}
	asIs := func(db *gorm.DB) *gorm.DB { return db }
	only := f.watch("the preload alone", preload(asIs, cacheops.Cache()))
	only.costs(2)
	only.costs(1)
	but := f.watch("all but the preload", preload(cacheops.Cache(), cacheops.NoCache()))
	but.costs(2)
	but.costs(1)
}

func TestScopesReachAssociations(t *testing.T) {
	f := newFixture(t, byHand)
	tags := func(scopes ...func(*gorm.DB) *gorm.DB) func(*gorm.DB) answer {
		return func(db *gorm.DB) answer {
			var tags []Tag
			err := db.Scopes(scopes...).Model(&Post{ID: 1}).Association("Tags").Find(&tags)
			return answer{Value: tags, Err: err}
		}
	}
	posts := func(db *gorm.DB) answer {
		var posts []Post
		err := db.Clauses(cacheops.Cache()).Model(&Author{ID: 1}).Association("Posts").Find(&posts)
		return answer{Value: posts, Err: err}
	}
	count := func(db *gorm.DB) answer {
		n := db.Clauses(cacheops.Cache()).Model(&Author{ID: 1}).Association("Posts").Count()
		return answer{Value: n}
	}
	many := f.watch("many to many", tags(cacheops.Cache())).isCached()
	f.watch("not asked for", tags()).isBypassed()
	has := f.watch("has many", posts).isCached()
	counted := f.watch("count", count).isCached()
	must(t, f.db.Model(&Post{ID: 1}).Association("Tags").Append(&Tag{ID: 2, Name: "sql"}))
	many.isFresh()
	counted.isKept()
	must(t, f.db.Delete(&Post{}, 4).Error)
	has.isFresh()
	counted.isFresh()
	many.isKept()
}

func TestFindInBatches(t *testing.T) {
	f := newFixture(t, byHand)
	batches := func(scope cacheops.Scope) func(*gorm.DB) answer {
		return func(db *gorm.DB) answer {
			var batch, all []Post
			tx := db.Scopes(scope).FindInBatches(&batch, 5, func(*gorm.DB, int) error {
				all = append(all, batch...)
				return nil
			})
			return answer{Value: all, Rows: tx.RowsAffected, Err: tx.Error}
		}
	}
	cached := f.watch("in batches", batches(cacheops.Cache()))
	cached.costs(3)
	cached.isKept()
	not := f.watch("not cached", batches(cacheops.NoCache()))
	not.costs(3)
	not.costs(3)
	must(t, setTitle(f.db, 12, "in the last batch"))
	cached.costs(1) // the batches before it are full pages, which it comes after
	cached.isKept()
}

func TestParentQueryIsNotChanged(t *testing.T) {
	f := newFixture(t, byHand)
	parent := f.db.Where("category_id = ?", 1).Session(&gorm.Session{})
	for name, scoped := range map[string]*gorm.DB{
		"Scopes": parent.Scopes(cacheops.Cache()), "Clauses": parent.Clauses(cacheops.Cache()),
	} {
		must(t, scoped.Find(&[]Post{}).Error)
		f.log.Take()
		must(t, parent.Find(&[]Post{}).Error)
		if sent := f.log.Take(); len(sent) != 1 {
			t.Errorf("%s of a query changed the query that it was made from: %q", name, sent)
		}
	}
}

// One scope may be used for many queries at once.
func TestScopeIsShared(t *testing.T) {
	f := newFixture(t, byHand)
	scope := cacheops.Cache(cacheops.TTL(time.Minute))
	long := f.db.Scopes(scope, cacheops.Cache(cacheops.TTL(time.Hour)))
	first := func(tx *gorm.DB) *gorm.DB { return tx.First(&Post{}, 1) }
	if e := f.explain(long, first); e.TTL != time.Hour {
		t.Errorf("the later scope: %v", e.TTL)
	}
	if e := f.explain(f.db.Scopes(scope), first); e.TTL != time.Minute {
		t.Errorf("the scope was changed by its use: %v", e.TTL)
	}
}

func TestScopeAsAConditionIsAnError(t *testing.T) {
	f := newFixture(t, byHand)
	for name, err := range map[string]error{
		"Where":   f.db.Where(cacheops.Cache()).Find(&[]Post{}).Error,
		"Find":    f.db.Find(&[]Post{}, cacheops.NoCache()).Error,
		"Preload": f.db.Preload("Posts", cacheops.Cache()).Find(&[]Author{}).Error,
	} {
		if err == nil || !strings.Contains(err.Error(), "scope was given as a condition") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestUnknownRegionIsReported(t *testing.T) {
	var reported []cacheops.ErrorInfo
	config := cacheops.Config{Events: cacheops.Events{
		Error: func(_ context.Context, e cacheops.ErrorInfo) { reported = append(reported, e) },
	}}
	f := newFixture(t, config)
	f.watch("post 1", under(t.Context(), firstPost(1), cacheops.Cache(cacheops.Region("nowhere")))).isBypassed()
	if len(reported) != 2 || reported[0].Table != "posts" || !strings.Contains(reported[0].Err.Error(), `"nowhere"`) {
		t.Errorf("reported %+v", reported)
	}
	if n := f.cache.Stats().Bypasses[cacheops.NoSuchRegion]; n != 2 {
		t.Errorf("counted %d times", n)
	}
}

func TestRegionKeepsTheResult(t *testing.T) {
	f := newFixture(t, cacheops.Config{Regions: region.Set{"hot": region.Memory(region.MemoryOptions{})}})
	hot := f.watch("in hot", under(t.Context(), firstPost(1), cacheops.Cache(cacheops.Region("hot")))).isCached()
	def := f.watch("in the default", under(t.Context(), firstPost(1), cacheops.Cache())).isCached()
	for name, stats := range f.cache.Stats().Regions {
		if stats.Entries != 1 {
			t.Errorf("region %q has %d entries", name, stats.Entries)
		}
	}
	must(t, setTitle(f.db, 1, "changed"))
	hot.isFresh()
	def.isFresh()
}

func TestKeySetsResultsApart(t *testing.T) {
	f := newFixture(t, byHand)
	tenant := func(name string) *watched {
		return f.watch("of "+name, under(t.Context(), firstPost(1), cacheops.Cache(cacheops.Key(name))))
	}
	a, b := tenant("a").isCached(), tenant("b").isCached()
	f.watch("of none", under(t.Context(), firstPost(1), cacheops.Cache())).isCached()
	must(t, setTitle(f.db, 1, "changed"))
	a.isFresh()
	b.isFresh()
}

func TestDeclaredDependencies(t *testing.T) {
	var reported int
	config := cacheops.Config{Events: cacheops.Events{Error: func(context.Context, cacheops.ErrorInfo) { reported++ }}}
	f := newFixture(t, config)
	must(t, f.truth.Exec("CREATE VIEW totals AS SELECT author_id, COUNT(*) AS n FROM posts GROUP BY author_id").Error)
	totals := func(options ...cacheops.Option) func(*gorm.DB) answer {
		return under(t.Context(), into(func(db *gorm.DB, m *[]map[string]any) *gorm.DB {
			return db.Table("totals").Order("author_id").Find(m)
		}), cacheops.Cache(options...))
	}
	f.watch("nothing declared", totals()).isBypassed()
	model := f.watch("a model", totals(cacheops.DependsOn(&Post{}), cacheops.Key("model"))).isCached()
	name := f.watch("a name", totals(cacheops.DependsOn("Posts"), cacheops.Key("name"))).isCached()
	both := f.watch("two", totals(cacheops.DependsOn("posts", &Tag{}), cacheops.Key("both"))).isCached()
	if reported != 0 {
		t.Errorf("%d errors", reported)
	}
	f.watch("no model", totals(cacheops.DependsOn(7), cacheops.Key("bad"))).isBypassed()
	if reported != 2 {
		t.Errorf("the bad declaration was reported %d times", reported)
	}

	must(t, f.db.Create(&Tag{Name: "new"}).Error)
	model.isKept()
	name.isKept()
	both.isFresh()
	must(t, f.db.Model(&Post{ID: 1}).Update("author_id", 2).Error)
	model.isFresh()
	name.isFresh()
	both.isFresh()
}

// Who asks for a result makes no difference to it.
func TestResultIsSharedByAllWhoAsk(t *testing.T) {
	f := newFixture(t, everything)
	f.watch("by the profile", firstPost(1)).isCached()
	f.watch("by the query", under(t.Context(), firstPost(1), cacheops.Cache())).isKept()
	f.watch("by the context", under(cacheops.WithCache(t.Context()), firstPost(1))).isKept()
}

// Lock asks for what a memory region does anyway.
func TestLockChangesNothingInMemory(t *testing.T) {
	f := newFixture(t, byHand)
	locked := f.watch("locked", under(t.Context(), firstPost(1), cacheops.Cache(cacheops.Lock()))).isCached()
	f.watch("not locked", under(t.Context(), firstPost(1), cacheops.Cache())).isKept()
	must(t, setTitle(f.db, 1, "changed"))
	locked.isFresh()
}
