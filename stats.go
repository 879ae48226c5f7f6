package cacheops

import (
	"maps"
	"sync"
	"sync/atomic"

	"github.com/seed92106438/cacheops/region"
)

// Stats is what the plugin has done since it was made.
type Stats struct {
	Hits    uint64 // reads served from the cache
	Shared  uint64 // of these, served by the query of a concurrent miss
	Misses  uint64 // reads that were to be cached and went to the database
	Fills   uint64 // results stored
	Refused uint64 // results not stored: a change met them, or they were too large
	Dropped uint64 // results found to be untrue at a look-up

	// Bypasses counts, by reason, reads that were to be cached and could not
	// be.
	Bypasses map[Bypass]uint64

	Changes uint64 // published as committed
	Errors  uint64 // told to Events.Error

	// Entries and Bytes are sums over the plugin's regions, which may hold
	// other plugins' results too; Regions has them by name.
	Entries int64
	Bytes   int64
	Regions map[string]region.Stats
}

// counters are the running figures behind Stats.
type counters struct {
	hits, shared, misses, fills, refused, dropped, changes, errors atomic.Uint64

	mu       sync.Mutex
	bypasses map[Bypass]uint64
}

func (c *counters) bypass(reason Bypass) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.bypasses == nil {
		c.bypasses = map[Bypass]uint64{}
	}
	c.bypasses[reason]++
}

// Stats returns a snapshot. Its figures are read one after the other, so they
// need not agree with each other to the unit while queries run.
func (p *Plugin) Stats() Stats {
	c := &p.counters
	s := Stats{
		Hits: c.hits.Load(), Shared: c.shared.Load(), Misses: c.misses.Load(),
		Fills: c.fills.Load(), Refused: c.refused.Load(), Dropped: c.dropped.Load(),
		Changes: c.changes.Load(), Errors: c.errors.Load(),
		Regions: map[string]region.Stats{},
	}
	c.mu.Lock()
	s.Bypasses = maps.Clone(c.bypasses)
	c.mu.Unlock()
	for name, r := range p.regions() {
		s.Regions[name] = r.Stats()
	}
	for _, r := range p.distinctRegions() {
		stats := r.Stats()
		s.Entries += stats.Entries
		s.Bytes += stats.Bytes
	}
	return s
}
