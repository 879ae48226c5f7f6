package cacheops_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/logger"
)

// A write that leaves alone what results are restricted by tells of its rows
// itself, by RETURNING, where there is such a thing.

// telling is how many statements a write takes that tells of its rows itself.
func telling() int { return map[string]int{"sqlite": 1, "postgres": 1, "mysql": 2}[*database] }

// returnsOnly skips where no update returns rows.
func returnsOnly(t *testing.T) { onlyOn(t, "sqlite postgres", "no update returns rows") }

func TestAWriteTellsOfItsRows(t *testing.T) {
	retitle := map[string]any{"title": "new"}
	for name, write := range map[string]func(db *gorm.DB) error{
		"update": func(db *gorm.DB) error { return db.Model(&Post{ID: 1}).Update("title", "new").Error },
		"several columns": func(db *gorm.DB) error {
			return db.Model(&Post{ID: 1}).Updates(map[string]any{"title": "new", "views": gorm.Expr("views + 1")}).Error
		},
		"update column": func(db *gorm.DB) error { return db.Model(&Post{ID: 1}).UpdateColumn("title", "new").Error },
		"of a struct":   func(db *gorm.DB) error { return db.Updates(&Post{ID: 1, Title: "new"}).Error },
		"without model": func(db *gorm.DB) error { return db.Model(&Post{}).Where("id = ?", 1).Updates(retitle).Error },
		"soft delete":   func(db *gorm.DB) error { return db.Delete(&Post{ID: 1}).Error },
		"delete":        func(db *gorm.DB) error { return db.Unscoped().Delete(&Post{ID: 1}).Error },
		"in a transaction": func(db *gorm.DB) error {
			return db.Transaction(func(tx *gorm.DB) error { return tx.Model(&Post{ID: 1}).Updates(retitle).Error })
		},
	} {
		for kind, options := range map[string]gorm.Config{"plain": {}, "prepared": {PrepareStmt: true}} {
			t.Run(name+"/"+kind, func(t *testing.T) {
				f := newFixtureWith(t, everything, &options)
				must(t, f.truth.Exec("DELETE FROM post_tags").Error)
				its, others := f.watch("category 1", category(1).read).isCached(), f.watch("category 2", category(2).read).isCached()
				f.sends(telling(), write)
				its.isFresh()
				others.isKept()
			})
		}
	}
}

func TestAWriteOfSeveralRowsTellsOfThemAll(t *testing.T) {
	onlyOn(t, "sqlite postgres", severalRows.why)
	f := newFixture(t, everything)
	one, two, three := f.watch("1", category(1).read).isCached(), f.watch("2", category(2).read).isCached(), f.watch("3", category(3).read).isCached()
	f.sends(1, func(db *gorm.DB) error {
		tx := db.Model(&Post{}).Where("title IN ?", []string{"Post 1", "Post 2", "Post 5"}).UpdateColumn("body", "new")
		if tx.RowsAffected != 3 {
			t.Errorf("%d rows were affected", tx.RowsAffected)
		}
		return tx.Error
	})
	one.isFresh()
	two.isFresh()
	three.isKept()
}

// Past 256 rows there is no image, and yet each row is written and counted.
func TestAWriteThatTellsOfTooManyRows(t *testing.T) {
	returnsOnly(t)
	for rows, kept := range map[int]bool{256: true, 257: false, 2000: false} {
		t.Run(fmt.Sprint(rows), func(t *testing.T) {
			f := newFixture(t, everything)
			many := make([]Post, rows)
			for i := range many {
				many[i] = Post{CategoryID: 9, Title: "many"}
			}
			must(t, f.truth.Omit(clause.Associations).CreateInBatches(&many, 500).Error)
			other := f.watch("category 2", category(2).read).isCached()
			f.sends(1, func(db *gorm.DB) error {
				tx := db.Model(&Post{}).Where("title = ?", "many").Update("body", "new")
				if tx.RowsAffected != int64(rows) {
					t.Errorf("%d rows were affected", tx.RowsAffected)
				}
				return tx.Error
			})
			var n int64
			must(t, f.truth.Model(&Post{}).Where("body = ?", "new").Count(&n).Error)
			if n != int64(rows) {
				t.Errorf("%d rows were written", n)
			}
			if kept {
				other.isKept()
			} else {
				other.isFresh()
			}
		})
	}
}

// What a write alters it cannot tell as it was.
func TestWhatIsAlteredIsReadBefore(t *testing.T) {
	f := newFixture(t, everything)
	one, two, three := f.watch("1", category(1).read).isCached(), f.watch("2", category(2).read).isCached(), f.watch("3", category(3).read).isCached()
	f.sends(imaged(), func(db *gorm.DB) error { return db.Model(&Post{ID: 1}).Update("category_id", 2).Error })
	one.isFresh()
	two.isFresh()
	three.isKept()
}

// A column that the database computes changes though it is not named.
func TestGeneratedColumnsAreNotTold(t *testing.T) {
	f := openFixture(t, everything, &gorm.Config{})
	must(t, f.truth.Exec("CREATE TABLE parts (id int PRIMARY KEY, size int, twice int GENERATED ALWAYS AS (size * 2) STORED, name varchar(9))").Error)
	must(t, f.truth.Exec("INSERT INTO parts (id, size, name) VALUES (1, 1, 'a'), (2, 2, 'b'), (3, 3, 'c')").Error)
	type part struct {
		ID, Size int
		Twice    int `gorm:"->"`
		Name     string
	}
	twice := func(n int) *watched {
		return f.watch(fmt.Sprint("twice ", n), into(func(db *gorm.DB, parts *[]part) *gorm.DB { return db.Find(parts, "twice = ?", n) })).isCached()
	}
	two, four := twice(2), twice(4)
	must(t, f.db.Model(&part{ID: 1}).Update("size", 2).Error)
	two.isFresh()
	four.isFresh()
}

// TestWhatTheCallerSees compares what a caller is told of a write with what he is
// told without the plugin.
func TestWhatTheCallerSees(t *testing.T) {
	for name, write := range map[string]func(db *gorm.DB) *gorm.DB{
		"one row":             func(db *gorm.DB) *gorm.DB { return db.Model(&Post{ID: 1}).Update("title", "new") },
		"no row":              func(db *gorm.DB) *gorm.DB { return db.Model(&Post{ID: 99}).Update("title", "new") },
		"a key that is taken": func(db *gorm.DB) *gorm.DB { return db.Model(&Note{ID: 1}).Update("id", 2) },
		"a comment":           func(db *gorm.DB) *gorm.DB { return db.Model(&Post{}).Where("id = 1 /* -- */").Update("title", "new") },
		"a comment by a number sign": func(db *gorm.DB) *gorm.DB {
			return db.Unscoped().Model(&Post{}).Where("id = 1 "+sqlFor("", "", "# one")).Update("title", "new")
		},
		"a comment to the end": func(db *gorm.DB) *gorm.DB {
			return db.Unscoped().Model(&Post{}).Where("id = 1 -- one").Update("title", "new")
		},
		"a dry run": func(db *gorm.DB) *gorm.DB {
			return db.Session(&gorm.Session{DryRun: true}).Model(&Post{ID: 1}).Update("title", "new")
		},
		"a context that has ended": func(db *gorm.DB) *gorm.DB {
			ctx, cancel := context.WithCancel(context.Background())
			tx := db.Begin()
			defer tx.Rollback()
			cancel()
			return tx.WithContext(ctx).Model(&Post{ID: 1}).Update("title", "new")
		},
		"rows of its own": func(db *gorm.DB) *gorm.DB {
			return db.Model(&Post{}).Clauses(clause.Returning{Columns: []clause.Column{{Name: "views"}}}).Where("id = ?", 1).Update("title", "new")
		},
		"a delete": func(db *gorm.DB) *gorm.DB {
			return db.Exec("DELETE FROM post_tags").Unscoped().Delete(&Post{}, []int{1, 2})
		},
	} {
		t.Run(name, func(t *testing.T) {
			if strings.HasPrefix(name, "rows") {
				returnsOnly(t)
			}
			seen := func(cached bool) string {
				f := newFixture(t, everything)
				var log strings.Builder
				db := f.truth
				if cached {
					db = f.db
					f.watch("category 1", category(1).read).isCached()
					f.watch("second", noteSaying("second").read).isCached()
				}
				db = db.Session(&gorm.Session{Logger: &tracer{log: &log}, NowFunc: func() time.Time { return time.Unix(1e9, 0) }})
				tx := write(db)
				return fmt.Sprintf("%d rows, %v\n%s", tx.RowsAffected, tx.Error, log.String())
			}
			if got, want := seen(true), seen(false); got != want {
				t.Errorf("with the plugin\n%swithout\n%s", got, want)
			}
		})
	}
}

// tracer notes the writes that GORM traces, with their rows.
type tracer struct{ log *strings.Builder }

func (l *tracer) LogMode(logger.LogLevel) logger.Interface { return l }
func (l *tracer) Info(context.Context, string, ...any)     {}
func (l *tracer) Warn(context.Context, string, ...any)     {}
func (l *tracer) Error(context.Context, string, ...any)    {}
func (l *tracer) Trace(_ context.Context, _ time.Time, f func() (string, int64), err error) {
	if sql, rows := f(); strings.HasPrefix(sql, "UPDATE") || strings.HasPrefix(sql, "DELETE") {
		fmt.Fprintf(l.log, "%s; %d rows, %v\n", sql, rows, err)
	}
}

// What another plugin's callback sends beside the write is sent as ever, and
// belongs to the same transaction.
func TestAWriteThatACallbackSurrounds(t *testing.T) {
	f := newFixture(t, everything)
	plain, _ := openDB(t, f.dsn, &gorm.Config{})
	update := plain.Callback().Update().Get("gorm:update")
	fail := errors.New("no")
	var outcome error
	must(t, plain.Callback().Update().Replace("gorm:update", func(db *gorm.DB) {
		update(db)
		if db.DryRun || db.Statement.Table != "posts" {
			return
		}
		session := db.Session(&gorm.Session{NewDB: true})
		must(t, session.Transaction(func(tx *gorm.DB) error { return setText(1, "noted")(tx) }))
		_ = session.Transaction(func(tx *gorm.DB) error { return errors.Join(setText(2, "lost")(tx), fail) })
		_ = db.AddError(outcome)
	}))
	must(t, plain.Use(f.cache))
	first, second := f.watch("note 1", note(1).read).isCached(), f.watch("note 2", note(2).read).isCached()
	its, others := f.watch("1", category(1).read).isCached(), f.watch("2", category(2).read).isCached()
	must(t, plain.Model(&Post{ID: 1}).Update("title", "new").Error)
	first.isFresh()
	second.isKept()
	its.isFresh()
	others.isKept()
	outcome = fail
	if err := plain.Model(&Post{ID: 1}).Update("title", "newer").Error; !errors.Is(err, fail) {
		t.Errorf("the write came back with %v", err)
	}
	first.isKept()
	its.isKept()
}

// On a watched pool the callback still tells of its write.
func TestAWatchedWriteTellsOfItsRows(t *testing.T) {
	f := newFixture(t, everything)
	db, _ := f.watchedDB(gorm.Config{})
	its, others := f.watch("1", category(1).read).isCached(), f.watch("2", category(2).read).isCached()
	must(t, db.Model(&Post{ID: 1}).Update("title", "new").Error)
	its.isFresh()
	others.isKept()
}
