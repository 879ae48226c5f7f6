package cacheops_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops"
	"github.com/seed92106438/cacheops/internal/sqlcount"
	"github.com/seed92106438/cacheops/profiles"
)

// Author, Post, Tag and Note are the models of the tests: a has-many, a
// belongs-to, a many-to-many, a soft delete, and columns of many types.
type Author struct {
	ID    uint
	Name  string
	Email *string
	Posts []Post
}

type Post struct {
	ID         uint
	AuthorID   *uint
	Author     *Author
	CategoryID int
	Title      string
	Body       string
	Score      float64
	Views      int64
	Hidden     bool
	Labels     []string `gorm:"serializer:json"`
	Digest     []byte
	Published  *time.Time
	CreatedAt  time.Time
	UpdatedAt  time.Time
	DeletedAt  gorm.DeletedAt
	Tags       []Tag `gorm:"many2many:post_tags"`
}

type Tag struct {
	ID   uint
	Name string `gorm:"uniqueIndex"`
}

// AfterFind marks notes that the hook has seen, and how often.
type Note struct {
	ID    uint
	Text  string
	Found int `gorm:"-"`
}

func (n *Note) AfterFind(*gorm.DB) error {
	n.Found++
	return nil
}

// everything caches every read of every table.
var everything = cacheops.Config{Profiles: profiles.Set{"*": {Ops: profiles.All, TTL: time.Hour}}}

// fixture is a database with two handles: one with the plugin, whose statements
// are counted, and one without, which tells the truth.
type fixture struct {
	*testing.T
	dsn   string
	db    *gorm.DB
	truth *gorm.DB
	cache *cacheops.Plugin
	log   *sqlcount.Log
	reads []*watched
}

// newFixture opens a fresh database with the tests' models and rows. When the
// test ends, every read that it watched is compared with the truth.
func newFixture(t *testing.T, config cacheops.Config) *fixture {
	t.Helper()
	return newFixtureWith(t, config, &gorm.Config{})
}

// newFixtureWith is newFixture with options of GORM's.
func newFixtureWith(t *testing.T, config cacheops.Config, options *gorm.Config) *fixture {
	t.Helper()
	f := openFixture(t, config, options)
	on().migrate(t, f.truth)
	seed(t, f.truth)
	return f
}

// openFixture opens a fresh, empty database.
func openFixture(t *testing.T, config cacheops.Config, options *gorm.Config) *fixture {
	t.Helper()
	if config.Events.Error == nil {
		config.Events.Error = func(_ context.Context, info cacheops.ErrorInfo) { t.Log(info.Err) }
	}
	config = inRegion(t, config)
	f := &fixture{T: t, dsn: on().empty(t), cache: cacheops.New(config)}
	f.truth, _ = openDB(t, f.dsn, &gorm.Config{})
	f.db, f.log = openDB(t, f.dsn, options)
	must(t, f.db.Use(f.cache))
	t.Cleanup(f.compareAll)
	return f
}

// openDB opens a database of the kind that the tests run on.
func openDB(t testing.TB, dsn string, options *gorm.Config) (*gorm.DB, *sqlcount.Log) {
	t.Helper()
	return on().open(t, dsn, options)
}

// seed makes 3 authors, 12 posts in 4 categories, 3 tags and 2 notes.
func seed(t testing.TB, db *gorm.DB) {
	t.Helper()
	must(t, db.Transaction(func(tx *gorm.DB) error {
		authors, tags := seedAuthors(), []Tag{{Name: "go"}, {Name: "sql"}, {Name: "cache"}}
		if err := errors.Join(tx.Create(&authors).Error, tx.Create(&tags).Error); err != nil {
			return err
		}
		posts := seedPosts(tags)
		return errors.Join(tx.Create(&posts).Error, tx.Create(&[]Note{{Text: "first"}, {Text: "second"}}).Error)
	}))
}

func seedAuthors() (authors []Author) {
	for i := range 3 {
		author := Author{Name: fmt.Sprintf("author %d", i+1)}
		if i > 0 {
			email := fmt.Sprintf("a%d@example.org", i+1)
			author.Email = &email
		}
		authors = append(authors, author)
	}
	return authors
}

func seedPosts(tags []Tag) (posts []Post) {
	day := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for i := range 12 {
		author, published := uint(1+i%3), day.Add(time.Duration(i)*time.Hour)
		post := Post{
			AuthorID: &author, CategoryID: 1 + i%4, Title: fmt.Sprintf("Post %d", i+1),
			Body: "text", Score: float64(i) / 2, Views: int64(10 * i), Hidden: i%5 == 0,
			Labels: []string{"a", fmt.Sprint(i)}, Digest: []byte{byte(i), 0xff},
			CreatedAt: day, UpdatedAt: day, Tags: tags[i%3 : i%3+1],
		}
		if i%2 == 0 {
			post.Published = &published
		}
		posts = append(posts, post)
	}
	return posts
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// answer is what a read tells its caller.
type answer struct {
	Value any
	Rows  int64
	Err   error
}

// watched is a read that the fixture knows.
type watched struct {
	f    *fixture
	name string
	read func(db *gorm.DB) answer
}

// into makes a read out of a finisher that fills a destination of type T.
func into[T any](finish func(db *gorm.DB, dest *T) *gorm.DB) func(*gorm.DB) answer {
	return func(db *gorm.DB) answer {
		dest := new(T)
		tx := finish(db, dest)
		return answer{Value: *dest, Rows: tx.RowsAffected, Err: tx.Error}
	}
}

// watch makes a read known, so that it is compared with the truth in the end.
func (f *fixture) watch(name string, read func(*gorm.DB) answer) *watched {
	w := &watched{f: f, name: name, read: read}
	f.reads = append(f.reads, w)
	return w
}

// costs runs the read with the plugin, checks that it took that many
// statements, and that the answer is the truth.
func (w *watched) costs(statements int) answer {
	w.f.Helper()
	w.f.log.Take()
	got := w.read(w.f.db)
	if sent := w.f.log.Take(); len(sent) != statements {
		w.f.Errorf("%s cost %d statements, want %d: %q", w.name, len(sent), statements, sent)
	}
	w.compare(got)
	return got
}

// isFresh checks that a read which was cached has been dropped: it is asked
// for anew, gives the truth, and is cached again.
func (w *watched) isFresh() { w.f.Helper(); w.costs(1); w.costs(0) }

// isKept checks that a read is still cached, and true.
func (w *watched) isKept() { w.f.Helper(); w.costs(0) }

// isCached runs a read for the first time, and again from the cache.
func (w *watched) isCached() *watched { w.f.Helper(); w.costs(1); w.costs(0); return w }

// isBypassed checks that a read goes to the database each time.
func (w *watched) isBypassed() { w.f.Helper(); w.costs(1); w.costs(1) }

func (w *watched) compare(got answer) {
	w.f.Helper()
	if want := w.read(w.f.truth); !same(want, got) {
		w.f.Errorf("%s is not the truth:\n got %+v\nwant %+v", w.name, got, want)
	}
}

func (f *fixture) compareAll() {
	for _, w := range f.reads {
		w.compare(w.read(f.db))
	}
}

// same compares answers in full; errors by their text.
func same(a, b answer) bool {
	return reflect.DeepEqual(a.Value, b.Value) && a.Rows == b.Rows && fmt.Sprint(a.Err) == fmt.Sprint(b.Err)
}
