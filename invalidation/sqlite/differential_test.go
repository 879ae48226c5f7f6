package sqlite

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	_ "github.com/mattn/go-sqlite3"
	"pgregory.net/rapid"

	"github.com/seed92106438/cacheops/invalidation"
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

func openDatabase(tb testing.TB) database {
	db, err := sql.Open("sqlite3", ":memory:")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	d := database{db}
	d.mustExec(tb, `
		CREATE TABLE t1 (id INTEGER UNIQUE, a INTEGER, b INTEGER, s TEXT);
		CREATE TABLE t2 (id INTEGER UNIQUE, a INTEGER, x INTEGER, s TEXT);
		CREATE TABLE t3 (b TEXT, x TEXT, s TEXT, UNIQUE (b, x))`)
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

func (d database) insert(g *generator, table origin) {
	var values []any
	for _, column := range table.columns {
		values = append(values, g.cell(kinds[table.name][column]))
	}
	places := strings.TrimSuffix(strings.Repeat("?, ", len(values)), ", ")
	d.mustExec(g, "INSERT OR IGNORE INTO "+table.name+" VALUES ("+places+")", values...)
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
	db := openDatabase(t)
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
			t.Fatalf("%s\n%s", query, printShape(shape))
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
						table.name, before, after, query, g.args, printShape(shape))
				}
			})
		}
	})
}

// The law of mutations: each row that has changed was changed by one of the
// writes.
func TestMutationsOwnUpToEveryChange(t *testing.T) {
	db := openDatabase(t)
	rapid.Check(t, func(t *rapid.T) {
		g := &generator{T: t}
		table := pick(g, tables...)
		statement := g.mutation(table)
		shape := Analyzer{}.Analyze(statement)
		ev := evaluator{kinds, g.args}
		if shape.Verb != invalidation.Mutation || shape.Params != len(g.args) {
			t.Fatalf("%s\n%s", statement, printShape(shape))
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
						table.name, before, after, statement, g.args, printShape(shape))
				}
			})
		}
	})
}
