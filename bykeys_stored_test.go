package cacheops_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops"
	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/region"
)

// What GetMany finds must not always be stored under the keys of the rows.

// What a transaction begun by text has written, and no one else sees, is not kept.
func TestGetManyInATransactionThatIsNotSeen(t *testing.T) {
	onlyOn(t, "sqlite mysql", "pgx gives up a connection that comes back with an open transaction")
	f := newFixture(t, everything)
	db, pool := f.watchedDB(gorm.Config{})
	getMany[Post](f, db, 1, 2) // the catalogue is read
	pool.SetMaxOpenConns(1)
	must(t, send(t.Context(), pool, "BEGIN", "UPDATE posts SET title = 'never' WHERE id IN (3, 4)"))
	got, err := cacheops.GetMany[Post](t.Context(), f.cache, db, 3, 4)
	if err != nil || got[3].Title != "never" {
		t.Errorf("inside: %+v, %v", got, err)
	}
	must(t, send(t.Context(), pool, "ROLLBACK"))
	getMany[Post](f, db, 3, 4)
}

// redefining is a region before whose stamps something happens once.
type redefining struct {
	region.Region
	once   sync.Once
	before func()
}

func (r *redefining) Stamp(ctx context.Context, dep *invalidation.Dependency, lag time.Duration) (region.Stamp, bool) {
	if r.before != nil {
		r.once.Do(r.before)
	}
	return r.Region.Stamp(ctx, dep, lag)
}

// A definition that is changed after the dependencies were made by the old ones, and
// before the stamps are taken, is in no journal that they would be checked by.
func TestDefinitionThatChangesBeforeTheStampsOfMany(t *testing.T) {
	config, r := everything, &redefining{Region: region.Memory(region.MemoryOptions{})}
	config.Regions = region.Set{region.Default: r}
	f := newFixture(t, config)
	getMany[Post](f, f.db, 3, 4) // the catalogue is read
	r.before = func() { must(t, f.db.Exec("ALTER TABLE notes ADD COLUMN extra int").Error) }
	for i, want := range []int{2, 1, 0} { // the definition is one as well
		if _, sent := getMany[Post](f, f.db, 1, 2); sent != want {
			t.Errorf("%d statements the %d. time, want %d", sent, i+1, want)
		}
	}
}

// Where the key of the model is none of the table's, First has one of several rows, and
// only the database knows which.
func TestGetManyOfAKeyThatIsNone(t *testing.T) {
	onlyOn(t, "sqlite", "elsewhere it is not said which of two rows comes first")
	f := newFixture(t, everything)
	must(t, f.truth.Exec("CREATE TABLE words (id text COLLATE NOCASE, count int)").Error)
	must(t, f.truth.Exec("INSERT INTO words VALUES ('A', 1), ('a', 2)").Error)
	first := f.watch("a", into(func(db *gorm.DB, w *Word) *gorm.DB { return db.First(w, "id = ?", "a") }))
	if _, err := cacheops.GetMany[Word](t.Context(), f.cache, f.db, "a", "b"); err != nil {
		t.Fatal(err)
	}
	got, err := cacheops.Get[Word](t.Context(), f.cache, f.db, "a")
	if want := first.read(f.truth); err != nil || got != want.Value {
		t.Errorf("got %+v, %v, want %+v", got, err, want.Value)
	}
}
