package cacheops_test

import (
	"fmt"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// id draws the key of a row of the tests' models, which may not exist.
func (d dice) id() uint { return uint(1 + d.below(13)) }

// modelQuestions are reads of the tests' models, given an id and a number.
var modelQuestions = []struct {
	text string
	read func(id uint, n int) func(*gorm.DB) answer
}{
	{"First post", func(id uint, _ int) func(*gorm.DB) answer {
		return into(func(db *gorm.DB, p *Post) *gorm.DB { return db.First(p, id) })
	}},
	{"Unscoped post", func(id uint, _ int) func(*gorm.DB) answer {
		return into(func(db *gorm.DB, p *Post) *gorm.DB { return db.Unscoped().Take(p, id) })
	}},
	{"posts of a category", func(_ uint, n int) func(*gorm.DB) answer {
		return into(func(db *gorm.DB, p *[]Post) *gorm.DB { return db.Order("id").Find(p, "category_id = ?", n) })
	}},
	{"posts by struct", func(id uint, n int) func(*gorm.DB) answer {
		return into(func(db *gorm.DB, p *[]*Post) *gorm.DB {
			return db.Order("id").Where(&Post{AuthorID: &id, CategoryID: n}).Find(p)
		})
	}},
	{"posts of ids", func(id uint, n int) func(*gorm.DB) answer {
		return into(func(db *gorm.DB, p *[]Post) *gorm.DB { return db.Order("id").Find(p, []uint{id, id + uint(n)}) })
	}},
	{"post with tags and author", func(id uint, _ int) func(*gorm.DB) answer {
		return into(func(db *gorm.DB, p *Post) *gorm.DB { return db.Preload("Tags", ordered).Joins("Author").First(p, id) })
	}},
	{"author with posts", func(id uint, _ int) func(*gorm.DB) answer {
		return into(func(db *gorm.DB, a *Author) *gorm.DB {
			return db.Preload("Posts", ordered).Preload("Posts.Tags", ordered).First(a, id%4)
		})
	}},
	{"count of hidden", func(uint, int) func(*gorm.DB) answer {
		return into(func(db *gorm.DB, n *int64) *gorm.DB { return db.Model(&Post{}).Where("hidden").Count(n) })
	}},
	{"titles by score", func(_ uint, n int) func(*gorm.DB) answer {
		return into(func(db *gorm.DB, list *[]string) *gorm.DB {
			return db.Model(&Post{}).Where("score >= ? AND title LIKE 'p%'", float64(n)).Order("id").Pluck("title", list)
		})
	}},
	{"published", func(_ uint, n int) func(*gorm.DB) answer {
		return into(func(db *gorm.DB, p *[]Post) *gorm.DB {
			return db.Where("published > ?", day.Add(hours(n))).Or("published IS NULL AND views < ?", 10*n).Order("id").Find(p)
		})
	}},
	{"categories", func(_ uint, n int) func(*gorm.DB) answer {
		return intoMaps(false, func(db *gorm.DB, rows *[]map[string]any) *gorm.DB {
			return db.Model(&Post{}).Select("category_id, count(*) AS n, max(views) AS top").Group("category_id").Having("count(*) > ?", n).Find(rows)
		})
	}},
	{"posts of a tag", func(id uint, _ int) func(*gorm.DB) answer {
		return into(func(db *gorm.DB, p *[]Post) *gorm.DB {
			tagged := db.Table("post_tags").Select("post_id").Where("tag_id = ?", id%4)
			return db.Where("id IN (?)", tagged).Order("id").Find(p)
		})
	}},
	{"tags of a post", func(id uint, _ int) func(*gorm.DB) answer {
		return func(db *gorm.DB) answer {
			var tags []Tag
			err := db.Model(&Post{ID: id}).Order("tags.id").Association("Tags").Find(&tags)
			return answer{Value: tags, Err: err}
		}
	}},
	{"notes", func(uint, int) func(*gorm.DB) answer {
		return into(func(db *gorm.DB, notes *[]Note) *gorm.DB { return db.Order("id").Limit(2).Find(notes) })
	}},
	{"note by text", func(_ uint, n int) func(*gorm.DB) answer {
		return into(func(db *gorm.DB, note *Note) *gorm.DB {
			return db.Where("text = ?", noteText(n)).Order("id").Take(note)
		})
	}},
}

func ordered(db *gorm.DB) *gorm.DB { return db.Order("id") }

func (tr *trial) modelRead() *question {
	q, id, n := pick(tr.dice, modelQuestions...), tr.id(), tr.below(5)
	return &question{text: fmt.Sprintf("%s (%d, %d)", q.text, id, n), read: q.read(id, n)}
}

// modelWrites are writes of the tests' models.
var modelWrites = []struct {
	text string
	run  func(db *gorm.DB, id uint, n int) error
}{
	{"create post", func(db *gorm.DB, id uint, n int) error {
		return db.Create(&Post{AuthorID: &id, CategoryID: n, Title: noteText(n), Score: float64(n), Tags: []Tag{{ID: 1 + id%3}}}).Error
	}},
	{"create author with posts", func(db *gorm.DB, _ uint, n int) error {
		return db.Create(&Author{Name: noteText(n), Posts: []Post{{CategoryID: n}, {CategoryID: n + 1}}}).Error
	}},
	{"save post", func(db *gorm.DB, id uint, n int) error {
		var post Post
		if err := db.Session(&gorm.Session{NewDB: true}).Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate}).Take(&post, id).Error; err != nil {
			return err
		}
		post.CategoryID, post.Hidden = n, !post.Hidden
		return db.Save(&post).Error
	}},
	{"save made up post", func(db *gorm.DB, id uint, n int) error {
		return db.Save(&Post{ID: id, CategoryID: n, Title: "Post made up"}).Error
	}},
	{"save notes", func(db *gorm.DB, id uint, n int) error {
		return db.Save(&[]Note{{ID: id, Text: noteText(n)}, {ID: id + 1, Text: noteText(n + 1)}}).Error
	}},
	{"update title", func(db *gorm.DB, id uint, n int) error {
		return db.Model(&Post{ID: id}).Update("title", noteText(n)).Error
	}},
	{"move posts", func(db *gorm.DB, id uint, n int) error {
		return db.Model(&Post{}).Where("category_id = ?", n).Updates(map[string]any{"category_id": n + 1, "author_id": nil}).Error
	}},
	{"updates by struct", func(db *gorm.DB, id uint, n int) error {
		return db.Model(&Post{}).Where("id = ?", id).Updates(&Post{Score: float64(n), Views: int64(n)}).Error
	}},
	{"select zero values", func(db *gorm.DB, id uint, _ int) error {
		return db.Model(&Post{ID: id}).Select("CategoryID", "Published", "Hidden").Updates(&Post{}).Error
	}},
	{"count views", func(db *gorm.DB, id uint, n int) error {
		return db.Model(&Post{}).Where("id IN ?", []uint{id, id + 1}).UpdateColumn("views", gorm.Expr("views + ?", n)).Error
	}},
	{"publish", func(db *gorm.DB, id uint, n int) error {
		at := day.Add(hours(n))
		return db.Model(&Post{ID: id}).Update("published", &at).Error
	}},
	{"delete post", func(db *gorm.DB, id uint, _ int) error { return db.Delete(&Post{}, id).Error }},
	{"delete category for good", func(db *gorm.DB, _ uint, n int) error {
		return db.Unscoped().Where("category_id = ?", n).Delete(&Post{}).Error
	}},
	{"restore post", func(db *gorm.DB, id uint, _ int) error {
		return db.Unscoped().Model(&Post{}).Where("id = ?", id).Update("deleted_at", nil).Error
	}},
	{"append tag", func(db *gorm.DB, id uint, n int) error {
		return db.Model(&Post{ID: id}).Association("Tags").Append(&Tag{Name: fmt.Sprint("tag ", n)})
	}},
	{"replace tags", func(db *gorm.DB, id uint, n int) error {
		return db.Model(&Post{ID: id}).Association("Tags").Replace(&Tag{ID: uint(1 + n%3)})
	}},
	{"clear tags", func(db *gorm.DB, id uint, _ int) error {
		return db.Model(&Post{ID: id}).Association("Tags").Clear()
	}},
	{"take the author's posts", func(db *gorm.DB, id uint, _ int) error {
		return db.Model(&Author{ID: id % 4}).Association("Posts").Replace(&Post{ID: id})
	}},
	{"upsert tags", func(db *gorm.DB, id uint, n int) error {
		return db.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "name"}}, UpdateAll: true}).
			Create(&[]Tag{{Name: "go"}, {Name: fmt.Sprint("tag ", n)}}).Error
	}},
	{"create tags or not", func(db *gorm.DB, id uint, n int) error {
		return db.Clauses(clause.OnConflict{DoNothing: true}).Create(&[]Tag{{ID: id % 4, Name: "sql"}, {Name: fmt.Sprint("tag ", n)}}).Error
	}},
	{"first or create", func(db *gorm.DB, _ uint, n int) error {
		return db.Where(Note{Text: noteText(n)}).FirstOrCreate(&Note{}).Error
	}},
	{"delete notes", func(db *gorm.DB, id uint, n int) error {
		return db.Where("text = ? OR id = ?", noteText(n), id).Delete(&Note{}).Error
	}},
}

func noteText(n int) string { return fmt.Sprint("Note ", n) }

func (tr *trial) modelWrite() op {
	w, id, n := pick(tr.dice, modelWrites...), tr.id(), tr.below(5)
	return op{fmt.Sprintf("%s (%d, %d)", w.text, id, n), func(db *gorm.DB) error { return w.run(db, id, n) }}
}
