package cacheops

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/seed92106438/cacheops/profiles"
	"github.com/seed92106438/cacheops/region"
)

// DefaultTTL is how long a result is kept if neither its scope, its context
// nor its profile says otherwise. It bounds the harm of writes that the
// plugin cannot see; what it can see needs no TTL.
const DefaultTTL = 5 * time.Minute

// DefaultUnseenCommit is the default of [Config.UnseenCommit].
const DefaultUnseenCommit = 30 * time.Second

// Config says what is cached, where, and for how long. The zero Config caches
// nothing by itself, lets [Cache] work on every query, and keeps results in a
// memory region of [region.DefaultMaxBytes].
type Config struct {
	// Profiles by table name or pattern. A query follows the profile of the
	// table that it is made on.
	Profiles profiles.Set

	// Regions by name. If there is none called [region.Default], a memory
	// region is made for it. The plugin does not close regions: one that has to
	// be is closed by whoever made it, when no plugin uses it any more.
	Regions region.Set

	// Events are called as things happen. See [Events].
	Events Events

	// Database is the identity of the database: results and changes are
	// shared between plugins that have the same identity and a common region.
	// If it is empty it is made from the dialect and the data source name; a
	// database without a name, such as SQLite's ":memory:", is then a
	// database of its own each time it is opened. Set it where two names lead
	// to one database, and leave it empty when one plugin serves several.
	//
	// Processes that share a region must agree on it: what one of them writes
	// concerns those that know the database by the same identity, and no others.
	// The same data source name is enough, unless it leads somewhere else from
	// each machine, as "localhost", a socket and the path of a file do. db.Use
	// fails if such a database is cached in a Redis of another address than that
	// of the machine itself, and if the data source does not tell the database's
	// name. Set Database there, to a name that is the same where the database is,
	// and where several names lead to one database.
	Database string

	// UnseenCommit is how long the rows of a write stay out of the cache when
	// the plugin cannot see when that write is committed: on a connection
	// taken with db.Connection, in a transaction begun past GORM, or in a
	// statement whose rows are still being read. It should exceed the longest
	// such transaction. Zero means [DefaultUnseenCommit].
	UnseenCommit time.Duration

	// ReplicaLag lets results be cached that are read from other pools than
	// the database's own, among which gorm.io/plugin/dbresolver chooses. It
	// declares that
	//
	//   - the pools of one group of sources and replicas hold the same rows and
	//     are set up alike, and
	//   - all of them show a commit after this time at the latest.
	//
	// A result is not stored as long as a replica may not show a change that
	// meets it. If ReplicaLag is zero, reads from other pools bypass the cache.
	// Writes are seen wherever they are sent.
	ReplicaLag time.Duration
}

// ErrConfig is what errors of a bad configuration wrap. db.Use returns them.
var ErrConfig = errors.New("bad configuration")

// defaults are the values a Config stands for, checked.
type defaults struct {
	regions      region.Set
	distinct     []region.Region // each once: one may have several names
	matcher      *profiles.Matcher
	unseenCommit time.Duration
	replicaLag   time.Duration
}

// resolve checks c and fills in what it leaves open. It does not change c.
func (c *Config) resolve() (*defaults, error) {
	d := &defaults{regions: region.Set{}, unseenCommit: c.UnseenCommit, replicaLag: c.ReplicaLag}
	switch {
	case c.UnseenCommit < 0:
		return nil, fmt.Errorf("cacheops: %w: UnseenCommit is negative", ErrConfig)
	case c.ReplicaLag < 0:
		return nil, fmt.Errorf("cacheops: %w: ReplicaLag is negative", ErrConfig)
	case c.UnseenCommit == 0:
		d.unseenCommit = DefaultUnseenCommit
	}
	for name, r := range c.Regions {
		if r == nil {
			return nil, fmt.Errorf("cacheops: %w: region %q is nil", ErrConfig, name)
		}
		d.regions[name] = r
	}
	if d.regions[region.Default] == nil {
		d.regions[region.Default] = region.Memory(region.MemoryOptions{})
	}
	if err := d.regions.Validate(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	for _, r := range d.regions {
		if !slices.Contains(d.distinct, r) {
			d.distinct = append(d.distinct, r)
		}
	}
	matcher, err := c.Profiles.Compile(func(name string) bool { return d.regions[name] != nil })
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	d.matcher = matcher
	return d, nil
}
