package cacheops_test

import (
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/seed92106438/cacheops"
	"github.com/seed92106438/cacheops/profiles"
)

// withoutPartners caches every read, and asks for nothing else.
var withoutPartners = cacheops.Config{Profiles: profiles.Set{"*": {Ops: profiles.All, TTL: time.Hour, NoPartners: true}}}

// Posts of an author who is known by his name: which author that is only the
// authors' rows tell.
func ofAuthor(name string) func(*gorm.DB) answer {
	return into(func(db *gorm.DB, posts *[]Post) *gorm.DB {
		return db.Joins("JOIN authors ON authors.id = posts.author_id").
			Where("authors.name = ?", name).Order("posts.id").Find(posts)
	})
}

func TestPartnersAreAskedForOnceAResultWasDropped(t *testing.T) {
	for _, test := range []struct {
		name string
		read func(*gorm.DB) answer
		// touch changes the table of which little is known, inside and outside
		// of the rows that count. move makes other rows count.
		touch, inside, outside, move func(*gorm.DB) error
	}{{
		name:    "of a join",
		read:    ofAuthor("author 1"),
		touch:   exec("UPDATE posts SET author_id = 3 WHERE id = 2"),
		inside:  exec("UPDATE posts SET title = 'new' WHERE id = 1"),
		outside: exec("UPDATE posts SET title = 'new' WHERE author_id = 2"),
		move:    exec("UPDATE authors SET name = 'author 1' WHERE id = 3"),
	}, {
		name: "of a sub-query",
		read: into(func(db *gorm.DB, posts *[]Post) *gorm.DB {
			authors := db.Session(&gorm.Session{NewDB: true}).Model(&Author{}).Select("id").Where("name = ?", "author 1")
			return db.Where("author_id IN (?)", authors).Order("id").Find(posts)
		}),
		touch:   exec("UPDATE posts SET author_id = 3 WHERE id = 2"),
		inside:  exec("UPDATE posts SET title = 'new' WHERE id = 1"),
		outside: exec("INSERT INTO posts (author_id, title) VALUES (2, 'new')"),
		move:    exec("INSERT INTO authors (name) VALUES ('author 1')"),
	}} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, everything)
			read := f.watch(test.name, test.read).isCached()

			must(t, test.touch(f.db))
			read.costs(2) // all that is known of the table is dropped: ask who counts
			read.isKept()

			must(t, test.outside(f.db))
			read.isKept()
			must(t, test.inside(f.db))
			read.costs(2)
			read.isKept()

			must(t, test.move(f.db))
			read.costs(2) // as at each fill from then on
			must(t, test.outside(f.db))
			read.isKept()
		})
	}
}

// What one result has met, others of the same text are spared.
func TestPartnersAreAskedForByText(t *testing.T) {
	f := newFixture(t, everything)
	first := f.watch("posts of author 1", ofAuthor("author 1")).isCached()
	third := f.watch("posts of author 3", ofAuthor("author 3")).isCached()

	must(t, f.db.Model(&Author{ID: 3}).Update("name", "new").Error)
	third.isFresh() // that was a change of the table that tells who counts
	f.watch("posts of author 4", ofAuthor("author 4")).isCached()

	must(t, f.db.Exec("UPDATE posts SET title = 'new' WHERE id = 1").Error)
	first.costs(2)
	second := f.watch("posts of author 2", ofAuthor("author 2"))
	second.costs(2)
	must(t, f.db.Exec("UPDATE posts SET title = 'new' WHERE author_id = 1").Error)
	second.isKept()
	first.costs(2)
	must(t, f.db.Exec("UPDATE posts SET title = 'new' WHERE author_id = 2").Error)
	second.costs(2)

	f.watch("posts of author 1, unordered", into(func(db *gorm.DB, posts *[]Post) *gorm.DB {
		return db.Joins("JOIN authors ON authors.id = posts.author_id").Where("authors.name = ?", "author 1").Find(posts)
	})).isCached() // another text
}

// The rows that an outer join adds to say by themselves which rows it adds.
func TestPartnersThatTheResultShows(t *testing.T) {
	for _, test := range []struct {
		name                  string
		read                  func(*gorm.DB) answer
		inside, outside, move func(*gorm.DB) error
	}{{
		"one row", into(func(db *gorm.DB, posts *[]Post) *gorm.DB {
			return db.Joins("Author").Where("posts.id = ?", 1).Find(posts)
		}),
		exec("UPDATE authors SET name = 'new' WHERE id = 1"), exec("UPDATE authors SET name = 'new' WHERE id = 3"),
		exec("UPDATE posts SET author_id = 3 WHERE id = 1"),
	}, {
		"a list", into(func(db *gorm.DB, posts *[]Post) *gorm.DB {
			return db.Joins("Author").Where("posts.category_id = ? AND posts.id < 6", 1).Order("posts.id").Find(posts)
		}),
		exec("UPDATE authors SET name = 'new' WHERE id = 2"), exec("UPDATE authors SET name = 'new' WHERE id = 3"),
		exec("UPDATE posts SET author_id = 3 WHERE id = 1"),
	}, {
		"no row", into(func(db *gorm.DB, posts *[]Post) *gorm.DB {
			return db.Joins("Author").Where("posts.id = ?", 100).Find(posts)
		}),
		exec("INSERT INTO posts (id, author_id, title) VALUES (100, 2, 'new')"), exec("UPDATE authors SET name = 'new' WHERE id = 2"),
		exec("UPDATE posts SET author_id = 3 WHERE id = 100"),
	}} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, withoutPartners)
			read := f.watch(test.name, test.read).isCached()
			must(t, test.outside(f.db))
			read.isKept()
			must(t, test.inside(f.db))
			read.isFresh()
			must(t, test.move(f.db))
			read.isFresh()
			must(t, exec("UPDATE authors SET name = 'newer' WHERE id = 3")(f.db))
			read.isFresh()
		})
	}
	t.Run("but not if it leaves rows out", func(t *testing.T) {
		f := newFixture(t, withoutPartners)
		read := f.watch("of one author", into(func(db *gorm.DB, posts *[]Post) *gorm.DB {
			name := clause.Column{Table: "Author", Name: "name"}
			return db.Joins("Author").Where("posts.id = 1").Where(clause.Eq{Column: name, Value: "somebody"}).Find(posts)
		})).isCached()
		must(t, exec("UPDATE authors SET name = 'somebody' WHERE id = 1")(f.db))
		read.isFresh()
	})
}

// Who counts may change between the answer and the question.
func TestPartnersThatChangeWhileTheyAreAskedFor(t *testing.T) {
	f := newFixture(t, everything)
	read := f.watch("posts of author 1", ofAuthor("author 1")).isCached()
	must(t, f.db.Exec("UPDATE posts SET author_id = 3 WHERE id = 2").Error)

	// Author 2 takes the name after the posts were read, and has posts.
	asked := false
	f.log.Gate(func(sql string) {
		if strings.HasPrefix(sql, "SELECT DISTINCT") {
			f.log.Gate(nil)
			asked = true
			must(t, f.db.Exec("UPDATE authors SET name = 'author 1' WHERE id = 2").Error)
		}
	})
	read.read(f.db)
	if !asked {
		t.Fatal("nobody was asked: the test shows nothing")
	}
	must(t, f.db.Exec("UPDATE posts SET title = 'new' WHERE author_id = 2").Error)
	read.compare(read.read(f.db))
}

func TestPartnersAreNotAskedForWithoutNeed(t *testing.T) {
	t.Run("where the profile forbids it", func(t *testing.T) {
		f := newFixture(t, withoutPartners)
		read := f.watch("posts of author 1", ofAuthor("author 1")).isCached()
		must(t, f.db.Exec("UPDATE posts SET author_id = 3 WHERE id = 2").Error)
		read.isFresh()
	})
	t.Run("where the condition says it all", func(t *testing.T) {
		f := newFixture(t, everything)
		read := f.watch("posts of author 1 by key", into(func(db *gorm.DB, posts *[]Post) *gorm.DB {
			return db.Joins("JOIN authors ON authors.id = posts.author_id").Where("authors.id = ?", 1).Find(posts)
		})).isCached()
		must(t, f.db.Exec("UPDATE posts SET title = 'new' WHERE author_id = 2").Error)
		read.isKept()
		must(t, f.db.Exec("UPDATE posts SET title = 'new' WHERE author_id = 1").Error)
		read.isFresh()
	})
	t.Run("where nothing is known of the other table either", func(t *testing.T) {
		f := newFixture(t, everything)
		read := f.watch("posts with authors", into(func(db *gorm.DB, posts *[]Post) *gorm.DB {
			return db.Joins("JOIN authors ON authors.id = posts.author_id").Order("posts.id").Find(posts)
		})).isCached()
		must(t, f.db.Exec("UPDATE posts SET title = 'new' WHERE author_id = 1").Error)
		read.isFresh()
	})
}

// viewed sets the views of a post, of which an image is read.
func viewed(id uint, views int64) func(*gorm.DB) error {
	return func(db *gorm.DB) error { return db.Model(&Post{ID: id}).UpdateColumn("views", views).Error }
}

// A page is only as long as the rows that it shows.
func TestWritesBehindAPageKeepIt(t *testing.T) {
	for _, test := range []struct {
		name            string
		read            func(*gorm.DB) answer
		inside, outside func(*gorm.DB) error
	}{{
		"the first three", into(func(db *gorm.DB, posts *[]Post) *gorm.DB { return db.Order("id").Limit(3).Find(posts) }),
		exec("UPDATE posts SET title = 'new' WHERE id = 3"), exec("UPDATE posts SET title = 'new' WHERE id > 3"),
	}, {
		"the second three", into(func(db *gorm.DB, posts *[]Post) *gorm.DB { return db.Order("id").Limit(3).Offset(3).Find(posts) }),
		exec("UPDATE posts SET deleted_at = '2026-01-01 00:00:00' WHERE id = 1"), exec("UPDATE posts SET deleted_at = '2026-01-01 00:00:00' WHERE id > 6"),
	}, {
		"the most viewed", into(func(db *gorm.DB, posts *[]Post) *gorm.DB { return db.Order("views DESC").Limit(2).Find(posts) }),
		viewed(1, 1000), viewed(1, 5),
	}, {
		"a page that is not full", into(func(db *gorm.DB, posts *[]Post) *gorm.DB { return db.Where("id > 10").Order("id").Limit(3).Find(posts) }),
		exec("INSERT INTO posts (id, title) VALUES (100, 'new')"), exec("UPDATE posts SET title = 'new' WHERE id < 10"),
	}, {
		"as maps", into(func(db *gorm.DB, posts *[]map[string]any) *gorm.DB {
			return db.Model(&Post{}).Select("id", "title").Order("id").Limit(3).Find(posts)
		}),
		exec("UPDATE posts SET title = 'new' WHERE id = 3"), exec("UPDATE posts SET title = 'new' WHERE id > 3"),
	}, {
		"the greatest", into(func(db *gorm.DB, views *[]int64) *gorm.DB { return db.Model(&Post{}).Pluck("MAX(views)", views) }),
		viewed(1, 500), viewed(1, 20),
	}, {
		"the least", into(func(db *gorm.DB, views *[]int64) *gorm.DB { return db.Model(&Post{}).Pluck("MIN(views)", views) }),
		viewed(2, -5), viewed(3, 30),
	}} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, everything)
			read := f.watch(test.name, test.read).isCached()
			must(t, test.outside(f.db))
			read.isKept()
			must(t, test.inside(f.db))
			read.isFresh()
		})
	}
}
