package cacheops_test

import (
	"context"
	"testing"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops"
)

// isOld checks that a read is served from the cache although it is no longer
// the truth.
func (w *watched) isOld() {
	w.f.Helper()
	w.f.log.Take()
	got := w.read(w.f.db)
	if sent := w.f.log.Take(); len(sent) != 0 {
		w.f.Errorf("%s was sent: %q", w.name, sent)
	}
	if same(got, w.read(w.f.truth)) {
		w.f.Errorf("%s is the truth, so nothing was put to the test", w.name)
	}
}

func TestPostponedChangesArePublishedAtOnce(t *testing.T) {
	f := newFixture(t, everything)
	one := f.watch("post 1", firstPost(1)).isCached()
	two := f.watch("post 2", firstPost(2)).isCached()
	three := f.watch("post 3", firstPost(3)).isCached()
	ctx, postponed := cacheops.Postpone(t.Context())
	db := f.db.WithContext(ctx)
	must(t, setTitle(db, 1, "by itself"))
	must(t, db.Transaction(func(tx *gorm.DB) error { return setTitle(tx, 2, "in a transaction") }))
	one.isOld()
	two.isOld()
	if n := f.cache.Stats().Changes; n != 0 {
		t.Errorf("%d changes were published", n)
	}
	must(t, postponed.Publish(ctx))
	one.isFresh()
	two.isFresh()
	three.isKept()

	must(t, postponed.Publish(ctx)) // there is nothing left
	one.isKept()
	if n := f.cache.Stats().Changes; n != 2 {
		t.Errorf("%d changes were published, want 2", n)
	}
}

// A context that postpones may be used on, and what it collects is published
// the next time.
func TestPostponeGoesOnAfterPublish(t *testing.T) {
	f := newFixture(t, everything)
	one := f.watch("post 1", firstPost(1)).isCached()
	ctx, postponed := cacheops.Postpone(t.Context())
	must(t, postponed.Publish(ctx))
	must(t, setTitle(f.db.WithContext(ctx), 1, "changed"))
	one.isOld()
	must(t, setTitle(f.db, 2, "by another"))
	one.isOld()
	must(t, setTitle(f.db, 1, "by another"))
	one.isFresh()
	must(t, postponed.Publish(ctx))
	one.isFresh()
}

// What was rolled back costs a query at most.
func TestPostponedAndRolledBack(t *testing.T) {
	f := newFixture(t, everything)
	one := f.watch("post 1", firstPost(1)).isCached()
	two := f.watch("post 2", firstPost(2)).isCached()
	ctx, postponed := cacheops.Postpone(t.Context())
	_ = f.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		must(t, setTitle(tx, 1, "undone"))
		return errRollback
	})
	one.isKept()
	must(t, postponed.Publish(ctx))
	one.compare(one.read(f.db))
	two.isKept()
}

// Publishing with a context that has ended publishes all the same.
func TestPublishWithADeadContext(t *testing.T) {
	f := newFixture(t, everything)
	one := f.watch("post 1", firstPost(1)).isCached()
	ctx, cancel := context.WithCancel(t.Context())
	writing, postponed := cacheops.Postpone(ctx)
	must(t, setTitle(f.db.WithContext(writing), 1, "changed"))
	cancel()
	must(t, postponed.Publish(writing))
	one.isFresh()
}

func TestPostponeForSeveralPlugins(t *testing.T) {
	f, g := newFixture(t, everything), newFixture(t, everything)
	ctx, postponed := cacheops.Postpone(t.Context())
	for _, f := range []*fixture{f, g} {
		one := f.watch("post 1", firstPost(1)).isCached()
		must(t, setTitle(f.db.WithContext(ctx), 1, "changed"))
		one.isOld()
	}
	must(t, postponed.Publish(ctx))
	f.reads[0].isFresh()
	g.reads[0].isFresh()
}

func TestWithoutInvalidation(t *testing.T) {
	f := newFixture(t, everything)
	one := f.watch("post 1", firstPost(1)).isCached()
	two := f.watch("post 2", firstPost(2)).isCached()
	db := f.db.WithContext(cacheops.WithoutInvalidation(t.Context()))
	must(t, setTitle(db, 1, "quietly"))
	must(t, db.Exec("UPDATE posts SET title = 'quietly' WHERE id = 2").Error)
	one.isOld()
	two.isOld()
	must(t, f.db.Model(&Post{ID: 1}).Update("views", 1).Error) // a change of the row like any other
	one.isFresh()
	two.isOld()
	must(t, f.cache.InvalidateRow(t.Context(), &Post{ID: 2}))
	two.isFresh()
}

// The inner context decides.
func TestPostponeUnderWithoutInvalidation(t *testing.T) {
	f := newFixture(t, everything)
	one := f.watch("post 1", firstPost(1)).isCached()
	ctx, postponed := cacheops.Postpone(cacheops.WithoutInvalidation(t.Context()))
	must(t, setTitle(f.db.WithContext(ctx), 1, "changed"))
	one.isOld()
	must(t, postponed.Publish(ctx))
	one.isFresh()
}

// Definitions are not postponed: everything that is known of a table goes by
// them.
func TestDefinitionsAreNotPostponed(t *testing.T) {
	postponing, _ := cacheops.Postpone(t.Context())
	for name, ctx := range map[string]context.Context{
		"Postpone": postponing, "WithoutInvalidation": cacheops.WithoutInvalidation(t.Context()),
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, everything)
			one := f.watch("post 1", firstPost(1)).isCached()
			must(t, f.db.WithContext(ctx).AutoMigrate(&Slow{}))
			f.watch("a table that was created", into(func(db *gorm.DB, s *[]Slow) *gorm.DB { return db.Find(s) })).isCached()
			one.isFresh()
		})
	}
}
