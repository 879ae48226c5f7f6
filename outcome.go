package cacheops

import (
	"context"
	"database/sql/driver"
	"fmt"
	"reflect"
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/schema"

	"github.com/seed92106438/cacheops/invalidation"
)

// narrowed returns what the result depends on, now that it is there: no more
// than the query did when it was sent.
func (f *flight) narrowed(ctx context.Context, found result) *invalidation.Dependency {
	outcome := invalidation.Outcome{Rows: found.rows()}
	if page := f.shape.Page; page != nil && !f.single(page.Use) {
		outcome.First, outcome.Last = f.ends(ctx, found)
	}
	outcome.Shown = f.shows(found)
	outcome.Partners = f.partners(ctx, found)
	if outcome.First == nil && outcome.Last == nil && outcome.Shown == nil && outcome.Partners == nil {
		return f.dep
	}
	return f.shape.Narrow(f.dep, f.stored(f.tx.Statement.Vars), f.catalog.Catalog, outcome)
}

// ends returns the first and the last value of the column by which a page is
// ordered. Where the driver's reading hides what is stored, as it does of times on
// SQLite, the database is asked for it, by the page's own query. It is asked once a
// change of the table has dropped a result of the text: see [flight.dropped].
//
// The answer is of a later moment than the result, and may be of another page. Let
// it end with M where the result ends with L. If M comes after L, a dependency on
// all rows up to M is wider than is needed. If M comes before L, more rows come up to
// M than did: some row has come there since the stamp was taken, by a change that
// meets even the dependency on the rows up to M. So the result is not stored, or not
// served. Of the rows before the first one, the same is true the other way round: if
// fewer come before it now, one of them has gone.
func (f *flight) ends(ctx context.Context, found result) (first, last driver.Value) {
	page := f.shape.Page
	first, last = found.ends(f.tx.Statement, page.Result)
	relation := f.relation(page.Use)
	if relation == nil {
		return nil, nil
	}
	column := relation.Columns[page.Column]
	hidden := column.Hides(first) || column.Hides(last)
	if !hidden || page.Result == "" || !f.narrows || f.dropped()&place(page.Use) == 0 {
		return first, last
	}
	least, greatest := f.extremes(ctx, page.Result)
	if page.Desc {
		return greatest, least
	}
	return least, greatest
}

// extremes asks for the least and the greatest value that the flight's query shows
// in a column. Of an expression the driver does not know that it is a time. It
// returns nil if a value is NULL, which has a place of its own in the order.
func (f *flight) extremes(ctx context.Context, column string) (least, greatest driver.Value) {
	stmt := f.tx.Statement
	name := stmt.Quote(clause.Column{Name: column})
	query := fmt.Sprintf("SELECT min(%s), max(%s), count(*) - count(%s) FROM (%s\n)", name, name, name, stmt.SQL.String())
	rows, err := f.tap.ConnPool.QueryContext(ctx, query, stmt.Vars...)
	if err != nil {
		return nil, nil
	}
	defer func() { _ = rows.Close() }()
	var min, max any
	var nulls int64
	if !rows.Next() || rows.Scan(&min, &max, &nulls) != nil || nulls > 0 {
		return nil, nil
	}
	return min, max
}

// ends implements result. What GORM has scanned is what the driver gave only
// if the Go type holds every value of the column, unaltered.
func (s *scanned) ends(stmt *gorm.Statement, column string) (first, last driver.Value) {
	n, at := s.size(), indexOf(s.columns, column)
	if n == 0 || at < 0 || !s.sole(stmt, at) {
		return nil, nil
	}
	return s.end(stmt, s.row(0), at), s.end(stmt, s.row(n-1), at)
}

// end returns what a row that is the first or the last holds of a column, or
// nil.
func (s *scanned) end(stmt *gorm.Statement, row reflect.Value, at int) driver.Value {
	v, _ := s.cell(stmt, row, at)
	if v != nil && row.Kind() == reflect.Struct && reflect.ValueOf(v).IsZero() {
		// A field may have been given NULL, which a database may sort last.
		return nil
	}
	return v
}

// column implements result. A zero may have been NULL, which equals nothing: it
// is one value more.
func (s *scanned) column(stmt *gorm.Statement, name string) ([]driver.Value, bool) {
	n, at := s.size(), indexOf(s.columns, name)
	if int64(n) != s.count || at < 0 || n > 0 && !s.sole(stmt, at) {
		return nil, false
	}
	values := make([]driver.Value, n)
	for i := range values {
		var ok bool
		if values[i], ok = s.cell(stmt, s.row(i), at); !ok {
			return nil, false
		}
	}
	return values, true
}

// sole reports whether what a column was scanned into has its values and no
// others. A field has two names, and columns may be mapped to other names than the
// database gave them.
func (s *scanned) sole(stmt *gorm.Statement, at int) bool {
	if len(stmt.ColumnMapping) > 0 {
		return false
	}
	row := s.row(0)
	if !row.IsValid() || row.Kind() != reflect.Struct || row.Type() == timeType {
		return true
	}
	sch := schemaOf(stmt, row)
	if sch == nil {
		return false
	}
	field := sch.LookUpField(s.columns[at])
	is := func(column string) bool { return sch.LookUpField(column) == field }
	return field != nil && !slices.ContainsFunc(s.columns[:at], is) && !slices.ContainsFunc(s.columns[at+1:], is)
}

// size returns how many rows the destination holds; 0 if that is not all.
func (s *scanned) size() int {
	switch value := reflect.Indirect(s.value); {
	case value.Kind() == reflect.Slice:
		return value.Len()
	case value.Kind() == reflect.Array || s.count != 1:
		return 0
	}
	return 1
}

func (s *scanned) row(i int) reflect.Value {
	value := reflect.Indirect(s.value)
	if value.Kind() == reflect.Slice {
		value = reflect.Indirect(value.Index(i))
	}
	return value
}

// cell returns what a row holds of a column, if that is certain.
func (s *scanned) cell(stmt *gorm.Statement, row reflect.Value, at int) (driver.Value, bool) {
	switch {
	case !row.IsValid():
		return nil, false
	case row.Type() == reflect.TypeFor[map[string]any]():
		return unaltered(reflect.ValueOf(row.Interface().(map[string]any)[s.columns[at]]))
	case row.Kind() == reflect.Struct && row.Type() != timeType:
		return fieldOf(stmt, row, s.columns[at])
	case len(s.columns) == 1:
		return unaltered(row)
	}
	return nil, false
}

var timeType = reflect.TypeFor[time.Time]()

// indexOf returns where the only column of a name is, or the only column of
// all if the name is empty; -1 if there is no such.
func indexOf(columns []string, name string) int {
	if name == "" {
		if len(columns) == 1 {
			return 0
		}
		return -1
	}
	is := func(column string) bool { return invalidation.Name(column) == name }
	at := slices.IndexFunc(columns, is)
	if at < 0 || slices.ContainsFunc(columns[at+1:], is) {
		return -1
	}
	return at
}

// fieldOf returns what GORM has scanned into the field of a struct.
func fieldOf(stmt *gorm.Statement, row reflect.Value, column string) (driver.Value, bool) {
	s := schemaOf(stmt, row)
	if s == nil {
		return nil, false
	}
	field := s.LookUpField(column)
	if field == nil || field.Serializer != nil {
		return nil, false
	}
	value, _ := field.ValueOf(stmt.Context, row)
	return unaltered(reflect.ValueOf(value))
}

// schemaOf returns the schema by which GORM has scanned into a struct, or nil.
func schemaOf(stmt *gorm.Statement, row reflect.Value) *schema.Schema {
	if s := stmt.Schema; s != nil && s.ModelType == row.Type() {
		return s
	}
	own := &gorm.Statement{DB: stmt.DB}
	if err := own.Parse(row.Addr().Interface()); err != nil {
		return nil
	}
	return own.Schema
}

// unaltered returns what a driver gave for a value, if the type of v leaves
// no room for doubt. A nil is NULL.
func unaltered(v reflect.Value) (driver.Value, bool) {
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil, true
		}
		v = v.Elem()
	}
	switch {
	case !v.IsValid():
		return nil, true
	case v.Type() == timeType:
		return v.Interface(), true
	case v.Type().PkgPath() != "":
		return nil, false // it may have a way of its own to scan
	}
	switch v.Kind() {
	case reflect.Int, reflect.Int64:
		return v.Int(), true
	case reflect.Uint, reflect.Uint64:
		return v.Uint(), true
	case reflect.Float64:
		return v.Float(), true
	}
	return nil, false
}
