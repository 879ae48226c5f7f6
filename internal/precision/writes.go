package precision

import (
	"fmt"

	"gorm.io/gorm"
)

// write is one kind of write with its share among all.
type write struct {
	name   string
	share  int
	tables []string
	run    func(db *gorm.DB, z *zipf, step int) error
}

var writes = []write{
	{"count a view", 40, []string{"articles"}, func(db *gorm.DB, z *zipf, _ int) error {
		return db.Model(&Article{ID: z.id(articles)}).UpdateColumn("views", gorm.Expr("views + 1")).Error
	}},
	{"comment", 20, []string{"comments"}, func(db *gorm.DB, z *zipf, step int) error {
		c := newComment(0, z.id(articles), z.Rand)
		c.CreatedAt = z.now(step)
		return db.Create(&c).Error
	}},
	{"change a title", 8, []string{"articles"}, func(db *gorm.DB, z *zipf, step int) error {
		return db.Model(&Article{ID: z.id(articles)}).Update("title", fmt.Sprintf("Title %d", step)).Error
	}},
	{"save an article", 6, []string{"articles"}, func(db *gorm.DB, z *zipf, step int) error {
		return edit(db, z, func(a *Article) { a.Body = fmt.Sprintf("text %d", step) })
	}},
	{"save as it was", 2, []string{"articles"}, func(db *gorm.DB, z *zipf, _ int) error {
		return edit(db.Session(&gorm.Session{SkipHooks: true}), z, func(*Article) {})
	}},
	{"move to a category", 2, []string{"articles"}, func(db *gorm.DB, z *zipf, _ int) error {
		return db.Model(&Article{ID: z.id(articles)}).Update("category_id", z.id(categories)).Error
	}},
	{"publish", 4, []string{"articles"}, func(db *gorm.DB, z *zipf, step int) error {
		return db.Model(&Article{ID: z.id(articles)}).
			Updates(map[string]any{"status": "published", "published_at": z.now(step)}).Error
	}},
	{"score", 3, []string{"articles"}, func(db *gorm.DB, z *zipf, _ int) error {
		return db.Model(&Article{ID: z.id(articles)}).Update("score", z.Int64N(1000)).Error
	}},
	{"write an article", 4, []string{"articles"}, func(db *gorm.DB, z *zipf, step int) error {
		a := newArticle(0, z.Rand)
		a.Slug, a.Status, a.PublishedAt = fmt.Sprintf("new-%d", step), "draft", z.now(step)
		return db.Omit("Author", "Comments").Create(&a).Error
	}},
	{"delete an article", 1, []string{"articles"}, func(db *gorm.DB, z *zipf, _ int) error {
		return db.Delete(&Article{}, z.id(articles)).Error
	}},
	{"delete a comment", 3, []string{"comments"}, func(db *gorm.DB, z *zipf, _ int) error {
		return db.Delete(&Comment{}, z.id(comments)).Error
	}},
	{"approve comments", 2, []string{"comments"}, func(db *gorm.DB, z *zipf, _ int) error {
		return db.Model(&Comment{}).Where("article_id = ?", z.id(articles)).Update("approved", true).Error
	}},
	{"edit an author", 3, []string{"authors"}, func(db *gorm.DB, z *zipf, step int) error {
		return db.Model(&Author{ID: z.id(authors)}).Update("bio", fmt.Sprintf("writes %d", step)).Error
	}},
	{"tag", 1, []string{"article_tags"}, func(db *gorm.DB, z *zipf, _ int) error {
		return db.Save(&ArticleTag{ArticleID: z.id(articles), TagID: z.id(tags)}).Error
	}},
	{"raise prices", 1, []string{"articles"}, func(db *gorm.DB, z *zipf, _ int) error {
		return db.Model(&Article{}).Where("category_id = ? AND price < ?", z.id(categories), 500).
			Update("price", gorm.Expr("price + 1")).Error
	}},
}

// edit saves an article with every column, as an editor's form does.
func edit(db *gorm.DB, z *zipf, change func(*Article)) error {
	var found []Article
	if err := db.Session(&gorm.Session{NewDB: true}).Limit(1).Find(&found, z.id(articles)).Error; err != nil || len(found) == 0 {
		return err
	}
	change(&found[0])
	return db.Omit("Author", "Comments").Save(&found[0]).Error
}
