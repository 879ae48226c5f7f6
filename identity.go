package cacheops

import (
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cespare/xxhash/v2"
	"gorm.io/gorm"

	"github.com/seed92106438/cacheops/internal/track"
	"github.com/seed92106438/cacheops/internal/watch"
	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/region"
)

// unnamed numbers databases that have no name to tell them apart by.
var unnamed atomic.Int64

// identities remembers the number given to a pool, so that a pool that is
// registered twice stays one database.
var identities sync.Map // gorm.ConnPool -> string

// identity tells which database db leads to. One whose data source has no name
// that others could use is a database of its own for each pool. Among processes
// it cannot be told apart from theirs then, which is an error if a region is
// shared. So is a name that may be another database's on another machine, if a
// region is shared with that.
func (p *Plugin) identity(db *gorm.DB, dialect invalidation.Dialect, pool *track.Pool) (invalidation.Identity, error) {
	var id invalidation.Identity
	if name := dataSource(db.Dialector); name != "" {
		id = dialect.Identify(name)
	}
	switch {
	case p.config.Database != "":
		id.Database = p.config.Database
	case id.Database == "" && slices.ContainsFunc(p.resolved.distinct, region.Region.Shared):
		return id, fmt.Errorf("cacheops: %w: a region that processes share needs Config.Database for a %s database without a name", ErrConfig, db.Name())
	case id.Local && slices.ContainsFunc(p.resolved.distinct, isRemote):
		return id, fmt.Errorf("cacheops: %w: a region that machines share needs Config.Database for a database that is called %q on this one", ErrConfig, id.Database)
	case id.Database == "":
		name := fmt.Sprintf("%s#%d", db.Name(), unnamed.Add(1))
		actual, _ := identities.LoadOrStore(pool.Unwrap(), name)
		id.Database = actual.(string)
	}
	id.Session += " " + driverOf(pool) + " " + zoneDigest(time.Local)
	return id, nil
}

// isRemote reports whether processes of other machines may share the region. One that
// does not tell is taken for one of this machine.
func isRemote(r region.Region) bool {
	remote, ok := r.(interface{ Remote() bool })
	return ok && remote.Remote()
}

// driverOf names the driver under a pool, by its type. What two of them make of
// the same row need not be the same.
func driverOf(pool *track.Pool) string {
	db, err := pool.GetDBConn()
	if err != nil {
		return ""
	}
	d := db.Driver()
	for watched, ok := d.(*watch.Driver); ok; watched, ok = d.(*watch.Driver) {
		d = watched.Unwrap()
	}
	return fmt.Sprintf("%T", d)
}

// zoneDigest tells zones apart by what their clocks have shown and will show.
// Drivers take a time that was stored without a zone for one of the process's
// own, so what they give depends on where the process runs.
func zoneDigest(zone *time.Location) string {
	var clocks []byte
	for at := time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() < 2040; at = at.AddDate(0, 3, 0) {
		name, offset := at.In(zone).Zone()
		clocks = binary.AppendVarint(append(clocks, name...), int64(offset))
	}
	return fmt.Sprintf("%016x", xxhash.Sum64(clocks))
}
