// Package report writes the document and its plots from figures in files.
package report

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/perf/benchfmt"
	"golang.org/x/perf/benchmath"

	"github.com/seed92106438/cacheops/bench/measure"
)

// Figures are what was measured in one case.
type Figures struct {
	Subjects []*Subject // in the order in which they took turns
	Config   map[string]string
	// LoadFrom and LoadTo are the least and the greatest load average.
	LoadFrom, LoadTo string
}

// Subject is what was measured of one contender.
type Subject struct {
	Name   string
	Mark   string
	Absent bool

	values map[string][]float64 // by unit
}

// Of returns the figures of a subject, or nil.
func (f *Figures) Of(name string) *Subject {
	if f == nil {
		return nil
	}
	for _, s := range f.Subjects {
		if s.Name == name && !s.Absent {
			return s
		}
	}
	return nil
}

// Has tells whether the subject was measured in the unit.
func (s *Subject) Has(unit string) bool { return s != nil && len(s.values[unit]) > 0 }

// Median returns the median of what was measured, and the bounds of its interval of
// confidence, at 95 %.
func (s *Subject) Median(unit string) benchmath.Summary {
	sample := benchmath.NewSample(s.values[unit], &benchmath.DefaultThresholds)
	return benchmath.AssumeNothing.Summary(sample, 0.95)
}

// Beside returns the median of the ratios of the subject's turns to another's in the
// same rounds: what slows a machine down for a while is in both. If they have not been
// in the same rounds it is the ratio of the medians.
func (s *Subject) Beside(base *Subject, unit string) float64 {
	own, other := s.values[unit], base.values[unit]
	if len(own) != len(other) {
		return s.Median(unit).Center / base.Median(unit).Center
	}
	ratios := make([]float64, len(own))
	for i := range own {
		ratios[i] = own[i] / other[i]
	}
	return benchmath.AssumeNothing.Summary(benchmath.NewSample(ratios, &benchmath.DefaultThresholds), 0.95).Center
}

// Turns returns how often the subject was measured.
func (s *Subject) Turns() int {
	n := 0
	for _, values := range s.values {
		n = max(n, len(values))
	}
	return n
}

// Load reads the figures of a case, or returns nil if there are none.
func Load(dir, name string) (*Figures, error) {
	file, err := os.Open(filepath.Join(dir, name+".txt"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	f := &Figures{Config: map[string]string{}}
	reader := benchfmt.NewReader(file, name)
	for reader.Scan() {
		switch record := reader.Result().(type) {
		case *benchfmt.Result:
			f.add(record)
		case *benchfmt.SyntaxError:
			return nil, record
		}
	}
	return f, reader.Err()
}

// add takes in what was measured in one turn.
func (f *Figures) add(r *benchfmt.Result) {
	name := subjectOf(r.Name)
	s := f.named(name)
	s.Mark = r.GetConfig(measure.KeyMark)
	for _, c := range r.Config {
		f.Config[c.Key] = string(c.Value)
	}
	f.load(r.GetConfig(measure.KeyLoad))
	for _, v := range r.Values {
		figure, unit := v.Value, v.Unit
		if v.OrigUnit != "" {
			figure, unit = v.OrigValue, v.OrigUnit
		}
		s.values[unit] = append(s.values[unit], figure)
		s.Absent = s.Absent || unit == measure.Absent
	}
}

func (f *Figures) load(average string) {
	if number(average) < number(f.LoadFrom) || f.LoadFrom == "" {
		f.LoadFrom = average
	}
	if number(average) > number(f.LoadTo) {
		f.LoadTo = average
	}
}

func number(text string) (n float64) {
	_, _ = fmt.Sscan(text, &n) // what is no number counts as none
	return n
}

func (f *Figures) named(name string) *Subject {
	for _, s := range f.Subjects {
		if s.Name == name {
			return s
		}
	}
	s := &Subject{Name: name, values: map[string][]float64{}}
	f.Subjects = append(f.Subjects, s)
	return s
}

func subjectOf(name benchfmt.Name) string {
	_, parts := name.Parts()
	for _, part := range parts {
		if value, ok := strings.CutPrefix(string(part), "/subject="); ok {
			return value
		}
	}
	return ""
}
