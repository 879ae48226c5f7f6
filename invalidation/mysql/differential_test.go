package mysql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/seed92106438/cacheops/internal/testdb"
	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/invalidation/internal/syntax/shapetest"
)

// schemaSQL has tables of many kinds of columns, that change by themselves.
var schemaSQL = []string{
	`CREATE TABLE t1 (id INT AUTO_INCREMENT PRIMARY KEY, a INT, b BIGINT UNSIGNED DEFAULT 2, s VARCHAR(20),
		e ENUM('a', 'b', 'ab', '1'), d DATETIME NOT NULL DEFAULT '2026-01-01', n DECIMAL(6, 2), KEY (e), KEY (s))`,
	`CREATE TABLE t2 (id INT UNIQUE, a INT, x DOUBLE, s VARCHAR(20) COLLATE utf8mb4_bin, d DATE,
		ts TIMESTAMP NULL ON UPDATE CURRENT_TIMESTAMP, KEY (a),
		FOREIGN KEY (a) REFERENCES t1 (id) ON DELETE CASCADE ON UPDATE SET NULL)`,
	`CREATE TABLE t3 (b VARCHAR(5) COLLATE utf8mb4_general_ci, x VARBINARY(5), s CHAR(5), g INT AS (ascii(b)) STORED,
		UNIQUE (b, x))`,
	`CREATE TRIGGER r AFTER UPDATE ON t2 FOR EACH ROW BEGIN
		IF NEW.x = 2 THEN UPDATE t3 SET s = NEW.id WHERE x = NEW.x; END IF; END`,
}

// database is a real one, on one connection.
type database struct {
	*sql.Conn
	catalog invalidation.Catalog
}

func openDatabase(tb testing.TB, parameters string, definitions ...string) database {
	tb.Helper()
	pool, err := sql.Open("mysql", testdb.MySQL(tb)+parameters)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { pool.Close() })
	conn, err := pool.Conn(context.Background())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = conn.Close() })
	d := database{Conn: conn}
	// MariaDB has been seen to crash over what random joins let it leave out.
	_ = d.exec("SET optimizer_switch = 'table_elimination=off'")
	for _, definition := range definitions {
		d.mustExec(tb, definition)
	}
	if d.catalog, err = ReadCatalog(context.Background(), conn); err != nil {
		tb.Fatal(err)
	}
	return d
}

type fataler interface {
	Fatalf(format string, args ...any)
	Helper()
}

func (d database) exec(query string, args ...any) error {
	_, err := d.ExecContext(context.Background(), query, args...)
	return err
}

func (d database) mustExec(t fataler, query string, args ...any) {
	t.Helper()
	if err := d.exec(query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// answer returns the rows of a query as text, in an order of their own; or
// the error, if a name is ambiguous and the like.
func (d database) answer(query string, args []any) (string, error) {
	rows, err := d.QueryContext(context.Background(), query, args...)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return "", err
	}
	var lines []string
	for rows.Next() {
		values := make([]sql.RawBytes, len(columns))
		targets := make([]any, len(columns))
		for i := range values {
			targets[i] = &values[i]
		}
		if err := rows.Scan(targets...); err != nil {
			return "", err
		}
		line := ""
		for _, v := range values {
			if v == nil {
				line += "NULL, "
			} else {
				line += fmt.Sprintf("%q, ", v)
			}
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n"), rows.Err()
}

// fill gives every table a few random rows.
func (d database) fill(g *generator) {
	for _, table := range []string{"t3", "t2", "t1"} {
		d.mustExec(g, "DELETE FROM "+table)
	}
	for _, table := range tables {
		for range pick(g, 1, 2, 3) {
			var values []string
			var args []any
			for _, column := range table.columns {
				in := generator{T: g.T}
				values = append(values, in.cell(column))
				args = append(args, in.args...)
			}
			_ = d.exec("INSERT IGNORE INTO "+table.name+" ("+strings.Join(table.columns, ", ")+") VALUES ("+
				strings.Join(values, ", ")+")", args...)
		}
	}
}

// The law of the whole: if a mutation changes the answer of a query, then
// what is bound from the one meets what is bound from the other. With
// -rapid.checks=100000 it is tried at length.
func TestWhateverChangesAnAnswerMeetsItsDependency(t *testing.T) {
	for name, parameters := range map[string]string{
		"prepared":     "",
		"interpolated": "&interpolateParams=true",
		"lenient":      "&interpolateParams=true&sql_mode=''",
		"strict":       "&sql_mode='TRADITIONAL'",
	} {
		t.Run(name, func(t *testing.T) {
			db := openDatabase(t, parameters, schemaSQL...)
			rapid.Check(t, db.checkMutation)
		})
	}
}

func (d database) checkMutation(t *rapid.T) {
	d.mustExec(t, "START TRANSACTION")
	defer d.mustExec(t, "ROLLBACK")
	asking, telling := &generator{T: t}, &generator{T: t}
	query := asking.query(nil, 2)
	d.fill(asking.apart())
	before, err := d.answer(query, asking.args)
	if err != nil {
		return
	}
	asked := Analyzer{}.Analyze(query)
	if asked.Refusal != "" || asked.Params != len(asking.args) {
		t.Fatalf("%s\n%s", query, shapetest.Print(asked))
	}
	dependency := asked.Dependency("", values(t, asking.args), d.catalog)
	for range 6 {
		telling.args = nil
		statement := telling.mutation()
		// It may fail, after some rows even, and still change the answer.
		err = d.exec(statement, telling.args...)
		after, _ := d.answer(query, asking.args)
		if after == before {
			continue
		}
		told := Analyzer{}.Analyze(statement)
		changes := told.Changes("", values(t, telling.args), d.catalog, invalidation.Facts{})
		if !meet(changes, dependency) {
			t.Fatalf("%s\n%#v (%v) changes the answer of\n%s\n%#v\nfrom\n%s\nto\n%s\nunnoticed: %+v do not meet\n%+v",
				statement, telling.args, err, query, asking.args, before, after, changes, dependency)
		}
		before = after
	}
}

// apart returns a generator whose arguments are its own.
func (g *generator) apart() *generator { return &generator{T: g.T} }

// values are the arguments as the analyser gets them: a time is moved to the
// zone in which the driver writes it down.
func values(t fataler, args []any) []driver.Value {
	values := make([]driver.Value, len(args))
	for i, arg := range args {
		switch arg := arg.(type) {
		case uint64:
			values[i] = arg
			continue
		case time.Time:
			values[i] = arg.In(time.UTC)
			continue
		}
		v, err := driver.DefaultParameterConverter.ConvertValue(arg)
		if err != nil {
			t.Fatalf("%v", err)
		}
		values[i] = v
	}
	return values
}

func meet(changes []invalidation.Change, dependency *invalidation.Dependency) bool {
	return slices.ContainsFunc(changes, func(c invalidation.Change) bool {
		return slices.ContainsFunc(dependency.Tables, func(table invalidation.TableDependency) bool {
			return c.Meets(&table)
		})
	})
}
