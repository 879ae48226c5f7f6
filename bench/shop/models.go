// Package shop is the ground on which everything is compared: one schema, the same
// rows in copies of one database, and a Redis server that nobody else uses.
package shop

import (
	"fmt"
	"time"

	"gorm.io/gorm"
)

// Person is a flat row: numbers, texts and a time. A town has 1,000 of them, a
// street 100, a household 20.
type Person struct {
	ID        uint
	Town      int `gorm:"index"`
	Street    int `gorm:"index"`
	Household int `gorm:"index"`
	Name      string
	Email     string `gorm:"uniqueIndex"`
	Balance   int64
	CreatedAt time.Time
	Orders    []Order
}

// Order is one of three of each person.
type Order struct {
	ID       uint
	PersonID uint `gorm:"index"`
	Item     string
	Total    int64
}

// Parcel is a rich row: pointers, JSON, times that may be NULL and embedded structs.
// There are as many in a hall, an aisle and on a shelf as persons in a town, a street
// and a household.
type Parcel struct {
	ID      uint
	Hall    int    `gorm:"index"`
	Aisle   int    `gorm:"index"`
	Shelf   int    `gorm:"index"`
	Code    string `gorm:"uniqueIndex"`
	Weight  *float64
	Note    *string
	Labels  []string `gorm:"serializer:json"`
	Sent    *time.Time
	Arrived *time.Time
	From    Address `gorm:"embedded;embeddedPrefix:from_"`
	To      Address `gorm:"embedded;embeddedPrefix:to_"`
}

// Address is embedded in parcels.
type Address struct {
	Line string
	City string
}

// Size says how many rows there are.
type Size struct{ People, Parcels int }

// Usual is the size that is measured.
var Usual = Size{People: 10_000, Parcels: 10_000}

const (
	perTown, perStreet, perHousehold = 1000, 100, 20
	ordersEach                       = 3
	atOnce                           = 500 // rows in a statement
)

var day = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// fill makes the tables and their rows.
func (s Size) fill(db *gorm.DB) error {
	if err := db.AutoMigrate(&Person{}, &Order{}, &Parcel{}); err != nil {
		return err
	}
	people, parcels := make([]Person, s.People), make([]Parcel, s.Parcels)
	orders := make([]Order, 0, ordersEach*s.People)
	for i := range people {
		people[i] = NewPerson(i)
		for n := range ordersEach {
			orders = append(orders, Order{PersonID: uint(i + 1), Item: fmt.Sprintf("item %d", n), Total: int64(i%997 + n)})
		}
	}
	for i := range parcels {
		parcels[i] = newParcel(i)
	}
	return db.Transaction(func(tx *gorm.DB) error {
		for _, rows := range []any{&people, &orders, &parcels} {
			if err := tx.CreateInBatches(rows, atOnce).Error; err != nil {
				return err
			}
		}
		return nil
	})
}

// NewPerson is the person whose ID becomes i+1 if they are created in turn.
func NewPerson(i int) Person {
	return Person{
		Town: i / perTown, Street: i / perStreet, Household: i / perHousehold,
		Name: fmt.Sprintf("Name of %d", i), Email: Email(i), Balance: int64(i), CreatedAt: day,
	}
}

// Email is the email of the person number i.
func Email(i int) string { return fmt.Sprintf("person.%d@example.org", i) }

func newParcel(i int) Parcel {
	weight, note, sent := float64(i)/8, "leave it at the door", day.Add(time.Duration(i)*time.Minute)
	p := Parcel{
		Hall: i / perTown, Aisle: i / perStreet, Shelf: i / perHousehold, Code: Code(i),
		Weight: &weight, Note: &note, Labels: []string{"fragile", "gift"}, Sent: &sent,
		From: Address{Line: "1 Long Street", City: "Here"}, To: Address{Line: fmt.Sprintf("%d Short Street", i), City: "There"},
	}
	if i%2 == 0 {
		p.Arrived = &sent
	}
	return p
}

// Code is the code of the parcel number i.
func Code(i int) string { return fmt.Sprintf("P%08d", i) }
