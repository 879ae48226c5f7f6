package region_test

import (
	"testing"
	"time"

	"github.com/seed92106438/cacheops/region"
	"github.com/seed92106438/cacheops/region/regiontest"
)

func TestMemoryConforms(t *testing.T) {
	for name, length := range map[string]int{"a journal": 0, "a short journal": 64} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			regiontest.Run(t, func(*testing.T) regiontest.Regions {
				return regiontest.Regions{
					Processes: []region.Region{region.Memory(region.MemoryOptions{MaxBytes: 16 << 20, JournalLength: length})},
					TooLarge:  4 << 20,
				}
			})
		})
	}
}

func TestSharedConforms(t *testing.T) {
	conform(t, func(*testing.T) store {
		const largest = 1 << 20
		lot := region.NewLot(lease, largest)
		return store{join: lot.Join, lose: lot.Lose, tooLarge: largest + 1}
	})
}

// Of the shared regions in these tests. A lease is longer than any of their
// processes ever stands still.
const (
	lease = time.Second
	bound = 20 * time.Millisecond
)

// store is where processes meet.
type store struct {
	join     func() region.Region // makes the region of one process more
	lose     func()
	tooLarge int
}

// levels are how a shared region is used: as it is, or behind memory.
var levels = map[string]struct {
	tier  func(region.Region) region.Region
	bound time.Duration
}{
	"alone":                {func(r region.Region) region.Region { return r }, 0},
	"tiered, linearizable": {tiered(region.Linearizable), 0},
	"tiered, bounded":      {tiered(region.Bounded(bound)), bound},
}

func tiered(level region.Level) func(region.Region) region.Region {
	return func(inner region.Region) region.Region {
		return region.Tiered(region.MemoryOptions{}, inner, region.TieredOptions{Level: level})
	}
}

// conform tests the regions of a store at each level.
func conform(t *testing.T, open func(*testing.T) store) {
	t.Parallel()
	for name, level := range levels {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			regiontest.Run(t, func(t *testing.T) regiontest.Regions {
				s := open(t)
				regions := regiontest.Regions{Bound: level.bound, Lose: s.lose, TooLarge: s.tooLarge}
				for range 3 {
					regions.Processes = append(regions.Processes, level.tier(s.join()))
				}
				return regions
			})
		})
	}
}
