package testdb

import (
	"context"
	"database/sql"
	"fmt"
	"testing"
	"time"

	driver "github.com/go-sql-driver/mysql"
)

// MySQL returns the data source name of an empty MySQL or MariaDB database that
// only this test uses. The server is the one of CACHEOPS_MYSQL_DSN.
func MySQL(tb testing.TB) string {
	tb.Helper()
	s := mysqlServer()
	config, err := driver.ParseDSN(s.dsn)
	if err != nil {
		tb.Fatalf("CACHEOPS_MYSQL_DSN: %v", err)
	}
	config.DBName = open(tb, s)
	config.ParseTime, config.Loc = true, time.UTC
	if config.Params == nil {
		config.Params = map[string]string{}
	}
	config.Params["charset"] = "utf8mb4"
	return config.FormatDSN()
}

type mysql struct{ dsn string }

func mysqlServer() mysql {
	return mysql{setting("CACHEOPS_MYSQL_DSN", "root@tcp(127.0.0.1:3306)/test")}
}

func (mysql) kind() string { return "MySQL" }

func (s mysql) connect(ctx context.Context) (admin, error) {
	db, err := sql.Open("mysql", s.dsn)
	if err != nil {
		return nil, err
	}
	if err := db.PingContext(ctx); err != nil {
		db.Close()
		return nil, err
	}
	return mysqlAdmin{db}, nil
}

type mysqlAdmin struct{ db *sql.DB }

func (a mysqlAdmin) create(ctx context.Context, name string) error {
	_, err := a.db.ExecContext(ctx, "CREATE DATABASE "+name+" CHARACTER SET utf8mb4")
	return err
}

// drop ends the connections first: one with a transaction open would hold the
// drop up.
func (a mysqlAdmin) drop(ctx context.Context, name string) error {
	threads, err := column[int64](ctx, a.db, "SELECT id FROM information_schema.processlist WHERE db = ?", name)
	if err != nil {
		return err
	}
	for _, thread := range threads {
		_, _ = a.db.ExecContext(ctx, fmt.Sprintf("KILL %d", thread)) // it may have gone by itself
	}
	_, err = a.db.ExecContext(ctx, "DROP DATABASE IF EXISTS "+name)
	return err
}

func (a mysqlAdmin) names(ctx context.Context) ([]string, error) {
	return column[string](ctx, a.db, "SELECT schema_name FROM information_schema.schemata")
}

func (a mysqlAdmin) close() { a.db.Close() }

// column returns the only column of a query.
func column[T any](ctx context.Context, db *sql.DB, query string, args ...any) ([]T, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var values []T
	for rows.Next() {
		var value T
		if err := rows.Scan(&value); err != nil {
			return nil, err
		}
		values = append(values, value)
	}
	return values, rows.Err()
}
