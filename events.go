package cacheops

import (
	"context"
	"time"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/profiles"
)

// Events are functions that are told what the plugin does; nil ones are not
// called. They are called synchronously, on the goroutine of the query or
// write (or on one of the plugin's, where no caller waits: when
// [Config.UnseenCommit] is over, for a flight whose read has given up, or for the
// store of a shared region), so
// they must be fast, must be safe for concurrent use, and must not use the
// database or the plugin. The structs may get further fields.
type Events struct {
	// Read is told of every read that GORM's callbacks for queries and rows serve.
	Read func(context.Context, ReadInfo)
	// Change is told of every change when it is settled as committed.
	Change func(context.Context, ChangeInfo)
	// Drop is told when a look-up finds a result that a change made untrue.
	Drop func(context.Context, DropInfo)
	// Error is told of errors that were not the caller's to see: whatever
	// goes wrong in caching, the query itself is served by the database.
	Error func(context.Context, ErrorInfo)
}

// ReadInfo describes one read.
type ReadInfo struct {
	Table    string
	Op       profiles.Ops
	Region   string        // empty if the read was not to be cached
	Hit      bool          // served from the cache, or by another read's query
	Age      time.Duration // of the result, on a hit
	Duration time.Duration // of the look-up and, unless it hit, the query
	Bypass   Bypass        // why the cache had no part in it, or empty
}

// ChangeInfo describes one change.
type ChangeInfo struct {
	Table string // or "*" for every table
	Kind  invalidation.ChangeKind
	Rows  int64 // touched, -1 if not known
}

// DropInfo describes a result found to be untrue.
type DropInfo struct {
	Table  string // that the query was made on
	Region string
	Change invalidation.Change // zero if the journal no longer had it
}

// ErrorInfo describes an error.
type ErrorInfo struct {
	Table string
	Err   error
}

// Bypass says why a read went to the database without the cache. It is a
// short phrase for people and counters; [Explanation.Bypass] may also be one
// of the analyser's.
type Bypass string

// The bypasses decided before the SQL is looked at.
const (
	NotAsked      Bypass = "no profile or scope asks for it"
	Forbidden     Bypass = "NoCache"
	NeverCached   Bypass = "profile says Never"
	Disabled      Bypass = "caching is disabled"
	InTransaction Bypass = "in a transaction"
	ForeignPool   Bypass = "connection is not tracked"
	OtherPool     Bypass = "not the primary database"
	ManualBegin   Bypass = "BEGIN was sent as text"
	// SessionChanged: a statement such as SET search_path has changed what
	// names mean on some connection of the pool.
	SessionChanged Bypass = "session was changed"
	Locking        Bypass = "locking clause"
	FirstOrCreate  Bypass = "FirstOrCreate or FirstOrInit"
	ContextDone    Bypass = "context is done"
	NoSuchRegion   Bypass = "no such region"
	BadArgument    Bypass = "argument has no stored form"
	// TimeArgument: an argument such as 'now' may stand for another time later.
	TimeArgument Bypass = "argument may mean the present"
	BadDest      Bypass = "destination cannot be copied"
	PresetDest   Bypass = "destination is not empty"
	// Unscannable: rows of a shared region, scanned into the destination, gave an
	// error, which the database is asked for.
	Unscannable Bypass = "stored rows cannot be scanned"
	// RegionAway: the store of a shared region does not answer, or cannot be
	// trusted yet.
	RegionAway   Bypass = "region is away"
	NoTable      Bypass = "reads no table"
	UnknownTable Bypass = "not known to be a table"
	NoCatalogue  Bypass = "catalogue cannot be read"
)
