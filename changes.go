package cacheops

import (
	"reflect"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/querykey"
)

// untouched reports whether a mutation went well and reached no row. The
// count does not say so where there are triggers: what they write is not
// counted, nor is a row whose writing they have replaced or called off.
func (d *database) untouched(db *gorm.DB, shape *invalidation.Shape, touched int64) bool {
	if shape.Verb != invalidation.Mutation || db.Error != nil || touched != 0 {
		return false
	}
	catalog := d.catalog.known()
	for _, w := range shape.Writes {
		if relation := catalog[w.Table]; relation == nil || len(relation.Triggered) > 0 {
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
	return shape.Changes(d.name, storedArgs(db.Statement.Vars), d.catalog.known(), facts)
}

// ignored takes out the columns that profiles want ignored, and the changes
// of which nothing is left.
func (d *database) ignored(changes []invalidation.Change) []invalidation.Change {
	kept := changes[:0]
	for _, c := range changes {
		if columns := d.profile(c.Table.Name).Ignore; len(columns) == 0 || c.Ignore(columns) {
			kept = append(kept, c)
		}
	}
	return kept
}

// addFacts adds what is known of a statement after it went well: how many
// rows it touched and, of created rows, their keys.
func (d *database) addFacts(db *gorm.DB, facts *invalidation.Facts) {
	if db.Error != nil {
		*facts = invalidation.Facts{}
		return
	}
	facts.Rows = max(db.RowsAffected, 0)
	if facts.HasBefore && facts.Rows != int64(len(facts.Before)) {
		// The image is not of the rows that were written.
		facts.Before, facts.HasBefore = nil, false
	}
	stmt := db.Statement
	if stmt.Schema == nil || len(stmt.Schema.PrimaryFields) == 0 {
		return
	}
	switch rv := stmt.ReflectValue; rv.Kind() {
	case reflect.Struct:
		facts.Chosen = []invalidation.Image{primaryKey(stmt, rv)}
	case reflect.Slice, reflect.Array:
		for i := range rv.Len() {
			facts.Chosen = append(facts.Chosen, primaryKey(stmt, rv.Index(i)))
		}
	}
}

// primaryKey returns the key of a model's value as GORM has filled it in, as
// far as it has.
func primaryKey(stmt *gorm.Statement, rv reflect.Value) invalidation.Image {
	image := invalidation.Image{}
	rv = reflect.Indirect(rv)
	if rv.Kind() != reflect.Struct || rv.Type() != stmt.Schema.ModelType {
		return image
	}
	for _, field := range stmt.Schema.PrimaryFields {
		if v, zero := field.ValueOf(stmt.Context, rv); !zero {
			if stored, ok := querykey.Normalize(v); ok {
				image[invalidation.Name(field.DBName)] = stored
			}
		}
	}
	return image
}
