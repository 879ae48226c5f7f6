package report

import (
	"fmt"
	"path/filepath"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	_ "gonum.org/v1/plot/vg/vgsvg" // the format of the files

	"github.com/seed92106438/cacheops/bench/measure"
	"github.com/seed92106438/cacheops/bench/subject"
)

// chart is a plot of how much time subjects take in several cases, as multiples of
// what they take without a cache.
type chart struct {
	File, Title string
	cases       []string
	subjects    []string
}

var inMemory = []string{subject.DryRun, subject.Memory, "caches-memory", "asjdf-memory", "pacific73-memory", "grc-memory"}
var inRedis = []string{"redis-get", "cacheops-redis", "cacheops-tiered", "caches-redis", "asjdf-redis", "pacific73-redis", "grc-redis"}

var (
	hits   = []string{"HitFirst", "HitFlat20", "HitFlat100", "HitFlat1000", "HitRich100", "HitCount", "HitPluck", "HitPreload", "HitJoin", "HitAggregate"}
	others = []string{"MissFirst", "MissFlat100", "MissRich100", "MissCount", "WriteCreate", "WriteUpdate", "WriteMass", "WriteBatch"}
)

var charts = []chart{
	{"benchmarks-hits-memory.svg", "Hits in memory", hits, inMemory},
	{"benchmarks-hits-redis.svg", "Hits in Redis", hits, inRedis},
	{"benchmarks-misses-writes-memory.svg", "Misses and writes, results in memory", others, inMemory[1:]},
	{"benchmarks-misses-writes-redis.svg", "Misses and writes, results in Redis", others, inRedis[1:]},
	{"benchmarks-postgres.svg", "PostgreSQL on the loopback interface", []string{"PostgresFirst", "PostgresFlat100", "PostgresCount", "PostgresMissFirst", "PostgresUpdate"},
		slices.Concat(inMemory[:2], inRedis[1:3], inMemory[2:])},
}

// Charts returns the plots of which there are figures.
func (d *Document) Charts() []chart {
	var list []chart
	for _, c := range charts {
		if len(c.known(d.figures)) > 0 {
			list = append(list, c)
		}
	}
	return list
}

func (d *Document) plot(dir string) error {
	for _, c := range d.Charts() {
		if err := c.write(dir, d.figures); err != nil {
			return fmt.Errorf("%s: %w", c.File, err)
		}
	}
	return nil
}

// known are the cases that were measured.
func (c chart) known(figures map[string]*Figures) []string {
	return slices.DeleteFunc(slices.Clone(c.cases), func(name string) bool {
		return !figures[name].Of(subject.Uncached).Has(measure.Time)
	})
}

// write draws a line for each case and a mark on it for each subject.
func (c chart) write(dir string, figures map[string]*Figures) error {
	names := c.known(figures)
	slices.Reverse(names) // the first is on top
	p := plot.New()
	p.Title.Text = c.Title
	p.X.Label.Text = "time, as a multiple of no cache (logarithmic)"
	p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
	p.NominalY(names...)
	p.Add(plotter.NewGrid())
	p.Legend.Top, p.Legend.YOffs = true, -vg.Length(len(names))
	shown := 0
	for i, name := range c.subjects {
		points := c.points(name, names, figures)
		if len(points) == 0 {
			continue
		}
		scatter, err := plotter.NewScatter(points)
		if err != nil {
			return err
		}
		scatter.GlyphStyle = draw.GlyphStyle{Color: plotutil.Color(i), Shape: plotutil.Shape(i), Radius: vg.Points(4)}
		p.Add(scatter)
		p.Legend.Add(name, scatter)
		shown++
	}
	if shown == 0 {
		return nil
	}
	p.Add(vertical(1, len(names)))
	p.X.Tick.Label.Font.Size, p.Legend.TextStyle.Font.Size = font.Length(9), font.Length(9)
	return p.Save(20*vg.Centimeter, vg.Length(4+len(names))*vg.Centimeter, filepath.Join(dir, c.File))
}

// points are the times of a subject beside those without a cache.
func (c chart) points(name string, names []string, figures map[string]*Figures) plotter.XYs {
	var points plotter.XYs
	for y, of := range names {
		s := figures[of].Of(name)
		if s.Has(measure.Time) {
			base := figures[of].Of(subject.Uncached)
			points = append(points, plotter.XY{X: s.Beside(base, measure.Time), Y: float64(y)})
		}
	}
	return points
}

// vertical is a line at x.
func vertical(x float64, height int) *plotter.Line {
	return &plotter.Line{
		XYs:       plotter.XYs{{X: x, Y: -0.5}, {X: x, Y: float64(height) - 0.5}},
		LineStyle: plotter.DefaultLineStyle,
	}
}
