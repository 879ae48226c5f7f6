package cacheops_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"
)

// A row is inserted that lies just outside what a condition holds for, and
// then one that lies just inside.
func TestInsertBesideACondition(t *testing.T) {
	one := uint(1)
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	later, muchLater := noon.Add(time.Hour), noon.AddDate(0, 1, 0)
	tests := []struct {
		condition       string
		args            []any
		outside, inside Post
	}{
		{"views > ?", []any{100}, Post{Views: 100}, Post{Views: 101}},
		{"views >= ?", []any{100}, Post{Views: 99}, Post{Views: 100}},
		{"views < ?", []any{100}, Post{Views: 100}, Post{Views: 99}},
		{"views <= ?", []any{100}, Post{Views: 101}, Post{Views: 100}},
		{"? < views", []any{100}, Post{Views: 100}, Post{Views: 101}},
		{"views BETWEEN ? AND ?", []any{10, 20}, Post{Views: 21}, Post{Views: 20}},
		{"views BETWEEN ? AND ?", []any{10, 20}, Post{Views: 9}, Post{Views: 10}},
		{"views NOT BETWEEN ? AND ?", []any{10, 20}, Post{Views: 10}, Post{Views: 9}},
		{"views > ? AND category_id = ?", []any{100, 1}, Post{Views: 101, CategoryID: 2}, Post{Views: 101, CategoryID: 1}},
		{"views > ? OR category_id = ?", []any{100, 1}, Post{Views: 100, CategoryID: 2}, Post{Views: 1, CategoryID: 1}},
		{"NOT (views > ? OR category_id = ?)", []any{100, 1}, Post{Views: 1, CategoryID: 1}, Post{Views: 1, CategoryID: 2}},
		{"category_id = ?", []any{1}, Post{CategoryID: 2}, Post{CategoryID: 1}},
		{"category_id <> ?", []any{1}, Post{CategoryID: 1}, Post{CategoryID: 2}},
		{"category_id IN ?", []any{[]int{1, 3}}, Post{CategoryID: 2}, Post{CategoryID: 3}},
		{"category_id NOT IN ?", []any{[]int{1, 3}}, Post{CategoryID: 3}, Post{CategoryID: 2}},
		{"(category_id, views) IN ?", []any{[][]any{{1, 5}, {2, 6}}}, Post{CategoryID: 1, Views: 6}, Post{CategoryID: 2, Views: 6}},
		{"author_id IS NULL", nil, Post{AuthorID: &one}, Post{}},
		{"author_id IS NOT NULL", nil, Post{}, Post{AuthorID: &one}},
		{"author_id = ?", []any{&one}, Post{}, Post{AuthorID: &one}},
		{"author_id <> ?", []any{4}, Post{}, Post{AuthorID: &one}},
		{"author_id > ?", []any{0}, Post{}, Post{AuthorID: &one}},
		{"NOT author_id = ?", []any{4}, Post{}, Post{AuthorID: &one}},
		{sqlFor("author_id IS ?", "author_id IS NOT DISTINCT FROM ?", "author_id <=> ?"), []any{nil}, Post{AuthorID: &one}, Post{}},
		{sqlFor("title LIKE ?", "title ILIKE ?", "title LIKE ?"), []any{"Post%"}, Post{Title: "The Post"}, Post{Title: "post 13"}},
		{"title LIKE 'Post 1%'", nil, Post{Title: "Post 2"}, Post{Title: "Post 13"}},
		{"title = ?", []any{"Post 13"}, Post{Title: "Post 14"}, Post{Title: "Post 13"}},
		{"score >= ?", []any{5.5}, Post{Score: 5.25}, Post{Score: 5.5}},
		{"score = ?", []any{2.5}, Post{Score: 2.25}, Post{Score: 2.5}},
		{"hidden = ?", []any{true}, Post{Hidden: false}, Post{Hidden: true}},
		{"published < ?", []any{later}, Post{Published: &muchLater}, Post{Published: &noon}},
		{"published IS NULL", nil, Post{Published: &noon}, Post{}},
	}
	// The name becomes part of a file's, which sqlite3 reads as a URI.
	plain := strings.NewReplacer("?", "_", "%", "_")
	for i, test := range tests {
		t.Run(fmt.Sprint(i, plain.Replace(test.condition)), func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, everything)
			must(t, f.truth.Create(&Author{ID: 4}).Error)
			list := f.watch("list", into(func(db *gorm.DB, p *[]Post) *gorm.DB {
				return db.Where(test.condition, test.args...).Order("id").Find(p)
			}))
			before := list.isCached().read(f.truth)
			must(t, f.db.Create(&test.outside).Error)
			list.isKept()
			must(t, f.db.Create(&test.inside).Error)
			if after := list.costs(1); after.Rows != before.Rows+1 {
				t.Errorf("%d rows, and then %d: the row is not inside", before.Rows, after.Rows)
			}
			list.isKept()
		})
	}
}

// looking is a query with the columns that it looks at and those that it does
// not.
type looking struct {
	name   string
	read   func(*gorm.DB) answer
	looked []string
	not    []string
}

// otherValues are not those of post 1.
var otherValues = map[string]any{
	"author_id": 2, "category_id": 2, "title": "other", "body": "other", "score": 9.75, "views": 777,
	"hidden": false, "labels": "[]", "digest": []byte{9}, "deleted_at": time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC),
}

func TestColumnsThatAreNotLookedAt(t *testing.T) {
	titles := func(finish func(db *gorm.DB) *gorm.DB) func(*gorm.DB) answer {
		return into(func(db *gorm.DB, titles *[]string) *gorm.DB { return finish(db.Model(&Post{})).Pluck("title", titles) })
	}
	rows := func(finish func(db *gorm.DB) *gorm.DB) func(*gorm.DB) answer {
		return into(func(db *gorm.DB, rows *[]map[string]any) *gorm.DB { return finish(db.Model(&Post{})).Find(rows) })
	}
	tests := []looking{{
		name:   "selects",
		read:   rows(func(db *gorm.DB) *gorm.DB { return db.Unscoped().Select("title", "score").Order("id") }),
		looked: []string{"title", "score"}, not: []string{"body", "views", "hidden", "author_id", "deleted_at"},
	}, {
		name: "selects an expression",
		read: rows(func(db *gorm.DB) *gorm.DB {
			return db.Unscoped().Select("upper(title) AS t, views * 2 AS v").Order("id")
		}),
		looked: []string{"title", "views"}, not: []string{"body", "score", "deleted_at"},
	}, {
		name: "filters",
		read: titles(func(db *gorm.DB) *gorm.DB {
			return db.Where("category_id = ? AND NOT hidden = ?", 1, false).Order("id")
		}),
		looked: []string{"title", "category_id", "hidden", "deleted_at"}, not: []string{"body", "score", "views", "author_id"},
	}, {
		name:   "orders",
		read:   titles(func(db *gorm.DB) *gorm.DB { return db.Order("views DESC, id") }),
		looked: []string{"title", "views", "deleted_at"}, not: []string{"body", "score", "category_id", "author_id"},
	}, {
		name: "groups",
		read: rows(func(db *gorm.DB) *gorm.DB {
			return db.Select("category_id, COUNT(*) AS n").Group("category_id").Order("category_id")
		}),
		looked: []string{"category_id", "deleted_at"}, not: []string{"title", "body", "views", "author_id"},
	}, {
		name:   "groups by another column than those selected",
		read:   rows(func(db *gorm.DB) *gorm.DB { return db.Select("COUNT(*) AS n").Group("author_id").Order("n") }),
		looked: []string{"author_id"}, not: []string{"title", "views", "category_id"},
	}, {
		name: "groups having",
		read: rows(func(db *gorm.DB) *gorm.DB {
			return db.Select("author_id").Group("author_id").Having("MAX(views) > 100").Order("author_id")
		}),
		looked: []string{"author_id", "views", "deleted_at"}, not: []string{"title", "body", "category_id"},
	}, {
		name: "joins on",
		read: rows(func(db *gorm.DB) *gorm.DB {
			return db.Select("authors.name AS name").Joins("JOIN authors ON authors.id = posts.author_id").Order("posts.id")
		}),
		looked: []string{"author_id", "deleted_at"}, not: []string{"title", "views", "category_id"},
	}, {
		name:   "counts",
		read:   countPosts.read,
		looked: []string{"deleted_at"}, not: []string{"title", "views", "category_id"},
	}, {
		name:   "reads all",
		read:   firstPost(1),
		looked: []string{"title", "body", "score", "views", "hidden", "labels", "digest", "author_id", "category_id", "deleted_at"},
	}}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, everything)
			read := f.watch(test.name, test.read).isCached()
			for _, column := range slices.Concat(test.looked, test.not) {
				var old any
				must(t, f.truth.Raw("SELECT "+column+" FROM posts WHERE id = 1").Row().Scan(&old))
				must(t, f.db.Unscoped().Model(&Post{ID: 1}).UpdateColumn(column, otherValues[column]).Error)
				t.Log(column)
				if slices.Contains(test.looked, column) {
					read.isFresh()
				} else {
					read.isKept()
				}
				must(t, f.truth.Exec("UPDATE posts SET "+column+" = ? WHERE id = 1", old).Error)
				must(t, f.cache.InvalidateAll(t.Context()))
				read.isFresh()
			}
		})
	}
}
