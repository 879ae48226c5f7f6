package mysql

import (
	"context"
	"database/sql"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/seed92106438/cacheops/internal/testdb"
	"github.com/seed92106438/cacheops/invalidation"
)

// schema is the name of the current database.
func (d database) schemaName(tb testing.TB) string {
	var name string
	if err := d.QueryRowContext(context.Background(), "SELECT DATABASE()").Scan(&name); err != nil {
		tb.Fatal(err)
	}
	return name
}

// local cuts the name of the database off the names of tables.
func local(schema string, names []string) []string {
	var short []string
	for _, name := range names {
		short = append(short, strings.TrimPrefix(name, schema+"."))
	}
	return short
}

func TestColumnsAreDescribed(t *testing.T) {
	db := openDatabase(t, "&sql_mode='TRADITIONAL'", `CREATE TABLE T (
		id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, ok BOOL, small TINYINT UNIQUE, money DECIMAL(10, 2),
		x DOUBLE, x2 DOUBLE(8, 2), f FLOAT, name VARCHAR(20), bin_name TEXT COLLATE utf8mb4_bin,
		latin CHAR(3) CHARACTER SET latin1, lithuanian VARCHAR(3) COLLATE utf8mb4_lithuanian_ci,
		greek VARCHAR(3) CHARACTER SET greek, state ENUM('a'), flags SET('a'), raw VARBINARY(9), fixed BINARY(9), image BLOB,
		bits BIT(3), y YEAR, clock TIME, at DATETIME(3), born DATE NOT NULL, altered TIMESTAMP NULL ON UPDATE CURRENT_TIMESTAMP,
		twice INT AS (small * 2) VIRTUAL, doc JSON, place POINT, uid UUID, address INET6,
		a INT, b INT, UNIQUE (a, b))`)
	const unknown = invalidation.Unknown
	want := map[string]invalidation.Column{
		"id": {Kind: invalidation.Int, Unique: true}, "ok": {Kind: invalidation.Int},
		"small": {Kind: invalidation.Int, Unique: true}, "money": {Kind: invalidation.Decimal, Scale: 2},
		"x": {Kind: invalidation.Float}, "x2": {Kind: unknown, Scale: 2}, "f": {Kind: unknown},
		"name": {Kind: invalidation.Text}, "bin_name": {Kind: invalidation.Exact}, "latin": {Kind: invalidation.Text},
		"lithuanian": {Kind: unknown}, "greek": {Kind: unknown}, "state": {Kind: invalidation.Text, Coerced: true},
		"flags": {Kind: unknown}, "raw": {Kind: invalidation.Bytes}, "fixed": {Kind: invalidation.Bytes},
		"image": {Kind: invalidation.Bytes}, "bits": {Kind: unknown}, "y": {Kind: unknown}, "clock": {Kind: unknown},
		"at": {Kind: invalidation.Wall}, "born": {Kind: invalidation.Day, ZeroIsNull: true},
		"altered": {Kind: invalidation.Clock, Generated: true}, "twice": {Kind: invalidation.Int, Generated: true},
		"doc": {Kind: invalidation.Exact}, "place": {Kind: unknown}, "uid": {Kind: invalidation.UUID},
		"address": {Kind: unknown}, "a": {Kind: invalidation.Int}, "b": {Kind: invalidation.Int},
	}
	got := db.catalog["t"].Columns
	for name, column := range want {
		column.Canonical = true
		if got[name] != column {
			t.Errorf("%s is %+v, want %+v", name, got[name], column)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d columns, want %d", len(got), len(want))
	}
}

// MariaDB computes a virtual column when it is read, be it from the date.
func TestTablesThatVaryWithoutAWrite(t *testing.T) {
	for expression, want := range map[string]bool{
		"a * 2":                             true,
		"CONCAT(b, 'now()')":                true,
		"JSON_VALUE(b, '$.x')":              true,
		"CASE WHEN (a > 0) THEN 1 END":      true,
		"TIMESTAMPDIFF(YEAR, d, CURDATE())": false,
		"d < NOW()":                         false,
		"RAND()":                            false,
		"UNIX_TIMESTAMP()":                  false,
		"@@sql_mode":                        false,
		"NATURAL_SORT_KEY(b)":               false, // it may be one that is not known
	} {
		t.Run(expression, func(t *testing.T) {
			db := openDatabase(t, "&sql_mode='TRADITIONAL'", "CREATE TABLE t (a INT, b VARCHAR(20), d DATE, v VARCHAR(99) AS ("+expression+") VIRTUAL)",
				"CREATE TABLE u (a INT, v INT AS (a + 1) STORED)")
			if db.catalog["t"].Base != want || !db.catalog["u"].Base {
				t.Errorf("%t, want %t", db.catalog["t"].Base, want)
			}
		})
	}
	escaped := column{extra: "VIRTUAL GENERATED", generated: `json_unquote(json_extract(` + "`b`" + `,_utf8mb4\'$.x\'))`}
	if escaped.varies() {
		t.Error("MySQL's way to tell of an expression is not understood")
	}
}

// By default MariaDB takes 2026-00-15 for a date, which no driver gives back.
func TestColumnsOfALenientServer(t *testing.T) {
	const table = "CREATE TABLE t (id INT PRIMARY KEY, at DATETIME, ts TIMESTAMP NOT NULL)"
	for parameters, want := range map[string]map[string]invalidation.Column{
		"": {"id": {Kind: invalidation.Int, Unique: true, Canonical: true}, "at": {Kind: invalidation.Wall},
			"ts": {Kind: invalidation.Clock, ZeroIsNull: true, Canonical: true}},
		"&sql_mode=''": {"id": {Kind: invalidation.Int, Unique: true, Canonical: true, Coerced: true},
			"at": {Kind: invalidation.Wall, Coerced: true},
			"ts": {Kind: invalidation.Clock, ZeroIsNull: true, Canonical: true, Coerced: true}},
		"&time_zone='Europe/Berlin'&explicit_defaults_for_timestamp=0": {
			"id": {Kind: invalidation.Int, Unique: true, Canonical: true}, "at": {Kind: invalidation.Wall},
			"ts": {Kind: invalidation.Clock, ZeroIsNull: true, Coerced: true, Generated: true}},
	} {
		if strings.Contains(parameters, "Berlin") && !hasZones(t) {
			parameters = strings.Replace(parameters, "&time_zone='Europe/Berlin'", "", 1)
			ts := want["ts"]
			ts.Canonical = true
			want["ts"] = ts
		}
		db := openDatabase(t, parameters, table)
		if got := db.catalog["t"].Columns; !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v", parameters, got, want)
		}
	}
}

func hasZones(t *testing.T) bool {
	db := openDatabase(t, "")
	var zone sql.NullString
	err := db.QueryRowContext(context.Background(), "SELECT CONVERT_TZ(NOW(), 'UTC', 'Europe/Berlin')").Scan(&zone)
	return err == nil && zone.Valid
}

func TestRelations(t *testing.T) {
	db := openDatabase(t, "",
		"CREATE TABLE t (id INT PRIMARY KEY)",
		"CREATE TABLE my (id INT PRIMARY KEY) ENGINE = MyISAM",
		"CREATE TABLE mem (id INT PRIMARY KEY) ENGINE = MEMORY",
		"CREATE TABLE versioned (id INT PRIMARY KEY) WITH SYSTEM VERSIONING",
		"CREATE SEQUENCE s", "CREATE VIEW v AS SELECT id FROM t", "CREATE VIEW total AS SELECT count(*) FROM t",
		"CREATE VIEW vv AS SELECT id FROM v WHERE id IN (SELECT id FROM my)",
		"CREATE TABLE Twin (id INT PRIMARY KEY)", "CREATE TABLE twin (id INT PRIMARY KEY)",
		"CREATE FUNCTION f() RETURNS INT DETERMINISTIC NO SQL RETURN 1",
	)
	schema := db.schemaName(t)
	for name, c := range map[string]struct {
		base      bool
		triggered []string
	}{
		"t": {true, nil}, "my": {false, nil}, "mem": {false, nil}, "versioned": {false, nil}, "s": {false, nil},
		"v": {false, []string{"t"}}, "total": {false, nil}, "vv": {false, []string{"my", "v"}},
		"twin": {false, []string{"*"}}, "f()": {false, []string{"*"}},
	} {
		short, long := db.catalog[name], db.catalog[schema+"."+name]
		if short == nil || short != long || short.Name != schema+"."+name {
			t.Errorf("%s is %+v and %+v", name, short, long)
			continue
		}
		if got := local(schema, short.Triggered); short.Base != c.base || !slices.Equal(got, c.triggered) {
			t.Errorf("%s: base %v, writes %v", name, short.Base, got)
		}
	}
	if !db.catalog.Calls([]string{"f()"}) || db.catalog.Calls([]string{"g()"}) {
		t.Error("f is stored, g is not")
	}
}

func TestPrimaryKeys(t *testing.T) {
	db := openDatabase(t, "",
		"CREATE TABLE one (id INT PRIMARY KEY, name VARCHAR(9) UNIQUE)",
		"CREATE TABLE two (b INT, a VARCHAR(9), c INT, PRIMARY KEY (b, a), UNIQUE (a, c))",
		"CREATE TABLE part (a TEXT, b INT, PRIMARY KEY (a(5), b))",
		"CREATE TABLE none (a INT NOT NULL, b INT NOT NULL, UNIQUE (a, b))",
	)
	for name, want := range map[string][]string{"one": {"id"}, "two": {"b", "a"}, "part": nil, "none": nil} {
		if got := db.catalog[name].Primary; !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestForeignKeysThatActAreHandedToTheParent(t *testing.T) {
	other := openDatabase(t, "")
	db := openDatabase(t, "", "CREATE TABLE p (id INT PRIMARY KEY, a INT, b INT, UNIQUE (a, b))",
		"CREATE TABLE c (p INT, FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE)",
		"CREATE TABLE n (x INT, y INT, FOREIGN KEY (x, y) REFERENCES p (a, b) ON DELETE SET NULL ON UPDATE CASCADE)",
		"CREATE TABLE r (p INT, FOREIGN KEY (p) REFERENCES p (id))")
	schema := db.schemaName(t)
	other.mustExec(t, "CREATE TABLE far (p INT, FOREIGN KEY (p) REFERENCES "+schema+".p (id) ON DELETE CASCADE)")
	defer other.mustExec(t, "DROP TABLE far")
	catalog, err := ReadCatalog(context.Background(), db)
	if err != nil {
		t.Fatal(err)
	}
	far := other.schemaName(t) + ".far"
	want := []invalidation.ForeignKey{
		{Child: far, Columns: []string{"p"}, Parent: []string{"id"}, OnDelete: true, Deletes: true},
		{Child: schema + ".c", Columns: []string{"p"}, Parent: []string{"id"}, OnDelete: true, Deletes: true},
		{Child: schema + ".n", Columns: []string{"x", "y"}, Parent: []string{"a", "b"}, OnDelete: true, OnUpdate: true},
	}
	got := catalog["p"].Children
	slices.SortFunc(got, func(a, b invalidation.ForeignKey) int {
		return strings.Compare(a.Columns[0]+a.Child, b.Columns[0]+b.Child)
	})
	slices.SortFunc(want, func(a, b invalidation.ForeignKey) int {
		return strings.Compare(a.Columns[0]+a.Child, b.Columns[0]+b.Child)
	})
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if r := catalog[far]; r == nil || r.Base || !slices.Equal(r.Triggered, []string{invalidation.AllTables}) {
		t.Errorf("%+v", r)
	}
}

func TestTriggersWriteWhatTheirBodiesSay(t *testing.T) {
	for body, want := range map[string][]string{
		"SET NEW.a = 1":                              {"t"},
		"INSERT INTO u (a) VALUES (NEW.a)":           {"t", "u"},
		"UPDATE u JOIN w ON u.a = w.a SET u.a = 1":   {"t", "u"},
		"DELETE FROM u WHERE a IN (SELECT a FROM w)": {"t", "u"},
		"BEGIN IF NEW.a = 1 THEN DELETE FROM u; ELSEIF NEW.a = 2 THEN SET NEW.a = 3; ELSE INSERT INTO w (a) VALUES (1); END IF; END": {"t", "u", "w"},
		"IF NEW.a < 0 THEN SIGNAL SQLSTATE '45000'; END IF":                                                                          {"t"},
		"CALL p()":                            {"*", "t"},
		"SET NEW.a = f()":                     {"*", "t"},
		"BEGIN DECLARE x INT; SET x = 1; END": {"*", "t"},
		"BEGIN WHILE NEW.a < 0 DO SET NEW.a = NEW.a + 1; END WHILE; END": {"*", "t"},
		"INSERT INTO u (a) VALUES (1) RETURNING a":                       nil,
	} {
		db := openDatabase(t, "", "CREATE TABLE t (a INT)", "CREATE TABLE u (a INT)", "CREATE TABLE w (a INT)",
			"CREATE PROCEDURE p() DELETE FROM u", "CREATE FUNCTION f() RETURNS INT RETURN 1")
		if err := db.exec("CREATE TRIGGER r BEFORE INSERT ON t FOR EACH ROW " + body); err != nil {
			if want != nil {
				t.Errorf("%s: %v", body, err)
			}
			continue
		}
		catalog, err := ReadCatalog(context.Background(), db)
		if err != nil {
			t.Fatal(err)
		}
		if got := local(db.schemaName(t), catalog["t"].Triggered); !slices.Equal(got, want) {
			t.Errorf("%s writes %v, want %v", body, got, want)
		}
		if len(catalog["u"].Triggered) > 0 {
			t.Error("a table without a trigger has one")
		}
	}
}

// A trigger that was made under ANSI_QUOTES reads "x" as a name.
func TestATriggerOfAnotherModeMayWriteAnything(t *testing.T) {
	db := openDatabase(t, "", "CREATE TABLE t (a INT)", "SET sql_mode = 'ANSI_QUOTES'",
		`CREATE TRIGGER r BEFORE INSERT ON t FOR EACH ROW SET NEW."a" = 1`, "SET sql_mode = 'STRICT_ALL_TABLES'")
	if got := db.catalog["t"].Triggered; !slices.Contains(got, invalidation.AllTables) {
		t.Error(got)
	}
}

// Who may make no triggers is shown none.
func TestTablesMayHaveTriggersThatAreNotShown(t *testing.T) {
	db := openDatabase(t, "", "CREATE TABLE t (a INT)")
	schema := db.schemaName(t)
	for _, c := range []struct {
		line    string
		visible bool
	}{
		{"GRANT ALL PRIVILEGES ON *.* TO `root`@`%` WITH GRANT OPTION", true},
		{"GRANT SELECT, TRIGGER ON `a_b`.* TO `u`@`%`", true},
		{"GRANT ALL PRIVILEGES ON `a\\_b`.* TO `u`@`%`", true},
		{"GRANT TRIGGER ON `a_b`.`t` TO `u`@`%`", true},
		{"GRANT TRIGGER ON `a_b`.`u` TO `u`@`%`", false},
		{"GRANT SELECT, INSERT, UPDATE ON `a_b`.* TO `u`@`%`", false},
		{"GRANT TRIGGER ON `c`.* TO `u`@`%`", false},
		{"GRANT USAGE ON *.* TO `u`@`%`", false},
	} {
		if got := (grants{c.line}).triggers("a_b", "t"); got != c.visible {
			t.Errorf("%s: %v", c.line, got)
		}
	}
	user := strings.TrimPrefix(schema, "cacheops_")
	db.mustExec(t, "CREATE USER "+user)
	defer db.mustExec(t, "DROP USER "+user)
	db.mustExec(t, "GRANT SELECT, INSERT ON "+schema+".* TO "+user)
	dsn := user + "@" + testdb.MySQL(t)[strings.Index(testdb.MySQL(t), "@")+1:]
	start, end := strings.LastIndexByte(dsn, '/')+1, strings.IndexByte(dsn, '?')
	pool, err := sql.Open("mysql", dsn[:start]+schema+dsn[end:])
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	catalog, err := ReadCatalog(context.Background(), pool)
	if err != nil {
		t.Fatal(err)
	}
	if got := catalog["t"].Triggered; !slices.Equal(got, []string{invalidation.AllTables}) {
		t.Error(got)
	}
}

func TestNothingIsKnownUnderSettingsThatChangeSQL(t *testing.T) {
	db := openDatabase(t, "")
	for _, setting := range []string{
		"sql_mode = 'ANSI_QUOTES'", "sql_mode = 'NO_BACKSLASH_ESCAPES'", "sql_mode = 'PIPES_AS_CONCAT'",
		"sql_mode = 'HIGH_NOT_PRECEDENCE'", "sql_mode = 'IGNORE_SPACE'", "sql_mode = 'ORACLE'", "sql_mode = 'ANSI'",
		"sql_mode = 'EMPTY_STRING_IS_NULL'", "sql_mode = 'PAD_CHAR_TO_FULL_LENGTH'", "autocommit = 0",
		"tx_isolation = 'READ-UNCOMMITTED'",
		"sql_auto_is_null = 1", "NAMES latin1", "NAMES gbk", "system_versioning_asof = '2026-01-01'",
	} {
		t.Run(setting, func(t *testing.T) {
			db.mustExec(t, "SET "+setting)
			if _, err := ReadCatalog(context.Background(), db); err == nil || !strings.HasPrefix(err.Error(), "cacheops: ") {
				t.Errorf("read: %v", err)
			}
			db.mustExec(t, "SET sql_mode = 'TRADITIONAL', autocommit = 1, sql_auto_is_null = 0, tx_isolation = DEFAULT, system_versioning_asof = DEFAULT")
			db.mustExec(t, "SET NAMES utf8mb4")
			if _, err := ReadCatalog(context.Background(), db); err != nil {
				t.Error(err)
			}
		})
	}
}

// No collation whose columns count as text holds two texts for equal that the
// fold tells apart.
func TestNoCollationUnitesMoreThanTheFold(t *testing.T) {
	db := openDatabase(t, "", "CREATE TABLE chars (c CHAR(1) COLLATE utf8mb4_bin)")
	var rows []string
	for c := ' '; c <= '~'; c++ {
		rows = append(rows, fmt.Sprintf("(CHAR(%d))", c))
	}
	db.mustExec(t, "INSERT INTO chars VALUES "+strings.Join(rows, ", "))
	collations, err := db.answer("SELECT collation_name FROM information_schema.collations", nil)
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for line := range strings.SplitSeq(collations, "\n") {
		name := strings.Trim(line, `", `)
		if textKind(name) != invalidation.Text {
			continue
		}
		charset, order, _ := strings.Cut(name, "_")
		if charset == "uca1400" {
			charset, name = "utf8mb4", "utf8mb4_uca1400_"+order
		}
		text := "CONVERT(CONCAT(a.c, b.c) USING " + charset + ")"
		united, err := db.answer("SELECT count(*), count(DISTINCT LOWER(TRIM(TRAILING ' ' FROM CONCAT(a.c, b.c))) COLLATE utf8mb4_bin), count(DISTINCT "+
			text+" COLLATE "+name+") FROM chars a, chars b", nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var all, folded, distinct int
		if _, err := fmt.Sscanf(strings.ReplaceAll(united, `"`, ""), "%d, %d, %d,", &all, &folded, &distinct); err != nil || distinct < folded {
			t.Errorf("%s: %s (%v)", name, united, err)
		}
		tried++
	}
	if tried < 10 {
		t.Errorf("only %d collations", tried)
	}
}
