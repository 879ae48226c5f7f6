package cacheops

import (
	"context"
	"database/sql"
	"reflect"
	"strings"

	"gorm.io/gorm/schema"

	"github.com/seed92106438/cacheops/querykey"
)

// A query for many ids gives rows, and does not say which row is whose. An id and a
// key that are stored as the same value are equal to every database. Of those that
// are not, two numbers are different to every one, but texts need not be: they may
// differ by letter case, blanks or accents, or be read as numbers or UUIDs. An id that
// has no row of its own, and may be equal to one of those found, is in doubt.
//
// What is read into a type that scans by itself is taken to be stored as that type
// writes it, if ids are of that type too: GORM goes by that whenever it saves or
// deletes a row that it has read.

func newRowKey(f *schema.Field) *rowKey {
	scanner := reflect.TypeFor[sql.Scanner]()
	return &rowKey{f, reflect.PointerTo(f.IndirectFieldType).Implements(scanner)}
}

// blob is a binary key.
type blob string

// ofID returns what an id is known by, and false if that does not tell which row is
// its own.
func (k *rowKey) ofID(id any) (any, bool) {
	if k.Serializer != nil || k.own && reflect.TypeOf(id) != k.IndirectFieldType {
		return nil, false
	}
	return k.known(id)
}

// ofRow returns what a row is known by, or nil.
func (k *rowKey) ofRow(ctx context.Context, row reflect.Value) any {
	value, _ := k.ValueOf(ctx, row)
	known, _ := k.known(value)
	return known
}

// known returns what a key is known by, if it is of a kind with the field.
func (k *rowKey) known(v any) (any, bool) {
	stored, ok := querykey.Normalize(v)
	if !ok {
		return nil, false
	}
	kind := k.IndirectFieldType.Kind()
	switch s := stored.(type) {
	case int64, uint64:
		return s, reflect.Int <= kind && kind <= reflect.Uint64
	case string:
		return s, kind == reflect.String || kind == reflect.Array
	case []byte:
		return blob(s), kind == reflect.Array
	}
	return nil, false
}

// Where match finds no row for an id.
const (
	isAbsent   = -1
	isDoubtful = -2
)

// match returns for each id the place of the row that is its own, by the keys of the
// rows that a query for all of them gave. A row that belongs to none of them was found
// by one to which the database holds it for equal, and no one knows by which.
func match(ids, keys []any) []int {
	at := make(map[any]int, len(keys))
	for j, key := range keys {
		if _, twice := at[key]; twice {
			j = isDoubtful
		}
		at[key] = j
	}
	places, claimed := make([]int, len(ids)), 0
	for i, id := range ids {
		place, found := at[id]
		if !found {
			place = isAbsent
		}
		places[i] = place
		if place >= 0 {
			at[id] = isDoubtful // for another id that is stored alike
			claimed++
		}
	}
	like := likenessOf(keys)
	for i, id := range ids {
		if places[i] == isAbsent && (claimed < len(keys) || like.mayEqual(id)) {
			places[i] = isDoubtful
		}
	}
	return places
}

// likeness tells which texts a database might hold for equal to some text.
type likeness struct {
	forms    map[string]bool
	numerals bool // some text consists of digits
	beyond   bool // some text is not ASCII
}

func likenessOf(keys []any) *likeness {
	l := &likeness{forms: map[string]bool{}}
	for _, key := range keys {
		if s, ok := key.(string); ok {
			form, plain := formOf(s)
			l.forms[form] = true
			l.beyond = l.beyond || !plain
			l.numerals = l.numerals || strings.Trim(s, digits) == ""
		}
	}
	return l
}

const digits = "0123456789"

// mayEqual reports whether an id that is not one of the texts may be equal to one.
func (l *likeness) mayEqual(id any) bool {
	s, ok := id.(string)
	if !ok || len(l.forms) == 0 {
		return false
	}
	form, plain := formOf(s)
	if !plain || l.beyond || l.forms[form] {
		return true
	}
	// Where keys are numbers, "1.0" and "1e0" and "1 day" may be 1.
	return l.numerals && strings.Trim(s, digits) != "" && strings.ContainsAny(s, digits)
}

// formOf leaves of a text what two texts have in common that are the same but for
// letter case, blanks, the punctuation of a UUID, and zeros before a number. It
// reports whether the text is ASCII: beyond that no form will do.
func formOf(s string) (form string, plain bool) {
	form = strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
			return r
		case 'A' <= r && r <= 'Z':
			return r + 'a' - 'A'
		}
		return -1
	}, s)
	plain = strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) < 0
	return strings.TrimLeft(form, "0"), plain
}
