package replay_test

import (
	"database/sql"
	"fmt"
	"testing"

	"github.com/seed92106438/cacheops/internal/replay"
)

// BenchmarkPlay compares reading rows from memory with reading them from
// SQLite, through the same calls of database/sql.
func BenchmarkPlay(b *testing.B) {
	db := numbers(b, 1000)
	for _, n := range []int{1, 100} {
		statement := fmt.Sprintf("SELECT n, word FROM numbers LIMIT %d", n)
		result := taken(b, db, statement)
		for _, bench := range []struct {
			name string
			open func() (*sql.Rows, error)
		}{
			{"SQLite", func() (*sql.Rows, error) { return db.QueryContext(b.Context(), statement) }},
			{"played", func() (*sql.Rows, error) { return result.Rows(b.Context()) }},
		} {
			b.Run(fmt.Sprintf("%d rows/%s", n, bench.name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					rows, err := bench.open()
					must(b, err)
					if list, err := column2(rows); err != nil || len(list) != n {
						b.Fatal(len(list), err)
					}
				}
			})
		}
	}
}

// BenchmarkCodec encodes and decodes rows of eight columns.
func BenchmarkCodec(b *testing.B) {
	db := sqlite(b, `CREATE TABLE posts (id INTEGER PRIMARY KEY, author_id INTEGER, title TEXT, body TEXT, score REAL, published BOOLEAN,
			created_at DATETIME, deleted_at DATETIME)`,
		`WITH RECURSIVE seq(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM seq WHERE n < 100)
			INSERT INTO posts SELECT n, 1000 + n, 'post number ' || n, 'a text that goes on for a line or so', n * 0.5, n % 2, '2026-03-01 10:00:00', NULL FROM seq`)
	for _, n := range []int{1, 100} {
		result := taken(b, db, fmt.Sprintf("SELECT * FROM posts LIMIT %d", n))
		encoded := encode(b, result)
		b.Run(fmt.Sprintf("%d rows/encode", n), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(encoded)))
			into := make([]byte, 0, len(encoded))
			for b.Loop() {
				if _, err := result.AppendBinary(into); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("%d rows/decode", n), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(encoded)))
			for b.Loop() {
				if _, err := replay.Decode(encoded); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
