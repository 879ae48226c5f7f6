// Bench compares cacheops with others and with none, and writes docs/benchmarks.md.
package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/seed92106438/cacheops/bench/cases"
	"github.com/seed92106438/cacheops/bench/report"
	"github.com/seed92106438/cacheops/bench/shop"
)

var (
	data       = flag.String("data", "data", "folder of the figures")
	out        = flag.String("out", "../docs", "folder of the document")
	only       = flag.String("only", "", "regular expression: the cases that are measured; of the others the figures in the folder are taken")
	long       = flag.Bool("long", false, "measure longer, and what takes minutes")
	turn       = flag.Duration("turn", 0, "how long each takes its turn, if not as long as is usual for the set")
	reportOnly = flag.Bool("report", false, "measure nothing, write the document from the figures that are there")
)

func main() {
	log.SetFlags(log.Ltime)
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		stop()
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	plan := cases.Plan{Rounds: 10, Turn: 20 * time.Millisecond}
	if *long {
		plan = cases.Plan{Rounds: 20, Turn: 250 * time.Millisecond, Long: true}
	}
	plan.Turn = cmp.Or(*turn, plan.Turn)
	if err := errors.Join(os.MkdirAll(*data, 0o755), os.MkdirAll(*out, 0o755)); err != nil {
		return err
	}
	if !*reportOnly {
		if err := measure(ctx, plan); err != nil {
			return err
		}
	}
	document, err := report.Read(*data, cases.All())
	if err != nil {
		return err
	}
	if err := errors.Join(document.Write(*out), benchstat(ctx)); err != nil {
		return err
	}
	if wrong := document.Wrong(); len(wrong) > 0 {
		return fmt.Errorf("wrong answers:\n%s", strings.Join(wrong, "\n"))
	}
	return nil
}

// measure measures the cases that are asked for, and writes a file for each.
func measure(ctx context.Context, plan cases.Plan) (err error) {
	wanted, err := regexp.Compile(*only)
	if err != nil {
		return err
	}
	lab := &cases.Lab{Plan: plan, Size: shop.Usual}
	lab.Dir, err = os.MkdirTemp("", "cacheops-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lab.Close(), os.RemoveAll(lab.Dir)) }()
	lab.Redis, err = shop.StartRedis(ctx)
	switch {
	case errors.Is(err, shop.ErrNoRedis):
		log.Print("without Redis: ", err)
	case err != nil:
		return err
	default:
		defer func() { err = errors.Join(err, lab.Redis.Close()) }()
	}
	for _, c := range cases.All() {
		if c.Long && !plan.Long || !wanted.MatchString(c.Name) {
			continue
		}
		if err := write(ctx, lab, &c); err != nil {
			return err
		}
	}
	return nil
}

// write measures a case. Its file is replaced when all has been measured.
func write(ctx context.Context, lab *cases.Lab, c *cases.Case) error {
	log.Print(c.Name)
	var figures bytes.Buffer
	fmt.Fprintf(&figures, "cpu: %s\ncores: %d\ngo: %s\ndate: %s\n", processor(), runtime.NumCPU(), runtime.Version(), time.Now().Format(time.DateOnly))
	if err := lab.Run(ctx, c, &figures); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(*data, c.Name+".txt"), figures.Bytes(), 0o644)
}

// processor is what Linux calls the processor.
func processor() string {
	text, _ := os.ReadFile("/proc/cpuinfo") // elsewhere it has no name
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

// benchstat writes what benchstat makes of the figures.
func benchstat(ctx context.Context) error {
	files, err := filepath.Glob(filepath.Join(*data, "*.txt"))
	if err != nil {
		return err
	}
	summary := filepath.Join(*data, "benchstat.txt")
	files = slices.DeleteFunc(files, func(name string) bool { return name == summary })
	if len(files) == 0 {
		return nil
	}
	text, err := exec.CommandContext(ctx, "go", append([]string{"tool", "benchstat",
		"-table", "", "-col", ".unit", "-row", ".fullname", "-ignore", ".file,mark,load-average,date"}, files...)...).Output()
	if err != nil {
		return fmt.Errorf("benchstat: %w", err)
	}
	return os.WriteFile(summary, text, 0o644)
}
