package cacheops_test

import (
	"database/sql"
	"fmt"
	"testing"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops"
)

// In a transaction the database alone knows what may be seen, at whatever level
// of isolation: what others have committed since or not, and one's own writes.

// isolations are the levels that database/sql can ask for and the databases
// know. SQLite's driver gives its one level for each.
var isolations = []sql.IsolationLevel{
	sql.LevelDefault, sql.LevelReadUncommitted, sql.LevelReadCommitted, sql.LevelRepeatableRead, sql.LevelSerializable,
}

// eachIsolation runs a test with options of each level, to write or only to read.
func eachIsolation(t *testing.T, test func(f *fixture, options *sql.TxOptions)) {
	for _, level := range isolations {
		for _, only := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, read only %v", level, only), func(t *testing.T) {
				t.Parallel()
				test(newFixture(t, everything), &sql.TxOptions{Isolation: level, ReadOnly: only})
			})
		}
	}
}

// begin begins a transaction through the plugin, and one that tells the truth.
func (f *fixture) begin(options *sql.TxOptions) (tx, truth *gorm.DB) {
	f.Helper()
	tx, truth = f.db.Begin(options), f.truth.Begin(options)
	must(f, tx.Error)
	must(f, truth.Error)
	f.Cleanup(func() { tx.Rollback(); truth.Rollback() })
	return tx, truth
}

// asks checks that a read in a transaction goes to the database, and what it
// finds there.
func (w *watched) asks(tx, truth *gorm.DB) answer {
	w.f.Helper()
	w.f.log.Take()
	before := w.f.cache.Stats()
	got := w.read(tx)
	if sent := w.f.log.Take(); len(sent) != 1 {
		w.f.Errorf("%s in a transaction sent %q", w.name, sent)
	}
	if want := w.read(truth); !same(want, got) {
		w.f.Errorf("%s in a transaction is\n %+v, not\n %+v", w.name, got, want)
	}
	after := w.f.cache.Stats()
	if after.Fills != before.Fills || after.Hits != before.Hits || after.Bypasses[cacheops.InTransaction] != before.Bypasses[cacheops.InTransaction]+1 {
		w.f.Errorf("%s in a transaction took part in the cache: %+v", w.name, after)
	}
	return got
}

// What others commit meanwhile is seen or not, as the level says; what is seen
// in the transaction is not for others.
func TestReadsInATransactionSeeWhatItsLevelShows(t *testing.T) {
	eachIsolation(t, func(f *fixture, options *sql.TxOptions) {
		if *database == "mysql" && options.Isolation == sql.LevelSerializable {
			f.Skip("what is read is locked, and the write would wait")
		}
		one, list := f.watch("post 1", firstPost(1)).isCached(), f.watch("category 1", category(1).read).isCached()
		three := f.watch("post 3", firstPost(3))
		tx, truth := f.begin(options)
		first := one.asks(tx, truth)
		list.asks(tx, truth)

		must(f, setTitle(f.db, 1, "changed"))
		must(f, f.db.Create(&Post{CategoryID: 1, Title: "new"}).Error)
		one.isFresh()
		list.isFresh()
		if got := one.asks(tx, truth); !same(got, first) {
			f.Log("the change is seen in the transaction")
		}
		list.asks(tx, truth)
		three.asks(tx, truth)

		one.isKept() // the transaction's view has not replaced it,
		list.isKept()
		three.isCached() // nor was it stored
		must(f, tx.Commit().Error)
		must(f, truth.Commit().Error)
		one.isKept()
		list.isKept()
	})
}

// One's own writes are seen by oneself at once, and by others after COMMIT.
func TestWritesAreSeenInTheirTransaction(t *testing.T) {
	for end, finish := range map[string]func(*gorm.DB) error{
		"commit":   func(tx *gorm.DB) error { return tx.Commit().Error },
		"rollback": func(tx *gorm.DB) error { return tx.Rollback().Error },
	} {
		for _, level := range isolations {
			t.Run(fmt.Sprintf("%s/%s", end, level), func(t *testing.T) {
				t.Parallel()
				f := newFixture(t, everything)
				one, list := f.watch("post 1", firstPost(1)).isCached(), f.watch("category 1", category(1).read).isCached()
				other := f.watch("post 2", firstPost(2)).isCached()
				tx := f.db.Begin(&sql.TxOptions{Isolation: level})
				must(t, tx.Error)
				before := one.asks(tx, f.truth)
				must(t, setTitle(tx, 1, "changed"))
				if got := one.read(tx); same(got, before) {
					t.Error("the transaction does not see its own write")
				}
				one.isKept() // elsewhere nothing has happened yet
				list.isKept()

				must(t, finish(tx))
				if end == "rollback" {
					one.isKept()
					list.isKept()
				} else {
					one.isFresh()
					list.isFresh()
				}
				other.isKept()
			})
		}
	}
}

// A transaction that may only read says so itself.
func TestWriteInATransactionThatMayOnlyRead(t *testing.T) {
	onlyOn(t, "postgres mysql", "SQLite's driver does not heed it")
	f := newFixture(t, everything)
	one := f.watch("post 1", firstPost(1)).isCached()
	err := f.db.Transaction(func(tx *gorm.DB) error { return setTitle(tx, 1, "changed") }, &sql.TxOptions{ReadOnly: true})
	if err == nil {
		t.Fatal("the write was taken")
	}
	one.isKept()
}
