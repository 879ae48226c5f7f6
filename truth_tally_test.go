package cacheops_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// tally is what all checks did.
type tally struct {
	dir      string
	template []byte // a database file with the tests' models
	checks   int

	steps, writes, failed, reads, hits, dropped, needless int
}

// makeTemplate makes the file that each check begins with.
func (tally *tally) makeTemplate(t *testing.T) {
	path := filepath.Join(tally.dir, "template.db")
	db := tally.open(t, path, &gorm.Config{})
	must(t, db.AutoMigrate(&Author{}, &Post{}, &Tag{}, &Note{}))
	seed(t, db)
	tally.close(t, db)
	var err error
	tally.template, err = os.ReadFile(path)
	must(t, err)
}

// failer is a test or a check.
type failer interface{ Fatal(args ...any) }

func (tally *tally) open(t failer, path string, options *gorm.Config) *gorm.DB {
	options.Logger = logger.Discard
	options.NowFunc = func() time.Time { return day }
	db, err := gorm.Open(sqlite.Open("file:"+path+"?_journal_mode=WAL&_synchronous=OFF&_busy_timeout=2000&_foreign_keys=on"), options)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func (tally *tally) close(t failer, db *gorm.DB) {
	conn, err := db.DB()
	if err == nil {
		err = conn.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// report says what was put to the test, and fails if that is nothing.
func (tally *tally) report(t *testing.T) {
	t.Logf("%d checks, %d steps: %d writes (%d with an error), %d reads, %d hits, %d results dropped (%d of them needlessly)",
		tally.checks, tally.steps, tally.writes, tally.failed, tally.reads, tally.hits, tally.dropped, tally.needless)
	switch {
	case t.Failed():
	case tally.hits < tally.reads/4:
		t.Error("hardly a read was a hit")
	case tally.dropped-tally.needless < tally.writes/10:
		t.Error("hardly a write made a result untrue")
	case tally.failed > tally.writes/2:
		t.Error("most writes failed")
	}
}
