package cacheops_test

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops"
)

// The tests in the files reads_*_test.go are a table of GORM's ways to read.
// Each path is read from the database, from the cache, and from the cache
// again after its caller has spoilt what it was handed; each time the answer
// must be what GORM without the plugin gives.

// readPath is one of GORM's ways to read.
type readPath struct {
	name string
	cost int // statements, the first time
	read func(*gorm.DB) answer
}

// again returns a fixture with a handle and a plugin of its own on the file of
// f, so that what others have read there costs it all the same.
func (f *fixture) again(t *testing.T, config cacheops.Config, options *gorm.Config) *fixture {
	t.Helper()
	config = inRegion(t, config)
	other := &fixture{T: t, dsn: f.dsn, truth: f.truth, cache: cacheops.New(config)}
	other.db, other.log = openDB(t, f.dsn, options)
	must(t, other.db.Use(other.cache))
	t.Cleanup(other.compareAll)
	return other
}

// repeats reads a path three times and returns what it said of rows and errors.
func (f *fixture) repeats(path readPath) answer {
	f.Helper()
	w := f.watch(path.name, path.read)
	first := w.costs(path.cost)
	rows, err := first.Rows, first.Err
	spoil(&first.Value)
	second := w.costs(0)
	spoil(&second.Value)
	w.costs(0)
	return answer{Rows: rows, Err: err}
}

// eachFinds reads each path, all of which must find something.
func (f *fixture) eachFinds(config cacheops.Config, paths []readPath) {
	f.Helper()
	for _, path := range paths {
		f.Run(path.name, func(t *testing.T) {
			if got := f.again(t, config, &gorm.Config{}).repeats(path); got.Err != nil || got.Rows == 0 {
				t.Errorf("found nothing: %+v", got)
			}
		})
	}
}

// spoil changes everything that can be changed through p, as the worst of
// callers might.
func spoil(p any) { spoilValue(reflect.ValueOf(p).Elem()) }

func spoilValue(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			spoilValue(v.Elem())
		}
	case reflect.Interface:
		if !v.IsNil() {
			v.Set(spoilt(v.Elem()))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				spoilValue(v.Field(i))
			}
		}
	case reflect.Slice:
		room := v.Slice(0, v.Cap()) // an append writes here
		for i := range room.Len() {
			spoilValue(room.Index(i))
		}
	case reflect.Array:
		for i := range v.Len() {
			spoilValue(v.Index(i))
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			v.SetMapIndex(key, spoilt(v.MapIndex(key)))
		}
	}
	if v.CanSet() && v.Kind() != reflect.Interface {
		v.SetZero()
	}
}

// spoilt spoils what v refers to, and returns something else in its place.
func spoilt(v reflect.Value) reflect.Value {
	own := reflect.New(v.Type()).Elem()
	own.Set(v)
	spoilValue(own)
	return own
}

// How one row is asked for.

func TestReadsOfOneRow(t *testing.T) {
	newFixture(t, everything).eachFinds(everything, []readPath{
		{"First", 1, into(func(db *gorm.DB, p *Post) *gorm.DB { return db.First(p) })},
		{"First by inline key", 1, into(func(db *gorm.DB, p *Post) *gorm.DB { return db.First(p, 3) })},
		{"First by key as text", 1, into(func(db *gorm.DB, p *Post) *gorm.DB { return db.First(p, "3") })},
		{"First by several keys", 1, into(func(db *gorm.DB, p *Post) *gorm.DB { return db.First(p, []int{4, 3}) })},
		{"First by inline condition", 1, into(func(db *gorm.DB, p *Post) *gorm.DB { return db.First(p, "title = ?", "Post 3") })},
		{"First by inline struct", 1, into(func(db *gorm.DB, p *Post) *gorm.DB { return db.First(p, Post{CategoryID: 3}) })},
		{"First by inline map", 1, into(func(db *gorm.DB, p *Post) *gorm.DB { return db.First(p, map[string]any{"category_id": 3}) })},
		{"First with Where", 1, into(func(db *gorm.DB, p *Post) *gorm.DB { return db.Where("category_id = ?", 2).First(p) })},
		{"First with Order", 1, into(func(db *gorm.DB, p *Post) *gorm.DB { return db.Order("score DESC").First(p) })},
		{"First with Select", 1, into(func(db *gorm.DB, p *Post) *gorm.DB { return db.Select("title", "digest").First(p) })},
		{"First with Omit", 1, into(func(db *gorm.DB, p *Post) *gorm.DB { return db.Omit("body").First(p) })},
		{"First into a pointer", 1, into(func(db *gorm.DB, p **Post) *gorm.DB { return db.First(p, 3) })},
		{"First into a slice", 1, into(func(db *gorm.DB, p *[]Post) *gorm.DB { return db.First(p) })},
		{"First into a map", 1, into(func(db *gorm.DB, m *map[string]any) *gorm.DB { return db.Model(&Author{}).First(m) })},
		{"First of a smaller struct", 1, into(func(db *gorm.DB, h *headline) *gorm.DB { return db.Model(&Post{}).First(h) })},
		{"First of a row with NULLs", 1, into(func(db *gorm.DB, a *Author) *gorm.DB { return db.First(a, 1) })},
		{"Take", 1, into(func(db *gorm.DB, p *Post) *gorm.DB { return db.Take(p, 3) })},
		{"Take into a pointer", 1, into(func(db *gorm.DB, p **Post) *gorm.DB { return db.Take(p) })},
		{"Take into a slice of pointers", 1, into(func(db *gorm.DB, p *[]*Post) *gorm.DB { return db.Take(p) })},
		{"Take into a map by table", 1, into(func(db *gorm.DB, m *map[string]any) *gorm.DB { return db.Table("posts").Take(m) })},
		{"Take of a scalar", 1, into(func(db *gorm.DB, s *string) *gorm.DB { return db.Model(&Post{}).Select("title").Take(s) })},
		{"Last", 1, into(func(db *gorm.DB, p *Post) *gorm.DB { return db.Last(p) })},
		{"Last with Where", 1, into(func(db *gorm.DB, p *Post) *gorm.DB { return db.Where("hidden").Last(p) })},
		{"Last into a slice", 1, into(func(db *gorm.DB, p *[]Post) *gorm.DB { return db.Last(p) })},
		{"Find of a struct", 1, into(func(db *gorm.DB, p *Post) *gorm.DB { return db.Find(p, 3) })},
		{"Find of a struct among many rows", 1, into(func(db *gorm.DB, p *Post) *gorm.DB { return db.Find(p) })},
		{"Find into a pointer", 1, into(func(db *gorm.DB, p **Post) *gorm.DB { return db.Find(p, 3) })},
		{"Find with Limit 1", 1, into(func(db *gorm.DB, p *Post) *gorm.DB { return db.Limit(1).Find(p, 3) })},
	})
}

// headline is a struct that has less than a post has.
type headline struct {
	ID     uint
	Title  string
	Digest []byte
}

// A destination that is not empty keeps what the query does not return.
func TestReadsIntoADestinationThatIsNotEmpty(t *testing.T) {
	newFixture(t, everything).eachFinds(everything, []readPath{
		{"key set", 1, preset(func() Post { return Post{ID: 5} }, func(db *gorm.DB, p *Post) *gorm.DB { return db.First(p) })},
		{"other fields selected", 1, preset(func() Post { return Post{Title: "mine", Author: &Author{Name: "me"}} }, func(db *gorm.DB, p *Post) *gorm.DB {
			return db.Select("digest", "views").Find(p, "id = ?", 3)
		})},
		{"selected fields overwritten", 1, preset(func() Post { return Post{Title: "mine"} }, func(db *gorm.DB, p *Post) *gorm.DB {
			return db.Select("id", "title").Find(p, "id = ?", 3)
		})},
		{"field that is no column", 1, preset(func() Note { return Note{Found: 7} }, func(db *gorm.DB, n *Note) *gorm.DB { return db.Find(n, "id = ?", 1) })},
		{"slice with room", 1, preset(func() []Post { return make([]Post, 3, 20) }, func(db *gorm.DB, p *[]Post) *gorm.DB { return db.Find(p, "category_id = ?", 2) })},
		{"slice with too little room", 1, preset(func() []Post { return make([]Post, 1, 2) }, func(db *gorm.DB, p *[]Post) *gorm.DB { return db.Find(p) })},
		{"slice with rows", 1, preset(func() []Post { return []Post{{ID: 99, Title: "mine"}} }, func(db *gorm.DB, p *[]Post) *gorm.DB { return db.Find(p, 3) })},
		{"array with rows", 1, preset(func() [3]Tag { return [3]Tag{{ID: 98}, {ID: 99}} }, func(db *gorm.DB, p *[3]Tag) *gorm.DB { return db.Limit(2).Find(p) })},
		{"map with keys", 1, func(db *gorm.DB) answer {
			m := map[string]any{"mine": 1, "name": "mine"}
			tx := db.Model(&Tag{}).Take(m) // not a pointer
			return answer{Value: m, Rows: tx.RowsAffected, Err: tx.Error}
		}},
		{"slice of maps with rows", 1, func(db *gorm.DB) answer {
			m := []map[string]any{{"mine": 1}}
			tx := db.Model(&Tag{}).Find(&m)
			return answer{Value: m, Rows: tx.RowsAffected, Err: tx.Error}
		}},
	})
}

// preset is [into] with a destination that holds something.
func preset[T any](value func() T, finish func(db *gorm.DB, dest *T) *gorm.DB) func(*gorm.DB) answer {
	return func(db *gorm.DB) answer {
		dest := value()
		tx := finish(db, &dest)
		return answer{Value: dest, Rows: tx.RowsAffected, Err: tx.Error}
	}
}

// A struct that is not empty shows whether a column was NULL, which leaves some
// fields alone, or zero. What is cached does not, so the database is asked.
func TestZeroColumnIntoADestinationThatIsNotEmpty(t *testing.T) {
	type address struct {
		ID    uint
		Email string // is NULL
	}
	if rowsAreKept() {
		t.Skip("rows show it: see TestPortableIntoADestinationThatIsNotEmpty")
	}
	f := newFixture(t, everything)
	for _, path := range []readPath{
		{"zero", 2, preset(func() Post { return Post{Views: 7} }, func(db *gorm.DB, p *Post) *gorm.DB {
			return db.Select("id", "views").Find(p, "id = ?", 1)
		})},
		{"NULL into a pointer", 2, preset(func() Post { return Post{Published: new(time.Time)} }, func(db *gorm.DB, p *Post) *gorm.DB {
			return db.Select("id", "published").Find(p, "id = ?", 2)
		})},
		{"NULL into a string", 2, preset(func() address { return address{Email: "mine"} }, func(db *gorm.DB, a *address) *gorm.DB {
			return db.Table("authors").Find(a, "id = ?", 1)
		})},
	} {
		t.Run(path.name, func(t *testing.T) {
			f := f.again(t, everything, &gorm.Config{})
			read := f.watch(path.name, path.read)
			read.costs(path.cost)
			read.costs(1)
			if n := f.cache.Stats().Bypasses[cacheops.PresetDest]; n == 0 {
				t.Error("the bypass was not counted")
			}
		})
	}
}

func TestNotFound(t *testing.T) {
	paths := []readPath{
		{"First", 1, into(func(db *gorm.DB, p *Post) *gorm.DB { return db.First(p, 99) })},
		{"First into a pointer", 1, into(func(db *gorm.DB, p **Post) *gorm.DB { return db.First(p, 99) })},
		{"First into a slice", 1, into(func(db *gorm.DB, p *[]Post) *gorm.DB { return db.First(p, 99) })},
		{"Take", 1, into(func(db *gorm.DB, p *Post) *gorm.DB { return db.Take(p, 99) })},
		{"Take into a map", 1, into(func(db *gorm.DB, m *map[string]any) *gorm.DB { return db.Model(&Tag{}).Take(m, 99) })},
		{"Last", 1, into(func(db *gorm.DB, p *Post) *gorm.DB { return db.Last(p, 99) })},
	}
	f := newFixture(t, everything)
	for _, path := range paths {
		t.Run(path.name, func(t *testing.T) {
			got := f.again(t, everything, &gorm.Config{}).repeats(path)
			if !errors.Is(got.Err, gorm.ErrRecordNotFound) {
				t.Errorf("the error is %v", got.Err)
			}
		})
	}
}

func TestNotFoundIsDroppedByTheRowAlone(t *testing.T) {
	f := newFixture(t, everything)
	none := f.watch("post 99", firstPost(99)).isCached()
	must(t, f.db.Create(&Post{ID: 98}).Error)
	none.isKept()
	must(t, f.db.Create(&Post{ID: 99}).Error)
	none.isFresh()
	must(t, f.db.Delete(&Post{}, 98).Error)
	none.isKept()
	must(t, f.db.Delete(&Post{}, 99).Error)
	none.isFresh()
}

func TestFindOfNothing(t *testing.T) {
	f := newFixture(t, everything)
	for _, path := range []readPath{
		{"struct", 1, into(func(db *gorm.DB, p *Post) *gorm.DB { return db.Find(p, 99) })},
		{"struct that is not empty", 1, preset(func() Post { return Post{Title: "mine"} }, func(db *gorm.DB, p *Post) *gorm.DB { return db.Find(p, 99) })},
		{"pointer", 1, into(func(db *gorm.DB, p **Post) *gorm.DB { return db.Find(p, 99) })},
		{"slice", 1, into(func(db *gorm.DB, p *[]Post) *gorm.DB { return db.Find(p, 99) })},
		{"slice with rows", 1, preset(func() []Post { return []Post{{ID: 99}} }, func(db *gorm.DB, p *[]Post) *gorm.DB { return db.Find(p, 99) })},
		{"array", 1, preset(func() [2]Post { return [2]Post{{ID: 99}} }, func(db *gorm.DB, p *[2]Post) *gorm.DB { return db.Find(p, 99) })},
		{"map", 1, into(func(db *gorm.DB, m *map[string]any) *gorm.DB { return db.Model(&Tag{}).Find(m, 99) })},
		{"slice of maps", 1, into(func(db *gorm.DB, m *[]map[string]any) *gorm.DB { return db.Model(&Tag{}).Find(m, 99) })},
		{"scalar", 1, preset(func() string { return "mine" }, func(db *gorm.DB, s *string) *gorm.DB {
			return db.Model(&Post{}).Select("title").Where("id = 99").Find(s)
		})},
		{"Pluck", 1, into(func(db *gorm.DB, p *[]string) *gorm.DB { return db.Model(&Post{}).Where("id = 99").Pluck("title", p) })},
		{"Preload", 1, into(func(db *gorm.DB, p *[]Post) *gorm.DB { return db.Preload("Author").Find(p, 99) })},
		{"Raw", 1, into(func(db *gorm.DB, p *[]Post) *gorm.DB { return db.Raw("SELECT * FROM posts WHERE id = 99").Find(p) })},
	} {
		t.Run(path.name, func(t *testing.T) {
			if got := f.again(t, everything, &gorm.Config{}).repeats(path); got.Err != nil || got.Rows != 0 {
				t.Errorf("found something: %+v", got)
			}
		})
	}
}
