package cacheops_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// tally is what all checks did, and where they do it.
type tally struct {
	t        *testing.T
	dir      string
	template []byte   // a file with the tests' models, if databases are files
	admin    *gorm.DB // empties the database that all checks share, otherwise
	dsn      string
	checks   int
	failing  bool

	steps, writes, failed, reads, hits, dropped, needless, blocked int
}

// newTally makes a database with the tests' models.
func newTally(t *testing.T) *tally {
	tally := &tally{t: t, dir: t.TempDir()}
	if *database != "sqlite" {
		tally.dsn = on().empty(t)
		tally.admin = tally.open(t, tally.dsn, &gorm.Config{})
		t.Cleanup(func() { tally.close(t, tally.admin) })
		conn, err := tally.admin.DB()
		must(t, err)
		conn.SetMaxOpenConns(1) // for the settings of its session
		on().migrate(t, tally.admin)
		tally.dsn += tongues[*database].options
		return tally
	}
	path := filepath.Join(tally.dir, "template.db")
	db := tally.open(t, "file:"+path, &gorm.Config{})
	on().migrate(t, db)
	seed(t, db)
	tally.close(t, db)
	var err error
	tally.template, err = os.ReadFile(path)
	must(t, err)
	return tally
}

// setup returns the handle to make tables with: db, or one that waits for locks.
func (tally *tally) setup(db *gorm.DB) *gorm.DB {
	if tally.admin != nil {
		return tally.admin
	}
	return db
}

// enough reports whether all has been done that was asked for. When a check has
// failed, it is run again until it is small.
func (tally *tally) enough() bool { return tally.steps >= *truthSteps && !tally.failing }

// stage makes the database of a check, with the rows of the tests' models and
// nothing else, and returns its name.
func (tally *tally) stage(t failer) string {
	if tally.admin != nil {
		for _, sql := range tongues[*database].reset {
			if err := tally.admin.Exec(sql).Error; err != nil {
				t.Fatal(sql, err)
			}
		}
		seed(tally.t, tally.admin)
		return tally.dsn
	}
	path := filepath.Join(tally.dir, fmt.Sprintf("%d.db", tally.checks))
	if err := os.WriteFile(path, tally.template, 0o600); err != nil {
		t.Fatal(err)
	}
	return "file:" + path + "?_journal_mode=WAL&_synchronous=OFF&_busy_timeout=2000&_foreign_keys=on"
}

// leave removes what a check has used.
func (tally *tally) leave() {
	for _, end := range []string{"", "-wal", "-shm"} {
		_ = os.Remove(filepath.Join(tally.dir, fmt.Sprintf("%d.db%s", tally.checks, end)))
	}
}

// failer is a test or a check.
type failer interface{ Fatal(args ...any) }

func (tally *tally) open(t failer, dsn string, options *gorm.Config) *gorm.DB {
	options.Logger = logger.Discard
	options.NowFunc = func() time.Time { return day }
	conn, _ := on().driver(tally.t, dsn).Open()
	db, err := gorm.Open(on().dialector(dsn, conn), options)
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

// waits reports whether an answer is only that a lock is held.
func (tally *tally) waits(err error) bool {
	if err == nil {
		return false
	}
	for _, text := range tongues[*database].locked {
		if strings.Contains(err.Error(), text) {
			return true
		}
	}
	return false
}

// report says what was put to the test, and fails if that is nothing.
func (tally *tally) report(t *testing.T) {
	t.Logf("%d checks, %d steps: %d writes (%d with an error), %d reads (%d blocked), %d hits, %d results dropped (%d of them needlessly)",
		tally.checks, tally.steps, tally.writes, tally.failed, tally.reads, tally.blocked, tally.hits, tally.dropped, tally.needless)
	switch {
	case t.Failed():
	case tally.hits < tally.reads/4:
		t.Error("hardly a read was a hit")
	case tally.dropped-tally.needless < tally.writes/10:
		t.Error("hardly a write made a result untrue")
	case tally.failed > tally.writes/2:
		t.Error("most writes failed")
	case tally.blocked > tally.reads/20:
		t.Error("many reads were blocked")
	}
}
