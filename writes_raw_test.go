package cacheops_test

import (
	"database/sql"
	"errors"
	"testing"
	"time"

	"gorm.io/gorm"
)

func exec(text string, args ...any) func(db *gorm.DB) error {
	return func(db *gorm.DB) error { return db.Exec(text, args...).Error }
}

func TestExec(t *testing.T) {
	eachWriting(t, []writing{{
		name: "update with arguments", write: exec("UPDATE posts SET title = ? WHERE id = ?", "new", 1),
		fresh: []view{post(1), category(1)}, kept: []view{post(2), author(1)},
	}, {
		name: "update with literals", write: exec("UPDATE posts SET category_id = 2 WHERE category_id = 1"),
		fresh: []view{post(1), category(1), category(2)}, kept: []view{category(3), author(1)},
	}, {
		name:  "update with named arguments",
		write: exec("UPDATE posts SET title = @title WHERE id = @id", sql.Named("title", "new"), sql.Named("id", 1)),
		fresh: []view{post(1), category(1)}, kept: []view{post(2)},
	}, {
		name: "update with quoted names and capitals", write: exec(sqlFor(
			"UPDATE \"Posts\" SET [Title] = 'new' WHERE `ID` = 1", `UPDATE "posts" SET Title = 'new' WHERE ID = 1`,
			"UPDATE `posts` SET `Title` = 'new' WHERE `ID` = 1")),
		fresh: []view{post(1), category(1)}, kept: []view{post(2)},
	}, {
		name: "update of another table through an alias", write: exec("UPDATE " + sqlFor("main.", "public.", "") + "posts AS p SET title = 'new' WHERE p.id = 1"),
		fresh: []view{post(1), category(1)}, kept: []view{post(2)},
	}, {
		name: "update from",
		write: exec(sqlFor("UPDATE posts SET title = a.name FROM authors AS a WHERE a.id = posts.author_id AND a.id = ?",
			"UPDATE posts SET title = a.name FROM authors AS a WHERE a.id = posts.author_id AND a.id = ?",
			"UPDATE posts JOIN authors AS a ON a.id = posts.author_id SET title = a.name WHERE a.id = ?"), 1),
		fresh: []view{postsBy(1), post(1)}, kept: []view{postsBy(2), author(1)}, wide: joinedTables,
	}, {
		name:  "update with a common table expression",
		only:  "sqlite postgres",
		write: exec("WITH old AS (SELECT id FROM notes WHERE text = ?) UPDATE notes SET text = 'x' WHERE id IN (SELECT id FROM old)", "first"),
		fresh: []view{note(1), notes, noteSaying("x")}, kept: []view{noteIDs, tag(1)},
	}, {
		name: "insert", write: exec("INSERT INTO notes (id, text) VALUES (?, ?), (4, 'four')", 3, "three"),
		fresh: []view{note(3), note(4), notes, noteSaying("four")}, kept: []view{note(1), noteSaying("first")},
	}, {
		name: "insert without columns", write: exec("INSERT INTO notes VALUES (3, 'three')"),
		fresh: []view{note(3), notes}, kept: []view{tag(1)},
	}, {
		name: "insert from a query", write: exec("INSERT INTO notes (text) SELECT name FROM tags WHERE id = ?", 1),
		fresh: []view{note(3), notes, noteSaying("go")}, kept: []view{tag(1), tags},
	}, {
		name: "insert or ignore, ignored", write: exec(ignoring("(1, 'other')")),
		kept: []view{tag(1), tags, tagNamed("other")},
	}, {
		name: "insert or ignore, not ignored", write: exec(ignoring("(4, 'new')")),
		fresh: []view{tag(4), tags, tagNamed("new")}, kept: []view{tag(1), tagNamed("go")}, wide: adjusted,
	}, {
		name: "replace", only: "sqlite mysql", write: exec("REPLACE INTO notes (id, text) VALUES (1, 'replaced')"),
		fresh: []view{note(1), notes, noteSaying("first"), noteSaying("replaced")}, kept: []view{tag(1)},
	}, {
		name:  "replace, of a row in the way of another key",
		only:  "sqlite mysql",
		given: exec("DELETE FROM post_tags"),
		write: exec("REPLACE INTO tags (id, name) VALUES (9, 'sql')"),
		fresh: []view{tag(2), tag(9), tags, tagNamed("sql")}, kept: []view{note(1)},
	}, {
		name: "upsert", write: exec("INSERT INTO notes (id, text) VALUES (1, 'x') " + sqlFor(
			"ON CONFLICT (id) DO UPDATE SET text = excluded.text || '!'", "ON CONFLICT (id) DO UPDATE SET text = excluded.text || '!'",
			"ON DUPLICATE KEY UPDATE text = CONCAT(VALUES(text), '!')")),
		fresh: []view{note(1), notes, noteSaying("first"), noteSaying("x!")}, kept: []view{note(2), tag(1)},
	}, {
		name: "delete", write: exec("DELETE FROM notes WHERE id IN (?, 7)", 1),
		fresh: []view{note(1), notes, noteIDs}, kept: []view{note(2), tag(1)},
	}, {
		name: "delete of no row", write: exec("DELETE FROM notes WHERE id = 7"),
		kept: []view{note(1), note(7), notes},
	}, {
		name: "two statements", only: "sqlite", write: exec("UPDATE notes SET text = 'x' WHERE id = 1; UPDATE tags SET name = 'y' WHERE id = 1"),
		// Prepared, only the first is sent.
		fresh: []view{note(1), notes},
	}, {
		name:  "two statements, the last of which reaches no row",
		only:  "sqlite",
		write: exec("UPDATE notes SET text = 'x' WHERE id = 1; UPDATE tags SET name = 'y' WHERE id = 99"),
		fresh: []view{note(1), notes},
	}, {
		name: "a statement that changes no row", write: exec(sqlFor("ANALYZE", "ANALYZE", "ANALYZE TABLE notes")),
		kept: []view{note(1), notes, post(1)},
	}})
}

// ignoring inserts a tag unless there is one in its way.
func ignoring(values string) string {
	const into = "INTO tags (id, name) VALUES "
	return sqlFor("INSERT OR IGNORE "+into+values, "INSERT "+into+values+" ON CONFLICT DO NOTHING", "INSERT IGNORE "+into+values)
}

func TestRawThatReturns(t *testing.T) {
	const update = "UPDATE posts SET title = 'new' WHERE id = ? RETURNING id, title"
	eachWriting(t, []writing{{
		name: "find", only: "sqlite postgres", write: func(db *gorm.DB) error { return db.Raw(update, 1).Find(&[]Post{}).Error },
		fresh: []view{post(1), category(1)}, kept: []view{post(2), author(1)},
	}, {
		name: "first into a struct", only: "sqlite postgres", write: func(db *gorm.DB) error { return db.Raw(update, 1).First(&Post{}).Error },
		fresh: []view{post(1), category(1)}, kept: []view{post(2), author(1)},
	}, {
		name: "find of no row", only: "sqlite postgres", write: func(db *gorm.DB) error { return db.Raw(update, 99).Find(&[]Post{}).Error },
		kept: []view{post(1), post(2), author(1)},
	}, {
		name: "insert", write: func(db *gorm.DB) error {
			return db.Raw("INSERT INTO notes (id, text) VALUES (?, 'new') RETURNING *", 3).Find(&[]Note{}).Error
		},
		fresh: []view{note(3), notes}, kept: []view{note(1), tag(1)},
	}, {
		name: "delete", write: func(db *gorm.DB) error {
			return db.Raw("DELETE FROM notes WHERE id = ? RETURNING *", 1).Find(&[]Note{}).Error
		},
		fresh: []view{note(1), notes}, kept: []view{note(2), tag(1)},
	}})
}

// rowWrites are writes whose rows the caller reads, and closes when he likes.
var rowWrites = map[string]func(db *gorm.DB) error{
	"scan": func(db *gorm.DB) error {
		var title string
		return db.Raw("UPDATE posts SET title = 'new' WHERE id = ? RETURNING title", 1).Scan(&title).Error
	},
	"row": func(db *gorm.DB) error {
		var title string
		return db.Raw("UPDATE posts SET title = 'new' WHERE id = ? RETURNING title", 1).Row().Scan(&title)
	},
	"rows": func(db *gorm.DB) error {
		rows, err := db.Raw("UPDATE posts SET title = 'new' WHERE id = ? RETURNING title", 1).Rows()
		if err != nil {
			return err
		}
		for rows.Next() {
		}
		return errors.Join(rows.Err(), rows.Close())
	},
}

func TestWriteWhoseRowsAreReadInATransaction(t *testing.T) {
	onlyOn(t, "sqlite postgres", noUpdateReturning)
	for name, write := range rowWrites {
		for _, mode := range modes {
			t.Run(name+"/"+mode.name, func(t *testing.T) {
				t.Parallel()
				options := mode.options
				w := writing{write: write, fresh: []view{post(1), category(1)}, kept: []view{post(2), author(1)}}
				w.checkInTransaction(newFixtureWith(t, everything, &options))
			})
		}
	}
}

// Outside a transaction such a write ends when its rows are closed, which is
// not seen. What it may touch stays out of the cache for as long as that may
// take.
func TestWriteWhoseRowsAreReadOutsideATransaction(t *testing.T) {
	onlyOn(t, "sqlite postgres", noUpdateReturning)
	config := everything
	config.UnseenCommit = time.Hour
	for name, write := range rowWrites {
		t.Run(name, func(t *testing.T) {
			f := newFixtureWith(t, config, &gorm.Config{})
			one, list := f.watch("post 1", firstPost(1)).isCached(), f.watch("category 1", category(1).read).isCached()
			two, writer := f.watch("post 2", firstPost(2)).isCached(), f.watch("author 1", author(1).read).isCached()
			must(t, write(f.db))
			one.isBypassed()
			list.isBypassed()
			two.isKept()
			writer.isKept()
		})
	}
}

// chattyTag writes notes when a tag is written.
type chattyTag struct {
	ID   uint
	Name string
}

func (chattyTag) TableName() string { return "tags" }

func (t *chattyTag) AfterSave(db *gorm.DB) error {
	return db.Create(&Note{Text: "a tag was saved"}).Error
}

func (t *chattyTag) BeforeDelete(db *gorm.DB) error {
	return db.Exec("UPDATE notes SET text = 'a tag was deleted' WHERE id = 1").Error
}

func TestHooksThatWriteOtherTables(t *testing.T) {
	eachWriting(t, []writing{{
		name: "create", write: func(db *gorm.DB) error { return db.Create(&chattyTag{Name: "new"}).Error },
		fresh: []view{tags, notes, noteSaying("a tag was saved")}, kept: []view{tag(1), note(1), noteSaying("first")},
	}, {
		name: "update", write: func(db *gorm.DB) error { return db.Model(&chattyTag{ID: 1}).Update("name", "new").Error },
		fresh: []view{tag(1), notes, note(3)}, kept: []view{tag(2), note(1)},
	}, {
		name: "update without hooks", write: func(db *gorm.DB) error { return db.Model(&chattyTag{ID: 1}).UpdateColumn("name", "new").Error },
		fresh: []view{tag(1)}, kept: []view{tag(2), note(1), notes},
	}, {
		name: "delete", given: exec("DELETE FROM post_tags"),
		write: func(db *gorm.DB) error { return db.Delete(&chattyTag{ID: 1}).Error },
		fresh: []view{tag(1), note(1), notes}, kept: []view{tag(2), note(2)},
	}})
}

// failing fails after it has written.
type failing struct {
	ID   uint
	Text string
}

func (failing) TableName() string { return "notes" }

func (n *failing) AfterCreate(*gorm.DB) error { return errRollback }

// A failed write in GORM's own transaction is rolled back with it.
func TestFailedWriteDropsNothing(t *testing.T) {
	writes := map[string]func(db *gorm.DB) error{
		"unique key":           func(db *gorm.DB) error { return db.Create(&Tag{Name: "go"}).Error },
		"unique key of update": func(db *gorm.DB) error { return db.Model(&Tag{ID: 2}).Update("name", "go").Error },
		"second of two batches": func(db *gorm.DB) error {
			return db.CreateInBatches([]Tag{{Name: "new"}, {Name: "go"}}, 1).Error
		},
		"foreign key":  func(db *gorm.DB) error { return db.Delete(&Tag{}, 1).Error },
		"hook":         func(db *gorm.DB) error { return db.Create(&failing{Text: "never"}).Error },
		"no condition": func(db *gorm.DB) error { return db.Delete(&Tag{}).Error },
	}
	for name, write := range writes {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, everything)
			held := f.hold([]view{tag(1), tag(2), tags, tagNamed("new"), notes, noteSaying("never")})
			if write(f.db) == nil {
				t.Fatal("the write did not fail")
			}
			for _, r := range held {
				r.isKept()
			}
		})
	}
}

// failingHalfway begins an insert that, on SQLite, keeps the rows that came
// before the one that failed.
func failingHalfway() string { return sqlFor("INSERT OR FAIL", "INSERT", "INSERT") }

// The error of a statement does not end the transaction around it, which may
// be committed with what else it wrote.
func TestFailedWriteInATransactionThatCommits(t *testing.T) {
	onlyOn(t, "sqlite mysql", "PostgreSQL commits nothing after an error")
	f := newFixture(t, everything)
	one, two := f.watch("note 1", note(1).read).isCached(), f.watch("note 2", note(2).read).isCached()
	partly := f.watch("tags", tags.read).isCached()
	must(t, f.db.Transaction(func(tx *gorm.DB) error {
		must(t, tx.Model(&Note{ID: 1}).Update("text", "new").Error)
		if tx.Exec(failingHalfway()+" INTO tags (name) VALUES ('new'), ('go')").Error == nil {
			t.Error("the write did not fail")
		}
		return nil
	}))
	one.isFresh()
	two.isKept()
	partly.isFresh()
}

// Outside a transaction the database may have done the work all the same, as
// SQLite did here.
func TestFailedWriteOutsideATransaction(t *testing.T) {
	f := newFixtureWith(t, everything, &gorm.Config{SkipDefaultTransaction: true})
	partly, other := f.watch("tags", tags.read).isCached(), f.watch("note 1", note(1).read).isCached()
	if f.db.Exec(failingHalfway()+" INTO tags (name) VALUES ('new'), ('go')").Error == nil {
		t.Error("the write did not fail")
	}
	partly.isFresh()
	other.isKept()
}
