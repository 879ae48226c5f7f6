package cacheops_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops"
)

var errRollback = errors.New("roll back")

func firstPost(id int) func(*gorm.DB) answer {
	return into(func(db *gorm.DB, p *Post) *gorm.DB { return db.First(p, id) })
}

func setTitle(db *gorm.DB, id int, title string) error {
	return db.Model(&Post{}).Where("id = ?", id).Update("title", title).Error
}

// eachMode runs a test with each of GORM's ways to send statements.
func eachMode(t *testing.T, test func(f *fixture)) {
	for name, options := range map[string]gorm.Config{
		"plain": {}, "prepared": {PrepareStmt: true}, "no default transaction": {SkipDefaultTransaction: true},
	} {
		t.Run(name, func(t *testing.T) {
			f := openFixture(t, everything, &options)
			must(t, f.truth.AutoMigrate(&Author{}, &Post{}, &Tag{}, &Note{}))
			seed(t, f.truth)
			test(f)
		})
	}
}

func TestCommitDropsWhatTheTransactionTouched(t *testing.T) {
	eachMode(t, func(f *fixture) {
		one := f.watch("post 1", firstPost(1)).isCached()
		two := f.watch("post 2", firstPost(2)).isCached()
		must(f, f.db.Transaction(func(tx *gorm.DB) error {
			must(f, setTitle(tx, 1, "changed"))
			var inside Post
			must(f, tx.First(&inside, 1).Error)
			if inside.Title != "changed" {
				f.Errorf("the transaction does not see its own change: %q", inside.Title)
			}
			one.isKept() // elsewhere, nothing has happened yet
			return nil
		}))
		one.isFresh()
		two.isKept()
	})
}

func TestRollbackDropsNothing(t *testing.T) {
	rollbacks := map[string]func(f *fixture, write func(tx *gorm.DB)){
		"error": func(f *fixture, write func(*gorm.DB)) {
			err := f.db.Transaction(func(tx *gorm.DB) error { write(tx); return errRollback })
			if !errors.Is(err, errRollback) {
				f.Fatal(err)
			}
		},
		"panic": func(f *fixture, write func(*gorm.DB)) {
			defer func() { _ = recover() }()
			_ = f.db.Transaction(func(tx *gorm.DB) error { write(tx); panic("in a transaction") })
		},
		"by hand": func(f *fixture, write func(*gorm.DB)) {
			tx := f.db.Begin()
			write(tx)
			must(f, tx.Rollback().Error)
		},
		"cancelled context": func(f *fixture, write func(*gorm.DB)) {
			ctx, cancel := context.WithCancel(f.Context())
			tx := f.db.WithContext(ctx).Begin()
			write(tx)
			cancel()
			if tx.Commit().Error == nil {
				f.Fatal("a cancelled transaction was committed")
			}
		},
	}
	for name, rollback := range rollbacks {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, everything)
			one := f.watch("post 1", firstPost(1)).isCached()
			all := f.watch("all", into(func(db *gorm.DB, p *[]Post) *gorm.DB { return db.Find(p) })).isCached()
			rollback(f, func(tx *gorm.DB) {
				must(f, setTitle(tx, 1, "changed"))
				must(f, tx.Create(&Post{Title: "new"}).Error)
			})
			if name == "cancelled context" {
				// The driver may have answered the COMMIT itself, in which
				// case the outcome is not known: true is all that is asked.
				one.compare(one.read(f.db))
				return
			}
			one.isKept()
			all.isKept()
		})
	}
}

func TestSavepoints(t *testing.T) {
	eachMode(t, func(f *fixture) {
		one := f.watch("post 1", firstPost(1)).isCached()
		two := f.watch("post 2", firstPost(2)).isCached()
		three := f.watch("post 3", firstPost(3)).isCached()
		must(f, f.db.Transaction(func(tx *gorm.DB) error {
			must(f, setTitle(tx, 1, "outer"))
			err := tx.Transaction(func(inner *gorm.DB) error {
				must(f, setTitle(inner, 2, "undone"))
				return errRollback
			})
			if !errors.Is(err, errRollback) {
				return err
			}
			return tx.Transaction(func(inner *gorm.DB) error { return setTitle(inner, 3, "kept") })
		}))
		one.isFresh()
		two.isKept() // the savepoint was rolled back
		three.isFresh()
	})
}

func TestSavepointsByHand(t *testing.T) {
	f := newFixture(t, everything)
	one := f.watch("post 1", firstPost(1)).isCached()
	two := f.watch("post 2", firstPost(2)).isCached()
	three := f.watch("post 3", firstPost(3)).isCached()
	tx := f.db.Begin()
	must(f, tx.SavePoint("a").Error)
	must(f, setTitle(tx, 1, "undone"))
	must(f, tx.SavePoint("b").Error)
	must(f, setTitle(tx, 2, "undone too"))
	must(f, tx.RollbackTo("a").Error)
	must(f, setTitle(tx, 3, "kept"))
	must(f, tx.Commit().Error)
	one.isKept()
	two.isKept()
	three.isFresh()
}

func TestReadsInATransactionAreNotStored(t *testing.T) {
	f := newFixture(t, everything)
	one := f.watch("post 1", firstPost(1))
	err := f.db.Transaction(func(tx *gorm.DB) error {
		must(f, setTitle(tx, 1, "never committed"))
		must(f, tx.First(&Post{}, 1).Error)
		return errRollback
	})
	if !errors.Is(err, errRollback) {
		t.Fatal(err)
	}
	one.isCached()
}

// SQLite ends the whole transaction when OR ROLLBACK meets a conflict, and
// database/sql does not know. What follows is true at once.
func TestTransactionThatTheDatabaseEnded(t *testing.T) {
	onlyOn(t, "sqlite", "it is about OR ROLLBACK")
	f := newFixture(t, everything)
	one := f.watch("post 1", firstPost(1)).isCached()
	two := f.watch("post 2", firstPost(2)).isCached()
	three := f.watch("post 3", firstPost(3)).isCached()
	tx := f.db.Begin()
	must(t, setTitle(tx, 2, "rolled back"))
	if tx.Exec("INSERT OR ROLLBACK INTO tags (id, name) VALUES (1, 'go')").Error == nil {
		t.Fatal("there was no conflict")
	}
	tx = tx.Session(&gorm.Session{NewDB: true})
	must(t, setTitle(tx, 1, "true at once"))
	one.costs(1)
	tx.Commit() // fails: there is nothing to commit
	one.isFresh()
	two.compare(two.read(f.db))
	three.isKept()
}

// A unique violation ends nothing, which going back to a savepoint proves.
func TestSavepointAfterAFailedStatement(t *testing.T) {
	f := newFixture(t, everything)
	one := f.watch("post 1", firstPost(1)).isCached()
	two := f.watch("post 2", firstPost(2)).isCached()
	must(t, f.db.Transaction(func(tx *gorm.DB) error {
		err := tx.Transaction(func(inner *gorm.DB) error {
			return inner.Create(&Tag{Name: "go"}).Error
		})
		if err == nil {
			t.Error("there was no conflict")
		}
		must(t, setTitle(tx, 1, "changed"))
		one.isKept() // not yet committed, and known not to be
		return nil
	}))
	one.isFresh()
	two.isKept()
}

// COMMIT sent as text ends a transaction that database/sql believes is open.
func TestCommitAsText(t *testing.T) {
	f := newFixture(t, everything)
	one := f.watch("post 1", firstPost(1)).isCached()
	two := f.watch("post 2", firstPost(2)).isCached()
	tx := f.db.Begin()
	must(t, setTitle(tx, 1, "changed"))
	must(t, tx.Exec("COMMIT").Error)
	one.costs(1)
	two.isKept()
	tx.Rollback()
	one.isFresh()
}

// A transaction begun by sending BEGIN as text may share its connection with
// any statement, so caching stops until it ends.
func TestBeginAsText(t *testing.T) {
	f := newFixture(t, everything)
	sqlDB, err := f.db.DB()
	must(t, err)
	sqlDB.SetMaxOpenConns(1)
	one := f.watch("post 1", firstPost(1)).isCached()
	must(t, f.db.Exec("BEGIN").Error)
	must(t, setTitleRaw(f.db, 1, "never committed"))
	must(t, f.db.First(&Post{}, 1).Error) // sees the change, must not store it
	must(t, f.db.Exec("ROLLBACK").Error)
	one.isFresh()
	if n := f.cache.Stats().Bypasses[cacheops.ManualBegin]; n == 0 {
		t.Error("the read between BEGIN and ROLLBACK took part in the cache")
	}
}

func setTitleRaw(db *gorm.DB, id int, title string) error {
	return db.Exec("UPDATE posts SET title = ? WHERE id = ?", title, id).Error
}

// The COMMIT of a connection that the caller took for itself is not seen. What
// it may touch stays out of the cache for as long as it may be open.
func TestConnectionTakenByTheCaller(t *testing.T) {
	config := everything
	config.UnseenCommit = time.Hour
	f := newFixture(t, config)
	one := f.watch("post 1", firstPost(1)).isCached()
	two := f.watch("post 2", firstPost(2)).isCached()
	must(t, f.db.Connection(func(tx *gorm.DB) error {
		must(t, tx.Exec("BEGIN").Error)
		must(t, setTitleRaw(tx, 1, "changed"))
		one.costs(1) // goes to the database, sees the old row, stores nothing
		two.isKept()
		return tx.Exec("COMMIT").Error
	}))
	one.isBypassed()
	two.isKept()
}

func TestUnseenCommitEnds(t *testing.T) {
	config := everything
	config.UnseenCommit = time.Millisecond
	f := newFixture(t, config)
	one := f.watch("post 1", firstPost(1)).isCached()
	settled := make(chan struct{}, 1)
	config.Events.Change = func(context.Context, cacheops.ChangeInfo) { settled <- struct{}{} }
	f2 := cacheops.New(config)
	db, _ := openDB(t, f.dsn, &gorm.Config{})
	must(t, db.Use(f2))
	must(t, db.First(&Post{}, 1).Error)
	must(t, db.Connection(func(tx *gorm.DB) error { return setTitleRaw(tx, 1, "changed") }))
	<-settled
	var fresh Post
	must(t, db.First(&fresh, 1).Error)
	if fresh.Title != "changed" {
		t.Errorf("got %q", fresh.Title)
	}
	must(t, f.cache.InvalidateModel(t.Context(), &Post{})) // written by another plugin
	one.isFresh()
}
