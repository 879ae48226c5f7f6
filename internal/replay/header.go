package replay

import (
	"database/sql"
	"reflect"
	"slices"
)

// header is what a driver tells of the columns.
type header struct {
	names []string

	// Some drivers derive what they tell from the row that they are at.
	before []column // before the first row
	at     []column // at the first row, and from there on
}

// column is what a driver tells of one column, as [sql.ColumnType] has it.
type column struct {
	databaseType string
	scan         reflect.Type
	length       int64
	precision    int64
	scale        int64
	nullable     bool

	hasLength, hasDecimal, hasNullable bool
}

func columnOf(t *sql.ColumnType) column {
	c := column{databaseType: t.DatabaseTypeName(), scan: t.ScanType()}
	c.length, c.hasLength = t.Length()
	c.precision, c.scale, c.hasDecimal = t.DecimalSize()
	c.nullable, c.hasNullable = t.Nullable()
	return c
}

// columnsOf returns what the driver tells of the columns now.
func columnsOf(rows *sql.Rows) ([]column, error) {
	types, err := rows.ColumnTypes()
	columns := make([]column, len(types))
	for i, t := range types {
		columns[i] = columnOf(t)
	}
	return columns, err
}

func headerOf(rows *sql.Rows) (header, error) {
	names, err := rows.Columns()
	if err != nil {
		return header{}, err
	}
	columns, err := columnsOf(rows)
	if err != nil {
		return header{}, err
	}
	// The names are the driver's own memory, which GORM's Scan may write into.
	return header{names: slices.Clone(names), before: columns, at: columns}, nil
}

// atFirst notes what the driver tells at the first row.
func (h *header) atFirst(rows *sql.Rows) {
	if now, err := columnsOf(rows); err == nil && !slices.Equal(now, h.before) {
		h.at = now
	}
}

func (h *header) size() int64 {
	size := int64(reflect.TypeFor[Result]().Size())
	perColumn := int64(reflect.TypeFor[string]().Size() + reflect.TypeFor[column]().Size())
	for _, name := range h.names {
		size += perColumn + int64(len(name))
	}
	return size
}
