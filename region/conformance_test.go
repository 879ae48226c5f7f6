package region_test

import (
	"testing"
	"time"

	"github.com/seed92106438/cacheops/region"
	"github.com/seed92106438/cacheops/region/regiontest"
)

func TestMemoryConforms(t *testing.T) {
	regiontest.Run(t, func(*testing.T) regiontest.Regions {
		return regiontest.Regions{
			Processes: []region.Region{region.Memory(region.MemoryOptions{MaxBytes: 16 << 20})},
			TooLarge:  4 << 20,
		}
	})
}

func TestSharedConforms(t *testing.T) {
	t.Parallel()
	regiontest.Run(t, func(*testing.T) regiontest.Regions {
		lot := region.NewLot(3, lease, largest)
		return regiontest.Regions{Processes: lot.Regions, TooLarge: largest + 1, Lose: lot.Lose}
	})
}

func TestTieredConforms(t *testing.T) {
	const bound = 20 * time.Millisecond
	for name, test := range map[string]struct {
		level region.Level
		bound time.Duration
	}{
		"linearizable": {region.Linearizable, 0},
		"bounded":      {region.Bounded(bound), bound},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			regiontest.Run(t, func(*testing.T) regiontest.Regions {
				lot := region.NewLot(3, lease, largest)
				for i, inner := range lot.Regions {
					lot.Regions[i] = region.Tiered(region.MemoryOptions{}, inner, region.TieredOptions{Level: test.level})
				}
				return regiontest.Regions{Processes: lot.Regions, Bound: test.bound, TooLarge: largest + 1, Lose: lot.Lose}
			})
		})
	}
}

// Of the regions in these tests. A lease is longer than any of their processes ever
// stands still.
const (
	lease   = time.Second
	largest = 1 << 20
)
