package standard

import (
	"slices"
	"testing"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/invalidation/internal/syntax/shapetest"
)

func TestCorpusIsReadAsTheGoldenFileSays(t *testing.T) {
	shapetest.Golden(t, Dialect{}, shapetest.Corpus(t, "../../testdata/sql/sqlserver.json"), "../../testdata/sql/sqlserver.golden")
}

func TestQueriesOfOneTableAreUnderstood(t *testing.T) {
	for sql, table := range map[string]string{
		`SELECT * FROM users`:                                     "users",
		`SELECT * FROM "Users" WHERE "id" = @p1`:                  "users",
		`SELECT * FROM [dbo].[users] AS u WHERE u.age > ?`:        "dbo.users",
		`SELECT name FROM users u ORDER BY name`:                  "users",
		`SELECT count(*) FROM users WHERE (a = 1 OR b IN (1, 2))`: "users",
		`SELECT name FROM users WHERE name = 'FROM b, c; JOIN'`:   "users",
		`SELECT "from" FROM users`:                                "users",
	} {
		shape := Dialect{}.Analyze(sql)
		if shape.Refusal != "" || len(shape.Uses) != 1 || shape.Uses[0].Table != table {
			t.Errorf("%s: %+v", sql, shape)
		}
	}
}

func TestOtherQueriesAreRefused(t *testing.T) {
	for _, sql := range []string{
		`SELECT * FROM users, posts`,
		`SELECT * FROM users u, posts`,
		`SELECT * FROM users u CROSS JOIN posts`,
		`SELECT * FROM users NATURAL JOIN posts`,
		`SELECT * FROM users WHERE id IN (SELECT id FROM posts)`,
		`SELECT * FROM users UNION SELECT * FROM posts`,
		`SELECT * FROM users FOR UPDATE`,
		`SELECT * FROM users WITH (UPDLOCK)`,
		`SELECT * FROM users WHERE born < CURRENT_TIMESTAMP`,
		`SELECT * FROM users WHERE born < sysdate`,
		`SELECT * FROM users WHERE born < GETDATE()`,
		`SELECT * FROM users WHERE "f"(1) = 1`,
		`SELECT * FROM other.dbo.users`,
		`SELECT * FROM f(1)`,
		`SELECT @@ROWCOUNT FROM users`,
		`SELECT 1`,
	} {
		if shape := (Dialect{}).Analyze(sql); shape.Refusal == "" || len(shape.Writes) > 0 {
			t.Errorf("%s: %+v", sql, shape)
		}
	}
}

// What dialects read in several ways may be a write of anything.
func TestDoubtfulTextsMayWriteAnything(t *testing.T) {
	for _, sql := range []string{
		`SELECT * FROM users WHERE name = 'a\' OR 1 = 1 --'`,
		`SELECT * FROM users -- WHERE`,
		`SELECT * /* all */ FROM users`,
		`SELECT * FROM users; DELETE FROM posts`,
		`SELECT * INTO backup FROM users`,
		`SELECT * FROM users WHERE name = 'open`,
		`SELECT * FROM users WHERE (a = 1`,
		`UPDATE u SET a = 1 FROM users u`,
		`DELETE u FROM users u`,
		`DELETE FROM u FROM users u`,
		`UPDATE users SET a = f(1)`,
		`INSERT INTO users (a) OUTPUT inserted.a INTO log VALUES (1)`,
		`WITH x AS (SELECT 1) DELETE FROM users`,
		`EXEC refresh`, `CALL refresh()`, `BEGIN TRANSACTION`, ``,
	} {
		if shape := (Dialect{}).Analyze(sql); shape.Verb != invalidation.Opaque {
			t.Errorf("%s: %+v", sql, shape)
		}
	}
}

func TestWritesChangeTheirTable(t *testing.T) {
	for sql, table := range map[string]string{
		`INSERT INTO "users" ("a") OUTPUT INSERTED."id" VALUES (@p1)`:                      "users",
		`INSERT INTO users (a) SELECT b FROM (SELECT 1 AS b) x`:                            "",
		`UPDATE users SET a = 1 WHERE id IN (SELECT id FROM posts)`:                        "users",
		`DELETE FROM dbo.users WHERE id = ?`:                                               "dbo.users",
		`MERGE INTO users USING (VALUES(1)) AS excluded (id) ON users.id = 1 WHEN MATCHED`: "users",
		`TRUNCATE TABLE users`: "users",
	} {
		shape := Dialect{}.Analyze(sql)
		if table == "" {
			if shape.Verb != invalidation.Opaque {
				t.Errorf("%s: %+v", sql, shape)
			}
			continue
		}
		if len(shape.Writes) != 1 || shape.Writes[0].Table != table || shape.Writes[0].Kind != invalidation.Any {
			t.Errorf("%s: %+v", sql, shape)
		}
	}
}

func TestFunctionsThatAreNotKnownAreNamed(t *testing.T) {
	shape := Dialect{}.Analyze(`SELECT next_ticket(1), count(*) FROM users`)
	if !slices.Equal(shape.Calls, []string{"next_ticket()"}) || shape.Verb != invalidation.Query {
		t.Errorf("%+v", shape)
	}
}

func TestSavepointsOfSQLServer(t *testing.T) {
	for sql, verb := range map[string]invalidation.Verb{
		"SAVE TRANSACTION sp1":     invalidation.Savepoint,
		"ROLLBACK TRANSACTION sp1": invalidation.RollbackTo,
	} {
		if shape := (Dialect{}).Analyze(sql); shape.Verb != verb || shape.Name != "sp1" {
			t.Errorf("%s: %+v", sql, shape)
		}
	}
}
