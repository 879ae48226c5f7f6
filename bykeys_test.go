package cacheops_test

import (
	"context"
	"database/sql/driver"
	"encoding/hex"
	"errors"
	"reflect"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops"
	"github.com/seed92106438/cacheops/profiles"
)

// getMany reads rows by their keys, compares them with what First gives of the truth
// for each, and returns how many statements that has cost.
func getMany[T any, K comparable](f *fixture, db *gorm.DB, ids ...K) (map[K]T, int) {
	f.Helper()
	f.log.Take()
	got, err := cacheops.GetMany[T](f.Context(), f.cache, db, ids...)
	if err != nil {
		f.Fatal(err)
	}
	sent := f.log.Take()
	want := map[K]T{}
	for _, id := range ids {
		var row T
		switch err := f.truth.First(&row, "id = ?", id).Error; {
		case err == nil:
			want[id] = row
		case !errors.Is(err, gorm.ErrRecordNotFound):
			f.Fatal(err)
		}
	}
	if !reflect.DeepEqual(got, want) {
		f.Errorf("got %+v, want %+v, by %q", got, want, sent)
	}
	return got, len(sent)
}

// costMany is getMany of posts, which must cost that many statements. Rows that
// processes share are kept as a list, so there it need only be right.
func costMany(f *fixture, statements int, ids ...int) {
	f.Helper()
	if _, sent := getMany[Post](f, f.db, ids...); sent != statements && !rowsAreKept() {
		f.Errorf("%v cost %d statements, want %d", ids, sent, statements)
	}
}

func TestGetManyOfNone(t *testing.T) {
	f := newFixture(t, everything)
	got, sent := getMany[Post, int](f, f.db)
	if got == nil || len(got) != 0 || sent != 0 {
		t.Errorf("%v by %d statements", got, sent)
	}
}

func TestGetManyAsksForWhatIsMissing(t *testing.T) {
	f := newFixture(t, everything)
	costMany(f, 1, 1, 2, 3)
	costMany(f, 0, 3, 2, 1)
	costMany(f, 1, 1, 2, 4, 5)
	costMany(f, 0, 1, 4)
	costMany(f, 1, 6, 6, 7, 6)
	costMany(f, 0, 7, 7)
	costMany(f, 1, 8) // one that is missing is asked for as Get does
	costMany(f, 0, 8)
}

func TestGetManySharesResultsWithFirst(t *testing.T) {
	if rowsAreKept() {
		t.Skip("what processes share is kept as a list")
	}
	f := newFixture(t, everything)
	must(t, f.db.First(&Post{}, 1).Error)
	get(f, f.db, 2)
	costMany(f, 0, 1, 2)
	costMany(f, 1, 1, 2, 3, 4)
	f.log.Take()
	must(t, f.db.First(&Post{}, 3).Error)
	if sent := f.log.Take(); len(sent) != 0 {
		t.Errorf("what GetMany has stored was asked for by %q", sent)
	}
	if _, sent := get(f, f.db, uint(4)); sent != 0 {
		t.Error("what GetMany has stored was asked for by Get")
	}
}

func TestGetManyIsFresh(t *testing.T) {
	f := newFixture(t, everything)
	costMany(f, 1, 1, 2, 3)
	must(t, f.db.Model(&Post{ID: 1}).Update("title", "changed").Error)
	costMany(f, 0, 2, 3)
	costMany(f, 1, 1, 2, 3)
	must(t, f.db.Delete(&Post{ID: 2}).Error) // softly
	costMany(f, 0, 1, 3)
	costMany(f, 1, 1, 2, 3)
	costMany(f, 0, 2)
}

func TestGetManyKeepsThatThereIsNone(t *testing.T) {
	f := newFixture(t, everything)
	costMany(f, 1, 100, 101, 1)
	costMany(f, 0, 100, 101)
	must(t, f.db.Create(&Post{ID: 100, Title: "new"}).Error)
	costMany(f, 0, 101, 1)
	costMany(f, 1, 100, 101, 1)
	costMany(f, 0, 100)
}

func TestGetManySharesNothingWithItsCallers(t *testing.T) {
	f := newFixture(t, everything)
	for range 3 {
		got, _ := getMany[Post](f, f.db, 1, 2)
		post := got[1]
		post.Labels[0], *post.AuthorID = "scribbled", 99
	}
}

func TestGetManyOfSeveralChunks(t *testing.T) {
	f := openFixture(t, everything, &gorm.Config{})
	must(t, f.truth.AutoMigrate(&Tag{}))
	tags := make([]Tag, 1200)
	for i := range tags {
		tags[i].Name = time.Duration(i).String()
	}
	must(t, f.truth.CreateInBatches(&tags, 300).Error)
	ids := make([]uint, len(tags))
	for i := range ids {
		ids[i] = uint(i + 1)
	}
	for i, want := range []int{3, 0} {
		f.log.Take()
		got, err := cacheops.GetMany[Tag](t.Context(), f.cache, f.db, ids...)
		must(t, err)
		if len(got) != len(ids) || got[700].Name != tags[699].Name {
			t.Errorf("%d rows", len(got))
		}
		if sent := f.log.Take(); i > 0 && len(sent) != want {
			t.Errorf("%d statements, want %d", len(sent), want)
		}
	}
}

func TestGetManyWhatIsNotCovered(t *testing.T) {
	f := newFixture(t, everything)
	for range 2 {
		notes, err := cacheops.GetMany[Note](t.Context(), f.cache, f.db, 1, 2, 3)
		if err != nil || len(notes) != 2 || notes[1].Found != 1 || notes[2].Found != 1 {
			t.Errorf("%+v, %v", notes, err)
		}
	}
	none := f.db.Where("score < ?", -1)
	if got, err := cacheops.GetMany[Post](t.Context(), f.cache, none, 1, 2); err != nil || len(got) != 0 {
		t.Errorf("a condition that no row meets: %v, %v", got, err)
	}
	must(t, f.db.Transaction(func(tx *gorm.DB) error {
		must(t, tx.Model(&Post{ID: 1}).Update("title", "not committed").Error)
		got, err := cacheops.GetMany[Post](t.Context(), f.cache, tx, 1, 2)
		if got[1].Title != "not committed" || len(got) != 2 {
			t.Errorf("in a transaction: %v", got)
		}
		return errors.Join(err, tx.Model(&Post{ID: 1}).Update("title", "Post 1").Error)
	}))
	ctx := cacheops.WithoutCache(t.Context())
	for range 2 {
		f.log.Take()
		_, err := cacheops.GetMany[Post](ctx, f.cache, f.db, 1, 2)
		must(t, err)
		if sent := f.log.Take(); len(sent) != 1 {
			t.Errorf("%d statements in a context without cache", len(sent))
		}
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if got, err := cacheops.GetMany[Post](ended, f.cache, f.db, 1, 2); err == nil || got != nil {
		t.Errorf("%v, %v of a context that has ended", got, err)
	}
}

func TestGetManyFollowsProfiles(t *testing.T) {
	f := newFixture(t, cacheops.Config{Profiles: profiles.Set{"posts": {Never: true}}})
	for range 2 {
		if _, sent := getMany[Post](f, f.db, 1, 2); sent != 1 {
			t.Errorf("%d statements for a table that is never cached", sent)
		}
	}
	getMany[Tag](f, f.db, 1, 2)
	if _, sent := getMany[Tag](f, f.db, 1, 2); sent != 0 {
		t.Error("a table that is cached where it is asked for was not")
	}
}

// What is kept are structs: pointers to them are filled by GORM, and leave alone what
// is kept.
func TestGetManyOfPointers(t *testing.T) {
	f := newFixture(t, everything)
	costMany(f, 1, 1, 2)
	for range 2 {
		got, err := cacheops.GetMany[*Post](t.Context(), f.cache, f.db, 1, 2, 3, 100)
		if err != nil || len(got) != 3 || got[3].Title != "Post 3" || got[100] != nil {
			t.Errorf("%v, %v", got, err)
		}
	}
	costMany(f, 0, 1, 2)
	must(t, f.db.First(&Post{}, 4).Error)
	costMany(f, 0, 4)
}

type seat struct {
	A, B int `gorm:"primaryKey;autoIncrement:false"`
}

func TestGetManyNeedsAKeyOfOneColumn(t *testing.T) {
	f := newFixture(t, everything)
	if _, err := cacheops.GetMany[seat](t.Context(), f.cache, f.db, 1, 2); !errors.Is(err, gorm.ErrPrimaryKeyRequired) {
		t.Errorf("two columns: %v", err)
	}
}

// Word has a key of text, which some databases compare loosely.
type Word struct {
	ID    string `gorm:"primaryKey;size:40"`
	Count int
}

// An id is given the row that its database holds for its own, even if it does so for
// several ids, or for ids that are written in another way.
func TestGetManyOfIDsThatAreAlike(t *testing.T) {
	f := newFixture(t, everything)
	must(t, f.truth.AutoMigrate(&Word{}))
	must(t, f.truth.Create(&[]Word{{"abc", 1}, {"Def", 2}, {"007", 3}, {"é", 4}, {"x y", 5}}).Error)
	for range 2 {
		getMany[Word](f, f.db, "abc", "ABC", "Abc ", "def", "Def", "none")
		getMany[Word](f, f.db, "7", "007", "é", "e", "x y", "xy", "")
	}
	if _, sent := getMany[Word](f, f.db, "abc", "Def", "none"); sent != 0 && !rowsAreKept() {
		t.Errorf("%d statements for what was stored", sent)
	}
	if *database == "sqlite" { // others refuse the comparison, or know no affinity
		getMany[Post](f, f.db, "1", "2", "01", "x")
		getMany[Post, any](f, f.db, 1, int64(1), "1", uint8(2), 1.0, nil)
	}
}

func TestWriteBetweenStampAndSelectOfMany(t *testing.T) {
	f := newSlow(t)
	must(t, f.db.Take(&Slow{}, 2).Error) // the catalogue is read
	read := func() map[int]Slow {
		got, err := cacheops.GetMany[Slow](t.Context(), f.cache, f.db, 1, 2)
		if err != nil {
			t.Error(err)
		}
		return got
	}
	g := atScan(t)
	early := make(chan map[int]Slow)
	go func() { early <- read() }()
	<-g.reached // the SELECT has found the old value
	f.setValue(1, 7)
	g.open()
	if got := <-early; got[1].Value != 0 || len(got) != 2 {
		t.Errorf("the SELECT came before the write but found %+v", got)
	}
	f.log.Take()
	if got := read(); got[1].Value != 7 {
		t.Errorf("after the write: %+v", got)
	}
	sent := len(f.log.Take())
	if sent != 1 {
		t.Errorf("%d statements, want 1 for the row that was written", sent)
	}
	if cache := f.cache.Stats(); cache.Refused == 0 && !rowsAreKept() {
		t.Error("what the write has met was stored")
	}
}

func TestGetManyAllocations(t *testing.T) {
	if rowsAreKept() {
		t.Skip("what is not in memory goes through GORM")
	}
	f := newFixture(t, everything)
	ids := []uint{1, 2, 3}
	getMany[Tag](f, f.db, ids...)
	ctx := t.Context()
	allocs := testing.AllocsPerRun(100, func() {
		if got, err := cacheops.GetMany[Tag](ctx, f.cache, f.db, ids...); err != nil || len(got) != len(ids) {
			t.Fatal(got, err)
		}
	})
	if allocs > float64(3+len(ids)) { // the map, the call, and nothing but the rows
		t.Errorf("%v allocations", allocs)
	}
}

// BenchmarkGetMany reads 100 rows by their keys, all of them cached, beside Find.
func BenchmarkGetMany(b *testing.B) {
	path := benchFile(b, 10)
	ids := make([]uint, 100)
	for i := range ids {
		ids[i] = uint(3*i + 1)
	}
	var cache *cacheops.Plugin
	for _, bench := range []struct {
		name string
		read func(*gorm.DB) error
	}{
		{"GetMany 100", func(db *gorm.DB) error {
			_, err := cacheops.GetMany[Account](b.Context(), cache, db, ids...)
			return err
		}},
		{"Find 100", func(db *gorm.DB) error {
			var list []Account
			return db.Find(&list, ids).Error
		}},
	} {
		db, log := openFile(b, path)
		cache = cacheops.New(everything)
		must(b, db.Use(cache))
		must(b, bench.read(db))
		log.Take()
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				must(b, bench.read(db))
			}
		})
		if sent := log.Take(); len(sent) != 0 {
			b.Fatalf("not a hit: it sent %q", sent)
		}
	}
}

// Serial is a key with a way of its own to be stored, as UUIDs are.
type Serial [4]byte

func (s Serial) Value() (driver.Value, error) { return hex.EncodeToString(s[:]), nil }

func (s *Serial) Scan(v any) error {
	text, ok := v.(string)
	if b, isBytes := v.([]byte); isBytes {
		text, ok = string(b), true
	}
	if !ok {
		return errors.New("not a serial")
	}
	_, err := hex.Decode(s[:], []byte(text))
	return err
}

type Device struct {
	ID   Serial `gorm:"primaryKey;type:varchar(8)"`
	Name string
}

func TestGetManyOfKeysThatScanByThemselves(t *testing.T) {
	f := newFixture(t, everything)
	must(t, f.truth.AutoMigrate(&Device{}))
	one, two, none := Serial{0xcd, 0, 0, 1}, Serial{0xab, 0, 0, 2}, Serial{0xab, 0, 0, 3}
	must(t, f.truth.Create(&[]Device{{one, "one"}, {two, "two"}}).Error)
	for i := range 2 {
		if _, sent := getMany[Device](f, f.db, one, two, none); sent != 1-i && !rowsAreKept() {
			t.Errorf("%d statements the %d. time", sent, i+1)
		}
	}
	getMany[Device](f, f.db, "cd000001", "AB000002", "none")
}

func TestGetManyOnAWatchedPool(t *testing.T) {
	f := newFixture(t, everything)
	db, _ := f.watchedDB(gorm.Config{})
	for range 2 {
		got, err := cacheops.GetMany[Post](t.Context(), f.cache, db, 1, 2)
		if err != nil || len(got) != 2 {
			t.Fatal(got, err)
		}
	}
	if stats := f.cache.Stats(); stats.Fills == 0 || stats.Hits == 0 || stats.Refused > 0 {
		t.Errorf("%+v", stats)
	}
}
