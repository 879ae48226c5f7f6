package snapshot_test

import (
	"database/sql"
	"reflect"
	"testing"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/schema"

	"github.com/seed92106438/cacheops/internal/snapshot"
)

type (
	name   string
	record map[string]any
)

func TestSupportedDestinations(t *testing.T) {
	for _, dest := range []any{
		new(person), new(*person), new([]person), new([]*person), new([3]person), new([3]*person), new(*[]person),
		new(int), new(uint8), new(float64), new(bool), new(string), new(time.Time), new(sql.NullString),
		new(sql.NullInt16), new(level), new(*level),
		new([]int), new([]string), new([]*string), new([]name), new([]time.Time), new([]sql.NullInt64),
		new([][]byte), new([]byte), new([]token), new([]words), new([]any), new([2]string), new(token),
		new(map[string]any), map[string]any{}, new([]map[string]any),
	} {
		if reason, ok := snapshot.Supported(dest); !ok || reason != "" {
			t.Errorf("%T is not supported: %q", dest, reason)
		}
	}
}

// TestUnsupportedDestinations lists destinations on which GORM itself fails or
// panics, or does what it does by chance.
func TestUnsupportedDestinations(t *testing.T) {
	for _, dest := range []any{
		nil, person{}, []person{}, 7, record{}, map[string]string{},
		new(any), ptr(any("")), ptr(any(new(person))), ptr(any([]person{})),
		new(*string), new(*time.Time), new(name), new(*int), new(*sql.NullString),
		new(*map[string]any), new(*[]map[string]any), new(record), new([]record), new([]*map[string]any),
		new([]**person), new([]*any), new([]error), new([][]string), new([]sql.RawBytes), new([][4]byte),
		new([]func()), new([]chan int), new(func()), new(chan int),
	} {
		if reason, ok := snapshot.Supported(dest); ok || reason == "" {
			t.Errorf("%T is supported (%q)", dest, reason)
		}
	}
}

func TestFreshIsZeroAndNew(t *testing.T) {
	dest, value := snapshot.Fresh(reflect.TypeFor[person]())
	p, ok := dest.(*person)
	if !ok || !value.IsZero() || !value.CanSet() {
		t.Fatalf("Fresh gives %T and %v", dest, value)
	}
	value.FieldByName("Name").SetString("x")
	if p.Name != "x" {
		t.Error("dest does not point to value")
	}
	if other, _ := snapshot.Fresh(reflect.TypeFor[person]()); other == dest {
		t.Error("the same variable was made twice")
	}
}

// TestOwnSerializersAreNotGuessedAt covers a serializer that looks at more
// than its column.
func TestOwnSerializersAreNotGuessedAt(t *testing.T) {
	schema.RegisterSerializer("own", ownSerializer{})
	type keeper struct {
		ID    uint
		Name  string
		Words []string `gorm:"serializer:own"`
	}
	b := open(t)
	if err := b.AutoMigrate(&keeper{}); err != nil {
		t.Fatal(err)
	}
	if err := b.Create(&keeper{Name: "a", Words: []string{"x"}}).Error; err != nil {
		t.Fatal(err)
	}
	b.checkSame(t, first, zero[keeper]())
	b.checkSame(t, first, zero[[]keeper]())
	b.checkDeclined(t, first, preset(func() keeper { return keeper{Name: "mine"} }))
}

// TestFieldsThatAreNotReadAreNotGuessedAt covers a column whose field GORM
// writes and does not read.
func TestFieldsThatAreNotReadAreNotGuessedAt(t *testing.T) {
	type keeper struct {
		ID     uint
		Name   string
		Secret string `gorm:"->:false;<-"`
	}
	b := open(t)
	if err := b.AutoMigrate(&keeper{}); err != nil {
		t.Fatal(err)
	}
	if err := b.Create(&keeper{Name: "a", Secret: "s"}).Error; err != nil {
		t.Fatal(err)
	}
	b.checkSame(t, first, zero[keeper]())
	b.checkDeclined(t, first, preset(func() keeper { return keeper{Name: "mine"} }))
	names := func(db *gorm.DB, dest any) *gorm.DB { return db.Select("name").First(dest) }
	b.checkSame(t, names, preset(func() keeper { return keeper{Name: "mine", Secret: "mine"} }))
}

type ownSerializer struct{ schema.JSONSerializer }
