package cacheops

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/schema"

	"github.com/seed92106438/cacheops/internal/track"
	"github.com/seed92106438/cacheops/invalidation"
)

var _ track.Layer = (*returning)(nil)

// returning is a transaction that has one write tell of the rows that it reaches:
// the write is sent with a RETURNING clause. GORM executes it and is given a
// count, as without the clause; what else it sends passes through.
//
// What a row holds in columns that the write leaves alone, it held before. So
// this is an image of the row that costs no statement, no lock and no savepoint,
// and which no one can outrun: it is told by the write itself. Of a DELETE it
// has any column.
type returning struct {
	gorm.Tx
	*telling
	plugin *Plugin
	sql    string // the write

	images []invalidation.Image
	told   bool // the write was sent, and has told of its rows
	lost   bool // of some row there is no image
}

// Under implements [track.Layer].
func (r *returning) Under() gorm.Tx { return r.Tx }

// ExecContext implements [gorm.ConnPool].
func (r *returning) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if query != r.sql {
		return r.Tx.ExecContext(ctx, query, args...)
	}
	if m := markIn(ctx, r.plugin); m != nil {
		m.clause = r.clause
	}
	rows, err := r.Tx.QueryContext(ctx, r.text, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	count := r.read(rows)
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if err := rows.Close(); err != nil {
		return nil, err
	}
	r.told = true
	return driver.RowsAffected(count), nil
}

// read reads the rows to their end, however many: a write goes on until then,
// and its rows are its count. A callback may send the write twice; then the
// images are of more rows than the last count says, and do not count.
func (r *returning) read(rows *sql.Rows) (count int64) {
	values, into := make([]any, len(r.columns)), make([]any, len(r.columns))
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		count++
		if r.lost = r.lost || len(r.images) == maxImage; r.lost {
			continue
		}
		if r.lost = rows.Scan(into...) != nil; r.lost {
			continue
		}
		image := make(invalidation.Image, len(values))
		for i, name := range r.columns {
			image[name] = values[i]
		}
		r.images = append(r.images, image)
	}
	return count
}

// facts returns what the write has told.
func (r *returning) facts() invalidation.Facts {
	if !r.told || r.lost {
		return invalidation.Facts{}
	}
	return invalidation.Facts{Before: r.images, HasBefore: true}
}

// sender returns a sender that sends the write through r.
func (r *returning) sender(send sender) sender {
	return func(db *gorm.DB) int64 {
		stmt := db.Statement
		stmt.ConnPool = r
		defer func() { stmt.ConnPool = r.Tx }()
		return send(db)
	}
}

// returning returns what has the write of db tell the columns of its rows, or
// nil if that may fail the write, or would not do.
func (d *database) returning(db *gorm.DB, shape *analysed, relation *invalidation.Relation, columns []string) *returning {
	tx, ok := db.Statement.ConnPool.(gorm.Tx)
	if !ok || !relation.Returns || db.Statement.Result != nil { // the caller asks for the driver's result
		return nil
	}
	t := shape.telling.Load()
	if t == nil || t.relation != relation || t.schema != db.Statement.Schema || !slices.Equal(t.wanted, columns) {
		t = d.tellingOf(db, shape.Shape, relation, columns)
		shape.telling.Store(t)
	}
	if t.clause == "" {
		return nil
	}
	return &returning{Tx: tx, telling: t, plugin: d.Plugin, sql: db.Statement.SQL.String()}
}

// telling is the clause by which writes of one text tell of their rows. It is
// immutable.
type telling struct {
	relation *invalidation.Relation // as it was when this was made
	schema   *schema.Schema         // of the writes' model
	wanted   []string

	clause  string   // empty if they cannot be told to
	text    string   // of the write with the clause
	columns []string // that the clause asks for, as the catalogue names them
}

// tellingOf makes a clause that asks for the wanted columns, and for those that
// tell which rows of other tables go with deleted ones.
//
// Only columns of the model are asked for. One that some other process has just
// dropped would fail the write, but would then fail whatever the model is for.
func (d *database) tellingOf(db *gorm.DB, shape *invalidation.Shape, relation *invalidation.Relation, wanted []string) *telling {
	t := &telling{relation: relation, schema: db.Statement.Schema, wanted: wanted}
	sql := db.Statement.SQL.String()
	if !canReturn(db.Statement, sql) {
		return t
	}
	var list []string
	found := 0
	for _, field := range t.schema.DBNames {
		name := invalidation.Name(field)
		column, ok := relation.Columns[name]
		isWanted := slices.Contains(wanted, name)
		if !ok || !isWanted && !tellsChildren(shape, relation, name) || strings.ContainsAny(field, ".\"`") {
			continue
		}
		if isWanted {
			found++
		}
		t.columns = append(t.columns, name)
		list = append(list, d.asked(db, column, field))
	}
	if found == len(wanted) {
		t.clause = " RETURNING " + strings.Join(list, ", ")
		t.text = sql + t.clause
	}
	return t
}

// asked is how a clause asks for what a column holds: see [invalidation.Images].
func (d *database) asked(db *gorm.DB, column invalidation.Column, name string) string {
	quoted := db.Statement.Quote(clause.Column{Name: name})
	if format := d.dialect.Images().Column; format != nil {
		return fmt.Sprintf(format(column), quoted)
	}
	return quoted
}

// tellsChildren reports whether a deleted row's value in a column tells which
// rows of other tables went with it.
func tellsChildren(shape *invalidation.Shape, relation *invalidation.Relation, name string) bool {
	return shape.Writes[0].Kind == invalidation.Delete && slices.ContainsFunc(relation.Children, func(k invalidation.ForeignKey) bool {
		return slices.Contains(k.Parent, name) || len(k.Parent) == 0 && relation.Columns[name].Unique
	})
}

// canReturn reports whether the statement may be given a RETURNING clause: its
// dialector says that the server knows the clause, and it has none of its own.
func canReturn(stmt *gorm.Statement, sql string) bool {
	return slices.Contains(stmt.BuildClauses, "RETURNING") && !strings.Contains(strings.ToLower(sql), "returning")
}

// openEnded reports whether the end of a text may swallow what is appended to it,
// or to a query with its WHERE: a comment may.
func openEnded(sql string) bool {
	return strings.ContainsAny(sql, "#;") || strings.Contains(sql, "--") || strings.LastIndex(sql, "/*") > strings.LastIndex(sql, "*/")
}
