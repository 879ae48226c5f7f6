package querykey_test

import (
	"bytes"
	"math"
	"testing"
	"time"

	"github.com/seed92106438/cacheops/querykey"
)

// key of a query with these arguments.
func key(t testing.TB, sql string, args ...any) querykey.Key {
	t.Helper()
	var b querykey.Builder
	b.String(sql)
	for _, arg := range args {
		if !b.Value(arg) {
			t.Fatalf("no key can be made of %#v", arg)
		}
	}
	return b.Key()
}

func same(a, b querykey.Key) bool { return bytes.Equal(a.Text, b.Text) }

type args = []any

func TestDifferentQuestionsHaveDifferentKeys(t *testing.T) {
	berlin := time.FixedZone("CET", 3600)
	instant := time.Unix(1700000000, 0)
	for _, test := range []struct {
		name string
		a, b args
	}{
		{"words that join alike", args{"a b", "c"}, args{"a", "b c"}},
		{"words with separators", args{"a:b"}, args{"a", "b"}},
		{"nil and empty", args{nil}, args{""}},
		{"nil and nothing", args{nil}, args{}},
		{"number and text", args{1}, args{"1"}},
		{"number and bool", args{1}, args{true}},
		{"number and float", args{1}, args{1.0}},
		{"zero and false", args{0}, args{false}},
		{"bytes and text", args{[]byte("a")}, args{"a"}},
		{"empty bytes and empty text", args{[]byte{}}, args{""}},
		{"empty bytes and nil bytes", args{[]byte{}}, args{[]byte(nil)}},
		{"order", args{1, 2}, args{2, 1}},
		{"adjacent integers past 2^53", args{int64(1)<<53 + 1}, args{int64(1)<<53 + 2}},
		{"huge uint64 and the int64 of its bits", args{uint64(math.MaxUint64)}, args{int64(-1)}},
		{"zero and negative zero", args{0.0}, args{math.Copysign(0, -1)}},
		{"NaNs of other bits", args{math.NaN()}, args{math.Float64frombits(math.Float64bits(math.NaN()) ^ 1)}},
		{"instants", args{instant}, args{instant.Add(1)}},
		{"an instant in two zones", args{instant.UTC()}, args{instant.In(berlin)}},
		{"zones of one offset", args{instant.In(berlin)}, args{instant.In(time.FixedZone("MEZ", 3600))}},
		{"time and its number", args{instant}, args{instant.Unix()}},
		{"a defined type and its underlying one", args{status(1)}, args{1}},
		{"two defined types", args{label("a")}, args{blob("a")}},
		{"a valuer and its value", args{money{1}}, args{1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if same(key(t, "SELECT", test.a...), key(t, "SELECT", test.b...)) {
				t.Errorf("%#v and %#v have the same key", test.a, test.b)
			}
		})
	}
}

func TestOneQuestionHasOneKey(t *testing.T) {
	now := time.Now()
	for _, test := range []struct {
		name string
		a, b args
	}{
		{"integer types", args{7, int8(7), uint64(7)}, args{int64(7), uint(7), int32(7)}},
		{"pointer and value", args{ptr(uint(7)), ptr("a")}, args{7, "a"}},
		{"pointer and value of a valuer", args{&money{1}}, args{money{1}}},
		{"nil in all its types", args{nil, []byte(nil)}, args{(*int)(nil), nil}},
		{"float types", args{float32(0.5)}, args{0.5}},
		{"NaN", args{math.NaN()}, args{math.NaN()}},
		{"an instant read with the monotonic clock", args{now}, args{ptr(now.Round(0))}},
	} {
		t.Run(test.name, func(t *testing.T) {
			a, b := key(t, "SELECT", test.a...), key(t, "SELECT", test.b...)
			if !same(a, b) || a.Hash != b.Hash {
				t.Errorf("%#v and %#v have different keys", test.a, test.b)
			}
		})
	}
}

// TestPartsDoNotPassForEachOther covers parts of which a key may have any
// number, so that what follows must not be mistaken for one more of them.
func TestPartsDoNotPassForEachOther(t *testing.T) {
	write := func(parts func(*querykey.Builder)) querykey.Key {
		var b querykey.Builder
		parts(&b)
		return b.Key()
	}
	for _, test := range []struct {
		name string
		a, b func(*querykey.Builder)
	}{
		{
			"extra and argument",
			func(b *querykey.Builder) { b.String("x") },
			func(b *querykey.Builder) { b.Value("x") },
		},
		{
			"shape and argument",
			func(b *querykey.Builder) { b.Uint(1) },
			func(b *querykey.Builder) { b.Value(1) },
		},
		{
			"one string and two",
			func(b *querykey.Builder) { b.String("ab") },
			func(b *querykey.Builder) { b.String("a"); b.String("b") },
		},
		{
			"a number and its bytes",
			func(b *querykey.Builder) { b.Uint(1) },
			func(b *querykey.Builder) { b.String("\x01") },
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			if same(write(test.a), write(test.b)) {
				t.Error("the keys are the same")
			}
		})
	}
}

func TestCloneOutlivesTheBuilder(t *testing.T) {
	var b querykey.Builder
	b.String("first")
	first := b.Key()
	kept := first.Clone()

	b.Reset()
	b.String("other")
	if same(first, kept) {
		t.Error("the key that was not cloned still has its text: nothing is reused")
	}
	b.Reset()
	b.String("first")
	if again := b.Key(); !same(kept, again) || kept.Hash != again.Hash {
		t.Error("the cloned key changed with the builder")
	}
}

// arguments are of the kinds that GORM sends most.
var arguments = args{uint(70000), int64(70000), 70000, "alice@example.com", true, 0.5, noon, &noon, ptr(uint(70000)), label("open"), status(3), []byte("raw")}

// build makes the key of a typical query.
func build(b *querykey.Builder) querykey.Key {
	b.Reset()
	b.String("main")
	b.String("SELECT * FROM `users` WHERE `id` = ? AND `deleted_at` IS NULL ORDER BY `id` LIMIT 1")
	b.Uint(17)
	for _, arg := range arguments {
		b.Value(arg)
	}
	return b.Key()
}

func TestBuildingAllocatesNothing(t *testing.T) {
	var b querykey.Builder
	build(&b)
	if n := testing.AllocsPerRun(100, func() { build(&b) }); n != 0 {
		t.Errorf("building a key takes %v allocations", n)
	}
}

func BenchmarkBuild(b *testing.B) {
	var builder querykey.Builder
	b.ReportAllocs()
	for b.Loop() {
		build(&builder)
	}
}
