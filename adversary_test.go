package cacheops_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"

	"github.com/mattn/go-sqlite3"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
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

func (title) TableName() string { return schemaOfTitles + ".posts" }

// schemaOfTitles is that of the test's database. GORM asks for a table's name
// once for each database that it opens.
var schemaOfTitles string

func TestInvalidateRowOfAModelThatLacksColumns(t *testing.T) {
	f := newFixture(t, everything)
	schemaOfTitles = f.schema()
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
	schemaOfTitles = f.schema()
	one := f.watch("post 1", firstPost(1)).isCached()
	few := f.watch("title 1", into(func(db *gorm.DB, p *title) *gorm.DB { return db.First(p, 1) })).isCached()
	note := f.watch("notes", into(func(db *gorm.DB, n *[]Note) *gorm.DB { return db.Find(n) })).isCached()
	for name, invalidate := range map[string]func() error{
		"a name":  func() error { return f.cache.InvalidateModel(t.Context(), schemaOfTitles+".Posts") },
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
	f.watch("right", titles(f.schema()+".posts")).isCached()
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
	onlyOn(t, "sqlite", "elsewhere a collation is an object of the database")
	dsn := on().empty(t)
	db, err := gorm.Open(sqlite.Dialector{DriverName: "sqlite3 with digits", DSN: dsn}, &gorm.Config{Logger: logger.Discard})
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
	g := f.atStatement(on().reading)
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
	onlyOn(t, "sqlite postgres", severalStatements)
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

// item is a row whose number may be NULL in the database, of which GORM makes
// zero.
type item struct {
	ID     int `gorm:"primaryKey;autoIncrement:false"`
	Number int
	Name   string
}

// newItems makes a table of items whose keys the database can choose, past
// those of the rows that are there.
func newItems(t *testing.T) *fixture {
	t.Helper()
	f := openFixture(t, everything, &gorm.Config{})
	id := map[string]string{
		"sqlite": "integer PRIMARY KEY", "mysql": "int AUTO_INCREMENT PRIMARY KEY",
		"postgres": "int GENERATED BY DEFAULT AS IDENTITY (START 10) PRIMARY KEY",
	}[*database]
	must(t, f.truth.Exec("CREATE TABLE items (id "+id+", number int, name varchar(20) DEFAULT 'none')").Error)
	must(t, f.truth.Exec("INSERT INTO items (id, number) VALUES (1, 1), (2, -1), (3, NULL), (9, NULL)").Error)
	return f
}

func TestZeroThatWasNull(t *testing.T) {
	f := newItems(t)
	var pages []*watched
	for _, order := range []string{"number", "number DESC"} {
		pages = append(pages, f.watch("by "+order, into(func(db *gorm.DB, items *[]item) *gorm.DB {
			return db.Order(order).Limit(3).Find(items)
		})).isCached())
	}
	most := f.watch("most", into(func(db *gorm.DB, found *[]struct{ Most int }) *gorm.DB {
		return db.Model(&item{}).Where("name = ?", "new").Select("max(number) AS most").Find(found)
	})).isCached()
	two := f.watch("item 2", into(func(db *gorm.DB, i *item) *gorm.DB { return db.Take(i, 2) })).isCached()
	for id, number := range []int{-5, 5} {
		must(t, f.db.Create(&item{ID: 20 + id, Number: number, Name: "new"}).Error)
		for _, page := range pages {
			page.compare(page.read(f.db))
		}
		most.compare(most.read(f.db))
	}
	two.isKept()
}

// The key of a model is not that of its row if it is left out of the SQL.
func TestKeyThatIsNotSent(t *testing.T) {
	one, twice := item{ID: 1, Name: "new"}, &item{Name: "new"}
	for name, create := range map[string]func(db *gorm.DB) *gorm.DB{
		"other columns selected": func(db *gorm.DB) *gorm.DB { return db.Select("name").Create(&one) },
		"omitted":                func(db *gorm.DB) *gorm.DB { return db.Omit("id").Create(&one) },
		"of several":             func(db *gorm.DB) *gorm.DB { return db.Omit("id").Create(&[]item{one, {ID: 2}}) },
		"of one row twice":       func(db *gorm.DB) *gorm.DB { return db.Omit("id").Create([]*item{twice, twice}) },
		"of what is returned": func(db *gorm.DB) *gorm.DB {
			return db.Omit("id").Clauses(clause.Returning{Columns: []clause.Column{{Name: "name"}}}).Create(&one)
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newItems(t)
			high := f.watch("high", into(func(db *gorm.DB, items *[]item) *gorm.DB { return db.Find(items, "id > 5") })).isCached()
			numbered := f.watch("number 7", into(func(db *gorm.DB, items *[]item) *gorm.DB {
				return db.Find(items, "name = ?", "other")
			})).isCached()
			must(t, create(f.db).Error)
			high.isFresh()
			numbered.isKept()
		})
	}
}

// A text may return what is no key under the key's name.
func TestReturnedKeyThatIsAnother(t *testing.T) {
	onlyOn(t, "sqlite postgres", "MySQL returns nothing")
	f := newItems(t)
	high := f.watch("high", into(func(db *gorm.DB, items *[]item) *gorm.DB { return db.Find(items, "id > 5") })).isCached()
	must(t, f.db.Raw("INSERT INTO items (number) VALUES (3) RETURNING number AS id").Find(&item{}).Error)
	high.isFresh()
}

// To know the names, the catalogue is read; but not by one who holds the only
// connection while he waits for another.
func TestInvalidateInATransactionThatHasTheOnlyConnection(t *testing.T) {
	f := newFixture(t, everything)
	pool, err := f.db.DB()
	must(t, err)
	pool.SetMaxOpenConns(1)
	must(t, f.db.Transaction(func(tx *gorm.DB) error {
		return f.cache.InvalidateModel(t.Context(), &Post{})
	}))
}
