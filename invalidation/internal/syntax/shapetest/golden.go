package shapetest

import (
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/seed92106438/cacheops/invalidation"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Statement is one of a corpus: what GORM sends, and some traps.
type Statement struct {
	Name   string
	SQL    string
	Params *int // as many as GORM binds; nil if it is not GORM's
}

// Corpus reads the statements of a JSON file.
func Corpus(tb testing.TB, file string) []Statement {
	tb.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		tb.Fatal(err)
	}
	var corpus []Statement
	if err := json.Unmarshal(text, &corpus); err != nil {
		tb.Fatal(err)
	}
	return corpus
}

// Golden compares what every statement of a corpus is read as with a golden
// file. After a change that is written anew with -update, and read by a person.
func Golden(t *testing.T, analyzer invalidation.Analyzer, corpus []Statement, file string) {
	t.Helper()
	var b strings.Builder
	for _, s := range corpus {
		b.WriteString("# " + s.Name + "\n" + s.SQL + "\n" + Print(analyzer.Analyze(s.SQL)) + "\n")
	}
	got := b.String()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("differs from %s in\n%s", file, difference(got, string(want)))
	}
}

// difference returns the entries of got that are not in want.
func difference(got, want string) string {
	known := map[string]bool{}
	for entry := range strings.SplitSeq(want, "\n\n") {
		known[entry] = true
	}
	var b strings.Builder
	for entry := range strings.SplitSeq(got, "\n\n") {
		if !known[entry] {
			b.WriteString(entry + "\n\n")
		}
	}
	return b.String()
}
