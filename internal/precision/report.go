package precision

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// hitRatio is the share of the reads that a cache served, in percent.
func (r *Report) hitRatio(t Tally) float64 { return 100 * float64(t.Hits) / float64(max(r.Reads, 1)) }

// needlessShare is the share of the drops that were needless, in percent.
func (t *Tally) needlessShare() float64 {
	return 100 * float64(t.Needless) / float64(max(t.Dropped, 1))
}

// String renders the report as two tables of Markdown: the caches, and the
// plugin by query.
func (r *Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d reads, %d writes.\n\n", r.Reads, r.Writes)
	b.WriteString("| cache | hit ratio | drops | needless drops | missed drops |\n|---|---|---|---|---|\n")
	for _, row := range []struct {
		name string
		Tally
	}{
		{"cacheops", r.Plugin}, {"by table", r.Tables}, {"drop everything", r.Everything}, {"oracle", r.Oracle},
	} {
		fmt.Fprintf(&b, "| %s | %.1f %% | %d | %d (%.1f %%) | %d |\n",
			row.name, r.hitRatio(row.Tally), row.Dropped, row.Needless, row.needlessShare(), row.Missed)
	}
	b.WriteString("\n| query | hits | drops | needless |\n|---|---|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(r.ByQuery)) {
		t := r.ByQuery[name]
		fmt.Fprintf(&b, "| %s | %d | %d | %d |\n", name, t.Hits, t.Dropped, t.Needless)
	}
	return b.String()
}
