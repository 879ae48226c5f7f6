package cacheops

import (
	"fmt"
	"slices"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/seed92106438/cacheops/internal/track"
	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/region"
)

// maxImage bounds the rows that are read before a write. Past it the change
// is known by its WHERE alone.
const maxImage = 256

// image sees to it that the rows are known that an update or delete reaches, if
// that can spare a result: if some result depends on a column whose value the
// statement leaves open. UPDATE … SET title = ? WHERE id = ? says nothing of
// the row's category, so without the image it drops every category's list.
//
// Where such columns stay as they are, the write itself can tell, see
// [returning]. Otherwise the rows are read before it, and must not be outrun by
// another writer. So they are read in the write's own transaction, with the
// locks that the write takes itself: on SQLite that of the database, elsewhere
// those of the rows. Where rows are locked, others may come to meet the WHERE
// before the write does; then the count of rows tells, see [database.addFacts].
//
// Nothing here may fail the write: on an error there is no image. But one that
// may have ended the transaction is the write's own: it would have met it, and
// sent after it, it would stand alone.
//
// The write is to be sent by the sender that is returned. What is known of its
// rows is to be asked for after that.
func (d *database) image(tx *track.Tx, db *gorm.DB, send sender) (sender, func() invalidation.Facts) {
	unknown := func() invalidation.Facts { return invalidation.Facts{} }
	if !d.imageable(db) {
		return send, unknown
	}
	shape := d.sketch(db, send)
	if shape == nil || len(shape.Writes) != 1 || shape.openEnded {
		return send, unknown
	}
	relation := d.namesIn(db)[shape.Writes[0].Table]
	if relation == nil || !relation.Base || d.profileOf(d.namesIn(db), relation.Name).NoImages {
		return send, unknown
	}
	columns, altered := d.watched(&shape.Writes[0], relation)
	if len(columns) == 0 {
		return send, unknown
	}
	if !altered {
		if r := d.returning(db, shape, relation, columns); r != nil {
			return r.sender(send), r.facts
		}
	}
	query := d.imageQuery(db, relation)
	locks, tells := d.locks(db, shape.Shape, relation, query)
	if !tells {
		return send, unknown
	}
	query.SQL.WriteString(locks)
	if d.dialect.Images().Savepoint {
		return send, d.trial(tx, db, relation, query)
	}
	facts := d.takeImage(tx, db, relation, query)
	return send, func() invalidation.Facts { return facts }
}

// imageSavepoint is what is gone back to if an image cannot be read.
const imageSavepoint = "cacheops_image"

// trial takes an image where an error would spoil the transaction. The savepoint
// is kept until the write is done: PostgreSQL writes down at some cost who has
// locked a row, if that was a part of the transaction which has ended before the
// row is changed. After a write that failed there is nothing to release.
func (d *database) trial(
	tx *track.Tx, db *gorm.DB, relation *invalidation.Relation, query *gorm.Statement,
) func() invalidation.Facts {
	if send(db, "SAVEPOINT "+imageSavepoint) != nil {
		return func() invalidation.Facts { return invalidation.Facts{} }
	}
	facts := d.takeImage(tx, db, relation, query)
	return func() invalidation.Facts {
		if db.Error == nil {
			_ = send(db, "RELEASE SAVEPOINT "+imageSavepoint)
		}
		return facts
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

// watched returns the columns of the table that the write does not pin by its text
// and that some result restricts which looks at what is written. It reports whether
// the write may alter one of them. An insert reaches no row, and a table with triggers
// changes as a whole, whatever its rows were.
func (d *database) watched(write *invalidation.Write, relation *invalidation.Relation) (columns []string, altered bool) {
	if len(relation.Triggered) > 0 || write.Kind != invalidation.Update && write.Kind != invalidation.Delete {
		return nil, false
	}
	written := write.Written(relation)
	open := make([]string, 0, len(relation.Columns))
	for column := range relation.Columns {
		if !write.Where.Pins(column) {
			open = append(open, column)
		}
	}
	for _, each := range d.everyone() {
		table := invalidation.Table{Database: each.name, Name: relation.Name}
		if !d.watches(table, open, written) {
			continue
		}
		for i, column := range open {
			if d.watches(table, open[i:i+1], written) {
				columns = append(columns, column)
				altered = altered || write.Kind == invalidation.Update && written.Has(column)
			}
		}
	}
	slices.Sort(columns)
	return slices.Compact(columns), altered
}

// watches asks all regions what [region.Region.Watches] tells.
func (d *database) watches(table invalidation.Table, columns []string, written invalidation.Columns) bool {
	return slices.ContainsFunc(d.distinctRegions(), func(r region.Region) bool { return r.Watches(table, columns, written) })
}

// lockSQL is a statement that takes the lock to write and writes nothing. Its
// table goes by the catalogue's name: a statement of db.Table that is asked to
// quote its current table writes it into the SQL that it has built already.
func lockSQL(db *gorm.DB, lock string, relation *invalidation.Relation) string {
	return fmt.Sprintf(lock, db.Statement.Quote(clause.Table{Name: relation.Name}))
}
