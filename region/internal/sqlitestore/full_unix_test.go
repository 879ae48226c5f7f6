//go:build unix

package sqlitestore

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/seed92106438/cacheops/region/internal/backend"
)

// When nothing more can be written that is an error, and what was there is still
// there for others, who can write more.
func TestFullDisk(t *testing.T) {
	for _, o := range []Options{{}, {Rollback: true}} {
		t.Run(fmt.Sprintf("rollback %t", o.Rollback), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "cache")
			here := open(t, path, o)
			must(t, here.Announce(t.Context(), "first", time.Hour, []backend.Part{{Journal: "j"}}))
			poor := start(t, path, o, "200000")
			var err error
			written := 0
			for ; err == nil && written < 100; written++ {
				err = poor.Put(t.Context(), fmt.Sprint(written), make([]byte, 20000), time.Hour)
			}
			if err == nil {
				t.Fatalf("%d values were stored", written)
			}
			if err := poor.Announce(t.Context(), "poor", time.Hour, []backend.Part{{Journal: "j", Changes: make([]byte, 100000)}}); err == nil {
				t.Fatal("what cannot be written was announced")
			}
			if news := look(t, here, backend.Follow{Journal: "j"}); len(news.Pending) != 1 {
				t.Fatalf("the journal is %+v", news)
			}
			must(t, here.Announce(t.Context(), "second", time.Hour, []backend.Part{{Journal: "j"}}))
			if news := look(t, poor, backend.Follow{Journal: "j"}); len(news.Pending) != 2 {
				t.Fatalf("others see %+v", news)
			}
		})
	}
}
