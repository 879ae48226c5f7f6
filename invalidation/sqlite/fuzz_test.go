package sqlite

import (
	"testing"

	"github.com/seed92106438/cacheops/invalidation/internal/syntax/shapetest"
)

// FuzzAnalyze asks for no particular answer, only for one, and for the same
// one each time.
func FuzzAnalyze(f *testing.F) {
	for _, s := range shapetest.Corpus(f, corpusFile) {
		f.Add(s.SQL)
	}
	f.Add("WITH RECURSIVE t(a) AS (VALUES (1) UNION SELECT a FROM t NATURAL JOIN u) SELECT * FROM (t, u) FULL JOIN v USING (a)")
	f.Add("SELECT * FROM ``, (SELECT '')")
	f.Add("INSERT INTO t (a, b) VALUES (?1, x'00'), (:n, 0x1) ON CONFLICT (a) WHERE b DO UPDATE SET (a, b) = (excluded.a, 1) WHERE 1")
	f.Add("CREATE TRIGGER r BEFORE UPDATE OF a ON t WHEN new.a BEGIN SELECT RAISE(ABORT, 'x'); END")
	f.Fuzz(func(t *testing.T, sql string) { shapetest.Law(t, Analyzer{}, sql) })
}
