// Package subject has what is compared: this project's regions, its peers, set up as
// their authors say, and GORM without any of them.
package subject

import (
	"context"

	"github.com/redis/go-redis/v9"
	"gorm.io/gorm"

	"github.com/seed92106438/cacheops/bench/shop"
)

// Ground is what a subject may use.
type Ground struct {
	Database *shop.Database
	Dir      string      // for files
	Redis    *shop.Redis // nil if there is none
}

// Subject is one of those that are compared.
type Subject struct {
	// Name is made of letters, digits and hyphens.
	Name string

	// Own is set for this project's, whose answers must be right.
	Own bool

	// Shared is set if it keeps results in a Redis server.
	Shared bool

	// Use adds it to a handle. It returns the handle to read and write with, and what
	// ends it; nil stands for nothing to end.
	Use func(*gorm.DB, Ground) (*gorm.DB, func() error, error)
}

// Names of subjects that others are compared with.
const (
	Uncached = "uncached"
	DryRun   = "dry-run"
	Memory   = "cacheops-memory"
)

// All are the subjects that work as plugins of GORM, and GORM itself.
func All() []Subject {
	all := []Subject{{Name: Uncached, Use: plain}}
	all = append(all, own()...)
	all = append(all, peers()...)
	return all
}

// peers are other plugins for GORM.
func peers() []Subject {
	return []Subject{
		{Name: "caches-memory", Use: cachesMemory},
		{Name: "asjdf-memory", Use: asjdfMemory},
		{Name: "pacific73-memory", Use: pacific73Memory},
		{Name: "grc-memory", Use: grcMemory},
		{Name: "caches-redis", Shared: true, Use: cachesRedis},
		{Name: "asjdf-redis", Shared: true, Use: asjdfRedis},
		{Name: "pacific73-redis", Shared: true, Use: pacific73Redis},
		{Name: "grc-redis", Shared: true, Use: grcRedis},
	}
}

func plain(db *gorm.DB, _ Ground) (*gorm.DB, func() error, error) { return db, nil, nil }

// plugged adds a plugin that needs nothing more.
func plugged(db *gorm.DB, plugin gorm.Plugin, end func() error) (*gorm.DB, func() error, error) {
	return db, end, db.Use(plugin)
}

// client returns a client of a database of the Redis server that nobody else uses.
func client(g Ground) *redis.Client {
	return redis.NewClient(&redis.Options{Addr: g.Redis.Addr, DB: g.Redis.Take(), ContextTimeoutEnabled: true})
}

// in returns the handle with a value in its context.
func in(db *gorm.DB, key, value any) *gorm.DB {
	return db.WithContext(context.WithValue(db.Statement.Context, key, value))
}
