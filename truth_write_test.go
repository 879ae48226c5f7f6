package cacheops_test

import (
	"fmt"
	"slices"
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
	args := w.taken()
	// Exec takes statements that return rows, and Raw takes those that do not.
	if usual, returns := w.chance(80), strings.Contains(sql, " RETURNING "); usual != returns {
		return op{"exec " + sql + shownArgs(args), func(db *gorm.DB) error {
			if returns && db.PrepareStmt && db.Name() == "sqlite" {
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
	switch w.below(23) {
	case 0, 1, 2:
		return w.exec(w.insert())
	case 3, 4:
		return w.exec(w.insert() + w.returned("INSERT", "*"))
	case 5, 6:
		return w.exec(w.update() + w.returned("UPDATE", "id"))
	case 7:
		return w.exec(w.shift())
	case 8:
		return w.exec(w.joined())
	case 9, 10:
		return w.exec(w.delete() + w.returned("DELETE", "*"))
	case 11:
		if w.several {
			return w.exec(w.plainly().simpleWrite() + "; " + w.plainly().simpleWrite())
		}
		return w.exec(w.simpleWrite())
	case 12:
		if w.chance(40) {
			return w.define()
		}
		return w.exec(w.shift())
	case 13, 14:
		return w.createMaps()
	case 15, 16, 17:
		return w.updateMap()
	case 18:
		return w.deleteModel()
	case 19:
		return w.exec(w.rename())
	default:
		return w.exec(w.one())
	}
}

// returned asks a statement for its rows, perhaps.
func (w *writer) returned(verb, columns string) string {
	if !slices.Contains(w.returning, verb) || w.chance(50) {
		return ""
	}
	return " RETURNING " + columns
}

// plainly is the writer without parameters.
func (w *writer) plainly() *writer { return &writer{dice: w.dice, world: w.world, plain: true} }

// simpleWrite writes an insert, update or delete that can stand in a trigger.
func (w *writer) simpleWrite() string {
	t := w.table(w.dice)
	if t.name == w.spared {
		t = &w.tables[(slices.IndexFunc(w.tables, func(t table) bool { return t.name == w.spared })+1)%len(w.tables)]
	}
	c := pick(w.dice, t.written()...)
	switch w.below(3) {
	case 0:
		c = pick(w.dice, t.columns[1:]...)
		return fmt.Sprintf("%s INTO %s(id, %s) VALUES (%s, %s)%s", w.ignore[0], t.name, c.name,
			w.operand(t.columns[0].domain), w.operand(c.domain), w.ignore[1])
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
	if columns[0].name != "id" && w.chance(80) {
		columns = append(t.columns[:1:1], columns...)
	}
	sql := pick(w.dice, w.tongue.insert...) + " INTO " + t.name
	if w.chance(5) {
		return sql + w.defaults
	}
	sql += "(" + names(columns) + ")"
	if w.chance(15) {
		sql += w.selected(columns)
	} else {
		sql += w.rows(columns)
	}
	if w.chance(45) && !strings.HasPrefix(sql, "REPLACE") {
		sql += w.conflict(w, t)
	}
	return sql
}

func (w *writer) rows(columns []column) string {
	rows := make([]string, 1+w.below(3)%2+w.below(2))
	for i := range rows {
		row := make([]string, len(columns))
		for j, c := range columns {
			if c.name == "id" && c.domain == ints && w.chance(35) {
				row[j] = fmt.Sprint(5 + w.below(90)) // so that another key decides
				continue
			}
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
		if fitting := w.matching(from[0].columns, c.domain); len(fitting) > 0 && w.chance(60) {
			list[i] = "s." + pick(w.dice, fitting...).name
		} else {
			list[i] = w.constant(c.domain)
		}
	}
	return fmt.Sprintf(" SELECT %s FROM %s AS s WHERE %s LIMIT 2", strings.Join(list, ", "), from[0].name, w.atom(from))
}

// onConflict writes an upsert, by any key or one.
func onConflict(w *writer, t *table) string {
	keys := []string{"(id)", "(id)", "(" + t.column(w.dice).name + ")", ""}
	if w.chance(30) {
		return " ON CONFLICT" + pick(w.dice, keys...) + " DO NOTHING"
	}
	if w.strict {
		keys = keys[:3]
	}
	on := " ON CONFLICT" + pick(w.dice, keys...)
	var set []string
	for _, c := range w.some(t) {
		set = append(set, c.name+" = "+w.assigned(t, c, "excluded.%s"))
	}
	on += " DO UPDATE SET " + strings.Join(set, ", ")
	if w.chance(20) {
		c := t.column(w.dice)
		on += " WHERE " + t.name + "." + c.name + pick(w.dice, " = ", " > ", " <> ") + w.operand(c.domain)
	}
	return on
}

// assigned writes the new value of a column; other columns are named by the
// format.
func (w *writer) assigned(t *table, c column, format string) string {
	switch w.below(8) {
	case 0, 1, 2:
		return fmt.Sprintf(format, pick(w.dice, w.matching(t.columns, c.domain)...).name)
	case 3:
		other := w.table(w.dice)
		fitting := w.matching(other.columns, c.domain)
		if len(fitting) == 0 || w.strict && !c.domain.sortable() {
			break
		}
		return fmt.Sprintf("(SELECT %s(%s) FROM %s)", w.extreme(c), pick(w.dice, fitting...).name, other.name)
	case 4:
		if c.domain == ints && format == "%s" {
			return c.name + pick(w.dice, " + 1", " - 1")
		}
	}
	return w.operand(c.domain)
}

// expression writes a new value without arguments.
func (w *writer) expression(t *table, c column) string {
	if c.domain == ints && w.chance(50) {
		return c.name + pick(w.dice, " + 1", " - 1")
	}
	return pick(w.dice, w.matching(t.columns, c.domain)...).name
}

func (w *writer) update() string {
	t := w.target()
	var set []string
	for _, c := range w.some(t) {
		set = append(set, c.name+" = "+w.assigned(t, c, "%s"))
	}
	if t.keyless && w.tongue == sqliteTongue && w.chance(5) {
		set = append(set, "rowid = "+w.operand(ints))
	}
	return pick(w.dice, w.tongue.update...) + " " + t.name + " SET " + strings.Join(set, ", ") + w.where(refs{{t, t.name}}) + w.first(t)
}

// first bounds how many rows a statement writes, perhaps.
func (w *writer) first(t *table) string {
	if !w.limited || w.chance(85) {
		return ""
	}
	return fmt.Sprintf(" ORDER BY %s%s, %s LIMIT %d", t.column(w.dice).name, pick(w.dice, "", " DESC"), names(t.columns), 1+w.below(2))
}

// shift counts a column of numbers up or down, for all rows or some.
func (w *writer) shift() string {
	t := w.table(w.dice)
	counts := slices.DeleteFunc(t.written(), func(c column) bool { return c.domain != ints })
	if len(counts) == 0 {
		return w.update()
	}
	c := pick(w.dice, counts...)
	sql := fmt.Sprintf("UPDATE %s SET %s = %s %s ", t.name, c.name, c.name, pick(w.dice, "+", "-"))
	sql += w.operand(ints)
	if w.chance(60) {
		return sql + " WHERE " + c.name + pick(w.dice, " = ", " = ", " > ", " <= ") + w.operand(ints)
	}
	return sql + " WHERE " + w.plainCondition(refs{{t, t.name}})
}

// one writes a row that is found by its key: what most programs do.
func (w *writer) one() string {
	t := w.table(w.dice)
	id := t.columns[0]
	if w.chance(25) {
		return "DELETE FROM " + t.name + " WHERE id = " + w.operand(id.domain)
	}
	c := pick(w.dice, t.written()...)
	sql := fmt.Sprintf("UPDATE %s SET %s = ", t.name, c.name)
	sql += w.operand(c.domain)
	return sql + " WHERE id = " + w.operand(id.domain)
}

// rename gives a row another key, on which other rows may hang.
func (w *writer) rename() string {
	t := w.table(w.dice)
	id := t.columns[0].domain
	sql := "UPDATE " + t.name + " SET id = " + w.operand(id)
	return sql + " WHERE id = " + w.operand(id)
}

// joined writes the rows of a table that go with those of another.
func (w *writer) joined() string {
	t := w.table(w.dice)
	s := ref{w.table(w.dice), "s"}
	from := refs{{t, t.name}, s}
	source := s.name + " AS s"
	if w.deleteFrom != "" && w.chance(30) {
		return fmt.Sprintf(w.deleteFrom, t.name, "", "", source, w.condition(from))
	}
	c := pick(w.dice, t.written()...)
	return fmt.Sprintf(w.updateFrom, t.name, c.name, w.columnOf(refs{s, from[0]}, c.domain), source, w.condition(from))
}

func (w *writer) delete() string {
	t := w.target()
	return "DELETE FROM " + t.name + w.where(refs{{t, t.name}}) + w.first(t)
}

// execAll makes an op of several statements.
func (w *writer) execAll(statements []string) op {
	return op{strings.Join(statements, "; "), func(db *gorm.DB) error {
		for _, sql := range statements {
			if err := db.Exec(sql).Error; err != nil {
				return err
			}
		}
		return nil
	}}
}

// define changes a definition, or what is like it.
func (w *writer) define() op {
	switch w.below(7) {
	case 0, 1:
		return w.exec(w.index(w.dice))
	case 2, 3:
		return w.execAll(w.newTrigger(w.dice))
	case 4:
		return w.exec(fmt.Sprintf(w.dropTrigger, fmt.Sprintf("g%d", 1+w.below(w.names+1)), w.table(w.dice).name))
	case 5:
		return w.exec(fmt.Sprintf(w.dropIndex, fmt.Sprintf("i%d", 1+w.below(w.names+1)), w.table(w.dice).name))
	default:
		return w.exec(pick(w.dice, w.defines...))
	}
}
