package sqlitestore

import (
	"context"
	"path/filepath"
	"testing"

	_ "github.com/mattn/go-sqlite3"

	"github.com/seed92106438/cacheops/region/internal/backend"
	"github.com/seed92106438/cacheops/region/internal/backend/backendtest"
)

// open opens a store that is closed with the test.
func open(t testing.TB, path string, o Options) *Store {
	t.Helper()
	s, err := Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	if err := s.Check(context.Background()); err != nil {
		t.Fatal(err)
	}
	return s
}

// Each way to keep a file does what a backend must, two processes on a file.
func TestBackend(t *testing.T) {
	tests := []struct {
		name    string
		options Options
	}{
		{"write-ahead log", Options{}},
		{"rollback journal", Options{Rollback: true}},
		{"shards", Options{Shards: 3}},
		{"memory", Options{Memory: true}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			backendtest.Run(t, func(t *testing.T, length int) backendtest.Store {
				o := test.options
				o.JournalLength = length
				path := filepath.Join(t.TempDir(), "cache")
				here := open(t, path, o)
				var there backend.Backend = here
				switch {
				case o.Memory:
				case o.Shards > 0:
					there = open(t, path, o)
				default:
					there = start(t, path, o, "")
				}
				return backendtest.Store{Here: here, There: there, Lose: func(journal string) { lose(t, here, journal) }}
			})
		})
	}
}

// lose drops a journal.
func lose(t testing.TB, s *Store, name string) {
	t.Helper()
	err := s.journals().write(t.Context(), func(w *tx) error {
		for _, statement := range []string{
			`DELETE FROM records WHERE journal = (SELECT id FROM journals WHERE name = ?)`,
			`DELETE FROM pending WHERE journal = (SELECT id FROM journals WHERE name = ?)`,
			`DELETE FROM journals WHERE name = ?`,
		} {
			if _, err := w.exec(statement, []byte(name)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
