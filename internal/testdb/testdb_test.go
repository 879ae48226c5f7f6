package testdb

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
)

// databases are the kinds of servers that give databases.
var databases = []struct {
	name, driver string
	open         func(testing.TB) string
	server       server
	current      string
	session      string // asks for what the data source name sets
	want         string
	tables       string
}{
	{
		"PostgreSQL", "pgx", Postgres, postgresServer(),
		"SELECT current_database()", "SHOW timezone", "UTC",
		"SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'",
	},
	{
		"MySQL", "mysql", MySQL, mysqlServer(),
		"SELECT database()", "SELECT @@character_set_client", "utf8mb4",
		"SELECT count(*) FROM information_schema.tables WHERE table_schema = database()",
	},
}

func TestADatabaseIsEmptyAndTheTestsOwn(t *testing.T) {
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			one, other := connect(t, d.driver, d.open(t)), connect(t, d.driver, d.open(t))
			if a, b := ask(t, one, d.current), ask(t, other, d.current); a == b || !strings.HasPrefix(a, prefix) {
				t.Errorf("databases %s and %s", a, b)
			}
			if got := ask(t, one, d.session); got != d.want {
				t.Errorf("%s gives %s, want %s", d.session, got, d.want)
			}
			exec(t, one, "CREATE TABLE things (id int)")
			if has := ask(t, one, d.tables); has != "1" {
				t.Errorf("%s tables after one was made", has)
			}
			if has := ask(t, other, d.tables); has != "0" {
				t.Errorf("%s tables in the other database", has)
			}
		})
	}
}

func TestADatabaseIsDroppedInSpiteOfOpenTransactions(t *testing.T) {
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			var name string
			t.Run("a test that leaves a transaction open", func(t *testing.T) {
				dsn := d.open(t)
				db, err := sql.Open(d.driver, dsn)
				if err != nil {
					t.Fatal(err)
				}
				exec(t, db, "CREATE TABLE things (id int)")
				name = ask(t, db, d.current)
				tx, err := db.Begin()
				if err != nil {
					t.Fatal(err)
				}
				if _, err := tx.Exec("INSERT INTO things VALUES (1)"); err != nil {
					t.Fatal(err)
				}
				if !slices.Contains(list(t, d.server), name) {
					t.Errorf("%s is not listed while it is used", name)
				}
			})
			if name != "" && slices.Contains(list(t, d.server), name) {
				t.Errorf("%s is still there", name)
			}
		})
	}
}

func TestOnlyDatabasesOfLongAgoAreSweptAway(t *testing.T) {
	now := time.Now()
	name := func(age time.Duration) string {
		return fmt.Sprintf("%s_%d_12_3_0000ab", prefix, now.Add(-age).Unix())
	}
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			d.open(t) // skips if there is no server
			old, recent := name(2*abandoned), name(abandoned/2)
			err := with(d.server, func(ctx context.Context, a admin) error {
				must(t, a.create(ctx, old))
				must(t, a.create(ctx, recent))
				sweep(ctx, a)
				return nil
			})
			must(t, err)
			left := list(t, d.server)
			must(t, with(d.server, func(ctx context.Context, a admin) error { return a.drop(ctx, recent) }))
			if slices.Contains(left, old) {
				t.Errorf("%s is still there", old)
			}
			if !slices.Contains(left, recent) {
				t.Errorf("%s is gone", recent)
			}
		})
	}
}

func TestForeignNamesAreNeverAbandoned(t *testing.T) {
	for _, name := range []string{"test", "cacheops", "cacheops_1", "cacheops_old_1_2_3", "other_1_2_3_4"} {
		if isAbandoned(name, time.Now()) {
			t.Errorf("%s would be dropped", name)
		}
	}
}

// The scripts run this test alone, and go by which of its parts are skipped.
func TestServersAnswer(t *testing.T) {
	t.Run("postgres", func(t *testing.T) { Postgres(t) })
	t.Run("mysql", func(t *testing.T) { MySQL(t) })
	t.Run("redis", func(t *testing.T) { Redis(t) })
}

func connect(t *testing.T, driver, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	must(t, err)
	t.Cleanup(func() { db.Close() })
	return db
}

func exec(t *testing.T, db *sql.DB, query string) {
	t.Helper()
	_, err := db.Exec(query)
	must(t, err)
}

func ask(t *testing.T, db *sql.DB, query string) (answer string) {
	t.Helper()
	must(t, db.QueryRow(query).Scan(&answer))
	return answer
}

func list(t *testing.T, s server) (names []string) {
	t.Helper()
	must(t, with(s, func(ctx context.Context, a admin) (err error) {
		names, err = a.names(ctx)
		return err
	}))
	return names
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
