package region_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/seed92106438/cacheops/region"
)

// Values are encoded in memory too, so that what is done to one changes no other.
func BenchmarkValues(b *testing.B) {
	for _, r := range []struct {
		name   string
		region region.Region
	}{
		{"memory", region.Memory(region.MemoryOptions{})},
		{"SQLite", sqlite(b, filepath.Join(b.TempDir(), "cache"), region.SQLiteOptions{})},
	} {
		v := region.ValuesOf[fruit](r.region, "fruit")
		apple := fruit{"apple", []int{1, 2, 3}}
		b.Run(r.name+" Set", func(b *testing.B) {
			for b.Loop() {
				if err := v.Set(b.Context(), "k", apple, time.Hour); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(r.name+" Get", func(b *testing.B) {
			for b.Loop() {
				if _, err := v.Get(b.Context(), "k"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
