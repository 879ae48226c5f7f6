package cacheops

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"
	"gorm.io/gorm"

	"github.com/seed92106438/cacheops/internal/track"
	"github.com/seed92106438/cacheops/invalidation"
	_ "github.com/seed92106438/cacheops/invalidation/sqlite" // is built in
	"github.com/seed92106438/cacheops/invalidation/standard"
	"github.com/seed92106438/cacheops/querykey"
)

// database is what the plugin knows of one *gorm.DB that it was registered
// with: who it is, how to read its SQL, and GORM's own callbacks.
type database struct {
	*Plugin
	*family
	name    string         // its identity in boxes and journals
	session string         // how its connections are set up
	origin  querykey.Parts // both, in keys
	root    *gorm.DB
	source  string         // the data source name that root was opened with, if known
	zone    *time.Location // in which the driver writes times down, if known
	found   bool           // rows that a write has found count as touched
	pool    *track.Pool
	dialect invalidation.Dialect
	shapes  *otter.Cache[string, *analysed]
	catalog *catalogCache
	flights flights
	models  sync.Map // *byKey by reflect.Type
}

// maxShapes bounds the analysed texts that are kept, in bytes. GORM makes few
// texts per application, except that each length of an IN list, and each size
// of a batch, is a text of its own.
const maxShapes = 64 << 20

// analysed is the shape of a text, and what has become of its results.
type analysed struct {
	*invalidation.Shape
	openEnded bool                    // see [openEnded]
	dropped   atomic.Uint64           // the uses of whose tables a change has dropped a result: see [place]
	telling   atomic.Pointer[telling] // by which a write of that text was last told to tell of its rows
}

// newShapes returns a store for shapes. A "?," of two bytes becomes an operand
// of some forty, so a shape may take twenty times its text.
func newShapes() *otter.Cache[string, *analysed] {
	return otter.Must(&otter.Options[string, *analysed]{
		MaximumWeight: maxShapes,
		Weigher: func(sql string, _ *analysed) uint32 {
			return uint32(min(512+24*len(sql), math.MaxUint32))
		},
	})
}

func newDatabase(p *Plugin, db *gorm.DB, pool *track.Pool, dialect invalidation.Dialect) (*database, error) {
	id, err := p.identity(db, dialect, pool)
	if err != nil {
		return nil, err
	}
	var b querykey.Builder
	b.String(id.Database)
	b.String(id.Session)
	return &database{
		Plugin:  p,
		name:    id.Database,
		session: id.Session,
		origin:  b.Parts(),
		zone:    id.Location,
		found:   id.CountsFound,
		source:  dataSource(db.Dialector),
		root:    db,
		pool:    pool,
		dialect: dialect,
		shapes:  newShapes(),
		catalog: p.catalogOf(id, dialect),
	}, nil
}

// dialectOf returns what is known of the databases that db's driver is for. A
// kind that there is no package for is understood by whole tables.
func dialectOf(db *gorm.DB) (invalidation.Dialect, error) {
	name := db.Name()
	if dialect, ok := invalidation.DialectOf(name); ok {
		return dialect, nil
	}
	if path, ok := dialects[name]; ok {
		return nil, fmt.Errorf("cacheops: %w: to cache %s, import _ %q", ErrConfig, name, path)
	}
	return standard.Dialect{Name: name}, nil
}

// dialects has the packages that are not linked unless they are imported.
var dialects = map[string]string{
	"postgres": "github.com/seed92106438/cacheops/invalidation/postgres",
	"mysql":    "github.com/seed92106438/cacheops/invalidation/mysql",
}

// shape returns the shape of an SQL text.
func (d *database) shape(sql string) *invalidation.Shape { return d.analysed(sql).Shape }

// analysed returns what is kept of an SQL text, analysing it the first time.
func (d *database) analysed(sql string) *analysed {
	if known, ok := d.shapes.GetIfPresent(sql); ok {
		return known
	}
	// The text may be part of a buffer that GORM goes on to use.
	known, _ := d.shapes.SetIfAbsent(strings.Clone(sql), &analysed{Shape: d.dialect.Analyze(sql), openEnded: openEnded(sql)})
	return known
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
