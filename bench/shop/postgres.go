package shop

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"

	"github.com/seed92106438/cacheops/internal/sqlcount"
	_ "github.com/seed92106438/cacheops/invalidation/postgres" // its grammar
)

// postgresSource is a database that is a template of others.
type postgresSource struct {
	dsn    string // of the server
	name   string
	copies atomic.Int64
}

// Postgres makes a source of databases on the server that CACHEOPS_POSTGRES_DSN names, as
// for the tests.
func Postgres(ctx context.Context, size Size) (Source, error) {
	s := &postgresSource{
		dsn:  cmp.Or(os.Getenv("CACHEOPS_POSTGRES_DSN"), "host=127.0.0.1 port=5432 user=postgres dbname=test sslmode=disable"),
		name: fmt.Sprintf("cacheops_bench_%d", os.Getpid()),
	}
	original, err := s.create(ctx, s.name, "")
	if err != nil {
		return nil, fmt.Errorf("make the PostgreSQL database: %w", err)
	}
	db, _, err := original.Open()
	if err == nil {
		err = size.fill(db)
	}
	if err == nil {
		err = original.disconnect() // a template has no visitors
	}
	if err != nil {
		return nil, fmt.Errorf("make the PostgreSQL database: %w", err)
	}
	return s, nil
}

// create makes a database, by a template if there is one.
func (s *postgresSource) create(ctx context.Context, name, template string) (*Database, error) {
	statement := "CREATE DATABASE " + name
	if template != "" {
		statement += " TEMPLATE " + template
	}
	if err := s.administer(ctx, statement); err != nil {
		return nil, err
	}
	config, err := pgx.ParseConfig(s.dsn + " dbname=" + name + " timezone=UTC synchronous_commit=off")
	if err != nil {
		return nil, err
	}
	return &Database{
		Name: name,
		driver: sqlcount.Driver{
			Connector: stdlib.GetConnector(*config),
			Catalogue: []string{"-- All that the catalogue is made of", "pg_catalog.", "information_schema"},
		},
		dialector: func(pool gorm.ConnPool) gorm.Dialector { return postgres.New(postgres.Config{Conn: pool}) },
		remove:    func() error { return s.drop(name) },
	}, nil
}

func (s *postgresSource) Copy(ctx context.Context) (*Database, error) {
	return s.create(ctx, fmt.Sprintf("%s_copy%d", s.name, s.copies.Add(1)), s.name)
}

func (s *postgresSource) Close() error { return s.drop(s.name) }

// drop drops a database even when the comparison was cancelled.
func (s *postgresSource) drop(name string) error {
	return s.administer(context.Background(), "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
}

// administer sends a statement on a connection of its own.
func (s *postgresSource) administer(ctx context.Context, statement string) error {
	conn, err := pgx.Connect(ctx, s.dsn)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	_, err = conn.Exec(ctx, statement)
	return err
}
