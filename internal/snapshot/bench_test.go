package snapshot_test

import (
	"reflect"
	"testing"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops/internal/snapshot"
)

// statement returns a DB that is about to fill dest.
func statement(dest any) *gorm.DB {
	db := &gorm.DB{Config: &gorm.Config{}}
	db.Statement = &gorm.Statement{DB: db, Dest: dest, ReflectValue: reflect.ValueOf(dest).Elem()}
	return db
}

func fillInto(s *snapshot.Snapshot, dest any) bool { return s.Fill(statement(dest)) }

func scrambleAll(dest any) { scramble(reflect.ValueOf(dest)) }

// taken makes a snapshot of v, as if GORM had scanned it.
func taken[T any](t testing.TB, v T) *snapshot.Snapshot {
	t.Helper()
	_, value := snapshot.Fresh(reflect.TypeFor[T]())
	value.Set(reflect.ValueOf(v))
	s, err := snapshot.Take(value, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func flats(n int) []flat {
	list := make([]flat, n)
	for i := range list {
		list[i] = flat{ID: uint(i), Name: "a name", Created: noon}
	}
	return list
}

func persons(n int) []person {
	list := make([]person, n)
	for i := range list {
		list[i] = person{Name: "a name", Nick: ptr("nick"), Age: ptr(i), Photo: []byte("photo"), Tags: []string{"x", "y"}}
	}
	return list
}

func TestFillingAllocatesOnlyWhatIsHandedOut(t *testing.T) {
	one, all := taken(t, flat{ID: 1, Name: "a"}), taken(t, flats(100))
	rich, bare := taken(t, persons(10)), taken(t, make([]person, 100))
	for _, test := range []struct {
		name string
		max  float64
		fill func() bool
	}{
		{"one flat struct", 0, func() func() bool {
			dest := new(flat)
			db := statement(dest)
			return func() bool { *dest = flat{}; return one.Fill(db) }
		}()},
		{"100 flat rows", 3, func() func() bool {
			dest := new([]flat)
			db := statement(dest)
			return func() bool { *dest = nil; return all.Fill(db) }
		}()},
		{"100 flat rows into an array with room", 0, func() func() bool {
			dest := ptr(make([]flat, 0, 100))
			db := statement(dest)
			return func() bool { *dest = (*dest)[:0]; return all.Fill(db) }
		}()},
		{"100 rows of a rich model whose references are nil", 3, func() func() bool {
			dest := new([]person)
			db := statement(dest)
			return func() bool { *dest = nil; return bare.Fill(db) }
		}()},
		{"10 rows with 4 references each", 1 + 10*4, func() func() bool {
			dest := new([]person)
			db := statement(dest)
			return func() bool { *dest = nil; return rich.Fill(db) }
		}()},
	} {
		t.Run(test.name, func(t *testing.T) {
			n := testing.AllocsPerRun(20, func() {
				if !test.fill() {
					t.Fatal("the fill was declined")
				}
			})
			if n > test.max {
				t.Errorf("filling takes %v allocations, want at most %v", n, test.max)
			}
		})
	}
}

func benchmarkFill[T any](b *testing.B, v T) {
	s := taken(b, v)
	dest := new(T)
	db := statement(dest)
	b.ReportAllocs()
	for b.Loop() {
		*dest = *new(T)
		s.Fill(db)
	}
}

func BenchmarkFill(b *testing.B) {
	b.Run("flat", func(b *testing.B) { benchmarkFill(b, flat{ID: 1, Name: "a"}) })
	b.Run("100 flat", func(b *testing.B) { benchmarkFill(b, flats(100)) })
	b.Run("rich", func(b *testing.B) { benchmarkFill(b, persons(1)[0]) })
	b.Run("100 rich", func(b *testing.B) { benchmarkFill(b, persons(100)) })
	b.Run("100 pointers", func(b *testing.B) {
		list := make([]*flat, 100)
		for i := range list {
			list[i] = &flat{ID: uint(i), Name: "a"}
		}
		benchmarkFill(b, list)
	})
}

func BenchmarkTake(b *testing.B) {
	for _, test := range []struct {
		name string
		v    any
	}{{"100 flat", flats(100)}, {"100 rich", persons(100)}} {
		b.Run(test.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := snapshot.Take(reflect.ValueOf(test.v), 100, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
