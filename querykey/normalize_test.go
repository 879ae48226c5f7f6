package querykey_test

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops/querykey"
)

type (
	status  int
	label   string
	ratio   float32
	flag    bool
	blob    []byte
	account struct{ ID int }

	// money has its Value method on the value, secret on the pointer.
	money  struct{ cents int64 }
	secret struct{ text string }

	faulty  struct{}
	panicky struct{}
	odd     struct{}
)

func (s status) String() string                { return fmt.Sprint("status ", int(s)) }
func (m money) Value() (driver.Value, error)   { return m.cents, nil }
func (s *secret) Value() (driver.Value, error) { return s.text, nil }
func (faulty) Value() (driver.Value, error)    { return nil, errors.New("no value") }
func (panicky) Value() (driver.Value, error)   { panic("no value") }
func (odd) Value() (driver.Value, error)       { return account{1}, nil }

func ptr[T any](v T) *T { return &v }

var noon = time.Date(2024, 2, 29, 12, 0, 0, 123456789, time.FixedZone("CET", 3600))

func TestNormalizeGivesTheStoredForm(t *testing.T) {
	for _, test := range []struct {
		name string
		arg  any
		want driver.Value
	}{
		{"nil", nil, nil},
		{"int", int(-7), int64(-7)},
		{"int8", int8(math.MinInt8), int64(math.MinInt8)},
		{"int16", int16(7), int64(7)},
		{"int32", int32(7), int64(7)},
		{"int64", int64(math.MinInt64), int64(math.MinInt64)},
		{"uint", uint(7), int64(7)},
		{"uint8", uint8(255), int64(255)},
		{"uint16", uint16(7), int64(7)},
		{"uint32", uint32(math.MaxUint32), int64(math.MaxUint32)},
		{"uint64 that fits", uint64(math.MaxInt64), int64(math.MaxInt64)},
		{"uint64 that does not fit", uint64(math.MaxInt64) + 1, uint64(math.MaxInt64) + 1},
		{"float64", 0.1, 0.1},
		{"float32 becomes the nearest float64", float32(0.1), float64(float32(0.1))},
		{"bool", true, true},
		{"false", false, false},
		{"string", "a", "a"},
		{"empty string", "", ""},
		{"bytes", []byte{1, 2}, []byte{1, 2}},
		{"empty bytes", []byte{}, []byte{}},
		{"nil bytes are NULL", []byte(nil), nil},
		{"time", noon, noon},

		{"pointer", ptr(uint(7)), int64(7)},
		{"pointer to string", ptr("a"), "a"},
		{"pointer to time", &noon, noon},
		{"pointer to any", ptr(any("a")), "a"},
		{"nil pointer", (*int)(nil), nil},
		{"nil pointer to time", (*time.Time)(nil), nil},

		{"defined int", status(3), int64(3)},
		{"defined string", label("a"), "a"},
		{"defined float", ratio(0.1), float64(float32(0.1))},
		{"defined bool", flag(true), true},
		{"defined bytes", blob{1}, []byte{1}},
		{"nil defined bytes", blob(nil), nil},
		{"pointer to defined", ptr(status(3)), int64(3)},
		{"duration", time.Second, int64(time.Second)},
		{"json", json.RawMessage(`{}`), []byte(`{}`)},

		{"valuer", money{5}, int64(5)},
		{"pointer to valuer", &money{5}, int64(5)},
		{"nil pointer to valuer is NULL", (*money)(nil), nil},
		{"pointer valuer", &secret{"a"}, "a"},
		{"null string", sql.NullString{}, nil},
		{"valid null string", sql.NullString{String: "a", Valid: true}, "a"},
		{"generic null", sql.Null[string]{V: "a", Valid: true}, "a"},
		{"deleted at", gorm.DeletedAt{Time: noon, Valid: true}, noon},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, ok := querykey.Normalize(test.arg)
			if !ok || !reflect.DeepEqual(got, test.want) {
				t.Errorf("Normalize(%#v) = %#v, %v, want %#v", test.arg, got, ok, test.want)
			}
		})
	}
}

func TestNormalizeRefusesWhatItCannotTell(t *testing.T) {
	for _, test := range []struct {
		name string
		arg  any
	}{
		{"named argument", sql.Named("a", 1)},
		{"struct", account{1}},
		{"pointer to struct", &account{1}},
		{"slice", []int{1}},
		{"array", [2]byte{1, 2}},
		{"map", map[string]any{}},
		{"func", func() {}},
		{"channel", make(chan int)},
		{"complex", complex(1, 2)},
		{"uintptr", uintptr(1)},
		{"pointer to pointer", ptr(ptr(1))},
		{"value without its pointer method", secret{"a"}},
		{"valuer that fails", faulty{}},
		{"valuer that panics", panicky{}},
		{"nil pointer valuer that panics", (*secret)(nil)},
		{"valuer of a strange value", odd{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got, ok := querykey.Normalize(test.arg); ok {
				t.Errorf("Normalize(%#v) = %#v, want a refusal", test.arg, got)
			}
			var b querykey.Builder
			if b.Value(test.arg) {
				t.Errorf("a key was made of %#v", test.arg)
			}
		})
	}
}

// TestNormalizeAgreesWithDatabaseSQL holds the two against each other wherever
// database/sql knows the answer.
func TestNormalizeAgreesWithDatabaseSQL(t *testing.T) {
	for _, arg := range []any{
		nil, 7, int8(7), uint(7), uint64(7), 0.5, float32(0.1), true, "a", []byte("a"), noon,
		ptr(7), ptr("a"), &noon, (*int)(nil), status(3), label("a"), ratio(0.1), blob{1},
		money{5}, &money{5}, (*money)(nil), &secret{"a"}, sql.NullInt16{Int16: 3, Valid: true},
		gorm.DeletedAt{}, time.Second,
	} {
		want, err := driver.DefaultParameterConverter.ConvertValue(arg)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := querykey.Normalize(arg); !ok || !reflect.DeepEqual(got, want) {
			t.Errorf("Normalize(%#v) = %#v, %v, database/sql has %#v", arg, got, ok, want)
		}
	}
}
