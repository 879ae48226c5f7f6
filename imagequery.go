package cacheops

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"maps"
	"slices"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/seed92106438/cacheops/invalidation"
)

// imageQuery is a query of the rows that the statement's WHERE holds for.
func (d *database) imageQuery(db *gorm.DB, relation *invalidation.Relation) *gorm.Statement {
	query := &gorm.Statement{
		DB: db, Table: db.Statement.Table, TableExpr: db.Statement.TableExpr, Schema: db.Statement.Schema,
		Clauses: map[string]clause.Clause{},
	}
	limit := maxImage + 1
	query.AddClause(clause.Select{Expression: columnsOf(query, d.dialect.Images().Column, relation)})
	query.AddClause(clause.From{})
	query.AddClause(clause.Limit{Limit: &limit})
	if where, ok := db.Statement.Clauses["WHERE"]; ok {
		query.Clauses["WHERE"] = where
	}
	query.Build("SELECT", "FROM", "WHERE", "LIMIT")
	return query
}

// readImage sends the query.
func readImage(db *gorm.DB, query *gorm.Statement) ([]invalidation.Image, error) {
	rows, err := db.Statement.ConnPool.QueryContext(db.Statement.Context, query.SQL.String(), query.Vars...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var images []invalidation.Image
	for rows.Next() {
		image, err := scanImage(rows)
		if err != nil {
			return nil, err
		}
		images = append(images, image)
	}
	return images, rows.Err()
}

// columnsOf returns what to select so that the driver gives what is stored: see
// [invalidation.Images].
func columnsOf(query *gorm.Statement, format func(invalidation.Column) string, relation *invalidation.Relation) clause.Expression {
	if format == nil {
		return clause.Expr{SQL: "*"}
	}
	var list []string
	for _, name := range slices.Sorted(maps.Keys(relation.Columns)) { // the same text each time
		quoted := query.Quote(clause.Column{Name: name})
		list = append(list, fmt.Sprintf(format(relation.Columns[name]), quoted)+" AS "+quoted)
	}
	return clause.Expr{SQL: strings.Join(list, ", ")}
}

// scanImage reads one row.
func scanImage(rows *sql.Rows) (invalidation.Image, error) {
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	values := make([]any, len(columns))
	for i := range values {
		values[i] = new(any)
	}
	if err := rows.Scan(values...); err != nil {
		return nil, err
	}
	image := make(invalidation.Image, len(columns))
	for i, column := range columns {
		image[invalidation.Name(column)] = driver.Value(*values[i].(*any))
	}
	return image, nil
}
