package snapshot

import (
	"reflect"
	"slices"

	"gorm.io/gorm"
	"gorm.io/gorm/schema"
)

// Fill puts the result into the destination of db's statement, and sets
// RowsAffected, the statement's Result, and ErrRecordNotFound where asked for,
// just as GORM's query callback would have done had the database returned the
// same rows.
//
// It reports false, and has changed nothing, if it cannot tell what GORM would
// have done. That concerns structs that are not zero: GORM leaves their
// fields as they were where the query returns no column, and some also where
// it returns NULL.
func (s *Snapshot) Fill(db *gorm.DB) bool {
	stmt := db.Statement
	dst := stmt.ReflectValue
	if !dst.IsValid() || dst.Type() != s.value.Type() {
		return false
	}
	if !s.put(db, dst) {
		return false
	}
	db.RowsAffected = s.rows
	if stmt.Result != nil {
		stmt.Result.RowsAffected = s.rows
	}
	if s.rows == 0 && stmt.RaiseErrorOnNotFound && db.Error == nil {
		_ = db.AddError(gorm.ErrRecordNotFound)
	}
	return true
}

// Row returns a copy of a result of one row that was scanned into a T, as Fill gives
// it to First, and a zero T if there is no row. It reports false if the result is of
// another type.
func Row[T any](s *Snapshot) (T, bool) {
	kept, ok := s.pointer.(*T)
	switch {
	case !ok:
		return *new(T), false
	case s.rows == 0:
		return *new(T), true
	case !s.deep:
		return *kept, true
	}
	row := new(T)
	*row = *kept
	planOf(s.value.Type()).unshare(reflect.ValueOf(row).Elem(), s.value)
	return *row, true
}

func (s *Snapshot) put(db *gorm.DB, dst reflect.Value) bool {
	if s.kind == mapping {
		return s.putMap(dst)
	}
	if !dst.CanSet() {
		return false
	}
	switch s.kind {
	case list:
		s.putList(dst)
	case mappings:
		s.appendMaps(dst)
	case array:
		s.assign(dst, s.value)
	case scalar:
		if s.rows > 0 {
			s.assign(dst, s.value)
		}
	case record:
		return s.rows == 0 || s.putRecord(db, dst)
	default:
		return false
	}
	return true
}

// assign sets dst to src, the snapshot's value or a part of it.
func (s *Snapshot) assign(dst, src reflect.Value) {
	dst.Set(src)
	if s.deep {
		planOf(src.Type()).unshare(dst, src)
	}
}

// putList uses the caller's array again if the rows fit, as GORM does; they
// are new in any case.
func (s *Snapshot) putList(dst reflect.Value) {
	n := s.value.Len()
	p := planOf(dst.Type())
	switch {
	case n <= dst.Cap() && dst.Cap() > 0:
		dst.SetLen(n)
	case s.given:
		dst.Set(s.value)
		return
	default:
		p.renew(dst, n)
	}
	reflect.Copy(dst, s.value)
	if s.deep {
		p.unshareElems(dst, s.value)
	}
}

// putMap adds to the caller's map. A nil map is made, if there is a variable
// to keep it.
func (s *Snapshot) putMap(dst reflect.Value) bool {
	if s.rows == 0 {
		return true
	}
	if dst.IsNil() {
		if !dst.CanSet() {
			return false
		}
		dst.Set(reflect.MakeMapWithSize(mapType, s.value.Len()))
	}
	m := dst.Interface().(map[string]any)
	for column, v := range s.value.Interface().(map[string]any) {
		m[column] = s.hand(v)
	}
	return true
}

func (s *Snapshot) appendMaps(dst reflect.Value) {
	rows := s.value.Interface().([]map[string]any)
	into := dst.Addr().Interface().(*[]map[string]any)
	for _, row := range rows {
		*into = append(*into, s.hand(row).(map[string]any))
	}
}

// hand returns what may be handed to the caller for v.
func (s *Snapshot) hand(v any) any {
	if s.given {
		return v
	}
	return copyAny(v)
}

// putRecord fills a struct from the first row.
//
// What was scanned into a zero struct is what GORM would make of another zero
// struct. In any other it sets the fields of the returned columns, each as a
// whole, and leaves a field alone where the column is NULL and the field has
// no NULL. A zero field in the snapshot does not tell which it was, and so it
// will do only if the caller's is zero too.
func (s *Snapshot) putRecord(db *gorm.DB, dst reflect.Value) bool {
	if dst.IsZero() {
		s.assign(dst, s.value)
		return true
	}
	fields, ok := s.fields(db)
	if !ok {
		return false
	}
	ctx := db.Statement.Context
	for _, f := range fields {
		if f.ReflectValueOf(ctx, s.value).IsZero() && !f.ReflectValueOf(ctx, dst).IsZero() {
			return false
		}
	}
	for _, f := range fields {
		s.assign(f.ReflectValueOf(ctx, dst), f.ReflectValueOf(ctx, s.value))
	}
	return true
}

// fields finds the field of each column. It reports false unless GORM would
// set exactly these, one for each column, from the column alone.
func (s *Snapshot) fields(db *gorm.DB) ([]*schema.Field, bool) {
	t := s.value.Type()
	sch := schemaFor(db, t)
	// Into a Scanner GORM scans a single column directly.
	if sch == nil || len(s.columns) == 0 || reflect.PointerTo(t).Implements(scannerType) {
		return nil, false
	}
	fields := make([]*schema.Field, 0, len(s.columns))
	for _, column := range s.columns {
		f := sch.LookUpField(column)
		if f == nil || !plain(f) || slices.Contains(fields, f) {
			return nil, false
		}
		fields = append(fields, f)
	}
	return fields, true
}

// schemaFor returns the schema by which GORM scans into a struct of type t.
func schemaFor(db *gorm.DB, t reflect.Type) *schema.Schema {
	sch := db.Statement.Schema
	if sch == nil || sch.ModelType == t {
		return sch
	}
	other := gorm.Statement{DB: db}
	if other.Parse(db.Statement.Dest) != nil {
		return nil
	}
	return other.Schema
}

// plain reports whether GORM sets f from its column alone. A serializer that
// is not GORM's own may look at the whole struct. An embedded pointer on the
// way to the field, told by a negative index, would have to be made, and
// finding the field would make it in the snapshot.
func plain(f *schema.Field) bool {
	switch f.Serializer.(type) {
	case nil, schema.JSONSerializer, schema.GobSerializer, schema.UnixSecondSerializer:
	default:
		return false
	}
	return f.Readable && slices.Min(f.StructField.Index) >= 0
}
