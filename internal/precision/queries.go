package precision

import (
	"fmt"
	"math/rand/v2"
	"time"

	"gorm.io/gorm"
)

// query is one shape of a read. Its pick chooses the arguments, so that few
// are asked for often; run sends it and returns what it found.
type query struct {
	name   string
	tables []string
	pick   func(*zipf) []any
	run    func(db *gorm.DB, args []any) (any, error)
}

// zipf chooses numbers of which the small ones are common.
type zipf struct {
	*rand.Rand
	byMax map[uint64]*rand.Zipf
}

// id chooses one of 1 to n. The common ones are spread over the range, so
// that the oldest rows are not the ones in demand.
func (z *zipf) id(n uint64) int64 {
	if z.byMax[n] == nil {
		z.byMax[n] = rand.NewZipf(z.Rand, 1.1, 8, n-1)
	}
	const stride = 7919 // prime to all sizes of tables here
	return int64(z.byMax[n].Uint64()*stride%n) + 1
}

func one(n uint64) func(*zipf) []any { return func(z *zipf) []any { return []any{z.id(n)} } }

func none(*zipf) []any { return nil }

func named(format string, n uint64) func(*zipf) []any {
	return func(z *zipf) []any { return []any{fmt.Sprintf(format, z.id(n))} }
}

// find reads a list of T by what chain makes of the query.
func find[T any](chain func(db *gorm.DB, args []any) *gorm.DB) func(*gorm.DB, []any) (any, error) {
	return func(db *gorm.DB, args []any) (any, error) {
		var rows []T
		err := chain(db, args).Find(&rows).Error
		return rows, err
	}
}

func where[T any](condition string) func(*gorm.DB, []any) (any, error) {
	return find[T](func(db *gorm.DB, args []any) *gorm.DB { return db.Where(condition, args...).Order("id") })
}

func count[T any](condition string) func(*gorm.DB, []any) (any, error) {
	return func(db *gorm.DB, args []any) (any, error) {
		var n int64
		err := db.Model(new(T)).Where(condition, args...).Count(&n).Error
		return n, err
	}
}

func first[T any](condition string) func(*gorm.DB, []any) (any, error) {
	return func(db *gorm.DB, args []any) (any, error) {
		var row []T
		err := db.Where(condition, args...).Limit(1).Find(&row).Error
		return row, err
	}
}

// title is a row of a list of articles.
type title struct {
	ID    int64
	Slug  string
	Title string
}

// figure is one number by a group.
type figure struct {
	Name  string
	Total int64
}

// titles selects what a list of articles shows.
func titles(db *gorm.DB) *gorm.DB {
	return db.Model(&Article{}).Select("articles.id", "articles.slug", "articles.title")
}

// Each query says in which order it wants its rows: without that, or among
// rows that are alike, the order is the database's choice, and may change.
var queries = []query{
	{"article by key", []string{"articles"}, one(articles), first[Article]("id = ?")},
	{"article by slug", []string{"articles"}, named("article-%d", articles), first[Article]("slug = ?")},
	{"title by key", []string{"articles"}, one(articles), find[title](func(db *gorm.DB, args []any) *gorm.DB {
		return titles(db).Where("id = ?", args...)
	})},
	{"articles by keys", []string{"articles"}, func(z *zipf) []any {
		at := z.id(articles / 10)
		return []any{[]int64{at, at + 100, at + 200, at + 300, at + 400}}
	}, where[Article]("id IN ?")},
	{"slug exists", []string{"articles"}, named("article-%d", articles*2), count[Article]("slug = ?")},
	{"articles of category", []string{"articles"}, one(categories), where[Article]("category_id = ?")},
	{"titles of category", []string{"articles"}, one(categories), find[title](func(db *gorm.DB, args []any) *gorm.DB {
		return titles(db).Where("category_id = ? AND status = ?", args[0], "published").Order("id")
	})},
	{"articles of author", []string{"articles"}, one(authors), find[title](func(db *gorm.DB, args []any) *gorm.DB {
		return titles(db).Where("author_id = ?", args...).Order("id")
	})},
	{"last of author", []string{"articles"}, one(authors), find[Article](func(db *gorm.DB, args []any) *gorm.DB {
		return db.Where("author_id = ? AND status = ?", args[0], "published").Order("published_at DESC, id").Limit(10)
	})},
	{"front page", []string{"articles"}, none, find[Article](func(db *gorm.DB, _ []any) *gorm.DB {
		return db.Where("status = ?", "published").Order("published_at DESC, id").Limit(20)
	})},
	{"page by key", []string{"articles"}, one(articles / 20), find[title](func(db *gorm.DB, args []any) *gorm.DB {
		return titles(db).Where("id > ?", args[0].(int64)*20).Order("id").Limit(20)
	})},
	{"page by offset", []string{"articles"}, one(20), find[title](func(db *gorm.DB, args []any) *gorm.DB {
		return titles(db).Order("id").Limit(20).Offset(int(args[0].(int64)) * 20)
	})},
	{"best of category", []string{"articles"}, one(categories), find[Article](func(db *gorm.DB, args []any) *gorm.DB {
		return db.Where("category_id = ?", args...).Order("score DESC, id").Limit(10)
	})},
	{"by score", []string{"articles"}, one(50), find[title](func(db *gorm.DB, args []any) *gorm.DB {
		from := args[0].(int64) * 20
		return titles(db).Where("score BETWEEN ? AND ?", from, from+5).Order("id")
	})},
	{"dear ones", []string{"articles"}, one(50), find[title](func(db *gorm.DB, args []any) *gorm.DB {
		return titles(db).Where("price > ?", 9_900+args[0].(int64)).Order("id")
	})},
	{"published in a week", []string{"articles"}, one(50), find[title](func(db *gorm.DB, args []any) *gorm.DB {
		from := epoch.AddDate(0, 0, int(args[0].(int64))*7)
		return titles(db).Where("published_at >= ? AND published_at < ?", from, from.AddDate(0, 0, 7)).Order("id")
	})},
	{"count of category", []string{"articles"}, one(categories), count[Article]("category_id = ?")},
	{"count of status", []string{"articles"}, func(z *zipf) []any { return []any{statuses[z.IntN(3)]} }, count[Article]("status = ?")},
	{"value of author", []string{"articles"}, one(authors), func(db *gorm.DB, args []any) (any, error) {
		var total []int64
		err := db.Model(&Article{}).Where("author_id = ?", args...).Pluck("SUM(price)", &total).Error
		return total, err
	}},
	{"best score of category", []string{"articles"}, one(categories), func(db *gorm.DB, args []any) (any, error) {
		var best []int64
		err := db.Model(&Article{}).Where("category_id = ?", args...).Pluck("MAX(score)", &best).Error
		return best, err
	}},
	{"comments of article", []string{"comments"}, one(articles), where[Comment]("article_id = ?")},
	{"approved of article", []string{"comments"}, one(articles), find[Comment](func(db *gorm.DB, args []any) *gorm.DB {
		return db.Where("article_id = ? AND approved = ?", args[0], true).Order("id DESC").Limit(5)
	})},
	{"count of comments", []string{"comments"}, one(articles), count[Comment]("article_id = ?")},
	{"comments of reader", []string{"comments"}, named("reader%d", 500), where[Comment]("reader = ?")},
	{"author by key", []string{"authors"}, one(authors), first[Author]("id = ?")},
	{"author by email", []string{"authors"}, named("author%d@example.org", authors), first[Author]("email = ?")},
	{"authors of country", []string{"authors"}, func(z *zipf) []any { return []any{newAuthor(z.id(10)).Country} }, where[Author]("country = ?")},
	{"all categories", []string{"categories"}, none, find[Category](func(db *gorm.DB, _ []any) *gorm.DB { return db.Order("name") })},
	{"articles with author", []string{"articles", "authors"}, one(authors), find[title](func(db *gorm.DB, args []any) *gorm.DB {
		return titles(db).Joins("JOIN authors ON authors.id = articles.author_id").Where("authors.id = ?", args...).Order("articles.id")
	})},
	{"articles of category's slug", []string{"articles", "categories"}, named("category-%d", categories), find[title](func(db *gorm.DB, args []any) *gorm.DB {
		return titles(db).Joins("JOIN categories ON categories.id = articles.category_id").Where("categories.slug = ?", args...).Order("articles.id")
	})},
	{"article with author joined", []string{"articles", "authors"}, one(articles), find[Article](func(db *gorm.DB, args []any) *gorm.DB {
		return db.Joins("Author").Where("articles.id = ?", args...).Order("articles.id")
	})},
	{"articles without comments", []string{"articles", "comments"}, one(categories), find[title](func(db *gorm.DB, args []any) *gorm.DB {
		return titles(db).Joins("LEFT JOIN comments ON comments.article_id = articles.id").
			Where("articles.category_id = ? AND comments.id IS NULL", args...).Order("articles.id")
	})},
	{"articles of tag", []string{"articles", "article_tags"}, one(tags), find[title](func(db *gorm.DB, args []any) *gorm.DB {
		return titles(db).Where("id IN (?)", db.Session(&gorm.Session{NewDB: true}).Model(&ArticleTag{}).Select("article_id").Where("tag_id = ?", args...)).Order("id")
	})},
	{"tags of article", []string{"tags", "article_tags"}, one(articles), find[Tag](func(db *gorm.DB, args []any) *gorm.DB {
		return db.Joins("JOIN article_tags ON article_tags.tag_id = tags.id").Where("article_tags.article_id = ?", args...).Order("tags.id")
	})},
	{"figures of categories", []string{"articles", "categories"}, none, find[figure](func(db *gorm.DB, _ []any) *gorm.DB {
		return db.Model(&Article{}).Select("categories.name AS name, COUNT(*) AS total").
			Joins("JOIN categories ON categories.id = articles.category_id").Group("categories.name").Order("categories.name")
	})},
	{"article with comments", []string{"articles", "comments"}, one(articles), find[Article](func(db *gorm.DB, args []any) *gorm.DB {
		return db.Preload("Comments", func(db *gorm.DB) *gorm.DB { return db.Order("id") }).Where("id = ?", args...)
	})},
}

// now is the time of the next write; it goes on by a second each time.
func (z *zipf) now(step int) time.Time {
	return epoch.AddDate(2, 0, 0).Add(time.Duration(step) * time.Second)
}
