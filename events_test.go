package cacheops_test

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"slices"
	"testing"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops"
	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/profiles"
	"github.com/seed92106438/cacheops/region"
)

// told collects events. It is not safe for concurrent use, so that the race
// detector sees an event that is told on another goroutine.
type told struct {
	*testing.T
	goroutine string
	reads     []cacheops.ReadInfo
	changes   []cacheops.ChangeInfo
	drops     []cacheops.DropInfo
	errors    []cacheops.ErrorInfo
}

// contextMark is the key of a value that events must find in their context.
type contextMark struct{}

// listen returns a fixture whose events are collected. They must come on the
// test's goroutine, with the context of the statement.
func listen(t *testing.T, config cacheops.Config) (*told, *fixture) {
	l := &told{T: t, goroutine: goroutine()}
	config.Events = cacheops.Events{
		Read:   func(ctx context.Context, i cacheops.ReadInfo) { l.check(ctx); l.reads = append(l.reads, i) },
		Change: func(ctx context.Context, i cacheops.ChangeInfo) { l.check(ctx); l.changes = append(l.changes, i) },
		Drop:   func(ctx context.Context, i cacheops.DropInfo) { l.check(ctx); l.drops = append(l.drops, i) },
		Error:  func(ctx context.Context, i cacheops.ErrorInfo) { l.check(ctx); l.errors = append(l.errors, i) },
	}
	f := newFixture(t, config)
	f.db = f.db.WithContext(context.WithValue(context.Background(), contextMark{}, true))
	return l, f
}

func (l *told) check(ctx context.Context) {
	if g := goroutine(); g != l.goroutine {
		l.Errorf("told on goroutine %s, not %s", g, l.goroutine)
	}
	if ctx.Value(contextMark{}) == nil {
		l.Error("told with another context")
	}
}

// goroutine returns the number of the calling goroutine.
func goroutine() string {
	var buf [64]byte
	return string(bytes.Fields(buf[:runtime.Stack(buf[:], false)])[1])
}

// take returns the reads told since the last take.
func (l *told) take() []cacheops.ReadInfo {
	reads := l.reads
	l.reads = nil
	return reads
}

func TestReadIsTold(t *testing.T) {
	l, f := listen(t, cacheops.Config{
		Profiles: profiles.Set{"posts": {Ops: profiles.All, Region: "hot"}},
		Regions:  region.Set{"hot": region.Memory(region.MemoryOptions{})},
	})
	for range 2 {
		must(t, f.db.First(&Post{}, 1).Error)
	}
	must(t, f.db.Model(&Post{}).Count(new(int64)).Error)
	must(t, f.db.Find(&[]Note{}).Error)
	must(t, f.db.Scopes(cacheops.NoCache()).Find(&[]Post{}).Error)
	got := l.take()
	for i, want := range []cacheops.ReadInfo{
		{Table: "posts", Op: profiles.Get, Region: "hot"},
		{Table: "posts", Op: profiles.Get, Region: "hot", Hit: true},
		{Table: "posts", Op: profiles.Count, Region: "hot"},
		{Table: "notes", Op: profiles.Fetch, Bypass: cacheops.NotAsked},
		{Table: "posts", Op: profiles.Fetch, Bypass: cacheops.Forbidden},
	} {
		if len(got) <= i {
			t.Fatalf("%d reads were told", len(got))
		}
		if got[i].Duration <= 0 || (got[i].Age > 0) != want.Hit {
			t.Errorf("times of read %d: %+v", i, got[i])
		}
		got[i].Duration, got[i].Age = 0, 0
		if got[i] != want {
			t.Errorf("read %d: %+v, want %+v", i, got[i], want)
		}
	}
	if len(got) != 5 || len(l.changes)+len(l.drops)+len(l.errors) > 0 {
		t.Errorf("more was told: %+v", l)
	}
}

func TestPreloadsAreToldAsReadsOfTheirOwn(t *testing.T) {
	l, f := listen(t, everything)
	must(t, f.db.Preload("Posts").First(&Author{}, 1).Error)
	if got := l.take(); len(got) != 2 || got[0].Table != "authors" || got[1].Table != "posts" || got[1].Op != profiles.Fetch {
		t.Errorf("%+v", got)
	}
	must(t, f.db.Preload("Posts", "hidden = ?", false).First(&Author{}, 1).Error)
	if got := l.take(); len(got) != 2 || !got[0].Hit || got[1].Hit {
		t.Errorf("%+v", got)
	}
}

// A dry run reads nothing, so there is nothing to tell.
func TestDryRunIsNotTold(t *testing.T) {
	l, f := listen(t, everything)
	f.db.ToSQL(func(tx *gorm.DB) *gorm.DB { return tx.First(&Post{}, 1) })
	f.db.ToSQL(func(tx *gorm.DB) *gorm.DB { return tx.Delete(&Post{}, 1) })
	f.explain(f.db, func(tx *gorm.DB) *gorm.DB { return tx.First(&Post{}, 1) })
	if len(l.reads)+len(l.changes)+len(l.drops)+len(l.errors) > 0 {
		t.Errorf("%+v", l)
	}
}

func TestFailedQueryIsNotAnErrorOfTheCache(t *testing.T) {
	l, f := listen(t, everything)
	if err := f.db.Find(&[]Post{}, "nosuch = 1").Error; err == nil {
		t.Fatal("the query went well")
	}
	if err := f.db.First(&Post{}, 99).Error; !errors.Is(err, gorm.ErrRecordNotFound) {
		t.Fatal(err)
	}
	if len(l.errors) > 0 {
		t.Errorf("%+v", l.errors)
	}
}

func TestChangeIsTold(t *testing.T) {
	l, f := listen(t, everything)
	must(t, f.db.Find(&[]Post{}).Error) // reads the catalogue
	for _, c := range []struct {
		name  string
		write func(db *gorm.DB) error
		want  []cacheops.ChangeInfo
	}{
		{"create", func(db *gorm.DB) error { return db.Create(&[]Note{{Text: "a"}, {Text: "b"}}).Error },
			[]cacheops.ChangeInfo{{Table: f.canonical("notes"), Kind: invalidation.Insert, Rows: 2}}},
		{"update", func(db *gorm.DB) error { return setTitle(db, 1, "x") },
			[]cacheops.ChangeInfo{{Table: f.canonical("posts"), Kind: invalidation.Update, Rows: 1}}},
		{"update of no row", func(db *gorm.DB) error { return setTitle(db, 99, "x") }, nil},
		{"delete", func(db *gorm.DB) error { return db.Delete(&Note{}, "text = ?", "a").Error },
			[]cacheops.ChangeInfo{{Table: f.canonical("notes"), Kind: invalidation.Delete, Rows: 1}}},
		{"raw", func(db *gorm.DB) error { return db.Exec("UPDATE notes SET text = 'c'").Error },
			[]cacheops.ChangeInfo{{Table: f.canonical("notes"), Kind: invalidation.Update, Rows: 3}}},
		{"definition", func(db *gorm.DB) error { return db.Exec("CREATE INDEX i ON notes (text)").Error },
			[]cacheops.ChangeInfo{{Table: "*", Kind: invalidation.Redefinition, Rows: -1}}},
		{"by hand", func(db *gorm.DB) error { return f.cache.InvalidateModel(db.Statement.Context, &Note{}) },
			[]cacheops.ChangeInfo{{Table: f.canonical("notes"), Kind: invalidation.Any, Rows: -1}}},
	} {
		l.changes = nil
		must(t, c.write(f.db))
		if !slices.Equal(l.changes, c.want) {
			t.Errorf("%s: %+v, want %+v", c.name, l.changes, c.want)
		}
	}
}

func TestChangesOfATransactionAreToldAtItsEnd(t *testing.T) {
	l, f := listen(t, everything)
	write := func(tx *gorm.DB) error {
		must(t, setTitle(tx, 1, "x"))
		must(t, tx.Create(&Note{Text: "new"}).Error)
		if len(l.changes) > 0 {
			t.Errorf("before the end: %+v", l.changes)
		}
		return nil
	}
	must(t, f.db.Transaction(write))
	if len(l.changes) != 2 {
		t.Errorf("after COMMIT: %+v", l.changes)
	}
	l.changes = nil
	_ = f.db.Transaction(func(tx *gorm.DB) error { must(t, write(tx)); return errRollback })
	if len(l.changes) != 0 {
		t.Errorf("after ROLLBACK: %+v", l.changes)
	}
}

// A drop is told when a look-up finds it out, once, and with its change.
func TestDropIsTold(t *testing.T) {
	l, f := listen(t, everything)
	one := f.watch("post 1", firstPost(1)).isCached()
	two := f.watch("post 2", firstPost(2)).isCached()
	must(t, setTitle(f.db, 1, "changed"))
	if len(l.drops) > 0 {
		t.Errorf("before anyone looked: %+v", l.drops)
	}
	one.isFresh()
	two.isKept()
	if len(l.drops) != 1 {
		t.Fatalf("%d drops were told", len(l.drops))
	}
	drop := l.drops[0]
	if drop.Table != "posts" || drop.Region != region.Default || drop.Change.Kind != invalidation.Update || !drop.Change.Columns.Has("title") {
		t.Errorf("%+v", drop)
	}
}

func TestErrorIsTold(t *testing.T) {
	l, f := listen(t, everything)
	one := f.watch("post 1", under(f.db.Statement.Context, firstPost(1), cacheops.Cache(cacheops.Region("nowhere"))))
	one.isBypassed()
	if len(l.errors) != 2 || l.errors[0].Table != "posts" || l.errors[0].Err == nil {
		t.Errorf("%+v", l.errors)
	}
}

// The catalogue is read for a miss alone, and without it nothing is cached.
func TestCatalogueThatCannotBeRead(t *testing.T) {
	l, f := listen(t, everything)
	db, _ := openDB(t, on().empty(t), &gorm.Config{})
	must(t, db.Use(f.cache))
	pool, err := db.DB()
	must(t, err)
	must(t, pool.Close())
	if err := db.WithContext(f.db.Statement.Context).First(&Post{}, 1).Error; err == nil {
		t.Fatal("a closed database was read")
	}
	if len(l.errors) != 1 || l.errors[0].Table != "posts" {
		t.Errorf("%+v", l.errors)
	}
	if got := l.take(); len(got) != 1 || got[0].Bypass != cacheops.NoCatalogue {
		t.Errorf("%+v", got)
	}
}
