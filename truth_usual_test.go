package cacheops_test

import (
	"fmt"
	"strings"

	"gorm.io/gorm"
)

// Queries as most programs have them, of which the cache knows most: pages,
// extremes, lists, and joins with few rows, which narrow what it depends on.

// usual writes such a query. It reports whether the order of its rows is fixed,
// as that of a single one is.
func (w *writer) usual() (string, bool) {
	switch w.below(10) {
	case 0, 1, 2:
		return w.page(), true
	case 3, 4, 5:
		return w.linked()
	case 6:
		return w.best(), true
	case 7:
		t := w.table(w.dice)
		return fmt.Sprintf("SELECT count(*) AS n FROM %s WHERE %s", t.name, w.plainCondition(refs{{t, t.name}})), true
	default:
		t := w.table(w.dice)
		return fmt.Sprintf("SELECT %s FROM %s WHERE %s", w.showing(t.name, t), t.name, w.plainCondition(refs{{t, t.name}})), false
	}
}

// showing writes a SELECT list of all columns or some.
func (w *writer) showing(alias string, t *table) string {
	if w.chance(40) {
		return alias + ".*"
	}
	columns := w.some(t)
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = alias + "." + c.name
	}
	return strings.Join(list, ", ")
}

// page writes a query for the first rows in the order of a column. Rows that
// are equal there come in the order of all columns, so that nothing is open.
func (w *writer) page() string {
	t := w.table(w.dice)
	sql := "SELECT * FROM " + t.name
	if w.chance(60) {
		sql += " WHERE " + w.plainCondition(refs{{t, t.name}})
	}
	return sql + w.order(t.name, t)
}

// order writes ORDER BY and LIMIT, and mostly no OFFSET.
func (w *writer) order(alias string, t *table) string {
	sql := fmt.Sprintf(" ORDER BY %s LIMIT %d", w.terms(alias, t), 1+w.below(6))
	if w.chance(25) {
		sql += fmt.Sprintf(" OFFSET %d", w.below(3))
	}
	return sql
}

// terms writes the terms of an order.
func (w *writer) terms(alias string, t *table) string {
	list := []string{alias + "." + t.column(w.dice).name + pick(w.dice, "", " DESC")}
	for _, c := range t.columns {
		list = append(list, w.asText(alias+"."+c.name)+pick(w.dice, "", " DESC"))
	}
	return strings.Join(list, ", ")
}

// best writes a query for an extreme.
func (w *writer) best() string {
	t := w.table(w.dice)
	c := t.column(w.dice)
	if w.strict && !c.domain.sortable() {
		return "SELECT count(" + c.name + ") AS n FROM " + t.name
	}
	sql := fmt.Sprintf("SELECT %s(%s) AS n FROM %s", pick(w.dice, "max", "min"), c.name, t.name)
	if w.chance(60) {
		sql += " WHERE " + w.plainCondition(refs{{t, t.name}})
	}
	return sql
}

// linked writes a query for the rows of a table that go with those of another,
// of which something is known: by a reference, if there is one, and mostly a
// comparison for equality.
func (w *writer) linked() (string, bool) {
	t := w.table(w.dice)
	x, parent := w.link(t)
	one, other := ref{t, "s1"}, ref{parent, "s2"}
	y := w.columnOf(refs{other, one}, x.domain)
	if w.chance(70) || !strings.HasPrefix(y, "s2.") {
		y = "s2.id"
	}
	on := "s1." + x.name + " = " + y
	c := parent.column(w.dice)
	known := func() string {
		sql := "s2." + c.name
		if w.chance(75) {
			return sql + " = " + w.operand(c.domain)
		}
		return sql + " IN (" + w.operands(c.domain) + ")"
	}
	list := w.showing("s1", t)
	if w.chance(20) {
		list = "count(*) AS n"
	}
	source := fmt.Sprintf("SELECT %s FROM %s AS s1", list, t.name)
	within := fmt.Sprintf("FROM %s AS s2 WHERE ", parent.name)
	var sql string
	switch w.below(6) {
	case 0, 1:
		sql = fmt.Sprintf("%s JOIN %s AS s2 ON %s WHERE %s", source, parent.name, on, known())
	case 2:
		sql = fmt.Sprintf("%s LEFT JOIN %s AS s2 ON %s WHERE %s", source, parent.name, on, known())
	case 3:
		sql = fmt.Sprintf("%s LEFT JOIN %s AS s2 ON %s AND %s", source, parent.name, on, known())
	case 4:
		sql = fmt.Sprintf("%s WHERE s1.%s IN (SELECT %s %s%s)", source, x.name, y, within, known())
	default:
		sql = fmt.Sprintf("%s WHERE EXISTS (SELECT 1 %s%s AND %s)", source, within, on, known())
	}
	if strings.Contains(sql, "count(*)") || w.chance(60) {
		return sql, false
	}
	return strings.Replace(sql, list, "s1.*", 1) + w.order("s1", t), true
}

// link draws a column and the table that it refers to, or could.
func (w *writer) link(t *table) (column, *table) {
	if len(t.links) > 0 && w.chance(80) {
		l := pick(w.dice, t.links...)
		return *find(t.columns, func(c column) bool { return c.name == l.column }),
			find(w.tables, func(t table) bool { return t.name == l.parent })
	}
	parent := w.table(w.dice)
	if fitting := w.matching(t.columns, parent.columns[0].domain); len(fitting) > 0 {
		return pick(w.dice, fitting...), parent
	}
	return t.columns[0], t
}

// find returns the element for which is holds.
func find[E any](list []E, is func(E) bool) *E {
	for i := range list {
		if is(list[i]) {
			return &list[i]
		}
	}
	return nil
}

// forms are the ways to get the rows of a text.
var forms = []struct {
	name string
	read func(ordered bool, sql string, args []any) func(*gorm.DB) answer
}{
	{"find", byFind}, {"find", byFind}, {"scan", byScan}, {"rows", byRows}, {"row", byRow},
}

func byFind(ordered bool, sql string, args []any) func(*gorm.DB) answer {
	return intoMaps(ordered, func(db *gorm.DB, rows *[]map[string]any) *gorm.DB { return db.Raw(sql, args...).Find(rows) })
}

func byScan(ordered bool, sql string, args []any) func(*gorm.DB) answer {
	return intoMaps(ordered, func(db *gorm.DB, rows *[]map[string]any) *gorm.DB { return db.Raw(sql, args...).Scan(rows) })
}

// byRows scans each row.
func byRows(ordered bool, sql string, args []any) func(*gorm.DB) answer {
	return intoMaps(ordered, func(db *gorm.DB, found *[]map[string]any) *gorm.DB {
		tx := db.Session(&gorm.Session{})
		rows, err := db.Raw(sql, args...).Rows()
		if err != nil {
			_ = tx.AddError(err)
			return tx
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			row := map[string]any{}
			if err := db.ScanRows(rows, &row); err != nil {
				_ = tx.AddError(err)
			}
			*found = append(*found, row)
		}
		_ = tx.AddError(rows.Err())
		return tx
	})
}

// byRow scans the first row, if it is clear which that is. It fails if there is
// more than one column, on both handles.
func byRow(ordered bool, sql string, args []any) func(*gorm.DB) answer {
	if !ordered {
		return byRows(ordered, sql, args)
	}
	return func(db *gorm.DB) answer {
		var value any
		err := db.Raw(sql, args...).Row().Scan(&value)
		return answer{Value: fmt.Sprintf("%T(%v)", value, value), Err: err}
	}
}
