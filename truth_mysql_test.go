package cacheops_test

import "strings"

// Generated columns have no type NOT NULL, unique ones no type without a
// length. The server crashes on some joins that its optimizer leaves out.
var mysqlTongue = &tongue{
	writers: true,
	types: []columnType{
		{"INT", "", ints, false}, {"BIGINT", "", ints, false}, {"BIGINT UNSIGNED", "", ints, false},
		{"BIGINT", " NOT NULL DEFAULT 1", ints, false}, {"INT", " DEFAULT 2", ints, false},
		{"VARCHAR(30)", "", texts, true}, {"VARCHAR(30) COLLATE utf8mb4_bin", "", texts, true},
		{"CHAR(30)", "", texts, true}, {"VARCHAR(30)", " DEFAULT 'a'", texts, true},
		{"VARCHAR(30) COLLATE utf8mb4_nopad_bin", "", texts, false}, {"ENUM('a','b','1','')", "", texts, true},
		{"DOUBLE", "", reals, false}, {"FLOAT", "", reals, true}, {"DECIMAL(18,2)", "", reals, false},
		{"TINYINT(1)", "", bools, false}, {"DATETIME", "", times, false}, {"DATETIME(6)", "", times, false},
		{"TIMESTAMP(3)", " NULL", times, false}, {"DATE", "", times, false}, {"VARBINARY(30)", "", blobs, false},
	},
	keys: []keyType{
		key("INT", " PRIMARY KEY", ints), key("INT", " PRIMARY KEY", ints), key("BIGINT UNSIGNED", " PRIMARY KEY", ints),
		key("BIGINT", " AUTO_INCREMENT PRIMARY KEY", ints), key("VARCHAR(30)", " PRIMARY KEY", texts),
		key("VARCHAR(30) COLLATE utf8mb4_bin", " PRIMARY KEY", texts), key("DATETIME", " PRIMARY KEY", times),
		{columnType{"INT", "", ints, true}, false, true},
	},
	computed: []string{"VIRTUAL", "STORED"},
	unique:   []string{""},
	onDelete: []string{"", " ON DELETE CASCADE", " ON DELETE CASCADE", " ON DELETE SET NULL"},
	onUpdate: []string{"", " ON UPDATE CASCADE", " ON UPDATE CASCADE", " ON UPDATE SET NULL"},
	deferred: []string{""},

	zone: "", byte: "x'%x'", text: "HEX(CONCAT(%s))",
	joins:   []string{" JOIN ", " JOIN ", " LEFT JOIN ", " LEFT JOIN ", " RIGHT JOIN ", " STRAIGHT_JOIN "},
	product: " CROSS JOIN ",
	same:    []string{" <=> "},
	like:    []string{" LIKE ", " LIKE ", " NOT LIKE ", " REGEXP "},
	bare:    true,
	wrapped: []string{"+%s", "BINARY %s", "coalesce(%s, 1)", "CAST(%s AS CHAR)", "(%s)", "lower(%s)"},
	shown:   []string{"%s IS NULL", "%s <=> 1", "count(*) OVER (PARTITION BY %s)"},
	sums:    []string{"sum(%s %% 7)", "sum(%s IS NULL)"},

	insert:      []string{"INSERT", "INSERT", "INSERT", "INSERT IGNORE", "REPLACE"},
	update:      []string{"UPDATE", "UPDATE", "UPDATE", "UPDATE IGNORE"},
	ignore:      []string{"INSERT IGNORE", ""},
	defaults:    "() VALUES ()",
	returning:   []string{"INSERT", "DELETE"},
	conflict:    onDuplicateKey,
	updateFrom:  "UPDATE %[1]s JOIN %[4]s ON %[5]s SET %[1]s.%[2]s = %[3]s",
	deleteFrom:  "DELETE %[1]s FROM %[1]s JOIN %[4]s ON %[5]s",
	limited:     true,
	trigger:     mysqlTrigger,
	dropTrigger: "DROP TRIGGER IF EXISTS %[1]s",
	dropIndex:   "DROP INDEX IF EXISTS %[1]s ON %[2]s",
	defines:     []string{"TRUNCATE t1", "OPTIMIZE TABLE t0", "ANALYZE TABLE t0"},

	options: "&innodb_lock_wait_timeout=0&lock_wait_timeout=0&optimizer_switch=%27table_elimination%3Doff%27",
	locked:  []string{"Error 1205", "Error 1213"},
	reset: []string{
		"SET FOREIGN_KEY_CHECKS = 0",
		"DROP VIEW IF EXISTS v",
		"DROP TABLE IF EXISTS t0, t1, t2",
		"DELETE FROM post_tags", "DELETE FROM posts", "DELETE FROM authors", "DELETE FROM tags", "DELETE FROM notes",
		"ALTER TABLE authors AUTO_INCREMENT = 1", "ALTER TABLE posts AUTO_INCREMENT = 1",
		"ALTER TABLE tags AUTO_INCREMENT = 1", "ALTER TABLE notes AUTO_INCREMENT = 1",
		"SET FOREIGN_KEY_CHECKS = 1",
	},
}

func mysqlTrigger(name, when, event, table, body string) []string {
	return []string{"CREATE TRIGGER " + name + " " + when + " " + event + " ON " + table + " FOR EACH ROW " + body}
}

// onDuplicateKey writes an upsert, by whatever key conflicts.
func onDuplicateKey(w *writer, t *table) string {
	var set []string
	for _, c := range w.some(t) {
		set = append(set, c.name+" = "+w.assigned(t, c, "VALUES(%s)"))
	}
	return " ON DUPLICATE KEY UPDATE " + strings.Join(set, ", ")
}
