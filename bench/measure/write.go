package measure

import (
	"fmt"
	"os"
	"runtime"
	"strings"

	"golang.org/x/perf/benchfmt"
)

// writer writes turns of a case.
type writer struct {
	name string
	out  *benchfmt.Writer
}

// Keys of the configuration in files of figures.
const (
	KeyMark = "mark"
	KeyLoad = "load-average"
)

// Absent is the unit of contenders that took no part.
const Absent = "absent"

func (w *writer) write(c *Contender, turn Turn) error {
	result := &benchfmt.Result{
		Name:  benchfmt.Name(fmt.Sprintf("%s/subject=%s-%d", w.name, c.Name, runtime.GOMAXPROCS(0))),
		Iters: turn.Ops,
	}
	for _, v := range turn.Values {
		result.Values = append(result.Values, benchfmt.Value{Value: v.Figure, Unit: v.Unit})
	}
	configure(result, "goos", runtime.GOOS)
	configure(result, "goarch", runtime.GOARCH)
	configure(result, KeyLoad, load())
	configure(result, KeyMark, oneLine(c.Mark))
	return w.out.Write(result)
}

// absent writes down who took no part.
func (w *writer) absent(contenders []Contender) error {
	for i := range contenders {
		if contenders[i].Turn != nil {
			continue
		}
		if err := w.write(&contenders[i], Turn{Ops: 1, Values: []Value{{1, Absent}}}); err != nil {
			return err
		}
	}
	return nil
}

func configure(r *benchfmt.Result, key, value string) {
	if value != "" {
		r.Config = append(r.Config, benchfmt.Config{Key: key, Value: []byte(value), File: true})
	}
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// load returns the machine's load average over a minute, where that is known.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return ""
	}
	average, _, _ := strings.Cut(string(text), " ")
	return average
}
