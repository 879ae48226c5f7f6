package region

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/seed92106438/cacheops/region/internal/backend"
)

var scaleDocument = flag.String("scale.document", "", "file to write the figures of the simulated fleets into")

// The figures of docs/scale.md come from regions as they are, on a store in memory
// and on a clock of its own: the same at each run, on any machine.
func TestScaleDocument(t *testing.T) {
	if *scaleDocument == "" {
		t.Skip("no document is asked for")
	}
	const lasts = 5 * time.Second
	var figures []string
	for _, table := range []*table{
		priceOfWrites(t, 1, 10, 100, 1000),
		priceOfReads(t, 10, lasts, 1, 10, 100, 1000),
		priceOfReads(t, 200, lasts, 1, 10, 100, 1000),
		priceOfSilence(t, 0, 10, 100, 1000, 1024, 1025, 5000),
		priceOfTenants(t, 256, 1000, lasts, 1, 4, 16, 64),
	} {
		t.Logf("\n%s", table)
		figures = append(figures, table.String())
	}
	if err := rewrite(*scaleDocument, strings.Join(figures, "\n")); err != nil {
		t.Fatal(err)
	}
}

// rewrite puts figures in the place of those that are in the document: all that comes
// after its heading "Figures".
func rewrite(path, figures string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	const heading = "# Figures\n"
	before, _, found := strings.Cut(string(text), heading)
	if !found {
		return fmt.Errorf("%s has no heading %q", path, heading)
	}
	return os.WriteFile(path, []byte(before+heading+"\n"+figures), 0o644)
}

// What a write costs depends on what it writes, and on nothing else.
func TestScaleOfWrites(t *testing.T) {
	var first *traffic
	for _, size := range []int{1, 10, 100} {
		for _, stored := range []int{0, rowsRead} {
			simulate(t, load{processes: size, tenants: 1, served: 1}, func(f *fleet) {
				price := f.write(stored, 3)
				if first == nil {
					first = price
				}
				if price.writes != 2 || price.looks != 1 || price.said != first.said {
					t.Errorf("%d processes with %d results: %d calls that write and %d looks of %d bytes, not 2 and 1 of %d",
						size, stored, price.writes, price.looks, price.said, first.said)
				}
			})
		}
	}
}

// Each process is told of each change once: not again by its later looks, and a
// second look that brings what another has brought changes nothing.
func TestScaleOfReads(t *testing.T) {
	for _, at := range scaleLevels {
		t.Run(at.name, func(t *testing.T) {
			l := load{processes: 10, tenants: 1, served: 1, reads: 50, writes: 40, lasts: 2 * time.Second, tier: at.tier}
			simulate(t, l, func(f *fleet) {
				f.play()
				for _, m := range f.members {
					// Looks that overlap may bring a change twice; few do.
					if told := f.of(m).records; told > int(f.serial)*11/10 || told < int(f.serial)/2 {
						t.Errorf("a process was told of %d changes, of which there were %d", told, f.serial)
					}
				}
			})
		})
	}
}

func TestScaleOfLooksThatBringTheSame(t *testing.T) {
	ps := share(t, 2)
	ps[0].fill("topic 1", topic1)
	m := ps[0].mirror("posts")
	followed := m.follow()
	ps[1].commit(postIn2)
	for range 2 {
		_, news, err := ps[0].lot.Look(t.Context(), "", []backend.Follow{followed})
		if err != nil {
			t.Fatal(err)
		}
		ps[0].Region.(*shared).hear(m, followed, &news[0], 1, time.Now())
	}
	if played := len(m.passed); played != 1 {
		t.Errorf("the change was played %d times", played)
	}
}

// A look that finds nothing new brings nothing but the value.
func TestScaleOfQuietLooks(t *testing.T) {
	l := load{processes: 10, tenants: 1, served: 1, reads: 50, lasts: time.Second}
	simulate(t, l, func(f *fleet) {
		f.play()
		if all := f.of(f.members...); all.looks == 0 || all.quiet != all.looks || all.heard != 0 || all.writes != 0 {
			t.Errorf("%d looks, %d of them quiet, brought %d bytes; %d calls wrote", all.looks, all.quiet, all.heard, all.writes)
		}
	})
}

// At the level bounded(d), how often a process looks does not depend on what it reads.
func TestScaleOfBoundedLooks(t *testing.T) {
	for _, reads := range []float64{100, 1000} {
		l := load{processes: 2, tenants: 1, served: 1, reads: reads, lasts: 2 * time.Second, tier: scaleLevels[1].tier}
		simulate(t, l, func(f *fleet) {
			for _, m := range f.members { // so that nothing is asked of the store but for news
				for row := range rowsRead {
					f.read(m, 0, row)
				}
				f.reset(m)
			}
			f.play()
			for _, m := range f.members {
				if looks, want := f.of(m).looks, 2*10*looksPerBound; looks < want-2 || looks > want+2 {
					t.Errorf("%v reads a second: %d looks, not %d", reads, looks, want)
				}
			}
		})
	}
}

// What was missed is played as long as the journal reaches back; then all that was
// kept of the table is given up.
func TestScaleOfSilence(t *testing.T) {
	rows := priceOfSilence(t, DefaultSharedJournalLength, DefaultSharedJournalLength+1).rows
	if kept := rows[0][3]; kept != fmt.Sprint(rowsRead) {
		t.Errorf("%s results are kept after as many changes as a journal has", kept)
	}
	if kept := rows[1][3]; kept != "0" {
		t.Errorf("%s results are kept after more changes than a journal has", kept)
	}
}

// Tenants divide what a journal has to bear, and what a process hears that serves one
// of them.
func TestScaleOfTenants(t *testing.T) {
	const parts = 4
	play := func(tenants, served int) (all *traffic, writes int) {
		l := load{processes: 16, tenants: tenants, served: served, reads: 50, writes: 80, lasts: 2 * time.Second}
		simulate(t, l, func(f *fleet) {
			f.play()
			all, writes = f.of(f.members...), int(f.serial)
		})
		return all, writes
	}
	whole, writes := play(1, 1)
	if told := whole.records; told < 16*writes*9/10 {
		t.Errorf("all were told of %d changes, of %d each", told, writes)
	}
	parted, _ := play(parts, 1)
	if most := whole.records / parts * 5 / 4; parted.records > most {
		t.Errorf("%d changes were told, where it should be %d at most", parted.records, most)
	}
	if most := busiest(whole, "posts") / parts * 5 / 4; busiest(parted, "posts") > most {
		t.Errorf("the busiest journal has %d calls, where it should be %d at most", busiest(parted, "posts"), most)
	}
	roaming, _ := play(parts, parts)
	if most := busiest(whole, "posts") / parts * 5 / 4; busiest(roaming, "posts") > most {
		t.Errorf("the busiest journal has %d calls, where it should be %d at most", busiest(roaming, "posts"), most)
	}
	if least := whole.records * 8 / 10; roaming.records < least {
		t.Errorf("%d changes were told to processes that serve all, not %d or more", roaming.records, least)
	}
}
