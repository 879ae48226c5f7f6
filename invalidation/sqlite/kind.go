package sqlite

import (
	"strings"
	"time"

	"github.com/sqlc-dev/meyer/ast"

	"github.com/seed92106438/cacheops/invalidation"
)

// kindOf returns the domain in which a column of a declared type compares, if that
// of times is times.
//
// A declared type binds SQLite to nothing: what counts is its affinity, by
// which values are converted when they are stored and when they are compared.
// So '5', 5.0 and 5 are one value to a column of INTEGER or NUMERIC affinity,
// and whole numbers may be compared exactly there. Booleans and GORM's numeric
// are of that sort. Times are stored as text, and only the types under which
// drivers give them back as times are taken for them.
func kindOf(declared *ast.TypeName, times invalidation.Kind) invalidation.Kind {
	if declared == nil {
		return invalidation.Unknown
	}
	name := strings.ToLower(declared.Name)
	switch name {
	case "datetime", "timestamp", "date":
		return times
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

// samples are times that a driver writes down alike only if it goes by one layout
// and keeps their zones.
var samples = []any{
	time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC),
	time.Date(987, time.January, 2, 23, 59, 59, 123_456_789, time.FixedZone("", 9*60*60)),
	time.Date(2026, time.March, 1, 12, 0, 0, 120_000_000, time.FixedZone("", -(5*60+30)*60)),
	time.Unix(0, 1),
}

// timesKind tells how times are compared by the texts that the driver gave for the
// samples, each after a sign that SQLite has put before it, so that no driver takes
// what it reads for a time. Most drivers' texts are compared as they are; of others
// only the days are relied on.
func timesKind(texts ...string) invalidation.Kind {
	for i, text := range texts {
		if text != "="+samples[i].(time.Time).Format(invalidation.VerbatimTime) {
			return invalidation.Day
		}
	}
	return invalidation.Verbatim
}
