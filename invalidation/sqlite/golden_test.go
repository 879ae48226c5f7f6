package sqlite

import (
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"
)

var writeGolden = flag.Bool("update", false, "write the golden file anew")

const (
	corpusFile = "../../testdata/sql/sqlite.json"
	goldenFile = "../../testdata/sql/sqlite.golden"
)

// statement is one of the corpus: what GORM sends, and some traps.
type statement struct {
	Name   string
	SQL    string
	Params *int // as many as GORM binds; nil if it is not GORM's
}

func readCorpus(tb testing.TB) []statement {
	text, err := os.ReadFile(corpusFile)
	if err != nil {
		tb.Fatal(err)
	}
	var corpus []statement
	if err := json.Unmarshal(text, &corpus); err != nil {
		tb.Fatal(err)
	}
	return corpus
}

// The golden file shows what every statement of the corpus is read as. After
// a change it is written anew with -update, and read by a person.
func TestCorpusIsReadAsTheGoldenFileSays(t *testing.T) {
	var b strings.Builder
	for _, s := range readCorpus(t) {
		b.WriteString("# " + s.Name + "\n" + s.SQL + "\n" + printShape(Analyzer{}.Analyze(s.SQL)) + "\n")
	}
	got := b.String()
	if *writeGolden {
		if err := os.WriteFile(goldenFile, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(goldenFile)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("differs from %s in\n%s", goldenFile, difference(got, string(want)))
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

func TestParametersAreCountedAsGORMBindsThem(t *testing.T) {
	for _, s := range readCorpus(t) {
		shape := Analyzer{}.Analyze(s.SQL)
		if s.Params != nil && shape.Refusal != notUnderstood && shape.Params != *s.Params {
			t.Errorf("%s has %d parameters, GORM binds %d", s.Name, shape.Params, *s.Params)
		}
	}
}
