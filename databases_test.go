package cacheops_test

import (
	"flag"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	mysqldriver "github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/mysql"
	"gorm.io/driver/postgres"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/seed92106438/cacheops/internal/sqlcount"
	"github.com/seed92106438/cacheops/internal/testdb"
	_ "github.com/seed92106438/cacheops/invalidation/mysql"
	_ "github.com/seed92106438/cacheops/invalidation/postgres"
)

// Every test of this package runs on the database that the flag names, unless
// it says by [onlyOn] that it is about another.
var database = flag.String("database", "sqlite", "the database that the tests run on: sqlite, postgres or mysql")

// target is what the kinds of databases differ in, for tests.
type target struct {
	// empty makes an empty database and returns its data source name.
	empty func(testing.TB) string
	// driver is the way to it, as GORM's dialector takes it by itself.
	driver    func(t testing.TB, dsn string) sqlcount.Driver
	dialector func(dsn string, conn gorm.ConnPool) gorm.Dialector
	// reading is what the first statement that reads the catalogue begins with.
	reading string
	// alias is another name of the same database.
	alias  func(dsn string) string
	schema template
}

var targets = map[string]*target{
	"sqlite": {
		empty: func(t testing.TB) string { return sqliteDSN(filepath.Join(t.TempDir(), "test.db")) },
		dialector: func(dsn string, conn gorm.ConnPool) gorm.Dialector {
			return sqlite.New(sqlite.Config{DSN: dsn, Conn: conn})
		},
		driver:  func(_ testing.TB, dsn string) sqlcount.Driver { return sqlcount.SQLite(dsn) },
		reading: "SELECT 0, type",
		alias:   func(dsn string) string { return strings.Replace(dsn, "/test.db", "/./test.db", 1) },
	},
	"postgres": {
		empty: testdb.Postgres,
		dialector: func(dsn string, conn gorm.ConnPool) gorm.Dialector {
			return postgres.New(postgres.Config{DSN: dsn, Conn: conn})
		},
		driver: func(t testing.TB, dsn string) sqlcount.Driver {
			config, err := pgx.ParseConfig(dsn)
			must(t, err)
			return sqlcount.Driver{
				Connector: stdlib.GetConnector(*config),
				Catalogue: []string{"-- All that the catalogue is made of", "pg_catalog.", "information_schema"},
			}
		},
		reading: "-- All that the catalogue is made of",
		alias:   func(dsn string) string { return dsn + " application_name=another" },
	},
	"mysql": {
		empty: testdb.MySQL,
		// To the plugin the databases of a server are one, and a definition that
		// changes in one of them is news to all. So that tests do not concern
		// each other, each has a server by its name.
		dialector: func(dsn string, conn gorm.ConnPool) gorm.Dialector {
			config, err := mysqldriver.ParseDSN(dsn)
			if err != nil {
				panic(err)
			}
			config.Addr = config.DBName + ":3306"
			return mysql.New(mysql.Config{DSN: config.FormatDSN(), Conn: conn})
		},
		driver: func(t testing.TB, dsn string) sqlcount.Driver {
			config, err := mysqldriver.ParseDSN(dsn)
			must(t, err)
			connector, err := mysqldriver.NewConnector(config)
			must(t, err)
			return sqlcount.Driver{
				Connector: connector, Prepares: true,
				Catalogue: []string{"SHOW SESSION VARIABLES", "SHOW GRANTS", "information_schema"},
			}
		},
		reading: "SHOW SESSION VARIABLES",
		alias:   func(dsn string) string { return dsn + "&timeout=20s" },
	},
}

// on returns the database that the tests run on.
func on() *target { return targets[*database] }

// sqliteDSN is the name of a SQLite database in the file of that path.
func sqliteDSN(path string) string {
	return "file:" + path + "?_journal_mode=WAL&_synchronous=OFF&_busy_timeout=10000&_foreign_keys=on"
}

// Reasons for which a test is for some databases only.
const (
	severalStatements = "elsewhere a text is one statement, unless the data source name asks for more"
	noUpdateReturning = "elsewhere an update returns no rows"
	untrackedDrop     = "on MySQL GORM drops a table on a connection that is not tracked"
)

// exception names a database on which precision ends, for a reason: what is
// kept elsewhere may be dropped there.
type exception struct{ on, why string }

var (
	byTriggers   = exception{"postgres", "a trigger calls a function, and what that writes is not known"}
	severalRows  = exception{"mysql", "the count of rows that were altered does not tell whether the image is of those that were found"}
	byUpserts    = exception{"mysql", "an upsert may meet a row by any of its keys"}
	joinedTables = exception{"mysql", "an update of joined tables may reach any row of them"}
	adjusted     = exception{"mysql", "IGNORE may store other values than those given"}
	savedAgain   = exception{"mysql", "GORM saves what altered no row once more, by an upsert"}
)

// here tells whether the tests run on the database of the exception.
func (e exception) here() bool { return e.on == *database }

// onlyOn skips a test on other databases than those named, separated by blanks.
func onlyOn(t testing.TB, names, why string) {
	t.Helper()
	if !slices.Contains(strings.Fields(names), *database) {
		t.Skipf("only on %s: %s", names, why)
	}
}

// isKeptBut is isKept, but for an exception.
func (w *watched) isKeptBut(e exception) {
	w.f.Helper()
	if !e.here() {
		w.isKept()
		return
	}
	w.f.Logf("%s may be dropped: %s", w.name, e.why)
	w.compare(w.read(w.f.db))
}

// sqlFor returns the text that is meant for the database that the tests run on.
func sqlFor(sqlite, postgres, mysql string) string {
	return map[string]string{"sqlite": sqlite, "postgres": postgres, "mysql": mysql}[*database]
}

// trigger is SQL that makes a trigger: for each row of an event such as "AFTER
// UPDATE OF name ON notes", it does what the body says.
func trigger(name, event, body string) string {
	row := regexp.MustCompile(" OF [a-z]+").ReplaceAllString(event, "") // MySQL fires for all columns
	return sqlFor(
		"CREATE TRIGGER "+name+" "+event+" BEGIN "+body+"; END",
		"CREATE FUNCTION "+name+"() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "+body+
			"; IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$; "+
			"CREATE TRIGGER "+name+" "+event+" FOR EACH ROW EXECUTE FUNCTION "+name+"()",
		"CREATE TRIGGER "+name+" "+row+" FOR EACH ROW "+body)
}

// schema returns the name by which the tables of the database can be qualified.
func (f *fixture) schema() (name string) {
	f.Helper()
	must(f, f.truth.Raw(sqlFor("SELECT 'main'", "SELECT current_schema()", "SELECT database()")).Row().Scan(&name))
	return name
}

// canonical returns the name that the plugin has for a table.
func (f *fixture) canonical(table string) string {
	f.Helper()
	if *database == "sqlite" {
		return table
	}
	return f.schema() + "." + table
}

// reconnect ends the idle connections. On PostgreSQL, pgx keeps plans on them
// that fail once if the columns of their result were changed.
func (f *fixture) reconnect() {
	f.Helper()
	for _, db := range []*gorm.DB{f.db, f.truth} {
		pool, err := db.DB()
		must(f, err)
		pool.SetMaxIdleConns(0)
		pool.SetMaxIdleConns(2)
	}
}

// recount has the next row of each table get the key that follows the greatest.
// A transaction that is rolled back does not give back the keys that it took,
// except on SQLite.
func (f *fixture) recount() {
	f.Helper()
	if *database == "sqlite" {
		return
	}
	var tables []string
	must(f, f.truth.Raw(sqlFor("",
		"SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_default LIKE 'nextval(%'",
		"SELECT table_name FROM information_schema.columns WHERE table_schema = database() AND extra = 'auto_increment'",
	)).Scan(&tables).Error)
	for _, table := range tables {
		must(f, f.truth.Exec(sqlFor("",
			"SELECT setval(pg_get_serial_sequence('"+table+"', 'id'), (SELECT COALESCE(MAX(id), 0) FROM "+table+") + 1, false)",
			"ALTER TABLE "+table+" AUTO_INCREMENT = 1")).Error)
	}
}

// open opens a database under its data source name, with a log of what is sent
// to it.
func (target *target) open(t testing.TB, dsn string, options *gorm.Config) (*gorm.DB, *sqlcount.Log) {
	t.Helper()
	conn, log := target.driver(t, dsn).Open()
	t.Cleanup(func() { _ = conn.Close() })
	options.Logger = logger.Discard
	db, err := gorm.Open(target.dialector(dsn, conn), options)
	must(t, err)
	return db, log
}

// template has the definitions of the tests' models, as GORM sends them. It
// looks at each table and column before; that is spared here.
type template struct {
	once        sync.Once
	definitions []string
}

var definition = regexp.MustCompile(`^(CREATE|ALTER) `)

// migrate makes the tables of the tests' models in an empty database.
func (target *target) migrate(t testing.TB, db *gorm.DB) {
	t.Helper()
	target.schema.once.Do(func() {
		first, log := target.open(t, target.empty(t), &gorm.Config{})
		must(t, first.AutoMigrate(&Author{}, &Post{}, &Tag{}, &Note{}))
		for _, sql := range log.Take() {
			if definition.MatchString(sql) {
				target.schema.definitions = append(target.schema.definitions, sql)
			}
		}
	})
	if len(target.schema.definitions) == 0 {
		t.Fatal("there is no template")
	}
	for _, sql := range target.schema.definitions {
		must(t, db.Exec(sql).Error)
	}
}
