package cacheops_test

import (
	"testing"

	"gorm.io/gorm"
)

// A counter that a list does not show leaves it.
func TestKeptByColumnsThatAreNotLookedAt(t *testing.T) {
	list := into(func(db *gorm.DB, h *[]headline) *gorm.DB {
		return db.Model(&Post{}).Where("category_id = ?", 1).Order("title").Find(h)
	})
	more := gorm.Expr("views + ?", 1)
	retitle := set(1, "title", "new")
	one := func(db *gorm.DB) *gorm.DB { return db.Model(&Post{ID: 1}) }
	eachKeeping(t, keptPosts, []keeping{{
		name: "a column", read: list, inside: retitle,
		outside: func(db *gorm.DB) error { return one(db).UpdateColumn("views", 7).Error },
	}, {
		name: "a counter", read: list, inside: retitle,
		outside: func(db *gorm.DB) error { return one(db).UpdateColumn("views", more).Error },
	}, {
		name: "a counter and the time of change", read: list, inside: retitle,
		outside: func(db *gorm.DB) error { return one(db).Update("views", more).Error },
	}, {
		name: "a counter as text", read: list, inside: exec("UPDATE posts SET title = 'new', views = views + 1 WHERE id = ?", 1),
		outside: exec("UPDATE posts SET views = views + 1 WHERE id = ?", 1),
	}, {
		name: "counters of all rows", read: list, inside: exec("UPDATE posts SET title = 'new'"),
		outside: exec("UPDATE posts SET views = views + 1"),
	}, {
		name: "counters by a sub-query", read: list, inside: exec("UPDATE posts SET title = (SELECT name FROM authors WHERE id = posts.author_id)"),
		outside: exec("UPDATE posts SET views = (SELECT COUNT(*) FROM authors)"),
	}, {
		name: "columns that are selected as expressions", read: into(func(db *gorm.DB, m *[]map[string]any) *gorm.DB {
			return db.Model(&Post{}).Select("id, upper(title) AS loud").Order("id").Find(m)
		}),
		inside: retitle, outside: func(db *gorm.DB) error { return one(db).UpdateColumn("views", more).Error },
	}, {
		name: "a number of rows", read: into(func(db *gorm.DB, n *int64) *gorm.DB {
			return db.Model(&Post{}).Where("category_id = ?", 1).Count(n)
		}),
		inside: set(1, "category_id", 2), outside: all(retitle, set(2, "title", "new")),
	}, {
		name: "a sum", read: into(func(db *gorm.DB, n *[]int64) *gorm.DB {
			return db.Model(&Post{}).Where("category_id = ?", 1).Pluck("SUM(views)", n)
		}),
		inside: set(1, "views", 1), outside: all(retitle, set(2, "views", 1)),
	}})
}

// Of a parent whose key alone is read other columns may change.
func TestKeptWhereOnlyAParentsKeyIsRead(t *testing.T) {
	rename := func(db *gorm.DB) error {
		return db.Model(&Author{ID: 1}).Updates(map[string]any{"name": "new", "email": "new@example.org"}).Error
	}
	leave := set(1, "author_id", nil)
	eachKeeping(t, keptPosts, []keeping{{
		name: "a join", outside: rename, inside: leave,
		read: into(func(db *gorm.DB, p *[]Post) *gorm.DB {
			return db.Joins("JOIN authors ON authors.id = posts.author_id").Order("posts.id").Find(p)
		}),
	}, {
		name: "a join that counts", outside: rename, inside: leave,
		read: into(func(db *gorm.DB, n *int64) *gorm.DB {
			return db.Model(&Post{}).Joins("JOIN authors ON authors.id = posts.author_id").Where("authors.id = ?", 1).Count(n)
		}),
	}, {
		name: "a relation of which the key is selected", outside: rename, inside: leave,
		read: into(func(db *gorm.DB, p *[]Post) *gorm.DB {
			return db.Joins("Author", db.Session(&gorm.Session{NewDB: true}).Select("id")).Order("posts.id").Find(p)
		}),
	}, {
		name: "an outer join", outside: rename, inside: leave,
		read: into(func(db *gorm.DB, p *[]Post) *gorm.DB {
			return db.Joins("LEFT JOIN authors ON authors.id = posts.author_id").Where("authors.id IS NOT NULL").Order("posts.id").Find(p)
		}),
	}, {
		name: "a sub-query", outside: rename, inside: leave,
		read: into(func(db *gorm.DB, p *[]Post) *gorm.DB {
			return db.Where("author_id IN (?)", db.Session(&gorm.Session{NewDB: true}).Model(&Author{}).Select("id")).Order("id").Find(p)
		}),
	}, {
		name: "existence", outside: rename, inside: leave,
		read: postsWhere("EXISTS (SELECT 1 FROM authors WHERE authors.id = posts.author_id)"),
	}})
}

// Of a preload each query is a result of its own.
func TestKeptPreloads(t *testing.T) {
	f := newFixture(t, everything)
	read := f.watch("posts with keys of authors", into(func(db *gorm.DB, p *[]Post) *gorm.DB {
		return db.Preload("Author", func(tx *gorm.DB) *gorm.DB { return tx.Select("id") }).Order("id").Find(p)
	}))
	read.costs(2)
	must(t, f.db.Model(&Author{ID: 1}).Update("name", "new").Error)
	read.isKept()
	must(t, f.db.Model(&Post{ID: 1}).UpdateColumn("title", "new").Error)
	read.costs(1)
	read.isKept()
}
