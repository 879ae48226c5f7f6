package cacheops_test

import (
	"context"
	"database/sql"
	"testing"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/logger"

	"github.com/seed92106438/cacheops"
)

func TestReadsAsText(t *testing.T) {
	newFixture(t, everything).eachFinds(everything, []readPath{
		{"Raw Find", 1, into(func(db *gorm.DB, p *[]Post) *gorm.DB {
			return db.Raw("SELECT * FROM posts WHERE views > ?", 50).Find(p)
		})},
		{"Raw First", 1, into(func(db *gorm.DB, p *Post) *gorm.DB { return db.Raw("SELECT * FROM posts WHERE id = ?", 3).First(p) })},
		{"Raw Take", 1, into(func(db *gorm.DB, p *Post) *gorm.DB { return db.Raw("SELECT * FROM posts ORDER BY score DESC").Take(p) })},
		{"Raw with a named argument", 1, into(func(db *gorm.DB, p *[]Post) *gorm.DB {
			return db.Raw("SELECT * FROM posts WHERE category_id = @c", sql.Named("c", 2)).Find(p)
		})},
		{"Raw into maps", 1, into(func(db *gorm.DB, m *[]map[string]any) *gorm.DB {
			return db.Raw("SELECT id, title, digest, created_at FROM posts").Find(m)
		})},
		{"Raw into a scalar", 1, into(func(db *gorm.DB, n *int64) *gorm.DB { return db.Raw("SELECT COUNT(*) FROM posts").Find(n) })},
		{"Raw into a struct that is no model of the text's", 1, into(func(db *gorm.DB, h *[]headline) *gorm.DB {
			return db.Raw("SELECT id, title FROM posts").Find(h)
		})},
		{"Raw with a sub-select", 1, into(func(db *gorm.DB, p *[]Post) *gorm.DB {
			inner := db.Session(&gorm.Session{NewDB: true}).Model(&Author{}).Select("id").Where("email IS NULL")
			return db.Raw("SELECT * FROM posts WHERE author_id IN (?)", inner).Find(p)
		})},
		{"CTE", 1, into(func(db *gorm.DB, m *[]map[string]any) *gorm.DB {
			return db.Raw("WITH busy AS (SELECT author_id, COUNT(*) AS n FROM posts GROUP BY author_id) "+
				"SELECT name, n FROM authors JOIN busy ON busy.author_id = authors.id WHERE n > ?", 1).Find(m)
		})},
		{"recursive CTE", 1, into(func(db *gorm.DB, p *[]Post) *gorm.DB {
			return db.Raw("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "+
				"SELECT posts.* FROM posts JOIN n ON n.i = posts.id", 3).Find(p)
		})},
		{"UNION", 1, into(func(db *gorm.DB, s *[]string) *gorm.DB {
			return db.Raw("SELECT name FROM tags UNION SELECT name FROM authors ORDER BY 1").Find(s)
		})},
		{"EXCEPT", 1, into(func(db *gorm.DB, n *[]int) *gorm.DB {
			return db.Raw("SELECT id FROM posts EXCEPT SELECT id FROM posts WHERE hidden").Find(n)
		})},
		{"window", 1, into(func(db *gorm.DB, m *[]map[string]any) *gorm.DB {
			return db.Raw("SELECT id, RANK() OVER (PARTITION BY category_id ORDER BY score DESC) AS place FROM posts").Find(m)
		})},
		{"CASE", 1, into(func(db *gorm.DB, s *[]string) *gorm.DB {
			return db.Raw("SELECT CASE WHEN hidden THEN 'no' ELSE 'yes' END FROM posts").Find(s)
		})},
	})
}

// asked caches what asks for it, and nothing else.
var asked = cacheops.Config{}

func TestGenericReads(t *testing.T) {
	posts := func(db *gorm.DB) gorm.Interface[Post] { return gorm.G[Post](db, cacheops.Cache()) }
	list := func(find func(context.Context, gorm.Interface[Post]) ([]Post, error)) func(*gorm.DB) answer {
		return func(db *gorm.DB) answer {
			found, err := find(t.Context(), posts(db))
			return answer{Value: found, Rows: int64(len(found)), Err: err}
		}
	}
	one := func(find func(context.Context, gorm.Interface[Post]) (Post, error)) func(*gorm.DB) answer {
		return func(db *gorm.DB) answer {
			found, err := find(t.Context(), posts(db))
			return answer{Value: found, Rows: 1, Err: err}
		}
	}
	newFixture(t, asked).eachFinds(asked, []readPath{
		{"First", 1, one(func(ctx context.Context, g gorm.Interface[Post]) (Post, error) { return g.First(ctx) })},
		{"Take", 1, one(func(ctx context.Context, g gorm.Interface[Post]) (Post, error) { return g.Where("id = ?", 3).Take(ctx) })},
		{"Last", 1, one(func(ctx context.Context, g gorm.Interface[Post]) (Post, error) { return g.Where("hidden").Last(ctx) })},
		{"Find", 1, list(func(ctx context.Context, g gorm.Interface[Post]) ([]Post, error) { return g.Find(ctx) })},
		{"Where", 1, list(func(ctx context.Context, g gorm.Interface[Post]) ([]Post, error) {
			return g.Where("category_id = ?", 2).Order("score DESC").Limit(2).Find(ctx)
		})},
		{"Raw", 1, list(func(ctx context.Context, g gorm.Interface[Post]) ([]Post, error) {
			return g.Raw("SELECT * FROM posts WHERE views > ?", 50).Find(ctx)
		})},
		{"Joins", 1, list(func(ctx context.Context, g gorm.Interface[Post]) ([]Post, error) {
			return g.Joins(clause.Has("Author"), nil).Find(ctx)
		})},
		{"Joins under another name", 1, list(func(ctx context.Context, g gorm.Interface[Post]) ([]Post, error) {
			return g.Joins(clause.Has("Author").As("writer"), nil).Find(ctx)
		})},
		{"Joins with a condition", 1, list(func(ctx context.Context, g gorm.Interface[Post]) ([]Post, error) {
			return g.Joins(clause.LeftJoin.Association("Author"), func(db gorm.JoinBuilder, join, _ clause.Table) error {
				db.Where(clause.Eq{Column: clause.Column{Table: join.Name, Name: "id"}, Value: 2})
				return nil
			}).Find(ctx)
		})},
		{"Preload", 2, list(func(ctx context.Context, g gorm.Interface[Post]) ([]Post, error) {
			return g.Preload("Author", nil).Find(ctx)
		})},
		{"Preload with a condition", 3, list(func(ctx context.Context, g gorm.Interface[Post]) ([]Post, error) {
			return g.Preload("Tags", func(db gorm.PreloadBuilder) error { db.Where("name <> ?", "go"); return nil }).Find(ctx)
		})},
		{"Count", 1, func(db *gorm.DB) answer {
			n, err := posts(db).Where("hidden").Count(t.Context(), "id")
			return answer{Value: n, Rows: n, Err: err}
		}},
		{"FindInBatches", 3, func(db *gorm.DB) answer {
			var titles []string
			err := posts(db).FindInBatches(t.Context(), 5, func(batch []Post, _ int) error {
				for _, p := range batch {
					titles = append(titles, p.Title)
				}
				return nil
			})
			return answer{Value: titles, Rows: int64(len(titles)), Err: err}
		}},
	})
}

func TestResultIsSet(t *testing.T) {
	f := newFixture(t, asked)
	f.watch("with a result", func(db *gorm.DB) answer {
		result := gorm.WithResult()
		found, err := gorm.G[Post](db, cacheops.Cache(), result).Where("category_id = ?", 2).Find(t.Context())
		return answer{Value: []any{found, result.RowsAffected}, Rows: result.RowsAffected, Err: err}
	}).isCached()
	got := f.watch("with a result, by Clauses", func(db *gorm.DB) answer {
		result := gorm.WithResult()
		var n Note
		tx := db.Clauses(cacheops.Cache(), result).Take(&n)
		return answer{Value: []any{n, result.RowsAffected}, Rows: result.RowsAffected, Err: tx.Error}
	}).isCached().costs(0)
	if got.Rows != 1 {
		t.Errorf("RowsAffected is %d", got.Rows)
	}
}

func TestAfterFindRunsOnce(t *testing.T) {
	f := newFixture(t, everything)
	for name, read := range map[string]func(*gorm.DB) answer{
		"struct":   into(func(db *gorm.DB, n *Note) *gorm.DB { return db.First(n) }),
		"pointer":  into(func(db *gorm.DB, n **Note) *gorm.DB { return db.First(n) }),
		"slice":    into(func(db *gorm.DB, n *[]Note) *gorm.DB { return db.Find(n) }),
		"pointers": into(func(db *gorm.DB, n *[]*Note) *gorm.DB { return db.Find(n) }),
		"Raw":      into(func(db *gorm.DB, n *[]Note) *gorm.DB { return db.Raw("SELECT * FROM notes").Find(n) }),
	} {
		t.Run(name, func(t *testing.T) {
			f := f.again(t, everything, &gorm.Config{})
			w := f.watch(name, read)
			for statements := 1; statements >= 0; statements-- {
				for _, n := range notesOf(w.costs(statements).Value) {
					if n.Found != 1 {
						t.Errorf("with %d statements, AfterFind ran %d times", statements, n.Found)
					}
				}
			}
		})
	}
	f.watch("no hooks", into(func(db *gorm.DB, n *Note) *gorm.DB {
		return db.Session(&gorm.Session{SkipHooks: true}).First(n)
	})).isCached()
}

func notesOf(value any) (notes []Note) {
	switch v := value.(type) {
	case Note:
		return []Note{v}
	case *Note:
		return []Note{*v}
	case []Note:
		return v
	case []*Note:
		for _, n := range v {
			notes = append(notes, *n)
		}
	}
	return notes
}

func TestSessions(t *testing.T) {
	for name, options := range map[string]gorm.Config{
		"plain": {}, "PrepareStmt": {PrepareStmt: true}, "QueryFields": {QueryFields: true},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, everything)
			for _, path := range []readPath{
				{"Session", 1, inSession(func(db *gorm.DB) *gorm.DB { return db.Session(&gorm.Session{}) })},
				{"NewDB", 1, inSession(func(db *gorm.DB) *gorm.DB { return db.Where("1 = 0").Session(&gorm.Session{NewDB: true}) })},
				{"PrepareStmt", 1, inSession(func(db *gorm.DB) *gorm.DB { return db.Session(&gorm.Session{PrepareStmt: true}) })},
				{"WithContext", 1, inSession(func(db *gorm.DB) *gorm.DB { return db.WithContext(t.Context()) })},
				{"Debug", 1, inSession(func(db *gorm.DB) *gorm.DB { return db.Session(&gorm.Session{Logger: logger.Discard}).Debug() })},
				{"chain used again", 1, inSession(func(db *gorm.DB) *gorm.DB { return db.Where("hidden").Session(&gorm.Session{}) })},
			} {
				t.Run(path.name, func(t *testing.T) {
					own := options
					if got := f.again(t, everything, &own).repeats(path); got.Rows == 0 {
						t.Error("found nothing")
					}
				})
			}
		})
	}
}

func inSession(open func(*gorm.DB) *gorm.DB) func(*gorm.DB) answer {
	return into(func(db *gorm.DB, p *[]Post) *gorm.DB { return open(db).Where("category_id = ?", 2).Find(p) })
}

// All ways to the same statement share a result.
func TestSessionsShareResults(t *testing.T) {
	f := newFixture(t, everything)
	f.watch("plain", inSession(func(db *gorm.DB) *gorm.DB { return db })).isCached()
	f.watch("prepared", inSession(func(db *gorm.DB) *gorm.DB { return db.Session(&gorm.Session{PrepareStmt: true}) })).isKept()
	f.watch("with a context", inSession(func(db *gorm.DB) *gorm.DB { return db.WithContext(t.Context()) })).isKept()
}

// GORM logs what was sent, and a hit sends nothing.
func TestHitIsNotLogged(t *testing.T) {
	f := newFixture(t, everything)
	var lines lineCounter
	log := logger.New(&lines, logger.Config{LogLevel: logger.Info})
	read := f.watch("logged", into(func(db *gorm.DB, p *Post) *gorm.DB {
		if db == f.truth {
			return db.First(p)
		}
		return db.Session(&gorm.Session{Logger: log}).First(p)
	}))
	read.costs(1)
	if lines != 1 {
		t.Errorf("a miss was logged %d times", lines)
	}
	read.costs(0)
	if lines != 1 {
		t.Error("a hit was logged")
	}
}

// lineCounter is a [logger.Writer].
type lineCounter int

func (c *lineCounter) Printf(string, ...any) { *c++ }
