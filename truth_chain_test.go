package cacheops_test

import (
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// Reads and writes of the random tables by GORM's methods.

// intoMaps makes a read into maps. Unless their order is fixed they are compared
// whatever their order.
func intoMaps(ordered bool, find func(*gorm.DB, *[]map[string]any) *gorm.DB) func(*gorm.DB) answer {
	return func(db *gorm.DB) answer {
		var found []map[string]any
		tx := find(db, &found)
		rows := make([]string, len(found))
		for i, row := range found {
			rows[i] = rowText(row)
		}
		if !ordered {
			slices.Sort(rows)
		}
		return answer{Value: rows, Rows: tx.RowsAffected, Err: tx.Error}
	}
}

// rowText shows a row with the types of its values.
func rowText(row map[string]any) string {
	typed := make(map[string]string, len(row))
	for name, v := range row {
		at := ""
		if p, ok := v.(*any); ok { // of a column without a type
			at, v = "*", *p
		}
		typed[name] = fmt.Sprintf("%s%T(%v)", at, v, v)
	}
	return fmt.Sprint(typed)
}

// question draws a read.
func (tr *trial) question() *question {
	switch tr.below(10) {
	case 0:
		return tr.modelRead()
	case 1, 2:
		return tr.chainRead()
	}
	w := tr.writer()
	write := pick(tr.dice, w.usual, w.selection)
	sql, ordered := write()
	args := w.args
	form := pick(tr.dice, forms...)
	return &question{text: form.name + " " + sql + shownArgs(args), read: form.read(ordered, sql, args)}
}

// chainRead draws a read of one random table by GORM's methods.
func (tr *trial) chainRead() *question {
	w := tr.writer()
	t := w.table(w.dice)
	where, args := w.gormWhere(t)
	if t.unique && w.chance(40) {
		key := w.value(t.columns[0].domain)
		return &question{text: fmt.Sprintf("Table(%s).Take(id = %#v)", t.name, key), read: into(func(db *gorm.DB, row *map[string]any) *gorm.DB {
			return db.Table(t.name).Where("id = ?", key).Take(row)
		})}
	}
	column := t.column(w.dice).name
	text := fmt.Sprintf("Table(%s).Where(%s%s)", t.name, where, shownArgs(args))
	base := func(db *gorm.DB) *gorm.DB { return db.Table(t.name).Where(where, args...) }
	switch w.below(5) {
	case 4:
		order, limit, offset := w.terms(t.name, t), 1+w.below(6), max(w.below(6)-3, 0)
		return &question{text: fmt.Sprintf("%s.Order(%s).Limit(%d).Offset(%d).Find", text, order, limit, offset), read: intoMaps(true, func(db *gorm.DB, rows *[]map[string]any) *gorm.DB {
			return base(db).Order(order).Limit(limit).Offset(offset).Find(rows)
		})}
	case 0:
		return &question{text: text + ".Count", read: into(func(db *gorm.DB, n *int64) *gorm.DB { return base(db).Count(n) })}
	case 1:
		pluck := w.asText(column)
		return &question{text: text + ".Pluck " + pluck, read: into(func(db *gorm.DB, list *[]string) *gorm.DB {
			return base(db).Order(pluck).Pluck(pluck, list)
		})}
	case 2:
		return &question{text: text + ".Select(" + column + ")", read: intoMaps(false, func(db *gorm.DB, rows *[]map[string]any) *gorm.DB {
			return base(db).Select(column).Find(rows)
		})}
	default:
		return &question{text: text + ".Find", read: intoMaps(false, func(db *gorm.DB, rows *[]map[string]any) *gorm.DB {
			return base(db).Find(rows)
		})}
	}
}

// taken are the arguments of what was written since, which are its no more.
func (w *writer) taken() []any {
	args := w.args
	w.args = nil
	return args
}

func (w *writer) row(t *table) map[string]any {
	row := map[string]any{}
	for _, c := range w.some(t) {
		row[c.name] = w.value(c.domain)
	}
	return row
}

func (w *writer) createMaps() op {
	t := w.table(w.dice)
	rows := make([]map[string]any, 1+w.below(3))
	for i := range rows {
		rows[i] = w.row(t)
	}
	var conflict []clause.Expression
	switch w.below(6) {
	case 0:
		conflict = append(conflict, clause.OnConflict{DoNothing: true})
	case 1, 2:
		c := pick(w.dice, t.written()...)
		on := clause.OnConflict{Columns: []clause.Column{{Name: "id"}}, DoUpdates: clause.AssignmentColumns([]string{c.name})}
		if w.chance(30) {
			on.DoUpdates = clause.Assignments(map[string]any{c.name: gorm.Expr(w.assigned(t, c, t.name+".%s"), w.taken()...)})
		}
		conflict = append(conflict, on)
	}
	single, model := len(rows) == 1, w.chance(50) || conflict != nil
	return op{fmt.Sprintf("Table(%s).Create(%#v) %+v", t.name, rows, conflict), func(db *gorm.DB) error {
		db = db.Table(t.name).Clauses(conflict...)
		if model {
			db = db.Model(&anyRow{})
		}
		if single {
			return db.Create(rows[0]).Error
		}
		return db.Create(rows).Error
	}}
}

// gormWhere draws a condition as it is given to GORM.
func (w *writer) gormWhere(t *table) (string, []any) {
	w.args = nil
	sql := strings.TrimPrefix(w.where(refs{{t, t.name}}), " WHERE ")
	if sql == "" {
		sql = "1 = 1"
	}
	return sql, w.taken()
}

func (w *writer) updateMap() op {
	t := w.table(w.dice)
	set := w.row(t)
	if w.chance(20) {
		c := pick(w.dice, t.written()...)
		set[c.name] = gorm.Expr(w.expression(t, c))
	}
	where, args := w.gormWhere(t)
	hooks, model := w.chance(70), w.chance(80)
	text := fmt.Sprintf("Table(%s).Where(%s%s).Updates(%#v)", t.name, where, shownArgs(args), set)
	return op{text, func(db *gorm.DB) error {
		db = db.Table(t.name).Where(where, args...)
		if model {
			db = db.Model(&anyRow{})
		}
		if hooks {
			return db.Updates(set).Error
		}
		return db.UpdateColumns(set).Error
	}}
}

func (w *writer) deleteModel() op {
	t := w.table(w.dice)
	where, args := w.gormWhere(t)
	return op{fmt.Sprintf("Table(%s).Where(%s%s).Delete", t.name, where, shownArgs(args)), func(db *gorm.DB) error {
		return db.Table(t.name).Where(where, args...).Delete(&anyRow{}).Error
	}}
}
