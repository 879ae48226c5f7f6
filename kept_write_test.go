package cacheops_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// What associations, soft deletes and upserts leave alone.
func TestKeptByWritesOfOtherRows(t *testing.T) {
	post := func(id uint) *Post { return &Post{ID: id} }
	tags := func(id uint, change func(*gorm.Association) error) func(*gorm.DB) error {
		return func(db *gorm.DB) error { return change(db.Model(post(id)).Omit("Tags.*").Association("Tags")) }
	}
	byKey := clause.OnConflict{Columns: []clause.Column{{Name: "id"}}, UpdateAll: true}
	upsert := func(notes ...Note) func(*gorm.DB) error {
		return func(db *gorm.DB) error { notes := slices.Clone(notes); return db.Clauses(byKey).Create(&notes).Error }
	}
	upsertTag := func(tag Tag) func(*gorm.DB) error {
		return func(db *gorm.DB) error { tag := tag; return db.Clauses(byKey).Create(&tag).Error }
	}
	eachKeeping(t, keptPosts, []keeping{{
		name: "a tag that another post is given", read: tagsOf(1).read,
		outside: tags(2, func(a *gorm.Association) error { return a.Append(&Tag{ID: 3}) }),
		inside:  tags(1, func(a *gorm.Association) error { return a.Append(&Tag{ID: 3}) }),
	}, {
		name: "a tag that is taken from another post", read: tagsOf(1).read,
		outside: tags(2, func(a *gorm.Association) error { return a.Delete(&Tag{ID: 2}) }),
		inside:  tags(1, func(a *gorm.Association) error { return a.Delete(&Tag{ID: 1}) }),
	}, {
		name: "another post's tags, which are cleared", read: tagsOf(1).read,
		outside: tags(2, func(a *gorm.Association) error { return a.Clear() }),
		inside:  tags(1, func(a *gorm.Association) error { return a.Clear() }),
	}, {
		name: "a post that is softly deleted", read: category(1).read,
		outside: func(db *gorm.DB) error { return db.Delete(&Post{}, 2).Error },
		inside:  func(db *gorm.DB) error { return db.Delete(&Post{}, 1).Error },
	}, {
		name: "a post that is softly deleted, of a query that looks at those as well", read: into(func(db *gorm.DB, s *[]string) *gorm.DB {
			return db.Unscoped().Model(&Post{}).Order("id").Pluck("title", s)
		}),
		outside: func(db *gorm.DB) error { return db.Delete(&Post{}, 2).Error },
		inside:  func(db *gorm.DB) error { return db.Model(post(2)).Unscoped().Update("title", "new").Error },
	}, {
		name: "a post that is restored", read: category(1).read, given: exec("UPDATE posts SET deleted_at = '2026-01-01 00:00:00' WHERE id IN (1, 2)"),
		outside: func(db *gorm.DB) error { return db.Unscoped().Model(post(2)).Update("deleted_at", nil).Error },
		inside:  func(db *gorm.DB) error { return db.Unscoped().Model(post(1)).Update("deleted_at", nil).Error },
	}, {
		name: "a post that is changed while it is deleted", read: category(1).read, given: exec("UPDATE posts SET deleted_at = '2026-01-01 00:00:00' WHERE id = 1"),
		outside: func(db *gorm.DB) error { return db.Unscoped().Model(post(1)).Update("title", "new").Error },
		inside:  func(db *gorm.DB) error { return db.Unscoped().Model(post(1)).Update("deleted_at", nil).Error },
	}, {
		name: "an upsert of another row", read: note(2).read,
		outside: upsert(Note{ID: 1, Text: "new"}), inside: upsert(Note{ID: 2, Text: "new"}),
	}, {
		name: "an upsert of several others", read: note(2).read,
		outside: upsert(Note{ID: 1, Text: "new"}, Note{ID: 3, Text: "new"}),
		inside:  upsert(Note{ID: 1, Text: "new"}, Note{ID: 2, Text: "new"}),
	}, {
		// On MySQL an upsert may meet a row by its name as well.
		name: "an upsert of another row in one of two keys", read: tag(2).read, on: "sqlite postgres",
		outside: upsertTag(Tag{ID: 1, Name: "golang"}), inside: upsertTag(Tag{ID: 2, Name: "SQL92"}),
	}, {
		name: "a category that is changed at once", read: category(1).read,
		outside: func(db *gorm.DB) error {
			return db.Model(&Post{}).Where("category_id BETWEEN ? AND ?", 2, 3).Update("title", "new").Error
		},
		inside: func(db *gorm.DB) error {
			return db.Model(&Post{}).Where("category_id BETWEEN ? AND ?", 1, 2).Update("title", "new").Error
		},
	}, {
		name: "a category that others come to", read: category(1).read,
		outside: exec("UPDATE posts SET category_id = 3 WHERE category_id = 2"), inside: exec("UPDATE posts SET category_id = 3 WHERE category_id = 1"),
	}, {
		name: "a deletion by a sub-query", read: note(1).read,
		outside: exec("DELETE FROM notes WHERE id = 2 AND text IN (SELECT 'second')"), inside: exec("DELETE FROM notes WHERE id = 1 AND text IN (SELECT 'first')"),
	}})
}

// Failed is a row that a constraint keeps in bounds.
type Failed struct {
	ID    uint
	Name  string `gorm:"size:20;uniqueIndex"`
	Stock int    `gorm:"check:stock_is_there,stock >= 0"`
}

// What fails has no effect, and what follows it in its transaction is known.
func TestKeptWhenAWriteFails(t *testing.T) {
	cancelled := func(db *gorm.DB) *gorm.DB {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		return db.WithContext(ctx)
	}
	writes := map[string]func(db *gorm.DB) error{
		"a key that is taken":                func(db *gorm.DB) error { return db.Create(&Failed{ID: 1, Name: "c"}).Error },
		"a name that is taken":               func(db *gorm.DB) error { return db.Create(&Failed{ID: 9, Name: "a"}).Error },
		"a name that is taken, by an update": func(db *gorm.DB) error { return db.Model(&Failed{ID: 2}).Update("name", "a").Error },
		"a check":                            func(db *gorm.DB) error { return db.Model(&Failed{ID: 1}).Update("stock", -1).Error },
		"a check of one row of several": func(db *gorm.DB) error {
			return db.Model(&Failed{}).Where("stock > 0").Update("stock", gorm.Expr("stock - 5")).Error
		},
		"a check of a row that is created": func(db *gorm.DB) error { return db.Create(&Failed{ID: 9, Name: "c", Stock: -1}).Error },
		"a context that is over":           func(db *gorm.DB) error { return cancelled(db).Model(&Failed{ID: 1}).Update("stock", 1).Error },
		"a second batch":                   func(db *gorm.DB) error { return db.CreateInBatches([]Failed{{ID: 9, Name: "c"}, {ID: 1}}, 1).Error },
		"a column that there is not":       func(db *gorm.DB) error { return db.Model(&Failed{ID: 1}).Update("none", 1).Error },
	}
	for name, write := range writes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := openFixture(t, everything, &gorm.Config{})
			must(t, f.truth.AutoMigrate(&Failed{}))
			must(t, f.truth.Create(&[]Failed{{ID: 1, Name: "a", Stock: 9}, {ID: 2, Name: "b", Stock: 1}}).Error)
			list := f.watch("list", into(func(db *gorm.DB, l *[]Failed) *gorm.DB { return db.Order("id").Find(l) })).isCached()
			one := f.watch("row 1", byID[Failed]("row", 1).read).isCached()
			two := f.watch("row 2", byID[Failed]("row", 2).read).isCached()

			if write(f.db) == nil {
				t.Fatal("the write did not fail")
			}
			list.isKept()
			one.isKept()

			// A savepoint that is gone back to leaves what was done around it.
			must(t, f.db.Transaction(func(tx *gorm.DB) error {
				inner := tx.Transaction(func(inner *gorm.DB) error {
					return errors.Join(inner.Model(&Failed{ID: 1}).Update("stock", 7).Error, errRollback)
				})
				if !errors.Is(inner, errRollback) {
					return inner
				}
				return tx.Model(&Failed{ID: 2}).Update("stock", 2).Error
			}))
			one.isKept()
			two.isFresh()
			list.isFresh()
		})
	}
}
