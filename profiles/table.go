package profiles

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"

	"gorm.io/gorm/schema"
)

// noTable begins a key that [Table] could not make; the reason follows. No
// key of a table can begin so.
const noTable = "!"

// Table returns the key under which a [Set] holds the profile of a model: the
// name of its table, by its TableName method or else by GORM's default naming.
// A model is a struct, or a pointer to one or a slice of them; its value does
// not count.
//
// No database is asked, so a database with a NamingStrategy of its own, or a
// TableName that includes the default schema, needs the table's name written
// out instead. For what is not a model the key is one that [Set.Compile]
// refuses with the reason.
func Table(model any) string {
	t := reflect.TypeOf(model)
	for t != nil && (t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Array) {
		t = t.Elem()
	}
	if t == nil || t.Kind() != reflect.Struct {
		return fmt.Sprintf("%sTable: %T is not a model", noTable, model)
	}
	s, err := schema.Parse(reflect.New(t).Interface(), new(sync.Map), schema.NamingStrategy{})
	if err != nil {
		return fmt.Sprintf("%sTable: %T: %v", noTable, model, err)
	}
	if s.Table == "" {
		return fmt.Sprintf("%sTable: %T has no table", noTable, model)
	}
	return s.Table
}

// keyLabel is how an error names the profile under key.
func keyLabel(key string) string {
	if strings.HasPrefix(key, noTable) {
		return "of a model"
	}
	return strconv.Quote(key)
}
