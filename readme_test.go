package cacheops_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops"
)

// TestReadme checks that each block of Go in the README stands, line by line,
// in the tests, where it is compiled.
func TestReadme(t *testing.T) {
	code := trimmed(read(t, "readme_code_test.go"))
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(read(t, "README.md"), -1)
	if len(blocks) < 8 {
		t.Errorf("found %d blocks of Go in the README, want 8 or more", len(blocks))
	}
	for _, block := range blocks {
		if want := trimmed(block[1]); !strings.Contains(code, want) {
			t.Errorf("not in readme_code_test.go:\n%s", block[1])
		}
	}
}

// readmeExplain prints, so it is compiled only.
var _ = readmeExplain

// TestReadmeUsage runs the README's code, besides its Example, once.
func TestReadmeUsage(t *testing.T) {
	f := newFixture(t, readmeProfiles())
	ctx := context.Background()
	must(t, f.db.Create(&Post{ID: 42, CategoryID: 3}).Error)
	posts, err := readmeScopes(ctx, f.db, nil)
	must(t, err)
	if len(posts) == 0 {
		t.Error("no posts were read")
	}
	readmeContexts(ctx, f.db, nil)
	must(t, readmePostpone(ctx, f.db, posts))
	must(t, readmeInvalidate(ctx, f.db, f.cache, posts[0]))
	must(t, readmeWrote(ctx, f.cache))
	if *database == "sqlite" {
		must(t, readmeWatched(f.cache, f.dsn))
	}
	openFixture(t, readmeEvents(), &gorm.Config{})
	openFixture(t, readmeReplicas(), &gorm.Config{})
	orders, reports := readmeRegions()
	for _, plugin := range []*cacheops.Plugin{orders, reports} {
		db, _ := openDB(t, f.dsn, &gorm.Config{})
		must(t, db.Use(plugin))
	}
}

// TestLinks checks that the files which the documents link to exist.
func TestLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:\s]+)(#[^)]*)?\)`)
	for _, document := range []string{"README.md", "DESIGN.md", "CHANGELOG.md"} {
		for _, found := range link.FindAllStringSubmatch(read(t, document), -1) {
			if _, err := os.Stat(filepath.FromSlash(found[1])); err != nil {
				t.Errorf("%s links to %s, which is not there", document, found[1])
			}
		}
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	must(t, err)
	return string(text)
}

// trimmed takes the indentation off each line.
func trimmed(code string) string {
	var b strings.Builder
	for line := range strings.Lines(code) {
		b.WriteString(strings.TrimSpace(line))
		b.WriteByte('\n')
	}
	return b.String()
}
