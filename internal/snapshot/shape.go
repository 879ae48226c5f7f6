package snapshot

import (
	"maps"
	"reflect"
	"slices"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops/querykey"
)

// ShapeID returns a number that stands for the type: the same for the same
// type, another for any other, as long as the process lives. The nil type has
// number 0. It is where package reflect keeps the type, and it keeps each once
// and for ever.
func ShapeID(t reflect.Type) uint64 {
	if t == nil {
		return 0
	}
	return uint64(reflect.ValueOf(t).Pointer())
}

// WriteShape writes into a key what GORM's Scan goes by besides the rows: the
// types of the destination and of the model, the aliases of joined relations
// and the mapping of columns. Statements with the same SQL and arguments that
// differ here may give different results. The destination must be
// [Supported], and the statement's ReflectValue set.
func WriteShape(b *querykey.Builder, stmt *gorm.Statement) {
	b.Uint(ShapeID(stmt.ReflectValue.Type()))
	if stmt.Schema == nil {
		b.Uint(0)
	} else {
		b.Uint(ShapeID(stmt.Schema.ModelType))
	}
	for _, join := range stmt.Joins {
		if join.Alias != "" {
			b.String(join.Alias)
			b.String(join.Name)
		}
	}
	b.Uint(uint64(len(stmt.ColumnMapping)))
	if len(stmt.ColumnMapping) == 0 {
		return // sorting nothing allocates all the same
	}
	for _, column := range slices.Sorted(maps.Keys(stmt.ColumnMapping)) {
		b.String(column)
		b.String(stmt.ColumnMapping[column])
	}
}
