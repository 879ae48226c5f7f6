package sqlitestore

import (
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/seed92106438/cacheops/region/internal/backend"
)

// What a process was told is written stays written when it is killed.
func TestKilledInTheMidstOfWriting(t *testing.T) {
	for _, o := range []Options{{}, {Rollback: true}} {
		t.Run(fmt.Sprintf("rollback %t", o.Rollback), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "cache")
			here := open(t, path, o)
			for round := range 5 {
				killed(t, here, start(t, path, o, ""), round)
			}
		})
	}
}

// killed has a process write until it is killed, and looks for what it wrote.
func killed(t *testing.T, here *Store, victim *process, round int) {
	before := look(t, here, backend.Follow{Journal: "j"})
	written := make(chan string, 10000)
	go func() {
		defer close(written)
		for i := range cap(written) {
			id := fmt.Sprint(round, "-", i)
			part := []backend.Part{{Journal: "j", Changes: []byte(id)}}
			if victim.Announce(t.Context(), id, time.Hour, part) != nil {
				return
			}
			if i%2 == 0 && victim.Settle(t.Context(), id, part, []string{"j"}) != nil {
				return
			}
			written <- id
		}
	}()
	var ids []string
	for range 20 {
		ids = append(ids, <-written)
	}
	_ = victim.command.Process.Kill()
	for id := range written {
		ids = append(ids, id)
	}
	after := look(t, here, backend.Follow{Journal: "j"})
	if after.Epoch != before.Epoch {
		t.Fatal("the journal was lost")
	}
	for _, id := range ids {
		committed := slices.ContainsFunc(after.Records, func(r backend.Record) bool { return string(r.Changes) == id })
		pending := slices.ContainsFunc(after.Pending, func(p backend.Pending) bool { return p.ID == id })
		if !committed && !pending {
			t.Fatalf("%s is neither pending nor committed", id)
		}
	}
}

// Of several processes that add a value, one does.
func TestOneProcessAdds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cache")
	processes := []backend.Backend{open(t, path, Options{}), start(t, path, Options{}, ""), start(t, path, Options{}, "")}
	const keys = 50
	added := make([][keys]bool, len(processes))
	var all sync.WaitGroup
	for i, p := range processes {
		all.Go(func() {
			for key := range keys {
				var err error
				if added[i][key], err = p.Add(t.Context(), fmt.Sprint(key), fmt.Append(nil, i), time.Hour); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	for key := range keys {
		var who []int
		for i := range processes {
			if added[i][key] {
				who = append(who, i)
			}
		}
		if len(who) != 1 {
			t.Fatalf("%v have added %d", who, key)
		}
		if value, _, err := processes[0].Look(t.Context(), fmt.Sprint(key), nil); string(value) != fmt.Sprint(who[0]) || err != nil {
			t.Fatalf("%v has added %d, but it is %q, %v", who, key, value, err)
		}
	}
}

// Processes that open a file at once make one.
func TestProcessesOpenAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cache")
	var all sync.WaitGroup
	for i := range 6 {
		p := start(t, path, Options{}, "")
		all.Go(func() {
			if err := p.Announce(t.Context(), fmt.Sprint(i), time.Hour, []backend.Part{{Journal: "j"}}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if news := look(t, open(t, path, Options{}), backend.Follow{Journal: "j"}); len(news.Pending) != 6 {
		t.Fatalf("announcements were lost: %+v", news)
	}
}
