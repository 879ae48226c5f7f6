package cacheops_test

import (
	"fmt"
	"slices"
	"strings"
)

// world is the random schema of one check.
type world struct {
	*tongue
	tables []table
	view   *table // of the first table, perhaps
	names  int    // given to indexes and triggers so far
}

type table struct {
	name    string
	keyless bool // has a rowid that no column names, on SQLite
	unique  bool // the key is the column id
	columns []column
	links   []link
}

// link is a reference to the key of another table.
type link struct{ column, parent string }

type column struct {
	columnType
	name      string
	generated bool
	virtual   bool // and computed anew for each read
}

// newWorld draws two or three tables and returns their definitions.
func newWorld(d dice, speak *tongue) (*world, []string) {
	w := &world{tongue: speak}
	var ddl []string
	for i := range 2 + d.below(2) {
		ddl = append(ddl, w.define(d, fmt.Sprintf("t%d", i)))
	}
	for range d.below(3) {
		ddl = append(ddl, w.index(d))
	}
	if d.chance(25) {
		ddl = append(ddl, w.newTrigger(d)...)
	}
	if d.chance(15) {
		ddl = append(ddl, w.throughView(d)...)
	}
	return w, ddl
}

// define adds a table.
func (w *world) define(d dice, name string) string {
	key := pick(d, w.keys...)
	if d.chance(40) {
		key = w.keys[0]
	}
	t := table{name: name, unique: key.unique, keyless: key.keyless}
	t.columns = append(t.columns, column{columnType: key.columnType, name: "id"})
	parts := []string{"id " + key.sql + key.more}
	var references []string
	for _, name := range []string{"a", "b", "c", "d"}[:2+d.below(3)] {
		if parents := w.parents(t); len(parents) > 0 && d.chance(35) {
			c, sql, reference := w.reference(d, &t, pick(d, parents...), name)
			t.columns = append(t.columns, c)
			parts, references = append(parts, sql), append(references, reference)
			continue
		}
		c, sql := w.newColumn(d, &t, name)
		t.columns = append(t.columns, c)
		parts = append(parts, sql)
	}
	w.tables = append(w.tables, t)
	return fmt.Sprintf("CREATE TABLE %s (%s)", name, strings.Join(append(parts, references...), ", "))
}

// parents are the tables that t can refer to.
func (w *world) parents(t table) []table {
	return slices.DeleteFunc(append(slices.Clone(w.tables), t), func(t table) bool { return !t.unique })
}

// reference defines a column that refers to the key of another table.
func (w *world) reference(d dice, t *table, parent table, name string) (c column, sql, reference string) {
	c = column{columnType: parent.columns[0].columnType, name: name}
	if !w.strict && w.tongue == sqliteTongue && d.chance(30) {
		c.columnType = w.types[d.below(len(w.types))] // which SQLite does not mind
		c.loose = true
	}
	c.more = ""
	t.links = append(t.links, link{name, parent.name})
	reference = fmt.Sprintf("FOREIGN KEY (%s) REFERENCES %s(id)", name, parent.name) +
		pick(d, w.onDelete...) + pick(d, w.onUpdate...) + pick(d, w.deferred...)
	return c, name + " " + c.sql + w.uniqueness(d), reference
}

// uniqueness writes a constraint of a column, perhaps.
func (w *world) uniqueness(d dice) string {
	if !d.chance(25) {
		return ""
	}
	return " UNIQUE" + pick(d, w.tongue.unique...)
}

func (w *world) newColumn(d dice, t *table, name string) (column, string) {
	if d.chance(10) {
		return w.generated(d, t, name)
	}
	c := column{columnType: pick(d, w.types...), name: name}
	if d.chance(30) {
		c.columnType = w.types[0] // of which most is known
	}
	return c, name + " " + c.sql + c.more + w.uniqueness(d)
}

// generated defines a column that the database computes.
func (w *world) generated(d dice, t *table, name string) (column, string) {
	// What comes from elsewhere is not computed with, on some databases.
	own := slices.DeleteFunc(t.written(), func(c column) bool {
		return c.more == " AUTO_INCREMENT PRIMARY KEY" || strings.HasPrefix(c.sql, "CHAR") || slices.ContainsFunc(t.links, func(l link) bool { return l.column == c.name })
	})
	if len(own) == 0 {
		return w.newColumn(d, t, name)
	}
	from := pick(d, own...)
	c := column{columnType: columnType{from.sql, "", from.domain, true}, name: name, generated: true}
	how := "%s"
	switch {
	case w.tongue == sqliteTongue:
		c.sql = pick(d, "INT", "TEXT", "")
		how = pick(d, "%[1]s", "%[1]s + 1", "lower(%[1]s)", "coalesce(%[1]s, 0)", "length(%[1]s)")
	case from.domain == ints:
		how = pick(d, "%s", "%s + 1")
	case from.domain == texts:
		how = pick(d, "%s", "lower(%s)")
	}
	kept := pick(d, w.computed...)
	c.virtual = kept == "VIRTUAL"
	return c, fmt.Sprintf("%s %s GENERATED ALWAYS AS (%s) %s", name, c.sql, fmt.Sprintf(how, from.name), kept)
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
	// While a transaction changes a virtual column, MariaDB 10.11 gives others wrong
	// answers by a descending scan of an index on it.
	of := slices.DeleteFunc(slices.Clone(t.columns[1:]), func(c column) bool { return c.virtual && w.tongue == mysqlTongue })
	if len(of) == 0 {
		of = t.columns[:1]
	}
	sql := fmt.Sprintf("CREATE %sINDEX %s ON %s(%s%s)", pick(d, "", "UNIQUE "), w.name("i"), t.name, pick(d, of...).name, pick(d, "", ", id"))
	if w.partial && d.chance(20) {
		sql += fmt.Sprintf(" WHERE %s IS NOT NULL", t.column(d).name)
	}
	return sql
}

// newTrigger writes to some table, before or after another is written.
func (w *world) newTrigger(d dice) []string {
	t := w.table(d)
	event := pick(d, "INSERT", "DELETE", "UPDATE", "UPDATE OF "+t.column(d).name)
	s := writer{dice: d, world: w, plain: true}
	if w.tongue != sqliteTongue {
		s.spared = t.name // the database would not have it, or not stop
	}
	if w.tongue == mysqlTongue {
		event, _, _ = strings.Cut(event, " OF ")
	}
	body := s.simpleWrite()
	if w.tongue == sqliteTongue && d.chance(20) {
		body += "; SELECT RAISE(IGNORE)"
	}
	return w.trigger(w.name("g"), pick(d, "BEFORE", "AFTER"), event, t.name, body)
}

// throughView makes a view of the first table that can be written through.
func (w *world) throughView(d dice) []string {
	t := w.tables[0]
	w.view = &table{name: "v", columns: t.columns}
	ddl := []string{"CREATE VIEW v AS SELECT * FROM " + t.name}
	if w.tongue != sqliteTongue {
		return ddl
	}
	s := writer{dice: d, world: w, plain: true}
	return append(ddl, w.trigger(w.name("g"), "INSTEAD OF", pick(d, "INSERT", "UPDATE", "DELETE"), "v", s.simpleWrite())...)
}
