package region

import (
	"cmp"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/seed92106438/cacheops/region/internal/redisstore"
	"github.com/seed92106438/cacheops/region/internal/wire"
)

// SharedOptions are what regions that processes share have in common. The zero
// value is a good start.
type SharedOptions struct {
	// Outage says what becomes of writes while the store is away. By default they go
	// on, see [Degrade].
	Outage Outage

	// Timeout bounds each call of the store. A query whose look-up takes longer goes
	// to the database. Zero means DefaultTimeout.
	Timeout time.Duration

	// Lease is how long a change that was announced stays pending after its writer
	// was last heard of, and for how long a journal that was begun anew is not
	// relied on. It must exceed any time for which a process is stopped (by the
	// collector, by its host), and be the same in all processes. Zero means
	// DefaultLease.
	Lease time.Duration

	// JournalLength is the number of committed changes that are kept of each table.
	// A result that nobody was served while more than these were made is given up.
	// Zero means DefaultSharedJournalLength.
	JournalLength int

	// CompressAbove is the size in bytes above which results are compressed. Zero
	// means never.
	CompressAbove int

	// Secret encrypts all that is stored, and shows what was tampered with, which
	// then is not used. It has 16 bytes or more, and all processes have the same.
	// Keys of values are digests; the names of tables can be read in the store all
	// the same.
	Secret []byte
}

// DefaultSharedJournalLength is the default of [SharedOptions.JournalLength].
const DefaultSharedJournalLength = 1024

// RedisOptions are the options of [Redis].
type RedisOptions struct {
	// Prefix of all keys. Regions that have it in common share what is stored. Empty
	// means "cacheops".
	Prefix string

	SharedOptions
}

// Redis returns a region in a Redis server, a Sentinel set or a Cluster, which all
// processes with the same prefix share. It works with Redis 6.2 and what is
// compatible with that: it is tested with 7.0, and was tried with Redis 8.0 and Valkey
// 9.1. Any key may be evicted or lost at any time, and servers may be restarted or
// replaced: what they knew before is not relied on. The client's user must be allowed
// to ask for INFO. A client of several servers that are no cluster (redis.Ring) is
// refused.
//
// A master that the others have given up on, but that some processes still reach, is
// not told from a good one. While that lasts, these processes are not told what
// others write. Sentinel and Cluster both allow it for seconds.
//
// The client should be made with ContextTimeoutEnabled. Otherwise each call takes a
// goroutine that ends in time, if it is a client of a cluster; and if it is one of a
// single server, or of Sentinel, the region makes calls by a client that it derives by
// WithTimeout, to which go-redis does not hand on the hooks, of tracing say.
//
// The processes must agree on what the database is called: by the same data source
// name, or by Config.Database.
//
// The region should be closed when it is done with; the client stays open. A wrong
// option is reported by [Set.Validate].
func Redis(client redis.UniversalClient, o RedisOptions) Region {
	length := cmp.Or(o.JournalLength, DefaultSharedJournalLength)
	store, err := redisstore.New(client, redisstore.Options{
		Prefix: o.Prefix, Length: length, Timeout: orDefault(o.Timeout, DefaultTimeout),
	})
	if err != nil {
		return newShared(sharing{backend: nowhere{}}, err)
	}
	return o.SharedOptions.region(sharing{backend: store, length: length})
}

// region makes a region of a store by the options.
func (o *SharedOptions) region(s sharing) Region {
	err := o.validate()
	codec, wrong := wire.New(wire.Options{CompressAbove: o.CompressAbove, Secret: o.Secret})
	if err == nil {
		err = wrong
	}
	s.codec, s.outage, s.lease, s.timeout = codec, o.Outage, o.Lease, o.Timeout
	return newShared(s, err)
}

func (o *SharedOptions) validate() error {
	switch {
	case o.Timeout < 0:
		return fmt.Errorf("the option Timeout is %v, but must not be negative", o.Timeout)
	case o.Lease < 0:
		return fmt.Errorf("the option Lease is %v, but must not be negative", o.Lease)
	case o.JournalLength < 0:
		return fmt.Errorf("the option JournalLength is %d, but must not be negative", o.JournalLength)
	case o.Outage != Degrade && o.Outage != Strict:
		return fmt.Errorf("there is no Outage %d", o.Outage)
	}
	return nil
}
