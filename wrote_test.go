package cacheops_test

import (
	"context"
	"fmt"
	"log"
	"strings"
	"testing"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops"
	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/profiles"
)

func TestWrote(t *testing.T) {
	for name, tables := range map[string][]any{
		"name": {"posts"}, "in another case": {"Posts"}, "model": {&Post{}}, "several": {&Post{}, "tags"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, everything)
			one := f.watch("post 1", firstPost(1)).isCached()
			joined := f.watch("posts by tag", into(func(db *gorm.DB, n *int64) *gorm.DB {
				return db.Model(&Post{}).Joins("JOIN post_tags ON post_tags.post_id = posts.id").Count(n)
			})).isCached()
			note := f.watch("notes", into(func(db *gorm.DB, n *[]Note) *gorm.DB { return db.Find(n) })).isCached()
			f.behindTheBack("UPDATE posts SET title = 'changed' WHERE id = 1")
			must(t, f.cache.Wrote(t.Context(), tables...))
			one.isFresh()
			joined.isFresh()
			note.isKept()
		})
	}
}

// parent and child are tables of which one changes with the other.
type parent struct {
	ID       int
	Children []child `gorm:"constraint:OnDelete:CASCADE"`
}

type child struct {
	ID       int
	ParentID int
}

// What was written takes other tables along, which InvalidateModel does not.
func TestWroteFollowsForeignKeys(t *testing.T) {
	f := openFixture(t, everything, &gorm.Config{})
	must(t, f.truth.AutoMigrate(&parent{}, &child{}, &Note{}))
	must(t, f.truth.Create(&parent{ID: 1, Children: []child{{ID: 1}}}).Error)
	children := f.watch("children", into(func(db *gorm.DB, c *[]child) *gorm.DB { return db.Find(c) })).isCached()
	note := f.watch("notes", into(func(db *gorm.DB, n *[]Note) *gorm.DB { return db.Find(n) })).isCached()
	must(t, f.cache.InvalidateModel(t.Context(), &parent{}))
	children.isKept()
	f.behindTheBack("DELETE FROM parents WHERE id = 1")
	must(t, f.cache.Wrote(t.Context(), &parent{}))
	children.isFresh()
	note.isKept()
	must(t, f.cache.Wrote(t.Context(), &child{}))
	note.isKept()
}

func TestWroteSQL(t *testing.T) {
	for name, sql := range map[string]string{
		"with arguments": placed("UPDATE posts SET category_id = ? WHERE category_id = ?"),
		"understood":     "UPDATE posts SET category_id = 4 WHERE category_id = 3",
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, everything)
			three, four := f.watch("category 3", postsOf(3)).isCached(), f.watch("category 4", postsOf(4)).isCached()
			two := f.watch("category 2", postsOf(2)).isCached()
			f.behindTheBack("UPDATE posts SET category_id = 4 WHERE category_id = 3")
			if strings.Contains(name, "arguments") {
				must(t, f.cache.WroteSQL(t.Context(), sql, 4, 3))
			} else {
				must(t, f.cache.WroteSQL(t.Context(), sql))
			}
			three.isFresh()
			four.isFresh()
			two.isKept()
		})
	}
}

func TestWroteSQLThatIsNotUnderstood(t *testing.T) {
	f := newFixture(t, everything)
	note := f.watch("notes", into(func(db *gorm.DB, n *[]Note) *gorm.DB { return db.Find(n) })).isCached()
	must(t, f.cache.WroteSQL(t.Context(), "NO SUCH STATEMENT"))
	note.isFresh()
}

func TestWroteSQLOfADefinition(t *testing.T) {
	onlyOn(t, "sqlite mysql", "pgx has prepared the query, and PostgreSQL refuses it once")
	f := newFixture(t, everything)
	notes := f.watch("notes", into(func(db *gorm.DB, n *[]map[string]any) *gorm.DB { return db.Table("notes").Find(n) })).isCached()
	f.behindTheBack("ALTER TABLE notes ADD COLUMN more INTEGER")
	must(t, f.cache.WroteSQL(t.Context(), "ALTER TABLE notes ADD COLUMN more INTEGER"))
	notes.isFresh()
}

// What is given by mistake drops nothing.
func TestWroteByMistake(t *testing.T) {
	f := newFixture(t, everything)
	one := f.watch("post 1", firstPost(1)).isCached()
	ctx := t.Context()
	for name, err := range map[string]error{
		"no table":             f.cache.Wrote(ctx),
		"an unknown table":     f.cache.Wrote(ctx, "post"),
		"known and unknown":    f.cache.Wrote(ctx, "posts", "post"),
		"a number":             f.cache.Wrote(ctx, 1),
		"nothing":              f.cache.Wrote(ctx, nil),
		"no statement":         f.cache.WroteSQL(ctx, " "),
		"a query":              f.cache.WroteSQL(ctx, "SELECT * FROM posts"),
		"a COMMIT":             f.cache.WroteSQL(ctx, "COMMIT"),
		"too few arguments":    f.cache.WroteSQL(ctx, placed("DELETE FROM posts WHERE id = ?")),
		"too many arguments":   f.cache.WroteSQL(ctx, "DELETE FROM posts WHERE id = 1", 1),
		"no database":          cacheops.New(cacheops.Config{}).Wrote(ctx, "posts"),
		"no database for text": cacheops.New(cacheops.Config{}).WroteSQL(ctx, "DELETE FROM posts"),
	} {
		if err == nil || !strings.HasPrefix(err.Error(), "cacheops: ") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	one.isKept()
}

func TestWroteSQLHeedsProfiles(t *testing.T) {
	f := newFixture(t, cacheops.Config{Profiles: profiles.Set{"*": {Ops: profiles.All, Ignore: []string{"views"}}}})
	one := f.watch("post 1", firstPost(1)).isCached()
	must(t, f.cache.WroteSQL(t.Context(), "UPDATE posts SET views = views WHERE id = 1"))
	one.isKept()
	must(t, f.cache.WroteSQL(t.Context(), "UPDATE posts SET title = title WHERE id = 1"))
	one.isFresh()
}

// InvalidateAll has the definitions read again too.
func TestInvalidateAllReadsTheCatalogueAgain(t *testing.T) {
	f := newFixture(t, everything)
	f.watch("post 1", firstPost(1)).isCached()
	before := f.log.Catalogue()
	must(t, f.cache.InvalidateAll(t.Context()))
	f.watch("post 2", firstPost(2)).isCached()
	if f.log.Catalogue() == before {
		t.Error("the catalogue was not read again")
	}
}

func ExamplePlugin_WroteSQL() {
	db, cache := openBlog(cachedPosts)
	defer closeDB(db)
	categories := func() {
		db.Find(&[]Post{}, "category_id = ?", 1)
		db.Find(&[]Post{}, "category_id = ?", 2)
	}
	categories()

	const sql = "UPDATE posts SET title = ? WHERE category_id = ?"
	pool, _ := db.DB() // what does not go through GORM is not seen
	if _, err := pool.Exec(sql, "Changed", 2); err != nil {
		log.Fatal(err)
	}
	if err := cache.WroteSQL(context.Background(), sql, "Changed", 2); err != nil {
		log.Fatal(err)
	}
	categories()
	fmt.Println(cache.Stats().Dropped, "dropped,", cache.Stats().Hits, "kept")
	// Output: 1 dropped, 1 kept
}

// A transaction of one's own is announced before its COMMIT and settled after.
func ExamplePlugin_Announce() {
	config := cachedPosts
	config.Database = "blog"
	db, cache := openBlog(config)
	defer closeDB(db)
	list := func() { db.Find(&[]Post{}) }
	list()

	ctx := context.Background()
	pool, _ := db.DB()
	tx, err := pool.Begin()
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.Exec("UPDATE posts SET title = 'Changed'"); err != nil {
		log.Fatal(err)
	}
	intent, err := cache.Announce(ctx, []invalidation.Change{{
		Table: invalidation.Table{Database: "blog", Name: "posts"}, Rows: -1, // any change of the table
	}})
	if err != nil {
		log.Fatal(err)
	}
	// An outcome that is not known counts as committed.
	defer intent.Commit(ctx)
	if err := tx.Commit(); err != nil {
		log.Fatal(err)
	}
	intent.Commit(ctx)
	list()
	fmt.Println(cache.Stats().Dropped, "dropped")
	// Output: 1 dropped
}
