package region_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed92106438/cacheops/region"
)

// loseFile removes a cache, as someone might who wants room on the disk.
func loseFile(t *testing.T, path string, o region.SQLiteOptions) {
	t.Helper()
	if o.Shards > 0 {
		if err := os.RemoveAll(path); err != nil {
			t.Error(err)
		}
		return
	}
	files, err := filepath.Glob(path + "*")
	if err != nil {
		t.Error(err)
	}
	for _, file := range files {
		if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Error(err)
		}
	}
}

func TestSQLitePlace(t *testing.T) {
	home := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", filepath.Join(home, "caches"))
	t.Setenv("TMPDIR", filepath.Join(home, "tmp"))
	ok(t, os.Mkdir(filepath.Join(home, "tmp"), 0o777))
	tests := []struct {
		name  string
		path  string
		place region.Place
		file  string // where it is, as a pattern
		wrong string
	}{
		{"as it is", filepath.Join(home, "at", "cache"), region.AtPath, "at/cache", ""},
		{"among caches", "app/cache", region.InCacheDir, "caches/cacheops/app/cache", ""},
		{"among temporary files", "app/cache", region.InTempDir, "tmp/cacheops-*/app/cache", ""},
		{"in memory", "memory", region.InMemory, "", ""},
		{"out of the folder", "../cache", region.InTempDir, "", "does not lead out"},
		{"from the root", "/cache", region.InCacheDir, "", "must be a relative path"},
		{"nowhere", "cache", region.Place(9), "", "no Place 9"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := region.SQLite(test.path, region.SQLiteOptions{Place: test.place})
			err := region.Set{"r": r}.Validate()
			ok(t, r.Close())
			if test.wrong != "" {
				if err == nil || !strings.Contains(err.Error(), test.wrong) {
					t.Fatalf("got %v", err)
				}
				return
			}
			ok(t, err)
			if test.file == "" {
				return
			}
			found, err := filepath.Glob(filepath.Join(home, test.file))
			ok(t, err)
			if len(found) != 1 {
				t.Fatalf("there is no %s", test.file)
			}
			info, err := os.Stat(found[0])
			ok(t, err)
			if info.Mode().Perm() != 0o600 {
				t.Errorf("the file has mode %v", info.Mode())
			}
		})
	}
}

// A folder for temporary files that others can write to is not used.
func TestSQLiteOthersTempDir(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	first := region.SQLite("cache", region.SQLiteOptions{Place: region.InTempDir})
	ok(t, first.Validate())
	ok(t, first.Close())
	folders, err := filepath.Glob(filepath.Join(os.TempDir(), "cacheops-*"))
	ok(t, err)
	ok(t, os.Chmod(folders[0], 0o777))
	second := region.SQLite("cache", region.SQLiteOptions{Place: region.InTempDir})
	if err := second.Validate(); err == nil || !strings.Contains(err.Error(), "of this user alone") {
		t.Fatalf("got %v", err)
	}
	ok(t, second.Close())
}

func TestSQLiteOptions(t *testing.T) {
	for wrong, o := range map[string]region.SQLiteOptions{
		"MaxBytes is -1":   {MaxBytes: -1},
		"TTL is -1ns":      {TTL: -1},
		"no driver":        {Driver: "none"},
		"Lease is -1ns":    {SharedOptions: region.SharedOptions{Lease: -1}},
		"too short":        {SharedOptions: region.SharedOptions{Secret: []byte("short")}},
		"no way 5 to save": {Save: 5},
	} {
		r := region.SQLite(filepath.Join(t.TempDir(), "cache"), o)
		if err := (region.Set{"r": r}).Validate(); err == nil || !strings.Contains(err.Error(), wrong) {
			t.Errorf("got %v, want %q", err, wrong)
		}
		// What is wrong does no more harm than that.
		if _, err := region.ValuesOf[int](r, "n").Get(t.Context(), "k"); err == nil {
			t.Errorf("%s: there is a value", wrong)
		}
		ok(t, r.Close())
	}
}

func TestSQLiteMaintenance(t *testing.T) {
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "cache")
	here, there := sqlite(t, path, region.SQLiteOptions{TTL: time.Hour}), sqlite(t, path, region.SQLiteOptions{})
	v := region.ValuesOf[string](here, "n")
	ok(t, v.Set(ctx, "over", "text", time.Nanosecond))
	ok(t, v.Set(ctx, "k", "text", 0))
	for item, err := range v.Items(ctx) {
		ok(t, err)
		if left := time.Until(item.Expires); left <= 0 || left > time.Hour {
			t.Errorf("the default is not used: %q has %v", item.Key, left)
		}
	}
	if s := there.Stats(); s.Entries != 1 || s.Bytes == 0 || s.MaxBytes != region.DefaultFileBytes || s.Errors != 0 {
		t.Errorf("stats are %+v", s)
	}
	if n, err := there.RemoveExpired(ctx); n != 1 || err != nil {
		t.Errorf("%d were removed, %v", n, err)
	}
	ok(t, there.Vacuum(ctx))
	want(t, v, "k", "text")
	ok(t, there.Clear(ctx))
	want(t, v, "k", nil)
	if s := here.Stats(); s.Entries != 0 {
		t.Errorf("stats are %+v", s)
	}
	ok(t, os.Truncate(path, 100))
	ok(t, there.Clear(ctx)) // a damaged file is replaced
	ok(t, v.Set(ctx, "k", "new", 0))
	want(t, region.ValuesOf[string](there, "n"), "k", "new")
}
