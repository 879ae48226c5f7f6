package cacheops_test

import (
	"fmt"
	"strings"
)

// world is the random schema of one check.
type world struct {
	tables []table
	view   *table // of the first table, perhaps
	names  int    // given to indexes and triggers so far
}

type table struct {
	name    string
	keyless bool // has a rowid that no column names
	unique  bool // the key is the column id
	columns []column
}

type column struct {
	name   string
	domain domain
	// loose values can be equal and yet differ, by collation or by type, so
	// that DISTINCT may show either.
	loose     bool
	generated bool
}

// types of columns, with what is stored in them.
var types = []struct {
	sql    string
	domain domain
	loose  bool
}{
	{"INTEGER", ints, false}, {"INT", ints, false}, {"BIGINT NOT NULL DEFAULT 1", ints, false},
	{"INT DEFAULT 2", ints, false}, {"TEXT", texts, false}, {"TEXT COLLATE NOCASE", texts, true},
	{"VARCHAR(9) COLLATE RTRIM", texts, true}, {"TEXT DEFAULT 'a'", texts, false},
	{"REAL", reals, false}, {"NUMERIC", ints, true}, {"DECIMAL(9,2)", reals, true},
	{"BOOL", bools, true}, {"BOOLEAN", bools, true}, {"DATETIME", times, true},
	{"TIMESTAMP", times, true}, {"DATE", times, true}, {"BLOB", blobs, true}, {"", ints, true},
	{"STRING", texts, true},
}

// keys are the ways to declare the column id, which each table has.
var keys = []struct {
	sql             string
	domain          domain
	unique, keyless bool
}{
	{"id INTEGER PRIMARY KEY", ints, true, false},
	{"id INTEGER PRIMARY KEY", ints, true, false},
	{"id INTEGER PRIMARY KEY AUTOINCREMENT", ints, true, false},
	{"id INT PRIMARY KEY", ints, true, false},
	{"id TEXT PRIMARY KEY", texts, true, false},
	{"id TEXT COLLATE NOCASE PRIMARY KEY", texts, true, false},
	{"id DATETIME PRIMARY KEY", times, true, false},
	{"id INT", ints, false, true},
}

// newWorld draws two or three tables and returns their definitions.
func newWorld(d dice) (*world, []string) {
	w := &world{}
	var ddl []string
	for i := range 2 + d.below(2) {
		ddl = append(ddl, w.define(d, fmt.Sprintf("t%d", i)))
	}
	for range d.below(3) {
		ddl = append(ddl, w.index(d))
	}
	if d.chance(25) {
		ddl = append(ddl, w.trigger(d))
	}
	if d.chance(15) {
		ddl = append(ddl, w.throughView(d)...)
	}
	return w, ddl
}

// define adds a table.
func (w *world) define(d dice, name string) string {
	key := keys[d.below(len(keys))]
	t := table{name: name, unique: key.unique, keyless: key.keyless}
	t.columns = append(t.columns, column{name: "id", domain: key.domain, loose: true})
	parts := []string{key.sql}
	for _, name := range []string{"a", "b", "c", "d"}[:2+d.below(3)] {
		c, sql := w.column(d, &t, name)
		t.columns = append(t.columns, c)
		parts = append(parts, sql)
	}
	w.tables = append(w.tables, t)
	return fmt.Sprintf("CREATE TABLE %s (%s)", name, strings.Join(parts, ", "))
}

func (w *world) column(d dice, t *table, name string) (column, string) {
	if d.chance(10) {
		from := t.columns[d.below(len(t.columns))]
		how := pick(d, "%[1]s", "%[1]s + 1", "lower(%[1]s)", "coalesce(%[1]s, 0)", "length(%[1]s)")
		c := column{name: name, domain: from.domain, loose: true, generated: true}
		return c, fmt.Sprintf("%s %s AS (%s) %s", name, pick(d, "INT", "TEXT", ""), fmt.Sprintf(how, from.name), pick(d, "VIRTUAL", "STORED"))
	}
	kind := types[d.below(len(types))]
	c := column{name: name, domain: kind.domain, loose: kind.loose}
	sql := name + " " + kind.sql
	if d.chance(15) {
		sql += " UNIQUE" + pick(d, "", "", " ON CONFLICT REPLACE", " ON CONFLICT IGNORE", " ON CONFLICT FAIL")
	}
	if parent := pick(d, append(w.tables, *t)...); parent.unique && d.chance(25) {
		sql += fmt.Sprintf(" REFERENCES %s(id)", parent.name) +
			pick(d, "", " ON DELETE CASCADE", " ON DELETE SET NULL", " ON DELETE SET DEFAULT") +
			pick(d, "", " ON UPDATE CASCADE", " ON UPDATE SET NULL", " ON UPDATE SET DEFAULT") +
			pick(d, "", " DEFERRABLE INITIALLY DEFERRED")
	}
	return c, sql
}

func (w *world) table(d dice) *table { return &w.tables[d.below(len(w.tables))] }

func (t *table) column(d dice) column { return t.columns[d.below(len(t.columns))] }

// written are the columns that a statement may name as targets.
func (t *table) written() []column {
	var list []column
	for _, c := range t.columns {
		if !c.generated {
			list = append(list, c)
		}
	}
	return list
}

// name makes a name that nothing else has.
func (w *world) name(prefix string) string {
	w.names++
	return fmt.Sprintf("%s%d", prefix, w.names)
}

func (w *world) index(d dice) string {
	t := w.table(d)
	sql := fmt.Sprintf("CREATE %sINDEX %s ON %s(%s%s)", pick(d, "", "UNIQUE "), w.name("i"), t.name, t.column(d).name, pick(d, "", ", id"))
	if d.chance(20) {
		sql += fmt.Sprintf(" WHERE %s IS NOT NULL", t.column(d).name)
	}
	return sql
}

// trigger writes to some table, before or after another is written.
func (w *world) trigger(d dice) string {
	t := w.table(d)
	event := pick(d, "INSERT", "DELETE", "UPDATE", "UPDATE OF "+t.column(d).name)
	s := writer{dice: d, world: w, plain: true}
	body := s.simpleWrite()
	if d.chance(20) {
		body += "; SELECT RAISE(IGNORE)"
	}
	return fmt.Sprintf("CREATE TRIGGER %s %s %s ON %s BEGIN %s; END", w.name("g"), pick(d, "BEFORE", "AFTER"), event, t.name, body)
}

// throughView makes a view of the first table that can be written through.
func (w *world) throughView(d dice) []string {
	t := w.tables[0]
	w.view = &table{name: "v", columns: t.columns}
	s := writer{dice: d, world: w, plain: true}
	return []string{
		"CREATE VIEW v AS SELECT * FROM " + t.name,
		fmt.Sprintf("CREATE TRIGGER %s INSTEAD OF %s ON v BEGIN %s; END", w.name("g"), pick(d, "INSERT", "UPDATE", "DELETE"), s.simpleWrite()),
	}
}
