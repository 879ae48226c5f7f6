package postgres

import (
	"testing"

	"github.com/seed92106438/cacheops/invalidation/internal/syntax"
	"github.com/seed92106438/cacheops/invalidation/internal/syntax/shapetest"
)

const (
	corpusFile = "../../testdata/sql/postgres.json"
	goldenFile = "../../testdata/sql/postgres.golden"
)

func TestCorpusIsReadAsTheGoldenFileSays(t *testing.T) {
	shapetest.Golden(t, Dialect{}, shapetest.Corpus(t, corpusFile), goldenFile)
}

func TestParametersAreCountedAsGORMBindsThem(t *testing.T) {
	for _, s := range shapetest.Corpus(t, corpusFile) {
		shape := Dialect{}.Analyze(s.SQL)
		if s.Params != nil && shape.Refusal != syntax.NotUnderstood && shape.Params != *s.Params {
			t.Errorf("%s has %d parameters, GORM binds %d", s.Name, shape.Params, *s.Params)
		}
	}
}
