package cacheops_test

import (
	"testing"

	"gorm.io/gorm"
)

// Of what keeps a row out of a result by being there, a new one counts only
// beside a row that is shown.
func TestKeptByWhatIsMissing(t *testing.T) {
	authors := func(chain func(db *gorm.DB) *gorm.DB) func(*gorm.DB) answer {
		return into(func(db *gorm.DB, a *[]Author) *gorm.DB { return chain(db).Order("authors.id").Find(a) })
	}
	posts := func(db *gorm.DB) *gorm.DB {
		return db.Session(&gorm.Session{NewDB: true}).Model(&Post{}).Select("author_id")
	}
	// Authors 1 and 2 have posts, the others have none.
	first := exec("UPDATE posts SET author_id = 1 + id % 2")
	more := all(create(Post{AuthorID: new(uint(1))}), set(4, "title", "new"))
	another := create(Post{AuthorID: new(uint(3))})
	eachKeeping(t, keptPosts, []keeping{{
		name: "of an outer join", given: first, outside: more, inside: another,
		read: authors(func(db *gorm.DB) *gorm.DB {
			return db.Joins("LEFT JOIN posts p ON p.author_id = authors.id").Where("p.id IS NULL")
		}),
	}, {
		name: "of no existence", given: first, outside: create(Post{AuthorID: new(uint(1))}), inside: another,
		read: authors(func(db *gorm.DB) *gorm.DB {
			return db.Where("NOT EXISTS (SELECT 1 FROM posts p WHERE p.author_id = authors.id AND p.deleted_at IS NULL)")
		}),
	}, {
		name: "of no membership", given: first, outside: create(Post{AuthorID: new(uint(2))}), inside: another,
		read: authors(func(db *gorm.DB) *gorm.DB {
			return db.Where("authors.id NOT IN (?)", posts(db).Where("author_id IS NOT NULL"))
		}),
	}, {
		name: "of the first of them", given: first, outside: create(Post{AuthorID: new(uint(2))}), inside: another,
		read: authors(func(db *gorm.DB) *gorm.DB {
			return db.Joins("LEFT JOIN posts p ON p.author_id = authors.id").Where("p.id IS NULL").Limit(1)
		}),
	}, {
		name: "when the last one goes", given: first, outside: create(Post{AuthorID: new(uint(1))}), inside: exec("UPDATE posts SET author_id = 1 WHERE author_id = 2"),
		read: authors(func(db *gorm.DB) *gorm.DB {
			return db.Joins("LEFT JOIN posts p ON p.author_id = authors.id").Where("p.id IS NULL")
		}),
	}})
}
