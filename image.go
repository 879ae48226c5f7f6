package cacheops

import (
	"database/sql"
	"database/sql/driver"
	"fmt"

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
// own transaction, after that has the lock to write, so nothing can change
// before it commits. On SQLite the lock is taken by a statement that deletes
// no row: reading first would begin with a snapshot, and upgrading that to a
// writer fails at once, without waiting, if another writer came between.
//
// Nothing here may fail the write: on any error there is no image.
func (d *database) image(tx *track.Tx, db *gorm.DB, send sender) (facts invalidation.Facts) {
	if !d.imageable(db) {
		return facts
	}
	shape := d.sketch(db, send)
	if shape == nil || len(shape.Writes) != 1 {
		return facts
	}
	write := shape.Writes[0]
	relation := d.catalog.known()[write.Table]
	if relation == nil || !relation.Base || d.profile(write.Table).NoImages || !d.pays(db, shape, relation) {
		return facts
	}
	if !tx.Writing() {
		if _, err := db.Statement.ConnPool.ExecContext(db.Statement.Context, lockSQL(db, relation)); err != nil {
			return facts
		}
	}
	rows, err := d.readImage(db, relation)
	if err != nil || len(rows) > maxImage {
		return facts
	}
	return invalidation.Facts{Before: rows, HasBefore: true}
}

// imageable reports whether db may be an update or delete by clauses.
func (d *database) imageable(db *gorm.DB) bool {
	stmt := db.Statement
	return stmt.SQL.Len() == 0 && stmt.Schema != nil && stmt.Clauses["INSERT"].Expression == nil && !d.disabled.Load()
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

// lockSQL is a statement that takes SQLite's lock to write and writes nothing.
// Its table goes by the catalogue's name: a statement of db.Table that is asked
// to quote its current table writes it into the SQL that it has built already.
func lockSQL(db *gorm.DB, relation *invalidation.Relation) string {
	return fmt.Sprintf("DELETE FROM %s WHERE 0", db.Statement.Quote(clause.Table{Name: relation.Name}))
}

// readImage reads the rows that the statement's WHERE holds for.
func (d *database) readImage(db *gorm.DB, relation *invalidation.Relation) ([]invalidation.Image, error) {
	query := &gorm.Statement{DB: db, Table: db.Statement.Table, Schema: db.Statement.Schema, Clauses: map[string]clause.Clause{}}
	limit := maxImage + 1
	from := clause.Table{Name: relation.Name}
	if invalidation.Name(query.Table) != relation.Name {
		from.Alias = query.Table // of db.Table("posts AS p")
	}
	query.AddClause(clause.Select{})
	query.AddClause(clause.From{Tables: []clause.Table{from}})
	query.AddClause(clause.Limit{Limit: &limit})
	if where, ok := db.Statement.Clauses["WHERE"]; ok {
		query.Clauses["WHERE"] = where
	}
	query.Build("SELECT", "FROM", "WHERE", "LIMIT")
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
