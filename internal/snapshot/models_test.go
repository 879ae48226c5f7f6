package snapshot_test

import (
	"bytes"
	"database/sql"
	"database/sql/driver"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"
)

// flat is a model without references.
type flat struct {
	ID      uint
	Name    string
	Age     int
	Score   float64
	Active  bool
	Created time.Time
}

// person is a model with one of everything.
type person struct {
	gorm.Model
	Name      string
	Nick      *string
	Age       *int
	Photo     []byte
	Tags      []string       `gorm:"serializer:json"`
	Meta      map[string]any `gorm:"serializer:json"`
	Extra     any            `gorm:"serializer:json"`
	Born      time.Time
	Died      *time.Time
	Joined    int64 `gorm:"serializer:unixtime;type:datetime"`
	Note      sql.NullString
	Score     sql.Null[float64]
	Token     token
	Spare     *token
	Words     words
	Address   address  `gorm:"embedded;embeddedPrefix:home_"`
	Work      *address `gorm:"embedded;embeddedPrefix:work_"`
	CompanyID *uint
	Company   *company
	Friends   []person `gorm:"foreignKey:FriendID"`
	FriendID  *uint
	OnChange  func() `gorm:"-"`
	Ignored   string `gorm:"-"`

	cache map[string]string
}

type company struct {
	ID    uint
	Name  string
	Motto *string
}

type address struct {
	Street string
	Lines  []string `gorm:"serializer:json"`
}

// token is stored as text, as a UUID is.
type token [4]byte

func (t token) Value() (driver.Value, error) { return hex.EncodeToString(t[:]), nil }

func (t *token) Scan(src any) error {
	text, ok := src.(string)
	if !ok {
		return errors.New("token is no text")
	}
	_, err := hex.Decode(t[:], []byte(text))
	return err
}

// words is a Scanner that is a slice.
type words []string

func (w words) Value() (driver.Value, error) { return strings.Join(w, " "), nil }

func (w *words) Scan(src any) error {
	text, ok := src.(string)
	if !ok {
		return errors.New("words is no text")
	}
	*w = strings.Fields(text)
	return nil
}

// level is a Scanner that is a struct, and keeps count of what it was set to.
// Its field has the name of a column, by which it must not be set.
type level struct{ ID, Scans int64 }

func (l *level) Scan(src any) error {
	n, ok := src.(int64)
	if !ok {
		return errors.New("level is no number")
	}
	l.ID = n
	l.Scans++
	return nil
}

func ptr[T any](v T) *T { return &v }

var noon = time.Date(2024, 2, 29, 12, 0, 0, 123456789, time.FixedZone("", 3600))

// openPeople opens a database with a full person, one with all that may be
// NULL, and one in between.
func openPeople(t testing.TB) *bench {
	t.Helper()
	b := open(t)
	if err := b.AutoMigrate(&company{}, &person{}, &flat{}); err != nil {
		t.Fatal(err)
	}
	full := person{
		Name: "Ada", Nick: ptr("a"), Age: ptr(36), Photo: []byte{1, 2},
		Tags: []string{"x", "y"}, Meta: map[string]any{"list": []any{1.5, "z", nil}, "deep": map[string]any{"k": true}},
		Extra: []any{"e", map[string]any{"f": 1.0}},
		Born:  noon, Died: ptr(noon.Add(time.Hour)), Joined: noon.Unix(),
		Note: sql.NullString{String: "n", Valid: true}, Score: sql.Null[float64]{V: 0.5, Valid: true},
		Token: token{1, 2, 3, 4}, Spare: &token{5, 6, 7, 8}, Words: words{"one", "two"},
		Address: address{Street: "Main", Lines: []string{"l"}}, Work: &address{Street: "Side"},
		Company: &company{Name: "ACME", Motto: ptr("more")},
	}
	empty := person{Name: "Bob", Photo: []byte{}, Tags: []string{}, Meta: map[string]any{}, FriendID: ptr(uint(1))}
	other := person{Name: "Cyd", Age: ptr(0), Photo: bytes.Repeat([]byte("p"), 300), Company: &company{Name: "Void"}, Extra: json.Number("7")}
	for _, p := range []person{full, empty, other} {
		if err := b.Create(&p).Error; err != nil {
			t.Fatal(err)
		}
	}
	for i := range 25 {
		row := flat{Name: "row", Age: i, Score: float64(i) / 4, Active: i%2 == 0, Created: noon.Add(time.Duration(i))}
		if err := b.Create(&row).Error; err != nil {
			t.Fatal(err)
		}
	}
	return b
}
