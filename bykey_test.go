package cacheops_test

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops"
	"github.com/seed92106438/cacheops/profiles"
)

// get reads a post by its key and returns how many statements that has cost.
func get(f *fixture, db *gorm.DB, id any) (Post, int) {
	f.Helper()
	f.log.Take()
	post, err := cacheops.Get[Post](f.Context(), f.cache, db, id)
	if err != nil {
		f.Fatal(err)
	}
	return post, len(f.log.Take())
}

func TestGetSharesResultsWithFirst(t *testing.T) {
	f := newFixture(t, everything)
	var first Post
	must(t, f.db.First(&first, 3).Error)
	got, sent := get(f, f.db, 3)
	if sent != 0 {
		t.Errorf("what First has stored was asked for by %d statements", sent)
	}
	sameRow(t, got, first)
	for _, id := range []any{4, int64(4), uint(4), uint8(4)} {
		if _, sent := get(f, f.db, id); sent != 0 && id != any(4) {
			t.Errorf("%T: %d statements for what Get has stored", id, sent)
		}
	}
	f.log.Take()
	must(t, f.db.First(&Post{}, 4).Error)
	if sent := f.log.Take(); len(sent) != 0 {
		t.Errorf("what Get has stored was asked for by %q", sent)
	}
}

func TestGetIsFresh(t *testing.T) {
	f := newFixture(t, everything)
	get(f, f.db, 1)
	get(f, f.db, 2)
	must(t, f.db.Model(&Post{ID: 1}).Update("title", "changed").Error)
	if post, sent := get(f, f.db, 1); post.Title != "changed" || sent != 1 {
		t.Errorf("%q after %d statements", post.Title, sent)
	}
	if _, sent := get(f, f.db, 2); sent != 0 {
		t.Error("another row was asked for")
	}
	must(t, f.db.Delete(&Post{ID: 1}).Error)
	if _, err := cacheops.Get[Post](t.Context(), f.cache, f.db, 1); !errors.Is(err, gorm.ErrRecordNotFound) {
		t.Errorf("a post that was deleted: %v", err)
	}
	f.log.Take()
	if _, err := cacheops.Get[Post](t.Context(), f.cache, f.db, 1); !errors.Is(err, gorm.ErrRecordNotFound) {
		t.Errorf("a post that was deleted: %v", err)
	}
	if sent := f.log.Take(); len(sent) != 0 {
		t.Errorf("that there is none was asked for by %q", sent)
	}
}

func TestGetSharesNothingWithItsCallers(t *testing.T) {
	f := newFixture(t, everything)
	get(f, f.db, 1)
	post, _ := get(f, f.db, 1)
	post.Labels[0] = "scribbled"
	*post.AuthorID = 99
	again, sent := get(f, f.db, 1)
	if again.Labels[0] == "scribbled" || *again.AuthorID == 99 || sent != 0 {
		t.Errorf("%v after %d statements", again, sent)
	}
}

func TestGetWhatIsNotCovered(t *testing.T) {
	tests := []struct {
		name string
		db   func(f *fixture) *gorm.DB
		sent int // the second time
	}{
		{"nothing is in the way", func(f *fixture) *gorm.DB { return f.db }, 0},
		{"a context", func(f *fixture) *gorm.DB { return f.db.WithContext(context.WithValue(f.Context(), passenger{}, 1)) }, 0},
		{"a condition", func(f *fixture) *gorm.DB { return f.db.Where("score >= ?", 0).Session(&gorm.Session{}) }, 0},
		{"a scope", func(f *fixture) *gorm.DB {
			return f.db.Scopes(func(db *gorm.DB) *gorm.DB { return db.Where("score >= ?", 0) }).Session(&gorm.Session{})
		}, 0},
		{"deleted rows too", func(f *fixture) *gorm.DB { return f.db.Unscoped().Session(&gorm.Session{}) }, 0},
		{"a preload", func(f *fixture) *gorm.DB { return f.db.Preload("Tags").Session(&gorm.Session{}) }, 0},
		{"not to be cached", func(f *fixture) *gorm.DB { return f.db.Scopes(cacheops.NoCache()).Session(&gorm.Session{}) }, 1},
		{"a transaction", func(f *fixture) *gorm.DB {
			tx := f.db.Begin()
			f.Cleanup(func() { tx.Rollback() })
			return tx
		}, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := newFixture(t, everything)
			db := test.db(f)
			var want Post
			must(t, db.WithContext(cacheops.WithoutCache(t.Context())).First(&want, 1).Error)
			for i := range 2 {
				got, sent := get(f, db, 1)
				sameRow(t, got, want)
				if i == 1 && sent != test.sent {
					t.Errorf("%d statements, want %d", sent, test.sent)
				}
			}
		})
	}
}

type passenger struct{}

// A condition that comes from the query's surroundings decides which row there is.
func TestGetHeedsConditions(t *testing.T) {
	f := newFixture(t, everything)
	get(f, f.db, 1)
	none := f.db.Where("score < ?", -1)
	if _, err := cacheops.Get[Post](t.Context(), f.cache, none, 1); !errors.Is(err, gorm.ErrRecordNotFound) {
		t.Errorf("a condition that no row meets: %v", err)
	}
	scoped := f.db.Scopes(func(db *gorm.DB) *gorm.DB { return db.Where("score < ?", -1) })
	if _, err := cacheops.Get[Post](t.Context(), f.cache, scoped, 1); !errors.Is(err, gorm.ErrRecordNotFound) {
		t.Errorf("a scope that no row meets: %v", err)
	}
	must(t, f.db.Callback().Query().Before("gorm:query").Register("tenant", func(db *gorm.DB) { db.Where("score < ?", -1) }))
	if _, err := cacheops.Get[Post](t.Context(), f.cache, f.db, 1); !errors.Is(err, gorm.ErrRecordNotFound) {
		t.Errorf("a callback whose condition no row meets: %v", err)
	}
}

func TestGetRunsAfterFindOnce(t *testing.T) {
	f := newFixture(t, everything)
	for range 2 {
		note, err := cacheops.Get[Note](t.Context(), f.cache, f.db, 1)
		if err != nil || note.Found != 1 {
			t.Errorf("%+v, %v", note, err)
		}
	}
}

func TestGetFollowsProfilesAndContexts(t *testing.T) {
	f := newFixture(t, cacheops.Config{Profiles: profiles.Set{"posts": {Never: true}, "*": {TTL: time.Hour}}})
	get(f, f.db, 1)
	if _, sent := get(f, f.db, 1); sent != 1 {
		t.Error("a table that is never cached was")
	}
	tag := func(ctx context.Context) int {
		f.log.Take()
		_, err := cacheops.Get[Tag](ctx, f.cache, f.db, 1)
		must(t, err)
		return len(f.log.Take())
	}
	tag(t.Context())
	if tag(t.Context()) != 0 {
		t.Error("a table that is cached where it is asked for was not")
	}
	if tag(cacheops.WithoutCache(t.Context())) != 1 {
		t.Error("a context without cache was given a result of the cache")
	}
	f.cache.SetEnabled(false)
	if tag(t.Context()) != 1 {
		t.Error("a cache that is switched off has given a result")
	}
}

func sameRow(t *testing.T, got, want Post) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestGetAllocations(t *testing.T) {
	if rowsAreKept() {
		t.Skip("what is not in memory goes through GORM")
	}
	f := newFixture(t, everything)
	get(f, f.db, 1)
	ctx, id := t.Context(), any(1)
	allocs := testing.AllocsPerRun(100, func() {
		if _, err := cacheops.Get[Tag](ctx, f.cache, f.db, id); err != nil {
			t.Fatal(err)
		}
	})
	if allocs > 3 {
		t.Errorf("%v allocations", allocs)
	}
}
