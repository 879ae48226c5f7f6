package sqlite

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"
	"testing"

	_ "gorm.io/driver/sqlite" // registers sqlite3
	"pgregory.net/rapid"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/invalidation/internal/syntax/shapetest"
)

// kinds of the columns of the test database.
var kinds = map[string]map[string]invalidation.Kind{
	"t1": {"id": invalidation.Int, "a": invalidation.Int, "b": invalidation.Int, "s": invalidation.Text},
	"t2": {"id": invalidation.Int, "a": invalidation.Int, "x": invalidation.Int, "s": invalidation.Text},
	"t3": {"b": invalidation.Text, "x": invalidation.Text, "s": invalidation.Text},
}

// database is a real SQLite with the tables of the generator.
type database struct {
	*sql.DB
}

// plainSchema has the tables as the evaluator knows them.
const plainSchema = `
	CREATE TABLE t1 (id INTEGER UNIQUE, a INTEGER, b INTEGER, s TEXT);
	CREATE TABLE t2 (id INTEGER UNIQUE, a INTEGER, x INTEGER, s TEXT);
	CREATE TABLE t3 (b TEXT, x TEXT, s TEXT, UNIQUE (b, x))`

// actingSchema has tables that change by themselves and compare otherwise.
const actingSchema = `
	PRAGMA foreign_keys = ON;
	CREATE TABLE t1 (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER DEFAULT 2, s TEXT COLLATE NOCASE);
	CREATE TABLE t2 (id INTEGER UNIQUE,
		a INTEGER REFERENCES t1 (id) ON DELETE CASCADE ON UPDATE SET NULL,
		x NUMERIC REFERENCES t1 ON DELETE SET NULL ON UPDATE CASCADE, s TEXT COLLATE RTRIM);
	CREATE TABLE t3 (b TEXT, x TEXT, s TEXT NOT NULL ON CONFLICT REPLACE DEFAULT 'b', UNIQUE (b, x));
	CREATE TRIGGER r AFTER UPDATE OF x ON t2 WHEN new.x = 2 BEGIN
		UPDATE t3 SET s = new.s WHERE x = new.id;
	END`

func openDatabase(tb testing.TB, schema string) database {
	db, err := sql.Open("sqlite3", ":memory:")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	d := database{db}
	d.mustExec(tb, schema)
	return d
}

type fataler interface {
	Fatalf(format string, args ...any)
	Helper()
}

func (d database) mustExec(t fataler, query string, args ...any) {
	t.Helper()
	if _, err := d.Exec(query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// answer returns the rows of a query as text, in an order of their own; or
// the error, if SQLite finds a name ambiguous and the like.
func (d database) answer(query string, args []any) (string, error) {
	rows, err := d.Query(query, args...)
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
		values := make([]any, len(columns))
		targets := make([]any, len(columns))
		for i := range values {
			targets[i] = &values[i]
		}
		if err := rows.Scan(targets...); err != nil {
			return "", err
		}
		lines = append(lines, fmt.Sprintf("%#v", values))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n"), rows.Err()
}

// snapshot returns the rows of a table by their rowid, which no statement of
// the generator touches.
func (d database) snapshot(t fataler, table origin) map[int64]row {
	rows, err := d.Query("SELECT rowid, " + strings.Join(table.columns, ", ") + " FROM " + table.name)
	if err != nil {
		t.Fatalf("%v", err)
	}
	defer rows.Close()
	found := map[int64]row{}
	for rows.Next() {
		var id int64
		values := make([]any, len(table.columns))
		targets := []any{&id}
		for i := range values {
			targets = append(targets, &values[i])
		}
		if err := rows.Scan(targets...); err != nil {
			t.Fatalf("%v", err)
		}
		r := row{}
		for i, name := range table.columns {
			r[name] = values[i]
		}
		found[id] = r
	}
	return found
}

// cell is a value for a column, mostly one of its kind.
func (g *generator) cell(kind invalidation.Kind) any {
	switch {
	case g.chance(15):
		return nil
	case g.chance(3):
		return pick[any](g, int64(1), "1", "abc", "1.0")
	case kind == invalidation.Int:
		return pick[any](g, int64(0), int64(1), int64(2), int64(3))
	}
	return pick[any](g, "a", "A", "ab", "b", "1", "1.0")
}

// fill gives every table a few random rows.
func (d database) fill(g *generator) {
	for _, table := range tables {
		d.mustExec(g, "DELETE FROM "+table.name)
		for range pick(g, 0, 1, 2, 3) {
			d.insert(g, table)
		}
	}
}

// insert adds a row, unless a constraint forbids it.
func (d database) insert(g *generator, table origin) {
	var values []any
	for _, column := range table.columns {
		values = append(values, g.cell(kinds[table.name][column]))
	}
	places := strings.TrimSuffix(strings.Repeat("?, ", len(values)), ", ")
	_, _ = d.Exec("INSERT OR IGNORE INTO "+table.name+" VALUES ("+places+")", values...)
}

// alter changes at most one row of the table.
func (d database) alter(g *generator, table origin) {
	one := " WHERE rowid = (SELECT rowid FROM " + table.name + " ORDER BY rowid LIMIT 1 OFFSET ?)"
	switch pick(g, "insert", "update", "update", "delete") {
	case "insert":
		d.insert(g, table)
	case "delete":
		d.mustExec(g, "DELETE FROM "+table.name+one, pick(g, 0, 1, 2))
	default:
		column := pick(g, table.columns...)
		d.mustExec(g, "UPDATE OR IGNORE "+table.name+" SET "+column+" = ?"+one,
			g.cell(kinds[table.name][column]), pick(g, 0, 1, 2))
	}
}

// eachChange visits the rows that differ between two snapshots.
func eachChange(before, after map[int64]row, visit func(before, after row)) {
	for id, was := range before {
		if is := after[id]; is == nil || !sameRow(was, is) {
			visit(was, is)
		}
	}
	for id, is := range after {
		if before[id] == nil {
			visit(nil, is)
		}
	}
}

func sameRow(a, b row) bool {
	for column := range a {
		if a[column] != b[column] {
			return false
		}
	}
	return true
}

// The law of queries: if changing a row changes the answer, then some use
// says so.
func TestQueriesNoticeEveryChangeThatMatters(t *testing.T) {
	db := openDatabase(t, plainSchema)
	rapid.Check(t, func(t *rapid.T) {
		g := &generator{T: t}
		query := g.query(nil, 2)
		shape := Analyzer{}.Analyze(query)
		ev := evaluator{kinds, g.args}
		db.fill(g)
		if _, err := db.answer(query, g.args); err != nil {
			return // SQLite does not understand it either
		}
		if shape.Refusal != "" || shape.Params != len(g.args) {
			t.Fatalf("%s\n%s", query, shapetest.Print(shape))
		}
		for i := range 12 {
			if i%4 == 3 {
				db.fill(g)
			}
			table := pick(g, tables...)
			rowsBefore := db.snapshot(g, table)
			answerBefore, _ := db.answer(query, g.args)
			db.alter(g, table)
			if answer, _ := db.answer(query, g.args); answer == answerBefore {
				continue
			}
			eachChange(rowsBefore, db.snapshot(g, table), func(before, after row) {
				if !slices.ContainsFunc(shape.Uses, func(use invalidation.Use) bool {
					return ev.touches(&use, table.name, before, after)
				}) {
					t.Fatalf("%s changes from %v to %v unnoticed by\n%s\n%v\n%s",
						table.name, before, after, query, g.args, shapetest.Print(shape))
				}
			})
		}
	})
}

// The law of mutations: each row that has changed was changed by one of the
// writes.
func TestMutationsOwnUpToEveryChange(t *testing.T) {
	db := openDatabase(t, plainSchema)
	rapid.Check(t, func(t *rapid.T) {
		g := &generator{T: t}
		table := pick(g, tables...)
		statement := g.mutation(table)
		shape := Analyzer{}.Analyze(statement)
		ev := evaluator{kinds, g.args}
		if shape.Verb != invalidation.Mutation || shape.Params != len(g.args) {
			t.Fatalf("%s\n%s", statement, shapetest.Print(shape))
		}
		for range 5 {
			db.fill(g)
			before := db.snapshot(g, table)
			if _, err := db.Exec(statement, g.args...); err != nil {
				continue // a constraint, or a name that is not clear
			}
			eachChange(before, db.snapshot(g, table), func(before, after row) {
				if !slices.ContainsFunc(shape.Writes, func(w invalidation.Write) bool {
					return ev.covers(&w, table.name, before, after)
				}) {
					t.Fatalf("%s changes from %v to %v by\n%s\n%v\n%s",
						table.name, before, after, statement, g.args, shapetest.Print(shape))
				}
			})
		}
	})
}

// The law of the whole: if a mutation changes the answer of a query, then
// what is bound from the one meets what is bound from the other.
func TestWhateverChangesAnAnswerMeetsItsDependency(t *testing.T) {
	for name, schema := range map[string]string{"plain": plainSchema, "acting": actingSchema} {
		t.Run(name, func(t *testing.T) {
			db := openDatabase(t, schema)
			catalog := db.catalog(t)
			rapid.Check(t, func(t *rapid.T) { db.checkMutation(t, catalog) })
		})
	}
}

func (d database) checkMutation(t *rapid.T, catalog invalidation.Catalog) {
	asking, telling := &generator{T: t}, &generator{T: t}
	query := asking.query(nil, 2)
	statement := telling.mutation(pick(telling, tables...))
	for range 4 {
		d.fill(asking)
		before, err := d.answer(query, asking.args)
		if err != nil {
			return
		}
		// It may fail, after some rows even, and still change the answer.
		_, err = d.Exec(statement, telling.args...)
		if after, _ := d.answer(query, asking.args); after == before {
			continue
		}
		dependency := Analyzer{}.Analyze(query).Dependency("", values(asking.args), catalog)
		changes := Analyzer{}.Analyze(statement).Changes("", values(telling.args), catalog, invalidation.Facts{})
		if !meet(changes, dependency) {
			t.Fatalf("%s\n%v (%v) changes the answer of\n%s\n%v\nfrom\n%s\nunnoticed: %+v do not meet\n%+v",
				statement, telling.args, err, query, asking.args, before, changes, dependency)
		}
	}
}

func values(args []any) []driver.Value {
	values := make([]driver.Value, len(args))
	for i, arg := range args {
		values[i] = arg
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
