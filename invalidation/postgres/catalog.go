package postgres

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/seed92106438/cacheops/invalidation"
)

//go:embed schema.sql
var schemaQuery string

// schema is the answer of the query of schema.sql. Relations and functions are
// known by their object identifiers there.
type schema struct {
	Recovery, PlainStrings, PlainNulls, OwnFirst bool

	Relations []relation
	Columns   []column
	Keys      []foreignKey
	Parents   []struct{ Child, Parent int64 }
	Triggers  []struct{ Table, Function int64 }
	Calls     []struct{ Table, Function int64 }
	Behind    []struct{ View, Table int64 }
	Functions []function
}

// relation is a table, a view or the like.
type relation struct {
	ID           int64
	Schema, Name string
	Sort         string // pg_class.relkind
	Temporary    bool
	Partition    bool
	Visible      bool // by its name alone
	Readable     bool // in all its columns, by this user
	Secured      bool // by row, for some users
	Ruled        bool // by a rule that rewrites statements
	Computing    bool // a function of its row exists
}

type column struct {
	columnType
	Table     int64
	Name      string
	Generated bool
	Unique    bool
	Keyed     bool // part of a unique key
}

// foreignKey has the actions as pg_constraint has them: c for CASCADE, n for
// SET NULL, d for SET DEFAULT.
type foreignKey struct {
	Child, Parent      int64
	OnDelete, OnUpdate string
	Columns, Referred  []string
}

// ReadCatalog implements [invalidation.Dialect]. It reads, with one query, what
// the database says of its tables in all schemas but PostgreSQL's own. A table
// goes by the name schema.table, and by its name alone if the search path finds
// it so.
//
// A server that only repeats what another one does may lag behind it, so no
// catalogue is had there.
func (Dialect) ReadCatalog(ctx context.Context, q invalidation.Querier) (invalidation.Catalog, error) {
	s, err := readSchema(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("cacheops: read the PostgreSQL schema: %w", err)
	}
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("cacheops: read the PostgreSQL schema: %w", err)
	}
	return newBuilder(s).build(), nil
}

func readSchema(ctx context.Context, q invalidation.Querier) (*schema, error) {
	rows, err := q.QueryContext(ctx, schemaQuery)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var text []byte
	for rows.Next() {
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	s := &schema{}
	return s, json.Unmarshal(text, s)
}

// check fails if SQL does not mean what the analyser takes it to mean, or if
// the server is not the one that writes go to.
func (s *schema) check() error {
	switch {
	case s.Recovery:
		return errors.New("the server is in recovery")
	case !s.PlainStrings:
		return errors.New("standard_conforming_strings is off")
	case !s.PlainNulls:
		return errors.New("transform_null_equals is on")
	case !s.OwnFirst:
		return errors.New("pg_catalog does not come first in the search path")
	}
	return nil
}
