package cacheops_test

import (
	"testing"

	"gorm.io/gorm"
)

// A query depends on every table that it reads, in whatever part of it. Each
// write is told by what it does to the answer of the query.
func TestWriteOfATableThatIsReadBeside(t *testing.T) {
	list := func(finish func(db *gorm.DB) *gorm.DB) func(*gorm.DB) answer {
		return into(func(db *gorm.DB, p *[]Post) *gorm.DB { return finish(db).Order("posts.id").Find(p) })
	}
	raw := func(text string, args ...any) func(*gorm.DB) answer {
		return into(func(db *gorm.DB, rows *[]map[string]any) *gorm.DB { return db.Raw(text, args...).Find(rows) })
	}
	rename := exec("UPDATE authors SET name = 'new' WHERE id = 1")
	tests := []struct {
		name            string
		read            func(*gorm.DB) answer
		given           func(*gorm.DB) error
		outside, inside func(*gorm.DB) error
	}{{
		name: "joins a relation", read: list(func(db *gorm.DB) *gorm.DB { return db.Joins("Author") }),
		inside: rename, outside: exec("UPDATE tags SET name = 'new' WHERE id = 1"),
	}, {
		name:   "joins a relation of one row",
		read:   into(func(db *gorm.DB, p *Post) *gorm.DB { return db.Joins("Author").Take(p, 1) }),
		inside: rename, outside: exec("UPDATE posts SET title = 'new' WHERE id = 2"),
	}, {
		name: "joins by text",
		read: list(func(db *gorm.DB) *gorm.DB {
			return db.Joins("JOIN authors a ON a.id = posts.author_id AND a.name = ?", "author 1")
		}),
		inside: rename, outside: exec("UPDATE authors SET email = 'new' WHERE id = 1"),
	}, {
		name: "inner join on a key",
		read: list(func(db *gorm.DB) *gorm.DB {
			return db.Joins("JOIN authors a ON a.id = posts.author_id").Where("a.name LIKE 'author%' AND posts.author_id = 1")
		}),
		inside: rename, outside: exec("UPDATE authors SET name = 'new' WHERE id = 2"),
	}, {
		name: "left join of what is not there",
		read: list(func(db *gorm.DB) *gorm.DB {
			return db.Joins("LEFT JOIN authors a ON a.name = posts.title").Where("a.id IS NULL")
		}),
		inside: exec("INSERT INTO authors (name) VALUES ('Post 3')"), outside: exec("UPDATE authors SET email = 'new' WHERE id = 1"),
	}, {
		name: "left join with a condition on the joined side",
		read: list(func(db *gorm.DB) *gorm.DB {
			return db.Joins("LEFT JOIN authors a ON a.id = posts.author_id AND a.name = 'author 1'").Where("a.id IS NULL")
		}),
		inside: rename, outside: exec("UPDATE authors SET name = 'new' WHERE name = 'author 2'"),
	}, {
		name: "not exists",
		read: list(func(db *gorm.DB) *gorm.DB {
			return db.Where("NOT EXISTS (SELECT 1 FROM authors a WHERE a.name = posts.title)")
		}),
		inside: exec("INSERT INTO authors (name) VALUES ('Post 3')"), outside: exec("UPDATE authors SET email = 'new' WHERE id = 1"),
	}, {
		name: "sub-query",
		read: list(func(db *gorm.DB) *gorm.DB {
			return db.Where("author_id IN (?)", db.Session(&gorm.Session{NewDB: true}).Model(&Author{}).Select("id").Where("name = ?", "author 1"))
		}),
		inside: rename, outside: exec("INSERT INTO authors (name) VALUES ('another')"),
	}, {
		name: "sub-query of the same table",
		read: list(func(db *gorm.DB) *gorm.DB {
			return db.Where("category_id = 1 AND views < (SELECT MAX(views) FROM posts p WHERE p.category_id = 2)")
		}),
		inside: exec("UPDATE posts SET views = 0 WHERE category_id = 2"), outside: exec("UPDATE posts SET views = 0 WHERE category_id = 3"),
	}, {
		name: "selected sub-query", read: raw("SELECT id, (SELECT name FROM authors WHERE id = 1) AS name FROM tags ORDER BY id"),
		inside: rename, outside: exec("UPDATE authors SET name = 'new' WHERE id = 2"),
	}, {
		name: "derived table",
		read: into(func(db *gorm.DB, rows *[]map[string]any) *gorm.DB {
			return db.Table("(?) AS t", db.Session(&gorm.Session{NewDB: true}).Model(&Author{}).Select("name").Where("id < 3")).Order("name").Find(rows)
		}),
		inside: rename, outside: exec("UPDATE authors SET name = 'new' WHERE id = 3"),
	}, {
		name: "union", read: raw("SELECT name FROM tags WHERE id = 1 UNION SELECT name FROM authors WHERE id = 1 ORDER BY 1"),
		inside: rename, outside: exec("UPDATE authors SET name = 'new' WHERE id = 2"),
	}, {
		name: "except", read: raw("SELECT text FROM notes EXCEPT SELECT name FROM authors ORDER BY 1"),
		inside: exec("INSERT INTO authors (name) VALUES ('first')"), outside: exec("UPDATE authors SET email = 'new' WHERE id = 2"),
	}, {
		name:   "common table expression",
		read:   raw("WITH few AS (SELECT name FROM authors WHERE id <= 2) SELECT name FROM few ORDER BY name"),
		inside: rename, outside: exec("UPDATE authors SET name = 'new' WHERE id = 3"),
	}, {
		name:   "recursive common table expression",
		read:   raw("WITH RECURSIVE up (id) AS (SELECT " + sqlFor("1", "1::bigint", "1") + " UNION SELECT p.id FROM posts p JOIN up ON p.views = up.id) SELECT id FROM up ORDER BY id"),
		inside: exec("UPDATE posts SET views = 1 WHERE id = 4"), outside: exec("UPDATE posts SET title = 'new' WHERE id = 4"),
	}, {
		name: "many to many by text",
		read: list(func(db *gorm.DB) *gorm.DB {
			return db.Joins("JOIN post_tags pt ON pt.post_id = posts.id JOIN tags t ON t.id = pt.tag_id").Where("t.name = ?", "go")
		}),
		inside: exec("DELETE FROM post_tags WHERE post_id = 1"), outside: exec("UPDATE authors SET name = 'new'"),
	}}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, withoutPartners)
			read := f.hold([]view{{test.name, test.read}})[0]
			must(t, test.outside(f.db))
			read.isKept()
			must(t, test.inside(f.db))
			read.isChanged()
		})
	}
}

// A preload is a query of its own: the write makes that one fresh, and the
// others stay cached.
func TestWriteOfAPreloadedTable(t *testing.T) {
	tests := []struct {
		name            string
		preload         func(db *gorm.DB) *gorm.DB
		queries         int
		inside, outside func(*gorm.DB) error
		again           int // queries that are asked for anew
	}{{
		name: "belongs to", preload: func(db *gorm.DB) *gorm.DB { return db.Preload("Author") }, queries: 2,
		inside: exec("UPDATE authors SET name = 'new' WHERE id = 1"), outside: exec("UPDATE tags SET name = 'new' WHERE id = 1"), again: 1,
	}, {
		name: "many to many, the join table", preload: func(db *gorm.DB) *gorm.DB { return db.Preload("Tags") }, queries: 3,
		inside: exec("DELETE FROM post_tags WHERE post_id = 1"), outside: exec("UPDATE authors SET name = 'new' WHERE id = 1"), again: 1,
	}, {
		name: "many to many, the far table", preload: func(db *gorm.DB) *gorm.DB { return db.Preload("Tags") }, queries: 3,
		inside: exec("UPDATE tags SET name = 'new' WHERE id = 1"), outside: exec("DELETE FROM post_tags WHERE post_id = 2"), again: 1,
	}, {
		name: "nested", preload: func(db *gorm.DB) *gorm.DB { return db.Preload("Author.Posts") }, queries: 3,
		inside:  exec("INSERT INTO posts (author_id, title) VALUES (1, 'new')"),
		outside: exec("INSERT INTO posts (author_id, category_id, title) VALUES (2, 2, 'new')"), again: 2,
	}}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, everything)
			read := f.watch(test.name, into(func(db *gorm.DB, p *[]Post) *gorm.DB {
				return test.preload(db).Where("category_id = 1 AND author_id = 1").Order("id").Find(p)
			}))
			first := read.costs(test.queries)
			read.isKept()
			must(t, test.outside(f.db))
			read.isKept()
			must(t, test.inside(f.db))
			if same(read.costs(test.again), first) {
				t.Error("the same answer as before: the test shows nothing")
			}
			read.isKept()
		})
	}
}
