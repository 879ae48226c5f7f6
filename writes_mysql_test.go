package cacheops_test

import (
	"io"
	"strings"
	"testing"

	mysqldriver "github.com/go-sql-driver/mysql"
	"gorm.io/gorm"
)

func sheet(id int) view {
	return view{"sheet", text("SELECT name FROM sheets WHERE id = ?", id)}
}

var sheets = rowsAre("sheets", "SELECT id, name FROM sheets ORDER BY id")

func TestWritesOfMySQL(t *testing.T) {
	onlyOn(t, "mysql", "its own syntax")
	raw := func(sql string) func(*gorm.DB) error {
		return func(db *gorm.DB) error { return db.Raw(sql).Find(&[]int{}).Error }
	}
	eachWritingOn(t, newSheets, []writing{{
		name: "UPDATE of two tables", write: exec("UPDATE sheets s JOIN posts p ON p.id = s.id SET s.name = 'new', p.title = 'new' WHERE s.id = 1 AND p.id = 1"),
		fresh: []view{sheet(1), sheets, post(1)}, kept: []view{sheet(2), post(2), tag(1)},
	}, {
		name: "UPDATE of one of two tables", write: exec("UPDATE sheets s, posts p SET s.name = p.title WHERE p.id = s.id AND s.id = 1"),
		fresh: []view{sheet(1), sheets}, kept: []view{sheet(2), post(1), tag(1)},
	}, {
		name: "UPDATE of some rows", write: exec("UPDATE sheets SET name = 'new' WHERE id < 3 ORDER BY id LIMIT 1"),
		fresh: []view{sheet(1), sheets}, kept: []view{sheet(3), post(1)},
	}, {
		name: "UPDATE IGNORE", write: exec("UPDATE IGNORE sheets SET id = 2, name = 'never' WHERE id = 1 OR id = 4"),
		kept: []view{sheet(3), post(1)},
	}, {
		name: "DELETE of two tables", write: exec("DELETE s, n FROM sheets s JOIN notes n ON n.id = s.id WHERE s.id = 1 AND n.id = 1"),
		fresh: []view{sheet(1), sheets, note(1), notes}, kept: []view{sheet(2), note(2), tag(1)},
	}, {
		name: "DELETE with USING", write: exec("DELETE FROM s USING sheets s JOIN posts p ON p.id = s.id WHERE s.id = 1"),
		fresh: []view{sheet(1), sheets}, kept: []view{sheet(2), post(1)},
	}, {
		name: "DELETE of some rows", write: exec("DELETE FROM sheets WHERE id > 1 ORDER BY id DESC LIMIT 1"),
		fresh: []view{sheet(3), sheets}, kept: []view{sheet(1), post(1)},
	}, {
		name: "REPLACE", write: exec("REPLACE INTO sheets (id, name) VALUES (1, 'new')"),
		fresh: []view{sheet(1), sheets}, kept: []view{post(1), tag(1)},
	}, {
		name: "REPLACE with SET", write: exec("REPLACE sheets SET id = 1, name = 'new'"),
		fresh: []view{sheet(1), sheets}, kept: []view{post(1), tag(1)},
	}, {
		name: "ON DUPLICATE KEY UPDATE", write: exec("INSERT INTO sheets (id, name) VALUES (1, 'new') ON DUPLICATE KEY UPDATE name = VALUES(name)"),
		fresh: []view{sheet(1), sheets}, kept: []view{sheet(2), post(1)},
	}, {
		name: "ON DUPLICATE KEY UPDATE to the same", write: exec("INSERT INTO sheets (id, name) VALUES (1, 'Ant') ON DUPLICATE KEY UPDATE name = VALUES(name)"),
		kept: []view{sheet(1), sheets, post(1)},
	}, {
		name: "INSERT IGNORE, ignored", write: exec("INSERT IGNORE INTO sheets (id, name) VALUES (1, 'never')"),
		kept: []view{sheet(1), sheets, post(1)},
	}, {
		name: "INSERT with SET", write: exec("INSERT INTO sheets SET id = 7, name = 'new'"),
		fresh: []view{sheet(7), sheets}, kept: []view{sheet(1), post(1)},
	}, {
		name: "INSERT of a query", write: exec("INSERT INTO sheets (id, name) SELECT id + 10, name FROM sheets s WHERE id = 1"),
		fresh: []view{sheets}, kept: []view{post(1), tag(1)},
	}, {
		name: "INSERT with RETURNING", write: raw("INSERT INTO sheets (id, name) VALUES (7, 'new') RETURNING id"),
		fresh: []view{sheet(7), sheets}, kept: []view{sheet(1), post(1)},
	}, {
		name: "DELETE with RETURNING", write: raw("DELETE FROM sheets WHERE id = 1 RETURNING id"),
		fresh: []view{sheet(1), sheets}, kept: []view{sheet(2), post(1)},
	}, {
		name: "a function that writes", given: exec("CREATE FUNCTION rename_one() RETURNS INT BEGIN UPDATE sheets SET name = 'new' WHERE id = 1; RETURN 1; END"),
		write: func(db *gorm.DB) error { return db.Raw("SELECT rename_one()").Find(new(int)).Error },
		fresh: []view{sheet(1), sheets},
	}, {
		name: "a view that is written", write: exec("UPDATE names SET name = 'new' WHERE name = 'Ant'"),
		fresh: []view{sheet(1), sheets}, kept: []view{post(1), tag(1)},
	}, {
		name: "a variable", write: exec("UPDATE sheets SET name = @name := 'new' WHERE id = 1"),
		fresh: []view{sheet(1), sheets},
	}, {
		name: "a text in another case", write: exec("UPDATE sheets SET data = '{}' WHERE name = 'ANT'"),
		fresh: []view{rowsAre("data", "SELECT data FROM sheets WHERE name = 'ant'")}, kept: []view{sheet(1), sheets},
	}})
}

// A procedure may commit, so it changes everything at once.
func TestProceduresOfMySQL(t *testing.T) {
	onlyOn(t, "mysql", "its own syntax")
	f := newSheets(t)
	must(t, f.truth.Exec("CREATE PROCEDURE rename_one() UPDATE sheets SET name = 'new' WHERE id = 1").Error)
	changed, other := f.hold([]view{sheet(1)})[0], f.watch("post 1", firstPost(1)).isCached()
	must(t, f.db.Exec("CALL rename_one()").Error)
	changed.isChanged()
	other.isFresh()
}

// Files are loaded into a table as a whole.
func TestLoadData(t *testing.T) {
	onlyOn(t, "mysql", "its own syntax")
	f := newSheets(t)
	list, other := f.watch("sheets", sheets.read).isCached(), f.watch("post 1", firstPost(1)).isCached()
	mysqldriver.RegisterReaderHandler("sheets", func() io.Reader { return strings.NewReader("7\tloaded\n") })
	defer mysqldriver.DeregisterReaderHandler("sheets")
	must(t, f.db.Exec("LOAD DATA LOCAL INFILE 'Reader::sheets' INTO TABLE sheets (id, name)").Error)
	list.isFresh()
	other.isKept()
}
