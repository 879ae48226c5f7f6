package cacheops_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops"
	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/region"
)

// strict is a region that refuses changes while its store is away.
type strict struct {
	region.Region
	away atomic.Bool
}

func (s *strict) Announce(ctx context.Context, changes []invalidation.Change) (region.Intent, error) {
	if s.away.Load() {
		return nil, fmt.Errorf("cacheops: no answer: %w", region.ErrUnavailable)
	}
	return s.Region.Announce(ctx, changes)
}

// besides returns a strict region, and a Config that caches everything in
// another: what that is told before the strict one refuses must come to nothing.
func besides() (*strict, cacheops.Config) {
	s := &strict{Region: region.Memory(region.MemoryOptions{})}
	config := everything
	config.Regions = region.Set{region.Default: region.Memory(region.MemoryOptions{}), "strict": s}
	return s, config
}

// refusable are ways to rename post 1 and to say that it was done.
var refusable = map[string]func(f *fixture, db *gorm.DB) error{
	"update": func(_ *fixture, db *gorm.DB) error { return setTitle(db, 1, "changed") },
	"save": func(f *fixture, db *gorm.DB) error {
		var post Post
		must(f, f.truth.First(&post, 1).Error)
		post.Title = "changed"
		return db.Save(&post).Error
	},
	"upsert": func(_ *fixture, db *gorm.DB) error {
		return errors.Join(db.Delete(&Post{}, 1).Error, db.Create(&Post{Title: "new"}).Error)
	},
	"Exec": func(_ *fixture, db *gorm.DB) error { return setTitleRaw(db, 1, "changed") },
	"transaction": func(_ *fixture, db *gorm.DB) error {
		return db.Transaction(func(tx *gorm.DB) error { return setTitle(tx, 1, "changed") })
	},
	"BEGIN and COMMIT": func(_ *fixture, db *gorm.DB) error {
		tx := db.Begin()
		return errors.Join(setTitle(tx, 1, "changed"), tx.Commit().Error)
	},
	"savepoint": func(_ *fixture, db *gorm.DB) error {
		return db.Transaction(func(tx *gorm.DB) error {
			return tx.Transaction(func(tx *gorm.DB) error { return setTitle(tx, 1, "changed") })
		})
	},
	"after a failed statement": func(_ *fixture, db *gorm.DB) error {
		return db.Transaction(func(tx *gorm.DB) error {
			err := tx.SavePoint("sp").Error
			_ = tx.Exec("UPDATE nothing SET a = 1").Error
			if *database == "postgres" { // which bears no further statement
				err = errors.Join(err, tx.RollbackTo("sp").Error)
			}
			return errors.Join(err, setTitle(tx, 1, "changed"))
		})
	},
	"connection": func(_ *fixture, db *gorm.DB) error {
		return db.Connection(func(tx *gorm.DB) error { return setTitle(tx, 1, "changed") })
	},
	"definition": func(_ *fixture, db *gorm.DB) error {
		return errors.Join(db.Exec("ALTER TABLE notes ADD COLUMN more integer").Error, setTitle(db, 1, "changed"))
	},
	"rows of a write": func(_ *fixture, db *gorm.DB) error {
		var titles []string
		return db.Raw(returning("UPDATE posts SET title = 'changed' WHERE id = 1")).Scan(&titles).Error
	},
	"row of a write": func(_ *fixture, db *gorm.DB) error {
		var title string
		err := db.Raw(returning("UPDATE posts SET title = 'changed' WHERE id = 1")).Row().Scan(&title)
		if *database == "mysql" && errors.Is(err, sql.ErrNoRows) {
			return nil // it returns none
		}
		return err
	},
	"query that writes": func(_ *fixture, db *gorm.DB) error {
		var titles []string
		return db.Raw(returning("UPDATE posts SET title = 'changed' WHERE id = 1")).Find(&titles).Error
	},
}

// returning ends a write that returns the title, where there is such.
func returning(sql string) string {
	return sql + sqlFor(" RETURNING title", " RETURNING title", "")
}

// A write that a strict region cannot be told of is not carried out.
func TestRefusedWrites(t *testing.T) {
	eachRefusal(t, func(f *fixture) *gorm.DB { return f.db })
}

// The same through connections that the plugin watches.
func TestRefusedWritesOnAWatchedPool(t *testing.T) {
	eachRefusal(t, func(f *fixture) *gorm.DB {
		db, _ := f.watchedDB(gorm.Config{SkipDefaultTransaction: f.db.SkipDefaultTransaction, PrepareStmt: f.db.PrepareStmt})
		return db
	})
}

func eachRefusal(t *testing.T, open func(*fixture) *gorm.DB) {
	for name, write := range refusable {
		for mode, options := range map[string]gorm.Config{
			"plain": {}, "prepared": {PrepareStmt: true}, "no default transaction": {SkipDefaultTransaction: true},
		} {
			t.Run(name+", "+mode, func(t *testing.T) {
				s, config := besides()
				f := newFixtureWith(t, config, &options)
				refuses(f, s, open(f), write)
			})
		}
	}
}

// refuses checks that a write fails with nothing done while the region is away, and
// is carried out once it is back.
func refuses(f *fixture, s *strict, db *gorm.DB, write func(*fixture, *gorm.DB) error) {
	f.Helper()
	read := into(func(db *gorm.DB, p *[]Post) *gorm.DB { return db.Unscoped().Order("id").Find(p) })
	one, before := f.watch("posts", read).isCached(), read(f.truth)
	s.away.Store(true)
	if err := write(f, db); !errors.Is(err, region.ErrUnavailable) {
		f.Errorf("while the region was away: %v", err)
	}
	if now := read(f.truth); !same(now, before) {
		f.Error("it was carried out")
	}
	one.isKept()
	f.isFree()
	s.away.Store(false)
	must(f, write(f, db))
	if now := read(f.truth); same(now, before) {
		f.Error("nothing was done when the region was back")
	}
	one.compare(one.read(f.db))
}

// What is sent past GORM is refused by the connection.
func TestRefusedWritesPastGORM(t *testing.T) {
	ctx := context.Background()
	for name, write := range map[string]func(pool *sql.DB) error{
		"statement": func(pool *sql.DB) error { return renameBy(ctx, pool) },
		"prepared statement": func(pool *sql.DB) error {
			stmt, err := pool.Prepare(placed(rename))
			if err == nil {
				_, err = stmt.Exec("changed", 1)
				err = errors.Join(err, stmt.Close())
			}
			return err
		},
		"transaction": func(pool *sql.DB) error {
			tx, err := pool.Begin()
			if err != nil {
				return err
			}
			return errors.Join(renameBy(ctx, tx), tx.Commit())
		},
		"transaction by text": func(pool *sql.DB) error {
			conn, err := pool.Conn(ctx)
			if err != nil {
				return err
			}
			err = errors.Join(send(ctx, conn, "BEGIN"), renameBy(ctx, conn), send(ctx, conn, "COMMIT"))
			if err != nil {
				_ = send(ctx, conn, "ROLLBACK")
			}
			return errors.Join(err, conn.Close())
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, config := besides()
			f := newFixture(t, config)
			pool := f.watchedPool()
			refuses(f, s, f.db, func(*fixture, *gorm.DB) error { return write(pool) })
		})
	}
}

// A transaction that is begun by text on a pool ends when it is rolled back,
// whatever the region says: that changes nothing.
func TestRefusedCommitAsText(t *testing.T) {
	onlyOn(t, "sqlite mysql", "pgx gives up a connection that comes back with a transaction open")
	s, config := besides()
	f := newFixture(t, config)
	conn, err := f.db.DB()
	must(t, err)
	one := f.watch("post 1", firstPost(1)).isCached()
	conn.SetMaxOpenConns(1)
	must(t, f.db.Exec("BEGIN").Error)
	must(t, setTitleRaw(f.db, 1, "changed"))
	s.away.Store(true)
	if err := f.db.Exec("COMMIT").Error; !errors.Is(err, region.ErrUnavailable) {
		t.Errorf("COMMIT: %v", err)
	}
	if err := setTitleRaw(f.db, 2, "changed"); !errors.Is(err, region.ErrUnavailable) {
		t.Errorf("a statement: %v", err)
	}
	must(t, f.db.Exec("ROLLBACK").Error)
	s.away.Store(false)
	conn.SetMaxOpenConns(0)
	one.isFresh()
	if got := firstPost(1)(f.truth).Value.(Post).Title; got != "Post 1" {
		t.Errorf("post 1 is called %q", got)
	}
}

// What is made known by hand is told to be in vain.
func TestRefusedNews(t *testing.T) {
	s, config := besides()
	f := newFixture(t, config)
	one := f.watch("post 1", firstPost(1)).isCached()
	ctx, postponed := cacheops.Postpone(t.Context())
	must(t, setTitle(f.db.WithContext(ctx), 2, "changed"))
	for name, tell := range map[string]func() error{
		"Wrote":           func() error { return f.cache.Wrote(ctx, &Post{}) },
		"WroteSQL":        func() error { return f.cache.WroteSQL(ctx, "UPDATE posts SET title = 'a'") },
		"InvalidateRow":   func() error { return f.cache.InvalidateRow(ctx, &Post{ID: 1}) },
		"InvalidateModel": func() error { return f.cache.InvalidateModel(ctx, "posts") },
		"InvalidateWhere": func() error { return f.cache.InvalidateWhere(ctx, &Post{}, "id = 1") },
		"InvalidateAll":   func() error { return f.cache.InvalidateAll(ctx) },
		"Publish":         func() error { return postponed.Publish(ctx) },
		"Announce": func() error {
			_, err := f.cache.Announce(ctx, []invalidation.Change{{Table: invalidation.Table{Name: "posts"}}})
			return err
		},
	} {
		s.away.Store(true)
		if err := tell(); !errors.Is(err, region.ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
		s.away.Store(false)
		one.isKept()
	}
	must(t, postponed.Publish(ctx))
	one.isKept()
}
