package sqlitestore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed92106438/cacheops/region/internal/backend"
)

func TestOptions(t *testing.T) {
	tests := []struct {
		name    string
		path    string
		options Options
		wrong   string // empty if nothing is
	}{
		{"none", "cache", Options{}, ""},
		{"no path", "", Options{}, "the path is empty"},
		{"no path, in memory", "", Options{Memory: true}, ""},
		{"negative bytes", "cache", Options{MaxBytes: -1}, "MaxBytes is -1"},
		{"too few bytes", "cache", Options{MaxBytes: 1000}, "MaxBytes is 1000"},
		{"a negative length", "cache", Options{JournalLength: -1}, "JournalLength is -1"},
		{"a negative time", "cache", Options{BusyTimeout: -1}, "BusyTimeout is -1ns"},
		{"too many files", "cache", Options{Shards: 101}, "Shards is 101"},
		{"an unknown way to save", "cache", Options{Save: 7}, "no way 7"},
		{"fast on a share", "cache", Options{Rollback: true, Save: Fast}, "nothing can be saved fast"},
		{"a driver that is not there", "cache", Options{Driver: "nodriver"}, `import _ "github.com/mattn/go-sqlite3"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, err := Open(test.path, test.options)
			if test.wrong == "" {
				must(t, err)
				must(t, s.Close())
			} else if err == nil || !strings.Contains(err.Error(), test.wrong) {
				t.Fatalf("got %v, want an error with %q", err, test.wrong)
			}
		})
	}
}

// A file that the machine has lost something of is not trusted.
func TestMachineStartedAnew(t *testing.T) {
	tests := []struct {
		name         string
		first, later Save
		stays        bool
	}{
		{"normal", Normal, Normal, false},
		{"fast", Fast, Fast, false},
		{"durable", Durable, Durable, true},
		{"normal, then durable", Normal, Durable, false},
		{"durable, then normal", Durable, Normal, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "cache")
			s := open(t, path, Options{Save: test.first})
			fill(t, s)
			before := look(t, s, backend.Follow{Journal: "j"})
			must(t, s.Close())
			execute(t, path, `UPDATE meta SET value = 'an earlier boot' WHERE name = 'boot'`)

			s = open(t, path, Options{Save: test.later})
			after := look(t, s, backend.Follow{Journal: "j"})
			value, _, err := s.Look(t.Context(), "k", nil)
			must(t, err)
			if stays := before.Epoch == after.Epoch && value != nil; stays != test.stays {
				t.Fatalf("before %d, after %d, %d bytes", before.Epoch, after.Epoch, len(value))
			}
		})
	}
}

// A process that ends and another that begins have the same journal, and values.
func TestOpenedAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a folder? 100% #1", "cache")
	s := open(t, path, Options{})
	fill(t, s)
	before := look(t, s, backend.Follow{Journal: "j"})
	must(t, s.Close())
	s = open(t, path, Options{})
	after := look(t, s, backend.Follow{Journal: "j"})
	if fmt.Sprint(before) != fmt.Sprint(after) || after.Young {
		t.Fatalf("there was\n%+v\nand there is\n%+v", before, after)
	}
	if value, _, err := s.Look(t.Context(), "k", nil); len(value) == 0 || err != nil {
		t.Fatal("the value is not there any more", err)
	}
}

// What is not a cache is left as it is.
func TestForeignDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "their.db")
	execute(t, path, `CREATE TABLE accounts (id INTEGER)`, `INSERT INTO accounts VALUES (1)`)
	before, err := os.ReadFile(path)
	must(t, err)
	s, err := Open(path, Options{})
	must(t, err)
	if err := s.Check(t.Context()); !errors.Is(err, errForeign) {
		t.Fatalf("got %v", err)
	}
	if err := s.Put(t.Context(), "k", nil, time.Hour); !errors.Is(err, errForeign) {
		t.Fatalf("got %v", err)
	}
	must(t, s.Close())
	after, err := os.ReadFile(path)
	must(t, err)
	if string(after) != string(before) {
		t.Fatal("the file was changed")
	}
}

// A file that is not even a database is kept aside.
func TestDamagedFileIsKeptAside(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cache")
	must(t, os.WriteFile(path, []byte(strings.Repeat("a diary\n", 1000)), 0o600))
	fill(t, open(t, path, Options{}))
	aside, err := os.ReadFile(path + ".damaged")
	if err != nil || !strings.HasPrefix(string(aside), "a diary") {
		t.Fatalf("%.20q, %v", aside, err)
	}
}

func TestFileThatCannotBeMade(t *testing.T) {
	tests := []struct {
		name  string
		path  func(t *testing.T) string
		wrong string
	}{
		{"in a file", func(t *testing.T) string {
			path := filepath.Join(t.TempDir(), "file")
			must(t, os.WriteFile(path, nil, 0o600))
			return filepath.Join(path, "cache")
		}, "not a directory"},
		{"a folder", func(t *testing.T) string { return t.TempDir() }, "Shards is to be set"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, err := Open(test.path(t), Options{})
			must(t, err)
			if _, _, err := s.Look(t.Context(), "k", nil); err == nil || !strings.Contains(err.Error(), test.wrong) {
				t.Fatalf("got %v", err)
			}
			must(t, s.Close())
		})
	}
}

func TestOtherNumberOfShards(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cache")
	fill(t, open(t, path, Options{Shards: 3}))
	s, err := Open(path, Options{Shards: 4})
	must(t, err)
	if err := s.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "made with Shards set to 3") {
		t.Fatalf("got %v", err)
	}
	must(t, s.Close())
}

// A caller who does not wait any longer is let go while another holds the lock, and
// readers need not wait for it.
func TestLockedByAnother(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cache")
	s := open(t, path, Options{})
	fill(t, s)
	other := open(t, path, Options{})
	err := other.journals().write(t.Context(), func(*tx) error {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		err := s.Put(ctx, "k", []byte("new"), time.Hour)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("writing: %v", err)
		}
		if value, _, err := s.Look(t.Context(), "k", []backend.Follow{{Journal: "j"}}); len(value) == 0 || err != nil {
			t.Errorf("reading: %d bytes, %v", len(value), err)
		}
		return nil
	})
	must(t, err)
	must(t, s.Put(t.Context(), "k", []byte("new"), time.Hour))
}

func TestClosed(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "cache"), Options{})
	must(t, s.Close())
	if _, _, err := s.Look(t.Context(), "k", nil); !errors.Is(err, errClosed) {
		t.Errorf("reading: %v", err)
	}
	if err := s.Put(t.Context(), "k", nil, time.Hour); !errors.Is(err, errClosed) {
		t.Errorf("writing: %v", err)
	}
}

// Two parts for one journal under one id would be one announcement.
func TestTwoPartsForOneJournal(t *testing.T) {
	s := open(t, "", Options{Memory: true})
	err := s.Announce(t.Context(), "id", time.Hour, []backend.Part{{Journal: "j"}, {Journal: "k"}, {Journal: "j"}})
	if !errors.Is(err, backend.ErrRefused) {
		t.Fatalf("got %v", err)
	}
	if news := look(t, s, backend.Follow{Journal: "k"}); len(news.Pending) != 0 {
		t.Fatalf("something was announced: %+v", news)
	}
}
