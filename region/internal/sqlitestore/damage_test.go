package sqlitestore

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed92106438/cacheops/region/internal/backend"
)

// Whatever is done to a file that processes have open, they agree on what is in the
// journal afterwards, and it is all that there was, or a new journal.
//
// The first of them to find out what was done puts another file in its place. Until
// then some may go on with what they have, which is lost with it.
func TestDamage(t *testing.T) {
	for _, d := range damages {
		t.Run(d.name, func(t *testing.T) {
			for _, first := range []string{"the one who was there writes first", "the other process writes first"} {
				t.Run(first, func(t *testing.T) {
					path := filepath.Join(t.TempDir(), "cache")
					here := open(t, path, Options{Rollback: d.rollback})
					fill(t, here)
					before := look(t, here, backend.Follow{Journal: "j"})
					follow := backend.Follow{Journal: "j", Epoch: before.Epoch, Number: before.Number}

					d.do(t, path)
					there := start(t, path, Options{Rollback: d.rollback}, "")
					if strings.HasPrefix(first, "the one") {
						tell(t, "w1", here)
						hear(t, "w1", there, follow, !d.late)
						agree(t, "w2", there, here)
					} else {
						tell(t, "w1", there)
						hear(t, "w1", here, follow, !d.late)
						agree(t, "w2", here, there)
					}

					after := look(t, here, backend.Follow{Journal: "j"})
					switch {
					case after.Epoch != before.Epoch:
						if !after.Young || len(after.Records) > 0 {
							t.Errorf("a new journal is %+v", after)
						}
					case d.lost:
						t.Errorf("the journal goes on in its epoch")
					case len(after.Records) != len(before.Records) || len(after.Pending) != len(before.Pending)+2:
						t.Errorf("of the journal there was\n%+v\nand there is\n%+v", before, after)
					}
				})
			}
		})
	}
}

// fill puts a value and some changes into a store.
func fill(t *testing.T, s backend.Backend) {
	t.Helper()
	ctx := t.Context()
	must(t, s.Put(ctx, "k", bytes.Repeat([]byte("value"), 5000), time.Hour))
	must(t, s.Announce(ctx, "id", time.Hour, []backend.Part{{Journal: "j", Changes: []byte("pending")}}))
	for range 50 {
		must(t, s.Settle(ctx, "none", []backend.Part{{Journal: "j", Changes: bytes.Repeat([]byte("committed"), 20)}}, nil))
	}
	must(t, s.Open(ctx, "j", look(t, s, backend.Follow{Journal: "j"}).Epoch))
}

// agree checks that what one writes is what the other reads.
func agree(t *testing.T, id string, writer, reader backend.Backend) {
	t.Helper()
	tell(t, id, writer)
	hear(t, id, reader, backend.Follow{Journal: "j"}, true)
	if value, _, err := reader.Look(t.Context(), "k", nil); err != nil || string(value) != id {
		t.Fatalf("what was stored as %s reads %.20q, %v", id, value, err)
	}
}

func tell(t *testing.T, id string, writer backend.Backend) {
	t.Helper()
	must(t, writer.Announce(t.Context(), id, time.Hour, []backend.Part{{Journal: "j", Changes: []byte(id)}}))
	must(t, writer.Put(t.Context(), "k", []byte(id), time.Hour))
}

// hear checks that an announcement is to be seen, or else, if it need not be, that
// the journal has begun anew.
func hear(t *testing.T, id string, reader backend.Backend, follow backend.Follow, surely bool) {
	t.Helper()
	news := look(t, reader, follow)
	seen := slices.ContainsFunc(news.Pending, func(p backend.Pending) bool { return p.ID == id })
	if !seen && (surely || !news.Young || news.Epoch == follow.Epoch) {
		t.Fatalf("what was announced as %s is not to be seen: %+v", id, news)
	}
}

func look(t testing.TB, s backend.Backend, follow backend.Follow) backend.News {
	t.Helper()
	_, news, err := s.Look(context.Background(), "", []backend.Follow{follow})
	must(t, err)
	return news[0]
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// damage is what is done to a file.
type damage struct {
	name     string
	do       func(t *testing.T, path string)
	rollback bool
	lost     bool // what was in the journal must not be trusted
	late     bool // it may be the second one who finds out
}

var damages = []damage{
	{name: "nothing", do: func(*testing.T, string) {}},
	{name: "nothing, with a rollback journal", do: func(*testing.T, string) {}, rollback: true},
	{name: "removed", do: func(t *testing.T, path string) { remove(t, path, path+"-wal", path+"-shm") }, lost: true},
	{name: "removed with its lock", do: func(t *testing.T, path string) {
		remove(t, path, path+"-wal", path+"-shm", path+"-lock")
	}, lost: true},
	{name: "removed without its log", do: func(t *testing.T, path string) { remove(t, path) }, lost: true},
	{name: "removed with its folder", do: func(t *testing.T, path string) {
		must(t, os.RemoveAll(filepath.Dir(path)))
	}, lost: true},
	{name: "its log removed", do: func(t *testing.T, path string) { remove(t, path+"-wal") }, late: true},
	{name: "its log and its index removed", do: func(t *testing.T, path string) {
		remove(t, path+"-wal", path+"-shm")
	}, late: true, lost: true},
	{name: "moved away", do: func(t *testing.T, path string) { must(t, os.Rename(path, path+".away")) }, lost: true},
	{name: "moved away, with a rollback journal", do: func(t *testing.T, path string) {
		must(t, os.Rename(path, path+".away"))
	}, rollback: true, lost: true},
	{name: "cut to nothing", do: func(t *testing.T, path string) { must(t, os.Truncate(path, 0)) }, late: true},
	{name: "cut to nothing, with a rollback journal", do: func(t *testing.T, path string) {
		must(t, os.Truncate(path, 0))
	}, rollback: true, lost: true},
	{name: "cut in a page", do: func(t *testing.T, path string) { must(t, os.Truncate(path, 5000)) }, late: true},
	{name: "cut in a page, with a rollback journal", do: func(t *testing.T, path string) {
		must(t, os.Truncate(path, 5000))
	}, rollback: true, lost: true},
	{name: "its log cut", do: func(t *testing.T, path string) { must(t, os.Truncate(path+"-wal", 5000)) }, late: true},
	{name: "overwritten", do: func(t *testing.T, path string) { overwrite(t, path, 0) }, late: true},
	{name: "overwritten, with a rollback journal", do: func(t *testing.T, path string) {
		overwrite(t, path, 0)
	}, rollback: true, lost: true},
	{name: "overwritten behind its header, with a rollback journal", do: func(t *testing.T, path string) {
		overwrite(t, path, 100)
	}, rollback: true, lost: true, late: true},
	{name: "of another version", do: func(t *testing.T, path string) { execute(t, path, `PRAGMA user_version = 99`) }, late: true},
	{name: "its tables dropped", do: func(t *testing.T, path string) {
		execute(t, path, `DROP TABLE journals`, `DROP TABLE records`, `DROP TABLE entries`)
	}, lost: true},
	{name: "vacuumed", do: func(t *testing.T, path string) { execute(t, path, `VACUUM`) }},
	{name: "a journal set back", do: func(t *testing.T, path string) {
		execute(t, path, `UPDATE journals SET number = 3`, `DELETE FROM records`)
	}, lost: true, late: true},
}

func remove(t *testing.T, paths ...string) {
	t.Helper()
	for _, path := range paths {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
}

// overwrite fills a file with other bytes. It must not be opened and closed in this
// process, which would give up SQLite's locks.
func overwrite(t *testing.T, path string, from int) {
	t.Helper()
	old, err := os.Stat(path)
	must(t, err)
	garbage(t, path, from, int(old.Size()))
}

// execute executes statements on a file, as another program might.
func execute(t *testing.T, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite3", path)
	must(t, err)
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatal(err)
		}
	}
	must(t, db.Close())
}

func sizeOf(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	must(t, err)
	return info.Size()
}
