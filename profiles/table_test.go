package profiles_test

import (
	"errors"
	"strings"
	"testing"

	"gorm.io/gorm/schema"

	"github.com/seed92106438/cacheops/profiles"
)

type OrderItem struct{ ID int }

type Event struct{ ID int }

func (Event) TableName() string { return "audit.events" }

type Named struct{ ID int }

func (*Named) TableName(namer schema.Namer) string { return namer.TableName("NamedByStrategy") }

type Nameless struct{ ID int }

func (Nameless) TableName() string { return "" }

type Unreadable struct {
	ID    int
	Owner struct{ Name string } `gorm:"foreignKey:Missing"`
}

func TestTableNamesAModel(t *testing.T) {
	for _, tt := range []struct {
		model any
		want  string
	}{
		{OrderItem{}, "order_items"},
		{&OrderItem{}, "order_items"},
		{(*OrderItem)(nil), "order_items"},
		{[]*OrderItem{}, "order_items"},
		{Event{}, "audit.events"},
		{Named{}, "named_by_strategies"},
	} {
		if got := profiles.Table(tt.model); got != tt.want {
			t.Errorf("Table(%T) = %q, want %q", tt.model, got, tt.want)
		}
		if _, err := (profiles.Set{profiles.Table(tt.model): {}}).Compile(nil); err != nil {
			t.Errorf("Table(%T): %v", tt.model, err)
		}
	}
}

func TestTableOfNoModelIsRefusedByCompile(t *testing.T) {
	const secret = "s3cret"
	for _, tt := range []struct {
		model any
		want  string
	}{
		{nil, "<nil> is not a model"},
		{secret, "string is not a model"},
		{new(any), "*interface {} is not a model"},
		{map[string]any{"a": secret}, "map[string]interface {} is not a model"},
		{Nameless{}, "profiles_test.Nameless has no table"},
		{struct{ ID int }{}, "struct { ID int } has no table"},
		{Unreadable{}, "profiles_test.Unreadable: invalid field"},
	} {
		_, err := profiles.Set{profiles.Table(tt.model): {}}.Compile(nil)
		if !errors.Is(err, profiles.ErrInvalid) {
			t.Fatalf("%T: got %v, want an error that is ErrInvalid", tt.model, err)
		}
		if !strings.HasPrefix(err.Error(), "cacheops: invalid profile of a model: Table: "+tt.want) {
			t.Errorf("%T: got %v, want %s", tt.model, err, tt.want)
		}
		if strings.Contains(err.Error(), secret) {
			t.Errorf("%T: the error shows the value: %v", tt.model, err)
		}
	}
}
