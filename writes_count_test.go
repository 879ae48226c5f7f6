package cacheops_test

import (
	"strings"
	"testing"

	"gorm.io/gorm"
)

// A write that reached no row drops nothing, by the count that the database
// gives. The tests below are of the cases in which that count is not given, or
// does not tell all.

func TestWriteThatReachedNoRowDropsNothing(t *testing.T) {
	f := newFixture(t, everything)
	posts := f.watch("hidden posts", countOf("posts", "hidden")).isCached()
	must(t, f.db.Exec("UPDATE posts SET hidden = NOT hidden WHERE body = 'no such'").Error)
	must(t, f.db.Model(&Post{}).Where("body = ?", "no such").Update("hidden", true).Error)
	posts.isKept()
	must(t, f.db.Exec("UPDATE posts SET hidden = NOT hidden WHERE body = 'text'").Error)
	posts.isFresh()
}

// What triggers write is not counted, nor the row that one of them has
// replaced or called off.
func TestTriggersAreNotCounted(t *testing.T) {
	onlyOn(t, "sqlite postgres", "elsewhere triggers do not keep a row from being written")
	const update = "UPDATE tags SET name = name || '!' WHERE id = OLD.id; "
	callOff := sqlFor("SELECT RAISE(IGNORE)", "RETURN NULL", "")
	for name, c := range map[string]struct{ trigger, write string }{
		"row replaced": {
			trigger("g", "INSTEAD OF UPDATE ON tag_view", update+callOff),
			"UPDATE tag_view SET name = 'x' WHERE id = 1",
		},
		"row called off": {
			trigger("g", "BEFORE UPDATE ON notes", update+callOff),
			"UPDATE notes SET text = 'x' WHERE id = 1",
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, everything)
			must(t, f.truth.Exec("CREATE VIEW tag_view AS SELECT * FROM tags").Error)
			must(t, f.truth.Exec(c.trigger).Error)
			tags := f.watch("tags", countOf("tags", "name LIKE '%!'")).isCached()
			posts := f.watch("hidden posts", countOf("posts", "hidden")).isCached()
			tx := f.db.Exec(c.write)
			must(t, tx.Error)
			if tx.RowsAffected != 0 {
				t.Errorf("%d rows are counted: the test shows nothing", tx.RowsAffected)
			}
			tags.isFresh()
			posts.isKeptBut(byTriggers)
		})
	}
}

// Find counts the rows that it scans. Exec of a statement that returns rows
// reads none of them, and SQLite counts only then.
func TestRowsThatAreScannedAreNotRowsThatAreWritten(t *testing.T) {
	for name, write := range map[string]func(db *gorm.DB) *gorm.DB{
		"raw into nothing": func(db *gorm.DB) *gorm.DB {
			return db.Raw("UPDATE tags SET name = 'x!' WHERE id = 1").Find(&[]map[string]any{})
		},
		"exec of what returns rows": func(db *gorm.DB) *gorm.DB {
			return db.Exec("UPDATE tags SET name = 'x!' WHERE id = 1 RETURNING id")
		},
	} {
		t.Run(name, func(t *testing.T) {
			if strings.HasPrefix(name, "exec") {
				onlyOn(t, "sqlite", "others count the rows")
			}
			f := newFixture(t, everything)
			one := f.watch("first tag", countOf("tags", "id = 1 AND name = 'x!'")).isCached()
			two := f.watch("second tag", countOf("tags", "id = 2 AND name = 'x!'")).isCached()
			tx := write(f.db)
			must(t, tx.Error)
			if tx.RowsAffected != 0 {
				t.Errorf("%d rows are counted: the test shows nothing", tx.RowsAffected)
			}
			one.isFresh()
			two.isKept()
		})
	}
}

// The table of db.Table is an expression. The row's image is read without
// disturbing the statement, by the name that the expression gives to the table.
func TestImageOfATableGivenByName(t *testing.T) {
	for _, table := range []string{"posts", "posts AS p", "posts AS notes"} {
		t.Run(table, func(t *testing.T) {
			f := newFixture(t, everything)
			one := f.watch("category 1", countOf("posts", "category_id = 1")).isCached()
			two := f.watch("category 2", countOf("posts", "category_id = 2")).isCached()
			must(t, f.db.Table(table).Model(&struct{ ID uint }{}).Where("title = ?", "Post 1").Update("category_id", 9).Error)
			one.isFresh()
			two.isKeptBut(severalRows)
		})
	}
}

func countOf(table, where string) func(*gorm.DB) answer {
	return into(func(db *gorm.DB, n *int64) *gorm.DB { return db.Table(table).Where(where).Count(n) })
}
