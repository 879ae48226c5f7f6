package regiontest_test

import (
	"context"
	"encoding/binary"
	"slices"
	"sync"
	"time"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/querykey"
	"github.com/seed92106438/cacheops/region"
)

// fault is something that a region may do wrong, with the test that finds it.
type fault struct {
	name  string
	found string
	have  func(*faulty)
}

func (f *fault) regions(healthy region.Region) []region.Region {
	if f.have == nil {
		return []region.Region{healthy, region.Memory(region.MemoryOptions{})}
	}
	sick := newFaulty(healthy)
	f.have(sick)
	if sick.lock != nil {
		return []region.Region{sick, sick}
	}
	return []region.Region{sick}
}

var faults = []fault{
	{"serves under a pending change", "One process/A pending change blocks serving", serves(region.Blocked)},
	{"serves what a change has made untrue", "One process/A committed change drops what it meets, and nothing else", serves(region.Dead)},
	{"forgets the stamp", "One process/A change during the query forbids serving its result", forgetsStamp},
	{"stores what a change has met", "One process/A change during the query forbids serving its result", storesRefused},
	{"gives stamps under a pending change", "One process/A pending change blocks stamping", stampsAlways},
	{"takes aborts for commits", "One process/An abort costs no one a result", commitsAborted},
	{"takes commits for aborts", "One process/A read before the announcement is served", abortsCommitted},
	{"does not narrow", "One process/Committed changes take the place of those announced", commitsAnnounced},
	{"forgets the announcement of what was narrowed", "One process/A pending change blocks serving", announcesLate},
	{"forgets all changes but the first", "One process/A transaction over several tables is announced and settled as one", announcesFirst},
	{"lets the last outcome stand", "One process/The first outcome stands", settlesAgain},
	{"takes all databases for one", "One process/Databases are apart", unitesDatabases},
	{"takes redefinitions for nothing", "One process/A committed change drops what it meets, and nothing else", ignores(invalidation.Redefinition)},
	{"does not know sides", "One process/A change drops what looks at its side", ignoresSides},
	{"cuts long lists", "One process/A list of ten thousand values is dropped by those in it", cutsParts},
	{"takes all to be fresh", "One process/Whoever shares a query's result asks whether it is fresh", alwaysFresh},
	{"fills from a replica that lags", "One process/A replica that lags does not fill", ignoresLag},
	{"gives up outcomes whose context has ended", "One process/An outcome is told though its context has ended", heedsContext},
	{"compares hashes", "A process and itself/Keys are compared in full", comparesHashes},
	{"keeps for ever", "A process and itself/A result whose time to live is over is not served", keepsForEver},
	{"keeps what is deleted", "A process and itself/What is deleted is gone, and nothing else", func(f *faulty) {
		f.remove = func(context.Context, querykey.Key) error { return nil }
	}},
	{"forgets how entries ended", "A process and itself/An end is remembered", func(f *faulty) {
		f.dropped = func(querykey.Key) (region.Drop, bool) { return region.Drop{}, false }
	}},
	{"watches nothing", "A process and itself/Columns that a result restricts are watched", func(f *faulty) {
		f.watches = func() bool { return false }
	}},
	{"changes what was served", "A process and itself/An entry that was served does not change", clearsDeleted},
	{"keeps the first result", "A process and itself/The last result that was put is served", keepsFirst},
	{"stores what is too large", "A process and itself/A result that is too large is refused", storesAll},
	{"withdraws before it appends", "Stress/No read is served what is older than its start", withdrawsFirst},
	{"leaves processes to themselves", "A process that reads what another writes/A result is absent, is stored, and is served", nil},
	{"has locks for all", oneLock, locks(locksForNoTime)},
	{"lets no lock end", oneLock, locks(locksForGood)},
	{"locks what the rows are put into", oneLock, locks(locksDestinations)},
	{"locks all results at once", oneLock, locks(locksAll)},
	{"gives back the locks of others", oneLock, locks(givesBackOthers)},
	{"gives no lock back", oneLock, locks(givesNothingBack)},
}

const oneLock = "A process and another/One process at a time has the lock of a result"

// serves serves in spite of a cause.
func serves(cause region.Cause) func(*faulty) {
	return func(f *faulty) {
		f.get = func(ctx context.Context, key querykey.Key) (*region.Entry, region.Miss) {
			e, miss := f.Region.Get(ctx, key, nil)
			if e == nil && miss.Cause == cause {
				return f.known(key), region.Miss{}
			}
			return e, miss
		}
	}
}

func forgetsStamp(f *faulty) {
	f.put = func(ctx context.Context, e *region.Entry) bool {
		var ok bool
		e.Stamp, ok = f.Region.Stamp(ctx, e.Dependency, 0)
		return ok && f.Region.Put(ctx, e)
	}
}

// storesRefused keeps what Put refuses, and serves it if nothing else is there.
func storesRefused(f *faulty) {
	var refused sync.Map // entries by the text of their keys
	f.put = func(ctx context.Context, e *region.Entry) bool {
		if !f.Region.Put(ctx, e) {
			refused.Store(string(e.Key.Text), e)
		}
		return true
	}
	f.get = func(ctx context.Context, key querykey.Key) (*region.Entry, region.Miss) {
		e, miss := f.Region.Get(ctx, key, nil)
		if there, ok := refused.Load(string(key.Text)); ok && e == nil && miss.Cause == region.Absent {
			return there.(*region.Entry), region.Miss{}
		}
		return e, miss
	}
}

func stampsAlways(f *faulty) {
	f.stamp = func(ctx context.Context, dep *invalidation.Dependency, lag time.Duration) (region.Stamp, bool) {
		bare := &invalidation.Dependency{}
		for i := range dep.Tables { // no row counts
			bare.Tables = append(bare.Tables, invalidation.TableDependency{Table: dep.Tables[i].Table})
		}
		return f.Region.Stamp(ctx, bare, lag)
	}
	f.put = func(ctx context.Context, e *region.Entry) bool {
		f.Region.Put(ctx, e)
		return true
	}
}

// depends alters the parts of what is put.
func (f *faulty) depends(alter func(*invalidation.Part)) {
	f.put = func(ctx context.Context, e *region.Entry) bool {
		dep := &invalidation.Dependency{Tables: slices.Clone(e.Dependency.Tables)}
		for i := range dep.Tables {
			dep.Tables[i].Parts = slices.Clone(dep.Tables[i].Parts)
			for j := range dep.Tables[i].Parts {
				alter(&dep.Tables[i].Parts[j])
			}
		}
		e.Dependency = dep
		return f.Region.Put(ctx, e)
	}
}

func ignoresSides(f *faulty) {
	f.depends(func(p *invalidation.Part) { p.Side = invalidation.Either })
}

// cutsParts takes a list of many values for one of none.
func cutsParts(f *faulty) {
	f.depends(func(p *invalidation.Part) {
		for _, box := range p.Boxes {
			for _, term := range box {
				if points, _ := term.Set.Points(); len(points) > 1000 {
					p.Boxes = nil
				}
			}
		}
	})
}

func alwaysFresh(f *faulty) {
	f.fresh = func(context.Context, *region.Entry) bool { return true }
}

func ignoresLag(f *faulty) {
	f.stamp = func(ctx context.Context, dep *invalidation.Dependency, _ time.Duration) (region.Stamp, bool) {
		return f.Region.Stamp(ctx, dep, 0)
	}
}

func comparesHashes(f *faulty) {
	short := func(key querykey.Key) querykey.Key {
		key.Text = binary.BigEndian.AppendUint64(nil, key.Hash)
		return key
	}
	f.get = func(ctx context.Context, key querykey.Key) (*region.Entry, region.Miss) {
		return f.Region.Get(ctx, short(key), nil)
	}
	f.put = func(ctx context.Context, e *region.Entry) bool {
		e.Key = short(e.Key)
		return f.Region.Put(ctx, e)
	}
}

func keepsForEver(f *faulty) {
	f.put = func(ctx context.Context, e *region.Entry) bool {
		e.TTL = 0
		return f.Region.Put(ctx, e)
	}
}

func clearsDeleted(f *faulty) {
	f.remove = func(ctx context.Context, key querykey.Key) error {
		err := f.Region.Delete(ctx, key)
		if e := f.known(key); e != nil {
			e.Value = nil
		}
		return err
	}
	f.get = func(ctx context.Context, key querykey.Key) (*region.Entry, region.Miss) {
		e, miss := f.Region.Get(ctx, key, nil)
		if e != nil {
			e.Size++
		}
		return e, miss
	}
}

func keepsFirst(f *faulty) {
	f.put = func(ctx context.Context, e *region.Entry) bool {
		if there, _ := f.Region.Get(ctx, e.Key, nil); there != nil {
			return true
		}
		return f.Region.Put(ctx, e)
	}
}

func storesAll(f *faulty) {
	f.put = func(ctx context.Context, e *region.Entry) bool {
		e.Size = min(e.Size, 1)
		return f.Region.Put(ctx, e)
	}
}
