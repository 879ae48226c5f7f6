package sqlitestore

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/seed92106438/cacheops/region/internal/backend"
)

// What is in use of the files stays within the bound, what has expired goes first,
// and then what was stored least recently.
func TestRoom(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "cache"), Options{MaxBytes: 1 << 20})
	put := func(key string, bytes int, ttl time.Duration) {
		t.Helper()
		must(t, s.Put(t.Context(), key, make([]byte, bytes), ttl))
		if _, used, err := s.Size(t.Context()); err != nil || used > s.MaxBytes() {
			t.Fatalf("%d bytes are in use, %v", used, err)
		}
	}
	for i := range 40 {
		put(fmt.Sprintf("old %02d", i), 10000, time.Hour)
	}
	for i := range 40 {
		put(fmt.Sprintf("short %02d", i), 10000, time.Microsecond)
	}
	put("old 00", 10000, time.Hour) // stored again, it is the newest
	for i := range 40 {
		put(fmt.Sprintf("new %02d", i), 10000, time.Hour)
	}
	if keys := keysOf(t, s, "old"); len(keys) != 40 {
		t.Fatalf("what has not expired made room for what had: %q", keys)
	}
	for i := range 30 {
		put(fmt.Sprintf("newer %02d", i), 10000, time.Hour)
	}
	left := keysOf(t, s, "old")
	if !slices.Contains(left, "old 00") || slices.Contains(left, "old 01") || len(keysOf(t, s, "newer")) != 30 {
		t.Fatalf("these are left: %q", left)
	}
}

func TestTooLarge(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "cache"), Options{MaxBytes: 1 << 20})
	must(t, s.Put(t.Context(), "k", []byte("old"), time.Hour))
	for _, size := range []int{1 << 18, 1<<18 + 1} {
		err := s.Put(t.Context(), "k", make([]byte, size), time.Hour)
		if refused := errors.Is(err, backend.ErrRefused); refused != (size > 1<<18) {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
	if err := s.Put(t.Context(), "k", nil, 0); !errors.Is(err, errTTL) {
		t.Errorf("got %v", err)
	}
}

func keysOf(t testing.TB, s *Store, prefix string) (keys []string) {
	t.Helper()
	must(t, s.Each(t.Context(), prefix, func(key string, _ []byte, _ time.Time) bool {
		keys = append(keys, key)
		return true
	}))
	return keys
}

func TestEach(t *testing.T) {
	for _, shards := range []int{0, 3} {
		s := open(t, filepath.Join(t.TempDir(), "cache"), Options{Shards: shards})
		for _, key := range []string{"a", "a\xff", "a\xffb", "b", "\xff", "\xff\xffc"} {
			must(t, s.Put(t.Context(), key, []byte("of "+key), time.Hour))
		}
		for i := range 2 * page {
			must(t, s.Put(t.Context(), fmt.Sprintf("many %04d", i), nil, time.Hour))
		}
		tests := []struct {
			prefix string
			want   int
		}{{"a", 3}, {"a\xff", 2}, {"b", 1}, {"\xff", 2}, {"\xff\xff", 1}, {"c", 0}, {"", 6 + 2*page}, {"many", 2 * page}}
		for _, test := range tests {
			keys := keysOf(t, s, test.prefix)
			slices.Sort(keys)
			if len(slices.Compact(keys)) != test.want {
				t.Errorf("%d shards, %q: %d keys, want %d", shards, test.prefix, len(keys), test.want)
			}
		}
		n := 0
		must(t, s.Each(t.Context(), "many", func(string, []byte, time.Time) bool { n++; return n < 3 }))
		if n != 3 {
			t.Errorf("after the end was asked for it went on to %d", n)
		}
	}
}

func TestRemoveExpired(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "cache"), Options{Shards: 2})
	for i := range page + 10 {
		must(t, s.Put(t.Context(), fmt.Sprint("short", i), nil, time.Microsecond))
	}
	must(t, s.Put(t.Context(), "long", nil, time.Hour))
	if n, _, err := s.Size(t.Context()); n != 1 || err != nil {
		t.Errorf("%d have not expired, %v", n, err)
	}
	if n := len(keysOf(t, s, "")); n != page+11 {
		t.Errorf("%d are there", n)
	}
	if n, err := s.RemoveExpired(t.Context()); n != page+10 || err != nil {
		t.Errorf("%d were removed, %v", n, err)
	}
	if keys := keysOf(t, s, ""); len(keys) != 1 {
		t.Errorf("%q are left", keys)
	}
}

// After Clear no value is there, nobody can show that an older one is still true, and
// what is pending is.
func TestClear(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cache")
	s := open(t, path, Options{Shards: 2})
	other := open(t, path, Options{Shards: 2})
	fill(t, s)
	before := look(t, other, backend.Follow{Journal: "j"})
	must(t, s.Clear(t.Context()))
	if keys := keysOf(t, other, ""); len(keys) > 0 {
		t.Errorf("%q are left", keys)
	}
	after := look(t, other, backend.Follow{Journal: "j", Epoch: before.Epoch, Number: before.Number})
	if !after.Changed || after.Epoch != before.Epoch || after.Since <= before.Number || len(after.Pending) != 1 || after.Young {
		t.Errorf("there was\n%+v\nand there is\n%+v", before, after)
	}
}

func TestVacuum(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cache")
	s := open(t, path, Options{})
	fill(t, s)
	for i := range 100 {
		must(t, s.Put(t.Context(), fmt.Sprint(i), make([]byte, 20000), time.Microsecond))
	}
	if _, err := s.RemoveExpired(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := look(t, s, backend.Follow{Journal: "j"})
	must(t, s.Vacuum(t.Context()))
	if size := sizeOf(t, path); size > 300000 {
		t.Errorf("the file has %d bytes", size)
	}
	if after := look(t, s, backend.Follow{Journal: "j"}); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("there was\n%+v\nand there is\n%+v", before, after)
	}
}
