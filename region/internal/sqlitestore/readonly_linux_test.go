package sqlitestore

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/seed92106438/cacheops/region/internal/backend"
)

// In a folder that must not be written to there is no cache, and no harm done.
func TestReadOnlyFolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cache")
	fill(t, open(t, path, Options{}))
	must(t, os.Chmod(filepath.Dir(path), 0o555))
	must(t, os.Chmod(filepath.Dir(filepath.Dir(path)), 0o755))
	done := make(chan struct{})
	go func() {
		defer close(done)
		if os.Geteuid() == 0 {
			// To this thread alone, which ends with the goroutine, permissions apply.
			runtime.LockOSThread()
			if err := syscall.Setfsuid(65534); err != nil {
				t.Error(err)
				return
			}
		}
		for _, name := range []string{path, path + " that is not there"} {
			s, err := Open(name, Options{})
			if err != nil {
				t.Error(err)
				return
			}
			if _, _, err := s.Look(t.Context(), "k", []backend.Follow{{Journal: "j"}}); err == nil {
				t.Errorf("%s can be read", name)
			}
			if err := s.Put(t.Context(), "k", nil, time.Hour); err == nil {
				t.Errorf("%s can be written to", name)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	}()
	<-done
	must(t, os.Chmod(filepath.Dir(path), 0o755))
}
