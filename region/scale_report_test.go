package region

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed92106438/cacheops/invalidation"
)

// table is one of the document: its heading, what is in its columns, and its rows.
type table struct {
	heading string
	columns []string
	rows    [][]string
}

func (t *table) add(cells ...any) {
	row := make([]string, len(cells))
	for i, cell := range cells {
		switch cell := cell.(type) {
		case float64:
			row[i] = figure(cell)
		case int:
			row[i] = figure(float64(cell))
		default:
			row[i] = fmt.Sprint(cell)
		}
	}
	t.rows = append(t.rows, row)
}

func (t *table) String() string {
	var b strings.Builder
	line := func(cells []string) { fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | ")) }
	fmt.Fprintf(&b, "## %s\n\n", t.heading)
	line(t.columns)
	line(slices.Repeat([]string{"---:"}, len(t.columns)))
	for _, row := range t.rows {
		line(row)
	}
	return b.String()
}

// figure writes a number down with three digits, or as it is if it has more.
func figure(n float64) string {
	switch {
	case n == float64(int64(n)) || n >= 100:
		return thousands(fmt.Sprintf("%.0f", n))
	case n >= 10:
		return fmt.Sprintf("%.1f", n)
	}
	return fmt.Sprintf("%.2f", n)
}

func thousands(digits string) string {
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}

// simulate has something done with a fleet on a clock of its own.
func simulate(t *testing.T, l load, do func(*fleet)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f := gather(t, l)
		defer f.disband()
		do(f)
	})
}

// priceOfWrites is what single writes cost, in fleets of the sizes given.
func priceOfWrites(t *testing.T, sizes ...int) *table {
	out := &table{heading: "What a write costs", columns: []string{
		"processes", "results in the store", "rows written", "calls that write", "looks for definitions", "bytes of changes",
	}}
	for _, size := range sizes {
		for _, stored := range []int{0, rowsRead} {
			for _, rows := range []int{1, 100} {
				simulate(t, load{processes: size, tenants: 1, served: 1}, func(f *fleet) {
					price := f.write(stored, rows)
					out.add(size, stored, rows, price.writes, price.looks, price.said)
				})
			}
		}
	}
	return out
}

// write has one process write rows when all have read as many results, and returns
// what all of them said in the meantime.
func (f *fleet) write(stored, rows int) *traffic {
	for _, m := range f.members {
		for row := range stored {
			f.read(m, 0, row)
		}
	}
	for _, m := range f.members {
		f.reset(m)
	}
	f.announce(f.members[0], counted(0, ids(rows)...))()
	return f.of(f.members...)
}

func ids(n int) []int64 {
	ids := make([]int64, n)
	for i := range ids {
		ids[i] = int64(i)
	}
	return ids
}

// level is a way to use a shared region.
type level struct {
	name string
	tier func(Region) Region
}

var scaleLevels = []level{
	{"linearizable", nil},
	{"bounded(100 ms)", func(r Region) Region {
		return Tiered(MemoryOptions{MaxBytes: 1 << 20}, r, TieredOptions{Level: Bounded(100 * time.Millisecond)})
	}},
}

// priceOfReads is what fleets of the sizes given pay for writes, which are the same in all.
func priceOfReads(t *testing.T, writes float64, lasts time.Duration, sizes ...int) *table {
	const reads = 20
	out := &table{
		heading: fmt.Sprintf("What readers pay: %.0f writes a second to one table, %d reads a second by each process", writes, reads),
		columns: []string{
			"level", "processes", "looks/s of each", "quiet", "with more than a glance sees",
			"changes/s played by each", "bytes/s heard by each", "looks/s of all", "KB/s heard by all",
		},
	}
	for _, at := range scaleLevels {
		for _, size := range sizes {
			l := load{processes: size, tenants: 1, served: 1, reads: reads, writes: writes, lasts: lasts, tier: at.tier}
			simulate(t, l, func(f *fleet) {
				f.play()
				all, n := f.of(f.members...), float64(size)
				rate := func(count int) float64 { return float64(count) / lasts.Seconds() }
				out.add(at.name, size, rate(all.looks)/n, percent(all.quiet, all.looks), percent(all.far, all.looks),
					rate(all.records)/n, rate(all.heard)/n, rate(all.looks), rate(all.heard)/1000)
			})
		}
	}
	return out
}

func percent(some, all int) string {
	return fmt.Sprintf("%.0f %%", 100*float64(some)/float64(max(all, 1)))
}

// priceOfSilence is what a process pays for not having looked while changes were made.
func priceOfSilence(t *testing.T, missed ...int) *table {
	out := &table{
		heading: fmt.Sprintf("What a process pays that did not look: journals of %d changes", DefaultSharedJournalLength),
		columns: []string{"changes missed", "changes played", "bytes heard", fmt.Sprintf("results kept of %d", rowsRead)},
	}
	for _, changes := range missed {
		l := load{processes: 2, tenants: 1, served: 1, tier: func(r Region) Region { return Tiered(MemoryOptions{}, r, TieredOptions{}) }}
		simulate(t, l, func(f *fleet) {
			silent := f.members[0]
			for row := range rowsRead {
				f.read(silent, 0, row)
			}
			f.reset(silent)
			for i := range changes {
				f.announce(f.members[1], counted(0, int64(rowsRead+i)))()
			}
			kept := 0
			for row := range rowsRead {
				if f.read(silent, 0, row) {
					kept++
				}
			}
			heard := f.of(silent)
			out.add(changes, heard.records, heard.heard, kept)
		})
	}
	return out
}

// priceOfTenants is what becomes of one load when it is parted among tenants.
func priceOfTenants(t *testing.T, size int, writes float64, lasts time.Duration, tenants ...int) *table {
	const reads = 20
	out := &table{
		heading: fmt.Sprintf("Journals by tenant: %d processes, %.0f writes and %d reads a second in all", size, writes, size*reads),
		columns: []string{
			"tenants", "served by each process", "writes/s in a journal", "calls/s of the busiest table's journal",
			"calls/s of the busiest database's journal", "changes/s played by each", "KB/s heard by each",
			"with more than a glance sees", "seconds a journal reaches back",
		},
	}
	for _, n := range tenants {
		for _, served := range slices.Compact([]int{n, 1}) {
			l := load{processes: size, tenants: n, served: served, reads: reads, writes: writes, lasts: lasts}
			simulate(t, l, func(f *fleet) {
				f.play()
				all := f.of(f.members...)
				rate := func(count int) float64 { return float64(count) / lasts.Seconds() }
				out.add(n, served, writes/float64(n), rate(busiest(all, "posts")), rate(busiest(all, invalidation.AllTables)),
					rate(all.records)/float64(size), rate(all.heard)/1000/float64(size),
					percent(all.far, all.looks), float64(DefaultSharedJournalLength)*float64(n)/writes)
			})
		}
	}
	return out
}

// busiest returns the calls of that journal of a table that there were most of.
func busiest(t *traffic, table string) int {
	calls := 0
	for _, journal := range slices.SortedFunc(maps.Keys(t.journals), cmp.Compare) {
		if strings.HasSuffix(journal, "\x00"+table) {
			calls = max(calls, t.journals[journal])
		}
	}
	return calls
}
