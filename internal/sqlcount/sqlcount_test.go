package sqlcount_test

import (
	"database/sql"
	"path/filepath"
	"slices"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/seed92106438/cacheops/internal/sqlcount"
	"github.com/seed92106438/cacheops/internal/testdb"
)

// databases are ways to an empty database, each with an insert.
var databases = map[string]struct {
	driver func(testing.TB) sqlcount.Driver
	insert string // of one argument
}{
	"SQLite": {func(t testing.TB) sqlcount.Driver {
		return sqlcount.SQLite(filepath.Join(t.TempDir(), "test.db"))
	}, "INSERT INTO things VALUES (?)"},
	"PostgreSQL": {func(t testing.TB) sqlcount.Driver {
		config, err := pgx.ParseConfig(testdb.Postgres(t))
		must(t, err)
		return sqlcount.Driver{Connector: stdlib.GetConnector(*config)}
	}, "INSERT INTO things VALUES ($1)"},
	"MySQL": {func(t testing.TB) sqlcount.Driver {
		config, err := mysql.ParseDSN(testdb.MySQL(t))
		must(t, err)
		connector, err := mysql.NewConnector(config)
		must(t, err)
		return sqlcount.Driver{Connector: connector, Prepares: true}
	}, "INSERT INTO things VALUES (?)"},
}

const create, count, all = "CREATE TABLE things (id int)", "SELECT count(*) FROM things", "SELECT id FROM things"

// However a statement is sent, it is noted once.
func TestEachStatementIsNotedOnce(t *testing.T) {
	for name, d := range databases {
		t.Run(name, func(t *testing.T) {
			db, log := d.driver(t).Open()
			t.Cleanup(func() { _ = db.Close() })
			exec(t, db, create)
			exec(t, db, d.insert, 1)
			prepared, err := db.Prepare(d.insert)
			must(t, err)
			for i := range 2 {
				_, err := prepared.Exec(i)
				must(t, err)
			}
			must(t, prepared.Close())
			tx, err := db.BeginTx(t.Context(), nil)
			must(t, err)
			_, err = tx.Exec(d.insert, 2)
			must(t, err)
			must(t, tx.Commit())
			var n int
			must(t, db.QueryRow(count).Scan(&n))
			if n != 4 {
				t.Errorf("%d rows, want 4", n)
			}
			if got, want := log.Take(), []string{create, d.insert, d.insert, d.insert, d.insert, count}; !slices.Equal(got, want) {
				t.Errorf("sent %q, want %q", got, want)
			}
			if left := log.Take(); len(left) > 0 {
				t.Errorf("%q is noted twice", left)
			}
		})
	}
}

func TestTheGateStandsBeforeStatementsAndAroundCommits(t *testing.T) {
	for name, d := range databases {
		t.Run(name, func(t *testing.T) {
			db, log := d.driver(t).Open()
			t.Cleanup(func() { _ = db.Close() })
			exec(t, db, create)
			var passed []string
			log.Gate(func(sql string) { passed = append(passed, sql) })
			for _, finish := range []func(*sql.Tx) error{(*sql.Tx).Commit, (*sql.Tx).Rollback} {
				tx, err := db.Begin()
				must(t, err)
				_, err = tx.Exec(d.insert, 1)
				must(t, err)
				must(t, finish(tx))
			}
			log.Gate(nil)
			exec(t, db, d.insert, 2)
			if want := []string{d.insert, sqlcount.Committing, sqlcount.Committed, d.insert}; !slices.Equal(passed, want) {
				t.Errorf("passed %q, want %q", passed, want)
			}
		})
	}
}

// Readings of the catalogue are counted by the first of their statements, and
// none of these is noted.
func TestReadingsOfTheCatalogueAreCounted(t *testing.T) {
	for name, d := range databases {
		t.Run(name, func(t *testing.T) {
			driver := d.driver(t)
			driver.Catalogue = []string{"count(*)", "FROM things"}
			db, log := driver.Open()
			t.Cleanup(func() { _ = db.Close() })
			exec(t, db, create)
			for range 2 {
				exec(t, db, count)
				exec(t, db, all)
				exec(t, db, all)
			}
			if got := log.Take(); !slices.Equal(got, []string{create}) {
				t.Errorf("noted %q", got)
			}
			if n := log.Catalogue(); n != 2 {
				t.Errorf("%d readings, want 2", n)
			}
		})
	}
}

func exec(t *testing.T, db *sql.DB, query string, args ...any) {
	t.Helper()
	_, err := db.Exec(query, args...)
	must(t, err)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
