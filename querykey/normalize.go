package querykey

import (
	"database/sql/driver"
	"math"
	"reflect"
	"time"
)

// Normalize returns the form in which a bound argument reaches the database:
// nil, bool, int64, float64, string, []byte or time.Time, and uint64 for what
// int64 cannot hold. It follows database/sql: a [driver.Valuer] is asked, a
// pointer is followed, a defined type counts as its underlying kind. A nil
// []byte is NULL, and so nil.
//
// It reports false for an argument whose stored form it cannot tell, which
// includes named arguments, and a Valuer that fails or panics.
//
// The argument is not changed. A []byte that is returned may share the
// argument's memory: it must be neither changed nor kept.
func Normalize(v any) (driver.Value, bool) {
	switch v.(type) {
	case nil, bool, int64, float64, string, time.Time:
		return v, true // in its stored form, and its memory, already
	}
	s, ok := store(v)
	if !ok {
		return nil, false
	}
	return s.value(), true
}

// stored is a bound argument in its stored form, unboxed so that writing it
// into a key allocates nothing. The field that counts is told by tag.
type stored struct {
	tag   tag
	bits  uint64 // tagInt, tagUint, tagFloat
	text  string
	bytes []byte
	time  time.Time

	// defined is the type of the argument, if it is neither predeclared nor
	// time.Time. Some drivers encode such a type in a way of its own, so two
	// arguments with equal stored forms may not be the same question.
	defined reflect.Type
}

func (s *stored) value() driver.Value {
	switch s.tag {
	case tagFalse:
		return false
	case tagTrue:
		return true
	case tagInt:
		return int64(s.bits)
	case tagUint:
		return s.bits
	case tagFloat:
		return math.Float64frombits(s.bits)
	case tagText:
		return s.text
	case tagBytes:
		return s.bytes
	case tagTime:
		return s.time
	default:
		return nil
	}
}

func storeInt(n int64) stored     { return stored{tag: tagInt, bits: uint64(n)} }
func storeFloat(f float64) stored { return stored{tag: tagFloat, bits: math.Float64bits(f)} }

func storeBool(b bool) stored {
	if b {
		return stored{tag: tagTrue}
	}
	return stored{tag: tagFalse}
}

func storeUint(n uint64) stored {
	if n <= math.MaxInt64 {
		return storeInt(int64(n))
	}
	return stored{tag: tagUint, bits: n}
}

func storeBytes(b []byte) stored {
	if b == nil {
		return stored{tag: tagNull}
	}
	return stored{tag: tagBytes, bytes: b}
}

func store(v any) (stored, bool) {
	if s, ok := storePlain(v); ok {
		return s, true
	}
	if valuer, ok := v.(driver.Valuer); ok {
		return storeValuer(valuer)
	}
	return storeKind(reflect.ValueOf(v))
}

// storePlain knows the types that arguments nearly always have.
func storePlain(v any) (stored, bool) {
	switch v := v.(type) {
	case nil:
		return stored{tag: tagNull}, true
	case string:
		return stored{tag: tagText, text: v}, true
	case int64:
		return storeInt(v), true
	case int:
		return storeInt(int64(v)), true
	case uint:
		return storeUint(uint64(v)), true
	case uint64:
		return storeUint(v), true
	case int32:
		return storeInt(int64(v)), true
	case uint32:
		return storeInt(int64(v)), true
	case int16:
		return storeInt(int64(v)), true
	case uint16:
		return storeInt(int64(v)), true
	case int8:
		return storeInt(int64(v)), true
	case uint8:
		return storeInt(int64(v)), true
	case bool:
		return storeBool(v), true
	case float64:
		return storeFloat(v), true
	case float32:
		return storeFloat(float64(v)), true
	case []byte:
		return storeBytes(v), true
	case time.Time:
		return stored{tag: tagTime, time: v}, true
	case *time.Time:
		if v == nil {
			return stored{tag: tagNull}, true
		}
		return stored{tag: tagTime, time: *v}, true
	default:
		return stored{}, false
	}
}

// storeValuer asks the Valuer, unless it is a nil pointer to a type whose
// Value method has a value receiver: like database/sql, that is NULL.
func storeValuer(v driver.Valuer) (s stored, ok bool) {
	defer func() {
		if recover() != nil {
			s, ok = stored{}, false
		}
	}()
	t := reflect.TypeOf(v)
	if t.Kind() == reflect.Pointer && reflect.ValueOf(v).IsNil() && t.Elem().Implements(valuerType) {
		return stored{tag: tagNull}, true
	}
	value, err := v.Value()
	if err != nil {
		return stored{}, false
	}
	s, ok = storePlain(value)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	s.defined = t
	return s, ok
}

var valuerType = reflect.TypeFor[driver.Valuer]()

// storeKind goes by the kind of a value that is no Valuer.
func storeKind(v reflect.Value) (stored, bool) {
	var s stored
	switch v.Kind() {
	case reflect.Pointer:
		return storePointer(v)
	case reflect.Bool:
		s = storeBool(v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		s = storeInt(v.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		s = storeUint(v.Uint())
	case reflect.Float32, reflect.Float64:
		s = storeFloat(v.Float())
	case reflect.String:
		s = stored{tag: tagText, text: v.String()}
	case reflect.Slice:
		if v.Type().Elem().Kind() != reflect.Uint8 {
			return stored{}, false
		}
		s = storeBytes(v.Bytes())
	default:
		return stored{}, false
	}
	if v.Type().PkgPath() != "" {
		s.defined = v.Type()
	}
	return s, true
}

// storePointer follows one pointer. A pointer to a pointer is not followed,
// so a type that points to itself cannot hold it up.
func storePointer(v reflect.Value) (stored, bool) {
	switch elem := v.Elem(); {
	case v.IsNil():
		return stored{tag: tagNull}, true
	case elem.Kind() == reflect.Pointer:
		return stored{}, false
	case elem.Type().NumMethod() == 0 && elem.Kind() != reflect.Interface:
		return storeKind(elem) // no Valuer: spare the boxing
	default:
		return store(elem.Interface())
	}
}
