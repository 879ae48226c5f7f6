package cacheops_test

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"

	mysqldriver "github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/driver/mysql"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/seed92106438/cacheops"
)

// The tests below were written by someone who wanted a wrong answer from MySQL
// or MariaDB. Some of what they found was wrong elsewhere as well.

// mapsOf makes a read of a query's rows.
func mapsOf(sql string, args ...any) func(*gorm.DB) answer {
	return into(func(db *gorm.DB, rows *[]map[string]any) *gorm.DB { return db.Raw(sql, args...).Find(rows) })
}

// A server says of TRUNCATE that it reached no row.
func TestTruncateReachesEveryRow(t *testing.T) {
	onlyOn(t, "mysql postgres", "SQLite has no TRUNCATE")
	f := newFixture(t, everything)
	notes, one := f.watch("notes", mapsOf("SELECT * FROM notes")).isCached(), f.watch("post 1", firstPost(1)).isCached()
	must(t, f.db.Exec("TRUNCATE TABLE notes").Error)
	notes.isFresh()
	one.isKept()
}

// newMySQL is newFixture on MySQL or MariaDB with settings of GORM's driver and
// more parameters of the data source name.
func newMySQL(t *testing.T, settings mysql.Config, parameters string) *fixture {
	t.Helper()
	onlyOn(t, "mysql", "it is about MySQL")
	f := &fixture{T: t, dsn: on().empty(t), cache: cacheops.New(everything)}
	f.truth, _ = openDB(t, f.dsn, &gorm.Config{})
	on().migrate(t, f.truth)
	seed(t, f.truth)
	target := *on()
	target.dialector = func(dsn string, conn gorm.ConnPool) gorm.Dialector {
		settings.DSN, settings.Conn = dsn, conn
		return mysql.New(settings)
	}
	f.db, f.log = target.open(t, f.dsn+parameters, &gorm.Config{})
	must(t, f.db.Use(f.cache))
	t.Cleanup(f.compareAll)
	return f
}

// MySQL has no RETURNING, so GORM counts up from the first key.
func TestKeysThatGORMHasCounted(t *testing.T) {
	zeros := func(ids ...uint) (notes []Note) {
		for _, id := range ids {
			notes = append(notes, Note{ID: id, Text: "new"})
		}
		return notes
	}
	for name, test := range map[string]struct {
		parameters string
		notes      []Note
		ids        []int
	}{
		"one after the other":        {"", zeros(0, 0, 0), []int{3, 4, 5}},
		"five apart":                 {"&auto_increment_increment=5", zeros(0, 0, 0), []int{6, 11, 16}},
		"with a greater one between": {"", zeros(0, 100, 0), []int{3, 100, 101}},
		"with a greater one before":  {"", zeros(100, 0), []int{100, 101}},
		"a single one":               {"&auto_increment_increment=5", zeros(0), []int{6}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newMySQL(t, mysql.Config{DisableWithReturning: true}, test.parameters)
			var created []*watched
			for _, id := range test.ids {
				created = append(created, f.watch(fmt.Sprint("note ", id), note(id).read).isCached())
			}
			before := f.watch("note 2", note(2).read).isCached()
			must(t, f.db.Create(&test.notes).Error)
			for _, read := range created {
				read.isFresh()
			}
			before.isKept()
		})
	}
}

// A connection that reads what is not committed would fill the cache with what
// no change takes out again if it is rolled back.
func TestWhatIsNotCommittedIsNotKept(t *testing.T) {
	for name, test := range map[string]struct{ parameters, set string }{
		"by the data source name": {"&tx_isolation='READ-UNCOMMITTED'", "SELECT 1"},
		"by a statement":          {"", "SET SESSION TRANSACTION ISOLATION LEVEL READ UNCOMMITTED"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newMySQL(t, mysql.Config{}, test.parameters)
			one := f.watch("note 1", note(1).read)
			tx := f.db.Begin()
			must(t, setText(1, "undone")(tx))
			must(t, f.db.Exec(test.set).Error)
			if got := one.read(f.db).Value.(Note).Text; got != "undone" {
				t.Fatalf("the connection reads %q", got)
			}
			must(t, tx.Rollback().Error)
			one.isBypassed()
		})
	}
}

func TestSetCallsAFunctionThatWrites(t *testing.T) {
	f := newMySQL(t, mysql.Config{}, "")
	must(t, f.truth.Exec(`CREATE FUNCTION retitle() RETURNS INT MODIFIES SQL DATA
		BEGIN UPDATE notes SET text = CONCAT(text, '!'); RETURN 1; END`).Error)
	one := f.watch("note 1", note(1).read).isCached()
	for _, set := range []string{"SET @a = retitle()", "SET @a = (SELECT retitle())", "SET max_statement_time = 10 * retitle()"} {
		must(t, f.db.Exec(set).Error)
		one.isFresh()
	}
	must(t, f.db.Exec("SET @a = ABS(1)").Error)
	one.isKept()
}

// deadlock begins two transactions, of which the first will be the victim of a
// deadlock when it asks for note 2. The other has done more.
func (f *fixture) deadlock() (victim, other *gorm.DB, done chan error) {
	f.Helper()
	victim, other, done = f.db.Begin(), f.truth.Begin(), make(chan error, 1)
	must(f, setText(1, "undone")(victim))
	for range 3 {
		must(f, other.Create(&Note{Text: "another"}).Error)
	}
	must(f, setText(2, "other's")(other))
	go func() { done <- setText(1, "other's")(other) }()
	return victim, other, done
}

// A deadlock ends the transaction. Were it passed over because only the image
// met it, the write would be committed by itself, and all before it be lost.
func TestDeadlockOfTheImageIsThatOfTheWrite(t *testing.T) {
	f := newMySQL(t, mysql.Config{}, "")
	byText := f.watch("second", noteSaying("second").read).isCached()
	tx, other, done := f.deadlock()
	var answer *mysqldriver.MySQLError
	if err := setText(2, "alone")(tx); !errors.As(err, &answer) || answer.Number != 1213 {
		t.Errorf("the write is told %v", err)
	}
	must(t, <-done)
	must(t, other.Rollback().Error)
	must(t, tx.Commit().Error)
	byText.isKept()
}

func TestImageThatCannotBeSerializedIsTheWritesError(t *testing.T) {
	onlyOn(t, "postgres", "elsewhere no transaction is left that bears no more statements")
	f := newFixture(t, everything)
	f.watch("second", noteSaying("second").read).isCached()
	tx := f.db.Begin(&sql.TxOptions{Isolation: sql.LevelRepeatableRead})
	must(t, tx.First(&Note{}, 1).Error)
	f.behindTheBack("UPDATE notes SET text = 'other' WHERE id = 1")
	var answer *pgconn.PgError
	if err := setText(1, "mine")(tx); !errors.As(err, &answer) || answer.Code != "40001" {
		t.Errorf("the write is told %v", err)
	}
	must(t, tx.Rollback().Error)
}

// The rows of Row, Rows and Scan are read when the plugin has done its part, and
// with them comes the error of a deadlock. What is written after it is true at
// once.
func TestDeadlockOfAReadThatLocks(t *testing.T) {
	const sql = "SELECT text FROM notes WHERE id = 2 FOR UPDATE"
	for name, read := range map[string]func(tx *gorm.DB) error{
		"First": func(tx *gorm.DB) error {
			return tx.Clauses(clause.Locking{Strength: "UPDATE"}).First(&Note{}, 2).Error
		},
		"Exec": func(tx *gorm.DB) error { return tx.Exec(sql).Error },
		"Row":  func(tx *gorm.DB) error { return tx.Raw(sql).Row().Scan(new(string)) },
		"Scan": func(tx *gorm.DB) error { return tx.Raw(sql).Scan(new([]string)).Error },
	} {
		t.Run(name, func(t *testing.T) {
			f := newMySQL(t, mysql.Config{}, "")
			tag1, tag2 := f.watch("tag 1", tag(1).read).isCached(), f.watch("tag 2", tag(2).read).isCached()
			tx, other, done := f.deadlock()
			_ = read(tx) // not every form tells
			must(t, <-done)
			must(t, tx.Model(&Tag{ID: 1}).Update("name", "alone").Error)
			tag1.read(f.db)
			must(t, tx.Rollback().Error)
			must(t, other.Rollback().Error)
			tag1.isFresh()
			tag2.isKept()
		})
	}
}

// Under READ COMMITTED an UPDATE passes over a row that another holds and that
// it need not change.
func TestImageWaitsForNoRowThatTheWritePassesOver(t *testing.T) {
	for name, parameters := range map[string]string{"altered rows count": "", "found rows count": "&clientFoundRows=true"} {
		t.Run(name, func(t *testing.T) {
			f := newMySQL(t, mysql.Config{}, "&tx_isolation='READ-COMMITTED'&innodb_lock_wait_timeout=1"+parameters)
			f.watch("note 1", note(1).read).isCached()
			f.watch("second", noteSaying("second").read).isCached()
			other := f.truth.Begin()
			must(t, setText(2, "undone")(other))
			must(t, f.db.Model(&Note{}).Where("text = ?", "first").Update("text", "new").Error)
			must(t, other.Rollback().Error)
		})
	}
}

// With a limit, a row may take the place of one that the image shows.
func TestImageOfSomeOfTheRows(t *testing.T) {
	f := newMySQL(t, mysql.Config{}, "&tx_isolation='READ-COMMITTED'&clientFoundRows=true")
	list := f.watch("category 2", category(2).read).isCached()
	must(t, f.truth.Exec("UPDATE posts SET author_id = 2 WHERE id > 1").Error)
	f.log.Gate(func(what string) {
		if strings.HasPrefix(what, "UPDATE") {
			f.behindTheBack("INSERT INTO posts (id, author_id, category_id) VALUES (50, 1, 2)")
		}
	})
	must(t, f.db.Model(&Post{}).Where("author_id = ?", 1).Order("id DESC").Limit(1).UpdateColumn("title", "new").Error)
	f.log.Gate(nil)
	list.isFresh()
}

// A table without transactions keeps what was rolled back.
func TestTableWithoutTransactionsIsNotDeclared(t *testing.T) {
	f := newMySQL(t, mysql.Config{}, "")
	must(t, f.truth.Exec("CREATE TABLE visits (id INT PRIMARY KEY, n INT) ENGINE = MyISAM").Error)
	must(t, f.truth.Exec("INSERT INTO visits VALUES (1, 1)").Error)
	declared := func(sql string, tables ...any) func(db *gorm.DB) answer {
		return func(db *gorm.DB) answer {
			return mapsOf(sql)(db.Scopes(cacheops.Cache(cacheops.DependsOn(tables...))))
		}
	}
	declaredIt := f.watch("visits", declared("SELECT n FROM visits", "visits"))
	joined := f.watch("visits and tags", declared("SELECT n FROM visits, tags", "tags"))
	other := f.watch("tags", declared("SELECT name FROM tags", "tags")).isCached()
	declaredIt.isBypassed()
	tx := f.db.Begin()
	must(t, tx.Exec("UPDATE visits SET n = 2").Error)
	must(t, tx.Rollback().Error)
	declaredIt.isBypassed()
	joined.isBypassed()
	other.isKept()
}

// On a server where letter case counts, the partners of a row must be asked for
// in the very database.
func TestDatabasesWhoseNamesDifferInLetterCase(t *testing.T) {
	f := newMySQL(t, mysql.Config{}, "")
	config, err := mysqldriver.ParseDSN(f.dsn)
	must(t, err)
	config.DBName = strings.ToUpper(config.DBName)
	must(t, f.truth.Exec("CREATE DATABASE "+config.DBName).Error)
	t.Cleanup(func() { _ = f.truth.Exec("DROP DATABASE " + config.DBName).Error })
	upper := &fixture{T: t, dsn: config.FormatDSN(), cache: cacheops.New(everything)}
	upper.truth, _ = openDB(t, upper.dsn, &gorm.Config{})
	for db, writer := range map[*gorm.DB]int{f.truth: 7, upper.truth: 1} {
		must(t, db.Exec("CREATE TABLE writers (id INT PRIMARY KEY, email VARCHAR(20))").Error)
		must(t, db.Exec("CREATE TABLE essays (id INT PRIMARY KEY, writer_id INT, title VARCHAR(20))").Error)
		must(t, db.Exec("INSERT INTO writers VALUES (?, 'x')", writer).Error)
		must(t, db.Exec("INSERT INTO essays VALUES (1, 1, ''), (2, 2, '')").Error)
	}
	upper.db, upper.log = openDB(t, upper.dsn, &gorm.Config{})
	must(t, upper.db.Use(upper.cache))
	essays := upper.watch("essays of x", mapsOf(
		"SELECT essays.title FROM essays JOIN writers ON writers.id = essays.writer_id WHERE writers.email = 'x'",
	))
	for i := range 3 {
		essays.read(upper.db)
		must(t, upper.db.Exec("UPDATE essays SET title = ? WHERE writer_id = 1", fmt.Sprint(i)).Error)
		essays.compare(essays.read(upper.db))
	}
	must(t, upper.db.Exec("UPDATE essays SET title = 'other' WHERE writer_id = 2").Error)
	essays.isKept()
}
