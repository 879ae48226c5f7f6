package cacheops_test

import (
	"database/sql"
	"testing"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

func TestReadsOfManyRows(t *testing.T) {
	newFixture(t, everything).eachFinds(everything, []readPath{
		{"slice", 1, into(func(db *gorm.DB, p *[]Post) *gorm.DB { return db.Find(p) })},
		{"slice of pointers", 1, into(func(db *gorm.DB, p *[]*Post) *gorm.DB { return db.Find(p) })},
		{"pointer to a slice", 1, into(func(db *gorm.DB, p **[]Post) *gorm.DB { return db.Find(p) })},
		{"array that is larger", 1, into(func(db *gorm.DB, p *[20]Post) *gorm.DB { return db.Find(p) })},
		{"array that is smaller", 1, into(func(db *gorm.DB, p *[3]*Tag) *gorm.DB { return db.Limit(3).Find(p) })},
		{"map by model", 1, into(func(db *gorm.DB, m *map[string]any) *gorm.DB { return db.Model(&Author{}).Find(m) })},
		{"map by table", 1, into(func(db *gorm.DB, m *map[string]any) *gorm.DB { return db.Table("posts").Find(m) })},
		{"maps by model", 1, into(func(db *gorm.DB, m *[]map[string]any) *gorm.DB { return db.Model(&Author{}).Find(m) })},
		{"maps by table", 1, into(func(db *gorm.DB, m *[]map[string]any) *gorm.DB { return db.Table("posts").Find(m) })},
		{"maps with aliases", 1, into(func(db *gorm.DB, m *[]map[string]any) *gorm.DB {
			return db.Table("posts AS p").Select("p.id AS n, p.digest, p.published AS at").Find(m)
		})},
		{"scalar, of which the last row stays", 1, into(func(db *gorm.DB, s *string) *gorm.DB { return db.Model(&Post{}).Select("title").Find(s) })},
		{"scalar time", 1, into(func(db *gorm.DB, at *time.Time) *gorm.DB {
			return db.Model(&Post{}).Select("published").Where("id = 3").Find(at)
		})},
		{"scalar that may be NULL", 1, into(func(db *gorm.DB, s *sql.NullString) *gorm.DB {
			return db.Model(&Author{}).Select("email").Where("id = 1").Find(s)
		})},
		{"slice of scalars", 1, into(func(db *gorm.DB, s *[]float64) *gorm.DB { return db.Model(&Post{}).Select("score").Find(s) })},
		{"slice of bytes", 1, into(func(db *gorm.DB, s *[][]byte) *gorm.DB { return db.Model(&Post{}).Select("digest").Find(s) })},
		{"smaller struct", 1, into(func(db *gorm.DB, h *[]headline) *gorm.DB { return db.Model(&Post{}).Find(h) })},
		{"struct that is no model", 1, into(func(db *gorm.DB, h *[]headline) *gorm.DB { return db.Table("posts").Find(h) })},
		{"MapColumns", 1, into(func(db *gorm.DB, p *[]Post) *gorm.DB {
			return db.MapColumns(map[string]string{"title": "body", "body": "title"}).Find(p)
		})},
		{"MapColumns into a struct that is not empty", 1, preset(func() Post { return Post{Title: "mine", Score: 7} }, func(db *gorm.DB, p *Post) *gorm.DB {
			return db.MapColumns(map[string]string{"title": "body"}).Select("id", "title").Find(p, "id = ?", 3)
		})},
		{"Limit and Offset", 1, into(func(db *gorm.DB, p *[]Post) *gorm.DB { return db.Limit(3).Offset(4).Order("score DESC, id").Find(p) })},
		{"Order by a column", 1, into(func(db *gorm.DB, p *[]Post) *gorm.DB {
			return db.Order(clause.OrderByColumn{Column: clause.Column{Name: "views"}, Desc: true}).Find(p)
		})},
		{"Order by an expression", 1, into(func(db *gorm.DB, p *[]Post) *gorm.DB {
			return db.Clauses(clause.OrderBy{Expression: clause.Expr{SQL: "category_id = ? DESC, id", Vars: []any{2}}}).Find(p)
		})},
		{"Unscoped", 1, into(func(db *gorm.DB, p *[]Post) *gorm.DB { return db.Unscoped().Find(p) })},
		{"Scopes", 1, into(func(db *gorm.DB, p *[]Post) *gorm.DB {
			return db.Scopes(func(db *gorm.DB) *gorm.DB { return db.Where("hidden") }).Find(p)
		})},
		{"FindInBatches", 3, inBatches(5, func(db *gorm.DB) *gorm.DB { return db })},
		{"FindInBatches of one", 4, inBatches(1, func(db *gorm.DB) *gorm.DB { return db.Where("category_id = ?", 2) })},
		{"FindInBatches with Limit", 2, inBatches(5, func(db *gorm.DB) *gorm.DB { return db.Limit(7) })},
		{"FindInBatches with Where", 2, inBatches(2, func(db *gorm.DB) *gorm.DB { return db.Where("category_id = ?", 2) })},
	})
}

// inBatches collects what FindInBatches hands to its function, which spoils it.
func inBatches(size int, chain func(*gorm.DB) *gorm.DB) func(*gorm.DB) answer {
	return func(db *gorm.DB) answer {
		var titles []string
		var batch []Post
		tx := chain(db).FindInBatches(&batch, size, func(tx *gorm.DB, _ int) error {
			for i := range batch {
				titles = append(titles, batch[i].Title)
				batch[i].Digest[0]++
			}
			return tx.Error
		})
		return answer{Value: titles, Rows: tx.RowsAffected, Err: tx.Error}
	}
}

func TestConditions(t *testing.T) {
	posts := func(chain func(db *gorm.DB) *gorm.DB) func(*gorm.DB) answer {
		return into(func(db *gorm.DB, p *[]Post) *gorm.DB { return chain(db).Find(p) })
	}
	author := uint(2)
	day := time.Date(2026, 3, 1, 15, 0, 0, 0, time.UTC)
	newFixture(t, everything).eachFinds(everything, []readPath{
		{"struct", 1, posts(func(db *gorm.DB) *gorm.DB { return db.Where(&Post{CategoryID: 2, Body: "text"}) })},
		{"struct with zero fields", 1, posts(func(db *gorm.DB) *gorm.DB { return db.Where(&Post{CategoryID: 1}, "CategoryID", "Hidden") })},
		{"map", 1, posts(func(db *gorm.DB) *gorm.DB { return db.Where(map[string]any{"category_id": 2, "hidden": false}) })},
		{"map with a list", 1, posts(func(db *gorm.DB) *gorm.DB { return db.Where(map[string]any{"category_id": []int{2, 3}}) })},
		{"map with nil", 1, posts(func(db *gorm.DB) *gorm.DB { return db.Where(map[string]any{"published": nil}) })},
		{"keys", 1, posts(func(db *gorm.DB) *gorm.DB { return db.Where([]int{1, 2, 3}) })},
		{"Not", 1, posts(func(db *gorm.DB) *gorm.DB { return db.Not("category_id = ?", 2) })},
		{"Not struct", 1, posts(func(db *gorm.DB) *gorm.DB { return db.Not(Post{CategoryID: 2}) })},
		{"Not map", 1, posts(func(db *gorm.DB) *gorm.DB { return db.Not(map[string]any{"category_id": []int{2, 3}}) })},
		{"Or", 1, posts(func(db *gorm.DB) *gorm.DB { return db.Where("category_id = ?", 2).Or("views > ?", 50) })},
		{"group", 1, posts(func(db *gorm.DB) *gorm.DB {
			return db.Where("hidden = ?", false).Where(db.Where("views < ?", 20).Or("views > ?", 80))
		})},
		{"IN", 1, posts(func(db *gorm.DB) *gorm.DB { return db.Where("category_id IN ?", []int{2, 3}) })},
		{"NOT IN", 1, posts(func(db *gorm.DB) *gorm.DB { return db.Where("category_id NOT IN ?", []int{2, 3}) })},
		{"IN tuples", 1, posts(func(db *gorm.DB) *gorm.DB { return db.Where("(id, category_id) IN ?", [][]any{{1, 1}, {2, 2}, {3, 4}}) })},
		{"LIKE", 1, posts(func(db *gorm.DB) *gorm.DB { return db.Where("title LIKE ?", "Post 1%") })},
		{"BETWEEN", 1, posts(func(db *gorm.DB) *gorm.DB { return db.Where("score BETWEEN ? AND ?", 1.5, 3) })},
		{"time", 1, posts(func(db *gorm.DB) *gorm.DB { return db.Where("published > ?", day) })},
		{"pointer to time", 1, posts(func(db *gorm.DB) *gorm.DB { return db.Where("published > ?", &day) })},
		{"pointer", 1, posts(func(db *gorm.DB) *gorm.DB { return db.Where("author_id = ?", &author) })},
		{"bytes", 1, posts(func(db *gorm.DB) *gorm.DB { return db.Where("digest = ?", []byte{3, 0xff}) })},
		{"named argument", 1, posts(func(db *gorm.DB) *gorm.DB {
			return db.Where("category_id = @c OR views = @v", sql.Named("c", 2), sql.Named("v", 20))
		})},
		{"named argument twice", 1, posts(func(db *gorm.DB) *gorm.DB {
			return db.Where("category_id = @n OR id = @n", map[string]any{"n": 2})
		})},
		{"clause", 1, posts(func(db *gorm.DB) *gorm.DB { return db.Clauses(clause.Gte{Column: "views", Value: 60}) })},
		{"expression", 1, posts(func(db *gorm.DB) *gorm.DB { return db.Where(clause.Expr{SQL: "views + ? > score", Vars: []any{1}}) })},
		{"sub-select", 1, posts(func(db *gorm.DB) *gorm.DB {
			return db.Where("views > (?)", db.Session(&gorm.Session{NewDB: true}).Model(&Post{}).Select("AVG(views)"))
		})},
		{"sub-select IN", 1, posts(func(db *gorm.DB) *gorm.DB {
			return db.Where("author_id IN (?)", db.Session(&gorm.Session{NewDB: true}).Model(&Author{}).Select("id").Where("email IS NOT NULL"))
		})},
		{"EXISTS", 1, posts(func(db *gorm.DB) *gorm.DB {
			return db.Where("EXISTS (SELECT 1 FROM authors WHERE authors.id = posts.author_id AND name LIKE ?)", "%2")
		})},
		{"sub-select in FROM", 1, into(func(db *gorm.DB, m *[]map[string]any) *gorm.DB {
			inner := db.Session(&gorm.Session{NewDB: true}).Model(&Post{}).Select("category_id, COUNT(*) AS n").Group("category_id")
			return db.Table("(?) AS c", inner).Where("n > ?", 1).Find(m)
		})},
	})
}

func TestFigures(t *testing.T) {
	type category struct {
		CategoryID int
		N          int64
		Best       float64
	}
	newFixture(t, everything).eachFinds(everything, []readPath{
		{"Count", 1, into(func(db *gorm.DB, n *int64) *gorm.DB { return db.Model(&Post{}).Count(n) })},
		{"Count of a table", 1, into(func(db *gorm.DB, n *int64) *gorm.DB { return db.Table("posts").Where("hidden").Count(n) })},
		{"Count of none", 1, into(func(db *gorm.DB, n *int64) *gorm.DB { return db.Model(&Post{}).Where("id = 99").Count(n) })},
		{"Count of groups", 1, into(func(db *gorm.DB, n *int64) *gorm.DB { return db.Model(&Post{}).Group("category_id").Count(n) })},
		{"Count of one group", 1, into(func(db *gorm.DB, n *int64) *gorm.DB {
			return db.Model(&Post{}).Where("category_id = 2").Group("category_id").Count(n)
		})},
		{"Count distinct", 1, into(func(db *gorm.DB, n *int64) *gorm.DB { return db.Model(&Post{}).Distinct("category_id").Count(n) })},
		{"Count of a column", 1, into(func(db *gorm.DB, n *int64) *gorm.DB { return db.Model(&Author{}).Select("email").Count(n) })},
		{"Count and Find of one chain", 2, func(db *gorm.DB) answer {
			var n int64
			var posts []Post
			tx := db.Model(&Post{}).Where("category_id = ?", 2).Count(&n).Limit(2).Find(&posts)
			return answer{Value: []any{n, posts}, Rows: tx.RowsAffected, Err: tx.Error}
		}},
		{"Pluck text", 1, into(func(db *gorm.DB, p *[]string) *gorm.DB { return db.Model(&Post{}).Pluck("title", p) })},
		{"Pluck numbers", 1, into(func(db *gorm.DB, p *[]int64) *gorm.DB { return db.Model(&Post{}).Pluck("views", p) })},
		{"Pluck pointers", 1, into(func(db *gorm.DB, p *[]*string) *gorm.DB { return db.Model(&Author{}).Where("id > 1").Pluck("email", p) })},
		{"Pluck what may be NULL", 1, into(func(db *gorm.DB, p *[]sql.NullString) *gorm.DB { return db.Model(&Author{}).Pluck("email", p) })},
		{"Pluck times", 1, into(func(db *gorm.DB, p *[]time.Time) *gorm.DB { return db.Model(&Post{}).Pluck("created_at", p) })},
		{"Pluck a Scanner of GORM's", 1, into(func(db *gorm.DB, p *[]gorm.DeletedAt) *gorm.DB { return db.Model(&Post{}).Pluck("deleted_at", p) })},
		{"Pluck a Scanner of one's own", 1, into(func(db *gorm.DB, p *[]mark) *gorm.DB { return db.Model(&Post{}).Pluck("title", p) })},
		{"Pluck bytes", 1, into(func(db *gorm.DB, p *[][]byte) *gorm.DB { return db.Model(&Post{}).Pluck("digest", p) })},
		{"Pluck distinct", 1, into(func(db *gorm.DB, p *[]int) *gorm.DB { return db.Model(&Post{}).Distinct().Pluck("category_id", p) })},
		{"Pluck of a table", 1, into(func(db *gorm.DB, p *[]any) *gorm.DB { return db.Table("posts").Pluck("digest", p) })},
		{"Pluck of an expression", 1, into(func(db *gorm.DB, p *[]string) *gorm.DB { return db.Model(&Post{}).Pluck("UPPER(title)", p) })},
		{"aggregates with aliases", 1, into(func(db *gorm.DB, c *category) *gorm.DB {
			return db.Model(&Post{}).Select("COUNT(*) AS n, MAX(score) AS best").Take(c)
		})},
		{"aggregate as a scalar", 1, into(func(db *gorm.DB, f *float64) *gorm.DB { return db.Model(&Post{}).Select("SUM(score)").Find(f) })},
		{"Select with an argument", 1, into(func(db *gorm.DB, m *[]map[string]any) *gorm.DB {
			return db.Model(&Post{}).Select("id, views * ? AS more", 3).Find(m)
		})},
		{"Group and Having", 1, into(func(db *gorm.DB, c *[]category) *gorm.DB {
			return db.Model(&Post{}).Select("category_id, COUNT(*) AS n, MAX(score) AS best").
				Group("category_id").Having("SUM(views) > ?", 150).Find(c)
		})},
		{"Distinct", 1, into(func(db *gorm.DB, p *[]Post) *gorm.DB { return db.Distinct("category_id", "body").Find(p) })},
	})
}
