package report

import (
	"fmt"

	"github.com/seed92106438/cacheops/bench/measure"
	"github.com/seed92106438/cacheops/bench/subject"
)

// aim is a bound that was set before anything was measured.
type aim struct {
	what string
	// A figure of a case and subject, and what it is divided by; a bound without
	// the latter is absolute.
	of, by place
	bound  float64
	// least is set if the ratio is to be no less than the bound, instead of no more.
	least  bool
	digits int // of a ratio; an absolute figure is written as it is
}

// place is where a figure is found.
type place struct{ name, subject, unit string }

func time(name, subject string) place        { return place{name, subject, measure.Time} }
func allocations(name, subject string) place { return place{name, subject, measure.Allocations} }

var aims = []aim{
	{what: "`First` by primary key, hit in memory, beside a dry run",
		of: time("HitFirst", subject.Memory), by: time("HitFirst", subject.DryRun), bound: 1.15, digits: 2},
	{what: "the same, allocations",
		of: allocations("HitFirst", subject.Memory), bound: 42},
	{what: "`Find` of 100 flat rows, hit in memory, beside a dry run",
		of: time("HitFlat100", subject.Memory), by: time("HitFlat100", subject.DryRun), bound: 3, digits: 2},
	{what: "`Find` of 100 rows with pointers, JSON and times, hit in memory, beside no cache",
		of: time("HitRich100", subject.Memory), by: time("HitRich100", subject.Uncached), bound: 0.1, digits: 3},
	{what: "`Count`, hit in memory, beside a dry run",
		of: time("HitCount", subject.Memory), by: time("HitCount", subject.DryRun), bound: 1.15, digits: 2},
	{what: "`cacheops.Get`, hit in memory, nanoseconds",
		of: time("TypedGet", "cacheops-get"), bound: 300},
	{what: "the same, allocations",
		of: allocations("TypedGet", "cacheops-get"), bound: 3},
	{what: "`First`, miss in memory, beside SQLite without a cache",
		of: time("MissFirst", subject.Memory), by: time("MissFirst", subject.Uncached), bound: 1.1, digits: 2},
	{what: "update by key, 10,000 entries cached, no image read, beside no cache",
		of: time("WriteUpdate", subject.NoImages.Name), by: time("WriteUpdate", subject.Uncached), bound: 1.1, digits: 2},
	{what: "the same, with an image",
		of: time("WriteUpdate", subject.Memory), by: time("WriteUpdate", subject.Uncached), bound: 1.4, digits: 2},
	{what: "hits on two cores beside one, throughput",
		of: time("ParallelFirst", "cacheops-memory-1"), by: time("ParallelFirst", "cacheops-memory-2"), bound: 1.8, least: true, digits: 2},
	{what: "`First`, hit in Redis, beside a bare GET",
		of: time("HitFirst", "cacheops-redis"), by: time("HitFirst", "redis-get"), bound: 1.3, digits: 2},
	{what: "hit while 10,000 rows a second are written to its table, beside the quiet hit",
		of: time("HitWhileWriting", subject.Memory), by: time("HitWhileWriting", "cacheops-memory-quiet"), bound: 2, digits: 2},
	{what: "start-up of the plugin, nanoseconds",
		of: time("StartUp", subject.Memory), bound: 1e6},
	{what: "the same, statements sent",
		of: place{"StartUp", subject.Memory, "statements/op"}, bound: 0},
}

// Outcome is an aim and what became of it.
type Outcome struct {
	What, Aim, Reached, Verdict string
}

// Outcomes compares the aims with the figures.
func (d *Document) Outcomes() []Outcome {
	outcomes := make([]Outcome, len(aims))
	for i, a := range aims {
		outcomes[i] = a.outcome(d.figures)
	}
	return outcomes
}

func (a aim) outcome(figures map[string]*Figures) Outcome {
	sign := "≤"
	if a.least {
		sign = "≥"
	}
	o := Outcome{What: a.what, Aim: sign + " " + a.written(a.bound), Reached: "–", Verdict: "not measured"}
	measured := a.of.in(figures)
	if !measured.Has(a.of.unit) {
		return o
	}
	reached := measured.Median(a.of.unit).Center
	if a.by != (place{}) {
		base := a.by.in(figures)
		if !base.Has(a.by.unit) {
			return o
		}
		reached = measured.Beside(base, a.of.unit)
	}
	o.Reached = a.written(reached)
	o.Verdict = "**not reached**"
	if (reached <= a.bound) != a.least || reached == a.bound {
		o.Verdict = "reached"
	}
	return o
}

func (a aim) written(figure float64) string {
	if a.digits == 0 {
		return grouped(figure)
	}
	return fmt.Sprintf("%.*f ×", a.digits, figure)
}

// in returns the figures of a place, nil if there are none.
func (p place) in(figures map[string]*Figures) *Subject { return figures[p.name].Of(p.subject) }
