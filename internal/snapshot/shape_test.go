package snapshot_test

import (
	"bytes"
	"context"
	"reflect"
	"sync"
	"testing"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/seed92106438/cacheops/internal/snapshot"
	"github.com/seed92106438/cacheops/querykey"
)

func TestShapeIDTellsTypesApart(t *testing.T) {
	types := []reflect.Type{nil, reflect.TypeFor[person](), reflect.TypeFor[*person](), reflect.TypeFor[[]person](), reflect.TypeFor[int]()}
	seen := map[uint64]reflect.Type{}
	for _, typ := range types {
		id := snapshot.ShapeID(typ)
		if other, ok := seen[id]; ok {
			t.Errorf("%v and %v are both %d", typ, other, id)
		}
		seen[id] = typ
	}
}

func TestShapeIDIsOneForAll(t *testing.T) {
	type local struct{ A int }
	ids := make([]uint64, 8)
	var group sync.WaitGroup
	for i := range ids {
		group.Go(func() { ids[i] = snapshot.ShapeID(reflect.TypeFor[local]()) })
	}
	group.Wait()
	for _, id := range ids {
		if id != ids[0] || id == 0 {
			t.Fatalf("one type has numbers %v", ids)
		}
	}
}

// shape returns what WriteShape writes for a query.
func (b *bench) shape(q func(db *gorm.DB)) (text []byte) {
	var builder querykey.Builder
	b.with(func(db *gorm.DB) {
		snapshot.WriteShape(&builder, db.Statement)
	}, func() { q(b.DB) })
	return builder.Key().Text
}

// TestShapeTellsApartWhatScanDoes has pairs of queries that may send the same
// SQL and yet have different results.
func TestShapeTellsApartWhatScanDoes(t *testing.T) {
	b := openPeople(t)
	alias := func(name string) func(*gorm.DB) {
		return func(db *gorm.DB) {
			_, _ = gorm.G[person](db).Joins(clause.LeftJoin.Association("Company").As(name), nil).Find(context.Background())
		}
	}
	mapped := func(mapping map[string]string) func(*gorm.DB) {
		return func(db *gorm.DB) { db.MapColumns(mapping).Find(new([]person)) }
	}
	into := func(dest any) func(*gorm.DB) {
		return func(db *gorm.DB) { db.Model(&person{}).Find(dest) }
	}
	for _, test := range []struct {
		name string
		a, b func(*gorm.DB)
		same bool
	}{
		{"one and all", into(new(person)), into(new([]person)), false},
		{"rows and pointers", into(new([]person)), into(new([]*person)), false},
		{"pointer and pointer to pointer", into(new(person)), into(new(*person)), true},
		{"map and pointer to map", into(map[string]any{}), into(new(map[string]any)), true},
		{"models", func(db *gorm.DB) { db.Model(&person{}).Find(new([]string)) },
			func(db *gorm.DB) { db.Model(&flat{}).Find(new([]string)) }, false},
		{"no model", func(db *gorm.DB) { db.Table("people").Find(new([]string)) }, into(new([]string)), false},
		{"aliases", alias("a"), alias("b"), false},
		{"an alias and a mapping", alias("a"), mapped(map[string]string{"a": "Company"}), false},
		{"the same alias", alias("a"), alias("a"), true},
		{"mappings", mapped(map[string]string{"name": "nick"}), mapped(nil), false},
		{"a mapping and its inverse", mapped(map[string]string{"name": "nick"}), mapped(map[string]string{"nick": "name"}), false},
		{"mappings of one column", mapped(map[string]string{"name": "nick"}), mapped(map[string]string{"name": "born"}), false},
		{"the same mapping", mapped(map[string]string{"a": "b", "c": "d"}), mapped(map[string]string{"c": "d", "a": "b"}), true},
	} {
		t.Run(test.name, func(t *testing.T) {
			a, b := b.shape(test.a), b.shape(test.b)
			if len(a) == 0 || len(b) == 0 {
				t.Fatal("the query did not get as far as the callback")
			}
			if bytes.Equal(a, b) != test.same {
				t.Errorf("the shapes are %q and %q", a, b)
			}
		})
	}
}
