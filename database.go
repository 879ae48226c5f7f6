package cacheops

import (
	"fmt"
	"math"
	"net/url"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/maypok86/otter/v2"
	"gorm.io/gorm"

	"github.com/seed92106438/cacheops/internal/track"
	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/invalidation/sqlite"
)

// database is what the plugin knows of one *gorm.DB that it was registered
// with: who it is, how to read its SQL, and GORM's own callbacks.
type database struct {
	*Plugin
	name     string // its identity in keys, boxes and journals
	root     *gorm.DB
	pool     *track.Pool // the primary: results are stored only from here
	analyzer invalidation.Analyzer
	shapes   *otter.Cache[string, *invalidation.Shape]
	catalog  *catalogCache
	flights  flights

	// manual counts BEGINs that were sent as text on the pool. From then on
	// no one can tell which statements share a connection with an open
	// transaction, so nothing is served or stored until it ends.
	manual atomic.Int64

	// query is the callback that serves reads past the cache.
	query func(*gorm.DB)
}

// maxShapes bounds the analysed texts that are kept, in bytes. GORM makes few
// texts per application, except that each length of an IN list, and each size
// of a batch, is a text of its own.
const maxShapes = 64 << 20

// newShapes returns a store for shapes. A "?," of two bytes becomes an operand
// of some forty, so a shape may take twenty times its text.
func newShapes() *otter.Cache[string, *invalidation.Shape] {
	return otter.Must(&otter.Options[string, *invalidation.Shape]{
		MaximumWeight: maxShapes,
		Weigher: func(sql string, _ *invalidation.Shape) uint32 {
			return uint32(min(512+24*len(sql), math.MaxUint32))
		},
	})
}

func newDatabase(p *Plugin, db *gorm.DB, pool *track.Pool, analyzer invalidation.Analyzer) *database {
	name := p.config.Database
	if name == "" {
		name = identity(db.Dialector, pool)
	}
	return &database{
		Plugin:   p,
		name:     name,
		root:     db,
		pool:     pool,
		analyzer: analyzer,
		shapes:   newShapes(),
		catalog:  p.catalogOf(name),
	}
}

// analyzerOf returns the analyser for the dialect's SQL.
func analyzerOf(dialector gorm.Dialector) (invalidation.Analyzer, error) {
	if name := dialector.Name(); name != "sqlite" {
		return nil, fmt.Errorf("cacheops: no analyser for the SQL of %q", name)
	}
	return sqlite.Analyzer{}, nil
}

// shape returns the shape of an SQL text, analysing it the first time.
func (d *database) shape(sql string) *invalidation.Shape {
	if shape, ok := d.shapes.GetIfPresent(sql); ok {
		return shape
	}
	shape := d.analyzer.Analyze(sql)
	// The text may be part of a buffer that GORM goes on to use.
	d.shapes.Set(strings.Clone(sql), shape)
	return shape
}

// unnamed numbers databases that have no name to tell them apart by.
var unnamed atomic.Int64

// identities remembers the number given to a pool, so that a pool that is
// registered twice stays one database.
var identities sync.Map // gorm.ConnPool -> string

// identity makes the name of a database from its data source name. Two
// handles on one SQLite file get one identity however the path is written;
// databases in memory, and those opened from a pool, get one per pool.
func identity(dialector gorm.Dialector, pool *track.Pool) string {
	if path, ok := sqlitePath(dataSource(dialector)); ok {
		return dialector.Name() + ":" + path
	}
	name := fmt.Sprintf("%s#%d", dialector.Name(), unnamed.Add(1))
	actual, _ := identities.LoadOrStore(pool.Unwrap(), name)
	return actual.(string)
}

// dataSource returns the field DSN that GORM's dialectors have, or "".
func dataSource(dialector gorm.Dialector) string {
	v := reflect.Indirect(reflect.ValueOf(dialector))
	if v.Kind() != reflect.Struct {
		return ""
	}
	if dsn := v.FieldByName("DSN"); dsn.IsValid() && dsn.Kind() == reflect.String {
		return dsn.String()
	}
	return ""
}

// sqlitePath returns the absolute path of the file that dsn names. It reports
// false for databases in memory.
func sqlitePath(dsn string) (string, bool) {
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
