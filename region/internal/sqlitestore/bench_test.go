package sqlitestore

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/seed92106438/cacheops/region/internal/backend"
)

// The ways of a backend beside a SELECT of one row by its primary key, of an
// application's own database on the same disk.
func BenchmarkStore(b *testing.B) {
	s := open(b, filepath.Join(b.TempDir(), "cache"), Options{})
	value := make([]byte, 1000)
	ctx := b.Context()
	must(b, s.Put(ctx, "k", value, time.Hour))
	journals := []string{"db\x00", "db\x00posts", "db\x00users"}
	follow := make([]backend.Follow, len(journals))
	catchUp := func() {
		for i, journal := range journals {
			news := look(b, s, backend.Follow{Journal: journal})
			follow[i] = backend.Follow{Journal: journal, Epoch: news.Epoch, Number: news.Number}
		}
	}
	parts := []backend.Part{{Journal: journals[1], Changes: make([]byte, 100)}}

	b.Run("SELECT", func(b *testing.B) { benchmarkSelect(b, value) })
	b.Run("Look, nothing new", func(b *testing.B) {
		catchUp()
		for b.Loop() {
			if _, _, err := s.Look(ctx, "k", follow); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Look, something written elsewhere", func(b *testing.B) {
		catchUp()
		for b.Loop() {
			b.StopTimer()
			must(b, s.Settle(ctx, "id", []backend.Part{{Journal: "other"}}, nil))
			b.StartTimer()
			if _, _, err := s.Look(ctx, "k", follow); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Put", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			must(b, s.Put(ctx, fmt.Sprint(i%1000), value, time.Hour))
		}
	})
	b.Run("Announce and Settle", func(b *testing.B) {
		for b.Loop() {
			must(b, s.Announce(ctx, "id", time.Minute, parts))
			must(b, s.Settle(ctx, "id", parts, journals[1:2]))
		}
	})
}

func benchmarkSelect(b *testing.B, value []byte) {
	db, err := sql.Open("sqlite3", filepath.Join(b.TempDir(), "application")+"?_journal_mode=WAL")
	must(b, err)
	defer db.Close()
	for _, s := range []string{`CREATE TABLE t (id INTEGER PRIMARY KEY, value BLOB)`, `INSERT INTO t VALUES (1, x'00')`} {
		_, err := db.Exec(s)
		must(b, err)
	}
	_, err = db.Exec(`UPDATE t SET value = ?`, value)
	must(b, err)
	s, err := db.Prepare(`SELECT value FROM t WHERE id = ?`)
	must(b, err)
	defer func() { _ = s.Close() }()
	var got []byte
	for b.Loop() {
		must(b, s.QueryRow(1).Scan(&got))
	}
}
