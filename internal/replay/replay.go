// Package replay takes the rows of a query apart and makes them again.
//
// [Take] reads rows into memory as the driver gave them, before anything was
// converted, with all that the driver tells of the columns. What it returns
// plays them as real [sql.Rows] and [sql.Row]: a [Result], which is complete,
// any number of times and at once; a [Stream], which could not be read to its
// end, once. Whoever scans such rows cannot tell them from the database's.
//
// The rows come from a driver of its own, through one [sql.DB] for the
// process. It has no connections to speak of; the goroutine that database/sql
// gives it begins with the first rows that are played, and stays.
//
// Whether a result is true, and for how long, is the business of others.
package replay

import (
	"context"
	"database/sql"
	"database/sql/driver"
)

// source is what rows are played from.
type source interface {
	// open begins the rows of a query that was made under ctx.
	open(ctx context.Context) (*player, error)
}

// Result is all rows of a query. It is immutable, and safe for concurrent use.
type Result struct {
	header
	values []value // row after row
	count  int
	bytes  bool // some value is a []byte
	size   int64
}

// Rows plays the result from its first row. They are closed when ctx ends, as
// those of a query under ctx.
func (r *Result) Rows(ctx context.Context) (*sql.Rows, error) { return play(ctx, r) }

// Row plays the result's first row.
func (r *Result) Row(ctx context.Context) *sql.Row { return playRow(ctx, r) }

// Len returns the number of rows.
func (r *Result) Len() int64 { return int64(r.count) }

// Value returns the value of a column in a row, which must be there.
func (r *Result) Value(row, column int) driver.Value {
	return r.values[row*len(r.names)+column]
}

// Size returns the memory that the result takes, in bytes, about.
func (r *Result) Size() int64 { return r.size }

// Columns returns the columns' names. They must not be changed.
func (r *Result) Columns() []string { return r.names }

func (r *Result) open(ctx context.Context) (*player, error) { return newPlayer(ctx, r), nil }

// FailedRow returns the row of a query that failed with err.
func FailedRow(err error) *sql.Row { return playRow(context.Background(), failure{err}) }

type failure struct{ err error }

func (f failure) open(context.Context) (*player, error) { return nil, f.err }
