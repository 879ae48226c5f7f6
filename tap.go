package cacheops

import (
	"context"
	"database/sql"
	"slices"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops/internal/replay"
)

// tap is a connection pool that notes the columns of what it is asked, and
// records the rows if it is told to.
type tap struct {
	gorm.ConnPool
	names   []string
	limit   int64 // bytes up to which rows are recorded; zero records none
	queries int   // that were recorded
	rows    *replay.Result
}

// tapped reports whether a statement is under way for the cache already.
func tapped(stmt *gorm.Statement) bool {
	_, ok := stmt.ConnPool.(*tap)
	return ok
}

// QueryContext implements [gorm.ConnPool].
func (t *tap) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	rows, err := t.ConnPool.QueryContext(ctx, query, args...)
	if err != nil {
		return rows, err
	}
	// An error here is met again by whoever scans the rows. The names are
	// cloned because GORM's Scan may write into what Columns returns.
	names, _ := rows.Columns()
	t.names = slices.Clone(names)
	if t.limit == 0 {
		return rows, nil
	}
	if rows, err = t.record(ctx, rows); err != nil {
		t.names = nil
	}
	return rows, err
}

// record reads the rows as the driver gives them, and has them played to who
// has asked. Those that cannot be recorded to their end go on where recording
// stopped.
func (t *tap) record(ctx context.Context, rows *sql.Rows) (*sql.Rows, error) {
	t.queries++
	all, rest := replay.Take(rows, t.limit)
	t.rows = all
	if all == nil {
		return rest.Rows(ctx)
	}
	return all.Rows(ctx)
}

// recorded returns the rows, if all were recorded. A callback of another plugin
// may have sent several queries in the place of one; then no one can tell whose
// rows they are.
func (t *tap) recorded() *replay.Result {
	if t.queries != 1 {
		return nil
	}
	return t.rows
}

// mapped returns columns by the names that Scan goes by.
func mapped(columns []string, mapping map[string]string) []string {
	if len(mapping) == 0 {
		return columns
	}
	mapped := slices.Clone(columns)
	for i, name := range mapped {
		if to, ok := mapping[name]; ok {
			mapped[i] = to
		}
	}
	return mapped
}
