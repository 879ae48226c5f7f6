package cacheops_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mattn/go-sqlite3"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/seed92106438/cacheops"
	"github.com/seed92106438/cacheops/profiles"
)

// The tests below were written by someone who wanted a wrong answer.

// A row that was created or deleted behind the plugin's back is counted by
// queries that look at no column of it.
func TestInvalidationMeetsCounts(t *testing.T) {
	f := newFixture(t, everything)
	posts := f.watch("count of posts", into(func(db *gorm.DB, n *int64) *gorm.DB {
		return db.Unscoped().Model(&Post{}).Count(n)
	})).isCached()
	notes := f.watch("count of notes", into(func(db *gorm.DB, n *int64) *gorm.DB { return db.Model(&Note{}).Count(n) })).isCached()
	f.behindTheBack("INSERT INTO posts (id, category_id) VALUES (50, 3)")
	must(t, f.cache.InvalidateRow(t.Context(), &Post{ID: 50, CategoryID: 3}))
	posts.isFresh()
	f.behindTheBack("DELETE FROM posts WHERE id = 50")
	must(t, f.cache.InvalidateWhere(t.Context(), &Post{}, "id = 50"))
	posts.isFresh()
	notes.isKept()
}

// title is a model of posts that has few of the columns.
type title struct {
	ID    uint
	Title string
}

func (title) TableName() string { return "main.posts" }

func TestInvalidateRowOfAModelThatLacksColumns(t *testing.T) {
	f := newFixture(t, everything)
	seen := f.watch("count of posts by views", into(func(db *gorm.DB, n *int64) *gorm.DB {
		return db.Unscoped().Model(&Post{}).Where("views > 50").Count(n)
	})).isCached()
	two := f.watch("post 2", firstPost(2)).isCached()
	f.behindTheBack("UPDATE posts SET views = 1000 WHERE id = 1")
	must(t, f.cache.InvalidateRow(t.Context(), &title{ID: 1, Title: "Post 1"}))
	seen.isFresh()
	two.isKept()
}

func TestNamesWithTheSchema(t *testing.T) {
	f := newFixture(t, everything)
	one := f.watch("post 1", firstPost(1)).isCached()
	few := f.watch("title 1", into(func(db *gorm.DB, p *title) *gorm.DB { return db.First(p, 1) })).isCached()
	note := f.watch("notes", into(func(db *gorm.DB, n *[]Note) *gorm.DB { return db.Find(n) })).isCached()
	for name, invalidate := range map[string]func() error{
		"a name":  func() error { return f.cache.InvalidateModel(t.Context(), "Main.Posts") },
		"a model": func() error { return f.cache.InvalidateModel(t.Context(), &title{}) },
		"a row":   func() error { return f.cache.InvalidateRow(t.Context(), &title{ID: 1}) },
		"rows":    func() error { return f.cache.InvalidateWhere(t.Context(), &title{}, "id = 1") },
		"a write": func() error { return f.db.Model(&title{ID: 1}).Update("title", "changed").Error },
	} {
		f.behindTheBack("UPDATE posts SET title = ? WHERE id = 1", name)
		must(t, invalidate())
		one.isFresh()
		few.isFresh()
	}
	note.isKept()
}

// A declared table that does not exist is a mistake that would keep a result
// for ever.
func TestDeclaredTableThatDoesNotExist(t *testing.T) {
	var reported []error
	f := newFixture(t, cacheops.Config{Events: cacheops.Events{
		Error: func(_ context.Context, info cacheops.ErrorInfo) { reported = append(reported, info.Err) },
	}})
	must(t, f.truth.Exec("CREATE VIEW titles AS SELECT id, title FROM posts").Error)
	titles := func(table string) func(*gorm.DB) answer {
		return into(func(db *gorm.DB, rows *[]map[string]any) *gorm.DB {
			return db.Scopes(cacheops.Cache(cacheops.DependsOn(table), cacheops.Key(table))).Table("titles").Find(rows)
		})
	}
	f.watch("mistaken", titles("post")).isBypassed()
	f.watch("right", titles("main.posts")).isCached()
	if len(reported) != 2 || !strings.Contains(reported[0].Error(), `"post"`) {
		t.Errorf("told of %v", reported)
	}
}

// The least TTL stays one, whatever the jitter takes away.
func TestLeastTTLWithJitter(t *testing.T) {
	f := newFixture(t, cacheops.Config{Profiles: profiles.Set{"*": {Ops: profiles.All, TTL: 1, Jitter: 0.9}}})
	f.watch("post 1", firstPost(1)).isBypassed()
}

// phone is a row with a column under a collation of the application's.
type phone struct {
	ID     int
	Number string `gorm:"type:text collate digits"`
	Owner  string
}

func init() {
	digits := func(s string) string {
		return strings.Map(func(r rune) rune {
			if '0' <= r && r <= '9' {
				return r
			}
			return -1
		}, s)
	}
	sql.Register("sqlite3 with digits", &sqlite3.SQLiteDriver{ConnectHook: func(c *sqlite3.SQLiteConn) error {
		return c.RegisterCollation("digits", func(a, b string) int { return strings.Compare(digits(a), digits(b)) })
	}})
}

func TestCollationOfTheApplication(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	db, err := gorm.Open(sqlite.Dialector{DriverName: "sqlite3 with digits", DSN: path}, &gorm.Config{Logger: logger.Discard})
	must(t, err)
	pool, err := db.DB()
	must(t, err)
	t.Cleanup(func() { _ = pool.Close() })
	must(t, db.AutoMigrate(&phone{}))
	must(t, db.Create(&phone{ID: 1, Number: "+1 555-0100", Owner: "a"}).Error)
	must(t, db.Use(cacheops.New(everything)))
	owned := func(want string) {
		t.Helper()
		var p phone
		if must(t, db.Take(&p, "number = ?", "15550100").Error); p.Owner != want {
			t.Errorf("owned by %q, want %q", p.Owner, want)
		}
	}
	owned("a")
	must(t, db.Model(&phone{ID: 1}).Update("owner", "b").Error) // with an image of the row
	owned("b")
	must(t, db.Exec("UPDATE phones SET owner = 'c' WHERE number = '1-555-0100'").Error)
	owned("c")
}

// A query that no one waits for any more is cancelled, as without a cache. A
// read that comes for the same result meanwhile is none the worse for it.
func TestFlightEndsWithItsLastReader(t *testing.T) {
	f := newSlow(t)
	one := f.watch("row 1", slow(1))
	f.watch("row 2", slow(2)).isCached() // reads the catalogue
	g := f.atStatement("SELECT")
	ctx, giveUp := context.WithCancel(t.Context())
	leader := make(chan answer)
	go func() { leader <- one.read(f.db.WithContext(ctx)) }()
	<-g.reached
	giveUp()
	if err := (<-leader).Err; !errors.Is(err, context.Canceled) {
		t.Errorf("the reader gave up and got %v", err)
	}
	f.log.Take()
	g.open()
	one.isCached() // by a query of its own
}

// ending is a context that ends when it has been asked whether it has.
type ending struct {
	context.Context
	end context.CancelFunc
}

func (e *ending) Err() error {
	defer e.end()
	return e.Context.Err()
}

// A read whose context ends does not wait for another that reads the catalogue.
func TestWaitForTheCatalogueEndsWithTheContext(t *testing.T) {
	f := newSlow(t)
	one := f.watch("row 1", slow(1))
	g := f.atStatement("SELECT 0, type")
	reader := make(chan answer)
	go func() { reader <- one.read(f.db) }()
	<-g.reached
	ctx, end := context.WithCancel(t.Context())
	if err := slow(2)(f.db.WithContext(&ending{ctx, end})).Err; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	g.open()
	one.compare(<-reader)
}

// A text of several statements can end the transaction that it is sent in, or
// move its savepoints, and no one looks into it.
func TestTextsThatEndATransactionAmongOthers(t *testing.T) {
	for name, texts := range map[string][2]string{
		"commit":    {"COMMIT; BEGIN", ""},
		"end":       {"SELECT 1; END; BEGIN;", ""},
		"savepoint": {"RELEASE a; SAVEPOINT a", "ROLLBACK TO a; COMMIT; BEGIN"},
		"back to":   {"RELEASE a; SAVEPOINT a;", "ROLLBACK TO a"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, everything)
			one := f.watch("post 1", firstPost(1)).isCached()
			_ = f.db.Transaction(func(tx *gorm.DB) error {
				must(t, tx.SavePoint("a").Error)
				must(t, setTitle(tx, 1, "kept"))
				must(t, tx.Exec(texts[0]).Error)
				if texts[1] == "" {
					return errRollback
				}
				must(t, setTitle(tx, 1, "undone"))
				return tx.Exec(texts[1]).Error
			})
			if got := valueOfTitle(one); got != "kept" {
				t.Fatalf("the database has %q", got)
			}
			one.isFresh()
		})
	}
}

func valueOfTitle(w *watched) string { return w.read(w.f.truth).Value.(Post).Title }
