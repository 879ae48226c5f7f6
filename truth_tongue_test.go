package cacheops_test

import "time"

// tongue is how the random statements are put to one kind of database.
type tongue struct {
	// strict is true if only values of one domain can be compared, and put
	// into a column.
	strict bool
	// aborts is true if a failed statement ends its transaction.
	aborts bool
	// writers is true if two transactions can write at a time.
	writers bool

	types []columnType
	keys  []keyType
	// computed are the ends of definitions of generated columns.
	computed []string
	// options of UNIQUE, ON DELETE and ON UPDATE.
	unique, onDelete, onUpdate, deferred []string
	partial                              bool // indexes can have a condition

	zone string // how a time literal ends
	byte string // how a literal of bytes is made of hexadecimal digits
	text string // makes texts of values, which agree only if the values do

	joins   []string
	product string   // joins without a condition
	same    []string // comparisons that NULL has no part in, and IS of values
	like    []string
	bare    bool     // a column can be a condition
	wrapped []string // makes of a column something to compare
	shown   []string // makes of a column something to show
	sums    []string // of numbers

	insert, update, ignore []string // verbs; ignore is that which passes over conflicts
	defaults               string   // the end of an INSERT without values
	returning              []string // the verbs that return rows
	conflict               func(w *writer, t *table) string
	updateFrom, deleteFrom string // of a table, a column, a value, a source and a condition
	limited                bool   // writes can have ORDER BY and LIMIT
	several                bool   // one text can have several statements
	trigger                func(name, when, event, table, body string) []string
	dropTrigger, dropIndex string
	defines                []string // more changes of definitions

	// options are added to the data source name, so that no statement waits
	// long for a lock; locked is what the error of one that would wait says.
	options string
	locked  []string
	// reset takes what a check has left out of the database.
	reset []string
}

// columnType is a type of columns, with what is stored in them.
type columnType struct {
	sql    string
	more   string // of the definition: a default
	domain domain
	loose  bool
}

// keyType is a way to declare the column id, which each table has.
type keyType struct {
	columnType
	unique, keyless bool
}

func key(sql, more string, of domain) keyType {
	return keyType{columnType{sql, more, of, true}, true, false}
}

// day is when all things happen.
var day = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

var tongues = map[string]*tongue{"sqlite": sqliteTongue, "postgres": postgresTongue, "mysql": mysqlTongue}

var sqliteTongue = &tongue{
	types: []columnType{
		{"INTEGER", "", ints, false}, {"INT", "", ints, false}, {"BIGINT", " NOT NULL DEFAULT 1", ints, false},
		{"INT", " DEFAULT 2", ints, false}, {"TEXT", "", texts, false}, {"TEXT COLLATE NOCASE", "", texts, true},
		{"VARCHAR(9) COLLATE RTRIM", "", texts, true}, {"TEXT", " DEFAULT 'a'", texts, false},
		{"REAL", "", reals, false}, {"NUMERIC", "", ints, true}, {"DECIMAL(9,2)", "", reals, true},
		{"BOOL", "", bools, true}, {"BOOLEAN", "", bools, true}, {"DATETIME", "", times, true},
		{"TIMESTAMP", "", times, true}, {"DATE", "", times, true}, {"BLOB", "", blobs, true}, {"", "", ints, true},
		{"STRING", "", texts, true},
	},
	keys: []keyType{
		key("INTEGER", " PRIMARY KEY", ints), key("INTEGER", " PRIMARY KEY", ints),
		key("INTEGER", " PRIMARY KEY AUTOINCREMENT", ints), key("INT", " PRIMARY KEY", ints),
		key("TEXT", " PRIMARY KEY", texts), key("TEXT COLLATE NOCASE", " PRIMARY KEY", texts),
		key("DATETIME", " PRIMARY KEY", times), {columnType{"INT", "", ints, true}, false, true},
	},
	computed: []string{"VIRTUAL", "STORED"},
	unique:   []string{"", "", " ON CONFLICT REPLACE", " ON CONFLICT IGNORE", " ON CONFLICT FAIL"},
	onDelete: []string{"", " ON DELETE CASCADE", " ON DELETE CASCADE", " ON DELETE SET NULL", " ON DELETE SET DEFAULT"},
	onUpdate: []string{"", " ON UPDATE CASCADE", " ON UPDATE CASCADE", " ON UPDATE SET NULL", " ON UPDATE SET DEFAULT"},
	deferred: []string{"", "", " DEFERRABLE INITIALLY DEFERRED"},
	partial:  true,

	zone: "-07:00", byte: "x'%x'", text: "quote(%s)",
	joins:   []string{" JOIN ", " LEFT JOIN ", " LEFT JOIN ", " CROSS JOIN ", " FULL JOIN ", " RIGHT JOIN "},
	product: ", ",
	same:    []string{" IS ", " IS NOT ", " IS NOT DISTINCT FROM "},
	like:    []string{" LIKE ", " LIKE ", " NOT LIKE ", " GLOB "},
	bare:    true,
	wrapped: []string{"+%s", "%s COLLATE NOCASE", "coalesce(%s, 1)", "CAST(%s AS TEXT)", "(%s)", "lower(%s)"},
	shown:   []string{"%s IS NULL", "typeof(%s)"},
	sums:    []string{"sum(%s %% 7)", "sum(%s IS NULL)"},

	insert:      []string{"INSERT", "INSERT", "INSERT", "INSERT OR IGNORE", "INSERT OR REPLACE", "REPLACE", "INSERT OR FAIL"},
	update:      []string{"UPDATE", "UPDATE", "UPDATE", "UPDATE OR IGNORE", "UPDATE OR REPLACE", "UPDATE OR FAIL"},
	ignore:      []string{"INSERT OR IGNORE", ""},
	defaults:    " DEFAULT VALUES",
	returning:   []string{"INSERT", "UPDATE", "DELETE"},
	conflict:    onConflict,
	updateFrom:  "UPDATE %[1]s SET %[2]s = %[3]s FROM %[4]s WHERE %[5]s",
	several:     true,
	trigger:     sqliteTrigger,
	dropTrigger: "DROP TRIGGER IF EXISTS %[1]s",
	dropIndex:   "DROP INDEX IF EXISTS %[1]s",
	defines:     []string{"PRAGMA foreign_keys = ON", "PRAGMA foreign_keys = OFF"},
	locked:      []string{"database is locked", "database table is locked"},
}

func sqliteTrigger(name, when, event, table, body string) []string {
	return []string{"CREATE TRIGGER " + name + " " + when + " " + event + " ON " + table + " BEGIN " + body + "; END"}
}
