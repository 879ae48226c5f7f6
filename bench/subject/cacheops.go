package subject

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops"
	"github.com/seed92106438/cacheops/profiles"
	"github.com/seed92106438/cacheops/region"
)

// lease is shorter than the default, since nothing is kept in a shared region before
// it has been seen for that long.
const lease = time.Second

// roomy holds all that any case stores.
const roomy = 8 << 30

// NoImages is this project with a profile that reads no row before it is changed.
var NoImages = Subject{Name: "cacheops-memory-no-images", Own: true, Use: withProfile(profiles.Profile{Ops: profiles.All, TTL: time.Hour, NoImages: true})}

var everything = profiles.Profile{Ops: profiles.All, TTL: time.Hour}

// own are this project's regions.
func own() []Subject {
	return []Subject{
		{Name: Memory, Own: true, Use: withProfile(everything)},
		{Name: "cacheops-sqlite", Own: true, Use: inRegion(sqliteRegion)},
		{Name: "cacheops-redis", Own: true, Shared: true, Use: inRegion(redisRegion)},
		{Name: "cacheops-tiered", Own: true, Shared: true, Use: inRegion(func(g Ground) (region.Region, func() error, error) {
			return tieredRegion(g, region.Linearizable)
		})},
		{Name: "cacheops-tiered-bounded", Own: true, Shared: true, Use: inRegion(func(g Ground) (region.Region, func() error, error) {
			return tieredRegion(g, region.Bounded(100*time.Millisecond))
		})},
	}
}

// Plugin returns the plugin of a handle, or nil if that is not this project's.
func Plugin(db *gorm.DB) *cacheops.Plugin {
	plugin, _ := db.Plugins[cacheops.Name].(*cacheops.Plugin)
	return plugin
}

func withProfile(profile profiles.Profile) func(*gorm.DB, Ground) (*gorm.DB, func() error, error) {
	return func(db *gorm.DB, g Ground) (*gorm.DB, func() error, error) {
		return useCacheops(db, g, profile, region.Memory(region.MemoryOptions{MaxBytes: roomy}), nil)
	}
}

func inRegion(open func(Ground) (region.Region, func() error, error)) func(*gorm.DB, Ground) (*gorm.DB, func() error, error) {
	return func(db *gorm.DB, g Ground) (*gorm.DB, func() error, error) {
		r, end, err := open(g)
		if err != nil {
			return nil, nil, err
		}
		return useCacheops(db, g, everything, r, end)
	}
}

func useCacheops(db *gorm.DB, g Ground, profile profiles.Profile, r region.Region, end func() error) (*gorm.DB, func() error, error) {
	return plugged(db, cacheops.New(cacheops.Config{
		Database: g.Database.Name,
		Profiles: profiles.Set{"*": profile},
		Regions:  region.Set{region.Default: r},
	}), end)
}

func sqliteRegion(g Ground) (region.Region, func() error, error) {
	dir, err := os.MkdirTemp(g.Dir, "region-")
	if err != nil {
		return nil, nil, err
	}
	r := region.SQLite(filepath.Join(dir, "region.db"), region.SQLiteOptions{
		MaxBytes: roomy, SharedOptions: region.SharedOptions{Lease: lease},
	})
	return r, r.Close, nil
}

func redisRegion(g Ground) (region.Region, func() error, error) {
	c := client(g)
	r := region.Redis(c, region.RedisOptions{SharedOptions: region.SharedOptions{Lease: lease}})
	return r, closing(r, c), nil
}

func tieredRegion(g Ground, level region.Level) (region.Region, func() error, error) {
	c := client(g)
	inner := region.Redis(c, region.RedisOptions{SharedOptions: region.SharedOptions{Lease: lease}})
	r := region.Tiered(region.MemoryOptions{MaxBytes: roomy}, inner, region.TieredOptions{Level: level})
	return r, closing(r, c), nil
}

// closing closes a region, and then its client.
func closing(r region.Region, client io.Closer) func() error {
	return func() error { return errors.Join(r.(io.Closer).Close(), client.Close()) }
}
