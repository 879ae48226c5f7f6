package region_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/seed92106438/cacheops/region"
)

func TestSQLiteConforms(t *testing.T) {
	for name, o := range map[string]region.SQLiteOptions{
		"a file": {},
		"shards": {Shards: 2},
	} {
		t.Run(name, func(t *testing.T) {
			conform(t, func(t *testing.T) store {
				o := o
				o.MaxBytes = int64(max(o.Shards, 1)) * 16 << 20
				o.SharedOptions = region.SharedOptions{Lease: lease, Timeout: 5 * time.Second} // machines of tests are slow
				path := filepath.Join(t.TempDir(), "cache")
				return store{
					lose:     func() { loseFile(t, path, o) },
					join:     func() region.Region { return region.SQLite(path, o) },
					tooLarge: 4<<20 + 1,
				}
			})
		})
	}
}
