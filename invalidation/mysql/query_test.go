package mysql

import "testing"

func TestQueriesThatAreRefused(t *testing.T) {
	readings{
		"SELECT a FROM t FOR UPDATE":                              "query, refused: locks rows",
		"SELECT a FROM t FOR SHARE SKIP LOCKED":                   "query, refused: locks rows",
		"SELECT a FROM t LOCK IN SHARE MODE":                      "query, refused: locks rows",
		"SELECT a FROM t WHERE a IN (SELECT a FROM u FOR UPDATE)": "query, refused: locks rows",
		"SELECT a INTO @a FROM t":                                 "query, refused: writes a file or variables",
		"SELECT a FROM t INTO DUMPFILE 'x'":                       "query, refused: writes a file or variables",
		"SELECT @a FROM t":                                        "query, refused: user variable",
		"SELECT a FROM t WHERE a = @@sql_mode":                    "query, refused: system variable",
		"SELECT SQL_CALC_FOUND_ROWS a FROM t":                     "query, refused: counts the rows that LIMIT leaves out",
		"SELECT a FROM information_schema.tables":                 "query, refused: system table",
		"SELECT a FROM `MySQL`.user":                              "query, refused: system table",
		"SELECT a FROM t AS OF TIMESTAMP '2026-01-01'":            "query, refused: syntax not understood",
	}.check(t)
}

func TestOperators(t *testing.T) {
	readings{
		"SELECT a FROM t WHERE a = 1 || b = 2":              "query t(a, b) where a = 1 or b = 2",
		"SELECT a FROM t WHERE a = 1 && b = 2":              "query t(a, b) where a = 1 and b = 2",
		"SELECT a FROM t WHERE a = 1 XOR b = 2":             "query t(a, b)",
		"SELECT a FROM t WHERE !a AND b":                    "query t(a, b) where a is not null and b <> 0",
		"SELECT a FROM t WHERE a <=> 1":                     "query t(a) where a = 1",
		"SELECT a FROM t WHERE a <=> NULL":                  "query t(a) where a is null",
		"SELECT a FROM t WHERE a = b = 1":                   "query t(a, b)",
		"SELECT a FROM t WHERE a IS TRUE":                   "query t(a)",
		"SELECT a FROM t WHERE a IS UNKNOWN":                "query t(a) where a is null",
		"SELECT a FROM t WHERE a LIKE 'x%'":                 `query t(a) where a like "x%"`,
		"SELECT a FROM t WHERE a LIKE 'x%' ESCAPE '|'":      "query t(a) where a is not null",
		"SELECT a FROM t WHERE a REGEXP 'x'":                "query t(a) where a is not null",
		"SELECT a FROM t WHERE a SOUNDS LIKE 'x'":           "query t(a)",
		"SELECT a FROM t WHERE MATCH (b, c) AGAINST ('x')":  "query t(a, b, c) t(b, c) shows t by a, placed by b, c",
		"SELECT a FROM t WHERE a = ANY (SELECT b FROM u)":   "query t(a, b) u(b)",
		"SELECT a FROM t WHERE (a, b) = (1, 2)":             "query t(a, b) where a = 1 and b = 2",
		"SELECT a FROM t WHERE BINARY a = 'x'":              "query t(a)",
		"SELECT a FROM t WHERE a COLLATE utf8mb4_bin = 'x'": "query t(a)",
		"SELECT a FROM t WHERE a BETWEEN 1 AND 2 IS TRUE":   "query t(a)",
	}.check(t)
}

// How a row ranks depends on all rows of its table.
func TestSearchesReadTheWholeTable(t *testing.T) {
	readings{
		"SELECT MATCH (b) AGAINST ('x') FROM t WHERE a = 1":                          "query t(a, b) where a = 1 t(b)",
		"SELECT 1 FROM t JOIN u WHERE t.a = 1 AND MATCH (u.b) AGAINST ('x')":         "query t(a) where a = 1 u(b) u(b)",
		"SELECT 1 FROM t x WHERE a = 1 ORDER BY MATCH (x.b) AGAINST ('x')":           "query t(a, b) where a = 1 t(b)",
		"SELECT (SELECT MATCH (t.b) AGAINST ('x') FROM u) FROM t WHERE a = 1":        "query t(a, b) where a = 1 u() t(b)",
		"SELECT 1 FROM u WHERE a IN (SELECT c FROM t WHERE MATCH (b) AGAINST ('x'))": "query u(a, b, c) t(b, c) t(b) u(b) u.a among t.c t.c among u.a",
		"SELECT a FROM t WHERE a = 1":                                                "query t(a) where a = 1",
	}.check(t)
}

func TestLiterals(t *testing.T) {
	readings{
		"SELECT a FROM t WHERE a = 1":                    "query t(a) where a = 1",
		"SELECT a FROM t WHERE a = -1":                   "query t(a) where a = -1",
		"SELECT a FROM t WHERE a = 18446744073709551615": "query t(a) where a = 18446744073709551615",
		"SELECT a FROM t WHERE a = 1.5":                  "query t(a) where a = 1.5 (float)",
		"SELECT a FROM t WHERE a = 1.2345678901234567":   "query t(a)",
		"SELECT a FROM t WHERE a = 1e3":                  "query t(a) where a = 1000 (float)",
		`SELECT a FROM t WHERE a = "x" 'y'`:              `query t(a) where a = "xy"`,
		`SELECT a FROM t WHERE a = 'it''s\n'`:            `query t(a) where a = "it's\n"`,
		"SELECT a FROM t WHERE a = _latin1'x'":           "query t(a)",
		"SELECT a FROM t WHERE a = N'x'":                 "query t(a)",
		"SELECT a FROM t WHERE a = 0x41":                 "query t(a)",
		"SELECT a FROM t WHERE a = x'41'":                "query t(a)",
		"SELECT a FROM t WHERE a = b'1'":                 "query t(a)",
		"SELECT a FROM t WHERE a = DATE'2026-01-01'":     "query t(a)",
		"SELECT a FROM t WHERE a = {ts '2026-01-01'}":    "query t(a)",
		"SELECT a FROM t WHERE a = TRUE":                 "query t(a) where a = 1",
		`SELECT a FROM t WHERE a = \N`:                   "query t(a) where a = null",
	}.check(t)
}

func TestSources(t *testing.T) {
	readings{
		"TABLE t":                          "query t(*)",
		"VALUES ROW(1, (SELECT a FROM t))": "query t(a)",
		"SELECT a FROM Db.T":               "query db.t(a)",
		"SELECT a FROM t PARTITION (p0) USE INDEX (i) WHERE a = 1":     "query t(a) where a = 1",
		"SELECT a FROM t, LATERAL (SELECT b FROM u WHERE u.c = t.d) q": "query t(a, b, d) u(b, c)",
		"SELECT a FROM ((SELECT a FROM t) q JOIN u ON u.b = 1)":        "query t(a) u(a, b) where b = 1",
		"SELECT 1 FROM DUAL":                                           "query",
		"(SELECT a FROM t WHERE a = 1) LIMIT 1":                        "query t(a) where a = 1",
		"(SELECT a FROM t) UNION (SELECT a FROM u LIMIT 1) ORDER BY a": "query t(a) u(a)",
		"SELECT a FROM t WINDOW w AS (ORDER BY b)":                     "query t(a, b)",
	}.check(t)
}

// To MariaDB they are known to each other, to MySQL only to those after them.
func TestCommonTableExpressions(t *testing.T) {
	readings{
		"WITH t AS (SELECT a FROM t) SELECT a FROM t":                                   "query t(a)",
		"WITH x AS (SELECT a FROM y), y AS (SELECT a FROM t) SELECT a FROM x":           "query y(a) t(a)",
		"WITH x AS (SELECT a FROM t), y AS (SELECT a FROM x) SELECT a FROM y":           "query t(a)",
		"WITH RECURSIVE x AS (SELECT a FROM t UNION SELECT a FROM x) SELECT a FROM x":   "query t(a)",
		"WITH RECURSIVE x AS (SELECT a FROM t), y AS (SELECT a FROM x) SELECT a FROM y": "query t(a)",
		"WITH RECURSIVE x AS (SELECT a FROM y), y AS (SELECT a FROM t) SELECT a FROM x": `
			query, refused: unknown kind of table`,
	}.check(t)
}

func TestFunctions(t *testing.T) {
	const volatile, unknown = "query, refused: volatile function", "query, refused: unknown function calls "
	readings{
		"SELECT UPPER(a), IF(a, 1, 2), a->'$.b', CONVERT(a USING utf8mb4), CHAR(65) FROM t":     "query t(a)",
		"SELECT COUNT(DISTINCT a), GROUP_CONCAT(a ORDER BY b), RANK() OVER (ORDER BY c) FROM t": "query t(a, b, c)",
		"SELECT a + INTERVAL 1 DAY, TRIM(LEADING 'x' FROM a), EXTRACT(YEAR FROM a) FROM t":      "query t(a)",
		"SELECT NOW()":                    volatile,
		"SELECT CURRENT_TIMESTAMP":        volatile,
		"SELECT LOCALTIME(3)":             volatile,
		"SELECT UTC_DATE":                 volatile,
		"SELECT RAND(1)":                  volatile,
		"SELECT UUID()":                   volatile,
		"SELECT LAST_INSERT_ID(5)":        volatile,
		"SELECT FOUND_ROWS()":             volatile,
		"SELECT USER()":                   volatile,
		"SELECT CURRENT_USER":             volatile,
		"SELECT SLEEP(1)":                 volatile,
		"SELECT GET_LOCK('a', 1)":         volatile,
		"SELECT NEXTVAL(s)":               volatile,
		"SELECT NEXT VALUE FOR s":         volatile,
		"SELECT UNIX_TIMESTAMP()":         volatile,
		"SELECT UNIX_TIMESTAMP(a) FROM t": "query t(a)",
		"SELECT f(a) FROM t":              unknown + "f()",
		"SELECT Db.F(a) FROM t":           unknown + "db.f()",
		"SELECT db.upper(a) FROM t":       unknown + "db.upper()",
		"SELECT upper (a) FROM t":         "query t(a)",
		"SELECT substr (a, 1) FROM t":     "query, refused: syntax not understood calls substr()",
		"SELECT count (a) FROM t":         unknown + "count()",
		"SELECT char_func(a) FROM t":      unknown + "char_func()",
	}.check(t)
}

func TestTheFirstRowsInAnOrderAreAPage(t *testing.T) {
	for _, sql := range []string{"SELECT * FROM t ORDER BY a LIMIT 3", "SELECT a FROM t ORDER BY a, b LIMIT ?"} {
		if page := (Dialect{}).Analyze(sql).Page; page == nil || page.Column != "a" {
			t.Errorf("%s: %+v", sql, page)
		}
	}
	for _, sql := range []string{"SELECT * FROM t ORDER BY a", "SELECT * FROM t LIMIT 3", "SELECT b FROM t ORDER BY a LIMIT 3"} {
		if page := (Dialect{}).Analyze(sql).Page; page != nil {
			t.Errorf("%s: %+v", sql, page)
		}
	}
}

func TestExtremesArePages(t *testing.T) {
	for sql, desc := range map[string]bool{"SELECT MAX(a) FROM t WHERE b = 1": true, "SELECT min(a) AS m FROM t LIMIT 1": false} {
		page := Dialect{}.Analyze(sql).Page
		if page == nil || page.Column != "a" || page.Desc != desc || page.Limit.Literal != int64(1) {
			t.Errorf("%s: %+v", sql, page)
		}
	}
	for _, sql := range []string{
		"SELECT MAX(a) OVER () FROM t", "SELECT MAX(a) FROM t GROUP BY b", "SELECT MAX(a), 1 FROM t",
		"SELECT MAX(a + 1) FROM t", "SELECT MAX(a) FROM t HAVING MAX(a) > 1", "SELECT MAX(a) FROM t UNION SELECT 1",
	} {
		if page := (Dialect{}).Analyze(sql).Page; page != nil {
			t.Errorf("%s: %+v", sql, page)
		}
	}
}
