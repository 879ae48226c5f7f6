package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // registers pgx
	"pgregory.net/rapid"

	"github.com/seed92106438/cacheops/internal/testdb"
	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/invalidation/internal/syntax/shapetest"
)

var differential = flag.Duration("differential", 5*time.Second, "how long statements are tried on the real server")

// plainSchema has each family of values in several types.
const plainSchema = `
	CREATE TYPE mood AS ENUM ('sad', 'ok', 'a');
	CREATE TABLE t1 (id int PRIMARY KEY, a int, b bool, s text, n numeric(6, 2) UNIQUE, at timestamptz UNIQUE, u uuid);
	CREATE TABLE t2 (id bigint UNIQUE, a smallint, x int, s varchar(3), n numeric(6, 1), at timestamp, m mood);
	CREATE TABLE t3 (x text, s char(3), f float8, at date, u uuid UNIQUE, b bool, UNIQUE (x, s))`

// actingSchema has tables that change by themselves and compare otherwise.
const actingSchema = `
	CREATE TYPE mood AS ENUM ('sad', 'ok', 'a');
	CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level1', deterministic = false);
	CREATE DOMAIN short AS varchar(3) CHECK (value <> 'zz');
	CREATE TABLE t1 (id int PRIMARY KEY, a int, b bool DEFAULT true, s text COLLATE loose, n numeric(6, 1) UNIQUE,
		at timestamptz(0) UNIQUE, u uuid);
	CREATE TABLE t2 (id bigint, a int REFERENCES t1 (id) ON DELETE CASCADE ON UPDATE SET NULL,
		x int REFERENCES t1 ON DELETE SET NULL ON UPDATE CASCADE,
		s short, n numeric(4, -1), at timestamp(0), m mood, UNIQUE (id)) PARTITION BY RANGE (id);
	CREATE TABLE t2low PARTITION OF t2 FOR VALUES FROM (MINVALUE) TO (2);
	CREATE TABLE t2rest PARTITION OF t2 DEFAULT;
	CREATE TABLE t3 (x text, s char(3) DEFAULT 'b', f float4, at date, u uuid UNIQUE, b bool GENERATED ALWAYS AS (x = 'a') STORED, UNIQUE (x, s));
	CREATE FUNCTION spread() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN UPDATE t3 SET x = new.m::text WHERE at = '2024-01-01'; RETURN NULL; END $$;
	CREATE TRIGGER r AFTER UPDATE OF m ON t2 FOR EACH ROW WHEN (new.m = 'ok') EXECUTE FUNCTION spread();
	CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN new.at := '2024-01-02'; RETURN new; END $$;
	CREATE TRIGGER r BEFORE UPDATE OF f ON t3 FOR EACH ROW EXECUTE FUNCTION stamp()`

// tryFunction runs a statement that may fail.
const tryFunction = `;
	CREATE FUNCTION try(statement text) RETURNS void LANGUAGE plpgsql AS $$
		BEGIN EXECUTE statement; EXCEPTION WHEN OTHERS THEN NULL; END $$`

// database is a real PostgreSQL with the tables of the generator.
type database struct{ *sql.DB }

func openDatabase(tb testing.TB, schema string) database {
	tb.Helper()
	db, err := sql.Open("pgx", testdb.Postgres(tb))
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

func (d database) catalog(t fataler) invalidation.Catalog {
	t.Helper()
	catalog, err := Dialect{}.ReadCatalog(context.Background(), d)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return catalog
}

// answer is the result of a query.
type answer struct {
	text    string // the rows in an order of their own
	columns []string
	rows    [][]any // as they came
}

// ask runs a query. It fails if PostgreSQL finds a name ambiguous, types that
// do not fit and the like.
func (d database) ask(query string, args []any) (answer, error) {
	rows, err := d.Query(query, args...)
	if err != nil {
		return answer{}, err
	}
	defer rows.Close()
	var a answer
	if a.columns, err = rows.Columns(); err != nil {
		return answer{}, err
	}
	var lines []string
	for rows.Next() {
		values := make([]any, len(a.columns))
		targets := make([]any, len(a.columns))
		for i := range values {
			targets[i] = &values[i]
		}
		if err := rows.Scan(targets...); err != nil {
			return answer{}, err
		}
		a.rows = append(a.rows, values)
		lines = append(lines, fmt.Sprintf("%s", values))
	}
	slices.Sort(lines)
	a.text = strings.Join(lines, "\n")
	return a, rows.Err()
}

// outcome returns what is known of a query when it is done. The partners of an
// edge are given as all values that there are.
func (d database) outcome(t fataler, shape *invalidation.Shape, a answer) invalidation.Outcome {
	t.Helper()
	o := invalidation.Outcome{Rows: int64(len(a.rows))}
	if shape.Page != nil && len(a.rows) > 0 {
		at := max(slices.Index(a.columns, shape.Page.Result), 0)
		o.Last = a.rows[len(a.rows)-1][at]
	}
	for _, e := range shape.Edges {
		others, err := d.ask("SELECT DISTINCT "+e.OtherColumn+" FROM "+shape.Uses[e.Other].Table, nil)
		if err != nil {
			continue // a column of another table
		}
		p := invalidation.Partners{Edge: e}
		for _, row := range others.rows {
			p.Values = append(p.Values, row[0])
		}
		o.Partners = append(o.Partners, p)
	}
	return o
}

// fill gives every table a few random rows. One that a constraint forbids is
// left out.
func (d database) fill(g *generator) {
	steps := "DELETE FROM t3; DELETE FROM t2; DELETE FROM t1"
	for _, table := range tables {
		for range pick(g, 2, 3, 4) {
			steps += "; SELECT try($try$" + g.row(table) + "$try$)"
		}
	}
	d.mustExec(g, steps)
}

// row writes an INSERT of literals.
func (g *generator) row(table origin) string {
	names, values := []string{"s"}, []string{pick(g, literals["text"]...)}
	for _, f := range table.fields {
		if f.name != "s" && g.chance(85) {
			names, values = append(names, f.name), append(values, pick(g, literals[f.of]...))
		}
	}
	return "INSERT INTO " + table.name + " (" + strings.Join(names, ", ") + ") VALUES (" + strings.Join(values, ", ") + ")"
}

// The law: if a mutation changes the answer of a query, then what is bound
// from the one meets what is bound from the other.
func TestWhateverChangesAnAnswerMeetsItsDependency(t *testing.T) {
	for name, schema := range map[string]string{"plain": plainSchema, "acting": actingSchema} {
		t.Run(name, func(t *testing.T) {
			db := openDatabase(t, schema+tryFunction)
			catalog := db.catalog(t)
			var seen tally
			for start, round := time.Now(), 0; !t.Failed() && (time.Since(start) < *differential/2 || seen.little() && round < 20); round++ {
				rapid.Check(t, func(t *rapid.T) { db.checkMutation(t, catalog, &seen) })
			}
			t.Logf("%+v", seen)
			if seen.little() {
				t.Errorf("nothing was tried: %+v", seen)
			}
		})
	}
}

// little reports whether some of what must come about has not yet: on a busy machine
// it may not in the time that there is.
func (t *tally) little() bool { return t.Changed == 0 || t.Kept == 0 }

// tally counts what was tried.
type tally struct {
	Refused int // queries or statements that PostgreSQL refused
	Changed int // answers that changed
	Kept    int // answers that did not change, and whose dependency was not met
	Dropped int // answers that did not change, but whose dependency was met
}

func (d database) checkMutation(t *rapid.T, catalog invalidation.Catalog, seen *tally) {
	asking, telling := &generator{T: t}, &generator{T: t}
	query := asking.question()
	read := slices.DeleteFunc(slices.Clone(tables), func(o origin) bool { return !strings.Contains(query, o.name) })
	if len(read) == 0 || telling.chance(35) {
		read = tables // what foreign keys and triggers write
	}
	statement := telling.mutation(pick(telling, read...))
	shape, written := Dialect{}.Analyze(query), Dialect{}.Analyze(statement)
	understood := shape.Refusal == "" && shape.Params == len(asking.args) &&
		written.Verb == invalidation.Mutation && written.Params == len(telling.args)
	whole := shape.Dependency("", values(asking.args), catalog)
	changes := written.Changes("", values(telling.args), catalog, invalidation.Facts{})
	for range 4 {
		d.fill(asking)
		before, err := d.ask(query, asking.args)
		if err != nil {
			seen.Refused++
			return
		}
		dependency := shape.Narrow(whole, values(asking.args), catalog, d.outcome(t, shape, before))
		if _, err = d.Exec(statement, telling.args...); err != nil {
			seen.Refused++
			continue // a failed statement leaves everything as it was
		}
		if !understood {
			t.Fatalf("%s\n%s%s\n%s", query, shapetest.Print(shape), statement, shapetest.Print(written))
		}
		after, _ := d.ask(query, asking.args)
		met := meet(changes, dependency)
		switch {
		case after.text == before.text && met:
			seen.Dropped++
		case after.text == before.text:
			seen.Kept++
		case met:
			seen.Changed++
		default:
			t.Fatalf("%s\n%v changes the answer of\n%s\n%v\nfrom\n%s\nto\n%s\nunnoticed: %+v do not meet\n%+v",
				statement, telling.args, query, asking.args, before.text, after.text, changes, dependency)
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
