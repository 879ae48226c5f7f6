package sqlitestore

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/seed92106438/cacheops/region/internal/backend"
)

// What is committed to a file that was replaced after the call began is committed
// once more, to the one that took its place.
func TestReplacedWhileWriting(t *testing.T) {
	for _, o := range []Options{{}, {Rollback: true}} {
		t.Run(fmt.Sprintf("rollback %t", o.Rollback), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "cache")
			here, there := open(t, path, o), open(t, path, o)
			fill(t, here)
			times := 0
			must(t, here.journals().write(t.Context(), func(w *tx) error {
				if times++; times == 1 {
					remove(t, path, path+"-wal", path+"-shm")
					look(t, there, backend.Follow{Journal: "j"})
				}
				return w.announce("id", time.Hour, backend.Part{Journal: "j"})
			}))
			if times != 2 {
				t.Errorf("it was written %d times", times)
			}
			hear(t, "id", there, backend.Follow{Journal: "j"}, true)
		})
	}
}

// A connection that is opened when the file was replaced already is one to another
// file, and is not used.
func TestReplacedBeforeReading(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cache")
	here, there := open(t, path, Options{}), open(t, path, Options{})
	f, err := here.journals().hold(t.Context())
	must(t, err)
	remove(t, path, path+"-wal", path+"-shm")
	look(t, there, backend.Follow{Journal: "j"})
	if _, err := f.openReader(); !errors.Is(err, errMoved) {
		t.Errorf("got %v", err)
	}
	if !here.journals().letGo(f, nil) {
		t.Error("the file is taken for the one that has the name")
	}
	look(t, here, backend.Follow{Journal: "j"})
}

// Of several processes that find a file damaged at once, one replaces it.
func TestSeveralFindDamage(t *testing.T) {
	for round := range 3 {
		path := filepath.Join(t.TempDir(), fmt.Sprint("cache", round))
		o := Options{Rollback: true} // so that all find it damaged at once
		processes := []backend.Backend{open(t, path, o)}
		fill(t, processes[0])
		for range 3 {
			processes = append(processes, start(t, path, o, ""))
		}
		for _, p := range processes {
			look(t, p, backend.Follow{Journal: "j"})
		}
		overwrite(t, path, 0)
		var all sync.WaitGroup
		for i, p := range processes {
			all.Go(func() {
				if err := p.Announce(t.Context(), fmt.Sprint(i), time.Hour, []backend.Part{{Journal: "j"}}); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		for _, p := range processes {
			if news := look(t, p, backend.Follow{Journal: "j"}); len(news.Pending) != len(processes) {
				t.Fatalf("of %d announcements there are %d", len(processes), len(news.Pending))
			}
		}
	}
}
