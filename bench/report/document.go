package report

import (
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"github.com/seed92106438/cacheops/bench/cases"
	"github.com/seed92106438/cacheops/bench/measure"
	"github.com/seed92106438/cacheops/bench/subject"
)

//go:embed benchmarks.md.tmpl
var page string

// Document is what the figures of all cases say.
type Document struct {
	figures map[string]*Figures
	cases   []cases.Case
}

// Read reads the figures of the cases from a folder.
func Read(dir string, all []cases.Case) (*Document, error) {
	d := &Document{figures: map[string]*Figures{}, cases: all}
	for _, c := range all {
		figures, err := Load(dir, c.Name)
		if err != nil {
			return nil, fmt.Errorf("figures of %s: %w", c.Name, err)
		}
		d.figures[c.Name] = figures
	}
	return d, nil
}

// Write writes the document and its plots into a folder.
func (d *Document) Write(dir string) error {
	next := func(i int) int { return i + 1 }
	t, err := template.New("page").Funcs(template.FuncMap{"next": next}).Parse(page)
	if err != nil {
		return err
	}
	var text strings.Builder
	if err := t.Execute(&text, d); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "benchmarks.md"), []byte(text.String()), 0o644); err != nil {
		return err
	}
	return d.plot(dir)
}

// Wrong lists what is wrong with the answers of this project's subjects.
func (d *Document) Wrong() []string {
	var list []string
	for _, c := range d.cases {
		f := d.figures[c.Name]
		if f == nil {
			continue
		}
		for _, s := range f.Subjects {
			if s.Mark != "" && strings.HasPrefix(s.Name, "cacheops") {
				list = append(list, fmt.Sprintf("%s, %s: %s", c.Name, s.Name, s.Mark))
			}
		}
	}
	return list
}

// Group is a heading with its tables.
type Group struct {
	Name   string
	Tables []Table
}

// Table is one case.
type Table struct {
	Title, About, Load string
	Columns            []string
	Rows               [][]string
	Marks              []string
}

// Groups returns the tables of the cases of which there are figures.
func (d *Document) Groups() []Group {
	var groups []Group
	for _, c := range d.cases {
		f := d.figures[c.Name]
		if f == nil {
			continue
		}
		if len(groups) == 0 || groups[len(groups)-1].Name != c.Group {
			groups = append(groups, Group{Name: c.Group})
		}
		last := &groups[len(groups)-1]
		last.Tables = append(last.Tables, table(c, f))
	}
	return groups
}

// On returns the value of a key of the configuration, which is the same in all files
// unless they were written on several occasions.
func (d *Document) On(key string) string {
	var list []string
	seen := map[string]bool{}
	for _, c := range d.cases {
		if f := d.figures[c.Name]; f != nil && f.Config[key] != "" && !seen[f.Config[key]] {
			seen[f.Config[key]] = true
			list = append(list, f.Config[key])
		}
	}
	return strings.Join(list, "; ")
}

// Load returns the least and the greatest load average of all.
func (d *Document) Load() string {
	all := &Figures{}
	for _, f := range d.figures {
		if f != nil {
			all.load(f.LoadFrom)
			all.load(f.LoadTo)
		}
	}
	return all.LoadFrom + " to " + all.LoadTo
}

// usual are the units that have columns of their own.
var usual = []string{measure.Time, measure.Bytes, measure.Allocations}

func table(c cases.Case, f *Figures) Table {
	t := Table{Title: c.Title, About: c.About, Load: f.LoadFrom + " to " + f.LoadTo}
	units := f.units()
	t.Columns = append([]string{""}, units...)
	base := f.Of(subject.Uncached)
	if base.Has(measure.Time) {
		t.Columns = append(t.Columns, "× uncached")
	}
	for _, s := range f.Subjects {
		name := s.Name
		if s.Mark != "" {
			name += fmt.Sprintf(" (%d)", t.note(s.Mark))
		}
		row := []string{name}
		for _, unit := range units {
			row = append(row, s.cell(unit))
		}
		if base.Has(measure.Time) {
			row = append(row, s.beside(base))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// note returns the number of a mark, from 1. Equal ones have one number.
func (t *Table) note(mark string) int {
	at := slices.Index(t.Marks, mark)
	if at < 0 {
		at = len(t.Marks)
		t.Marks = append(t.Marks, mark)
	}
	return at + 1
}

// units returns what was measured: the usual units first.
func (f *Figures) units() []string {
	var units []string
	has := map[string]bool{measure.Absent: true}
	add := func(unit string) {
		for _, s := range f.Subjects {
			if s.Has(unit) && !has[unit] {
				has[unit] = true
				units = append(units, unit)
			}
		}
	}
	for _, unit := range usual {
		add(unit)
	}
	for _, s := range f.Subjects {
		for _, unit := range sortedKeys(s.values) {
			add(unit)
		}
	}
	return units
}

// cell is the median, and how far the interval of confidence reaches, in per cent.
func (s *Subject) cell(unit string) string {
	if s.Absent || !s.Has(unit) {
		return "–"
	}
	m := s.Median(unit)
	text := grouped(m.Center)
	if unit == measure.Time {
		text += " " + m.PctRangeString()
	}
	return text
}

func (s *Subject) beside(base *Subject) string {
	if s.Absent || !s.Has(measure.Time) {
		return "–"
	}
	return fmt.Sprintf("%.3g", s.Beside(base, measure.Time))
}
