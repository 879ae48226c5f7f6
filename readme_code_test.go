package cacheops_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/redis/go-redis/v9"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"

	"github.com/seed92106438/cacheops"
	"github.com/seed92106438/cacheops/profiles"
	"github.com/seed92106438/cacheops/region"
)

// This file holds the README's code, so that it is compiled. TestReadme
// compares the two.

type User struct {
	ID   uint
	Name string
	Team int
}

func Example_readme() {
	db, err := gorm.Open(sqlite.Open("file:shop?mode=memory&cache=shared"), &gorm.Config{})
	if err != nil {
		log.Fatal(err)
	}
	cache := cacheops.New(cacheops.Config{Profiles: profiles.Set{
		"users": {Ops: profiles.Get, TTL: 15 * time.Minute}, // First, Take, Last
		"*":     {TTL: time.Hour},                           // where a query asks
	}})
	if err := errors.Join(db.Use(cache), db.AutoMigrate(&User{})); err != nil {
		log.Fatal(err)
	}
	db.Create(&[]User{{Name: "Ada", Team: 1}, {Name: "Grace", Team: 2}})

	db.First(&User{}, 1)                                       // one query
	db.First(&User{}, 1)                                       // none
	db.First(&User{}, 2)                                       // one: another row
	db.Model(&User{ID: 1}).Update("name", "Ada Lovelace")      // drops what it touches
	db.First(&User{}, 1)                                       // one, fresh
	db.First(&User{}, 2)                                       // none: not touched
	db.Scopes(cacheops.Cache()).Find(&[]User{}, "team = ?", 2) // one, cached by hand

	stats := cache.Stats()
	fmt.Println(stats.Hits, "hits,", stats.Misses, "misses")
	// Output: 2 hits, 4 misses
}

func readmeProfiles() cacheops.Config {
	config := cacheops.Config{
		Profiles: profiles.Set{
			"users":                {Ops: profiles.Get | profiles.Count, TTL: 15 * time.Minute},
			profiles.Table(Post{}): {Ops: profiles.All, TTL: time.Hour, Jitter: 0.1, Ignore: []string{"views"}},
			"shop_*":               {Ops: profiles.All, Region: "hot", MaxRows: 1000},
			"audit_log":            {Never: true},    // not even by hand
			"*":                    {TTL: time.Hour}, // by hand only
		},
		Regions: region.Set{
			"hot": region.Memory(region.MemoryOptions{MaxBytes: 256 << 20}),
		},
	}
	return config
}

func readmeScopes(ctx context.Context, db *gorm.DB, posts []Post) ([]Post, error) {
	soon := cacheops.Cache(cacheops.TTL(time.Minute))
	db.Scopes(soon).Find(&posts, "category_id = ?", 3)
	db.Clauses(soon).Preload("Tags").Find(&posts, "category_id = ?", 3) // and its preloads
	db.Clauses(cacheops.NoCache()).Find(&posts)
	latest, err := gorm.G[Post](db, cacheops.Cache()).Where("category_id = ?", 3).Find(ctx)

	db.Preload("Tags", func(tx *gorm.DB) *gorm.DB { return tx.Scopes(cacheops.Cache()) }).Find(&posts)
	return latest, err
}

func readmeContexts(ctx context.Context, db *gorm.DB, posts []Post) {
	cached := cacheops.WithCache(ctx, cacheops.TTL(10*time.Second))
	db.WithContext(cached).Find(&posts)
	fresh := cacheops.WithoutCache(ctx)
	db.WithContext(fresh).Find(&posts)
}

func readmeInvalidate(ctx context.Context, db *gorm.DB, cache *cacheops.Plugin, post Post) (err error) {
	err = errors.Join(
		cache.InvalidateRow(ctx, &post),                           // as if that row had changed
		cache.InvalidateWhere(ctx, &Post{}, "category_id = ?", 3), // as if all these had
		cache.InvalidateModel(ctx, &Post{}),                       // or "posts"
		cache.InvalidateQuery(db, func(tx *gorm.DB) *gorm.DB { return tx.First(&Post{}, 42) }),
		cache.InvalidateAll(ctx), // of this plugin's databases, nobody else's
	)
	return err
}

func readmeWatched(cache *cacheops.Plugin, dsn string) error {
	pool, err := cache.Open("sqlite3", dsn) // or sql.OpenDB(cache.Connector(connector))
	if err != nil {
		return err
	}
	db, err := gorm.Open(sqlite.New(sqlite.Config{DSN: dsn, Conn: pool}))
	if err != nil {
		return err
	}
	err = db.Use(cache)
	return errors.Join(err, pool.Close())
}

func readmeWrote(ctx context.Context, cache *cacheops.Plugin) (err error) {
	err = errors.Join(
		cache.Wrote(ctx, &Post{}, "tags"),                                     // any rows, and what follows by foreign keys
		cache.WroteSQL(ctx, "UPDATE posts SET title = 'Title' WHERE id = 42"), // just this row
	)
	return err
}

func readmePostpone(ctx context.Context, db *gorm.DB, posts []Post) (err error) {
	batch, postponed := cacheops.Postpone(ctx)
	for i := range posts {
		db.WithContext(batch).Save(&posts[i]) // readers go on with what is cached
	}
	err = postponed.Publish(ctx) // now they do not
	return err
}

func readmeExplain(db *gorm.DB, cache *cacheops.Plugin) {
	explanation, err := cache.Explain(db, func(tx *gorm.DB) *gorm.DB { return tx.First(&Post{}, 42) })
	if err == nil {
		fmt.Println(explanation) // cached or why not, key, region, TTL, what it depends on, what dropped it
	}
	stats := cache.Stats() // hits, misses, fills, drops, bypasses by reason, entries, bytes
	fmt.Println(stats.Hits, stats.Misses, stats.Bypasses[cacheops.InTransaction])
}

func readmeEvents() cacheops.Config {
	config := cacheops.Config{Events: cacheops.Events{
		Read: func(_ context.Context, r cacheops.ReadInfo) {
			log.Println(r.Table, r.Op, "hit:", r.Hit, "bypass:", r.Bypass, r.Duration)
		},
		Error: func(_ context.Context, e cacheops.ErrorInfo) { log.Println(e.Table, e.Err) },
	}}
	return config
}

func readmeRegions() (_, _ *cacheops.Plugin) {
	shared := region.Memory(region.MemoryOptions{MaxBytes: 128 << 20})
	orders := cacheops.New(cacheops.Config{Regions: region.Set{region.Default: shared}})
	reports := cacheops.New(cacheops.Config{Regions: region.Set{region.Default: shared}})
	return orders, reports
}

func readmeReplicas() cacheops.Config {
	config := cacheops.Config{ReplicaLag: 5 * time.Second}
	return config
}

func _() (cacheops.Config, region.Region) {
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:6379"}) // or Sentinel, or a Cluster
	shared := region.Redis(client, region.RedisOptions{Prefix: "shop"})
	config := cacheops.Config{
		Regions: region.Set{region.Default: shared},
		// All processes must call the database the same. The data source name will do if it is the same.
		Database: "shop",
	}
	return config, shared
}

func _() []redis.UniversalClient {
	byURL, err := redis.ParseURL("unix:///run/redis.sock?db=1") // or redis:// or rediss://, for TLS
	if err != nil {
		log.Fatal(err)
	}
	single := redis.NewClient(byURL)
	sentinel := redis.NewFailoverClient(&redis.FailoverOptions{MasterName: "cache", SentinelAddrs: []string{"10.0.0.1:26379", "10.0.0.2:26379"}})
	cluster := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{"10.0.0.1:6379", "10.0.0.2:6379", "10.0.0.3:6379"}})
	return []redis.UniversalClient{single, sentinel, cluster}
}

func _(shared region.Region) (one, other region.Region) {
	file := region.SQLite("shop.cache", region.SQLiteOptions{MaxBytes: 256 << 20}) // needs a driver for SQLite
	tiered := region.Tiered(region.MemoryOptions{}, shared, region.TieredOptions{Level: region.Bounded(100 * time.Millisecond)})
	return file, tiered
}

func _(ctx context.Context, cache *cacheops.Plugin, db *gorm.DB) (User, error) {
	user, err := cacheops.Get[User](ctx, cache, db, 42)
	return user, err
}

func _(ctx context.Context, cache *cacheops.Plugin, db *gorm.DB) (map[int]User, error) {
	users, err := cacheops.GetMany[User](ctx, cache, db, 42, 43, 44)
	return users, err
}
