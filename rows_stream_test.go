package cacheops_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops"
	"github.com/seed92106438/cacheops/profiles"
)

// small keeps rows only up to some rows of posts.
var small = cacheops.Config{Profiles: profiles.Set{"*": {Ops: profiles.All | profiles.Rows, MaxBytes: 4000}}}

// contexts are one that can end and one that cannot: a query runs on a
// goroutine of its own only under the first.
func contexts(t *testing.T) map[string]context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	return map[string]context.Context{"can give up": ctx, "cannot": context.Background()}
}

// isFree checks that the fixture's connections are not held.
func (f *fixture) isFree() {
	f.Helper()
	conn, err := f.db.DB()
	must(f, err)
	if n := conn.Stats().InUse; n != 0 {
		f.Errorf("%d connections are held", n)
	}
}

func TestRowsThatAreTooLargeAreHandedOnAndNotCached(t *testing.T) {
	for name, ctx := range contexts(t) {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, small)
			in := func(db *gorm.DB) *gorm.DB { return posts(db.WithContext(ctx)) }
			for name, read := range map[string]func(*gorm.DB) answer{
				"Scan": scanOf[[]Post](in), "Rows": eachOf[Post](in), "Row": rowOf[int](in),
			} {
				f.watch(name, read).isBypassed()
				f.isFree()
			}
			f.watch("one post", scanOf[Post](func(db *gorm.DB) *gorm.DB { return post3(db.WithContext(ctx)) })).isCached()
			if s := f.cache.Stats(); s.Refused == 0 || s.Fills != 1 {
				t.Errorf("%+v", s)
			}
		})
	}
}

func TestRowsAreBoundedByDefault(t *testing.T) {
	f := newFixture(t, withRows)
	half := strings.Repeat("x", cacheops.DefaultRowsBytes/2)
	must(t, f.truth.Model(&Post{}).Where("id IN (3, 4)").Update("body", half).Error)
	f.watch("half of it", scanOf[[]Post](func(db *gorm.DB) *gorm.DB { return posts(db).Where("id < 4") })).isCached()
	f.watch("all of it", scanOf[[]Post](func(db *gorm.DB) *gorm.DB { return posts(db).Where("id < 5") })).isBypassed()
	byFind := f.watch("all of it, by Find", into(func(db *gorm.DB, l *[]Post) *gorm.DB { return posts(db).Where("id < 5").Find(l) }))
	if rowsAreKept() {
		byFind.isBypassed()
	} else {
		byFind.isCached()
	}
}

func TestMaxBytesHoldsForOtherReadsToo(t *testing.T) {
	f := newFixture(t, small)
	f.watch("one", firstPost(3)).isCached()
	f.watch("all", into(func(db *gorm.DB, list *[]Post) *gorm.DB { return db.Find(list) })).isBypassed()
}

func TestMaxRowsHoldsForRowsToo(t *testing.T) {
	f := newFixture(t, cacheops.Config{Profiles: profiles.Set{"*": {Ops: profiles.Rows, MaxRows: 3}}})
	f.watch("three", eachOf[Post](func(db *gorm.DB) *gorm.DB { return posts(db).Limit(3) })).isCached()
	f.watch("four", eachOf[Post](func(db *gorm.DB) *gorm.DB { return posts(db).Limit(4) })).isBypassed()
	f.isFree()
}

func TestErrorsOfRowsAreThoseOfTheDatabase(t *testing.T) {
	const overflow = "SELECT CASE WHEN id = 5 THEN abs(-9223372036854775807 - 1) ELSE id END FROM posts ORDER BY id"
	for name, ctx := range contexts(t) {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, withRows)
			refused := func(db *gorm.DB) *gorm.DB { return db.WithContext(ctx).Table("posts").Where("no_such_column = 1") }
			failing := func(db *gorm.DB) *gorm.DB { return db.WithContext(ctx).Raw(overflow) }
			for name, read := range map[string]func(*gorm.DB) answer{
				"refused, Scan": scanOf[[]int](refused), "refused, Rows": eachOf[int](refused), "refused, Row": rowOf[int](refused),
				"failing, Scan": scanOf[[]int](failing), "failing, Rows": eachOf[int](failing),
			} {
				if read(f.truth).Err == nil {
					t.Errorf("%s: the database does not fail", name)
				}
				f.watch(name, read).isBypassed()
				f.isFree()
			}
			if n := f.cache.Stats().Fills; n != 0 {
				t.Errorf("%d results were stored", n)
			}
		})
	}
}

// The rest of a large result is read under the context of the read, although
// the flight that began the query has ended.
func TestTheRestOfLargeRowsEndsWithTheirContext(t *testing.T) {
	onlyOn(t, "sqlite", "servers send nothing before a packet is full")
	const endless = `SELECT id FROM posts UNION ALL
		SELECT count(*) FROM (WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT n FROM c)`
	f := newFixture(t, cacheops.Config{Profiles: profiles.Set{"*": {Ops: profiles.Rows, MaxBytes: 1}}})
	ctx, cancel := context.WithCancel(context.Background())
	rows, err := f.db.WithContext(ctx).Raw(endless).Rows()
	must(t, err)
	for range 12 {
		if !rows.Next() {
			t.Fatal(rows.Err())
		}
	}
	go cancel()
	if rows.Next() || !errors.Is(rows.Err(), context.Canceled) {
		t.Errorf("got %v", rows.Err())
	}
	must(t, rows.Close())
	f.isFree()
	if s := f.cache.Stats(); s.Refused != 1 {
		t.Errorf("it was no read of the cache's: %+v", s)
	}
}

// A read that gives up while its query is under way is not there to take the
// rest of a large result: the flight ends it.
func TestLargeRowsOfAReadThatHasGivenUpAreClosed(t *testing.T) {
	f := newFixture(t, small)
	f.watch("the catalogue is read", scanOf[Post](post3)).isCached()
	g := newGate()
	f.log.Gate(func(string) { g.stop() })
	ctx, cancel := context.WithCancel(context.Background())
	gone := make(chan error)
	go func() {
		_, err := posts(f.db.WithContext(ctx)).Rows()
		gone <- err
	}()
	<-g.reached
	cancel()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	g.open()
	f.log.Gate(nil)
	conn, err := f.db.DB()
	must(t, err)
	conn.SetMaxOpenConns(1) // so that the next read waits for a connection
	f.watch("after it", scanOf[[]Post](posts)).isBypassed()
	f.isFree()
}

// A follower of a flight whose result is too large asks for itself.
func TestFollowersOfLargeRowsAskForThemselves(t *testing.T) {
	f := newFixture(t, small)
	f.watch("the catalogue is read", scanOf[Post](post3)).isCached()
	all := f.watch("posts", scanOf[[]Post](posts))
	g := newGate()
	f.log.Take()
	f.log.Gate(func(string) { g.stop() })
	answers := make(chan answer, 2)
	leaderCtx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() { answers <- all.read(f.db.WithContext(leaderCtx)) }()
	<-g.reached
	ctx := &joined{Context: t.Context(), when: make(chan struct{})}
	go func() { answers <- all.read(f.db.WithContext(ctx)) }()
	<-ctx.when
	g.open()
	all.compare(<-answers)
	all.compare(<-answers)
	if sent := f.log.Take(); len(sent) != 2 {
		t.Errorf("sent %q", sent)
	}
	f.isFree()
}

func TestConcurrentReadsOfRowsShareOneQuery(t *testing.T) {
	for name, ctx := range contexts(t) {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, withRows)
			f.watch("the catalogue is read", scanOf[Post](post3)).isCached()
			all := f.watch("posts", eachOf[Post](posts))
			g := newGate()
			f.log.Take()
			f.log.Gate(func(string) { g.stop() })
			answers := make(chan answer, 8)
			for range cap(answers) {
				go func() { answers <- all.read(f.db.WithContext(ctx)) }()
			}
			<-g.reached
			g.open()
			for range cap(answers) {
				all.compare(<-answers)
			}
			if sent := f.log.Take(); len(sent) != 1 {
				t.Errorf("sent %q", sent)
			}
		})
	}
}

// Rows that are held open show the database as it was, and hold nothing.
func TestRowsHeldOpenAreOfTheirTime(t *testing.T) {
	f := newFixture(t, withRows)
	all := f.watch("titles", eachOf[string](titles)).isCached()
	rows, err := titles(f.db).Rows()
	must(t, err)
	f.isFree()
	must(t, f.db.Model(&Post{}).Where("1 = 1").Update("title", "new").Error)
	var title string
	for rows.Next() {
		must(t, rows.Scan(&title))
	}
	if must(t, rows.Close()); title != "Post 12" {
		t.Errorf("got %q", title)
	}
	all.isFresh()
}
