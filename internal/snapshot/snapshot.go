// Package snapshot keeps query results as typed values and puts them into
// callers' variables.
//
// A [Snapshot] is a result as GORM's Scan left it in a variable of the
// caller's type. The cache owns it: nothing that a caller gets shares memory
// with it, and it is never written. [Snapshot.Fill] does for another caller
// what Scan would have done with the same rows, and cannot be told from it.
// Where that is in doubt it does nothing and says so, and the caller goes to
// the database.
//
// When a snapshot is true, and when it is used, is the business of others.
package snapshot

import (
	"fmt"
	"reflect"

	"gorm.io/gorm"
)

// Snapshot is a query's result. It is immutable, and safe for concurrent use.
type Snapshot struct {
	value reflect.Value // what was scanned
	kind  kind          // of the destinations that hold such a value

	pointer any // to value, if it is a struct

	given bool // value may be given away, parts and all
	deep  bool // copies by assignment of value, or of its elements if it is a list, share memory with it

	rows    int64
	columns []string
	size    int64
}

// Take makes a snapshot of value, which GORM has scanned a result of that many
// rows into. The value must be one that [Fresh] made. It and columns belong to
// the snapshot from then on: neither may be used again unless the snapshot is
// given up.
//
// The columns are the names by which Scan went, in its order: after the
// statement's ColumnMapping. They may be nil if they are not known; then a
// struct that is not zero is not filled.
//
// It fails if the value holds something that cannot be copied. The value is
// still good for [Move] then.
func Take(value reflect.Value, rows int64, columns []string) (*Snapshot, error) {
	p := planOf(value.Type())
	value = clip(value)
	size, err := p.measure(value, maxDepth)
	if err != nil {
		return nil, fmt.Errorf("cacheops: a result cannot be copied: %w", err)
	}
	size += p.size() + int64(reflect.TypeFor[Snapshot]().Size())
	for _, column := range columns {
		size += int64(reflect.TypeFor[string]().Size()) + int64(len(column))
	}
	s := &Snapshot{
		value:   value,
		kind:    kindOf(value.Type()),
		rows:    rows,
		columns: columns,
		size:    size,
	}
	if s.kind == list {
		s.deep = p.elemsRefer(value)
	} else {
		s.deep = p.refers(value)
	}
	if s.kind == record && value.CanAddr() {
		s.pointer = value.Addr().Interface()
	}
	return s, nil
}

// clip frees what a slice has room for but does not use: GORM starts with
// room for 20 rows.
func clip(value reflect.Value) reflect.Value {
	if value.Kind() != reflect.Slice || value.Len() == value.Cap() {
		return value
	}
	exact := reflect.MakeSlice(value.Type(), value.Len(), value.Len())
	reflect.Copy(exact, value)
	return exact
}

// Rows returns the result's RowsAffected.
func (s *Snapshot) Rows() int64 { return s.rows }

// Size returns the memory that the snapshot takes, in bytes, about.
func (s *Snapshot) Size() int64 { return s.size }

// Move fills db's destination as [Snapshot.Fill] does with a result that no
// one else will use, so that it need not be copied. The arguments are those of
// [Take]. If it reports false, nothing was changed.
func Move(db *gorm.DB, value reflect.Value, rows int64, columns []string) bool {
	s := Snapshot{value: value, kind: kindOf(value.Type()), given: true, rows: rows, columns: columns}
	return s.Fill(db)
}
