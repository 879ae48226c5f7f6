package cacheops_test

import (
	"testing"

	"gorm.io/gorm"
)

// An error is not a result: it is found again each time, until it is gone.
func TestErrorIsNotCached(t *testing.T) {
	f := newFixture(t, everything)
	failing := f.watch("column that is missing", into(func(db *gorm.DB, n *[]Note) *gorm.DB { return db.Where("color = ?", "red").Find(n) }))
	failing.isBypassed()
	if err := failing.costs(1).Err; err == nil {
		t.Fatal("there is no error")
	}
	must(t, f.db.Exec("ALTER TABLE notes ADD COLUMN color TEXT").Error)
	failing.isCached()
}

// GORM leaves to its caller what it had scanned when the error came.
func TestErrorWhileScanning(t *testing.T) {
	type wrong struct{ Title int }
	for name, read := range map[string]func(*gorm.DB) answer{
		"struct": into(func(db *gorm.DB, w *wrong) *gorm.DB { return db.Table("posts").Find(w) }),
		"slice":  into(func(db *gorm.DB, w *[]wrong) *gorm.DB { return db.Table("posts").Find(w) }),
		"scalar": into(func(db *gorm.DB, n *int) *gorm.DB { return db.Model(&Post{}).Select("title").Find(n) }),
		"Pluck":  into(func(db *gorm.DB, s *[]string) *gorm.DB { return db.Model(&Author{}).Pluck("email", s) }), // NULL
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, everything)
			w := f.watch(name, read)
			if w.isBypassed(); w.costs(1).Err == nil {
				t.Error("there is no error")
			}
		})
	}
}

func TestErrorBeforeTheQuery(t *testing.T) {
	f := newFixture(t, everything)
	wrong := f.watch("no destination", func(db *gorm.DB) answer {
		tx := db.Where("id = ?", 1).Find(nil)
		return answer{Rows: tx.RowsAffected, Err: tx.Error}
	})
	if wrong.costs(0).Err == nil {
		t.Error("there is no error")
	}
}
