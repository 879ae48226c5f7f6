package mysql

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
	f.Add("WITH RECURSIVE t(a) AS (VALUES ROW(1) UNION SELECT a FROM t NATURAL JOIN u) SELECT * FROM (t, u) LEFT JOIN v USING (a)")
	f.Add("INSERT INTO t (a, b) VALUES (?, x'00'), (N'', 0x1) AS n ON DUPLICATE KEY UPDATE b = n.b, a = VALUES(a) RETURNING a")
	f.Add("DELETE a, b.* FROM a JOIN b USING (i) WHERE (a.x, 1) IN ((1, ?)) OR a.y SOUNDS LIKE `` XOR NOT 1")
	f.Add("CREATE TRIGGER r BEFORE UPDATE ON t FOR EACH ROW BEGIN IF NEW.a THEN SET NEW.b = 1; END IF; END")
	f.Fuzz(func(t *testing.T, sql string) { shapetest.Law(t, Analyzer{}, sql) })
}
