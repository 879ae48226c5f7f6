package cacheops_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/schema"

	"github.com/seed92106438/cacheops"
)

// unseen keeps what the plugin cannot see the end of out of the cache for as
// long as a test may run.
var unseen = cacheops.Config{Profiles: everything.Profiles, UnseenCommit: time.Hour}

// watchedPool opens a pool that the fixture's plugin watches.
func (f *fixture) watchedPool() *sql.DB {
	f.Helper()
	driver := on().driver(f.T, f.dsn)
	driver.Connector = f.cache.Connector(driver.Connector)
	pool, _ := driver.Open()
	f.Cleanup(func() { _ = pool.Close() })
	return pool
}

// watchedDB opens a handle on a watched pool and registers the plugin with it.
func (f *fixture) watchedDB(options gorm.Config) (*gorm.DB, *sql.DB) {
	f.Helper()
	pool := f.watchedPool()
	options.Logger = f.db.Logger
	db, err := gorm.Open(on().dialector(f.dsn, pool), &options)
	must(f, err)
	must(f, db.Use(f.cache))
	return db, pool
}

// placed writes parameters as the database wants them.
func placed(text string) string {
	if *database != "postgres" {
		return text
	}
	for n := 1; strings.Contains(text, "?"); n++ {
		text = strings.Replace(text, "?", fmt.Sprintf("$%d", n), 1)
	}
	return text
}

const rename = "UPDATE posts SET title = ? WHERE id = ?"

// execer is what can send a statement.
type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

func renameBy(ctx context.Context, e execer) error {
	_, err := e.ExecContext(ctx, placed(rename), "changed", 1)
	return err
}

func send(ctx context.Context, e execer, texts ...string) error {
	for _, text := range texts {
		if _, err := e.ExecContext(ctx, text); err != nil {
			return err
		}
	}
	return nil
}

// transacting are ways to write in a transaction that GORM's callbacks do not
// see through. Each renames post 1, calls inside with a way to read, and ends
// with the text COMMIT or ROLLBACK, or what comes to that.
var transacting = map[string]func(ctx context.Context, db *gorm.DB, pool *sql.DB, end string, inside func(func() string)) error{
	"raw transaction": func(ctx context.Context, _ *gorm.DB, pool *sql.DB, end string, inside func(func() string)) error {
		tx, err := pool.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		err = renameBy(ctx, tx)
		inside(titleBy(ctx, tx))
		return errors.Join(err, endTx(tx, end))
	},
	"prepared in a raw transaction": func(ctx context.Context, _ *gorm.DB, pool *sql.DB, end string, inside func(func() string)) error {
		tx, err := pool.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		stmt, err := tx.PrepareContext(ctx, placed(rename))
		if err == nil {
			_, err = stmt.ExecContext(ctx, "changed", 1)
		}
		inside(titleBy(ctx, tx))
		return errors.Join(err, endTx(tx, end))
	},
	"prepared before a raw transaction": func(ctx context.Context, _ *gorm.DB, pool *sql.DB, end string, inside func(func() string)) error {
		stmt, err := pool.PrepareContext(ctx, placed(rename))
		if err != nil {
			return err
		}
		defer func() { _ = stmt.Close() }()
		tx, err := pool.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		_, err = tx.StmtContext(ctx, stmt).ExecContext(ctx, "changed", 1)
		inside(titleBy(ctx, tx))
		return errors.Join(err, endTx(tx, end))
	},
	"text on a connection": func(ctx context.Context, _ *gorm.DB, pool *sql.DB, end string, inside func(func() string)) error {
		conn, err := pool.Conn(ctx)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }()
		err = errors.Join(send(ctx, conn, "BEGIN"), renameBy(ctx, conn))
		inside(titleBy(ctx, conn))
		return errors.Join(err, send(ctx, conn, end))
	},
	"text on a pool of one": func(ctx context.Context, _ *gorm.DB, pool *sql.DB, end string, inside func(func() string)) error {
		pool.SetMaxOpenConns(1)
		err := errors.Join(send(ctx, pool, "BEGIN"), renameBy(ctx, pool))
		inside(titleBy(ctx, pool))
		return errors.Join(err, send(ctx, pool, end))
	},
	"text on GORM's pool of one": func(ctx context.Context, db *gorm.DB, pool *sql.DB, end string, inside func(func() string)) error {
		pool.SetMaxOpenConns(1)
		err := errors.Join(db.Exec("BEGIN").Error, db.Exec(rename, "changed", 1).Error)
		inside(func() string { return titleOf(db) })
		return errors.Join(err, db.Exec(end).Error)
	},
	"text on a raw pool of one, reads by GORM": func(ctx context.Context, db *gorm.DB, pool *sql.DB, end string, inside func(func() string)) error {
		pool.SetMaxOpenConns(1)
		err := errors.Join(send(ctx, pool, "BEGIN"), db.Exec(rename, "changed", 1).Error)
		inside(func() string { return titleOf(db.Scopes(cacheops.NoCache())) })
		_ = titleOf(db.Scopes(cacheops.Cache(cacheops.Key("dirty"))))
		return errors.Join(err, send(ctx, pool, end))
	},
	"GORM on a connection": func(_ context.Context, db *gorm.DB, _ *sql.DB, end string, inside func(func() string)) error {
		return db.Connection(func(conn *gorm.DB) error {
			tx := conn.Begin()
			err := tx.Exec(rename, "changed", 1).Error
			inside(func() string { return titleOf(tx) })
			if end == "COMMIT" {
				return errors.Join(err, tx.Commit().Error)
			}
			return errors.Join(err, tx.Rollback().Error)
		})
	},
	"text by GORM on a connection": func(_ context.Context, db *gorm.DB, _ *sql.DB, end string, inside func(func() string)) error {
		return db.Connection(func(conn *gorm.DB) error {
			err := errors.Join(conn.Exec("BEGIN").Error, conn.Exec(rename, "changed", 1).Error)
			inside(func() string { return titleOf(conn) })
			return errors.Join(err, conn.Exec(end).Error)
		})
	},
	"GORM on a raw transaction": func(ctx context.Context, db *gorm.DB, pool *sql.DB, end string, inside func(func() string)) error {
		tx, err := pool.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		session := db.Session(&gorm.Session{NewDB: true})
		session.Statement.ConnPool = tx
		err = session.Model(&Post{}).Where("id = ?", 1).Update("title", "changed").Error
		inside(titleBy(ctx, tx))
		return errors.Join(err, endTx(tx, end))
	},
	"raw in GORM's transaction": func(ctx context.Context, db *gorm.DB, _ *sql.DB, end string, inside func(func() string)) error {
		tx := db.Begin()
		err := renameBy(ctx, tx.Statement.ConnPool)
		inside(func() string { return titleOf(tx) })
		if end == "COMMIT" {
			return errors.Join(err, tx.Commit().Error)
		}
		return errors.Join(err, tx.Rollback().Error)
	},
	"GORM": func(_ context.Context, db *gorm.DB, _ *sql.DB, end string, inside func(func() string)) error {
		tx := db.Begin()
		err := tx.Model(&Post{}).Where("id = ?", 1).Update("title", "changed").Error
		inside(func() string { return titleOf(tx) })
		if end == "COMMIT" {
			return errors.Join(err, tx.Commit().Error)
		}
		return errors.Join(err, tx.Rollback().Error)
	},
}

func endTx(tx *sql.Tx, end string) error {
	if end == "COMMIT" {
		return tx.Commit()
	}
	return tx.Rollback()
}

func titleOf(db *gorm.DB) string {
	var post Post
	if db.First(&post, 1).Error != nil {
		return ""
	}
	return post.Title
}

type queryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func titleBy(ctx context.Context, q queryer) func() string {
	return func() (title string) {
		_ = q.QueryRowContext(ctx, "SELECT title FROM posts WHERE id = 1").Scan(&title)
		return title
	}
}

func TestTransactionsThatGORMDoesNotSee(t *testing.T) {
	for name, write := range transacting {
		for _, end := range []string{"COMMIT", "ROLLBACK"} {
			for _, prepared := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%s/prepared=%t", name, end, prepared), func(t *testing.T) {
					if strings.Contains(name, "pool of one") {
						onlyOn(t, "sqlite mysql", "pgx gives up a connection that comes back with an open transaction")
					}
					changes, config := 0, unseen
					config.Events.Change = func(context.Context, cacheops.ChangeInfo) { changes++ }
					f := newFixture(t, config)
					db, pool := f.watchedDB(gorm.Config{PrepareStmt: prepared})
					one, two := f.watch("post 1", firstPost(1)).isCached(), f.watch("post 2", firstPost(2)).isCached()
					dirty := f.watch("post 1 again", func(db *gorm.DB) answer {
						return firstPost(1)(db.Scopes(cacheops.Cache(cacheops.Key("dirty"))))
					})
					must(t, write(t.Context(), db, pool, end, func(title func() string) {
						if got := title(); got != "changed" {
							t.Errorf("inside, the title is %q", got)
						}
						two.isKept()
					}))
					told := changes
					if end == "COMMIT" {
						one.isFresh()
						told--
					} else {
						one.isKept()
					}
					if told != 0 {
						t.Errorf("the change was told %d times", changes)
					}
					two.isKept()
					dirty.isCached() // nothing was stored from inside
				})
			}
		}
	}
}

// alone are ways to write outside any transaction.
var alone = map[string]func(ctx context.Context, db *gorm.DB, pool *sql.DB) error{
	"pool": func(ctx context.Context, _ *gorm.DB, pool *sql.DB) error { return renameBy(ctx, pool) },
	"connection": func(ctx context.Context, _ *gorm.DB, pool *sql.DB) error {
		conn, err := pool.Conn(ctx)
		if err != nil {
			return err
		}
		return errors.Join(renameBy(ctx, conn), conn.Close())
	},
	"prepared": func(ctx context.Context, _ *gorm.DB, pool *sql.DB) error {
		stmt, err := pool.PrepareContext(ctx, placed(rename))
		if err != nil {
			return err
		}
		_, err = stmt.ExecContext(ctx, "changed", 1)
		return errors.Join(err, stmt.Close())
	},
	"query": func(ctx context.Context, _ *gorm.DB, pool *sql.DB) error {
		rows, err := pool.QueryContext(ctx, placed(rename), "changed", 1)
		if err != nil {
			return err
		}
		for rows.Next() {
		}
		return errors.Join(rows.Err(), rows.Close())
	},
	"GORM":            func(_ context.Context, db *gorm.DB, _ *sql.DB) error { return db.Exec(rename, "changed", 1).Error },
	"GORM's callback": func(_ context.Context, db *gorm.DB, _ *sql.DB) error { return setTitle(db, 1, "changed") },
	"GORM on a connection": func(_ context.Context, db *gorm.DB, _ *sql.DB) error {
		return db.Connection(func(conn *gorm.DB) error { return conn.Exec(rename, "changed", 1).Error })
	},
	"GORM's pool": func(ctx context.Context, db *gorm.DB, _ *sql.DB) error { return renameBy(ctx, db.Statement.ConnPool) },
}

func TestWritesThatGORMDoesNotSee(t *testing.T) {
	for name, write := range alone {
		t.Run(name, func(t *testing.T) {
			var changes int
			config := unseen
			config.Events.Change = func(context.Context, cacheops.ChangeInfo) { changes++ }
			f := newFixture(t, config)
			db, pool := f.watchedDB(gorm.Config{SkipDefaultTransaction: true})
			one, two := f.watch("post 1", firstPost(1)).isCached(), f.watch("post 2", firstPost(2)).isCached()
			must(t, write(t.Context(), db, pool))
			one.isFresh()
			two.isKept()
			if changes != 1 {
				t.Errorf("the change was told %d times", changes)
			}
		})
	}
}

// A write whose rows are read by the caller ends when they are closed.
func TestRowsOfAWriteThatAreReadLater(t *testing.T) {
	onlyOn(t, "sqlite postgres", "there is no RETURNING for updates")
	for name, write := range rowWrites {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, unseen)
			db, _ := f.watchedDB(gorm.Config{})
			one, two := f.watch("post 1", firstPost(1)).isCached(), f.watch("post 2", firstPost(2)).isCached()
			must(t, write(db))
			one.isFresh()
			two.isKept()
		})
	}
	t.Run("while they are read", func(t *testing.T) {
		f := newFixture(t, unseen)
		db, _ := f.watchedDB(gorm.Config{})
		one := f.watch("post 1", firstPost(1)).isCached()
		rows, err := db.Raw("UPDATE posts SET title = 'changed' WHERE id = ? RETURNING id", 1).Rows()
		must(t, err)
		one.isBypassed()
		must(t, rows.Close())
		one.costs(1)
		one.isKept()
	})
}

// nosy is a text that writes when it is read.
type nosy string

// written is what nosy does, with the context that GORM gives it.
var written func(context.Context)

// Scan implements [schema.SerializerInterface].
func (n *nosy) Scan(ctx context.Context, _ *schema.Field, _ reflect.Value, _ any) error {
	written(ctx)
	return nil
}

// Value implements [schema.SerializerValuerInterface].
func (n nosy) Value(context.Context, *schema.Field, reflect.Value, any) (any, error) {
	return string(n), nil
}

// What is sent with the context of GORM's statement need not be that statement.
func TestReadsOfAWatchedPoolAreKept(t *testing.T) {
	f := newFixture(t, everything)
	f.db, _ = f.watchedDB(gorm.Config{})
	for id := range 3 {
		f.watch("post", firstPost(id)).read(f.db)
	}
	f.log.Take()
	for id := range 3 {
		f.watch("post", firstPost(id)).isKept()
	}
	if stats := f.cache.Stats(); stats.Hits != 3 || stats.Refused > 0 {
		t.Errorf("%+v", stats)
	}
}

func TestStatementWithTheContextOfAnother(t *testing.T) {
	type nosyTag struct {
		ID   int
		Name nosy
	}
	f := newFixture(t, unseen)
	db, _ := f.watchedDB(gorm.Config{})
	pool := f.watchedPool()
	one := f.watch("post 1", firstPost(1)).isCached()
	calls := 0
	written = func(ctx context.Context) {
		calls++
		must(t, renameBy(ctx, pool))
	}
	must(t, db.Table("tags").First(&nosyTag{}, 1).Error)
	if calls != 1 {
		t.Errorf("the text was read %d times", calls)
	}
	one.isFresh()
}

// What a plugin is registered with need not be the pool that is watched.
func TestPoolThatGORMDoesNotKnow(t *testing.T) {
	f := newFixture(t, unseen)
	pool := f.watchedPool()
	one, two := f.watch("post 1", firstPost(1)).isCached(), f.watch("post 2", firstPost(2)).isCached()
	must(t, renameBy(t.Context(), pool))
	one.isFresh()
	two.isKept()
}

// A transaction may be older than the plugin.
func TestTransactionThatBeganBeforeThePluginWasRegistered(t *testing.T) {
	cache := cacheops.New(unseen)
	f := &fixture{T: t, dsn: on().empty(t), cache: cache}
	f.truth, _ = openDB(t, f.dsn, &gorm.Config{})
	on().migrate(t, f.truth)
	seed(t, f.truth)
	pool := f.watchedPool()
	tx, err := pool.BeginTx(t.Context(), nil)
	must(t, err)
	must(t, renameBy(t.Context(), tx))
	f.db, f.log = openDB(t, f.dsn, &gorm.Config{})
	must(t, f.db.Use(cache))
	one := f.watch("post 1", firstPost(1)).isCached()
	must(t, tx.Commit())
	one.isFresh()
}

// What ends a transaction without a word rolls it back.
func TestTransactionsThatEndUnsaid(t *testing.T) {
	for name, end := range map[string]func(pool *sql.DB, cancel func()){
		"context":    func(_ *sql.DB, cancel func()) { cancel() },
		"connection": func(pool *sql.DB, _ func()) { _ = pool.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, unseen)
			pool := f.watchedPool()
			one := f.watch("post 1", firstPost(1)).isCached()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			tx, err := pool.BeginTx(ctx, nil)
			must(t, err)
			must(t, renameBy(t.Context(), tx))
			end(pool, cancel)
			_ = tx.Rollback()
			one.isKept()
		})
	}
	t.Run("connection with BEGIN as text", func(t *testing.T) {
		f := newFixture(t, unseen)
		pool := f.watchedPool()
		one := f.watch("post 1", firstPost(1)).isCached()
		conn, err := pool.Conn(t.Context())
		must(t, err)
		must(t, errors.Join(send(t.Context(), conn, "BEGIN"), renameBy(t.Context(), conn)))
		must(t, errors.Join(conn.Close(), pool.Close()))
		one.isKept()
	})
}

func TestSavepointsThatGORMDoesNotSee(t *testing.T) {
	f := newFixture(t, unseen)
	pool := f.watchedPool()
	reads := []*watched{
		f.watch("post 1", firstPost(1)).isCached(), f.watch("post 2", firstPost(2)).isCached(),
		f.watch("post 3", firstPost(3)).isCached(),
	}
	tx, err := pool.BeginTx(t.Context(), nil)
	must(t, err)
	must(t, send(t.Context(), tx,
		"UPDATE posts SET title = 'x' WHERE id = 1", "SAVEPOINT a",
		"UPDATE posts SET title = 'x' WHERE id = 2", "ROLLBACK TO SAVEPOINT a",
		"SAVEPOINT b", "UPDATE posts SET title = 'x' WHERE id = 3", "RELEASE SAVEPOINT b"))
	must(t, tx.Commit())
	reads[0].isFresh()
	reads[1].isKept()
	reads[2].isFresh()
}

// On SQLite a savepoint outside a transaction begins one.
func TestTransactionOfASavepoint(t *testing.T) {
	onlyOn(t, "sqlite", "savepoints are within transactions")
	for end, fresh := range map[string]bool{"RELEASE a": true, "COMMIT": true, "ROLLBACK": false} {
		t.Run(end, func(t *testing.T) {
			f := newFixture(t, unseen)
			conn, err := f.watchedPool().Conn(t.Context())
			must(t, err)
			one := f.watch("post 1", firstPost(1)).isCached()
			must(t, errors.Join(send(t.Context(), conn, "SAVEPOINT a"), renameBy(t.Context(), conn)))
			one.isKept()
			must(t, errors.Join(send(t.Context(), conn, end), conn.Close()))
			if fresh {
				one.isFresh()
			} else {
				one.isKept()
			}
		})
	}
}

// A script may end with its transaction open, whoever ends it.
func TestTransactionBegunByAScript(t *testing.T) {
	onlyOn(t, "sqlite", "scripts need a setting of the driver")
	for end, fresh := range map[string]bool{"COMMIT": true, "ROLLBACK": false} {
		t.Run(end, func(t *testing.T) {
			f := newFixture(t, unseen)
			conn, err := f.watchedPool().Conn(t.Context())
			must(t, err)
			one := f.watch("post 1", firstPost(1)).isCached()
			must(t, send(t.Context(), conn, "BEGIN; UPDATE posts SET title = 'x' WHERE id = 1"))
			one.isFresh() // drops everything, true or not
			must(t, errors.Join(send(t.Context(), conn, "UPDATE notes SET text = 'y'", end), conn.Close()))
			if fresh {
				one.isFresh()
			} else {
				one.isKept()
			}
		})
	}
}

// A write that fails may end the whole transaction, so that what follows it is
// true at once.
func TestTransactionThatEndsWithAFailure(t *testing.T) {
	onlyOn(t, "sqlite", "OR ROLLBACK is SQLite's")
	f := newFixture(t, unseen)
	pool := f.watchedPool()
	one, two := f.watch("post 1", firstPost(1)).isCached(), f.watch("post 2", firstPost(2)).isCached()
	tx, err := pool.BeginTx(t.Context(), nil)
	must(t, err)
	if send(t.Context(), tx, "INSERT OR ROLLBACK INTO tags (name) VALUES ('go')") == nil {
		t.Fatal("the write did not fail")
	}
	must(t, renameBy(t.Context(), tx))
	one.isBypassed() // it is true already
	_ = tx.Rollback()
	one.isFresh()
	two.isKept()
}

// A COMMIT that fails as text leaves the transaction open, to be tried again.
func TestCommitThatFailsAndIsTriedAgain(t *testing.T) {
	onlyOn(t, "sqlite", "elsewhere the transaction is over then")
	f := newFixture(t, unseen)
	conn, err := f.watchedPool().Conn(t.Context())
	must(t, err)
	defer func() { _ = conn.Close() }()
	one := f.watch("post 1", firstPost(1)).isCached()
	must(t, send(t.Context(), conn, "PRAGMA foreign_keys = ON", "BEGIN", "PRAGMA defer_foreign_keys = ON",
		"UPDATE posts SET title = 'changed', author_id = 99 WHERE id = 1"))
	if send(t.Context(), conn, "COMMIT") == nil {
		t.Fatal("the COMMIT did not fail")
	}
	one.isBypassed()
	must(t, send(t.Context(), conn, "UPDATE posts SET author_id = 1 WHERE id = 1", "COMMIT"))
	one.isFresh()
}

func TestOpen(t *testing.T) {
	onlyOn(t, "sqlite", "the driver's name")
	f := newFixture(t, unseen)
	pool, err := f.cache.Open("sqlite3", f.dsn)
	must(t, err)
	t.Cleanup(func() { _ = pool.Close() })
	one := f.watch("post 1", firstPost(1)).isCached()
	must(t, renameBy(t.Context(), pool))
	one.isFresh()
	if _, err := f.cache.Open("no such driver", ""); err == nil {
		t.Error("a driver that does not exist is no error")
	}
}

// Watched pools of other databases leave this one's results alone, once it is
// known which they are.
func TestWatchedPoolOfAnotherDatabase(t *testing.T) {
	onlyOn(t, "sqlite", "one database will do")
	f := newFixture(t, unseen)
	one := f.watch("post 1", firstPost(1)).isCached()
	other := &fixture{T: t, dsn: sqliteDSN(filepath.Join(t.TempDir(), "other.db")), cache: f.cache, db: f.db}
	db, pool := other.watchedDB(gorm.Config{})
	must(t, db.AutoMigrate(&Author{}, &Post{}, &Tag{}, &Note{}))
	must(t, renameBy(t.Context(), pool))
	one.isKept()
}

// MySQL commits at many words, and has a mode in which any statement begins a
// transaction. Nothing stale may come of it.
func TestTextsThatCommitUnsaid(t *testing.T) {
	onlyOn(t, "mysql", "elsewhere COMMIT alone does")
	f := newFixture(t, unseen)
	conn, err := f.watchedPool().Conn(t.Context())
	must(t, err)
	defer func() { _ = conn.Close() }()
	one := f.watch("post 1", firstPost(1)).isCached()
	const write = "UPDATE posts SET title = concat(title, 'x') WHERE id = 1"
	for _, texts := range [][]string{
		{"SET autocommit = 0", write}, {"COMMIT"}, {write}, {"ROLLBACK"}, {write}, {"SET autocommit = 1"}, {write},
		{"BEGIN", write}, {"CREATE TABLE extra (n int)"}, {"ROLLBACK"},
		{"BEGIN", write}, {"BEGIN"}, {"ROLLBACK"},
		{"BEGIN", write}, {"COMMIT AND CHAIN"}, {write}, {"COMMIT"},
		{"SAVEPOINT a", write}, {"ROLLBACK"},
	} {
		must(t, send(t.Context(), conn, texts...))
		for range 2 {
			one.compare(one.read(f.db))
		}
	}
}
