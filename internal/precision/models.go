// Package precision measures how much a cache wastes: how many results it
// drops that were still true, and whether it ever keeps one that is not. It
// plays one trace of reads and writes on a magazine of ten thousand articles
// against the plugin and, beside it, against a cache that drops by table, one
// that drops everything, and an oracle that knows which results have changed.
//
// What it measures does not depend on the machine, only on the trace. It
// leaves time to the benchmarks.
package precision

import (
	"fmt"
	"math/rand/v2"
	"time"

	"gorm.io/gorm"
)

// Author writes articles.
type Author struct {
	ID      int64
	Name    string `gorm:"size:100"`
	Email   string `gorm:"size:100;uniqueIndex"`
	Country string `gorm:"size:2;index"`
	Bio     string
}

// Category has articles.
type Category struct {
	ID   int64
	Slug string `gorm:"size:50;uniqueIndex"`
	Name string `gorm:"size:50"`
}

// Article is what is read most.
type Article struct {
	ID          int64
	Slug        string `gorm:"size:50;uniqueIndex"`
	Title       string `gorm:"size:200"`
	Body        string
	Status      string `gorm:"size:20"`
	CategoryID  int64  `gorm:"index"`
	AuthorID    int64  `gorm:"index"`
	Score       int64
	Price       int64
	Views       int64
	PublishedAt time.Time
	UpdatedAt   time.Time
	DeletedAt   gorm.DeletedAt

	Author   Author
	Comments []Comment
}

// Comment is on an article.
type Comment struct {
	ID        int64
	ArticleID int64  `gorm:"index"`
	Reader    string `gorm:"size:50;index"`
	Text      string
	Approved  bool
	CreatedAt time.Time
}

// Tag is put on articles.
type Tag struct {
	ID   int64
	Name string `gorm:"size:50"`
}

// ArticleTag puts a tag on an article.
type ArticleTag struct {
	ArticleID int64 `gorm:"primaryKey;autoIncrement:false"`
	TagID     int64 `gorm:"primaryKey;autoIncrement:false;index"`
}

// The sizes of the tables at the start.
const (
	authors    = 200
	categories = 40
	articles   = 10_000
	comments   = 10_000
	tags       = 100
)

var statuses = []string{"draft", "review", "published"}

// epoch is when the oldest article was published, an hour before the next.
var epoch = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)

// Fill makes the tables and their rows.
func Fill(db *gorm.DB, rng *rand.Rand) error {
	if err := db.AutoMigrate(&Author{}, &Category{}, &Article{}, &Comment{}, &Tag{}, &ArticleTag{}); err != nil {
		return err
	}
	for _, rows := range []any{
		list(authors, newAuthor),
		list(categories, func(id int64) Category {
			return Category{ID: id, Slug: fmt.Sprintf("category-%d", id), Name: fmt.Sprintf("Category %d", id)}
		}),
		list(articles, func(id int64) Article { return newArticle(id, rng) }),
		list(comments, func(id int64) Comment { return newComment(id, 1+rng.Int64N(articles), rng) }),
		list(tags, func(id int64) Tag { return Tag{ID: id, Name: fmt.Sprintf("tag-%d", id)} }),
		list(articles, func(id int64) ArticleTag { return ArticleTag{ArticleID: id, TagID: 1 + rng.Int64N(tags)} }),
	} {
		if err := db.Omit("Author", "Comments").CreateInBatches(rows, 500).Error; err != nil {
			return err
		}
	}
	return advance(db)
}

// advance has PostgreSQL give keys that come after those that were given here.
func advance(db *gorm.DB) error {
	if db.Name() != "postgres" {
		return nil
	}
	for _, table := range []string{"authors", "categories", "articles", "comments", "tags"} {
		if err := db.Exec("SELECT setval(pg_get_serial_sequence(?, 'id'), (SELECT MAX(id) FROM "+table+"))", table).Error; err != nil {
			return err
		}
	}
	return nil
}

func list[T any](n int64, make1 func(id int64) T) []T {
	rows := make([]T, n)
	for i := range rows {
		rows[i] = make1(int64(i) + 1)
	}
	return rows
}

func newAuthor(id int64) Author {
	countries := []string{"at", "be", "cz", "de", "es", "fr", "it", "nl", "pl", "se"}
	return Author{
		ID: id, Name: fmt.Sprintf("Author %d", id), Email: fmt.Sprintf("author%d@example.org", id),
		Country: countries[id%int64(len(countries))], Bio: "writes",
	}
}

func newArticle(id int64, rng *rand.Rand) Article {
	return Article{
		ID: id, Slug: fmt.Sprintf("article-%d", id), Title: fmt.Sprintf("Article %d", id), Body: "text",
		Status: statuses[rng.IntN(len(statuses))], CategoryID: 1 + rng.Int64N(categories), AuthorID: 1 + rng.Int64N(authors),
		Score: rng.Int64N(1000), Price: rng.Int64N(10_000), Views: rng.Int64N(100_000),
		PublishedAt: epoch.Add(time.Duration(id) * time.Hour), UpdatedAt: epoch,
	}
}

func newComment(id, article int64, rng *rand.Rand) Comment {
	return Comment{
		ID: id, ArticleID: article, Reader: fmt.Sprintf("reader%d", rng.IntN(500)), Text: "text",
		Approved: rng.IntN(4) > 0, CreatedAt: epoch.Add(time.Duration(id) * time.Minute),
	}
}
