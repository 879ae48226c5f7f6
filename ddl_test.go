package cacheops_test

import (
	"errors"
	"testing"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops/internal/sqlcount"
)

// noteWithAuthor is a Note to which a column is added.
type noteWithAuthor struct {
	ID     uint
	Text   string
	Author string `gorm:"default:nobody"`
}

func (noteWithAuthor) TableName() string { return "notes" }

// rowsOf reads all rows and columns of a table.
func rowsOf(table string) view {
	return viewOf("rows of "+table, func(db *gorm.DB, rows *[]map[string]any) *gorm.DB {
		return db.Table(table).Order("id").Find(rows)
	})
}

// A change of the definitions drops everything, and the catalogue is read
// again by the next miss, once.
func TestDefinitions(t *testing.T) {
	tests := []struct {
		name  string
		write func(db *gorm.DB) error
		gone  bool   // the table, so that reading it is an error
		not   string // why not on MySQL, if so
	}{
		{"AutoMigrate", func(db *gorm.DB) error { return db.AutoMigrate(&noteWithAuthor{}) }, false, ""},
		{"AddColumn", func(db *gorm.DB) error { return db.Migrator().AddColumn(&noteWithAuthor{}, "author") }, false, ""},
		{"DropColumn", func(db *gorm.DB) error { return db.Migrator().DropColumn(&Note{}, "text") }, false, ""},
		{"RenameColumn", func(db *gorm.DB) error { return db.Migrator().RenameColumn(&Note{}, "text", "body") }, false, ""},
		{"RenameTable", func(db *gorm.DB) error { return db.Migrator().RenameTable("notes", "memos") }, true, ""},
		{"DropTable", func(db *gorm.DB) error { return db.Migrator().DropTable(&Note{}) }, true, untrackedDrop},
		{"drop and CreateTable", func(db *gorm.DB) error {
			return errors.Join(db.Migrator().DropTable(&Note{}), db.Migrator().CreateTable(&noteWithAuthor{}))
		}, false, untrackedDrop},
		{"ALTER TABLE as text", exec("ALTER TABLE notes ADD COLUMN author TEXT DEFAULT 'nobody'"), false, ""},
		{"RENAME as text", exec("ALTER TABLE tags RENAME TO labels; ALTER TABLE notes RENAME TO tags; CREATE TABLE notes (id INTEGER PRIMARY KEY)"), false, severalStatements},
	}
	for _, test := range tests {
		for _, mode := range []string{"alone", "in a transaction"} {
			t.Run(test.name+"/"+mode, func(t *testing.T) {
				if test.not != "" {
					onlyOn(t, "sqlite postgres", test.not)
				}
				t.Parallel()
				f := newFixture(t, everything)
				read, other := f.hold([]view{rowsOf("notes")})[0], f.watch("author 1", author(1).read).isCached()
				if mode == "alone" {
					must(t, test.write(f.db))
				} else {
					must(t, f.db.Transaction(test.write))
				}
				if *database == "sqlite" {
					// It names the columns of a result by the definitions that
					// the connection knew before the statement began.
					must(t, f.truth.Exec("SELECT 1 FROM sqlite_master").Error)
				}
				f.reconnect()
				before := f.log.Catalogue()
				if test.gone {
					if read.costs(1).Err == nil {
						t.Error("the table is still there")
					}
				} else {
					read.isChanged()
				}
				other.isFresh()
				if n := f.log.Catalogue() - before; n != 1 {
					t.Errorf("the catalogue was read %d times, want 1", n)
				}
			})
		}
	}
}

func TestDefinitionThatIsRolledBackDropsNothing(t *testing.T) {
	onlyOn(t, "sqlite postgres", "MySQL commits a definition at once")
	f := newFixture(t, everything)
	held := f.hold([]view{rowsOf("notes"), author(1)})
	before := f.log.Catalogue()
	err := f.db.Transaction(func(tx *gorm.DB) error {
		must(t, tx.Exec("ALTER TABLE notes ADD COLUMN author TEXT DEFAULT 'nobody'").Error)
		must(t, tx.Exec("UPDATE notes SET author = 'me'").Error)
		return errRollback
	})
	if !errors.Is(err, errRollback) {
		t.Fatal(err)
	}
	for _, r := range held {
		r.isKept()
	}
	f.watch("tag 1", tag(1).read).isCached()
	if f.log.Catalogue() != before {
		t.Error("the catalogue was read again")
	}
}

func TestMigrationThatChangesNothingDropsNothing(t *testing.T) {
	f := newFixture(t, everything)
	held := f.hold([]view{note(1), tag(1)})
	must(t, f.db.AutoMigrate(&Note{}))
	for _, r := range held {
		r.isKept()
	}
}

// What is learnt from the new catalogue counts for the writes that follow.
func TestWritesAfterADefinition(t *testing.T) {
	f := newFixture(t, everything)
	f.watch("author 1", author(1).read).isCached()
	must(t, f.db.AutoMigrate(&noteWithAuthor{}))
	f.reconnect()
	by := func(name string) *watched {
		return f.watch("notes by "+name, into(func(db *gorm.DB, n *[]noteWithAuthor) *gorm.DB {
			return db.Find(n, "author = ?", name)
		})).isCached()
	}
	nobody, ada, bob := by("nobody"), by("ada"), by("bob")
	texts := f.watch("texts", into(func(db *gorm.DB, s *[]string) *gorm.DB {
		return db.Model(&noteWithAuthor{}).Order("id").Pluck("text", s)
	})).isCached()
	must(t, f.db.Model(&noteWithAuthor{ID: 1}).Update("author", "ada").Error)
	nobody.isFresh()
	ada.isFresh()
	bob.isKept()
	texts.isKept()
}

// A trigger that is made after a result was cached counts for the writes that
// come after it, also in the very transaction that makes it.
func TestTriggerThatIsMadeLater(t *testing.T) {
	trigger := trigger("echo", "AFTER UPDATE ON tags", "UPDATE notes SET text = new.name WHERE id = 1")
	rename := exec("UPDATE tags SET name = 'new' WHERE id = 1")
	t.Run("before", func(t *testing.T) {
		f := newFixture(t, everything)
		echoed := f.watch("note 1", note(1).read).isCached()
		must(t, f.db.Exec(trigger).Error)
		echoed.isFresh()
		other := f.watch("author 1", author(1).read).isCached()
		must(t, rename(f.db))
		echoed.isFresh()
		other.isKeptBut(byTriggers)
	})
	t.Run("in the transaction", func(t *testing.T) {
		f := newFixture(t, everything)
		echoed := f.watch("note 1", note(1).read).isCached()
		must(t, f.db.Transaction(func(tx *gorm.DB) error {
			return errors.Join(tx.Exec(trigger).Error, rename(tx))
		}))
		echoed.isFresh()
	})
	t.Run("the catalogue is not read yet", func(t *testing.T) {
		f := newFixture(t, everything)
		echoed := f.watch("note 1", note(1).read).isCached()
		must(t, f.db.Exec(trigger).Error)
		must(t, rename(f.db))
		echoed.isFresh()
	})
}

// A connection that knew the old definitions gives one more result by them,
// with or without a cache. It must not be stored.
func TestResultUnderOldDefinitionsIsNotStored(t *testing.T) {
	onlyOn(t, "sqlite mysql", "PostgreSQL gives no result by old definitions, but an error")
	f := newFixture(t, everything)
	pool, err := f.db.DB()
	must(t, err)
	must(t, f.db.Find(&[]Note{}).Error)
	old, err := pool.Conn(t.Context())
	must(t, err)
	rows, err := old.QueryContext(t.Context(), "SELECT * FROM notes")
	must(t, err)
	must(t, rows.Close())
	must(t, f.db.Exec("ALTER TABLE notes ADD COLUMN author TEXT DEFAULT 'nobody'").Error)
	must(t, f.db.Find(&[]Tag{}).Error) // the catalogue is read on another connection,
	busy, err := pool.Conn(t.Context())
	must(t, err) // which is kept busy
	must(t, old.Close())
	var first, second []map[string]any
	must(t, f.db.Table("notes").Find(&first).Error)
	must(t, f.db.Table("notes").Find(&second).Error)
	must(t, busy.Close())
	if _, ok := first[0]["author"]; ok {
		t.Log("the driver gave the new columns at once")
	}
	if got := second[0]["author"]; got != "nobody" {
		t.Errorf("the author is %v", got)
	}
}

// A trigger is created and committed, but not settled yet, when a write fires
// it. That write must not be understood by the catalogue from before.
func TestWriteWhileADefinitionIsBeingSettled(t *testing.T) {
	f := newFixture(t, everything)
	tag := f.watch("tag 1", into(func(db *gorm.DB, tag *Tag) *gorm.DB { return db.First(tag, 1) })).isCached()
	g := f.atStatement(sqlcount.Committed)
	created := make(chan error)
	go func() {
		created <- f.db.Transaction(func(tx *gorm.DB) error {
			return tx.Exec(trigger("retitled", "AFTER UPDATE ON posts", "UPDATE tags SET name = 'fired' WHERE id = 1")).Error
		})
	}()
	<-g.reached
	tx := f.db.Begin()
	must(t, setTitle(tx, 1, "changed")) // fires the trigger
	g.open()
	must(t, <-created)
	tag.isFresh() // as it still is: nothing is committed
	must(t, tx.Commit().Error)
	tag.isFresh()
}

// A write that was made before the catalogue was read is of every table, but
// has changed no definition.
func TestWriteWithoutACatalogueLeavesDefinitionsAlone(t *testing.T) {
	f := newFixture(t, everything)
	tx := f.db.Begin()
	must(t, setTitle(tx, 1, "changed"))
	note := f.watch("note 1", into(func(db *gorm.DB, n *Note) *gorm.DB { return db.First(n, 1) })).isCached()
	must(t, tx.Commit().Error)
	note.isFresh()
	if n := f.log.Catalogue(); n != 1 {
		t.Errorf("the catalogue was read %d times", n)
	}
}
