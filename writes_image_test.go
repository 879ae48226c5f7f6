package cacheops_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops"
	"github.com/seed92106438/cacheops/profiles"
)

// An image is the rows that a write is about to reach, read before it in the
// write's transaction, unless the write itself tells: see returning_test.go. On SQLite one statement takes the lock to write, one
// reads; on PostgreSQL one sets a savepoint, one reads, and one releases the
// savepoint after the write; on MySQL one reads.

// imaged is how many statements a write with an image takes.
func imaged() int { return map[string]int{"sqlite": 3, "postgres": 4, "mysql": 2}[*database] }

// sends checks how many statements a write takes.
func (f *fixture) sends(statements int, write func(db *gorm.DB) error) {
	f.Helper()
	f.log.Take()
	must(f, write(f.db))
	if sent := f.log.Take(); len(sent) != statements {
		f.Errorf("the write took %d statements, want %d: %q", len(sent), statements, sent)
	}
}

func setText(id int, text string) func(db *gorm.DB) error {
	return func(db *gorm.DB) error { return db.Model(&Note{ID: uint(id)}).Update("text", text).Error }
}

func TestImageIsReadWhereItSparesAResult(t *testing.T) {
	f := newFixture(t, everything)
	byText := f.watch("second", noteSaying("second").read).isCached()
	f.sends(imaged(), setText(1, "new"))
	byText.isKept()
	f.sends(imaged(), setText(2, "newer"))
	byText.isFresh()
	f.sends(telling(), func(db *gorm.DB) error { return db.Delete(&Note{}, 1).Error })
	byText.isKept()
	f.sends(1, func(db *gorm.DB) error { return db.Create(&Note{Text: "another"}).Error })
	byText.isKept()
}

func TestImageOfATransactionThatWritesTakesNoLock(t *testing.T) {
	onlyOn(t, "sqlite", "elsewhere there is no such lock")
	f := newFixture(t, everything)
	byText := f.watch("second", noteSaying("second").read).isCached()
	f.sends(5, func(db *gorm.DB) error {
		return db.Transaction(func(tx *gorm.DB) error {
			must(t, setText(1, "new")(tx))
			return setText(1, "newer")(tx)
		})
	})
	byText.isKept()
}

func TestImageIsNotReadWhereItSparesNothing(t *testing.T) {
	if rowsAreKept() {
		t.Skip("what other processes have stored in a shared region may be spared by any image")
	}
	update := setText(1, "new")
	tests := []struct {
		name   string
		cached view
		write  func(db *gorm.DB) error
	}{
		{"nothing cached of the table", tag(1), update},
		{"the key is all that counts", note(2), update},
		{"the condition says all", noteSaying("second"), func(db *gorm.DB) error {
			return db.Model(&Note{}).Where("text = ?", "first").Update("text", "new").Error
		}},
		{"no result is confined to columns", noteIDs, update},
		{"the column is not looked at", viewOf("ids of a category", func(db *gorm.DB, ids *[]uint) *gorm.DB {
			return db.Unscoped().Model(&Post{}).Where("category_id = ?", 2).Pluck("id", ids)
		}), func(db *gorm.DB) error { return db.Model(&Post{ID: 1}).UpdateColumn("body", "new").Error }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := newFixture(t, everything)
			read := f.watch(test.cached.name, test.cached.read).isCached()
			f.sends(1, test.write)
			read.isKept()
		})
	}
}

func TestNoImageOutsideATransaction(t *testing.T) {
	f := newFixtureWith(t, everything, &gorm.Config{SkipDefaultTransaction: true})
	byText := f.watch("second", noteSaying("second").read).isCached()
	f.sends(1, setText(1, "new"))
	byText.isFresh() // the note might have been the second
	f.sends(imaged(), func(db *gorm.DB) error { return db.Transaction(setText(1, "newer")) })
	byText.isKept()
}

func TestProfileWithoutImages(t *testing.T) {
	config := cacheops.Config{Profiles: profiles.Set{
		"notes": {Ops: profiles.All, TTL: time.Hour, NoImages: true},
		"*":     {Ops: profiles.All, TTL: time.Hour},
	}}
	f := newFixtureWith(t, config, &gorm.Config{})
	byText, two := f.watch("second", noteSaying("second").read).isCached(), f.watch("note 2", note(2).read).isCached()
	list := f.watch("category 2", category(2).read).isCached()
	f.sends(1, setText(1, "new"))
	byText.isFresh()
	two.isKept()
	f.sends(telling(), func(db *gorm.DB) error { return db.Model(&Post{ID: 1}).Update("title", "new").Error })
	list.isKept()
}

// Past 256 rows the image is given up, and the change is known by its WHERE.
func TestImageOfManyRows(t *testing.T) {
	onlyOn(t, "sqlite postgres", severalRows.why)
	for rows, kept := range map[int]bool{256: true, 257: false} {
		t.Run(fmt.Sprint(rows), func(t *testing.T) {
			f := newFixture(t, everything)
			many := make([]Note, rows)
			for i := range many {
				many[i] = Note{ID: uint(1000 + i), Text: "many"}
			}
			must(t, f.truth.Create(&many).Error)
			read, touched := f.watch("second", noteSaying("second").read).isCached(), f.watch("many", noteSaying("many").read).isCached()
			f.sends(imaged(), func(db *gorm.DB) error {
				return db.Model(&Note{}).Where("id >= ?", 1000).Update("text", "new").Error
			})
			touched.isFresh()
			if kept {
				read.isKept()
			} else {
				read.isFresh()
			}
		})
	}
}

// Another writer waits for the lock, so the image is of the rows as they are
// when they are written.
func TestImageIsNotOutrun(t *testing.T) {
	f := newFixture(t, everything)
	list := func(text string) *watched { return f.watch(text, noteSaying(text).read).isCached() }
	first, between, last, second := list("first"), list("between"), list("last"), list("second")
	g, waits := newGate(), newGate()
	waits.open()
	f.log.Gate(func(what string) {
		if strings.HasPrefix(what, "UPDATE") {
			g.stop()
			return
		}
		select {
		case <-g.reached: // this is the other writer
			waits.stop()
		default:
		}
	})
	t.Cleanup(func() { f.log.Gate(nil) })
	done := make(chan error, 2)
	go func() { done <- setText(1, "between")(f.db) }()
	<-g.reached // its image says that note 1 was the first
	go func() { done <- setText(1, "last")(f.db) }()
	<-waits.reached
	g.open()
	must(t, <-done)
	must(t, <-done)
	f.log.Gate(nil)
	first.isFresh()
	between.isFresh()
	last.isFresh()
	second.isKept()
}

// A column that is ignored may be out of date in results, and nothing else.
func TestIgnoredColumns(t *testing.T) {
	config := cacheops.Config{Profiles: profiles.Set{
		"posts": {Ops: profiles.All, TTL: time.Hour, Ignore: []string{"Views", "updated_at"}},
	}}
	tests := []struct {
		name  string
		write func(db *gorm.DB) error
		kept  bool
	}{
		{"alone", func(db *gorm.DB) error { return db.Model(&Post{ID: 2}).UpdateColumn("views", 99).Error }, true},
		{"with another that is ignored", func(db *gorm.DB) error { return db.Model(&Post{ID: 2}).Update("views", 99).Error }, true},
		{"by an expression", func(db *gorm.DB) error {
			return db.Model(&Post{}).Where("id = 2").Update("views", gorm.Expr("views + 1")).Error
		}, true},
		{"as text", exec("UPDATE posts SET views = views + 1"), true},
		{"with another that is not", func(db *gorm.DB) error {
			return db.Model(&Post{ID: 2}).Updates(map[string]any{"views": 99, "title": "new"}).Error
		}, false},
		{"deleted with its row", func(db *gorm.DB) error { return db.Delete(&Post{}, 2).Error }, false},
		{"inserted with its row", func(db *gorm.DB) error {
			if *database != "postgres" {
				return db.Exec("REPLACE INTO posts (id, views) VALUES (2, 99)").Error
			}
			return errors.Join(db.Exec("DELETE FROM posts WHERE id = 2").Error, db.Exec("INSERT INTO posts (id, views) VALUES (2, 99)").Error)
		}, false},
	}
	for _, test := range tests {
		for name, options := range map[string]gorm.Config{"plain": {}, "no default transaction": {SkipDefaultTransaction: true}} {
			t.Run(test.name+"/"+name, func(t *testing.T) {
				f := newFixtureWith(t, config, &options)
				must(t, f.truth.Exec("DELETE FROM post_tags").Error)
				views := func() int64 {
					var p Post
					f.db.Find(&p, 2)
					return p.Views
				}
				cached := views()
				must(t, test.write(f.db))
				if got := views(); (got == cached) != test.kept {
					t.Errorf("post 2 had %d views and has %d", cached, got)
				}
			})
		}
	}
}
