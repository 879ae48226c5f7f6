package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/sqlc-dev/meyer/ast"

	"github.com/seed92106438/cacheops/invalidation"
)

// openSchema returns a database with the schema, kept to one connection, and
// its catalogue.
func openSchema(t *testing.T, schema string) (database, invalidation.Catalog) {
	t.Helper()
	db, err := sql.Open("sqlite3", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	d := database{db}
	d.mustExec(t, schema)
	return d, d.catalog(t)
}

func (d database) catalog(t *testing.T) invalidation.Catalog {
	t.Helper()
	catalog, err := ReadCatalog(context.Background(), d)
	if err != nil {
		t.Fatal(err)
	}
	return catalog
}

func TestColumnsHaveTheKindsOfTheirTypes(t *testing.T) {
	for declared, want := range map[string]invalidation.Kind{
		"INTEGER": invalidation.Int, "integer": invalidation.Int, "bigint": invalidation.Int,
		"UNSIGNED BIG INT": invalidation.Int, "int(11)": invalidation.Int,
		"bool": invalidation.Int, "BOOLEAN": invalidation.Int, "numeric": invalidation.Int,
		"NUMERIC(10, 2)": invalidation.Int,

		"text": invalidation.Text, "VARCHAR(255)": invalidation.Text,
		"nchar(5)": invalidation.Text, "clob": invalidation.Text,
		"blob": invalidation.Bytes, "longblob": invalidation.Bytes,
		"real": invalidation.Float, "double precision": invalidation.Float, "FLOAT": invalidation.Float,
		"datetime": invalidation.Verbatim, "TIMESTAMP": invalidation.Verbatim, "datetime(3)": invalidation.Verbatim, "date": invalidation.Verbatim,

		"": invalidation.Unknown, "decimal(10,2)": invalidation.Unknown,
		"time":                     invalidation.Unknown,
		"timestamp with time zone": invalidation.Unknown,
		"json":                     invalidation.Unknown, "uuid": invalidation.Unknown,
		"any": invalidation.Unknown, "anything": invalidation.Unknown,

		// SQLite's rules are in order, whatever the word means.
		"charint": invalidation.Int, "floating point": invalidation.Int,
	} {
		_, catalog := openSchema(t, "CREATE TABLE t (a "+declared+")")
		if got := catalog["t"].Columns["a"].Kind; got != want {
			t.Errorf("%q is of kind %v, want %v", declared, got, want)
		}
	}
}

// What a collation of the application holds for equal is not known.
func TestColumnsUnderACollationOfTheApplication(t *testing.T) {
	for declared, want := range map[string]invalidation.Kind{
		"text COLLATE NOCASE": invalidation.Text, "text COLLATE rtrim": invalidation.Text,
		`text COLLATE "binary"`: invalidation.Text, "text NOT NULL COLLATE phone": invalidation.Unknown,
		"datetime COLLATE phone": invalidation.Unknown,
	} {
		stmt, reason := parse("CREATE TABLE t (a " + declared + ")")
		if reason != "" {
			t.Fatal(reason)
		}
		r := &invalidation.Relation{Columns: map[string]invalidation.Column{}}
		(&builder{}).table(r, stmt.(*ast.CreateTableStmt))
		if got := r.Columns["a"].Kind; got != want {
			t.Errorf("%q is of kind %v, want %v", declared, got, want)
		}
	}
}

func TestColumnsOfTheCatalogue(t *testing.T) {
	_, catalog := openSchema(t, "CREATE TABLE `T` ("+
		"`Id` integer PRIMARY KEY AUTOINCREMENT, `Email` text UNIQUE, a integer, b integer,"+
		"c integer GENERATED ALWAYS AS (a + b) STORED, d AS (a), e integer, f integer, g integer,"+
		"h integer, UNIQUE (a, b), UNIQUE (e), CONSTRAINT x UNIQUE (f COLLATE NOCASE));"+
		"CREATE UNIQUE INDEX i1 ON t (g);"+
		"CREATE UNIQUE INDEX i2 ON t (h) WHERE h > 0;"+
		"CREATE UNIQUE INDEX i3 ON t (a, h);"+
		"CREATE UNIQUE INDEX i4 ON t (abs(h));"+
		"CREATE INDEX i5 ON t (h)")
	relation := catalog["t"]
	if !relation.Base || relation.Name != "t" || len(relation.Triggered)+len(relation.Children) > 0 {
		t.Errorf("%+v", relation)
	}
	want := map[string]invalidation.Column{
		"id":    {Kind: invalidation.Int, Unique: true},
		"email": {Kind: invalidation.Text, Unique: true},
		"a":     {Kind: invalidation.Int},
		"b":     {Kind: invalidation.Int},
		"c":     {Kind: invalidation.Int, Generated: true},
		"d":     {Generated: true},
		"e":     {Kind: invalidation.Int, Unique: true},
		"f":     {Kind: invalidation.Int, Unique: true},
		"g":     {Kind: invalidation.Int, Unique: true},
		"h":     {Kind: invalidation.Int},
	}
	if !reflect.DeepEqual(relation.Columns, want) {
		t.Errorf("got %+v\nwant %+v", relation.Columns, want)
	}
	if _, known := catalog["sqlite_sequence"]; known {
		t.Error("SQLite's own table is in the catalogue")
	}
}

func TestAPrimaryKeyOfOneColumnIsUnique(t *testing.T) {
	_, catalog := openSchema(t, `
		CREATE TABLE one (a, b, PRIMARY KEY (a)) WITHOUT ROWID;
		CREATE TABLE two (a, b, PRIMARY KEY (a, b));
		CREATE TABLE text_for_name (a INTEGER, b, PRIMARY KEY ('A'))`)
	if !catalog["text_for_name"].Columns["a"].Unique {
		t.Errorf("text_for_name: %+v", catalog["text_for_name"].Columns)
	}
	if !catalog["one"].Columns["a"].Unique || catalog["one"].Columns["b"].Unique {
		t.Errorf("one: %+v", catalog["one"].Columns)
	}
	if catalog["two"].Columns["a"].Unique || catalog["two"].Columns["b"].Unique {
		t.Errorf("two: %+v", catalog["two"].Columns)
	}
}

func TestForeignKeysThatActAreTheParentsChildren(t *testing.T) {
	_, catalog := openSchema(t, "CREATE TABLE `Parent` (id integer PRIMARY KEY, a, b, UNIQUE (a, b));"+
		"CREATE TABLE c1 (p REFERENCES parent ON DELETE CASCADE);"+
		"CREATE TABLE c2 (p REFERENCES PARENT (Id) ON DELETE SET NULL ON UPDATE CASCADE);"+
		"CREATE TABLE c3 (x, y, CONSTRAINT fk FOREIGN KEY (`X`, y) REFERENCES parent (a, b) ON UPDATE SET DEFAULT);"+
		"CREATE TABLE c4 (p REFERENCES parent ON DELETE RESTRICT ON UPDATE NO ACTION);"+
		"CREATE TABLE c5 (p REFERENCES parent);"+
		"CREATE TABLE c6 (p REFERENCES nowhere ON DELETE CASCADE);"+
		"CREATE TABLE c7 (id integer PRIMARY KEY, up REFERENCES c7 ON DELETE CASCADE);"+
		"CREATE TABLE pair (a, b, PRIMARY KEY (B, a));"+
		"CREATE TABLE c8 (x, y, FOREIGN KEY (x, y) REFERENCES pair ON DELETE CASCADE);"+
		"CREATE TABLE c9 (x REFERENCES pair ON DELETE CASCADE)")
	want := []invalidation.ForeignKey{
		{Child: "c1", Columns: []string{"p"}, Parent: []string{"id"}, OnDelete: true, Deletes: true},
		{Child: "c2", Columns: []string{"p"}, Parent: []string{"id"}, OnDelete: true, OnUpdate: true},
		{Child: "c3", Columns: []string{"x", "y"}, Parent: []string{"a", "b"}, OnUpdate: true},
	}
	if got := catalog["parent"].Children; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	want = []invalidation.ForeignKey{
		{Child: "c8", Columns: []string{"x", "y"}, Parent: []string{"b", "a"}, OnDelete: true, Deletes: true},
		{Child: "c9", Columns: []string{"x"}, OnDelete: true, Deletes: true}, // does not fit: SQLite refuses to act on it
	}
	if got := catalog["pair"].Children; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if got := catalog["c7"].Children; len(got) != 1 || got[0].Child != "c7" {
		t.Errorf("a table that refers to itself has the children %+v", got)
	}
	if got := catalog["c1"].Children; got != nil {
		t.Errorf("a table that no one refers to has the children %+v", got)
	}
}

func TestTriggersWriteTheTablesOfTheirBodies(t *testing.T) {
	_, catalog := openSchema(t, `
		CREATE TABLE t (a); CREATE TABLE u (a UNIQUE); CREATE TABLE v (a); CREATE TABLE w (a);
		CREATE VIEW x AS SELECT a FROM t;
		CREATE TRIGGER r1 AFTER INSERT ON T WHEN new.a > 0 BEGIN
			INSERT INTO U VALUES (new.a) ON CONFLICT (a) DO UPDATE SET a = 1;
			UPDATE v SET a = 1;
			SELECT a FROM w;
		END;
		CREATE TRIGGER r2 BEFORE DELETE ON t BEGIN DELETE FROM v; END;
		CREATE TRIGGER r3 AFTER UPDATE OF a ON u BEGIN SELECT RAISE(IGNORE); END;
		CREATE TRIGGER r4 INSTEAD OF INSERT ON x BEGIN INSERT INTO t VALUES (new.a); END;
		CREATE TEMP TRIGGER r5 AFTER INSERT ON main.w BEGIN DELETE FROM v; END;`)
	for table, want := range map[string]string{
		"t": "t u v", "u": "u", "v": "", "w": "v w", "x": "t x",
	} {
		if got := strings.Join(catalog[table].Triggered, " "); got != want {
			t.Errorf("triggers on %s write %q, want %q", table, got, want)
		}
	}
}

func TestAConflictClauseThatReplacesIsLikeATrigger(t *testing.T) {
	_, catalog := openSchema(t, `
		CREATE TABLE t (a UNIQUE ON CONFLICT REPLACE);
		CREATE TABLE u (a, UNIQUE (a) ON CONFLICT REPLACE);
		CREATE TABLE v (a NOT NULL ON CONFLICT REPLACE DEFAULT 1);
		CREATE TABLE w (a UNIQUE ON CONFLICT IGNORE)`)
	for table, want := range map[string]string{"t": "t", "u": "u", "v": "v", "w": ""} {
		if got := strings.Join(catalog[table].Triggered, " "); got != want {
			t.Errorf("%s: a write may also change %q, want %q", table, got, want)
		}
	}
}

func TestOnlyOrdinaryTablesAreBaseTables(t *testing.T) {
	db, catalog := openSchema(t, `
		CREATE TABLE t (a);
		CREATE TABLE made AS SELECT 1 AS a;
		CREATE TABLE strict (a ANY) STRICT;
		CREATE VIEW v AS SELECT a FROM t;
		CREATE TABLE hidden (a REFERENCES t ON DELETE CASCADE);
		CREATE TEMP TABLE hidden (a);
		CREATE TEMP TABLE short_lived (a);
		CREATE TABLE named ("true" integer)`)
	for table, want := range map[string]bool{
		"t": true, "made": true, "strict": true,
		"v": false, "hidden": false, "short_lived": false, "named": false,
	} {
		if relation := catalog[table]; relation == nil || relation.Base != want || want && !relation.Returns {
			t.Errorf("%s: %+v, want base %v", table, relation, want)
		}
	}
	if len(catalog["t"].Children) != 1 {
		t.Error("a temporary table has taken the foreign keys of the one that it hides")
	}
	if catalog["nowhere"] != nil {
		t.Error("a table that is not there is known")
	}
	db.mustExec(t, "ATTACH ':memory:' AS other; CREATE TABLE other.far (a)")
	if catalog = db.catalog(t); catalog["far"] != nil || catalog["other.far"] != nil {
		t.Error("a table of another database is known")
	}
}

func TestVirtualTablesAndTheirOwnAreNoBaseTables(t *testing.T) {
	db, _ := openSchema(t, "CREATE TABLE place (a); CREATE TABLE places (a)")
	db.mustExec(t, "CREATE VIRTUAL TABLE place_index USING rtree(id, x0, x1)") // go-sqlite3 is built with rtree
	catalog := db.catalog(t)
	for table, want := range map[string]bool{
		"place": true, "places": true,
		"place_index": false, "place_index_node": false, "place_index_rowid": false,
	} {
		if relation := catalog[table]; relation == nil || relation.Base != want {
			t.Errorf("%s: %+v, want base %v", table, relation, want)
		}
	}
	if got := catalog["place_index"].Triggered; got != nil {
		t.Errorf("a write to an rtree writes %v", got)
	}
}

// schemaOf is a Querier whose schema is what a test likes.
type schemaOf struct {
	database
	objects string // a SELECT in place of that of the schema
}

func (s schemaOf) QueryContext(ctx context.Context, _ string, _ ...any) (*sql.Rows, error) {
	return s.DB.QueryContext(ctx, s.objects)
}

func TestWhatIsNotUnderstoodIsNotRelied(t *testing.T) {
	db, _ := openSchema(t, "")
	catalog, err := ReadCatalog(context.Background(), schemaOf{db, `
		SELECT 0, 'table', 't', 't', 'CREATE TABLE t (a)' UNION ALL
		SELECT 0, 'table', 'odd', 'odd', 'CREATE STRANGE TABLE odd (a)' UNION ALL
		SELECT 0, 'table', 'u', 'u', 'CREATE TABLE u (a)' UNION ALL
		SELECT 0, 'table', 'w', 'w', 'CREATE VIRTUAL TABLE w USING own_module' UNION ALL
		SELECT 0, 'trigger', 'r', 'u', 'CREATE STRANGE TRIGGER' UNION ALL
		SELECT 0, 'trigger', 's', 'nowhere', 'CREATE TRIGGER' UNION ALL
		SELECT 0, 'index', 'i', 't', 'CREATE STRANGE INDEX'`})
	if err != nil {
		t.Fatal(err)
	}
	if odd := catalog["odd"]; odd == nil || odd.Base {
		t.Errorf("a table whose definition is not understood: %+v", odd)
	}
	for table, want := range map[string]string{"t": "odd", "u": "* odd u", "w": "* odd"} {
		if got := strings.Join(catalog[table].Triggered, " "); got != want {
			t.Errorf("a write to %s may also change %q, want %q", table, got, want)
		}
	}
}

func TestReadCatalogFailsAsTheDatabaseDoes(t *testing.T) {
	db, _ := openSchema(t, "")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	catalog, err := ReadCatalog(ctx, db)
	if catalog != nil || !errors.Is(err, context.Canceled) || !strings.HasPrefix(err.Error(), "cacheops: ") {
		t.Errorf("catalogue %v, error %v", catalog, err)
	}
	if _, err := ReadCatalog(context.Background(), schemaOf{db, "SELECT 'a', 1, 2, 3, 4"}); err == nil {
		t.Error("a schema of another form is accepted")
	}
}
