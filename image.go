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

	"github.com/seed92106438/cacheops/internal/track"
	"github.com/seed92106438/cacheops/invalidation"
)

// maxImage bounds the rows that are read before a write. Past it the change
// is known by its WHERE alone.
const maxImage = 256

// image reads the rows that an update or delete is about to reach, if knowing
// them can spare a result: if some result depends on a column whose value the
// statement leaves open. UPDATE … SET title = ? WHERE id = ? says nothing of
// the row's category, so without the image it drops every category's list.
//
// The image must not be outrun by another writer. It is read in the write's
// own transaction, with the locks that the write takes itself: on SQLite that
// of the database, elsewhere those of the rows. Where rows are locked, others
// may come to meet the WHERE before the write does; then the count of rows
// tells, see [database.addFacts].
//
// Nothing here may fail the write: on an error there is no image. But one that
// may have ended the transaction is the write's own: it would have met it, and
// sent after it, it would stand alone.
//
// What is returned beside the facts is to be called after the write.
func (d *database) image(tx *track.Tx, db *gorm.DB, send sender) (invalidation.Facts, func()) {
	if !d.imageable(db) {
		return invalidation.Facts{}, func() {}
	}
	shape := d.sketch(db, send)
	if shape == nil || len(shape.Writes) != 1 {
		return invalidation.Facts{}, func() {}
	}
	relation := d.namesIn(db)[shape.Writes[0].Table]
	if relation == nil || !relation.Base || d.profileOf(d.namesIn(db), relation.Name).NoImages || !d.pays(db, shape, relation) {
		return invalidation.Facts{}, func() {}
	}
	query := d.imageQuery(db, relation)
	locks, tells := d.locks(db, shape, relation, query)
	if !tells {
		return invalidation.Facts{}, func() {}
	}
	query.SQL.WriteString(locks)
	if !d.dialect.Images().Savepoint {
		return d.takeImage(tx, db, relation, query), func() {}
	}
	return d.trial(tx, db, relation, query)
}

// imageSavepoint is what is gone back to if an image cannot be read.
const imageSavepoint = "cacheops_image"

// trial takes an image where an error would spoil the transaction. The savepoint
// is kept until the write is done: PostgreSQL writes down at some cost who has
// locked a row, if that was a part of the transaction which has ended before the
// row is changed. After a write that failed there is nothing to release.
func (d *database) trial(
	tx *track.Tx, db *gorm.DB, relation *invalidation.Relation, query *gorm.Statement,
) (invalidation.Facts, func()) {
	if send(db, "SAVEPOINT "+imageSavepoint) != nil {
		return invalidation.Facts{}, func() {}
	}
	return d.takeImage(tx, db, relation, query), func() {
		if db.Error == nil {
			_ = send(db, "RELEASE SAVEPOINT "+imageSavepoint)
		}
	}
}

// send sends a text in the transaction of db's statement.
func send(db *gorm.DB, sql string) error {
	_, err := db.Statement.ConnPool.ExecContext(db.Statement.Context, sql)
	return err
}

// takeImage takes the lock, if the dialect has one, and sends the query.
func (d *database) takeImage(tx *track.Tx, db *gorm.DB, relation *invalidation.Relation, query *gorm.Statement) (facts invalidation.Facts) {
	images := d.dialect.Images()
	if images.Lock != "" && !tx.Writing() && send(db, lockSQL(db, images.Lock, relation)) != nil {
		return facts
	}
	rows, err := readImage(db, query)
	switch {
	case err != nil:
		if images.Ends != nil && images.Ends(err) || images.Savepoint && send(db, "ROLLBACK TO SAVEPOINT "+imageSavepoint) != nil {
			_ = db.AddError(err)
		}
		return facts
	case len(rows) > maxImage, d.countsAltered() && len(rows) != 1:
		return facts
	}
	return invalidation.Facts{Before: rows, HasBefore: true}
}

// locks returns what locks the rows of an image, for the end of its query. It
// reports false if no image would tell which rows the write reaches.
func (d *database) locks(
	db *gorm.DB, shape *invalidation.Shape, relation *invalidation.Relation, query *gorm.Statement,
) (string, bool) {
	images := d.dialect.Images()
	locks := images.Clause
	if images.Delete != "" && shape.Writes[0].Kind == invalidation.Delete {
		locks = images.Delete
	}
	switch {
	case images.Clause == "":
		return "", true
	case d.single(db, shape, relation):
		return " " + locks, true
	case d.countsAltered(), !d.steady(query):
		return "", false
	case images.Search != "":
		locks = images.Search
	}
	return " " + locks, true
}

// steady reports whether a row that the query has found and locked is one that
// the write reaches: it asks nothing but the row. A subquery may have another
// answer by then, so that as many rows are reached, and others.
func (d *database) steady(query *gorm.Statement) bool {
	shape := d.shape(query.SQL.String())
	return shape.Refusal == "" && len(shape.Uses) == 1
}

// countsAltered reports whether the database counts only rows that a write has
// altered.
func (d *database) countsAltered() bool { return d.dialect.Images().Changed && !d.found }

// single reports whether the write can reach only one row: its WHERE gives the
// value of a unique column, or of each column of the primary key.
//
// Where the database counts only rows that a write has altered, the count does
// not tell whether others came to meet the WHERE since the image was read: one
// row of the image that stays as it was, and one that came, look like the
// image. A row that is there, locked, and alone in its key leaves no room.
func (d *database) single(db *gorm.DB, shape *invalidation.Shape, relation *invalidation.Relation) bool {
	for _, change := range d.changesOf(db, shape, invalidation.Facts{}) {
		if change.Table.Name != relation.Name || len(change.Before) != 1 {
			continue
		}
		box := change.Before[0]
		for name, column := range relation.Columns {
			if column.Unique && box.Fixes(name) {
				return true
			}
		}
		if len(relation.Primary) > 0 && !slices.ContainsFunc(relation.Primary, func(name string) bool { return !box.Fixes(name) }) {
			return true
		}
	}
	return false
}

// imageable reports whether db may be an update or delete by clauses, of one
// table alone. A limit would leave it open which of the rows are reached.
func (d *database) imageable(db *gorm.DB) bool {
	stmt := db.Statement
	if from, ok := stmt.Clauses["FROM"].Expression.(clause.From); ok && len(from.Tables)+len(from.Joins) > 0 {
		return false
	}
	_, limited := stmt.Clauses["LIMIT"]
	return !limited && stmt.SQL.Len() == 0 && stmt.Schema != nil && stmt.Clauses["INSERT"].Expression == nil && !d.disabled.Load()
}

// pays reports whether some result looks at what is written and restricts a
// column of the table that the write does not pin.
func (d *database) pays(db *gorm.DB, shape *invalidation.Shape, relation *invalidation.Relation) bool {
	for _, change := range d.changesOf(db, shape, invalidation.Facts{}) {
		if change.Table.Name != relation.Name || len(change.Before) == 0 {
			continue
		}
		var open []string
		for column := range relation.Columns {
			if !pinned(change.Before, column) {
				open = append(open, column)
			}
		}
		written := change.Columns
		if change.Kind != invalidation.Update {
			written = invalidation.Columns{All: true}
		}
		for _, r := range d.distinctRegions() {
			if r.Watches(change.Table, open, written) {
				return true
			}
		}
	}
	return false
}

// pinned reports whether each box says what the column is.
func pinned(boxes []invalidation.Box, column string) bool {
	for _, box := range boxes {
		if !box.Pins(column) {
			return false
		}
	}
	return true
}

// lockSQL is a statement that takes the lock to write and writes nothing. Its
// table goes by the catalogue's name: a statement of db.Table that is asked to
// quote its current table writes it into the SQL that it has built already.
func lockSQL(db *gorm.DB, lock string, relation *invalidation.Relation) string {
	return fmt.Sprintf(lock, db.Statement.Quote(clause.Table{Name: relation.Name}))
}

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
