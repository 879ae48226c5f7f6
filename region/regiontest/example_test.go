package regiontest_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/seed92106438/cacheops/querykey"
	"github.com/seed92106438/cacheops/region"
	"github.com/seed92106438/cacheops/region/regiontest"
)

// counting is a region of one's own: it counts what it serves.
type counting struct {
	region.Region
	hits atomic.Int64
}

// Get implements [region.Region].
func (c *counting) Get(ctx context.Context, key querykey.Key, q region.Query) (*region.Entry, region.Miss) {
	e, miss := c.Region.Get(ctx, key, q)
	if e != nil {
		c.hits.Add(1)
	}
	return e, miss
}

// openCounting makes what is tested.
func openCounting(*testing.T) regiontest.Regions {
	mine := &counting{Region: region.Memory(region.MemoryOptions{})}
	return regiontest.Regions{
		Processes: []region.Region{mine}, // it lives in the memory of one
		TooLarge:  region.DefaultMaxBytes/4 + 1,
	}
}

func ExampleRun() {
	var t *testing.T // that of the test of your region
	_ = func() { regiontest.Run(t, openCounting) }
}
