package mysql

import "testing"

func TestStatementsThatGovernTransactions(t *testing.T) {
	readings{
		"BEGIN":                       "begin, refused: not a query, commits",
		"START TRANSACTION READ ONLY": "begin, refused: not a query, commits",
		"COMMIT":                      "commit, refused: not a query",
		"COMMIT AND CHAIN":            "session, refused: not a query, commits",
		"ROLLBACK":                    "rollback, refused: not a query",
		"ROLLBACK AND CHAIN":          "session, refused: not a query, commits",
		"SAVEPOINT `A`":               "savepoint a, refused: not a query",
		"ROLLBACK TO SAVEPOINT a":     "rollback to a, refused: not a query",
		"ROLLBACK WORK TO a":          "rollback to a, refused: not a query",
		"RELEASE SAVEPOINT a":         "release a, refused: not a query",
		"XA START 'a'":                "opaque, refused: not a query, commits",
		"SET TRANSACTION ISOLATION LEVEL READ COMMITTED": "neutral, refused: not a query",
		"SET autocommit = 0":                             "session, refused: not a query, commits",
		"LOCK TABLES t WRITE":                            "opaque, refused: not a query, commits",
		"UNLOCK TABLES":                                  "opaque, refused: not a query, commits",
	}.check(t)
}

func TestStatementsThatChangeTheSession(t *testing.T) {
	const session, neutral = "session, refused: not a query", "neutral, refused: not a query"
	readings{
		"USE other":                         session,
		"SET NAMES latin1":                  session,
		"SET CHARACTER SET utf8mb4":         session,
		"SET sql_mode = 'ANSI_QUOTES'":      session,
		"SET SESSION time_zone = '+01:00'":  session,
		"SET @@unique_checks = 0":           session,
		"SET max_statement_time = 1, x = 2": session,
		"SET @a = 1":                        neutral,
		"SET @a = f(1)":                     neutral + " calls f()",
		"SET innodb_lock_wait_timeout = 1":  neutral,
		"SET FOREIGN_KEY_CHECKS = 0":        neutral,

		"SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE":     neutral,
		"SET tx_isolation = 'repeatable-read'":                     neutral,
		"SET SESSION TRANSACTION ISOLATION LEVEL READ UNCOMMITTED": session,
		"SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED":         session,
		"SET GLOBAL transaction_isolation = 'READ-UNCOMMITTED'":    session,
		"SET tx_isolation = @a":                                    session,

		"SET GLOBAL innodb_lock_wait_timeout = 1": neutral,
		"SET GLOBAL sql_mode = ''":                "opaque, refused: not a query, commits",
	}.check(t)
}

func TestDefinitionsCommit(t *testing.T) {
	const definition = "definition, refused: not a query"
	readings{
		"CREATE TABLE t (a INT)":                                     definition + ", commits",
		"CREATE TABLE t SELECT * FROM u":                             definition + ", commits",
		"CREATE TEMPORARY TABLE db.T (a INT)":                        definition + " temporary db.t",
		"DROP TEMPORARY TABLE t":                                     definition,
		"DROP TABLE t":                                               definition + ", commits",
		"ALTER TABLE t ADD b INT":                                    definition + ", commits",
		"RENAME TABLE t TO u":                                        definition + ", commits",
		"CREATE INDEX i ON t (a)":                                    definition + ", commits",
		"CREATE VIEW v AS SELECT 1":                                  definition + ", commits",
		"CREATE TRIGGER r AFTER INSERT ON t FOR EACH ROW SET @a = 1": definition + ", commits",
		"OPTIMIZE TABLE t":                                           definition + ", commits",
		"TRUNCATE t":                                                 "mutation, refused: writes, commits any t",
		"ANALYZE TABLE t":                                            "neutral, refused: not a query, commits",
		"FLUSH TABLES":                                               "neutral, refused: not a query, commits",
		"GRANT SELECT ON t TO u":                                     "opaque, refused: not a query, commits",
	}.check(t)
}

func TestStatementsOfOtherKinds(t *testing.T) {
	const neutral, opaque = "neutral, refused: not a query", "opaque, refused: not a query, commits"
	readings{
		"SHOW TABLES":                          neutral,
		"EXPLAIN SELECT * FROM t":              neutral,
		"EXPLAIN DELETE FROM t":                neutral,
		"EXPLAIN ANALYZE DELETE FROM t":        opaque,
		"DESCRIBE t":                           neutral,
		"KILL 1":                               neutral,
		"CALL p(1)":                            opaque,
		"DO f(1)":                              opaque,
		"PREPARE s FROM 'DELETE FROM t'":       opaque,
		"EXECUTE s":                            opaque,
		"HANDLER t OPEN":                       opaque,
		"LOAD DATA INFILE 'x' INTO TABLE db.t": "mutation, refused: writes any db.t",
	}.check(t)
}
