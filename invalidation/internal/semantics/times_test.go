package semantics

import (
	"fmt"
	"testing"
	"time"

	"github.com/seed92106438/cacheops/invalidation"
)

// timeTypes are the columns in which servers keep times.
var timeTypes = map[string][]string{
	"PostgreSQL":                     {"timestamp", "timestamptz", "timestamp(0)", "date"},
	"MySQL":                          {"datetime", "datetime(3)", "datetime(6)", "timestamp(3) null", "date"},
	"MySQL, days that there are not": {"datetime", "datetime(3)", "date"},
	"SQLite":                         {"datetime", "timestamp", "date", "datetime collate nocase"},
}

var berlin = func() *time.Location {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	return zone
}()

// moments are near each other, and near where the days, months and years of
// clocks and texts go over.
var moments = []any{
	"2026-00-00 00:00:00", "2026-00-15 06:00:00", "2026-01-00 00:00:00", "2026-03-00 12:00:00", "2026-03-00 00:30:00", "2026-02-30 12:00:00", "2026-02-31", "2026-04-31 01:00:00",
	"2025-11-30 00:00:00", "2025-11-30 12:00:00", "2025-12-15 06:00:00", "2025-12-31 23:59:59.999", "2026-01-01 00:00:00", "2026-01-15 06:00:00", "2026-02-28 12:00:00", "2026-02-28 23:59:59", "2026-03-01 00:30:00", "2026-03-02 12:00:00",
	"2026-03-03", "2026-03-29 01:59:59", "2026-03-29 02:30:00", "2026-03-29 03:30:00", "2026-03-31 00:00:00", "2026-05-01 01:00:00", "0000-00-00 00:00:00", "0000-03-15 00:00:00", "0001-03-15 00:00:00",
	"2026-06-01 12:00:00.4996", "2026-06-01 12:00:00.5", "2026-06-01 12:00:00.9999", "2026-06-01 12:00:01", "2026-06-01T12:00:00", "2026-06-01", "2026-06-01 23:59:59.9999999",

	"2026-06-01 12:00", "2026-06-01 12:00:00+00:00", "2026-06-01 12:00:00Z", "2026-06-01T12:00:00Z", "2026-06-01t12:00:00z", "2026-06-01 12:00:00+02:00", "2026-06-01 12:00:00-05:00", "2026-06-01 12:00:00.5+00:00", "2026-06-01 9:00:00", "2026-06-01 ", " 2026-06-01",
	"2026-", "2026", "2026-é", "2026-06-01 é", "2026.5", "1e3", "+5", "1780315200", "word", "12:00:00", "", "\x00", 0, 5, -5, 2026, 1780315200, int64(1780315200000), 1.5, int64(1<<53 + 1), []byte("2026-06-01"), true,

	time.Date(2025, 11, 30, 0, 0, 0, 0, time.UTC), time.Date(2025, 12, 15, 6, 0, 0, 0, time.UTC), time.Date(2025, 12, 20, 0, 0, 0, 0, time.UTC), time.Date(2025, 12, 31, 23, 59, 59, 999_000_000, time.UTC),
	time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 1, 1, 12, 0, 0, 0, berlin), time.Date(2026, 2, 28, 23, 59, 59, 0, time.UTC), time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 3, 1, 23, 0, 0, 0, tokyo),
	time.Date(2026, 3, 29, 1, 30, 0, 0, time.UTC), time.Date(2026, 3, 29, 1, 30, 0, 0, berlin), time.Date(2026, 3, 29, 3, 30, 0, 0, berlin), time.Date(2026, 3, 30, 0, 0, 0, 0, time.UTC), time.Date(2026, 4, 30, 12, 0, 0, 0, time.UTC),
	time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC), time.Date(2026, 6, 1, 12, 0, 0, 1, time.UTC), time.Date(2026, 6, 1, 12, 0, 0, 499_999_999, time.UTC), time.Date(2026, 6, 1, 12, 0, 0, 500_000_000, time.UTC), time.Date(2026, 6, 1, 12, 0, 0, 999_999_999, time.UTC),
	time.Date(2026, 6, 1, 14, 0, 0, 0, berlin), time.Date(2026, 6, 1, 23, 59, 59, 999_999_999, time.UTC), time.Date(2026, 6, 2, 0, 0, 0, 0, time.UTC), time.Date(2026, 10, 25, 2, 30, 0, 0, berlin),
	time.Time{}, time.Date(987, 1, 1, 0, 0, 0, 0, tokyo), time.Date(2026, 6, 1, 12, 0, 0, 0, time.FixedZone("LMT", 1172)), time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC), time.Date(1, 6, 1, 0, 0, 0, 0, time.UTC), nil,
}

var timeConditions = []string{"c = ?", "c < ?", "c <= ?", "c > ?", "c >= ?", "c <> ?", "c IN (?)", "NOT c >= ?"}

// TestTimesAreInTheServersOrder is the same for times alone, and asks for all of
// them. What a page shows must meet what it depends on once its end is known.
func TestTimesAreInTheServersOrder(t *testing.T) {
	for name, definitions := range timeTypes {
		t.Run(name, func(t *testing.T) {
			s := servers[name](t)
			for i, definition := range definitions {
				s.must(t, fmt.Sprintf("CREATE TABLE t%d (id integer PRIMARY KEY, c %s)", i, definition))
			}
			m := matrix{s, s.catalog(t), timeConditions, moments, 1}
			for i, definition := range definitions {
				t.Run(definition, func(t *testing.T) {
					rows := m.ask(t, fmt.Sprintf("t%d", i))
					m.pages(t, fmt.Sprintf("t%d", i), rows)
				})
			}
		})
	}
}

// pages reads pages of each length, in both orders and from each pool.
func (m *matrix) pages(t *testing.T, table string, rows map[int64]*written) {
	kept := 0
	for order, extreme := range map[string]string{"c, id": "max", "c DESC, id": "min"} {
		for _, pool := range m.pools {
			for limit := range len(rows) {
				page := m.bind(pool, fmt.Sprintf("SELECT c, id FROM %s ORDER BY %s LIMIT ?", table, order), limit+1)
				if page.shape.Page == nil {
					t.Fatalf("%s is no page", page.text)
				}
				last, ids := page.last(t)
				if m.column(table).Hides(last) {
					end := m.bind(pool, "SELECT "+extreme+"(c), 0 FROM ("+page.text+")", limit+1)
					last, _ = end.last(t)
				}
				d := page.shape.Narrow(page.dependency(m.catalog), args(page.zone, page.args...), m.catalog, invalidation.Outcome{Rows: int64(limit + 1), Last: last})
				for id, row := range rows {
					if ids[id] {
						row.meets(t, &page, d)
					} else if !meet(row.images, d) {
						kept++
					}
				}
			}
		}
	}
	t.Logf("%d rows were behind the end of a page", kept)
}

// last returns what a pool gives for the first column of the last row, and the
// ids of all.
func (b *bound) last(t *testing.T) (last any, ids map[int64]bool) {
	t.Helper()
	rows, err := b.pool.QueryContext(t.Context(), b.text, b.args...)
	if err != nil {
		t.Fatalf("%s: %v", b.text, err)
	}
	defer rows.Close()
	ids = map[int64]bool{}
	for rows.Next() {
		var id int64
		if err := rows.Scan(&last, &id); err != nil {
			t.Fatalf("%s: %v", b.text, err)
		}
		ids[id] = true
	}
	if rows.Err() != nil {
		t.Fatalf("%s: %v", b.text, rows.Err())
	}
	return last, ids
}
