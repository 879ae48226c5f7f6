package cacheops_test

import (
	"testing"
	"time"

	"gorm.io/gorm"
)

// Ware has a key of two columns, and columns of types that databases compare in
// ways of their own.
type Ware struct {
	Shop   int    `gorm:"primaryKey;autoIncrement:false"`
	Code   string `gorm:"primaryKey;size:20"`
	Price  string `gorm:"type:decimal(10,2)"`
	Serial string `gorm:"type:uuid"`
	Stock  int
	Sold   bool
	Since  time.Time `gorm:"type:date"`
	Seen   time.Time
	Note   string `gorm:"size:20"`
}

const (
	serialA = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
	serialB = "b1ffbc99-9c0b-4ef8-bb6d-6bb9bd380a22"
	serialC = "c2eebc99-9c0b-4ef8-bb6d-6bb9bd380a33"
)

func wareRows() []Ware {
	day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	return []Ware{
		{Shop: 1, Code: "ant", Price: "9.50", Serial: serialA, Stock: 5, Since: day, Seen: noon},
		{Shop: 1, Code: "bee", Price: "10.25", Serial: serialB, Stock: 3, Since: day.AddDate(0, 0, 10), Seen: noon.AddDate(0, 0, 10)},
		{Shop: 2, Code: "ant", Price: "19.99", Serial: serialC, Stock: 0, Sold: true, Since: day.AddDate(0, 0, 20), Seen: noon.AddDate(0, 0, 20)},
	}
}

func newWares(t *testing.T) *fixture {
	t.Helper()
	f := openFixture(t, everything, &gorm.Config{})
	must(t, f.truth.AutoMigrate(&Ware{}))
	rows := wareRows()
	must(t, f.truth.Create(&rows).Error)
	return f
}

func TestKeptBesideValues(t *testing.T) {
	wares := func(condition string, args ...any) func(*gorm.DB) answer {
		return into(func(db *gorm.DB, w *[]Ware) *gorm.DB { return db.Where(condition, args...).Order("shop, code").Find(w) })
	}
	change := func(shop int, code, column string, value any) func(*gorm.DB) error {
		return func(db *gorm.DB) error { return db.Model(&Ware{Shop: shop, Code: code}).Update(column, value).Error }
	}
	take := func(shop int, code string) func(*gorm.DB) error {
		return func(db *gorm.DB) error {
			return db.Model(&Ware{}).Where("shop = ? AND code = ? AND stock >= ?", shop, code, 2).
				UpdateColumn("stock", gorm.Expr("stock - ?", 2)).Error
		}
	}
	first := func(order string, n int) func(*gorm.DB) answer {
		return into(func(db *gorm.DB, w *[]Ware) *gorm.DB { return db.Order(order).Limit(n).Find(w) })
	}
	eachKeeping(t, newWares, []keeping{{
		name: "a key of two columns", read: wares("shop = ? AND code = ?", 1, "ant"),
		outside: all(change(1, "bee", "note", "new"), change(2, "ant", "note", "new")), inside: change(1, "ant", "note", "new"),
	}, {
		name: "a model with such a key", read: into(func(db *gorm.DB, w *Ware) *gorm.DB { return db.Take(w, &Ware{Shop: 1, Code: "ant"}) }),
		outside: all(change(1, "bee", "note", "new"), change(2, "ant", "note", "new")), inside: change(1, "ant", "note", "new"),
	}, {
		name: "pairs", read: wares("(shop, code) IN ?", [][]any{{1, "ant"}, {2, "bee"}}),
		outside: change(1, "bee", "note", "new"), inside: change(1, "ant", "note", "new"),
	}, {
		name: "the first part of a key", read: wares("shop = ?", 1),
		outside: change(2, "ant", "note", "new"), inside: change(1, "bee", "note", "new"),
	}, {
		name: "text", read: wares("code = ?", "ant"),
		outside: change(1, "bee", "note", "new"), inside: change(2, "ant", "note", "new"),
	}, {
		// Elsewhere Ant may be equal to ant.
		name: "text in another case", read: wares("code = ?", "ant"), on: "postgres",
		outside: create(Ware{Shop: 1, Code: "Ant", Price: "1", Serial: serialA}), inside: create(Ware{Shop: 3, Code: "ant", Price: "1", Serial: serialA}),
	}, {
		name: "decimals", read: wares("price < ?", "10.00"),
		outside: all(change(1, "bee", "price", "10.50"), change(1, "bee", "note", "new")), inside: change(1, "bee", "price", "9.99"),
		on: "postgres mysql", // on SQLite the column may hold texts beside numbers
	}, {
		name: "decimals in order", on: "postgres mysql", read: into(func(db *gorm.DB, prices *[]float64) *gorm.DB {
			return db.Model(&Ware{}).Order("price").Limit(2).Pluck("price", prices)
		}),
		outside: change(2, "ant", "price", "10.50"), inside: change(2, "ant", "price", "9.75"),
	}, {
		name: "UUIDs", read: wares("serial = ?", serialA),
		outside: change(1, "bee", "note", "new"), inside: change(1, "ant", "note", "new"), on: "postgres mysql",
	}, {
		name: "truth", read: wares("sold = ?", true),
		outside: all(change(1, "ant", "note", "new"), create(Ware{Shop: 3, Code: "cat", Price: "1", Serial: serialA})),
		inside:  change(1, "ant", "sold", true),
	}, {
		// To MySQL's driver a day that is none is a time as well.
		name: "days", read: wares("since <= ?", "2026-03-08"), on: "postgres",
		outside: all(change(2, "ant", "note", "new"), change(2, "ant", "since", "2026-04-01")), inside: change(2, "ant", "since", "2026-03-02"),
	}, {
		name: "times", read: wares("seen < ?", noon.AddDate(0, 0, 5)),
		outside: all(change(2, "ant", "note", "new"), change(2, "ant", "seen", noon.AddDate(0, 0, 30))), inside: change(2, "ant", "seen", noon),
	}, {
		name: "times in order", read: first("seen", 1),
		outside: all(change(2, "ant", "note", "new"), change(2, "ant", "seen", noon.AddDate(0, 0, 30))), inside: change(2, "ant", "seen", noon.AddDate(0, 0, -9)), after: toldEnd(),
	}, {
		name: "days in order", read: first("since", 1), on: "postgres",
		outside: all(change(2, "ant", "note", "new"), change(2, "ant", "since", "2026-04-01")), inside: change(2, "ant", "since", "2026-01-01"),
	}, {
		name: "what is in stock, when some is taken", read: wares("stock > ?", 0),
		outside: take(2, "ant"), inside: take(1, "bee"),
	}, {
		name: "what is in stock of one, when of another is taken", read: wares("shop = ? AND stock > ?", 2, 0),
		outside: take(1, "bee"), inside: change(2, "ant", "stock", 1),
	}, {
		name: "what runs short, while there is enough", read: wares("stock < ?", 2),
		outside: take(1, "ant"), inside: take(1, "bee"),
	}})
}
