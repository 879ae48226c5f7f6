package cacheops_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/seed92106438/cacheops"
	"github.com/seed92106438/cacheops/profiles"
)

// The analyser's reasons, as they are counted.
const (
	volatileFunction cacheops.Bypass = "volatile function"
	unknownFunction  cacheops.Bypass = "unknown function"
	unknownSource    cacheops.Bypass = "unknown kind of table"
	systemTable      cacheops.Bypass = "system table"
	temporaryTable   cacheops.Bypass = "temporary table"
)

func TestBypasses(t *testing.T) {
	posts := func(chain func(*gorm.DB) *gorm.DB) func(*gorm.DB) answer {
		return into(func(db *gorm.DB, p *[]Post) *gorm.DB { return chain(db).Find(p) })
	}
	text := func(sql string) func(*gorm.DB) answer {
		if sql == "" {
			return nil // the database has nothing of the kind
		}
		return into(func(db *gorm.DB, m *[]map[string]any) *gorm.DB { return db.Raw(sql).Find(m) })
	}
	f := newFixture(t, everything)
	must(t, f.truth.Exec("CREATE VIEW titles AS SELECT id, title FROM posts").Error)
	if *database == "sqlite" {
		must(t, f.truth.Exec("CREATE VIRTUAL TABLE words USING fts4(word)").Error)
	}
	for _, path := range []struct {
		name   string
		reason cacheops.Bypass
		read   func(*gorm.DB) answer
	}{
		{"Locking", cacheops.Locking, posts(func(db *gorm.DB) *gorm.DB { return db.Clauses(clause.Locking{Strength: "UPDATE"}) })},
		{"FirstOrInit that finds", cacheops.FirstOrCreate, into(func(db *gorm.DB, p *Post) *gorm.DB { return db.FirstOrInit(p, Post{CategoryID: 2}) })},
		{"FirstOrInit that does not", cacheops.FirstOrCreate, into(func(db *gorm.DB, p *Post) *gorm.DB { return db.FirstOrInit(p, Post{CategoryID: 9}) })},
		{"FirstOrCreate that finds", cacheops.FirstOrCreate, into(func(db *gorm.DB, p *Post) *gorm.DB { return db.FirstOrCreate(p, Post{CategoryID: 2}) })},
		{"in a transaction", cacheops.InTransaction, func(db *gorm.DB) (a answer) {
			must(t, db.Transaction(func(tx *gorm.DB) error { a = firstPost(3)(tx); return a.Err }))
			return a
		}},
		{"on a connection of the caller's", cacheops.ForeignPool, func(db *gorm.DB) (a answer) {
			must(t, db.Connection(func(tx *gorm.DB) error { a = firstPost(3)(tx); return a.Err }))
			return a
		}},
		{"volatile function", volatileFunction, posts(func(db *gorm.DB) *gorm.DB {
			return db.Where("created_at < " + sqlFor("datetime('now')", "clock_timestamp()", "sysdate()"))
		})},
		{"volatile function in SELECT", volatileFunction, text("SELECT id, " + sqlFor("random()", "random()", "rand()") + " * 0 AS zero FROM posts ORDER BY id")},
		{"CURRENT_TIMESTAMP", volatileFunction, posts(func(db *gorm.DB) *gorm.DB { return db.Where("created_at < CURRENT_TIMESTAMP") })},
		{"unknown function", unknownFunction, text(sqlFor("SELECT sqlite_compileoption_used('none') AS used FROM posts", "", ""))}, // elsewhere it may be a write
		{"view", cacheops.UnknownTable, into(func(db *gorm.DB, m *[]map[string]any) *gorm.DB { return db.Table("titles").Find(m) })},
		{"view in a sub-select", cacheops.UnknownTable, posts(func(db *gorm.DB) *gorm.DB { return db.Where("id IN (SELECT id FROM titles)") })},
		{"virtual table", cacheops.UnknownTable, text(sqlFor("SELECT * FROM words", "", ""))},
		{"function as a table", cacheops.NoTable, text(sqlFor("SELECT value FROM json_each('[1, 2]')",
			"SELECT value FROM json_array_elements_text('[1, 2]')", "SELECT value FROM JSON_TABLE('[1, 2]', '$[*]' COLUMNS (value int PATH '$')) AS t"))},
		{"definitions as a table", unknownSource, text(sqlFor("SELECT name FROM pragma_table_info('posts')", "", ""))},
		{"temporary table", temporaryTable, text(sqlFor("SELECT * FROM temp.drafts", "SELECT * FROM pg_temp.drafts", ""))}, // an error, as there is none
		{"definitions", systemTable, text(sqlFor("SELECT name FROM sqlite_schema", "SELECT typname FROM pg_type WHERE false", "SELECT name FROM mysql.help_topic WHERE false"))},
		{"no table", cacheops.NoTable, text("SELECT 1 AS one")},
		{"interface", cacheops.BadDest, func(db *gorm.DB) answer {
			var dest any = &Post{}
			tx := db.Model(&Post{}).Take(&dest)
			return answer{Value: dest, Rows: tx.RowsAffected, Err: tx.Error}
		}},
		{"scalar of an own type", cacheops.BadDest, into(func(db *gorm.DB, m *mood) *gorm.DB { return db.Model(&Post{}).Select("title").Find(m) })},
		{"cancelled context", cacheops.ContextDone, posts(func(db *gorm.DB) *gorm.DB {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			return db.WithContext(ctx)
		})},
		{"NoCache", cacheops.Forbidden, posts(func(db *gorm.DB) *gorm.DB { return db.Scopes(cacheops.NoCache()) })},
		{"no such region", cacheops.NoSuchRegion, posts(func(db *gorm.DB) *gorm.DB { return db.Scopes(cacheops.Cache(cacheops.Region("none"))) })},
	} {
		if path.read == nil {
			continue
		}
		t.Run(path.name, func(t *testing.T) {
			f := f.again(t, everything, &gorm.Config{})
			w := f.watch(path.name, path.read)
			statements := 1
			if path.reason == cacheops.ContextDone {
				statements = 0 // database/sql does not send it
			}
			for n := range uint64(2) {
				w.costs(statements)
				if got := f.cache.Stats().Bypasses; got[path.reason] != n+1 || len(got) != 1 {
					t.Errorf("after %d reads the bypasses are %v", n+1, got)
				}
			}
			if s := f.cache.Stats(); s.Fills != 0 || s.Hits != 0 {
				t.Errorf("%d results were stored, %d served", s.Fills, s.Hits)
			}
		})
	}
}

// What FirstOrCreate finds missing it creates, whatever is cached.
func TestFirstOrCreateThatCreates(t *testing.T) {
	f := newFixture(t, everything)
	none := f.watch("tag new", into(func(db *gorm.DB, tag *Tag) *gorm.DB { return db.Where(Tag{Name: "new"}).First(tag) })).isCached()
	old := f.watch("tag go", into(func(db *gorm.DB, tag *Tag) *gorm.DB { return db.Where(Tag{Name: "go"}).First(tag) })).isCached()
	must(t, f.db.FirstOrCreate(&Tag{}, Tag{Name: "new"}).Error)
	none.isFresh()
	old.isKept()
	must(t, f.db.FirstOrCreate(&Tag{}, Tag{Name: "new"}).Error)
	none.isKept()
}

// mood is of a kind that GORM scans, but not of a type.
type mood string

func TestDryRunLeavesNoTrace(t *testing.T) {
	var post Post
	var posts []Post
	for name, dry := range map[string]func(db *gorm.DB) string{
		"DryRun": func(db *gorm.DB) string {
			return db.Session(&gorm.Session{DryRun: true}).First(&post, 3).Statement.SQL.String()
		},
		"ToSQL": func(db *gorm.DB) string {
			return db.ToSQL(func(tx *gorm.DB) *gorm.DB { return tx.First(&post, 3) })
		},
		"sub-select": func(db *gorm.DB) string {
			return db.ToSQL(func(tx *gorm.DB) *gorm.DB {
				return tx.Where("id IN (?)", tx.Session(&gorm.Session{NewDB: true}).Model(&Post{}).Select("id").Where("id = 3")).Find(&posts)
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, everything)
			f.log.Take()
			if got, want := dry(f.db), dry(f.truth); got != want || want == "" {
				t.Errorf("got %q, want %q", got, want)
			}
			read := f.watch("post 3", firstPost(3))
			if sent := f.log.Take(); len(sent) != 0 {
				t.Errorf("a dry run sent %q", sent)
			}
			if s := f.cache.Stats(); s.Hits+s.Misses+s.Fills+s.Refused != 0 || len(s.Bypasses) != 0 {
				t.Errorf("a dry run was counted: %+v", s)
			}
			read.isCached()
			if got, want := dry(f.db), dry(f.truth); got != want {
				t.Errorf("with the result cached, got %q, want %q", got, want)
			}
			read.isKept()
		})
	}
}

// Rows must be asked for by name.
func TestScanRowsAndRowGoToTheDatabase(t *testing.T) {
	f := newFixture(t, everything)
	for name, read := range map[string]func(*gorm.DB) answer{
		"Scan":     into(func(db *gorm.DB, h *[]headline) *gorm.DB { return db.Model(&Post{}).Scan(h) }),
		"Raw Scan": into(func(db *gorm.DB, p *[]Post) *gorm.DB { return db.Raw("SELECT * FROM posts").Scan(p) }),
		"Row": func(db *gorm.DB) answer {
			var title string
			err := db.Model(&Post{}).Select("title").Where("id = 3").Row().Scan(&title)
			return answer{Value: title, Err: err}
		},
		"Rows": func(db *gorm.DB) answer {
			rows, err := db.Model(&Post{}).Rows()
			must(t, err)
			defer func() { must(t, rows.Close()) }()
			var posts []Post
			for rows.Next() {
				var p Post
				must(t, db.ScanRows(rows, &p))
				posts = append(posts, p)
			}
			return answer{Value: posts, Err: rows.Err()}
		},
	} {
		f.watch(name, read).isBypassed()
	}
	if n := f.cache.Stats().Fills; n != 0 {
		t.Errorf("%d results were stored", n)
	}
}

// An INSERT, UPDATE or DELETE whose rows are read is a write all the same.
func TestRawWriteReadByFind(t *testing.T) {
	post := firstPost(1)
	notes := into(func(db *gorm.DB, n *[]Note) *gorm.DB { return db.Find(n) })
	for _, write := range []struct {
		name    string
		touched func(*gorm.DB) answer
		send    func(*gorm.DB) *gorm.DB
	}{
		{"UPDATE", post, func(db *gorm.DB) *gorm.DB {
			return db.Raw("UPDATE posts SET title = ? WHERE id = ? RETURNING *", "new", 1).Find(&[]Post{})
		}},
		{"UPDATE of one row", post, func(db *gorm.DB) *gorm.DB {
			return db.Raw("UPDATE posts SET title = ? WHERE id = ? RETURNING id", "new", 1).Take(&Post{})
		}},
		{"UPDATE to a scalar", post, func(db *gorm.DB) *gorm.DB {
			return db.Raw("UPDATE posts SET title = ? WHERE id = ? RETURNING title", "new", 1).Find(new(string))
		}},
		{"DELETE", notes, func(db *gorm.DB) *gorm.DB {
			return db.Raw("DELETE FROM notes WHERE id = 1 RETURNING *").Find(&[]Note{})
		}},
		{"INSERT", notes, func(db *gorm.DB) *gorm.DB {
			return db.Raw("INSERT INTO notes (text) VALUES ('third') RETURNING *").Find(&[]Note{})
		}},
	} {
		if *database == "mysql" && strings.HasPrefix(write.name, "UPDATE") {
			continue // it returns no rows
		}
		t.Run(write.name, func(t *testing.T) {
			f := newFixture(t, everything)
			touched := f.watch("touched", write.touched).isCached()
			other := f.watch("post 2", firstPost(2)).isCached()
			send := func(db *gorm.DB) {
				if tx := write.send(db); tx.Error != nil || tx.RowsAffected != 1 {
					t.Fatalf("%d rows, %v", tx.RowsAffected, tx.Error)
				}
			}
			if err := f.db.Transaction(func(tx *gorm.DB) error { send(tx); return errRollback }); !errors.Is(err, errRollback) {
				t.Fatal(err)
			}
			touched.isKept()
			send(f.db)
			touched.isFresh()
			other.isKept()
		})
		t.Run(write.name+" in a transaction", func(t *testing.T) {
			f := newFixture(t, everything)
			touched := f.watch("touched", write.touched).isCached()
			other := f.watch("post 2", firstPost(2)).isCached()
			must(t, f.db.Transaction(func(tx *gorm.DB) error { return write.send(tx).Error }))
			touched.isFresh()
			other.isKept()
		})
	}
}

// Of a write whose rows the caller scans by itself the end is not seen.
func TestRawWriteReadByScan(t *testing.T) {
	onlyOn(t, "sqlite postgres", noUpdateReturning)
	config := everything
	config.UnseenCommit = time.Hour
	f := newFixture(t, config)
	one := f.watch("post 1", firstPost(1)).isCached()
	two := f.watch("post 2", firstPost(2)).isCached()
	var title string
	must(t, f.db.Raw("UPDATE posts SET title = 'new' WHERE id = 1 RETURNING title").Scan(&title).Error)
	if title != "new" {
		t.Errorf("got %q", title)
	}
	one.isBypassed()
	two.isKept()
}

// What a view depends on is for the caller to say.
func TestViewIsCachedWithDependsOn(t *testing.T) {
	f := newFixture(t, everything)
	must(t, f.truth.Exec("CREATE VIEW titles AS SELECT id, title FROM posts").Error)
	for name, on := range map[string]any{"model": &Post{}, "table": "posts", "other case": "POSTS"} {
		t.Run(name, func(t *testing.T) {
			f := f.again(t, everything, &gorm.Config{})
			view := f.watch("view", into(func(db *gorm.DB, m *[]map[string]any) *gorm.DB {
				return db.Scopes(cacheops.Cache(cacheops.DependsOn(on))).Table("titles").Find(m)
			})).isCached()
			must(t, f.db.Model(&Note{}).Where("id = 1").Update("text", name).Error)
			view.isKept()
			must(t, setTitle(f.db, 3, name))
			view.isFresh()
		})
	}
}

func TestDependsOnAddsToWhatTheTextShows(t *testing.T) {
	f := newFixture(t, everything)
	notes := f.watch("notes", into(func(db *gorm.DB, n *[]Note) *gorm.DB {
		return db.Scopes(cacheops.Cache(cacheops.DependsOn("tags"))).Find(n)
	})).isCached()
	must(t, f.db.Create(&Author{Name: "new"}).Error)
	notes.isKept()
	must(t, f.db.Create(&Tag{Name: "new"}).Error)
	notes.isFresh()
	must(t, f.db.Create(&Note{Text: "new"}).Error)
	notes.isFresh()
}

func TestTooManyRowsAreNotStored(t *testing.T) {
	f := newFixture(t, cacheops.Config{Profiles: profiles.Set{"*": {Ops: profiles.All, MaxRows: 3}}})
	read := func(n int) func(*gorm.DB) answer {
		return into(func(db *gorm.DB, p *[]Post) *gorm.DB { return db.Limit(n).Find(p) })
	}
	f.watch("4 rows", read(4)).isBypassed()
	if s := f.cache.Stats(); s.Refused != 2 || s.Fills != 0 {
		t.Errorf("%d refused, %d stored", s.Refused, s.Fills)
	}
	f.watch("3 rows", read(3)).isCached()
}
