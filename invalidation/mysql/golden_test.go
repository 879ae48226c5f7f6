package mysql

import (
	"testing"

	"github.com/seed92106438/cacheops/invalidation/internal/syntax"
	"github.com/seed92106438/cacheops/invalidation/internal/syntax/shapetest"
)

const (
	corpusFile = "../../testdata/sql/mysql.json"
	goldenFile = "../../testdata/sql/mysql.golden"
)

func TestCorpusIsReadAsTheGoldenFileSays(t *testing.T) {
	shapetest.Golden(t, Analyzer{}, shapetest.Corpus(t, corpusFile), goldenFile)
}

func TestParametersAreCountedAsGORMBindsThem(t *testing.T) {
	for _, s := range shapetest.Corpus(t, corpusFile) {
		shape := Analyzer{}.Analyze(s.SQL)
		if s.Params != nil && shape.Refusal != syntax.NotUnderstood && shape.Params != *s.Params {
			t.Errorf("%s has %d parameters, GORM binds %d", s.Name, shape.Params, *s.Params)
		}
	}
}
