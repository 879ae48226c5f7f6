package cacheops_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/seed92106438/cacheops"
	"github.com/seed92106438/cacheops/profiles"
)

// withRows caches every read of every table, rows too.
var withRows = cacheops.Config{Profiles: profiles.Set{"*": {Ops: profiles.All | profiles.Rows, TTL: time.Hour}}}

// scanOf makes a read of Scan into a new T.
func scanOf[T any](query func(db *gorm.DB) *gorm.DB) func(*gorm.DB) answer {
	return into(func(db *gorm.DB, dest *T) *gorm.DB { return query(db).Scan(dest) })
}

// rowOf makes a read of Row with one column.
func rowOf[T any](query func(db *gorm.DB) *gorm.DB) func(*gorm.DB) answer {
	return func(db *gorm.DB) answer {
		var v T
		err := query(db).Row().Scan(&v)
		return answer{Value: v, Err: err}
	}
}

// eachOf makes a read of Rows, of which each is scanned into a T by GORM.
func eachOf[T any](query func(db *gorm.DB) *gorm.DB) func(*gorm.DB) answer {
	return func(db *gorm.DB) answer {
		rows, err := query(db).Rows()
		if err != nil {
			return answer{Err: err}
		}
		defer func() { _ = rows.Close() }()
		var list []T
		for rows.Next() {
			var v T
			if err := db.ScanRows(rows, &v); err != nil {
				return answer{Value: list, Err: err}
			}
			list = append(list, v)
		}
		return answer{Value: list, Err: rows.Err()}
	}
}

func post3(db *gorm.DB) *gorm.DB    { return db.Model(&Post{}).Where("id = 3") }
func posts(db *gorm.DB) *gorm.DB    { return db.Model(&Post{}).Order("id") }
func rawPosts(db *gorm.DB) *gorm.DB { return db.Raw("SELECT * FROM posts ORDER BY id") }
func titles(db *gorm.DB) *gorm.DB   { return db.Model(&Post{}).Select("title").Order("id") }
func noPost(db *gorm.DB) *gorm.DB   { return db.Model(&Post{}).Where("id = 99") }

// rowReads are reads through gorm:row.
var rowReads = map[string]func(*gorm.DB) answer{
	"Scan into a struct":       scanOf[Post](post3),
	"Scan into another struct": scanOf[headline](post3),
	"Scan into a slice":        scanOf[[]Post](posts),
	"Scan into pointers":       scanOf[[]*Post](posts),
	"Scan into an array":       scanOf[[3]Post](posts),
	"Scan into a map":          scanOf[map[string]any](post3),
	"Scan into maps":           scanOf[[]map[string]any](posts),
	"Scan into maps, no model": scanOf[[]map[string]any](rawPosts),
	"Scan into a string":       scanOf[string](titles),
	"Scan into strings":        scanOf[[]string](titles),
	"Scan into a time":         scanOf[time.Time](func(db *gorm.DB) *gorm.DB { return post3(db).Select("published") }),
	"Scan into NullTimes":      scanOf[[]sql.NullTime](func(db *gorm.DB) *gorm.DB { return posts(db).Select("published") }),
	"Scan into bytes":          scanOf[[][]byte](func(db *gorm.DB) *gorm.DB { return posts(db).Select("digest") }),
	"Scan into a number":       scanOf[int64](func(db *gorm.DB) *gorm.DB { return db.Raw("SELECT count(*) FROM posts WHERE views > ?", 30) }),
	"Scan of a NULL":           scanOf[*string](func(db *gorm.DB) *gorm.DB { return db.Raw("SELECT email FROM authors WHERE id = 1") }),
	"Scan that fails":          scanOf[int](titles),
	"Scan of no rows":          scanOf[Post](noPost),
	"Scan of no rows, slice":   scanOf[[]Post](noPost),
	"Scan of raw SQL":          scanOf[[]Post](rawPosts),
	"Scan of a join": scanOf[[]map[string]any](func(db *gorm.DB) *gorm.DB {
		return db.Table("posts AS p").Joins("JOIN authors a ON a.id = p.author_id").Select("p.title, a.name, a.email").Order("p.id")
	}),
	"Row":               rowOf[string](func(db *gorm.DB) *gorm.DB { return post3(db).Select("title") }),
	"Row of many":       rowOf[string](titles),
	"Row of raw SQL":    rowOf[int](func(db *gorm.DB) *gorm.DB { return db.Raw("SELECT max(views) FROM posts") }),
	"Row of no rows":    rowOf[string](func(db *gorm.DB) *gorm.DB { return noPost(db).Select("title") }),
	"Row that fails":    rowOf[int](titles),
	"Rows":              eachOf[Post](posts),
	"Rows into maps":    eachOf[map[string]any](rawPosts),
	"Rows of no rows":   eachOf[Post](noPost),
	"Rows of a column":  eachOf[string](titles),
	"Rows of unknown":   eachOf[map[string]any](func(db *gorm.DB) *gorm.DB { return db.Table("posts").Select("views + 1, NULL, digest, 'x', 1.5") }),
	"Rows with columns": eachOf[headline](func(db *gorm.DB) *gorm.DB { return db.Table("posts").Select("id, title").Order("title") }),
}

// byName asks for rows to be cached.
func byName(db *gorm.DB) *gorm.DB { return db.Scopes(cacheops.Cache(cacheops.Ops(profiles.Rows))) }

func TestRowsAreCachedIfAskedForByName(t *testing.T) {
	asks := map[string]func(*gorm.DB) *gorm.DB{
		"profile":  nil,
		"scope":    byName,
		"prepared": func(db *gorm.DB) *gorm.DB { return db.Session(&gorm.Session{PrepareStmt: true}) },
		"context": func(db *gorm.DB) *gorm.DB {
			return db.WithContext(cacheops.WithCache(context.Background(), cacheops.Ops(profiles.Rows)))
		},
		"can give up": func(db *gorm.DB) *gorm.DB { return db.WithContext(t.Context()) },
	}
	for name, ask := range asks {
		t.Run(name, func(t *testing.T) {
			config := withRows
			if name == "scope" || name == "context" {
				config = cacheops.Config{}
			}
			f := newFixture(t, config)
			for name, read := range rowReads {
				if ask != nil {
					plain := read
					read = func(db *gorm.DB) answer { return plain(ask(db)) }
				}
				must(t, f.cache.InvalidateModel(t.Context(), &Post{})) // some have the same text
				f.watch(name, read).isCached()
			}
		})
	}
}

func TestRowsAreNotCachedOtherwise(t *testing.T) {
	cache := func(db *gorm.DB) *gorm.DB { return db.Scopes(cacheops.Cache()) }
	for name, test := range map[string]struct {
		config cacheops.Config
		ask    func(*gorm.DB) *gorm.DB
	}{
		"all kinds by profile": {everything, func(db *gorm.DB) *gorm.DB { return db }},
		"all kinds by scope":   {cacheops.Config{}, cache},
		"scope over profile":   {withRows, cache},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, test.config)
			for name, read := range rowReads {
				f.watch(name, func(db *gorm.DB) answer { return read(test.ask(db)) }).isBypassed()
			}
			if s := f.cache.Stats(); s.Fills+s.Hits+s.Misses != 0 || len(s.Bypasses) != 0 {
				t.Errorf("nobody asked: %+v", s)
			}
		})
	}
}

func TestProfileOfRowsAloneCachesNothingElse(t *testing.T) {
	f := newFixture(t, cacheops.Config{Profiles: profiles.Set{"*": {Ops: profiles.Rows}}})
	f.watch("Scan", scanOf[Post](post3)).isCached()
	f.watch("First", firstPost(3)).isBypassed()
}

func TestRowsAreDroppedByWhatTheyDependOn(t *testing.T) {
	f := newFixture(t, withRows)
	three := f.watch("post 3", scanOf[Post](post3)).isCached()
	title := f.watch("title of post 3", rowOf[string](func(db *gorm.DB) *gorm.DB { return post3(db).Select("title") })).isCached()
	all := f.watch("posts", eachOf[Post](posts)).isCached()
	raw := f.watch("raw", scanOf[[]Post](rawPosts)).isCached()
	authors := f.watch("authors", eachOf[Author](func(db *gorm.DB) *gorm.DB { return db.Model(&Author{}) })).isCached()

	must(t, f.db.Model(&Post{ID: 3}).UpdateColumn("views", 1000).Error)
	three.isFresh()
	title.isKept()
	all.isFresh()
	raw.isFresh()
	authors.isKept()

	must(t, f.db.Delete(&Post{}, 5).Error)
	three.isKept()
	title.isKept()
	all.isFresh()
	raw.isFresh()
	authors.isKept()
}

// Row, Rows and Scan share results whatever they scan into; other reads of
// the same text have results of their own, unless the region keeps rows.
func TestResultsOfOneTextAreShared(t *testing.T) {
	f := newFixture(t, withRows)
	text := func(db *gorm.DB) *gorm.DB { return db.Raw("SELECT id, title FROM posts ORDER BY id") }
	rows := f.watch("Rows", eachOf[map[string]any](text)).isCached()
	rows.isKept()
	f.watch("Scan into structs", scanOf[[]headline](text)).isKept()
	f.watch("Scan into a struct", scanOf[Post](text)).isKept()
	f.watch("Scan into maps", scanOf[[]map[string]any](text)).isKept()
	f.watch("Row", func(db *gorm.DB) answer {
		var id int
		var title string
		err := text(db).Row().Scan(&id, &title)
		return answer{Value: []any{id, title}, Err: err}
	}).isKept()
	f.watch("Find", into(func(db *gorm.DB, l *[]headline) *gorm.DB { return text(db).Find(l) })).isCachedApart()
	f.watch("Find of maps", into(func(db *gorm.DB, l *[]map[string]any) *gorm.DB { return text(db).Find(l) })).isCachedApart()
	rows.isKept()
}

func TestArgumentsTellRowsApart(t *testing.T) {
	f := newFixture(t, withRows)
	for _, arg := range []any{1, "1", 2, []int{1, 2}, []int{2, 1}} {
		f.watch("posts", scanOf[[]Post](func(db *gorm.DB) *gorm.DB { return db.Raw("SELECT * FROM posts WHERE id IN (?)", arg) })).isCached()
	}
}

func TestRowReadsThatCannotBeCached(t *testing.T) {
	f := newFixture(t, cacheops.Config{Profiles: profiles.Set{
		"*": {Ops: profiles.All | profiles.Rows}, "notes": {Never: true},
	}})
	for name, test := range map[string]struct {
		query func(tx *gorm.DB) *gorm.DB
		want  cacheops.Bypass
	}{
		"in a transaction": {func(db *gorm.DB) *gorm.DB { tx := db.Begin(); t.Cleanup(func() { tx.Rollback() }); return posts(tx) }, cacheops.InTransaction},
		"NoCache":          {func(db *gorm.DB) *gorm.DB { return posts(db.Scopes(cacheops.NoCache())) }, cacheops.Forbidden},
		"Never":            {func(db *gorm.DB) *gorm.DB { return byName(db).Model(&Note{}) }, cacheops.NeverCached},
		"Never, raw":       {func(db *gorm.DB) *gorm.DB { return byName(db).Raw("SELECT * FROM notes") }, cacheops.NeverCached},
		"bad argument":     {func(db *gorm.DB) *gorm.DB { return db.Raw("SELECT * FROM posts WHERE id = ?", complex(1, 1)) }, cacheops.BadArgument},
		"no table":         {func(db *gorm.DB) *gorm.DB { return db.Raw("SELECT 1 AS one") }, cacheops.NoTable},
		"no region": {func(db *gorm.DB) *gorm.DB {
			return posts(db.Scopes(cacheops.Cache(cacheops.Ops(profiles.Rows), cacheops.Region("none"))))
		}, cacheops.NoSuchRegion},
		"locking":  {func(db *gorm.DB) *gorm.DB { return posts(db).Clauses(clause.Locking{Strength: "UPDATE"}) }, cacheops.Locking},
		"volatile": {func(db *gorm.DB) *gorm.DB { return db.Raw("SELECT id, CURRENT_TIMESTAMP FROM posts") }, "volatile function"},
	} {
		t.Run(name, func(t *testing.T) {
			before := f.cache.Stats()
			for range 2 {
				rows, err := test.query(f.db).Rows()
				if err == nil {
					must(t, rows.Close())
				}
			}
			after := f.cache.Stats()
			if after.Fills != before.Fills || after.Hits != before.Hits {
				t.Errorf("it was cached: %+v", after)
			}
			if after.Bypasses[test.want]-before.Bypasses[test.want] != 2 {
				t.Errorf("not bypassed for %q: %v", test.want, after.Bypasses)
			}
		})
	}
}
