package report

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seed92106438/cacheops/bench/cases"
)

const first = `cpu: A processor
cores: 2
go: go1.26
date: 2026-03-01
goos: linux
goarch: amd64
load-average: 0.50
BenchmarkHitFirst/subject=dry-run-2 10 1000 ns/op 100 B/op 30 allocs/op
BenchmarkHitFirst/subject=dry-run-2 10 3000 ns/op 100 B/op 30 allocs/op
BenchmarkHitFirst/subject=dry-run-2 10 2000 ns/op 100 B/op 30 allocs/op
BenchmarkHitFirst/subject=uncached-2 10 8000 ns/op 900 B/op 80 allocs/op
load-average: 1.25
BenchmarkHitFirst/subject=cacheops-memory-2 10 2200 ns/op 110 B/op 43 allocs/op
BenchmarkHitFirst/subject=redis-get-2 10 20000 ns/op 1 B/op 1 allocs/op
BenchmarkHitFirst/subject=cacheops-redis-2 10 40000 ns/op 1 B/op 1 allocs/op
mark: stale after an update
BenchmarkHitFirst/subject=caches-memory-2 10 1600 ns/op 1 B/op 1 allocs/op
BenchmarkHitFirst/subject=asjdf-memory-2 10 1600 ns/op 1 B/op 1 allocs/op
mark: panics
BenchmarkHitFirst/subject=grc-memory-2 1 1 absent
mark:
`

const parallel = `load-average: 0.75
BenchmarkParallelFirst/subject=cacheops-memory-1-2 10 1900 ns/op
BenchmarkParallelFirst/subject=cacheops-memory-2-2 10 1000 ns/op
BenchmarkParallelFirst/subject=caches-memory-1-2 10 123456 ns/op
`

// written returns the folder of the document that is made of the figures.
func written(t *testing.T, files map[string]string) (*Document, string) {
	t.Helper()
	data, out := t.TempDir(), t.TempDir()
	for name, text := range files {
		must(t, os.WriteFile(filepath.Join(data, name+".txt"), []byte(text), 0o600))
	}
	d, err := Read(data, cases.All())
	must(t, err)
	must(t, d.Write(out))
	return d, out
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestARatioIsOfTheSameRounds covers a machine that was slower in the second round.
func TestARatioIsOfTheSameRounds(t *testing.T) {
	on := func(turns ...float64) *Subject { return &Subject{values: map[string][]float64{"ns/op": turns}} }
	base := on(100, 300, 110)
	if ratio := on(200, 600, 220).Beside(base, "ns/op"); ratio != 2 {
		t.Errorf("twice as much in each round is %v", ratio)
	}
	if ratio := on(100, 900, 330).Beside(base, "ns/op"); ratio != 3 {
		t.Errorf("1, 3 and 3 times as much is %v", ratio)
	}
	if ratio := on(220).Beside(base, "ns/op"); ratio != 2 {
		t.Errorf("of other rounds the medians count: %v", ratio)
	}
}

func TestAimsAreComparedWithWhatWasMeasured(t *testing.T) {
	d, _ := written(t, map[string]string{"HitFirst": first, "ParallelFirst": parallel})
	for what, want := range map[string]Outcome{
		aims[0].what: {Aim: "≤ 1.15 ×", Reached: "1.10 ×", Verdict: "reached"},
		aims[1].what: {Aim: "≤ 42", Reached: "43", Verdict: "**not reached**"},
		"`First`, hit in Redis, beside a bare GET":               {Aim: "≤ 1.30 ×", Reached: "2.00 ×", Verdict: "**not reached**"},
		"hits on two cores beside one, throughput":               {Aim: "≥ 1.80 ×", Reached: "1.90 ×", Verdict: "reached"},
		"`Count`, hit in memory, beside a dry run":               {Aim: "≤ 1.15 ×", Reached: "–", Verdict: "not measured"},
		"start-up of the plugin, nanoseconds":                    {Aim: "≤ 1,000,000", Reached: "–", Verdict: "not measured"},
		"`cacheops.Get`, hit in memory, nanoseconds":             {Aim: "≤ 300", Reached: "–", Verdict: "not measured"},
		"`First`, miss in memory, beside SQLite without a cache": {Aim: "≤ 1.10 ×", Reached: "–", Verdict: "not measured"},
	} {
		want.What = what
		if got := d.Outcomes(); !slices.Contains(got, want) {
			t.Errorf("%+v is not among %+v", want, got)
		}
	}
}

func TestAnAimOfLeastIsMissedFromBelow(t *testing.T) {
	slow := strings.Replace(parallel, "1000 ns", "1500 ns", 1)
	d, _ := written(t, map[string]string{"ParallelFirst": slow})
	for _, o := range d.Outcomes() {
		if strings.HasPrefix(o.What, "hits on two cores") && o.Verdict != "**not reached**" {
			t.Errorf("%+v", o)
		}
	}
}

func TestTheDocumentShowsTheFigures(t *testing.T) {
	_, out := written(t, map[string]string{"HitFirst": first, "ParallelFirst": parallel})
	text, err := os.ReadFile(filepath.Join(out, "benchmarks.md"))
	must(t, err)
	for _, want := range []string{
		"| dry-run | 2,000 ",                        // the median
		"| cacheops-memory | 2,200 ",                //
		"| 110 | 43 | 0.275 |",                      // beside no cache
		"| caches-memory (1) | 1,600 ",              // marked
		"| asjdf-memory (1) | 1,600 ",               // with the same mark
		"| grc-memory (2) | – | – | – | – |",        // absent
		"1. stale after an update\n2. panics\n",     //
		"Measured on: A processor; 2 cores; linux/", //
		"0.50 to 1.25",                              // load
		"# Hits on several cores",
		"123,456",
		"![Hits in memory](benchmarks-hits-memory.svg)",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%q is missing", want)
		}
	}
	if strings.Contains(string(text), "## `Count`") {
		t.Error("a case that was not measured has a table")
	}
}

func TestPlotsAreDrawnOfWhatWasMeasured(t *testing.T) {
	_, out := written(t, map[string]string{"HitFirst": first})
	svg, err := os.ReadFile(filepath.Join(out, "benchmarks-hits-memory.svg"))
	must(t, err)
	for _, want := range []string{"<svg", "HitFirst", "caches-memory"} {
		if !strings.Contains(string(svg), want) {
			t.Errorf("%q is missing", want)
		}
	}
	if strings.Contains(string(svg), "grc-memory") {
		t.Error("who was absent is in the plot")
	}
	if _, err := os.Stat(filepath.Join(out, "benchmarks-postgres.svg")); !os.IsNotExist(err) {
		t.Errorf("there is a plot of nothing: %v", err)
	}
}

func TestWrongAnswersOfOurOwnAreListed(t *testing.T) {
	d, _ := written(t, map[string]string{"HitFirst": first})
	if wrong := d.Wrong(); len(wrong) > 0 {
		t.Errorf("others' are listed: %q", wrong)
	}
	d, _ = written(t, map[string]string{"HitFirst": strings.ReplaceAll(first, "caches-memory", "cacheops-tiered")})
	if wrong := d.Wrong(); len(wrong) != 1 || !strings.Contains(wrong[0], "cacheops-tiered: stale") {
		t.Errorf("listed are %q", wrong)
	}
}

func TestWhatIsNoFigureIsRefused(t *testing.T) {
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "HitFirst.txt"), []byte("BenchmarkHitFirst/subject=a 1 x ns/op\n"), 0o600))
	if _, err := Read(dir, cases.All()); err == nil {
		t.Error("it passes")
	}
}

func TestFiguresAreGrouped(t *testing.T) {
	for figure, want := range map[float64]string{
		0: "0", 0.25: "0.25", 1: "1", 12.34: "12.3", 39.01: "39", 99.96: "100", 123: "123", 1234.6: "1,235", 1e6: "1,000,000", -1234: "-1,234",
	} {
		if got := grouped(figure); got != want {
			t.Errorf("%v is written %s, want %s", figure, got, want)
		}
	}
}
