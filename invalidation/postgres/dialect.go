package postgres

import "github.com/seed92106438/cacheops/invalidation"

// Dialect is PostgreSQL's. The zero value is ready for use, and safe for
// concurrent use. It remembers nothing: callers keep the shapes.
type Dialect struct{}

var _ invalidation.Dialect = Dialect{}

func init() { invalidation.Register("postgres", Dialect{}) }

// Images implements [invalidation.Dialect].
//
// FOR NO KEY UPDATE is the lock of an UPDATE that leaves keys alone. It keeps
// out everyone who wants to change or delete the row, as these take the same
// lock or a stronger one. FOR UPDATE, which a change of a key takes, would also
// keep out those who only insert rows that refer to this one; if the write needs
// that, it waits for them by itself.
//
// A DELETE takes FOR UPDATE at once. Had its image taken less, one who has
// inserted a row that refers to this one, and goes on to update this one, would
// wait for the image while the DELETE waits for him.
//
// PostgreSQL counts every row that a write has found, altered or not.
func (Dialect) Images() invalidation.Images {
	return invalidation.Images{Clause: "FOR NO KEY UPDATE", Delete: "FOR UPDATE", Savepoint: true}
}

// Present implements [invalidation.Dialect]: an argument may be compared with a
// time, or cast to one.
func (Dialect) Present(text string) bool { return meansPresent(text) }
