package cacheops

import (
	"gorm.io/gorm"

	"github.com/seed92106438/cacheops/invalidation"
)

// untouched reports whether a mutation went well and reached no row.
func (d *database) untouched(db *gorm.DB, shape *invalidation.Shape, touched int64) bool {
	return db.Error == nil && touched == 0 && counts(shape, d.namesIn(db))
}

// counts reports whether the database's count of a mutation says how many rows
// it has reached. It does not where there are triggers: what they write is not
// counted, nor is a row whose writing they have replaced or called off. Nor does
// it where only the table is known: TRUNCATE is said to reach no row.
func counts(shape *invalidation.Shape, catalog invalidation.Catalog) bool {
	if shape.Verb != invalidation.Mutation || shape.Uncounted {
		return false
	}
	for _, w := range shape.Writes {
		if relation := catalog[w.Table]; relation == nil || len(relation.Triggered) > 0 || w.Kind == invalidation.Any {
			return false
		}
	}
	return true
}

// changesOf returns the changes that the statement has made, or will make.
func (d *database) changesOf(db *gorm.DB, shape *invalidation.Shape, facts invalidation.Facts) []invalidation.Change {
	if _, insert := db.Statement.Clauses["INSERT"]; insert && shape.Refusal == invalidation.TooLong {
		// GORM has built an insert of very many rows. It writes one table.
		shape = &invalidation.Shape{
			Verb: invalidation.Mutation, Params: len(db.Statement.Vars),
			Writes: []invalidation.Write{{Table: invalidation.Name(db.Statement.Table), Kind: invalidation.Any}},
		}
	}
	args := d.stored(db.Statement.Vars)
	if !d.several.Load() {
		reading := d.catalog.reading()
		return made(shape.Changes(d.name, args, d.namesIn(db), facts), reading)
	}
	var changes []invalidation.Change
	for _, each := range d.everyone() {
		reading := each.catalog.reading()
		changes = append(changes, made(shape.Changes(each.name, args, each.namesIn(db), facts), reading)...)
	}
	return changes
}

// ignored takes out the columns that profiles want ignored, and the changes
// of which nothing is left.
func (d *database) ignored(changes []invalidation.Change) []invalidation.Change {
	kept := changes[:0]
	catalog := d.catalog.known()
	for _, c := range changes {
		if columns := d.profileOf(catalog, c.Table.Name).Ignore; len(columns) == 0 || c.Ignore(columns) {
			kept = append(kept, c)
		}
	}
	return kept
}

// addFacts adds what is known of a statement after it went well: how many
// rows it touched and, of created rows, those parts of their keys that were
// left to the database.
func (d *database) addFacts(db *gorm.DB, facts *invalidation.Facts, left leftKeys) {
	if db.Error != nil {
		*facts = invalidation.Facts{}
		return
	}
	facts.Rows = max(db.RowsAffected, 0)
	image := int64(len(facts.Before))
	if facts.HasBefore && facts.Rows != image && !(d.countsAltered() && facts.Rows < image) {
		// The image is not of the rows that were written. If it is of as many,
		// it is of the same: those are locked and met the WHERE all the time.
		facts.Before, facts.HasBefore = nil, false
	}
	if _, creates := db.Statement.Clauses["INSERT"]; creates {
		facts.Chosen = left.chosen(db.Statement)
	}
}
