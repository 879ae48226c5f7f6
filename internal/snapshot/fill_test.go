package snapshot_test

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops/internal/snapshot"
)

// zero returns a function that makes zero destinations *T.
func zero[T any]() func() any { return func() any { return new(T) } }

// preset returns a function that makes destinations *T in a given state.
func preset[T any](make func() T) func() any {
	return func() any { return ptr(make()) }
}

func find(db *gorm.DB, dest any) *gorm.DB  { return db.Order("id").Find(dest) }
func first(db *gorm.DB, dest any) *gorm.DB { return db.First(dest) }
func fifth(db *gorm.DB, dest any) *gorm.DB { return db.First(dest, 5) }
func none(db *gorm.DB, dest any) *gorm.DB  { return db.Where("1 = 0").Find(dest) }
func joins(db *gorm.DB, dest any) *gorm.DB { return db.Joins("Company").Order("people.id").Find(dest) }

func people(db *gorm.DB, dest any) *gorm.DB { return db.Model(&person{}).Order("id").Find(dest) }

// brief has some of a person's columns.
type brief struct {
	ID   uint
	Name string
	Nick *string
	Mine bool `gorm:"-"`
}

func pluck(column string) query {
	return func(db *gorm.DB, dest any) *gorm.DB {
		return db.Model(&person{}).Order("id").Pluck(column, dest)
	}
}

func TestFillIsWhatGORMWouldHaveDone(t *testing.T) {
	type byName []flat
	b := openPeople(t)
	for _, test := range []struct {
		name  string
		query query
		dest  func() any
	}{
		{"flat struct", first, zero[flat]()},
		{"flat slice", find, zero[[]flat]()},
		{"flat slice of pointers", find, zero[[]*flat]()},
		{"defined slice", find, zero[byName]()},
		{"flat array", find, zero[[30]flat]()},
		{"array that is too short", find, zero[[2]flat]()},
		{"array of pointers", find, zero[[3]*person]()},
		{"pointer to pointer", first, zero[*flat]()},
		{"pointer to pointer to slice", find, zero[*[]flat]()},
		{"struct", first, zero[person]()},
		{"last struct", func(db *gorm.DB, dest any) *gorm.DB { return db.Last(dest) }, zero[person]()},
		{"slice", find, zero[[]person]()},
		{"slice of pointers", find, zero[[]*person]()},
		{"joined struct", joins, zero[person]()},
		{"joined slice", joins, zero[[]person]()},
		{"joined slice of pointers", joins, zero[[]*person]()},
		{"slice by the name of the table", func(db *gorm.DB, dest any) *gorm.DB {
			return db.Table("people").Select("people.*").Order("id").Find(dest)
		}, zero[[]person]()},
		{"smaller struct", people, zero[brief]()},
		{"slice of smaller structs", people, zero[[]brief]()},
		{"selected columns", func(db *gorm.DB, dest any) *gorm.DB { return db.Select("id", "tags").Find(dest) }, zero[[]person]()},
		{"unknown columns", func(db *gorm.DB, dest any) *gorm.DB { return db.Select("*, 1 AS one").Find(dest) }, zero[[]person]()},
		{"raw", func(db *gorm.DB, dest any) *gorm.DB { return db.Raw("SELECT id, photo FROM people").Find(dest) }, zero[[]person]()},

		{"no struct", none, zero[person]()},
		{"no slice", none, zero[[]person]()},
		{"no pointers", none, zero[[]*person]()},
		{"no array", none, zero[[2]person]()},
		{"not found", func(db *gorm.DB, dest any) *gorm.DB { return db.Where("1 = 0").First(dest) }, zero[person]()},
		{"not found in a slice", func(db *gorm.DB, dest any) *gorm.DB { return db.Where("1 = 0").Take(dest) }, zero[[]person]()},

		{"count", func(db *gorm.DB, dest any) *gorm.DB { return db.Model(&person{}).Count(dest.(*int64)) }, zero[int64]()},
		{"count of nothing", func(db *gorm.DB, dest any) *gorm.DB {
			return db.Model(&person{}).Where("1 = 0").Count(dest.(*int64))
		}, zero[int64]()},
		{"count of groups", func(db *gorm.DB, dest any) *gorm.DB {
			return db.Model(&flat{}).Group("active").Count(dest.(*int64))
		}, zero[int64]()},
		{"string, the last of all", pluck("name"), zero[string]()},
		{"time", pluck("born"), zero[time.Time]()},
		{"null string", pluck("nick"), zero[sql.NullString]()},
		{"scanner struct", pluck("id"), zero[level]()},
		{"generic null", pluck("score"), zero[sql.Null[float64]]()},
		{"strings", pluck("name"), zero[[]string]()},
		{"pointers to strings", pluck("name"), zero[[]*string]()},
		{"null strings", pluck("nick"), zero[[]sql.NullString]()},
		{"times", pluck("born"), zero[[]time.Time]()},
		{"bytes", pluck("photo"), zero[[][]byte]()},
		{"tokens", pluck("token"), zero[[]token]()},
		{"words", pluck("words"), zero[[]words]()},
		{"anything", pluck("nick"), zero[[]any]()},
		{"any bytes", pluck("photo"), zero[[]any]()},
		{"array of numbers", pluck("id"), zero[[2]int]()},
		{"no strings", func(db *gorm.DB, dest any) *gorm.DB {
			return db.Model(&person{}).Where("1 = 0").Pluck("name", dest)
		}, zero[[]string]()},

		{"map", func(db *gorm.DB, dest any) *gorm.DB { return db.Model(&flat{}).First(dest) }, zero[map[string]any]()},
		{"map without a model", func(db *gorm.DB, dest any) *gorm.DB {
			return db.Table("people").Order("id").Limit(1).Find(dest)
		}, zero[map[string]any]()},
		{"map that is no pointer", func(db *gorm.DB, dest any) *gorm.DB {
			return db.Table("people").Order("id").Find(dest)
		}, func() any { return map[string]any{} }},
		{"maps", func(db *gorm.DB, dest any) *gorm.DB { return db.Table("people").Order("id").Find(dest) }, zero[[]map[string]any]()},
		{"no map", func(db *gorm.DB, dest any) *gorm.DB { return db.Table("people").Where("1 = 0").Find(dest) }, zero[map[string]any]()},
		{"no maps", func(db *gorm.DB, dest any) *gorm.DB { return db.Table("people").Where("1 = 0").Find(dest) }, zero[[]map[string]any]()},
	} {
		t.Run(test.name, func(t *testing.T) { b.checkSame(t, test.query, test.dest) })
	}
}

func TestFillRespectsWhatTheCallerHad(t *testing.T) {
	b := openPeople(t)
	aged := func(n, room int) func() []person {
		return func() []person {
			list := make([]person, n, room)
			for i := range list {
				list[i] = person{Name: "old", Tags: []string{"old"}}
			}
			return list
		}
	}
	for _, test := range []struct {
		name  string
		query query
		dest  func() any
	}{
		{"key set", fifth, preset(func() flat { return flat{ID: 5} })},
		{"all columns set", fifth, preset(func() flat { return flat{ID: 5, Name: "old", Age: 99, Score: 9, Created: noon} })},
		{"ignored field", func(db *gorm.DB, dest any) *gorm.DB { return db.Omit("Work").Select("id", "name").First(dest) },
			preset(func() person { return person{Ignored: "mine"} })},
		{"unselected field", func(db *gorm.DB, dest any) *gorm.DB { return db.Select("id", "name", "tags").First(dest) },
			preset(func() person {
				return person{Nick: ptr("mine"), Tags: []string{"old", "older"}, Company: &company{Name: "mine"}}
			})},
		{"unexported field", func(db *gorm.DB, dest any) *gorm.DB { return db.Select("name").First(dest) },
			preset(func() person { return person{cache: map[string]string{"k": "v"}} })},
		{"embedded field", func(db *gorm.DB, dest any) *gorm.DB { return db.Select("home_street", "home_lines").First(dest) },
			preset(func() person { return person{Address: address{Street: "old"}} })},
		{"NULL where the caller has none", func(db *gorm.DB, dest any) *gorm.DB {
			return db.Select("nick", "died", "note", "photo").Find(dest, "name = ?", "Cyd")
		}, preset(func() person { return person{Name: "mine", Photo: []byte("old")} })},
		{"no row", none, preset(func() person { return person{Name: "mine"} })},
		{"smaller struct", people, preset(func() brief { return brief{ID: 9, Name: "old", Mine: true} })},

		{"slice with room", find, preset(aged(1, 8))},
		{"slice of the same length", find, preset(aged(3, 3))},
		{"longer slice", find, preset(aged(7, 7))},
		{"slice without room", find, preset(aged(1, 1))},
		{"empty slice with room", find, preset(aged(0, 4))},
		{"slice and no rows", none, preset(aged(3, 3))},
		{"slice without room and no rows", none, preset(aged(0, 0))},
		{"pointers", find, preset(func() []*person { return []*person{{Name: "old"}, nil, {}, {}} })},
		{"array", find, preset(func() [5]person { return [5]person{{Name: "old"}, 4: {Name: "old"}} })},
		{"array and no rows", none, preset(func() [2]person { return [2]person{{Name: "old"}} })},

		{"scalar", pluck("name"), preset(func() string { return "old" })},
		{"time", pluck("born"), preset(func() time.Time { return time.Unix(1, 0) })},
		{"null scalar", pluck("nick"), preset(func() sql.NullString { return sql.NullString{String: "old", Valid: true} })},
		{"scalar and no rows", func(db *gorm.DB, dest any) *gorm.DB {
			return db.Model(&person{}).Where("1 = 0").Pluck("name", dest)
		}, preset(func() string { return "old" })},

		{"map", func(db *gorm.DB, dest any) *gorm.DB { return db.Model(&flat{}).First(dest) },
			preset(func() map[string]any { return map[string]any{"mine": 1, "name": "old"} })},
		{"map that is no pointer", func(db *gorm.DB, dest any) *gorm.DB { return db.Model(&flat{}).Find(dest) },
			func() any { return map[string]any{"mine": 1, "name": "old"} }},
		{"map and no row", func(db *gorm.DB, dest any) *gorm.DB { return db.Model(&flat{}).Where("1 = 0").Find(dest) },
			preset(func() map[string]any { return map[string]any{"mine": 1} })},
		{"maps", func(db *gorm.DB, dest any) *gorm.DB { return db.Model(&flat{}).Limit(2).Find(dest) },
			preset(func() []map[string]any { return []map[string]any{{"mine": 1}} })},
		{"maps and no rows", func(db *gorm.DB, dest any) *gorm.DB { return db.Model(&flat{}).Where("1 = 0").Find(dest) },
			preset(func() []map[string]any { return []map[string]any{{"mine": 1}} })},
	} {
		t.Run(test.name, func(t *testing.T) { b.checkSame(t, test.query, test.dest) })
	}
}

func TestFillDeclinesWhatItCannotTell(t *testing.T) {
	b := openPeople(t)
	for _, test := range []struct {
		name  string
		query query
		dest  func() any
	}{
		{"NULL or zero where the caller has something", func(db *gorm.DB, dest any) *gorm.DB {
			return db.Select("name", "died").Find(dest, "name = ?", "Cyd")
		}, preset(func() person { return person{Died: ptr(noon)} })},
		{"embedded pointer", func(db *gorm.DB, dest any) *gorm.DB { return db.Select("name", "work_street").First(dest) },
			preset(func() person { return person{Nick: ptr("mine")} })},
		{"joined relation", joins, preset(func() person { return person{Nick: ptr("mine")} })},
		{"unknown column", func(db *gorm.DB, dest any) *gorm.DB { return db.Select("name, 1 AS one").First(dest) },
			preset(func() person { return person{Nick: ptr("mine")} })},
		{"column twice", func(db *gorm.DB, dest any) *gorm.DB { return db.Select("name, name").First(dest) },
			preset(func() person { return person{Nick: ptr("mine")} })},
		{"field by two names", func(db *gorm.DB, dest any) *gorm.DB { return db.Select("name, nick AS Name").First(dest) },
			preset(func() person { return person{Nick: ptr("mine")} })},
		{"scanner", pluck("id"), preset(func() level { return level{ID: 1, Scans: 5} })},
	} {
		t.Run(test.name, func(t *testing.T) { b.checkDeclined(t, test.query, test.dest) })
	}
}

// TestNullSetsSomeFieldsOnly shows why a zero field in a snapshot is no answer
// for a caller whose field is not zero.
func TestNullSetsSomeFieldsOnly(t *testing.T) {
	b := openPeople(t)
	p := person{Nick: ptr("mine"), Died: ptr(noon)}
	if err := b.Select("nick", "died").Find(&p, "name = ?", "Cyd").Error; err != nil {
		t.Fatal(err)
	}
	if p.Nick != nil || p.Died == nil {
		t.Errorf("GORM made of NULL nick %v, died %v; it used to clear the first and leave the second", p.Nick, p.Died)
	}
}

func TestFillUsesTheCallersArrayAgain(t *testing.T) {
	b := openPeople(t)
	var s *snapshot.Snapshot
	b.run(b.take(t, &s), find, new([]flat))

	room := make([]flat, 3, 30)
	dest := room
	b.run(fill(t, s), find, &dest)
	if &dest[0] != &room[0] {
		t.Error("an array with room was not used again")
	}

	tight := make([]flat, 3)
	dest = tight
	b.run(fill(t, s), find, &dest)
	if &dest[0] == &tight[0] || tight[0] != (flat{}) {
		t.Error("an array without room was written")
	}
}

func TestFillDeclinesAnotherType(t *testing.T) {
	b := openPeople(t)
	var s *snapshot.Snapshot
	b.run(b.take(t, &s), find, new([]flat))
	b.run(func(db *gorm.DB) {
		if s.Fill(db) {
			t.Error("rows of one type were put into a slice of another")
		}
	}, find, new([]*flat))
}

func TestFillDeclinesColumnsItDoesNotKnow(t *testing.T) {
	b := openPeople(t)
	var s *snapshot.Snapshot
	b.run(func(db *gorm.DB) {
		value, rows, _ := b.scan(db)
		s, _ = snapshot.Take(value, rows, nil)
	}, first, new(flat))

	b.run(fill(t, s), first, new(flat)) // a zero struct needs no columns
	b.run(func(db *gorm.DB) {
		if s.Fill(db) {
			t.Error("a struct that is not zero was filled")
		}
	}, first, &flat{ID: 1})
}

func TestFillSetsTheResultOfGenerics(t *testing.T) {
	b := openPeople(t)
	ctx := context.Background()
	var s *snapshot.Snapshot
	result := gorm.WithResult()
	b.with(b.take(t, &s), func() {
		if _, err := gorm.G[flat](b.DB, result).Find(ctx); err != nil {
			t.Fatal(err)
		}
	})
	again := gorm.WithResult()
	b.with(fill(t, s), func() {
		if _, err := gorm.G[flat](b.DB, again).Find(ctx); err != nil {
			t.Fatal(err)
		}
	})
	if result.RowsAffected != 25 || again.RowsAffected != 25 {
		t.Errorf("results have %d and %d rows, want 25", result.RowsAffected, again.RowsAffected)
	}
}

// TestNotFoundIsRaisedPerCaller covers Take and Limit(1).Find, which send the
// same SQL and may share a snapshot.
func TestNotFoundIsRaisedPerCaller(t *testing.T) {
	b := openPeople(t)
	take := func(db *gorm.DB, dest any) *gorm.DB { return db.Where("1 = 0").Take(dest) }
	limit := func(db *gorm.DB, dest any) *gorm.DB { return db.Where("1 = 0").Limit(1).Find(dest) }

	var s *snapshot.Snapshot
	if o := b.run(b.take(t, &s), take, new(flat)); !errors.Is(o.err, gorm.ErrRecordNotFound) {
		t.Errorf("Take gives %v", o.err)
	}
	if o := b.run(fill(t, s), limit, new(flat)); o.err != nil {
		t.Errorf("Find gives %v", o.err)
	}
	if o := b.run(fill(t, s), take, new(flat)); !errors.Is(o.err, gorm.ErrRecordNotFound) {
		t.Errorf("Take from the snapshot gives %v", o.err)
	}
}

// TestCallersDoNotMeet lets many fill from one snapshot and change what they
// got: under the race detector, sharing would show.
func TestCallersDoNotMeet(t *testing.T) {
	b := openPeople(t)
	var s *snapshot.Snapshot
	b.run(b.take(t, &s), joins, new([]person))

	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			var list []person
			if !fillInto(s, &list) {
				t.Error("the fill was declined")
				return
			}
			scrambleAll(&list)
		})
	}
	group.Wait()
}
