package cacheops_test

import (
	"testing"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops"
)

// What the database changes on its own is no part of any statement: actions of
// foreign keys, triggers, generated columns.

// Shop, Shelf, Item and Label are linked in three levels by foreign keys with
// actions.
type Shop struct {
	Code    string  `gorm:"primaryKey"`
	Shelves []Shelf `gorm:"foreignKey:ShopCode;constraint:OnDelete:CASCADE,OnUpdate:CASCADE"`
}

type Shelf struct {
	ID       uint
	ShopCode string `gorm:"size:20"`
	Items    []Item `gorm:"constraint:OnDelete:CASCADE,OnUpdate:CASCADE"`
}

type Item struct {
	ID      uint
	ShelfID uint
	Name    string
	Labels  []Label `gorm:"constraint:OnDelete:SET NULL,OnUpdate:CASCADE"`
}

type Label struct {
	ID     uint
	ItemID *uint
	Text   string
}

func newShops(t *testing.T) *fixture {
	t.Helper()
	f := openFixture(t, everything, &gorm.Config{})
	must(t, f.truth.AutoMigrate(&Shop{}, &Shelf{}, &Item{}, &Label{}))
	must(t, f.truth.Create(&[]Shop{
		{Code: "a", Shelves: []Shelf{{ID: 1, Items: []Item{{ID: 1, Name: "ant", Labels: []Label{{ID: 1, Text: "x"}}}}}}},
		{Code: "b", Shelves: []Shelf{{ID: 2, Items: []Item{{ID: 2, Name: "bee", Labels: []Label{{ID: 2, Text: "y"}}}}}}},
	}).Error)
	return f
}

func byID[T any](name string, id int) view {
	return viewOf(name, func(db *gorm.DB, row *T) *gorm.DB { return db.Where("id = ?", id).Take(row) })
}

func shelfNo(id int) view { return byID[Shelf]("shelf", id) }
func itemNo(id int) view  { return byID[Item]("item", id) }
func labelNo(id int) view { return byID[Label]("label", id) }

func shelvesIn(code string) view {
	return viewOf("shelves in "+code, func(db *gorm.DB, s *[]Shelf) *gorm.DB { return db.Find(s, "shop_code = ?", code) })
}

func itemsOn(shelf int) view {
	return viewOf("items on a shelf", func(db *gorm.DB, i *[]Item) *gorm.DB { return db.Find(i, "shelf_id = ?", shelf) })
}

func labelsOf(item int) view {
	return viewOf("labels of an item", func(db *gorm.DB, l *[]Label) *gorm.DB { return db.Find(l, "item_id = ?", item) })
}

var (
	loose      = viewOf("labels of no item", func(db *gorm.DB, l *[]Label) *gorm.DB { return db.Find(l, "item_id IS NULL") })
	labelTexts = viewOf("texts of labels", func(db *gorm.DB, l *[]string) *gorm.DB {
		return db.Model(&Label{}).Order("id").Pluck("text", l)
	})
	itemNames = viewOf("names of items", func(db *gorm.DB, l *[]string) *gorm.DB {
		return db.Model(&Item{}).Order("id").Pluck("name", l)
	})
)

// Rows that an action rewrites may hold anything in the foreign key afterwards,
// so what goes by that column is not spared, and what does not look at it is.
func TestForeignKeyActions(t *testing.T) {
	tests := []writing{{
		name: "delete cascades through two levels, and sets NULL on the third", write: exec("DELETE FROM shops WHERE code = 'a'"),
		fresh: []view{shelfNo(1), shelvesIn("a"), itemNo(1), itemsOn(1), itemNames, labelsOf(1), loose, labelNo(1)},
		kept:  []view{shelvesIn("b"), labelTexts},
	}, {
		name:  "delete by GORM",
		write: func(db *gorm.DB) error { return db.Delete(&Shelf{ID: 1}).Error },
		fresh: []view{shelfNo(1), shelvesIn("a"), itemNo(1), itemsOn(1), itemNames, labelsOf(1), loose, labelNo(1)},
		kept:  []view{shelfNo(2), itemsOn(2), labelTexts},
	}, {
		name: "delete sets NULL", write: exec("DELETE FROM items WHERE id = 1"),
		fresh: []view{itemNo(1), labelNo(1), labelsOf(1), loose},
		kept:  []view{itemNo(2), labelTexts, shelfNo(1)},
	}, {
		name: "update of the key cascades", write: exec("UPDATE shops SET code = 'c' WHERE code = 'a'"),
		fresh: []view{shelfNo(1), shelvesIn("a"), shelvesIn("c")}, kept: []view{itemNo(1), itemsOn(1), labelNo(1)},
	}, {
		name: "update of a key in the middle cascades one level on", write: exec("UPDATE shelves SET id = 9 WHERE id = 1"),
		fresh: []view{shelfNo(1), shelvesIn("a"), itemNo(1), itemsOn(1), itemsOn(9)}, kept: []view{shelfNo(2), itemNames, labelNo(1)},
	}, {
		name: "update of another column does not", write: exec("UPDATE items SET name = 'new' WHERE id = 1"),
		fresh: []view{itemNo(1), itemNames}, kept: []view{labelNo(1), labelsOf(1), itemNo(2)},
	}, {
		name: "replace deletes what is in the way", only: "sqlite mysql", write: exec("REPLACE INTO items (id, shelf_id, name) VALUES (1, 1, 'new')"),
		fresh: []view{itemNo(1), labelNo(1), labelsOf(1), loose}, kept: []view{shelfNo(1)},
	}, {
		name: "delete of no row", write: exec("DELETE FROM shelves WHERE id = 7"),
		kept: []view{shelfNo(1), itemNo(1), labelNo(1)},
	}}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.parallel(t)
			test.checkAlone(newShops(t))
			test.checkInTransaction(newShops(t))
		})
	}
}

// newAudited has a trigger that writes notes when an item is written, and a
// view of items.
func newAudited(t *testing.T) *fixture {
	t.Helper()
	f := newShops(t)
	must(t, f.truth.AutoMigrate(&Note{}, &Tag{}))
	must(t, f.truth.Create(&Note{Text: "first"}).Error)
	for _, definition := range []string{
		trigger("t1", "AFTER UPDATE OF name ON items", "INSERT INTO notes (text) VALUES (new.name)"),
		trigger("t2", "AFTER INSERT ON notes", "UPDATE labels SET text = new.text WHERE id = 2"),
		"CREATE VIEW named_items AS SELECT i.id, i.name, s.shop_code FROM items i JOIN shelves s ON s.id = i.shelf_id",
	} {
		must(t, f.truth.Exec(definition).Error)
	}
	if *database != "mysql" { // has no triggers on views
		must(t, f.truth.Exec(trigger("t3", "INSTEAD OF DELETE ON named_items", "DELETE FROM items WHERE id = old.id")).Error)
	}
	return f
}

func TestTriggers(t *testing.T) {
	tests := []writing{{
		name: "a trigger that fires another", write: exec("UPDATE items SET name = 'new' WHERE id = 1"),
		fresh: []view{itemNo(1), notes, labelNo(2), labelTexts}, kept: []view{shelfNo(1), tags}, wide: byTriggers,
	}, {
		name: "a trigger by GORM", write: func(db *gorm.DB) error { return db.Model(&Item{ID: 1}).Update("name", "new").Error },
		fresh: []view{itemNo(1), notes, labelNo(2), labelTexts}, kept: []view{shelfNo(1), tags}, wide: byTriggers,
	}, {
		name: "the second alone", write: func(db *gorm.DB) error { return db.Create(&Note{Text: "new"}).Error },
		fresh: []view{notes, labelNo(2), labelTexts}, kept: []view{itemNo(1), shelfNo(1), tags}, wide: byTriggers,
	}, {
		name: "instead of a write to a view", only: "sqlite postgres", write: exec("DELETE FROM named_items WHERE id = 1"),
		fresh: []view{itemNo(1), itemNames, labelNo(1)}, kept: []view{tags}, wide: byTriggers,
	}, {
		name: "a table beside", write: exec("INSERT INTO tags (name) VALUES ('new')"),
		fresh: []view{tags}, kept: []view{itemNo(1), notes, labelNo(2)},
	}}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.parallel(t)
			test.checkAlone(newAudited(t))
			test.checkInTransaction(newAudited(t))
		})
	}
}

func TestViewsDependOnWhatIsDeclared(t *testing.T) {
	named := func(options ...cacheops.Option) func(*gorm.DB) answer {
		return into(func(db *gorm.DB, rows *[]map[string]any) *gorm.DB {
			if len(options) > 0 {
				db = db.Scopes(cacheops.Cache(options...))
			}
			return db.Table("named_items").Order("id").Find(rows)
		})
	}
	f := newAudited(t)
	f.watch("undeclared", named()).isBypassed()
	read := f.watch("declared", named(cacheops.DependsOn(&Item{}, "shelves"))).isCached()
	must(t, f.db.Create(&Tag{Name: "new"}).Error)
	must(t, f.db.Model(&Label{ID: 1}).Update("text", "new").Error)
	read.isKept()
	must(t, f.db.Model(&Item{ID: 1}).Update("name", "new").Error)
	read.isFresh()
	must(t, f.db.Exec("UPDATE shops SET code = 'c' WHERE code = 'a'").Error) // cascades to shelves
	read.isFresh()
	if *database != "mysql" { // which does not delete from views of two tables
		must(t, f.db.Exec("DELETE FROM named_items WHERE id = 2").Error)
		read.isFresh()
	}
}

// Price has columns that the database computes.
type Price struct {
	ID    uint
	Net   int
	Tax   int
	Gross int `gorm:"->"`
	Twice int `gorm:"->"`
}

// createPrices computes one column from another that is computed, where that
// can be.
func createPrices() string {
	const gross, twice = "net bigint, tax bigint, gross bigint GENERATED ALWAYS AS (net + tax) ", "twice bigint GENERATED ALWAYS AS "
	return sqlFor(
		"CREATE TABLE prices (id integer PRIMARY KEY, "+gross+"VIRTUAL, "+twice+"(gross * 2) STORED)",
		"CREATE TABLE prices (id bigserial PRIMARY KEY, "+gross+"STORED, "+twice+"((net + tax) * 2) STORED)",
		"CREATE TABLE prices (id bigint AUTO_INCREMENT PRIMARY KEY, "+gross+"VIRTUAL, "+twice+"(gross * 2) STORED)")
}

func TestGeneratedColumns(t *testing.T) {
	gross := func(amount int) view {
		return viewOf("prices of a gross amount", func(db *gorm.DB, ids *[]int) *gorm.DB {
			return db.Model(&Price{}).Where("gross = ?", amount).Order("id").Pluck("id", ids)
		})
	}
	twice := viewOf("twice", func(db *gorm.DB, n *[]int) *gorm.DB { return db.Model(&Price{}).Order("id").Pluck("twice", n) })
	nets := viewOf("nets", func(db *gorm.DB, n *[]int) *gorm.DB { return db.Model(&Price{}).Order("id").Pluck("net", n) })
	open := func(t *testing.T) *fixture {
		f := openFixture(t, everything, &gorm.Config{})
		must(t, f.truth.Exec(createPrices()).Error)
		must(t, f.truth.AutoMigrate(&Tag{}))
		must(t, f.truth.Create(&[]Price{{Net: 10, Tax: 1}, {Net: 20, Tax: 2}}).Error)
		return f
	}
	tests := []writing{{
		name: "update", write: func(db *gorm.DB) error { return db.Model(&Price{ID: 1}).Update("tax", 12).Error },
		fresh: []view{gross(11), gross(22), twice, byID[Price]("price 1", 1)}, kept: []view{nets, byID[Price]("price 2", 2), tags},
	}, {
		name: "update by text", write: exec("UPDATE prices SET tax = 12 WHERE id = 1"),
		fresh: []view{gross(11), gross(22), twice}, kept: []view{nets, byID[Price]("price 2", 2), tags},
	}, {
		name: "insert", write: func(db *gorm.DB) error { return db.Create(&Price{Net: 20, Tax: 2}).Error },
		fresh: []view{gross(22), twice, nets}, kept: []view{byID[Price]("price 1", 1), tags},
	}, {
		name: "delete", write: func(db *gorm.DB) error { return db.Delete(&Price{ID: 1}).Error },
		fresh: []view{gross(11), twice, nets}, kept: []view{byID[Price]("price 2", 2), tags},
	}}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.parallel(t)
			test.checkAlone(open(t))
			test.checkInTransaction(open(t))
		})
	}
}
