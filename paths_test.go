package cacheops_test

import (
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops"
)

// The ways on which a statement may reach a database, or another one.

// On a transaction that database/sql began the COMMIT is not seen. What it may
// touch stays out of the cache for as long as it may be open.
func TestTransactionThatDatabaseSQLBegan(t *testing.T) {
	config := everything
	config.UnseenCommit = time.Hour
	f := newFixture(t, config)
	one, two := f.watch("post 1", firstPost(1)).isCached(), f.watch("post 2", firstPost(2)).isCached()
	three := f.watch("post 3", firstPost(3))
	pool, err := f.db.DB()
	must(t, err)
	raw, err := pool.BeginTx(t.Context(), nil)
	must(t, err)
	tx := f.db.Session(&gorm.Session{NewDB: true, Context: t.Context()})
	tx.Statement.ConnPool = raw
	must(t, setTitleRaw(tx, 1, "changed"))
	var own Post
	must(t, tx.First(&own, 1).Error)
	if own.Title != "changed" {
		t.Errorf("the transaction reads %q", own.Title)
	}
	must(t, tx.First(&Post{}, 3).Error)
	one.costs(1)
	two.isKept()
	three.isCached() // what was read in the transaction was not stored
	must(t, raw.Commit())
	one.isBypassed()
	two.isKept()
}

// One plugin keeps several databases apart that have tables of one name.
func TestSeveralDatabasesOfOnePlugin(t *testing.T) {
	first, second := newFixture(t, everything), newFixture(t, everything)
	shared := cacheops.New(everything)
	for _, f := range []*fixture{first, second} {
		f.db, f.log = openDB(t, f.dsn, &gorm.Config{})
		f.cache = shared
		must(t, f.db.Use(shared))
	}
	here, there := first.watch("here", firstPost(1)).isCached(), second.watch("there", firstPost(1)).isCached()
	must(t, setTitle(second.db, 1, "changed there"))
	here.isKept()
	there.isFresh()
	must(t, setTitle(first.db, 1, "changed here"))
	here.isFresh()
	there.isKept()
	must(t, first.db.Transaction(func(tx *gorm.DB) error {
		must(t, setTitle(tx, 1, "changed in both"))
		return second.db.Transaction(func(other *gorm.DB) error { return setTitle(other, 1, "changed in both") })
	}))
	here.isFresh()
	there.isFresh()
	must(t, first.db.Exec("DELETE FROM notes").Error)
	here.isKept()
	there.isKept()
}
