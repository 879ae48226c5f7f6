package cacheops

import (
	"reflect"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/seed92106438/cacheops/profiles"
)

// opOf tells what kind of read stmt is. It goes by the SQL's first words and
// the destination, not by the method that was called, which leaves no trace.
func opOf(stmt *gorm.Statement) profiles.Ops {
	if op := opOfSelect(stmt.SQL.String()); op != 0 {
		return op
	}
	switch stmt.ReflectValue.Kind() {
	case reflect.Struct, reflect.Map:
		return profiles.Get
	default:
		if stmt.RaiseErrorOnNotFound {
			return profiles.Get
		}
		return profiles.Fetch
	}
}

// opOfSelect recognises reads that compute one figure; 0 is any other.
func opOfSelect(sql string) profiles.Ops {
	const selects = "SELECT "
	if len(sql) < len(selects) || !strings.EqualFold(sql[:len(selects)], selects) {
		return 0
	}
	first := sql[len(selects):]
	for _, f := range figures {
		if len(first) >= len(f.text) && strings.EqualFold(first[:len(f.text)], f.text) {
			return f.op
		}
	}
	return 0
}

var figures = []struct {
	text string
	op   profiles.Ops
}{
	{"COUNT(", profiles.Count},
	{"EXISTS(", profiles.Exists}, {"EXISTS (", profiles.Exists}, {"1 ", profiles.Exists},
	{"SUM(", profiles.Aggregate}, {"AVG(", profiles.Aggregate}, {"TOTAL(", profiles.Aggregate},
	{"MIN(", profiles.Aggregate}, {"MAX(", profiles.Aggregate}, {"GROUP_CONCAT(", profiles.Aggregate},
}

// isFirstOrCreate recognises the probe of FirstOrCreate and FirstOrInit,
// which nothing else marks: LIMIT 1 into a struct, ordered by the primary key
// as GORM writes it, and no error if there is no row. What follows may insert,
// so the probe goes to the database.
func isFirstOrCreate(stmt *gorm.Statement) bool {
	if stmt.RaiseErrorOnNotFound || stmt.ReflectValue.Kind() != reflect.Struct {
		return false
	}
	limit, ok := stmt.Clauses["LIMIT"].Expression.(clause.Limit)
	if !ok || limit.Limit == nil || *limit.Limit != 1 {
		return false
	}
	order, ok := stmt.Clauses["ORDER BY"].Expression.(clause.OrderBy)
	return ok && len(order.Columns) == 1 &&
		order.Columns[0].Column.Table == clause.CurrentTable && order.Columns[0].Column.Name == clause.PrimaryKey
}
