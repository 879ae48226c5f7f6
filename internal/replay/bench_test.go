package replay_test

import (
	"database/sql"
	"fmt"
	"testing"
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
