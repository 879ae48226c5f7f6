package cacheops_test

import (
	"context"
	"fmt"
	"log"
	"strings"
	"time"

	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/seed92106438/cacheops"
	"github.com/seed92106438/cacheops/profiles"
	"github.com/seed92106438/cacheops/region"
)

// openBlog opens a database in memory with six posts in two categories, and
// gives it a plugin.
func openBlog(config cacheops.Config) (db *gorm.DB, cache *cacheops.Plugin) {
	db, err := gorm.Open(sqlite.Open("file:blog?mode=memory&cache=shared"), &gorm.Config{Logger: logger.Discard})
	if err != nil {
		log.Fatal(err)
	}
	if err := db.AutoMigrate(&Author{}, &Post{}, &Tag{}); err != nil {
		log.Fatal(err)
	}
	for i := range 6 {
		db.Create(&Post{Title: fmt.Sprintf("Post %d", i+1), CategoryID: 1 + i/3})
	}
	cache = cacheops.New(config)
	if err := db.Use(cache); err != nil {
		log.Fatal(err)
	}
	return db, cache
}

// cachedPosts caches every read of posts.
var cachedPosts = cacheops.Config{Profiles: profiles.Set{"posts": {Ops: profiles.All}}}

func ExampleConfig() {
	db, cache := openBlog(cacheops.Config{
		Profiles: profiles.Set{
			"posts":   {Ops: profiles.Get | profiles.Count, TTL: 15 * time.Minute, Region: "hot"},
			"post_*":  {Ops: profiles.All, TTL: time.Hour},
			"authors": {Never: true},      // not even by hand
			"*":       {TTL: time.Minute}, // by hand only
		},
		Regions: region.Set{
			"default": region.Memory(region.MemoryOptions{MaxBytes: 64 << 20}),
			"hot":     region.Memory(region.MemoryOptions{MaxBytes: 256 << 20}),
		},
	})
	defer closeDB(db)

	db.First(&Post{}, 1)                                       // in hot
	db.Find(&[]Post{}, "category_id = ?", 1)                   // not cached: Fetch is not among the Ops
	db.Scopes(cacheops.Cache()).Find(&[]Tag{})                 // in the default region
	db.Scopes(cacheops.Cache()).Find(&[]Author{})              // not cached
	db.Scopes(cacheops.Cache()).Joins("Author").First(&Post{}) // not cached: it reads authors

	stats := cache.Stats()
	fmt.Println("hot:", stats.Regions["hot"].Entries, "default:", stats.Regions["default"].Entries)
	// Output: hot: 1 default: 1
}

func ExampleCache() {
	db, cache := openBlog(cacheops.Config{})
	defer closeDB(db)
	ctx := context.Background()

	scope := cacheops.Cache(cacheops.TTL(time.Minute))
	for range 2 {
		db.Scopes(scope).Find(&[]Post{}, "category_id = ?", 1)
		db.Clauses(scope).First(&Post{}, 2)
		_, _ = gorm.G[Post](db, scope).Where("category_id = ?", 2).Find(ctx)
	}
	fmt.Println(cache.Stats().Misses, "queries,", cache.Stats().Hits, "hits")
	// Output: 3 queries, 3 hits
}

func ExampleNoCache() {
	db, cache := openBlog(cachedPosts)
	defer closeDB(db)

	for range 2 {
		db.First(&Post{}, 1)
		db.Scopes(cacheops.NoCache()).First(&Post{}, 1)
	}
	stats := cache.Stats()
	fmt.Println(stats.Misses, "miss,", stats.Hits, "hit,", stats.Bypasses[cacheops.Forbidden], "past the cache")
	// Output: 1 miss, 1 hit, 2 past the cache
}

func ExampleWithCache() {
	db, cache := openBlog(cacheops.Config{})
	defer closeDB(db)

	// For all that a request reads, preloads included.
	ctx := cacheops.WithCache(context.Background(), cacheops.TTL(time.Minute))
	for range 2 {
		db.WithContext(ctx).Preload("Tags").First(&Post{}, 1)
	}
	fmt.Println(cache.Stats().Misses, "queries,", cache.Stats().Hits, "hits")
	// Output: 2 queries, 2 hits
}

func ExampleDependsOn() {
	db, cache := openBlog(cacheops.Config{})
	defer closeDB(db)
	db.Exec("CREATE VIEW categories AS SELECT category_id, COUNT(*) AS posts FROM posts GROUP BY category_id")

	// What is behind a view is not known, so it must be said.
	scope := cacheops.Cache(cacheops.DependsOn(&Post{}))
	count := func() (n []int) {
		db.Scopes(scope).Table("categories").Where("category_id = ?", 1).Pluck("posts", &n)
		return n
	}
	fmt.Println(count(), count(), "from", cache.Stats().Misses, "query")
	db.Create(&Post{CategoryID: 1})
	fmt.Println(count(), "after a new post")
	// Output:
	// [3] [3] from 1 query
	// [4] after a new post
}

func ExamplePlugin_InvalidateRow() {
	db, cache := openBlog(cachedPosts)
	defer closeDB(db)
	title := func(id int) string {
		var post Post
		db.First(&post, id)
		return post.Title
	}
	fmt.Println(title(1), "and", title(2))

	conn, _ := db.DB() // what does not go through GORM is not seen
	_, _ = conn.Exec("UPDATE posts SET title = 'Changed' WHERE id = 1")
	if err := cache.InvalidateRow(context.Background(), &Post{ID: 1}); err != nil {
		log.Fatal(err)
	}
	fmt.Println(title(1), "and", title(2))
	fmt.Println(cache.Stats().Misses, "queries,", cache.Stats().Hits, "hit")
	// Output:
	// Post 1 and Post 2
	// Changed and Post 2
	// 3 queries, 1 hit
}

func ExamplePlugin_InvalidateWhere() {
	db, cache := openBlog(cachedPosts)
	defer closeDB(db)
	categories := func() {
		db.Find(&[]Post{}, "category_id = ?", 1)
		db.Find(&[]Post{}, "category_id = ?", 2)
	}
	categories()

	if err := cache.InvalidateWhere(context.Background(), &Post{}, "category_id = ?", 2); err != nil {
		log.Fatal(err)
	}
	categories()
	fmt.Println(cache.Stats().Dropped, "dropped,", cache.Stats().Hits, "kept")
	// Output: 1 dropped, 1 kept
}

func ExamplePlugin_InvalidateQuery() {
	db, cache := openBlog(cachedPosts)
	defer closeDB(db)
	query := func(tx *gorm.DB) *gorm.DB { return tx.Find(&[]Post{}, "category_id = ?", 1) }
	query(db)
	db.First(&Post{}, 1)

	if err := cache.InvalidateQuery(db, query); err != nil {
		log.Fatal(err)
	}
	query(db)
	db.First(&Post{}, 1)
	fmt.Println(cache.Stats().Misses, "queries,", cache.Stats().Hits, "hit")
	// Output: 3 queries, 1 hit
}

func ExamplePlugin_Explain() {
	db, cache := openBlog(cachedPosts)
	defer closeDB(db)
	query := func(tx *gorm.DB) *gorm.DB {
		return tx.Select("title").Find(&[]Post{}, "category_id = ?", 1)
	}
	query(db)
	db.Model(&Post{}).Where("id = ?", 3).UpdateColumn("title", "changed")

	found, err := cache.Explain(db, query)
	if err != nil {
		log.Fatal(err)
	}
	change, _, _ := strings.Cut(found.Dropped.Change.String(), ":")
	fmt.Println(found.Op, "on", found.Table, "for", found.TTL)
	fmt.Println("depends on", found.Dependency)
	fmt.Println("cached:", found.Cached)
	fmt.Println("dropped by:", change)

	found, err = cache.Explain(db, func(tx *gorm.DB) *gorm.DB { return tx.Find(&[]Author{}) })
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("authors:", found.Bypass)
	// Output:
	// Fetch on posts for 5m0s
	// depends on posts (category_id, deleted_at, title): {category_id = 1, deleted_at is null}
	// cached: false
	// dropped by: update posts (title)
	// authors: no profile or scope asks for it
}

func ExamplePlugin_Stats() {
	db, cache := openBlog(cachedPosts)
	defer closeDB(db)

	for range 3 {
		db.First(&Post{}, 1)
	}
	db.Delete(&Post{}, 1)
	db.First(&Post{}, 1)

	stats := cache.Stats()
	fmt.Println("hits:", stats.Hits, "misses:", stats.Misses, "fills:", stats.Fills)
	fmt.Println("changes:", stats.Changes, "dropped:", stats.Dropped, "entries:", stats.Entries)
	// Output:
	// hits: 2 misses: 2 fills: 2
	// changes: 1 dropped: 1 entries: 1
}

func ExamplePostpone() {
	db, cache := openBlog(cachedPosts)
	defer closeDB(db)
	list := func() { db.Find(&[]Post{}) }
	list()

	ctx, postponed := cacheops.Postpone(context.Background())
	for id := range 6 {
		db.WithContext(ctx).Model(&Post{}).Where("id = ?", id+1).Update("score", 5)
		list() // still cached, as it was
	}
	if err := postponed.Publish(ctx); err != nil {
		log.Fatal(err)
	}
	list()
	fmt.Println(cache.Stats().Hits, "hits,", cache.Stats().Misses, "queries")
	// Output: 6 hits, 2 queries
}

func ExampleEvents() {
	config := cachedPosts
	config.Events = cacheops.Events{
		Read: func(_ context.Context, read cacheops.ReadInfo) {
			fmt.Printf("read of %s, %s, hit: %t\n", read.Table, read.Op, read.Hit)
		},
		Change: func(_ context.Context, change cacheops.ChangeInfo) {
			fmt.Printf("%s of %s, %d row\n", change.Kind, change.Table, change.Rows)
		},
		Drop: func(_ context.Context, drop cacheops.DropInfo) {
			fmt.Printf("dropped a result on %s\n", drop.Table)
		},
	}
	db, _ := openBlog(config)
	defer closeDB(db)

	db.First(&Post{}, 1)
	db.First(&Post{}, 1)
	db.Model(&Post{}).Where("id = ?", 1).Update("title", "changed")
	db.First(&Post{}, 1)
	// Output:
	// read of posts, Get, hit: false
	// read of posts, Get, hit: true
	// update of posts, 1 row
	// dropped a result on posts
	// read of posts, Get, hit: false
}
