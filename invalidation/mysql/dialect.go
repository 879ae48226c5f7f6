package mysql

import (
	"context"

	"github.com/seed92106438/cacheops/invalidation"
)

// Dialect is what the cache has to know of MySQL and MariaDB. The zero value
// is ready for use.
type Dialect struct{ Analyzer }

var _ invalidation.Dialect = Dialect{}

func init() { invalidation.Register("mysql", Dialect{}) }

// ReadCatalog implements [invalidation.Dialect] as the function of that name.
func (Dialect) ReadCatalog(ctx context.Context, q invalidation.Querier) (invalidation.Catalog, error) {
	return ReadCatalog(ctx, q)
}

// Images implements [invalidation.Dialect]. The rows are locked as the write
// will lock them. Under READ COMMITTED an UPDATE does not wait for a row that it
// need not change, while FOR UPDATE would. What the server counts depends on the
// client's flags, and without them it counts the rows that it has altered.
func (Dialect) Images() invalidation.Images {
	return invalidation.Images{
		Clause: "FOR UPDATE", Search: "FOR UPDATE SKIP LOCKED", Ends: ends, Changed: true, Column: stored,
	}
}

// stored has a time told as text where the driver's reading of it does not tell
// what is stored.
func stored(c invalidation.Column) string {
	if c.Kind == invalidation.Wall && !c.Canonical {
		return "CAST(%s AS CHAR)"
	}
	return "%s"
}

// Present implements [invalidation.Dialect]. No text stands for the present.
func (Dialect) Present(string) bool { return false }
