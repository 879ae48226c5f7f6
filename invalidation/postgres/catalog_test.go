package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/seed92106438/cacheops/internal/testdb"
	"github.com/seed92106438/cacheops/invalidation"
)

// catalogOf returns the catalogue of a new database with the definitions.
func catalogOf(t *testing.T, definitions string) invalidation.Catalog {
	t.Helper()
	return openDatabase(t, definitions).catalog(t)
}

// describe writes what the catalogue says of a table: its columns in order.
func describe(r *invalidation.Relation) string {
	if r == nil {
		return "nothing"
	}
	var parts []string
	for name, c := range r.Columns {
		part := name + " " + kindNames[c.Kind]
		for word, is := range map[string]bool{" generated": c.Generated, " unique": c.Unique, " canonical": c.Canonical} {
			if is {
				part += word
			}
		}
		parts = append(parts, part)
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

var kindNames = map[invalidation.Kind]string{
	invalidation.Unknown: "unknown", invalidation.Int: "int", invalidation.Float: "float", invalidation.Text: "text",
	invalidation.Bytes: "bytes", invalidation.Time: "time", invalidation.Exact: "exact", invalidation.Wall: "wall", invalidation.Day: "day",
	invalidation.Decimal: "decimal", invalidation.UUID: "uuid",
}

func TestTypesHaveKinds(t *testing.T) {
	types := []struct {
		declared  string
		kind      invalidation.Kind
		canonical bool
	}{
		{"smallint", invalidation.Int, true},
		{"int", invalidation.Int, true},
		{"bigserial", invalidation.Int, true},
		{"boolean", invalidation.Int, true},
		{"double precision", invalidation.Float, false},
		{"numeric", invalidation.Decimal, false},
		{"numeric(10, 2)", invalidation.Decimal, true},
		{"numeric(4, -1)", invalidation.Unknown, false},
		{"text", invalidation.Exact, true},
		{"varchar(10)", invalidation.Exact, true},
		{"text COLLATE \"C\"", invalidation.Exact, true},
		{"text COLLATE loose", invalidation.Unknown, false},
		{"char(3)", invalidation.Text, false},
		{"char(3) COLLATE loose", invalidation.Unknown, false},
		{"mood", invalidation.Exact, true},
		{"uuid", invalidation.UUID, true},
		{"bytea", invalidation.Bytes, true},
		{"timestamptz", invalidation.Time, true},
		{"timestamptz(0)", invalidation.Time, true},
		{"timestamp", invalidation.Wall, true},
		{"timestamp(0)", invalidation.Wall, true},
		{"date", invalidation.Day, true},
		{"short", invalidation.Exact, true},
		{"price", invalidation.Decimal, true},

		{"oid", invalidation.Unknown, false},
		{"real", invalidation.Unknown, false},
		{"name", invalidation.Unknown, false},
		{"\"char\"", invalidation.Unknown, false},
		{"time", invalidation.Unknown, false},
		{"interval", invalidation.Unknown, false},
		{"jsonb", invalidation.Unknown, false},
		{"int[]", invalidation.Unknown, false},
		{"mood[]", invalidation.Unknown, false},
		{"int4range", invalidation.Unknown, false},
		{"inet", invalidation.Unknown, false},
		{"money", invalidation.Unknown, false},
		{"bit(3)", invalidation.Unknown, false},
		{"xml", invalidation.Unknown, false},
	}
	var columns []string
	for i, c := range types {
		columns = append(columns, fmt.Sprintf("c%d %s", i, c.declared))
	}
	r := catalogOf(t, `
		CREATE TYPE mood AS ENUM ('sad', 'ok');
		CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level1', deterministic = false);
		CREATE DOMAIN shorter AS varchar(3) CHECK (value <> '');
		CREATE DOMAIN short AS shorter;
		CREATE DOMAIN price AS numeric(10, 3);
		CREATE TABLE t (`+strings.Join(columns, ", ")+")")["t"]
	for i, c := range types {
		got := r.Columns[fmt.Sprintf("c%d", i)]
		if got.Kind != c.kind || got.Canonical != c.canonical {
			t.Errorf("%s is %s, canonical %t", c.declared, kindNames[got.Kind], got.Canonical)
		}
	}
	for declared, scale := range map[string]int16{"numeric": anyScale, "numeric(10, 2)": 2, "price": 3} {
		i := slices.IndexFunc(types, func(c struct {
			declared  string
			kind      invalidation.Kind
			canonical bool
		}) bool {
			return c.declared == declared
		})
		if got := r.Columns[fmt.Sprintf("c%d", i)].Scale; got != scale {
			t.Errorf("%s keeps %d digits, want %d", declared, got, scale)
		}
	}
}

func TestColumnsAreUniqueAloneAndGeneratedByTheDatabase(t *testing.T) {
	c := catalogOf(t, `
		CREATE TABLE t (id bigserial PRIMARY KEY, a int UNIQUE, b int, c int, d int, e int, f int,
			g int GENERATED ALWAYS AS (a + 1) STORED, h int GENERATED ALWAYS AS IDENTITY, i int DEFAULT 5, UNIQUE (b, c));
		CREATE UNIQUE INDEX ON t (d) WHERE e > 0;
		CREATE UNIQUE INDEX ON t ((e + 1));
		CREATE UNIQUE INDEX ON t (f) INCLUDE (e);
		CREATE TABLE u (n numeric(5, 2) UNIQUE, m numeric UNIQUE);
		CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level1', deterministic = false);
		CREATE TABLE v (a int, s text, t text);
		CREATE UNIQUE INDEX ON v (a, s COLLATE loose);
		CREATE UNIQUE INDEX ON v (t)`)
	// An upsert of 'A' meets 'a'.
	if v := c["v"].Columns; v["s"].Kind != invalidation.Unknown || v["t"].Kind != invalidation.Exact {
		t.Errorf("keys of texts: %s", describe(c["v"]))
	}
	want := "a int unique canonical, b int canonical, c int canonical, d int canonical, e int canonical, " +
		"f int unique canonical, g int generated canonical, h int canonical, i int canonical, id int unique canonical"
	got := describe(c["t"])
	for _, both := range [][2]string{{" canonical unique", " unique canonical"}, {" canonical generated", " generated canonical"}} {
		got = strings.ReplaceAll(got, both[0], both[1])
	}
	if got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	// What is rounded to be stored is met by what it was before.
	if u := c["u"].Columns; u["n"].Kind != invalidation.Unknown || u["m"].Kind != invalidation.Decimal {
		t.Errorf("keys of numbers: %s", describe(c["u"]))
	}
}

func TestTablesAreKnownByTheirSchemaAndByTheSearchPath(t *testing.T) {
	c := catalogOf(t, `
		CREATE SCHEMA app;
		CREATE TABLE t (a int);
		CREATE TABLE app.t (b text);
		CREATE TABLE app.u (a int);
		CREATE TABLE "Mixed" ("A" int)`)
	if c["t"] == nil || c["t"] != c["public.t"] || c["t"].Name != "public.t" || !c["t"].Base {
		t.Errorf("t is %+v", c["t"])
	}
	if c["app.t"] == c["t"] || c["app.t"].Name != "app.t" || describe(c["app.t"]) != "b exact canonical" {
		t.Errorf("app.t is %+v", c["app.t"])
	}
	if c["u"] != nil || c["app.u"] == nil {
		t.Errorf("u is %+v, app.u is %+v", c["u"], c["app.u"])
	}
	if m := c["mixed"]; m == nil || m != c["public.mixed"] || !m.Base || m.Columns["a"].Kind != invalidation.Int {
		t.Errorf("Mixed is %+v", m)
	}
	for name := range c {
		if strings.HasPrefix(name, "pg_") || strings.HasPrefix(name, "information_schema") {
			t.Errorf("%s is there", name)
		}
	}
}

func TestTheSearchPathOfTheSessionCounts(t *testing.T) {
	db := openDatabase(t, "CREATE SCHEMA app; CREATE TABLE t (a int); CREATE TABLE app.t (a int); SET search_path = app, public")
	if c := db.catalog(t); c["t"] != c["app.t"] {
		t.Errorf("t is %+v", c["t"])
	}
}

func TestNamesThatAreNotToldApartAreNoBaseTables(t *testing.T) {
	c := catalogOf(t, `
		CREATE TABLE t (a int);
		CREATE TABLE "T" (b int);
		CREATE TABLE u (a int, "A" int);
		CREATE SCHEMA app;
		CREATE TABLE app.x (a int);
		CREATE TABLE "app.x" (a int);
		CREATE TABLE "f()" (a int);
		CREATE TABLE v (a int)`)
	for _, name := range []string{"t", "public.t", "u"} {
		if c[name] == nil || c[name].Base {
			t.Errorf("%s is %+v", name, c[name])
		}
	}
	if c["t"] != c["public.t"] || !c["app.x"].Base || !c["v"].Base || c["f()"] != nil {
		t.Errorf("%+v", c)
	}
}

func TestWhatIsNoOrdinaryTableIsNoBaseTable(t *testing.T) {
	c := catalogOf(t, `
		CREATE TABLE t (a int);
		CREATE UNLOGGED TABLE unlogged (a int);
		CREATE VIEW v AS SELECT * FROM t;
		CREATE MATERIALIZED VIEW m AS SELECT * FROM t;
		CREATE TEMP TABLE temporary (a int);
		CREATE TABLE secured (a int);
		ALTER TABLE secured ENABLE ROW LEVEL SECURITY;
		CREATE TABLE mother (a int);
		CREATE TABLE daughter () INHERITS (mother);
		CREATE TYPE pair AS (a int, b int);
		CREATE TABLE composite (a pair);
		CREATE TABLE computing (a int);
		CREATE FUNCTION double(computing) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 2 * $1.a';
		CREATE TABLE ruled (a int);
		CREATE RULE r AS ON INSERT TO ruled DO ALSO DELETE FROM t`)
	for name, base := range map[string]bool{
		"t": true, "unlogged": true, "ruled": true, "v": false, "m": false, "temporary": false, "secured": false,
		"mother": false, "daughter": false, "composite": false, "computing": false,
	} {
		if c[name] == nil || c[name].Base != base {
			t.Errorf("%s is %+v", name, c[name])
		}
	}
	for name, want := range map[string]string{
		"v": "public.t", "mother": "public.daughter public.mother", "daughter": "public.daughter public.mother",
		"ruled": "* public.ruled", "t": "", "m": "",
	} {
		if got := strings.Join(c[name].Triggered, " "); got != want {
			t.Errorf("with %s goes %q, want %q", name, got, want)
		}
	}
}

// A write that asks for what may not be seen fails.
func TestAWriteReturnsNothingThatMayNotBeSeen(t *testing.T) {
	db := openDatabase(t, `
		CREATE TABLE open (a int);
		CREATE TABLE shut (a int, b int);
		CREATE TABLE parted (a int) PARTITION BY LIST (a);
		CREATE TABLE part PARTITION OF parted FOR VALUES IN (1)`)
	c := db.catalog(t)
	for _, name := range []string{"open", "shut", "parted"} {
		if !c[name].Returns {
			t.Errorf("%s is %+v", name, c[name])
		}
	}
	var role string // no other test has it
	if err := db.QueryRow("SELECT current_database()").Scan(&role); err != nil {
		t.Fatal(err)
	}
	db.mustExec(t, "CREATE ROLE "+role+"; GRANT SELECT ON open, parted TO "+role+"; GRANT SELECT (a), UPDATE ON shut TO "+role)
	t.Cleanup(func() { db.mustExec(t, "DROP OWNED BY "+role+"; DROP ROLE "+role) })
	db.mustExec(t, "SET ROLE "+role)
	c = db.catalog(t)
	db.mustExec(t, "RESET ROLE")
	for name, returns := range map[string]bool{"open": true, "shut": false, "parted": false, "part": false} {
		if c[name].Returns != returns {
			t.Errorf("%s is %+v", name, c[name])
		}
	}
}

func TestAFunctionMayChangeWhatMayBeSeen(t *testing.T) {
	for name, test := range map[string]struct {
		function string
		returns  bool
	}{
		"that only writes":       {"LANGUAGE plpgsql AS $$ BEGIN UPDATE t SET a = 1; RETURN 1; END $$", true},
		"of a column role":       {"LANGUAGE sql AS $$ SELECT max(role) FROM t $$", true},
		"that sets the role":     {"LANGUAGE plpgsql AS $$ BEGIN SET LOCAL ROLE postgres; RETURN 1; END $$", false},
		"that sets it by a call": {"LANGUAGE sql AS $$ SELECT length(set_config('role', 'postgres', true)) $$", false},
		"that runs a text":       {"LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'SET ' || 'ROLE postgres'; RETURN 1; END $$", false},
		"in another language":    {"LANGUAGE internal AS 'pg_backend_pid'", false},
	} {
		t.Run(name, func(t *testing.T) {
			c := catalogOf(t, "CREATE TABLE t (a int, role int); CREATE FUNCTION f() RETURNS int "+test.function)
			if c["t"].Returns != test.returns {
				t.Errorf("the table is %+v", c["t"])
			}
		})
	}
}

func TestATemporaryTableHidesAnother(t *testing.T) {
	c := catalogOf(t, `
		CREATE TABLE t (a int);
		CREATE TEMP TABLE t (b int)`)
	// Without the schema, on another connection, the name means the other.
	if r := c["t"]; r.Name != "pg_temp.t" || r.Base || !slices.Equal(r.Triggered, []string{"public.t"}) {
		t.Errorf("t is %+v", r)
	}
	if r := c["public.t"]; r.Name != "public.t" || !r.Base || r.Triggered != nil {
		t.Errorf("public.t is %+v", r)
	}
}

func TestAPartitionedTableIsOneRelation(t *testing.T) {
	c := catalogOf(t, `
		CREATE TABLE root (id int PRIMARY KEY, a int) PARTITION BY RANGE (id);
		CREATE TABLE low PARTITION OF root FOR VALUES FROM (0) TO (5);
		CREATE TABLE high PARTITION OF root FOR VALUES FROM (5) TO (9) PARTITION BY LIST (id);
		CREATE TABLE higher PARTITION OF high DEFAULT;
		CREATE UNIQUE INDEX ON low (a);
		CREATE TABLE child (r int REFERENCES root ON DELETE CASCADE)`)
	for _, name := range []string{"root", "low", "public.high", "higher"} {
		if c[name] == nil || c[name] != c["public.root"] {
			t.Errorf("%s is %+v", name, c[name])
		}
	}
	root := c["root"]
	if root.Name != "public.root" || !root.Base || root.Columns["a"].Unique || !root.Columns["id"].Unique {
		t.Errorf("root is %+v", root)
	}
	if len(root.Children) != 1 || root.Children[0].Child != "public.child" {
		t.Errorf("children: %+v", root.Children)
	}
}

func TestForeignKeysThatActAreTheParents(t *testing.T) {
	c := catalogOf(t, `
		CREATE SCHEMA app;
		CREATE TABLE p (id int PRIMARY KEY, a int, b int, UNIQUE (a, b));
		CREATE TABLE c1 (x int REFERENCES p ON DELETE CASCADE);
		CREATE TABLE app.c2 (x int, y int, FOREIGN KEY (y, x) REFERENCES public.p (a, b) ON DELETE SET NULL ON UPDATE CASCADE);
		CREATE TABLE c3 (x int REFERENCES p ON UPDATE SET DEFAULT);
		CREATE TABLE c4 (x int REFERENCES p ON DELETE RESTRICT, y int REFERENCES p)`)
	var got []string
	for _, k := range c["p"].Children {
		got = append(got, fmt.Sprintf("%s%v to %v: %t %t %t", k.Child, k.Columns, k.Parent, k.OnDelete, k.Deletes, k.OnUpdate))
	}
	slices.Sort(got)
	want := []string{
		"app.c2[y x] to [a b]: true false true",
		"public.c1[x] to [id]: true true false",
		"public.c3[x] to [id]: false false true",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestTriggersTellWhatTheyMayWrite(t *testing.T) {
	const on = " ON %s FOR EACH ROW EXECUTE FUNCTION "
	definitions := `
		CREATE TABLE log (a int);
		CREATE FUNCTION plain() RETURNS trigger LANGUAGE plpgsql AS $$
			DECLARE n int := 1 + 1; BEGIN
			IF new.a > 0 AND EXISTS (SELECT 1 FROM log) THEN new.a := coalesce(new.a, 0) + n; END IF;
			SELECT count(*) INTO n FROM log; PERFORM pg_notify('x', new.a::text);
			RAISE NOTICE 'a is %', new.a; RETURN new; END $$;
		CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.at = now(); RETURN NEW; END $$;
		CREATE FUNCTION harmless() RETURNS int LANGUAGE sql AS 'SELECT count(*)::int FROM log';
		CREATE FUNCTION harmful() RETURNS int LANGUAGE sql AS 'DELETE FROM log; SELECT 1';
		CREATE FUNCTION stable() RETURNS int LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN 1; END $$;
		CREATE FUNCTION inserts() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES (1); RETURN new; END $$;
		CREATE FUNCTION executes() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'DELETE FROM log'; RETURN new; END $$;
		CREATE FUNCTION clears() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM log; RETURN new; END $$;
		CREATE FUNCTION calls() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN new.a := harmful(); RETURN new; END $$;
		CREATE FUNCTION declares() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE n int := harmful(); BEGIN RETURN new; END $$;
		CREATE FUNCTION returns() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF harmful() = 1 THEN RETURN new; END IF; RETURN NULL; END $$;
		CREATE FUNCTION deletes() RETURNS trigger LANGUAGE plpgsql AS $$
			DECLARE n int; BEGIN WITH d AS (DELETE FROM log RETURNING 1) SELECT count(*) INTO n FROM d; RETURN new; END $$;
		CREATE TABLE none (a int);
		CREATE TABLE defaults (a int DEFAULT harmful());
		CREATE TABLE checks (a int CHECK (harmful() > 0));
		CREATE TABLE counts (a int DEFAULT harmless(), id uuid DEFAULT gen_random_uuid());
		CREATE TABLE own (a int, at tsvector);
		CREATE TRIGGER r BEFORE INSERT` + fmt.Sprintf(on, "own") + `tsvector_update_trigger('at', 'pg_catalog.english', 'b')`
	tables := map[string]string{
		"plain": "", "stamp": "", "inserts": "* ", "clears": "* ", "executes": "* ", "calls": "* ", "declares": "* ", "returns": "* ", "deletes": "* ",
	}
	want := map[string]string{"none": "", "defaults": "* public.defaults", "checks": "* public.checks", "counts": "", "own": "public.own"}
	for function, all := range tables {
		definitions += "; CREATE TABLE t_" + function + " (a int, at timestamptz); CREATE TRIGGER r BEFORE UPDATE" +
			fmt.Sprintf(on, "t_"+function) + function + "()"
		want["t_"+function] = all + "public.t_" + function
	}
	c := catalogOf(t, definitions)
	for table, triggered := range want {
		if got := strings.Join(c[table].Triggered, " "); got != triggered {
			t.Errorf("with %s goes %q, want %q", table, got, triggered)
		}
	}
	for function, writes := range map[string]bool{"harmful": true, "inserts": true, "harmless": false, "stable": false, "plain": false} {
		for _, name := range []string{function, "public." + function} {
			r := c[invalidation.FunctionName(name)]
			if (r != nil) != writes || writes && !slices.Equal(r.Triggered, []string{invalidation.AllTables}) {
				t.Errorf("%s() is %+v", name, r)
			}
		}
	}
}

func TestAViewThatIsWrittenThroughIsTheTablesBehindIt(t *testing.T) {
	c := catalogOf(t, `
		CREATE TABLE t (a int); CREATE TABLE u (a int);
		CREATE VIEW v AS SELECT t.a FROM t WHERE EXISTS (SELECT FROM u WHERE u.a = t.a);
		CREATE VIEW w AS SELECT * FROM v;
		CREATE VIEW instead AS SELECT * FROM t;
		CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM u; RETURN new; END $$;
		CREATE TRIGGER r INSTEAD OF INSERT ON instead FOR EACH ROW EXECUTE FUNCTION f()`)
	for name, want := range map[string]string{
		"v": "public.t public.u", "w": "public.v", "instead": "* public.instead public.t",
	} {
		if got := strings.Join(c[name].Triggered, " "); got != want || c[name].Base {
			t.Errorf("behind %s is %q, want %q", name, got, want)
		}
	}
}

func TestNoCatalogueIsHadWhereSQLMeansSomethingElse(t *testing.T) {
	db := openDatabase(t, "SELECT 1")
	for set, want := range map[string]string{
		"standard_conforming_strings = off":  "standard_conforming_strings",
		"transform_null_equals = on":         "transform_null_equals",
		"search_path = public, pg_catalog":   "pg_catalog",
		"search_path = pg_catalog, public":   "",
		"search_path = ''":                   "",
		"DateStyle = 'German'":               "",
		"backslash_quote = on":               "",
		"search_path = pg_temp, public":      "",
		"default_transaction_read_only = on": "",
	} {
		db.mustExec(t, "RESET ALL")
		db.mustExec(t, "SET "+set)
		_, err := Dialect{}.ReadCatalog(context.Background(), db)
		switch {
		case want == "" && err != nil, want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("SET %s: %v", set, err)
		case err != nil && !strings.HasPrefix(err.Error(), "cacheops: "):
			t.Errorf("error without its prefix: %v", err)
		}
	}
	if err := (&schema{Recovery: true}).check(); err == nil {
		t.Error("a server in recovery has a catalogue")
	}
}

func TestTheErrorOfTheServerIsWrapped(t *testing.T) {
	db, err := sql.Open("pgx", testdb.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := (Dialect{}).ReadCatalog(ctx, db); err == nil || !strings.HasPrefix(err.Error(), "cacheops: read the PostgreSQL schema: ") {
		t.Errorf("got %v", err)
	}
}
