package standard

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed92106438/cacheops/invalidation"
)

// The queries return texts alone, and run in every database that has the
// views of the standard.
const (
	tablesQuery = `SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE FROM INFORMATION_SCHEMA.TABLES`

	routinesQuery = `SELECT ROUTINE_NAME FROM INFORMATION_SCHEMA.ROUTINES`

	referencesQuery = `SELECT parent.TABLE_SCHEMA, parent.TABLE_NAME, child.TABLE_SCHEMA, child.TABLE_NAME
FROM INFORMATION_SCHEMA.REFERENTIAL_CONSTRAINTS r
JOIN INFORMATION_SCHEMA.TABLE_CONSTRAINTS parent
ON parent.CONSTRAINT_SCHEMA = r.UNIQUE_CONSTRAINT_SCHEMA AND parent.CONSTRAINT_NAME = r.UNIQUE_CONSTRAINT_NAME
JOIN INFORMATION_SCHEMA.TABLE_CONSTRAINTS child
ON child.CONSTRAINT_SCHEMA = r.CONSTRAINT_SCHEMA AND child.CONSTRAINT_NAME = r.CONSTRAINT_NAME
WHERE r.DELETE_RULE NOT IN ('NO ACTION', 'RESTRICT') OR r.UPDATE_RULE NOT IN ('NO ACTION', 'RESTRICT')`

	triggersQuery = `SELECT EVENT_OBJECT_SCHEMA, EVENT_OBJECT_TABLE FROM INFORMATION_SCHEMA.TRIGGERS`

	sqlServerTriggersQuery = `SELECT s.name, t.name FROM sys.triggers g
JOIN sys.tables t ON t.object_id = g.parent_id JOIN sys.schemas s ON s.schema_id = t.schema_id`

	sqlServerPoliciesQuery = `SELECT name FROM sys.security_policies WHERE is_enabled = 1`
)

// ReadCatalog implements [invalidation.Dialect]. Nothing is known of columns. A
// name that tables of several schemas have is no table's, unless its schema is
// given.
func (d Dialect) ReadCatalog(ctx context.Context, q invalidation.Querier) (invalidation.Catalog, error) {
	catalog, err := d.readCatalog(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("cacheops: read the INFORMATION_SCHEMA: %w", err)
	}
	return catalog, nil
}

func (d Dialect) readCatalog(ctx context.Context, q invalidation.Querier) (invalidation.Catalog, error) {
	catalog := invalidation.Catalog{}
	if err := d.readTables(ctx, q, catalog); err != nil {
		return nil, err
	}
	if err := readPairs(ctx, q, referencesQuery, catalog); err != nil {
		return nil, err
	}
	if d.Name != "sqlserver" {
		// There, functions cannot write.
		if err := readRoutines(ctx, q, catalog); err != nil {
			return nil, err
		}
		return catalog, readTriggers(ctx, q, triggersQuery, catalog)
	}
	policies, err := texts(ctx, q, sqlServerPoliciesQuery, 1)
	if err != nil {
		return nil, err
	}
	if len(policies) > 0 {
		return nil, errors.New("a security policy shows each user other rows")
	}
	return catalog, readTriggers(ctx, q, sqlServerTriggersQuery, catalog)
}

func key(schema, name string) string { return invalidation.Name(schema + "." + name) }

func (d Dialect) readTables(ctx context.Context, q invalidation.Querier, catalog invalidation.Catalog) error {
	rows, err := texts(ctx, q, tablesQuery, 3)
	if err != nil {
		return err
	}
	for _, row := range rows {
		long, short := key(row[0], row[1]), invalidation.Name(row[1])
		r := &invalidation.Relation{Name: long, Base: row[2] == "BASE TABLE"}
		if !r.Base {
			r.Triggered = []string{invalidation.AllTables}
		}
		if catalog[long] != nil { // differs in letter case
			r = ambiguous(long)
		}
		catalog[long] = r
		if catalog[short] != nil {
			r = ambiguous(short)
		}
		catalog[short] = r
	}
	return nil
}

// ambiguous is what may be one table or another.
func ambiguous(name string) *invalidation.Relation {
	return &invalidation.Relation{Name: name, Triggered: []string{invalidation.AllTables}}
}

// readPairs notes that a write to one table may write another.
func readPairs(ctx context.Context, q invalidation.Querier, query string, catalog invalidation.Catalog) error {
	rows, err := texts(ctx, q, query, 4)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if r := catalog[key(row[0], row[1])]; r != nil {
			r.Triggered = append(r.Triggered, r.Name, key(row[2], row[3]))
		}
	}
	return nil
}

func readTriggers(ctx context.Context, q invalidation.Querier, query string, catalog invalidation.Catalog) error {
	rows, err := texts(ctx, q, query, 2)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if r := catalog[key(row[0], row[1])]; r != nil {
			r.Triggered = append(r.Triggered, r.Name, invalidation.AllTables)
		}
	}
	return nil
}

func readRoutines(ctx context.Context, q invalidation.Querier, catalog invalidation.Catalog) error {
	rows, err := texts(ctx, q, routinesQuery, 1)
	if err != nil {
		return err
	}
	for _, row := range rows {
		name := invalidation.FunctionName(row[0])
		catalog[name] = &invalidation.Relation{Name: name, Triggered: []string{invalidation.AllTables}}
	}
	return nil
}

// texts returns the rows of a query, each of so many texts.
func texts(ctx context.Context, q invalidation.Querier, query string, columns int) ([][]string, error) {
	rows, err := q.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var all [][]string
	for rows.Next() {
		row := make([]string, columns)
		into := make([]any, columns)
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		all = append(all, row)
	}
	return all, rows.Err()
}
