package cacheops_test

import (
	"testing"

	"gorm.io/gorm"
)

// Names that are exchanged when a result is scanned do not mislead about the
// columns that the database has returned: what ends a page, and what is shown.
func TestPageWhoseColumnsAreExchanged(t *testing.T) {
	f := newFixture(t, everything)
	page := f.watch("page", into(func(db *gorm.DB, p *[]Post) *gorm.DB {
		return db.MapColumns(map[string]string{"views": "category_id", "category_id": "views"}).Order("views").Limit(3).Find(p)
	})).isCached()
	must(t, f.db.Model(&Post{}).Where("id = ?", 12).Update("views", 15).Error)
	page.isFresh()
}

// A name that is not the column's leads to its field as well.
func TestPageOfAFieldThatHasTwoColumns(t *testing.T) {
	f := newFixture(t, everything)
	page := f.watch("page", into(func(db *gorm.DB, p *[]Post) *gorm.DB {
		return db.Select("posts.*, views AS " + sqlFor("CategoryID", `"CategoryID"`, "CategoryID")).Order("category_id DESC, id").Limit(3).Find(p)
	})).isCached()
	must(t, f.db.Model(&Post{}).Where("id = ?", 1).Update("category_id", 9).Error)
	page.isFresh()
}
