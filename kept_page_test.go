package cacheops_test

import (
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"
)

// days puts five days, or less than none, between each two posts.
func days(each int) func(*gorm.DB) error {
	return func(db *gorm.DB) error {
		for id := range 12 {
			if err := set(uint(id+1), "created_at", noon.AddDate(0, 0, 5*each*id))(db); err != nil {
				return err
			}
		}
		return nil
	}
}

// A page in an order that is known ends with its last row.
func TestKeptBehindAPage(t *testing.T) {
	posts := func(chain func(db *gorm.DB) *gorm.DB) func(*gorm.DB) answer {
		return into(func(db *gorm.DB, p *[]Post) *gorm.DB { return chain(db).Find(p) })
	}
	ordered := func(order string) func(*gorm.DB) answer {
		return posts(func(db *gorm.DB) *gorm.DB { return db.Order(order).Limit(3) })
	}
	// Post n has 10 (n-1) views and a score of (n-1)/2.
	eachKeeping(t, keptPosts, []keeping{{
		name: "by an integer", read: ordered("views"),
		outside: all(set(4, "title", "new"), set(5, "views", 31)), inside: set(12, "views", 1),
	}, {
		name: "by an integer, downwards", read: ordered("views DESC"),
		outside: all(set(9, "title", "new"), set(1, "views", 80)), inside: set(1, "views", 500),
	}, {
		name: "by a fraction", read: ordered("score"),
		outside: all(set(5, "title", "new"), set(5, "score", 2.5)), inside: set(12, "score", 0.25),
	}, {
		name: "by a time", read: ordered("created_at"), given: days(1),
		outside: all(set(4, "title", "new"), set(5, "created_at", noon.AddDate(0, 0, 22))), inside: set(6, "created_at", noon.AddDate(0, 0, -7)), after: toldEnd(),
	}, {
		// SQLite's driver reads an integer as a time, and no integer comes after a text:
		// see TestTheEndOfAPageOfTimes.
		name: "by a time, downwards", read: ordered("created_at DESC"), given: days(-1), on: "postgres mysql",
		outside: all(set(4, "title", "new"), set(5, "created_at", noon.AddDate(0, 0, -22))), inside: set(6, "created_at", noon.AddDate(0, 0, 7)),
	}, {
		name: "by a second column as well", read: ordered("views DESC, id"),
		outside: set(9, "title", "new"), inside: set(10, "title", "new"),
	}, {
		name: "after an offset", read: posts(func(db *gorm.DB) *gorm.DB { return db.Order("views").Limit(3).Offset(2) }),
		outside: all(set(6, "title", "new"), set(1, "title", "new")), inside: set(12, "views", -1),
	}, {
		name: "after an offset, by what it shows", read: posts(func(db *gorm.DB) *gorm.DB { return db.Order("views").Limit(3).Offset(2) }),
		outside: exec("UPDATE posts SET title = 'new' WHERE views < 20"), inside: set(3, "title", "new"),
	}, {
		name: "after an offset, downwards", read: posts(func(db *gorm.DB) *gorm.DB { return db.Order("views DESC").Limit(3).Offset(2) }),
		outside: set(12, "title", "new"), inside: set(12, "views", 1),
	}, {
		name: "of rows that a condition leaves out", outside: set(2, "title", "new"), inside: set(1, "title", "new"),
		read: into(func(db *gorm.DB, h *[]headline) *gorm.DB {
			return db.Model(&Post{}).Where("id IN (SELECT id FROM posts WHERE category_id % 2 = 1)").Order("id").Find(h)
		}),
	}, {
		name: "after an offset, not full", read: posts(func(db *gorm.DB) *gorm.DB { return db.Order("views").Limit(30).Offset(2) }),
		outside: set(1, "title", "new"), inside: set(12, "title", "new"),
	}, {
		name: "of some rows", read: posts(func(db *gorm.DB) *gorm.DB { return db.Where("category_id = ?", 1).Order("views").Limit(2) }),
		outside: all(set(9, "title", "new"), set(2, "views", 1)), inside: set(5, "title", "new"),
	}, {
		name: "of rows that the query names", read: posts(func(db *gorm.DB) *gorm.DB {
			return db.Where("id IN ?", []int{1, 2, 3, 4, 5, 6}).Order("views").Limit(3)
		}),
		outside: all(set(5, "title", "new"), set(6, "views", 500)), inside: set(6, "views", 1),
	}, {
		name: "by rows that are inserted", read: ordered("views DESC"),
		outside: create(Post{Views: 89}), inside: create(Post{Views: 91}),
	}, {
		name: "by rows that are deleted", read: ordered("views DESC"), given: exec("DELETE FROM post_tags"),
		outside: exec("DELETE FROM posts WHERE views < 85"), inside: exec("DELETE FROM posts WHERE views > 105"),
	}, {
		name: "by rows of a range", read: ordered("views DESC"),
		outside: exec("UPDATE posts SET title = 'new' WHERE views < 90"), inside: exec("UPDATE posts SET title = 'newer' WHERE views < 91"),
	}, {
		name: "into smaller structs", read: into(func(db *gorm.DB, h *[]headline) *gorm.DB {
			return db.Model(&Post{}).Order("id DESC").Limit(3).Find(h)
		}),
		outside: set(9, "title", "new"), inside: set(10, "title", "new"),
	}, {
		name: "into pointers", read: into(func(db *gorm.DB, p *[]*Post) *gorm.DB { return db.Order("id").Limit(3).Find(p) }),
		outside: set(4, "title", "new"), inside: set(3, "title", "new"),
	}, {
		name: "into maps", read: into(func(db *gorm.DB, m *[]map[string]any) *gorm.DB {
			return db.Model(&Post{}).Select("title", "views").Order("views").Limit(3).Find(m)
		}),
		outside: set(4, "title", "new"), inside: set(3, "title", "new"),
	}, {
		name: "into values", read: into(func(db *gorm.DB, v *[]int64) *gorm.DB {
			return db.Model(&Post{}).Order("views DESC").Limit(3).Pluck("views", v)
		}),
		outside: set(1, "views", 85), inside: set(1, "views", 95),
	}, {
		name: "into times", read: into(func(db *gorm.DB, v *[]time.Time) *gorm.DB {
			return db.Model(&Post{}).Order("created_at").Limit(2).Pluck("created_at", v)
		}),
		given: days(1), outside: set(11, "created_at", noon.AddDate(0, 0, 19)), inside: set(11, "created_at", noon.AddDate(0, 0, -9)), after: toldEnd(),
	}, {
		name: "of a join", read: into(func(db *gorm.DB, p *[]Post) *gorm.DB {
			return db.Joins("JOIN authors ON authors.id = posts.author_id").Order("posts.views").Limit(3).Find(p)
		}),
		outside: set(4, "title", "new"), inside: set(3, "title", "new"),
	}, {
		name: "of one row", read: into(func(db *gorm.DB, p *Post) *gorm.DB { return db.Where("views >= ?", 50).First(p) }),
		outside: set(7, "title", "new"), inside: set(6, "title", "new"),
	}, {
		name: "of the last row", read: into(func(db *gorm.DB, p *Post) *gorm.DB { return db.Where("views <= ?", 50).Last(p) }),
		outside: set(5, "title", "new"), inside: set(6, "title", "new"),
	}, {
		name: "of the greatest", read: into(func(db *gorm.DB, n *int64) *gorm.DB {
			return db.Model(&Post{}).Where("category_id = ?", 1).Select("MAX(views)").Find(n)
		}),
		outside: all(set(1, "views", 79), create(Post{CategoryID: 1, Views: 50})), inside: create(Post{CategoryID: 1, Views: 81}),
	}, {
		name: "of the least", read: into(func(db *gorm.DB, n *[]int64) *gorm.DB {
			return db.Model(&Post{}).Where("category_id = ?", 2).Pluck("MIN(views)", n)
		}),
		outside: all(set(6, "views", 11), create(Post{CategoryID: 2, Views: 50})), inside: create(Post{CategoryID: 2, Views: 9}),
	}})
}

// A join takes what its ON condition holds for.
func TestKeptByPartnersThatAConditionExcludes(t *testing.T) {
	joined := func(join string, args ...any) func(*gorm.DB) answer {
		return into(func(db *gorm.DB, m *[]map[string]any) *gorm.DB {
			return db.Table("authors").Select("authors.id AS id, p.title AS title").
				Joins(join, args...).Order("authors.id, p.id").Find(m)
		})
	}
	inOne := func(db *gorm.DB) *gorm.DB {
		return db.Session(&gorm.Session{NewDB: true}).Model(&Post{}).Select("author_id").Where("category_id = ?", 1)
	}
	authors := func(chain func(db *gorm.DB) *gorm.DB) func(*gorm.DB) answer {
		return into(func(db *gorm.DB, a *[]Author) *gorm.DB { return chain(db).Order("authors.id").Find(a) })
	}
	other, first := set(2, "title", "new"), set(1, "title", "new") // of categories 2 and 1
	eachKeeping(t, keptPosts, []keeping{{
		name: "of an inner join", outside: all(other, create(Post{CategoryID: 3})), inside: first,
		read: joined("JOIN posts p ON p.author_id = authors.id AND p.category_id = ?", 1),
	}, {
		name: "of an inner join by a text", outside: all(other, create(Post{Title: "none"})), inside: set(12, "title", "post 1"),
		read: joined("JOIN posts p ON p.author_id = authors.id AND p.title = 'post 1'"),
	}, {
		name: "of an outer join", outside: all(other, create(Post{CategoryID: 3})), inside: first,
		read: joined("LEFT JOIN posts p ON p.author_id = authors.id AND p.category_id = 1"),
	}, {
		name: "of an outer join, by a range", outside: set(1, "title", "new"), inside: set(12, "title", "new"),
		read: joined("LEFT JOIN posts p ON p.author_id = authors.id AND p.views > ?", 100),
	}, {
		name: "of a membership", outside: all(set(2, "author_id", 3), create(Post{CategoryID: 3})), inside: all(set(1, "author_id", 3), set(5, "author_id", 3)),
		given: exec("UPDATE posts SET author_id = 1 WHERE category_id = 1"),
		read:  authors(func(db *gorm.DB) *gorm.DB { return db.Where("authors.id IN (?)", inOne(db)) }),
	}, {
		name: "of an existence", outside: all(set(2, "author_id", 3), create(Post{CategoryID: 3})), inside: all(set(1, "author_id", 3), set(5, "author_id", 3)),
		given: exec("UPDATE posts SET author_id = 1 WHERE category_id = 1"),
		read: authors(func(db *gorm.DB) *gorm.DB {
			return db.Where("EXISTS (SELECT 1 FROM posts p WHERE p.author_id = authors.id AND p.category_id = 1)")
		}),
	}, {
		name: "of an absence", outside: all(set(2, "author_id", 3), create(Post{CategoryID: 3})), inside: exec("UPDATE posts SET category_id = 2 WHERE category_id = 1"),
		read: authors(func(db *gorm.DB) *gorm.DB {
			return db.Where("NOT EXISTS (SELECT 1 FROM posts p WHERE p.author_id = authors.id AND p.category_id = 1)")
		}),
	}, {
		name: "of a relation with a condition", outside: exec("UPDATE authors SET name = 'new' WHERE id = 2"), inside: exec("UPDATE authors SET name = 'new' WHERE id = 1"),
		read: into(func(db *gorm.DB, p *[]Post) *gorm.DB {
			return db.Joins("Author", db.Session(&gorm.Session{NewDB: true}).Where(&Author{ID: 1})).Order("posts.id").Find(p)
		}),
	}, {
		name: "of a count", outside: other, inside: set(1, "category_id", 3),
		read: into(func(db *gorm.DB, n *int64) *gorm.DB {
			return db.Model(&Author{}).Joins("JOIN posts p ON p.author_id = authors.id AND p.category_id = 1").Count(n)
		}),
	}})
}

// Who counts beside an author is asked for when his posts have been dropped once.
func TestKeptByOthersPartners(t *testing.T) {
	f := newFixture(t, everything)
	read := f.watch("posts of author 1", ofAuthor("author 1")).isCached()
	must(t, f.db.Exec("UPDATE posts SET views = views + 1 WHERE author_id = 1").Error)
	read.costs(2)
	for _, write := range []func(*gorm.DB) error{
		set(2, "title", "new"), exec("UPDATE posts SET title = 'new' WHERE author_id <> 1"),
		create(Post{AuthorID: new(uint(2))}), func(db *gorm.DB) error { return db.Delete(&Post{}, 3).Error },
	} {
		must(t, write(f.db))
		read.isKept()
	}
	must(t, f.db.Create(&Post{AuthorID: new(uint(1))}).Error)
	read.costs(2)
	read.isKept()
}

// What is read as rows tells where its page begins and ends too.
func TestKeptBesideAPageOfRows(t *testing.T) {
	withRows := func(t *testing.T) *fixture { t.Helper(); return newFixture(t, withRows) }
	eachKeeping(t, withRows, []keeping{{
		name: "after an offset", read: eachOf[headline](func(db *gorm.DB) *gorm.DB {
			return db.Model(&Post{}).Select("id", "title").Order("id").Limit(3).Offset(2)
		}),
		outside: all(set(1, "title", "new"), set(6, "title", "new")), inside: set(3, "title", "new"),
	}})
}

// toldEnd is what a page of times costs that was dropped: SQLite is asked what the
// driver hides.
func toldEnd() int {
	if *database == "sqlite" {
		return 2
	}
	return 1
}

// In which form the last time of a page is stored only the database tells.
func TestTheEndOfAPageOfTimes(t *testing.T) {
	onlyOn(t, "sqlite", "others have one form for a time")
	stored := func(id int, text any) func(*gorm.DB) error {
		return func(db *gorm.DB) error {
			return db.Model(&Post{ID: uint(id)}).UpdateColumn("created_at", text).Error
		}
	}
	early, late := noon.AddDate(-1, 0, 0), noon.AddDate(1, 0, 0)
	second := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Second) }
	for _, test := range []struct {
		name                string
		order               string
		shown, last, behind any // what is stored of two rows, of the last one of the page and of the others
		outside, inside     any
	}{
		{"downwards", "created_at DESC, id", late, second(-10), early, second(-11), second(-9)},
		{"upwards", "created_at, id", early, second(-10), late, second(-9), second(-11)},
		{"in another form", "created_at DESC, id", late, "2026-03-01T11:00:00Z", early, second(0), "2026-03-01T11:00:01Z"},
		{"in another zone", "created_at DESC, id", late, "2026-03-01 10:59:50-01:00", early, "2026-03-01 10:59:50+00:00", second(-10)},
		{"an integer", "created_at DESC, id", late, noon.Unix(), 5, nil, second(5)},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, everything)
			must(t, f.db.Exec("UPDATE posts SET created_at = ? WHERE id < 3", test.shown).Error)
			must(t, stored(3, test.last)(f.db))
			must(t, f.db.Exec("UPDATE posts SET created_at = ? WHERE id > 3", test.behind).Error)
			read := f.watch(test.name, into(func(db *gorm.DB, posts *[]Post) *gorm.DB {
				return db.Order(test.order).Limit(3).Find(posts)
			})).isCached()
			must(t, f.db.Model(&Post{ID: 1}).UpdateColumn("title", "new").Error)
			read.costs(2)
			read.isKept()
			if test.outside != nil {
				must(t, stored(5, test.outside)(f.db))
				read.isKept()
			}
			must(t, stored(6, test.inside)(f.db))
			read.costs(2)
		})
	}
}

// A page that moves between the answer and the question is not kept.
func TestAPageThatMovesWhileItsEndIsAskedFor(t *testing.T) {
	onlyOn(t, "sqlite", "others have one form for a time")
	f := newFixture(t, everything)
	must(t, days(-1)(f.db))
	read := f.watch("the latest", into(func(db *gorm.DB, posts *[]Post) *gorm.DB {
		return db.Order("created_at DESC, id").Limit(3).Find(posts)
	})).isCached()
	must(t, f.db.Model(&Post{ID: 1}).UpdateColumn("title", "new").Error)
	f.log.Gate(func(sql string) {
		if strings.HasPrefix(sql, "SELECT min(") {
			f.log.Gate(nil)
			must(t, f.db.Model(&Post{ID: 12}).UpdateColumn("created_at", noon.AddDate(0, 0, 1)).Error)
		}
	})
	read.read(f.db)
	read.compare(read.read(f.db))
	must(t, f.db.Model(&Post{ID: 3}).UpdateColumn("title", "new").Error)
	read.compare(read.read(f.db))
}
