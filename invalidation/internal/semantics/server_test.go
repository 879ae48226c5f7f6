// Package semantics asks real servers which values they hold for equal, and
// compares that with what the analysers and catalogues make of the same
// statements. It has tests only.
package semantics

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "github.com/mattn/go-sqlite3"

	"github.com/seed92106438/cacheops/internal/testdb"
	"github.com/seed92106438/cacheops/invalidation"
	_ "github.com/seed92106438/cacheops/invalidation/mysql"
	_ "github.com/seed92106438/cacheops/invalidation/postgres"
	_ "github.com/seed92106438/cacheops/invalidation/sqlite"
	"github.com/seed92106438/cacheops/querykey"
)

// server is one kind of database, with connections that are set up in several
// ways, as those of several processes may be.
type server struct {
	dialect invalidation.Dialect
	name    string
	pools   []*sql.DB
	zones   map[*sql.DB]*time.Location // in which a pool writes times down, if known
}

// servers are the ways to open them, by name.
var servers = map[string]func(t *testing.T) *server{
	"SQLite": func(t *testing.T) *server {
		dsn := "file:" + filepath.Join(t.TempDir(), "semantics.db") + "?_synchronous=OFF&_journal_mode=WAL"
		return open(t, "sqlite", "sqlite3", dsn, dsn+"&_loc=Asia/Tokyo")
	},
	"PostgreSQL": func(t *testing.T) *server {
		dsn := testdb.Postgres(t)
		separator := " "
		if strings.Contains(dsn, "://") {
			separator = "&"
		}
		return open(t, "postgres", "pgx", dsn, dsn+separator+"default_query_exec_mode=simple_protocol"+separator+"timezone=Asia/Tokyo")
	},
	"MySQL": func(t *testing.T) *server {
		dsn := testdb.MySQL(t)
		abroad := strings.Replace(dsn, "loc=UTC", "", 1) + "&loc=Asia%2FTokyo&interpolateParams=true"
		return open(t, "mysql", "mysql", dsn, abroad, abroad+"&time_zone=%27-05%3A00%27")
	},
	"MySQL, lenient": func(t *testing.T) *server {
		dsn := testdb.MySQL(t) + "&sql_mode=%27%27"
		return open(t, "mysql", "mysql", dsn, dsn+"&interpolateParams=true")
	},
	"MySQL, days that there are not": func(t *testing.T) *server {
		dsn := testdb.MySQL(t) + "&sql_mode=%27STRICT_TRANS_TABLES,ALLOW_INVALID_DATES%27"
		abroad := strings.Replace(dsn, "loc=UTC", "", 1) + "&loc=Europe%2FBerlin"
		return open(t, "mysql", "mysql", dsn, dsn+"&interpolateParams=true", abroad, abroad+"&interpolateParams=true")
	},
}

func open(t *testing.T, dialect, driverName string, names ...string) *server {
	t.Helper()
	s := &server{name: dialect, zones: map[*sql.DB]*time.Location{}}
	var ok bool
	if s.dialect, ok = invalidation.DialectOf(dialect); !ok {
		t.Fatalf("no dialect %q", dialect)
	}
	for _, name := range names {
		pool, err := sql.Open(driverName, name)
		if err != nil {
			t.Fatal(err)
		}
		pool.SetMaxOpenConns(1)
		t.Cleanup(func() { pool.Close() })
		if err := pool.PingContext(t.Context()); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		s.pools = append(s.pools, pool)
		s.zones[pool] = s.dialect.Identify(name).Location
	}
	return s
}

func (s *server) catalog(t *testing.T) invalidation.Catalog {
	t.Helper()
	catalog, err := s.dialect.ReadCatalog(t.Context(), s.pools[0])
	if err != nil {
		t.Fatal(err)
	}
	if s.zones[s.pools[0]] == nil {
		catalog.ForgetZones()
	}
	return catalog
}

func (s *server) must(t *testing.T, query string) {
	t.Helper()
	if _, err := s.pools[0].ExecContext(t.Context(), query); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// text is a statement in which each ? is a parameter, in the dialect's words.
func (s *server) text(query string) string {
	if s.name != "postgres" {
		return query
	}
	parts := strings.Split(query, "?")
	text := parts[0]
	for i, part := range parts[1:] {
		text += "$" + strconv.Itoa(i+1) + part
	}
	return text
}

// args are arguments as the cache sees them which a pool in the zone sends.
func args(zone *time.Location, values ...any) []driver.Value {
	stored := make([]driver.Value, len(values))
	for i, v := range values {
		stored[i] = v
		if n, ok := querykey.Normalize(v); ok {
			stored[i] = n
		}
		if at, ok := stored[i].(time.Time); ok && zone != nil {
			stored[i] = at.In(zone)
		}
	}
	return stored
}

// bound is a statement for a pool, and what the dialect makes of it.
type bound struct {
	pool  *sql.DB
	zone  *time.Location
	text  string
	args  []any
	shape *invalidation.Shape
}

func (s *server) bind(pool *sql.DB, query string, values ...any) bound {
	text := s.text(query)
	return bound{pool, s.zones[pool], text, values, s.dialect.Analyze(text)}
}

// found returns the ids of the rows that a query finds.
func (b *bound) found(t *testing.T) (map[int64]bool, error) {
	rows, err := b.pool.QueryContext(t.Context(), b.text, b.args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	ids := map[int64]bool{}
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids[id] = true
	}
	return ids, rows.Err()
}

func (b *bound) dependency(catalog invalidation.Catalog) *invalidation.Dependency {
	return b.shape.Dependency("db", args(b.zone, b.args...), catalog)
}

func (b *bound) changes(catalog invalidation.Catalog, facts invalidation.Facts) []invalidation.Change {
	return b.shape.Changes("db", args(b.zone, b.args...), catalog, facts)
}

func meet(changes []invalidation.Change, d *invalidation.Dependency) bool {
	for i := range changes {
		for j := range d.Tables {
			if changes[i].Meets(&d.Tables[j]) {
				return true
			}
		}
	}
	return false
}

// stored is how the column c is selected for an image.
func (s *server) stored(c invalidation.Column) string {
	if format := s.dialect.Images().Column; format != nil {
		return fmt.Sprintf(format(c), "c") + " AS c"
	}
	return "c"
}

// image reads a row as an image of it.
func image(t *testing.T, pool *sql.DB, query string) invalidation.Image {
	t.Helper()
	rows, err := pool.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil || !rows.Next() {
		t.Fatalf("%s: %v, %v", query, err, rows.Err())
	}
	values, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	if err := rows.Scan(into...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	row := invalidation.Image{}
	for i, name := range columns {
		row[invalidation.Name(name)] = values[i]
	}
	return row
}

func show(v any) string {
	if b, ok := v.([]byte); ok {
		return fmt.Sprintf("[]byte %q", b)
	}
	return fmt.Sprintf("%T %#v", v, v)
}
