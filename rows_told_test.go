package cacheops_test

import (
	"bytes"
	"errors"
	"log"
	"slices"
	"strings"
	"testing"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/seed92106438/cacheops"
	"github.com/seed92106438/cacheops/profiles"
)

func TestReadsOfRowsAreTold(t *testing.T) {
	l, f := listen(t, withRows)
	for range 2 {
		must(t, f.db.Model(&Post{}).Where("id = 3").Scan(&headline{}).Error)
		must(t, post3(f.db).Select("title").Row().Scan(new(string)))
	}
	must(t, f.db.Scopes(cacheops.NoCache()).Model(&Post{}).Scan(&[]headline{}).Error)
	must(t, f.db.Transaction(func(tx *gorm.DB) error { return tx.Model(&Post{}).Scan(&[]headline{}).Error }))
	var got []string
	for _, r := range l.reads {
		if r.Op != profiles.Rows || r.Table != "posts" || r.Bypass == "" && r.Region == "" {
			t.Errorf("%+v", r)
		}
		switch {
		case r.Hit:
			got = append(got, "hit")
		case r.Bypass != "":
			got = append(got, string(r.Bypass))
		default:
			got = append(got, "miss")
		}
	}
	want := []string{"miss", "miss", "hit", "hit", string(cacheops.Forbidden), string(cacheops.InTransaction)}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	s := f.cache.Stats()
	if s.Hits != 2 || s.Misses != 2 || s.Fills != 2 || s.Bypasses[cacheops.Forbidden] != 1 || s.Bypasses[cacheops.InTransaction] != 1 {
		t.Errorf("%+v", s)
	}
	must(t, f.db.Model(&Post{ID: 3}).UpdateColumn("title", "new").Error)
	must(t, f.db.Model(&Post{}).Where("id = 3").Scan(&headline{}).Error)
	if len(l.drops) != 1 || f.cache.Stats().Dropped != 1 {
		t.Errorf("drops: %+v", l.drops)
	}
}

// Nobody asked for these, but they are reads all the same.
func TestReadsOfRowsThatNobodyAskedForAreToldButNotCounted(t *testing.T) {
	l, f := listen(t, everything)
	must(t, post3(f.db).Scan(&headline{}).Error)
	if len(l.reads) != 1 || l.reads[0].Bypass != cacheops.NotAsked || l.reads[0].Op != profiles.Rows {
		t.Errorf("%+v", l.reads)
	}
	if n := len(f.cache.Stats().Bypasses); n != 0 {
		t.Errorf("%d bypasses", n)
	}
}

func TestExplainOfRows(t *testing.T) {
	f := newFixture(t, withRows)
	queries := map[string]func(tx *gorm.DB) *gorm.DB{
		"Scan": func(tx *gorm.DB) *gorm.DB { return posts(tx).Scan(&[]headline{}) },
		"Raw":  func(tx *gorm.DB) *gorm.DB { return tx.Raw("SELECT * FROM posts").Scan(&[]headline{}) },
		"Rows": func(tx *gorm.DB) *gorm.DB {
			rows, err := titles(tx).Rows()
			if rows != nil || !errors.Is(err, gorm.ErrDryRunModeUnsupported) {
				t.Errorf("got %v, %v", rows, err)
			}
			return tx
		},
	}
	for name, query := range queries {
		e := f.explain(f.db, query)
		if e.Op != profiles.Rows || e.Bypass != "" || e.Table != "posts" || e.Cached || len(e.Dependency.Tables) != 1 {
			t.Errorf("%s: %s", name, e)
		}
	}
	must(t, queries["Scan"](f.db).Error)
	if e := f.explain(f.db, queries["Scan"]); !e.Cached {
		t.Errorf("it is cached, but not found: %s", e)
	}
	if e := f.explain(f.db, queries["Raw"]); e.Cached {
		t.Errorf("it is not cached, but found: %s", e)
	}
	if e := f.explain(f.db.Scopes(cacheops.Cache()), queries["Scan"]); e.Bypass != cacheops.NotAsked {
		t.Errorf("a scope that does not name rows: %s", e)
	}
}

func TestDryRunOfRowsLeavesNoTrace(t *testing.T) {
	f := newFixture(t, withRows)
	dry := func(db *gorm.DB) string {
		return db.ToSQL(func(tx *gorm.DB) *gorm.DB { return titles(tx).Scan(&[]string{}) })
	}
	f.log.Take()
	if got, want := dry(f.db), dry(f.truth); got != want || want == "" {
		t.Errorf("got %q, want %q", got, want)
	}
	if s := f.cache.Stats(); s.Hits+s.Misses != 0 || len(f.log.Take()) != 0 {
		t.Errorf("a dry run was counted or sent: %+v", s)
	}
}

// What was not sent is not logged.
func TestHitsOfRowsAreNotLoggedAsStatements(t *testing.T) {
	f := newFixture(t, withRows)
	var out bytes.Buffer
	f.db.Logger = logger.New(log.New(&out, "", 0), logger.Config{LogLevel: logger.Info})
	read := func() string {
		out.Reset()
		rows, err := posts(f.db).Rows()
		must(t, err)
		must(t, rows.Close())
		must(t, posts(f.db).Scan(&[]headline{}).Error)
		return out.String()
	}
	if first := read(); strings.Count(first, "SELECT") != 1 {
		t.Errorf("of one statement was logged %q", first)
	}
	if second := read(); strings.Contains(second, "SELECT") {
		t.Errorf("of none was logged %q", second)
	}
}
