package cacheops_test

import (
	"strings"
	"testing"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/seed92106438/cacheops"
	"github.com/seed92106438/cacheops/region"
)

// The tests below were written by someone who knows PostgreSQL and wanted a
// wrong answer.

// newPostgres opens an empty database of PostgreSQL with what the statements
// make in it.
func newPostgres(t *testing.T, statements ...string) *fixture {
	t.Helper()
	onlyOn(t, "postgres", "it is about PostgreSQL")
	f := openFixture(t, everything, &gorm.Config{})
	for _, statement := range statements {
		must(t, f.truth.Exec(statement).Error)
	}
	return f
}

// listOf makes a read of a text.
func listOf(sql string, args ...any) func(*gorm.DB) answer {
	return into(func(db *gorm.DB, rows *[]map[string]any) *gorm.DB { return db.Raw(sql, args...).Find(rows) })
}

// In an array, a row with NULL equals another.
func TestRowsInArrays(t *testing.T) {
	f := newPostgres(t, "CREATE TABLE pairs (id int PRIMARY KEY, a int, b int)", "INSERT INTO pairs VALUES (1, 2, 3)")
	among := f.watch("among", listOf("SELECT * FROM pairs WHERE (a, b) = ANY (ARRAY[(1, NULL::int)])")).isCached()
	others := f.watch("others", listOf("SELECT * FROM pairs WHERE (a, b) <> ALL (ARRAY[(2, NULL::int)])")).isCached()
	listed := f.watch("listed", listOf("SELECT * FROM pairs WHERE (a, b) IN ((5, 6))")).isCached()
	must(t, f.db.Exec("INSERT INTO pairs (id, a, b) VALUES (2, 1, NULL)").Error)
	among.isFresh()
	others.isFresh()
	listed.isKept()
}

// job is a row of a queue. What is cached by kind makes an image worth reading.
type job struct {
	ID    int `gorm:"primaryKey"`
	State string
	Kind  int
	Tasks []task
}

type task struct {
	ID    int `gorm:"primaryKey"`
	JobID int
}

// newJobs makes jobs 1 to 3, of which each is of a kind of its own and new.
func newJobs(t *testing.T) *fixture {
	return newPostgres(t,
		"CREATE TABLE jobs (id int PRIMARY KEY, state text, kind int)",
		"CREATE TABLE tasks (id int PRIMARY KEY, job_id int REFERENCES jobs ON DELETE CASCADE)",
		"INSERT INTO jobs VALUES (1, 'new', 1), (2, 'new', 2), (3, 'done', 3)",
		"INSERT INTO tasks VALUES (1, 1)")
}

func ofKind(kind int) func(*gorm.DB) answer {
	return into(func(db *gorm.DB, jobs *[]job) *gorm.DB { return db.Find(jobs, "kind = ?", kind) })
}

// An image is of the rows that the WHERE reached when it was read. A subquery
// may have another answer when the write is sent.
func TestImageOfAWriteThatReachesAnotherRow(t *testing.T) {
	f := newJobs(t)
	third := f.watch("kind 3", ofKind(3)).isCached()
	g := f.atStatement("UPDATE")
	done := make(chan error)
	go func() {
		done <- f.db.Model(&job{}).Where("id = (SELECT max(id) FROM jobs WHERE state = 'new')").Update("state", "taken").Error
	}()
	<-g.reached
	must(t, f.truth.Exec("UPDATE jobs SET state = 'new' WHERE id = 3").Error)
	g.open()
	must(t, <-done)
	third.compare(third.read(f.db))
}

// What the plugin sends on its own must not spoil the transaction.
func TestImageThatCannotBeRead(t *testing.T) {
	update := func(tx *gorm.DB) *gorm.DB { return tx.Model(&job{ID: 1}).Update("state", "taken") }
	for _, test := range []struct {
		name   string
		before func(f *fixture)
		write  func(tx *gorm.DB) *gorm.DB
	}{
		{"a column was added", func(f *fixture) {
			must(t, f.truth.Exec("ALTER TABLE jobs ADD COLUMN note text").Error)
		}, update},
		{"a column may not be seen", func(f *fixture) {
			var role string // no other test has it
			must(t, f.truth.Raw("SELECT current_database()").Scan(&role).Error)
			must(t, f.truth.Exec("CREATE ROLE "+role+"; GRANT SELECT (id), UPDATE (state) ON jobs TO "+role).Error)
			f.Cleanup(func() { must(t, f.truth.Exec("DROP OWNED BY "+role+"; DROP ROLE "+role).Error) })
		}, func(tx *gorm.DB) *gorm.DB {
			// The role is set by a function that no one looks into, so the names stay known.
			must(t, tx.Exec("SELECT become()").Error)
			return update(tx)
		}},
		{"of two tables", nil, func(tx *gorm.DB) *gorm.DB {
			return tx.Model(&job{}).Clauses(clause.From{Tables: []clause.Table{{Name: "tasks"}}}).
				Where("jobs.id = tasks.job_id AND tasks.id = 1").Update("state", "taken")
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newJobs(t)
			must(t, f.truth.Exec("CREATE FUNCTION become() RETURNS void STABLE LANGUAGE plpgsql AS "+
				"$$ BEGIN PERFORM set_config('role', current_database(), true); END $$").Error)
			pool, err := f.db.DB()
			must(t, err)
			pool.SetMaxOpenConns(1)
			first := f.watch("kind 1", ofKind(1)).isCached()
			must(t, f.db.Model(&job{ID: 1}).Update("state", "new").Error) // by way of an image
			if test.before != nil {
				test.before(f)
			}
			must(t, f.db.Transaction(func(tx *gorm.DB) error { return test.write(tx).Error }))
			first.compare(first.read(f.db))
			if got := first.read(f.truth).Value.([]job)[0].State; got != "taken" {
				t.Errorf("the job is %s", got)
			}
		})
	}
}

// A role may write what it may not see. Its write must not ask for that.
func TestWriteOfARoleThatMayNotSeeItsRows(t *testing.T) {
	f := newJobs(t)
	var role string // no other test has it
	must(t, f.truth.Raw("SELECT current_database()").Scan(&role).Error)
	must(t, f.truth.Exec("CREATE ROLE "+role+"; GRANT SELECT (id), UPDATE (state) ON jobs TO "+role).Error)
	t.Cleanup(func() { must(t, f.truth.Exec("DROP OWNED BY "+role+"; DROP ROLE "+role).Error) })
	setting := " role="
	if strings.Contains(f.dsn, "://") {
		setting = "&role="
	}
	limited, _ := openDB(t, f.dsn+setting+role, &gorm.Config{})
	must(t, limited.Use(f.cache))
	must(t, limited.Select("id").Find(&[]job{}).Error) // which reads the catalogue
	first := f.watch("kind 1", ofKind(1)).isCached()
	must(t, limited.Model(&job{ID: 1}).Update("state", "taken").Error)
	first.isFresh()
}

// An image takes the locks of the write, and no lesser ones that others could
// wait for while the write waits for them.
func TestImageOfADeleteMakesNoDeadlock(t *testing.T) {
	f := newJobs(t)
	f.watch("kind 1", ofKind(1)).isCached()
	other := f.truth.Begin()
	must(t, other.Exec("INSERT INTO tasks VALUES (2, 1)").Error)
	done := make(chan error)
	go func() { done <- f.db.Delete(&job{ID: 1}).Error }()
	for waiting := int64(0); waiting == 0; {
		must(t, f.truth.Raw("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()").Scan(&waiting).Error)
	}
	must(t, other.Exec("UPDATE jobs SET state = 'taken' WHERE id = 1").Error)
	must(t, other.Commit().Error)
	must(t, <-done)
}

// bumping makes a function bump() that writes.
const bumping = "CREATE FUNCTION bump() RETURNS int LANGUAGE sql AS 'UPDATE counters SET n = n + 1 RETURNING n'"

// Functions are written down under other names than their own.
func TestFunctionsThatWriteInDisguise(t *testing.T) {
	for name, test := range map[string]struct{ define, call string }{
		"a function that is said to write nothing": {
			"CREATE FUNCTION calm() RETURNS int STABLE LANGUAGE plpgsql AS 'BEGIN RETURN bump(); END'", "SELECT calm()",
		},
		"one in parsed form": {
			"CREATE FUNCTION calm() RETURNS int STABLE LANGUAGE sql RETURN bump()", "SELECT calm()",
		},
		"one that calls such a one": {
			"CREATE FUNCTION calm() RETURNS int STABLE LANGUAGE sql AS 'SELECT bump()'; " +
				"CREATE FUNCTION calmer() RETURNS int STABLE LANGUAGE sql AS 'SELECT calm()'", "SELECT calmer()",
		},
		"an operator": {
			"CREATE FUNCTION bump(int, int) RETURNS int LANGUAGE sql AS 'SELECT bump()'; " +
				"CREATE OPERATOR ### (FUNCTION = bump, LEFTARG = int, RIGHTARG = int)", "SELECT 1 ### 1",
		},
		"an operator before a subquery": {
			"CREATE FUNCTION bump(int, int) RETURNS bool LANGUAGE sql AS 'SELECT bump() > 0'; " +
				"CREATE OPERATOR ### (FUNCTION = bump, LEFTARG = int, RIGHTARG = int)", "SELECT 1 ### ANY (SELECT 1)",
		},
		"an aggregate": {
			"CREATE FUNCTION bump(int, int) RETURNS int LANGUAGE sql AS 'SELECT bump()'; " +
				"CREATE AGGREGATE bumped (int) (SFUNC = bump, STYPE = int, INITCOND = '0')", "SELECT bumped(1)",
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newPostgres(t, "CREATE TABLE counters (n int)", "INSERT INTO counters VALUES (1)", bumping, test.define,
				"CREATE FUNCTION twice(int) RETURNS int STABLE LANGUAGE sql AS 'SELECT $1 + $1'")
			count := f.watch("count", listOf("SELECT n FROM counters")).isCached()
			must(t, f.db.Exec("SELECT twice(2)").Error)
			count.isKept()
			must(t, f.db.Exec(test.call).Error)
			count.isFresh()
		})
	}
}

// What an operator that is not PostgreSQL's own looks at is not known.
func TestUnknownOperator(t *testing.T) {
	f := newPostgres(t, "CREATE TABLE counters (n int)", "INSERT INTO counters VALUES (1)",
		"CREATE FUNCTION total(int, int) RETURNS bigint STABLE LANGUAGE sql AS 'SELECT sum(n) FROM counters'",
		"CREATE OPERATOR ### (FUNCTION = total, LEFTARG = int, RIGHTARG = int)")
	f.watch("total", listOf("SELECT 1 ### 1 FROM counters WHERE n = 1")).isBypassed()
}

// A plugin that shares what another has cached, and has not read the catalogue
// yet, does not know which functions write.
func TestFunctionsBeforeTheCatalogueIsRead(t *testing.T) {
	f := newPostgres(t, "CREATE TABLE counters (n int)", "INSERT INTO counters VALUES (1)", bumping)
	shared := region.Set{region.Default: region.Memory(region.MemoryOptions{})}
	config := everything
	config.Regions = shared
	reader, _ := openDB(t, f.dsn, &gorm.Config{})
	must(t, reader.Use(cacheops.New(config)))
	read := listOf("SELECT n FROM counters")
	read(reader)
	caller, _ := openDB(t, f.dsn, &gorm.Config{})
	must(t, caller.Use(cacheops.New(cacheops.Config{Regions: shared})))
	must(t, caller.Table("counters").Select("bump()").Find(&[]map[string]any{}).Error)
	if got, want := read(reader), read(f.truth); !same(want, got) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// A text may be the time at which it is read.
func TestArgumentThatMeansThePresent(t *testing.T) {
	f := newPostgres(t, "CREATE TABLE dates (id int PRIMARY KEY, at timestamptz)", "INSERT INTO dates VALUES (1, 'infinity')")
	due := func(at any) func(*gorm.DB) answer {
		return into(func(db *gorm.DB, ids *[]int) *gorm.DB { return db.Table("dates").Where("at < ?", at).Pluck("id", ids) })
	}
	f.watch("now", due("now")).isBypassed()
	f.watch("today", due("Today 12:00")).isBypassed()
	f.watch("bytes", due([]byte("now"))).isBypassed()
	f.watch("a day", due("2026-03-01")).isCached()
}
