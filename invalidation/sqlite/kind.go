package sqlite

import (
	"strings"

	"github.com/sqlc-dev/meyer/ast"

	"github.com/seed92106438/cacheops/invalidation"
)

// kindOf returns the domain in which a column of a declared type compares.
//
// A declared type binds SQLite to nothing: what counts is its affinity, by
// which values are converted when they are stored and when they are compared.
// So '5', 5.0 and 5 are one value to a column of INTEGER or NUMERIC affinity,
// and whole numbers may be compared exactly there. Booleans and GORM's numeric
// are of that sort. Times are stored as text, and only the types under which
// drivers give them back as times are taken for them.
func kindOf(declared *ast.TypeName) invalidation.Kind {
	if declared == nil {
		return invalidation.Unknown
	}
	name := strings.ToLower(declared.Name)
	switch name {
	case "datetime", "timestamp":
		return invalidation.Day
	case "bool", "boolean", "numeric":
		return invalidation.Int
	}
	for _, affinity := range affinities {
		if strings.Contains(name, affinity.part) {
			return affinity.kind
		}
	}
	return invalidation.Unknown
}

// affinities are SQLite's rules, in the order in which it applies them.
var affinities = []struct {
	part string
	kind invalidation.Kind
}{
	{"int", invalidation.Int},
	{"char", invalidation.Text}, {"clob", invalidation.Text}, {"text", invalidation.Text},
	{"blob", invalidation.Bytes},
	{"real", invalidation.Float}, {"floa", invalidation.Float}, {"doub", invalidation.Float},
}
