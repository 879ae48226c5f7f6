package cacheops_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// The tests in the files kept_*_test.go are a table of what a cached result
// outlives. Each entry has a write that lies close to the read and leaves its
// answer, through which it is kept, and one that alters it.

// keeping is a read with a write of either sort.
type keeping struct {
	name            string
	given           func(*gorm.DB) error // done before anything is cached
	read            func(*gorm.DB) answer
	outside, inside func(*gorm.DB) error
	// on has the databases on which the read is kept, if not on all.
	on string
	// after is what the read costs when it was dropped, if not one statement:
	// a result that is fetched anew may ask who its partners are.
	after int
}

// eachKeeping checks every entry, outside and inside of a transaction.
func eachKeeping(t *testing.T, open func(*testing.T) *fixture, entries []keeping) {
	for _, k := range entries {
		if k.on != "" && !slices.Contains(strings.Fields(k.on), *database) {
			continue
		}
		for mode, in := range map[string]func(*gorm.DB, func(*gorm.DB) error) error{
			"alone":            func(db *gorm.DB, write func(*gorm.DB) error) error { return write(db) },
			"in a transaction": func(db *gorm.DB, write func(*gorm.DB) error) error { return db.Transaction(write) },
		} {
			t.Run(k.name+"/"+mode, func(t *testing.T) {
				t.Parallel()
				k.check(open(t), in)
			})
		}
	}
}

func (k *keeping) check(f *fixture, in func(db *gorm.DB, write func(*gorm.DB) error) error) {
	f.Helper()
	if k.given != nil {
		must(f, k.given(f.truth))
	}
	read := f.watch(k.name, k.read)
	first := read.costs(1)
	read.isKept()
	err := f.db.Transaction(func(tx *gorm.DB) error { must(f, k.inside(tx)); return errRollback })
	if !errors.Is(err, errRollback) {
		f.Fatal(err)
	}
	read.isKept() // nothing was committed
	must(f, in(f.db, k.outside))
	read.isKept()
	must(f, in(f.db, k.inside))
	if same(read.costs(max(1, k.after)), first) {
		f.Error("the same answer as before: the test shows nothing")
	}
	read.isKept()
}

// keptPosts is a fixture with the tests' rows.
func keptPosts(t *testing.T) *fixture { t.Helper(); return newFixture(t, everything) }

// postsWhere reads the posts for which a condition holds.
func postsWhere(condition string, args ...any) func(*gorm.DB) answer {
	return into(func(db *gorm.DB, p *[]Post) *gorm.DB { return db.Where(condition, args...).Order("id").Find(p) })
}

// set gives a column of a post a value, and leaves updated_at.
func set(id uint, column string, value any) func(*gorm.DB) error {
	return func(db *gorm.DB) error { return db.Model(&Post{ID: id}).UpdateColumn(column, value).Error }
}

// create inserts a row.
func create[T any](row T) func(*gorm.DB) error {
	return func(db *gorm.DB) error {
		row := row // each time anew, without a key
		return db.Create(&row).Error
	}
}

// all does one write after the other.
func all(writes ...func(*gorm.DB) error) func(*gorm.DB) error {
	return func(db *gorm.DB) error {
		for _, write := range writes {
			if err := write(db); err != nil {
				return err
			}
		}
		return nil
	}
}

const hour = time.Hour

var (
	noon      = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	doNothing = clause.OnConflict{DoNothing: true}
)

func TestKeptOutsideARange(t *testing.T) {
	eachKeeping(t, keptPosts, []keeping{{
		name: "above", read: postsWhere("views > ?", 50),
		outside: set(1, "views", 50), inside: set(1, "views", 51),
	}, {
		name: "between", read: postsWhere("views BETWEEN ? AND ?", 20, 40),
		outside: all(set(1, "views", 19), set(12, "views", 41)), inside: set(12, "views", 40),
	}, {
		name: "of fractions", read: postsWhere("score < ?", 1.25),
		outside: set(12, "score", 1.5), inside: set(12, "score", 1.0),
	}, {
		name: "of times", read: postsWhere("published < ?", noon.Add(2*hour)),
		outside: set(12, "published", noon.Add(48*hour)), inside: set(12, "published", noon.Add(-48*hour)),
	}, {
		name: "of texts that begin alike", read: postsWhere("title LIKE ?", "Post 1%"),
		outside: set(2, "title", "Post 2, new"), inside: set(2, "title", "Post 14"),
	}, {
		name: "by a range that is written", read: postsWhere("views > ?", 50),
		outside: exec("UPDATE posts SET title = 'new' WHERE views <= 50"), inside: exec("UPDATE posts SET title = 'newer' WHERE views >= 110"),
	}, {
		// On SQLite a column of integers may hold a text, which counts as zero.
		name: "by rows that are shifted", read: postsWhere("views > ?", 50), on: "postgres mysql",
		outside: exec("UPDATE posts SET views = views + 1 WHERE views < 40"), inside: exec("UPDATE posts SET views = views + 1 WHERE views < 51"),
	}, {
		name: "by rows that are deleted", read: postsWhere("views > ?", 50),
		given:   exec("DELETE FROM post_tags"),
		outside: exec("DELETE FROM posts WHERE views < 20"), inside: exec("DELETE FROM posts WHERE views BETWEEN 60 AND 70"),
	}, {
		name: "by rows that are inserted", read: postsWhere("views > ?", 50),
		outside: create(Post{Views: 50}), inside: create(Post{Views: 51}),
	}, {
		name: "of two columns", read: postsWhere("views > ? AND category_id < ?", 50, 3),
		outside: all(set(1, "views", 60), set(1, "category_id", 3), set(1, "title", "new")), inside: set(1, "category_id", 2),
		given: set(1, "category_id", 4),
	}})
}

// However long a list is, what is not in it is known not to be.
func TestKeptOutsideAList(t *testing.T) {
	for _, n := range []int{1, 20, 1000, 5000} {
		keys := make([]int, n)
		for i := range keys {
			keys[i] = 2 + 2*i // even ones
		}
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			eachKeeping(t, keptPosts, []keeping{{
				name: "of keys", read: postsWhere("id IN ?", keys),
				outside: all(set(1, "title", "new"), set(11, "title", "new")), inside: set(2, "title", "new"),
			}, {
				name: "of another column", read: postsWhere("views IN ?", keys),
				outside: all(create(Post{Views: 3}), set(1, "views", 5)), inside: set(1, "views", 2),
				given: exec("UPDATE posts SET views = -id"),
			}, {
				name: "that is left out", read: postsWhere("views NOT IN ?", keys),
				outside: all(create(Post{Views: 2}), set(1, "title", "new")), inside: set(1, "views", 3),
				given: exec("UPDATE posts SET views = 2"),
			}, {
				name: "of keys that are written", read: postsWhere("id = ?", 1),
				outside: func(db *gorm.DB) error {
					return db.Model(&Post{}).Where("id IN ?", keys).UpdateColumn("title", "new").Error
				},
				inside: func(db *gorm.DB) error {
					return db.Model(&Post{}).Where("id IN ?", append([]int{1}, keys...)).UpdateColumn("title", "new").Error
				},
			}})
		})
	}
}

// tagsLike depends on a column that a write by key does not show.
var tagsLike = into(func(db *gorm.DB, t *[]Tag) *gorm.DB { return db.Where("name LIKE ?", "g%").Order("id").Find(t) })

func TestKeptWhenNothingIsWritten(t *testing.T) {
	resave := func(db *gorm.DB) error {
		var tag Tag
		return errors.Join(db.Session(&gorm.Session{NewDB: true}).First(&tag, 1).Error, db.Save(&tag).Error)
	}
	eachKeeping(t, keptPosts, []keeping{{
		name: "a save of a row as it is", read: tagsLike, on: "sqlite postgres",
		outside: resave, inside: func(db *gorm.DB) error { return db.Save(&Tag{ID: 1, Name: "golang"}).Error },
	}, {
		name: "a save that touches the time of change alone", read: into(func(db *gorm.DB, h *[]headline) *gorm.DB {
			return db.Model(&Post{}).Where("category_id = ?", 1).Order("title").Find(h)
		}),
		outside: func(db *gorm.DB) error {
			var post Post
			return errors.Join(db.First(&post, 1).Error, db.Save(&post).Error)
		},
		inside: func(db *gorm.DB) error {
			var post Post
			err := db.First(&post, 1).Error
			post.Title = "new"
			return errors.Join(err, db.Save(&post).Error)
		},
	}, {
		name: "an update to the same value", read: tagsLike,
		outside: func(db *gorm.DB) error { return db.Model(&Tag{ID: 1}).Update("name", "go").Error },
		inside:  func(db *gorm.DB) error { return db.Model(&Tag{ID: 1}).Update("name", "golang").Error },
	}, {
		name: "an update of no row", read: tags.read,
		outside: exec("UPDATE tags SET name = 'new' WHERE id = 99"), inside: exec("UPDATE tags SET name = 'new' WHERE id = 1"),
	}, {
		name: "an update of no row, of all that are read", read: postsWhere("views > 50"),
		outside: exec("UPDATE posts SET title = 'new' WHERE views > 50 AND body = 'none'"),
		inside:  exec("UPDATE posts SET title = 'new' WHERE views > 50 AND body = 'text'"),
	}, {
		name: "a deletion of no row", read: notes.read,
		outside: func(db *gorm.DB) error { return db.Delete(&Note{}, "text = ?", "none").Error },
		inside:  func(db *gorm.DB) error { return db.Delete(&Note{}, "text = ?", "first").Error },
	}, {
		// From MariaDB GORM asks for the key of the row that is there, and so
		// does not hear that none was inserted.
		name: "an insert that is ignored", read: tags.read, on: "sqlite postgres",
		outside: func(db *gorm.DB) error { return db.Clauses(doNothing).Create(&Tag{ID: 1, Name: "other"}).Error },
		inside:  func(db *gorm.DB) error { return db.Clauses(doNothing).Create(&Tag{ID: 9, Name: "other"}).Error },
	}, {
		name: "a row that is found, not created", read: tags.read,
		outside: func(db *gorm.DB) error { return db.FirstOrCreate(&Tag{}, Tag{Name: "go"}).Error },
		inside:  func(db *gorm.DB) error { return db.FirstOrCreate(&Tag{}, Tag{Name: "golang"}).Error },
	}})
}
