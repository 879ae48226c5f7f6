package sqlite

import (
	"context"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/seed92106438/cacheops/invalidation"
)

// Dialect is what the cache has to know of SQLite. The zero value is ready
// for use.
type Dialect struct{ Analyzer }

var _ invalidation.Dialect = Dialect{}

func init() { invalidation.Register("sqlite", Dialect{}) }

// ReadCatalog implements [invalidation.Dialect] as the function of that name.
func (Dialect) ReadCatalog(ctx context.Context, q invalidation.Querier) (invalidation.Catalog, error) {
	return ReadCatalog(ctx, q)
}

// Images implements [invalidation.Dialect]. A transaction that begins by
// reading has a snapshot, and to become a writer later fails at once, without
// waiting, if another writer came between. So it becomes a writer first, by a
// statement that deletes nothing; from then on no one else writes. Drivers know
// the types of columns, but not those of expressions.
func (Dialect) Images() invalidation.Images {
	return invalidation.Images{Lock: "DELETE FROM %s WHERE 0", Column: stored}
}

func stored(invalidation.Column) string { return "+%s" }

// Answered implements [invalidation.Dialect]. SQLite works in the process of
// its caller: when a call returns, it is done.
func (Dialect) Answered(error) bool { return true }

// Identify implements [invalidation.Dialect]. Two names of one file have one
// identity however its path is written; databases in memory have none.
func (Dialect) Identify(dsn string) invalidation.Identity {
	path, ok := filePath(dsn)
	if !ok {
		return invalidation.Identity{}
	}
	return invalidation.Identity{Database: "sqlite:" + path, Local: true, Session: session(dsn)}
}

// sessionParameters are those of drivers that decide what a query gives or in what
// form a time is given to it.
var sessionParameters = []string{
	"_loc", "_case_sensitive_like", "_cslike",
	"_time_format", "_timezone", "_time_integer_format", "_inttotime", "_texttotime", // of modernc.org/sqlite
}

func session(dsn string) string {
	_, query, _ := strings.Cut(dsn, "?")
	given, _ := url.ParseQuery(query)
	decisive := url.Values{}
	for _, name := range sessionParameters {
		if values, ok := given[name]; ok {
			decisive[name] = values
		}
	}
	return decisive.Encode()
}

// filePath returns the absolute path of the file that dsn names. It reports
// false for databases in memory.
func filePath(dsn string) (string, bool) {
	rest, uri := strings.CutPrefix(dsn, "file:")
	path, query, _ := strings.Cut(rest, "?")
	if uri {
		path = uriPath(path)
	}
	if path == "" || path == ":memory:" || strings.Contains(query, "mode=memory") {
		return "", false
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", false
	}
	// The file may not exist yet, but its folder does, or opening fails.
	if dir, err := filepath.EvalSymlinks(filepath.Dir(abs)); err == nil {
		abs = filepath.Join(dir, filepath.Base(abs))
	}
	if file, err := filepath.EvalSymlinks(abs); err == nil {
		abs = file
	}
	return abs, true
}

// uriPath returns the path of a URI, from which "file:" and the query are cut.
func uriPath(path string) string {
	path, _, _ = strings.Cut(path, "#")
	path = strings.TrimPrefix(path, "//localhost")
	if unescaped, err := url.PathUnescape(path); err == nil {
		return unescaped
	}
	return path
}

// Present implements [invalidation.Dialect]. Only SQLite's date functions read
// texts so, and they are refused if they are given an argument.
func (Dialect) Present(string) bool { return false }
