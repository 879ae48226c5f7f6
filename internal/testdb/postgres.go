package testdb

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Postgres returns the data source name of an empty PostgreSQL database that
// only this test uses. The server is the one of CACHEOPS_POSTGRES_DSN.
func Postgres(tb testing.TB) string {
	tb.Helper()
	s := postgresServer()
	dsn, err := s.database(open(tb, s))
	if err != nil {
		tb.Fatal(err)
	}
	return dsn
}

type postgres struct{ dsn string }

func postgresServer() postgres {
	return postgres{setting("CACHEOPS_POSTGRES_DSN", "host=127.0.0.1 port=5432 user=postgres dbname=test sslmode=disable")}
}

func (postgres) kind() string { return "PostgreSQL" }

// database returns the data source name of another database of the server.
// Losing the last commits in a crash is no harm to a test.
func (s postgres) database(name string) (string, error) {
	if !strings.Contains(s.dsn, "://") {
		return s.dsn + " dbname=" + name + " timezone=UTC synchronous_commit=off", nil
	}
	u, err := url.Parse(s.dsn)
	if err != nil {
		return "", fmt.Errorf("CACHEOPS_POSTGRES_DSN: %w", err)
	}
	u.Path = "/" + name
	query := u.Query()
	query.Set("timezone", "UTC")
	query.Set("synchronous_commit", "off")
	u.RawQuery = query.Encode()
	return u.String(), nil
}

func (s postgres) connect(ctx context.Context) (admin, error) {
	conn, err := pgx.Connect(ctx, s.dsn)
	if err != nil {
		return nil, err
	}
	return postgresAdmin{conn}, nil
}

// emptying takes all schemas out, and gives back the one that is always there.
// Then it counts what is in no schema: one extension, for PL/pgSQL.
const emptying = `
DO $$
DECLARE name text;
BEGIN
	FOR name IN SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' LOOP
		EXECUTE format('DROP SCHEMA %I CASCADE', name);
	END LOOP;
END $$;
CREATE SCHEMA public;
GRANT USAGE ON SCHEMA public TO PUBLIC;`

const remaining = `
SELECT (SELECT count(*) FROM pg_extension) + (SELECT count(*) FROM pg_event_trigger)
     + (SELECT count(*) FROM pg_publication) + (SELECT count(*) FROM pg_largeobject_metadata)
     + (SELECT count(*) FROM pg_db_role_setting)`

// ending ends the connections to a database, and waits until they have ended.
const ending = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()"

func (s postgres) empty(ctx context.Context, name string) error {
	dsn, err := s.database(name)
	if err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.Background()) }()
	if _, err := conn.Exec(ctx, ending, name); err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, emptying); err != nil {
		return err
	}
	var left int
	if err := conn.QueryRow(ctx, remaining).Scan(&left); err != nil {
		return err
	}
	if left != 1 {
		return fmt.Errorf("%d things are left in %s", left, name)
	}
	return nil
}

func (s postgres) rename(ctx context.Context, a admin, from, to string) error {
	conn := a.(postgresAdmin).conn
	if _, err := conn.Exec(ctx, ending, from); err != nil {
		return err
	}
	_, err := conn.Exec(ctx, "ALTER DATABASE "+from+" RENAME TO "+to)
	return err
}

type postgresAdmin struct{ conn *pgx.Conn }

func (a postgresAdmin) create(ctx context.Context, name string) error {
	_, err := a.conn.Exec(ctx, "CREATE DATABASE "+name+" TEMPLATE template0")
	return err
}

func (a postgresAdmin) drop(ctx context.Context, name string) error {
	_, err := a.conn.Exec(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
	return err
}

func (a postgresAdmin) names(ctx context.Context) ([]string, error) {
	rows, err := a.conn.Query(ctx, "SELECT datname FROM pg_database")
	if err != nil {
		return nil, fmt.Errorf("list databases: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

func (a postgresAdmin) close() { _ = a.conn.Close(context.Background()) }
