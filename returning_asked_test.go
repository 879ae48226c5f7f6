package cacheops_test

import (
	"testing"

	"gorm.io/gorm"
)

// A write whose caller asks for the driver's result is sent as it is.
func TestAWriteWhoseResultIsAskedFor(t *testing.T) {
	onlyOn(t, "sqlite", "elsewhere no result of an update tells of an id, or no update returns rows")
	f := newFixture(t, everything)
	f.watch("category 2", category(2).read).isCached()
	told := func(db *gorm.DB) (int64, error) {
		result := gorm.WithResult()
		_, err := gorm.G[Post](db, result).Where("id = ?", 1).Update(t.Context(), "title", "new")
		must(t, err)
		return result.Result.LastInsertId()
	}
	_, err := told(f.db)
	if _, want := told(f.truth); err != nil || want != nil {
		t.Errorf("got %v, want %v", err, want)
	}
}

// What the model lacks the write is not asked for, so the row is read before it.
func TestAWriteOfAModelThatLacksAColumn(t *testing.T) {
	f := newFixture(t, everything)
	its, others := f.watch("category 1", category(1).read).isCached(), f.watch("category 2", category(2).read).isCached()
	f.sends(imaged(), func(db *gorm.DB) error {
		return db.Table("posts").Model(&headline{}).Where("id = ?", 1).Update("title", "new").Error
	})
	its.isFresh()
	others.isKept()
}

// SQLite may fail a write and leave what it has done until then.
func TestAWriteThatFailsHalfway(t *testing.T) {
	onlyOn(t, "sqlite", "elsewhere a statement that fails has changed nothing")
	f := openFixture(t, everything, &gorm.Config{})
	must(t, f.truth.Exec("CREATE TABLE tickets (id integer PRIMARY KEY, kind int, code int UNIQUE ON CONFLICT FAIL)").Error)
	must(t, f.truth.Exec("INSERT INTO tickets VALUES (1, 1, 10), (2, 2, 20)").Error)
	type ticket struct{ ID, Kind, Code int }
	first := f.watch("kind 1", into(func(db *gorm.DB, all *[]ticket) *gorm.DB { return db.Find(all, "kind = ?", 1) })).isCached()
	must(t, f.db.Transaction(func(tx *gorm.DB) error {
		if tx.Model(&ticket{}).Where("id > ?", 0).Update("code", 5).Error == nil {
			t.Error("two rows have one code")
		}
		return nil
	}))
	first.isFresh()
	if a := first.read(f.db); a.Value.([]ticket)[0].Code != 5 {
		t.Errorf("got %+v", a)
	}
}
