package cacheops

import (
	"reflect"
	"slices"

	"gorm.io/gorm"
	"gorm.io/gorm/schema"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/querykey"
)

// leftKeys has, for each row of a model that a statement holds, the fields of
// its key that are not set before it is sent. If it creates the row, GORM sets
// them to what the database chose. A field that was set may have been left out
// of the SQL all the same, and then GORM need not know what was chosen.
type leftKeys [][]*schema.Field

func leftKeysOf(stmt *gorm.Statement) leftKeys {
	if stmt.Schema == nil || len(stmt.Schema.PrimaryFields) == 0 {
		return nil
	}
	if _, creates := stmt.Clauses["INSERT"]; !creates && stmt.SQL.Len() > 0 {
		return nil // it is written down already, and is no insert
	}
	rows := rowsOf(stmt)
	left := make(leftKeys, len(rows))
	for i, rv := range rows {
		for _, field := range stmt.Schema.PrimaryFields {
			if _, zero := field.ValueOf(stmt.Context, rv); zero {
				left[i] = append(left[i], field)
			}
		}
	}
	return left
}

// rowsOf returns the rows of the model that the statement holds, or none if
// some are of another kind, or one is there twice and so has one key for both.
func rowsOf(stmt *gorm.Statement) []reflect.Value {
	var rows []reflect.Value
	switch rv := stmt.ReflectValue; rv.Kind() {
	case reflect.Struct:
		rows = []reflect.Value{rv}
	case reflect.Slice, reflect.Array:
		for i := range rv.Len() {
			rows = append(rows, reflect.Indirect(rv.Index(i)))
		}
	}
	seen := make(map[uintptr]bool, len(rows))
	for _, rv := range rows {
		if rv.Kind() != reflect.Struct || rv.Type() != stmt.Schema.ModelType || !rv.CanAddr() || seen[rv.Addr().Pointer()] {
			return nil
		}
		seen[rv.Addr().Pointer()] = true
	}
	return rows
}

// chosen returns the values that GORM has filled in, as far as it has, and as
// far as they can be relied on.
func (l leftKeys) chosen(stmt *gorm.Statement) []invalidation.Image {
	rows := rowsOf(stmt)
	if len(rows) != len(l) || l.counted(stmt) && stmt.Name() != "mysql" {
		return nil
	}
	images := l.filled(stmt, rows)
	if l.counted(stmt) {
		l.bound(images)
	}
	return images
}

// counted reports whether GORM had to count up, or down, from one key to have
// one for each row, because the statement returned none. The database may have
// left keys out: those that come with other rows of the statement, or by the
// settings of a cluster.
func (l leftKeys) counted(stmt *gorm.Statement) bool {
	_, returns := stmt.Clauses["RETURNING"]
	if returns && slices.Contains(stmt.BuildClauses, "RETURNING") {
		return false
	}
	rows := 0
	for _, left := range l {
		rows += min(len(left), 1)
	}
	return rows > 1
}

// bound makes a bound of each value. MySQL tells the first key that it has
// chosen, from which GORM counts up; those that it has chosen for later rows
// are greater.
func (l leftKeys) bound(images []invalidation.Image) {
	first := invalidation.Image{}
	for _, image := range images {
		for name, v := range image {
			if _, later := first[name]; !later {
				first[name] = v
			}
			image[name] = invalidation.AtLeast{Value: first[name]}
		}
	}
}

// filled returns the values as they are.
func (l leftKeys) filled(stmt *gorm.Statement, rows []reflect.Value) []invalidation.Image {
	images := make([]invalidation.Image, 0, len(rows))
	for i, rv := range rows {
		image := invalidation.Image{}
		for _, field := range l[i] {
			if v, zero := field.ValueOf(stmt.Context, rv); !zero {
				if stored, ok := querykey.Normalize(v); ok {
					image[invalidation.Name(field.DBName)] = stored
				}
			}
		}
		images = append(images, image)
	}
	return images
}
