package mysql

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/invalidation/internal/syntax"
	"github.com/seed92106438/cacheops/invalidation/internal/syntax/shapetest"
)

// readings are texts and what they are read as, in the words of shapetest
// without line breaks.
type readings map[string]string

func (r readings) check(t *testing.T) {
	t.Helper()
	for sql, want := range r {
		got := strings.Join(strings.Fields(shapetest.Print(Analyzer{}.Analyze(sql))), " ")
		if want = strings.Join(strings.Fields(want), " "); got != want {
			t.Errorf("%s\n got %s\nwant %s", sql, got, want)
		}
	}
}

func TestTextsThatAreTooLongOrTooDeepAreNotParsed(t *testing.T) {
	in := func(n int) string { return "SELECT a FROM t WHERE a IN (1" + strings.Repeat(",1", n) + ")" }
	deep := func(n int) string {
		return "SELECT a FROM t WHERE a = " + strings.Repeat("(", n) + "1" + strings.Repeat(")", n)
	}
	for name, c := range map[string]struct{ sql, refusal string }{
		"long":            {in(1000), ""},
		"too long":        {in(maxLength), invalidation.TooLong},
		"deep":            {deep(maxDepth), ""},
		"too deep":        {deep(maxDepth + 1), syntax.TooDeep},
		"quoted":          {"SELECT a FROM t WHERE a = '" + strings.Repeat("(", maxDepth+1) + "'", ""},
		"long, a write":   {"UPDATE t SET a = '" + strings.Repeat("x", maxLength) + "'", invalidation.TooLong},
		"a long chain":    {"SELECT a FROM t WHERE a = 1" + strings.Repeat(" OR a = 1", 5000), ""},
		"a long sum":      {"SELECT a FROM t WHERE a = 1" + strings.Repeat(" + 1", 5000), ""},
		"many negations":  {"SELECT a FROM t WHERE " + strings.Repeat("NOT ", 1000) + "a", syntax.NotUnderstood},
		"few negations":   {"SELECT a FROM t WHERE " + strings.Repeat("NOT ", 100) + "a", ""},
		"many functions":  {"SELECT " + strings.Repeat("INTERVAL(", 50) + "1" + strings.Repeat(", 1)", 50), syntax.TooDeep},
		"many subqueries": {"SELECT " + strings.Repeat("(1 IN ((SELECT ", 50) + "1" + strings.Repeat(")))", 50), syntax.TooDeep},
	} {
		t.Run(name, func(t *testing.T) {
			if shape := (Analyzer{}).Analyze(c.sql); shape.Refusal != c.refusal && c.refusal+shape.Refusal != syntax.Writes {
				t.Errorf("refused for %q, want %q", shape.Refusal, c.refusal)
			}
		})
	}
}

// The parser recurses over these without a parenthesis. No text that is short
// enough to be parsed may end the process.
func TestDeepNestingWithoutParenthesesIsSurvived(t *testing.T) {
	for _, repeated := range []string{
		"NOT ", "- ", "!", "~", "BINARY ", "CASE ", "CASE WHEN ", "a BETWEEN 1 AND ", "@a := ", "a = 1 AND ", "a + ",
		"1 + INTERVAL ", "INTERVAL ", "x LIKE ", "a IN (", "EXISTS (SELECT ",
	} {
		sql := "SELECT a FROM t WHERE "
		sql += strings.Repeat(repeated, (maxLength-len(sql)-2)/len(repeated)) + "a"
		Analyzer{}.Analyze(sql)
	}
	for _, repeated := range []string{" JOIN t", " LEFT JOIN t ON a", " STRAIGHT_JOIN t", ", t", " UNION SELECT a FROM t"} {
		sql := "SELECT a FROM t"
		sql += strings.Repeat(repeated, (maxLength-len(sql))/len(repeated))
		if shape := (Analyzer{}).Analyze(sql); shape.Refusal == "" {
			t.Errorf("many of %q are cached", repeated)
		}
	}
}

func TestCommentsThatAServerExecutesMayDoAnything(t *testing.T) {
	for _, sql := range []string{
		"SELECT a FROM t /*! WHERE a = 1 */", "SELECT a FROM t /*!50000 WHERE a = 1 */",
		"SELECT a FROM t /*M! WHERE a = 1 */", "SELECT a FROM t /*M!100100 WHERE a = 1 */",
		"SELECT a FROM t /*T! WHERE a = 1 */", "SELECT a FROM t /*T![ttl] WHERE a = 1 */",
		"SELECT /*+ SET_VAR(sql_mode = 'ANSI_QUOTES') */ a FROM t", "SELECT '/*!'",
	} {
		readings{sql: "opaque, refused: comment that may be executed, commits"}.check(t)
	}
	readings{
		"SELECT /*+ NO_ICP(t) */ a FROM t": "query t(a)",
		"SELECT /* no! */ a FROM t":        "query t(a)",
		"SELECT a -- /* FROM u\n FROM t":   "query t(a)",
		"SELECT a # /* ? FROM u\n FROM t":  "query t(a)",
	}.check(t)
}

func TestOnlyOneStatementIsRead(t *testing.T) {
	readings{
		"SELECT a FROM t;":                 "query t(a)",
		"; SELECT a FROM t ; -- ; \n ;":    "query t(a)",
		"SELECT a FROM t; DELETE FROM t":   "opaque, refused: not one statement, commits",
		"SELECT ';' FROM t":                "query t()",
		"":                                 "opaque, refused: not one statement, commits",
		"DELETE FROM t RETURNING a; SET a": "opaque, refused: not one statement, commits",
	}.check(t)
}

func TestWhatIsReadInSeveralWaysIsNotUnderstood(t *testing.T) {
	for name, sql := range map[string]string{
		"a dollar sign":          "SELECT $a$ FROM t WHERE $a$ = 1",
		"a control character":    "SELECT a --\x01 FROM t",
		"an open string":         "SELECT a FROM t WHERE a = 'x",
		"an open comment":        "SELECT a FROM t /* x",
		"an open name":           "SELECT a FROM `t",
		"bytes that are no text": "SELECT a\xff FROM t",
	} {
		t.Run(name, func(t *testing.T) {
			if shape := (Analyzer{}).Analyze(sql); shape.Refusal != syntax.NotUnderstood {
				t.Errorf("%s", shapetest.Print(shape))
			}
		})
	}
}

func TestParametersAreNumberedByTheirPlace(t *testing.T) {
	readings{
		"SELECT a FROM t WHERE a = ? ORDER BY a LIMIT ?, ?":         "query of 3 t(a) where a = ?1 first ?3 of t by a, placed by a",
		"SELECT ? FROM (SELECT a FROM t WHERE a = ?) q WHERE a = ?": "query of 3 t(a) where a = ?2",
		"SELECT a FROM t WHERE b = '?' AND a = ? -- ?":              "query of 1 t(a, b) where b = \"?\" and a = ?1",
		"INSERT INTO t (a) VALUES (?) RETURNING a, ?":               "mutation of 2, refused: writes insert t(a) (?1) chosen",
		"UPDATE t SET a = ? WHERE b = ? ORDER BY c LIMIT ?":         "mutation of 3, refused: writes update t set a = ?1 where b = ?2",
	}.check(t)
}

// MariaDB takes RETURNING where the parser does not.
func TestReturningIsCutOff(t *testing.T) {
	readings{
		"INSERT INTO t (a) VALUES (?) RETURNING `id`": "mutation of 1, refused: writes insert t(a) (?1) chosen",
		"INSERT INTO t (a) VALUES (?) ON DUPLICATE KEY UPDATE a = VALUES(a) RETURNING (SELECT b FROM u)": `
			mutation of 1, refused: writes insert t(a) (?1) update t set a = ?1 in the way in any key`,
		"REPLACE t SET a = 1 RETURNING *": "mutation, refused: writes any t",
		"DELETE FROM t WHERE a = 'x RETURNING' AND b = 1 RETURNING a": `
			mutation, refused: writes delete t where a = "x RETURNING" and b = 1`,
		"DELETE FROM t WHERE `returning` = 1 /* RETURNING */": "mutation, refused: writes delete t where returning = 1",
		"INSERT INTO t (a) VALUES (1) RETURNING f(a)": `
			mutation, refused: writes calls f() insert t(a) (1) chosen`,
		"UPDATE t SET a = 1 RETURNING a": "opaque, refused: syntax not understood, commits",
	}.check(t)
}

func TestTextsThatAreNotUnderstood(t *testing.T) {
	readings{
		"SELECT a FROM t FOR SYSTEM_TIME ALL":               "query, refused: syntax not understood",
		"SELECT f(a), now() FROM t FOR SYSTEM_TIME ALL":     "query, refused: syntax not understood calls f()",
		"SELECT a FROM blah blah blah":                      "query, refused: syntax not understood",
		"MERGE t":                                           "opaque, refused: syntax not understood, commits",
		"SET STATEMENT sql_mode = 'ANSI' FOR DELETE FROM t": "opaque, refused: syntax not understood, commits",
		"SET a": "session, refused: syntax not understood",
		"CREATE OR REPLACE TEMPORARY TABLE t (a INT)": "session, refused: syntax not understood calls t()",
		"CREATE OR REPLACE TABLE t (a INT)":           "opaque, refused: syntax not understood, commits",
	}.check(t)
}

func TestConcurrentReadingsDoNotMix(t *testing.T) {
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for j := range 50 {
				sql := fmt.Sprintf("SELECT a%d FROM t%d WHERE b = %d", i, i, j)
				want := fmt.Sprintf("query\n  t%d(a%d, b) where b = %d\n", i, i, j)
				if got := shapetest.Print(Analyzer{}.Analyze(sql)); got != want {
					t.Errorf("got %s, want %s", got, want)
				}
				Analyzer{}.Analyze("SELECT ((")
			}
		})
	}
	wg.Wait()
}
