package snapshot

import (
	"database/sql"
	"reflect"
	"sync"
	"time"
)

// kind is the way in which GORM's Scan treats a destination.
type kind int

const (
	unknown  kind = iota // left to GORM
	record               // a struct: the columns of the first row, field by field
	list                 // a slice: all rows
	array                // an array: all rows as far as they fit
	scalar               // the only column of the last row
	mapping              // map[string]any: the columns of the first row are added
	mappings             // []map[string]any: all rows are appended
)

// destination is what is known of the type of a gorm.Statement's Dest.
type destination struct {
	kind   kind
	reason string // why the kind is unknown
}

var destinations sync.Map // of destination by reflect.Type

var (
	mapType     = reflect.TypeFor[map[string]any]()
	mapsType    = reflect.TypeFor[[]map[string]any]()
	scannerType = reflect.TypeFor[sql.Scanner]()
)

// scalars are the types that GORM's Scan hands to database/sql as they are.
// Others of the same kinds it does not know.
var scalars = typeSet(
	new(int), new(int8), new(int16), new(int32), new(int64),
	new(uint), new(uint8), new(uint16), new(uint32), new(uint64), new(uintptr),
	new(float32), new(float64), new(bool), new(string), new(time.Time),
	new(sql.NullInt32), new(sql.NullInt64), new(sql.NullFloat64),
	new(sql.NullBool), new(sql.NullString), new(sql.NullTime),
)

func typeSet(pointers ...any) map[reflect.Type]bool {
	set := make(map[reflect.Type]bool, len(pointers))
	for _, p := range pointers {
		set[reflect.TypeOf(p).Elem()] = true
	}
	return set
}

// Supported reports whether results for dest, a gorm.Statement's Dest, can be
// snapshots. If not, the reason is a short phrase for people; GORM itself
// fails or panics on most of these. The answer depends on the type alone.
func Supported(dest any) (reason string, ok bool) {
	t := reflect.TypeOf(dest)
	if t == nil {
		return "destination is nil", false
	}
	d, found := destinations.Load(t)
	if !found {
		d, _ = destinations.LoadOrStore(t, classify(t))
	}
	reason = d.(destination).reason
	return reason, reason == ""
}

// Fresh returns a destination for results of type t, the type of a
// gorm.Statement's ReflectValue, and the zero value of type t that it points
// to. It is what a query's Dest and ReflectValue should be while its result is
// scanned for [Take] or [Move].
func Fresh(t reflect.Type) (dest any, value reflect.Value) {
	p := reflect.New(t)
	return p.Interface(), p.Elem()
}

// classify finds the kind of a Dest. It follows the order in which GORM's
// Scan decides.
func classify(t reflect.Type) destination {
	if t == mapType {
		return destination{kind: mapping}
	}
	if t.Kind() != reflect.Pointer {
		return destination{reason: "destination is not a pointer"}
	}
	k := kindOf(t.Elem())
	if k != unknown {
		return destination{kind: k}
	}
	base := t.Elem()
	for base.Kind() == reflect.Pointer {
		base = base.Elem()
	}
	// Through several pointers GORM no longer knows maps and scalars: it
	// fails on most of them, and reads the others in another way.
	switch k = kindOf(base); k {
	case record, list, array:
		return destination{kind: k}
	}
	return destination{reason: "destination of kind " + base.Kind().String()}
}

// kindOf tells how a result is put into a value of type t. Of the
// destinations that are supported, all that hold the same type are treated in
// the same way.
func kindOf(t reflect.Type) kind {
	switch {
	case t == mapType:
		return mapping
	case t == mapsType:
		return mappings
	case scalars[t]:
		return scalar
	case t.Kind() == reflect.Struct:
		return record
	case t.Kind() == reflect.Slice && element(t.Elem()):
		return list
	case t.Kind() == reflect.Array && element(t.Elem()):
		return array
	default:
		return unknown
	}
}

// element reports whether GORM can scan a row into an element of type t:
// structs, what database/sql scans into, and pointers to them.
func element(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
		if t.Kind() == reflect.Interface {
			return false
		}
	}
	if reflect.PointerTo(t).Implements(scannerType) {
		return true
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Array, reflect.Func, reflect.Chan, reflect.UnsafePointer:
		return false
	case reflect.Slice:
		return t.Elem().Kind() == reflect.Uint8 && t != rawBytesType
	case reflect.Interface:
		return t.NumMethod() == 0
	default:
		return true
	}
}
