package cacheops_test

import (
	"fmt"
	"strings"

	"gorm.io/gorm"
)

// op is one write, or another act of a writer.
type op struct {
	text string
	run  func(db *gorm.DB) error
}

// anyRow is the model of a table of which nothing more is known: it makes
// GORM's updates and deletes take the way of models.
type anyRow struct{ ID string }

// exec makes an op of SQL text.
func (w *writer) exec(sql string) op {
	args := w.args
	w.args = nil
	// Exec takes statements that return rows, and Raw takes those that do not.
	if usual, returns := w.chance(80), strings.Contains(sql, " RETURNING "); usual != returns {
		return op{"exec " + sql + shownArgs(args), func(db *gorm.DB) error {
			if returns && db.PrepareStmt {
				// The driver would leave the statement, and with it its
				// transaction, open.
				return nil
			}
			return db.Exec(sql, args...).Error
		}}
	}
	return op{"raw " + sql + shownArgs(args), func(db *gorm.DB) error {
		return db.Raw(sql, args...).Find(&[]map[string]any{}).Error
	}}
}

func shownArgs(args []any) string {
	if len(args) == 0 {
		return ""
	}
	return fmt.Sprintf(" -- %#v", args)
}

// write draws a write of the random tables.
func (w *writer) write() op {
	switch w.below(20) {
	case 0, 1, 2:
		return w.exec(w.insert())
	case 3, 4:
		return w.exec(w.insert() + pick(w.dice, "", " RETURNING *"))
	case 5, 6, 7:
		return w.exec(w.update() + pick(w.dice, "", "", " RETURNING id"))
	case 8:
		return w.exec(w.updateFrom())
	case 9, 10:
		return w.exec(w.delete() + pick(w.dice, "", "", " RETURNING *"))
	case 11:
		return w.exec(w.simpleWrite() + "; " + w.plainly().simpleWrite())
	case 12:
		return w.define()
	case 13, 14:
		return w.createMaps()
	case 15, 16, 17:
		return w.updateMap()
	default:
		return w.deleteModel()
	}
}

// plainly is the writer without parameters.
func (w *writer) plainly() *writer { return &writer{dice: w.dice, world: w.world, plain: true} }

// simpleWrite writes an insert, update or delete that can stand in a trigger.
func (w *writer) simpleWrite() string {
	t := w.table(w.dice)
	c := pick(w.dice, t.written()...)
	switch w.below(3) {
	case 0:
		return fmt.Sprintf("INSERT OR IGNORE INTO %s(id, %s) VALUES (%s, %s)", t.name, pick(w.dice, t.columns...).name, w.operand(ints), w.operand(c.domain))
	case 1:
		return fmt.Sprintf("UPDATE %s SET %s = %s WHERE %s", t.name, c.name, w.operand(c.domain), w.atom(refs{{t, t.name}}))
	default:
		return fmt.Sprintf("DELETE FROM %s WHERE %s", t.name, w.atom(refs{{t, t.name}}))
	}
}

// target is the table that a statement writes, or a view.
func (w *writer) target() *table {
	if w.view != nil && w.chance(20) {
		return w.view
	}
	return w.table(w.dice)
}

// some draws one to all of the columns that can be written.
func (w *writer) some(t *table) []column {
	var list []column
	for _, c := range t.written() {
		if w.chance(60) {
			list = append(list, c)
		}
	}
	if list == nil {
		list = t.written()[:1]
	}
	return list
}

func names(columns []column) string {
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = c.name
	}
	return strings.Join(list, ", ")
}

func (w *writer) insert() string {
	t := w.target()
	columns := w.some(t)
	sql := pick(w.dice, "INSERT", "INSERT", "INSERT", "INSERT OR IGNORE", "INSERT OR REPLACE", "REPLACE", "INSERT OR FAIL") + " INTO " + t.name
	if w.chance(5) {
		return sql + " DEFAULT VALUES"
	}
	sql += "(" + names(columns) + ")"
	if w.chance(15) {
		sql += w.selected(columns)
	} else {
		sql += w.rows(columns)
	}
	if w.chance(35) {
		sql += w.onConflict(t)
	}
	return sql
}

func (w *writer) rows(columns []column) string {
	rows := make([]string, 1+w.below(3)%2+w.below(2))
	for i := range rows {
		row := make([]string, len(columns))
		for j, c := range columns {
			row[j] = w.operand(c.domain)
		}
		rows[i] = "(" + strings.Join(row, ", ") + ")"
	}
	return " VALUES " + strings.Join(rows, ", ")
}

func (w *writer) selected(columns []column) string {
	from := refs{{w.table(w.dice), "s"}}
	list := make([]string, len(columns))
	for i, c := range columns {
		if list[i] = w.operand(c.domain); w.chance(60) {
			w.args = w.args[:len(w.args)-strings.Count(list[i], "?")]
			list[i], _ = w.column(from)
		}
	}
	return fmt.Sprintf(" SELECT %s FROM %s AS s WHERE %s LIMIT 2", strings.Join(list, ", "), from[0].name, w.atom(from))
}

func (w *writer) onConflict(t *table) string {
	on := " ON CONFLICT" + pick(w.dice, "", "(id)", "(id)", "("+t.column(w.dice).name+")")
	if w.chance(30) {
		return on + " DO NOTHING"
	}
	var set []string
	for _, c := range w.some(t) {
		set = append(set, c.name+" = "+w.assigned(t, c, "excluded."))
	}
	on += " DO UPDATE SET " + strings.Join(set, ", ")
	if w.chance(20) {
		on += " WHERE " + w.atom(refs{{t, t.name}})
	}
	return on
}

// assigned writes the new value of a column.
func (w *writer) assigned(t *table, c column, prefix string) string {
	other := t.column(w.dice).name
	switch w.below(8) {
	case 0:
		return c.name + " + 1"
	case 1, 2:
		return prefix + other
	case 3:
		return fmt.Sprintf("(SELECT %s FROM %s)", pick(w.dice, "max(id)", "count(*)", "min(a)"), w.table(w.dice).name)
	default:
		return w.operand(c.domain)
	}
}

func (w *writer) update() string {
	t := w.target()
	var set []string
	for _, c := range w.some(t) {
		set = append(set, c.name+" = "+w.assigned(t, c, ""))
	}
	if t.keyless && w.chance(5) {
		set = append(set, "rowid = "+w.operand(ints))
	}
	return pick(w.dice, "UPDATE ", "UPDATE ", "UPDATE ", "UPDATE OR IGNORE ", "UPDATE OR REPLACE ", "UPDATE OR FAIL ") +
		t.name + " SET " + strings.Join(set, ", ") + w.where(refs{{t, t.name}})
}

func (w *writer) updateFrom() string {
	t := w.table(w.dice)
	from := ref{w.table(w.dice), "s"}
	c := pick(w.dice, t.written()...)
	return fmt.Sprintf("UPDATE %s SET %s = s.%s FROM %s AS s WHERE %s", t.name, c.name, from.table.column(w.dice).name,
		from.name, w.condition(refs{{t, t.name}, from}))
}

func (w *writer) delete() string {
	t := w.target()
	return "DELETE FROM " + t.name + w.where(refs{{t, t.name}})
}

// define changes a definition.
func (w *writer) define() op {
	switch w.below(7) {
	case 0, 1:
		return w.exec(w.index(w.dice))
	case 2, 3:
		return w.exec(w.trigger(w.dice))
	case 4:
		return w.exec(fmt.Sprintf("DROP TRIGGER IF EXISTS g%d", 1+w.below(w.names+1)))
	case 5:
		return w.exec(fmt.Sprintf("DROP INDEX IF EXISTS i%d", 1+w.below(w.names+1)))
	default:
		return w.exec("PRAGMA foreign_keys = " + pick(w.dice, "ON", "OFF"))
	}
}
