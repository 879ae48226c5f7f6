package regiontest_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/seed92106438/cacheops/region"
	"github.com/seed92106438/cacheops/region/regiontest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestExample(t *testing.T) { regiontest.Run(t, openCounting) }

// faultVariable names the fault that a process is to have, in which TestFault runs.
const faultVariable = "CACHEOPS_REGIONTEST_FAULT"

// A region with a fault fails the test that is about it. Since a test that fails
// cannot be taken back, it fails in a process of its own.
func TestEachFaultIsFound(t *testing.T) {
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			output, err := testOf(t.Context(), f.name)
			if err == nil {
				t.Fatal("a region with this fault passes")
			}
			want := "--- FAIL: TestFault/" + strings.ReplaceAll(f.found, " ", "_") + " ("
			if !strings.Contains(output, want) {
				t.Errorf("%q does not fail, but:\n%s", f.found, failures(output))
			}
		})
	}
}

// What the faulty regions are made of has no fault of its own.
func TestRegionWithoutFaultPasses(t *testing.T) {
	if output, err := testOf(t.Context(), "none"); err != nil {
		t.Errorf("%v:\n%s", err, failures(output))
	}
}

// testOf runs TestFault with a fault.
func testOf(ctx context.Context, fault string) (output string, err error) {
	test := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestFault$", "-test.v", "-test.short", "-test.timeout=2m")
	test.Env = append(os.Environ(), faultVariable+"="+fault)
	out, err := test.CombinedOutput()
	return string(out), err
}

// failures are the lines that say what has failed.
func failures(output string) string {
	var lines []string
	for line := range strings.Lines(output) {
		if strings.Contains(line, "--- FAIL") || strings.Contains(line, "panic") || strings.Contains(line, ".go:") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}

func TestFault(t *testing.T) {
	name := os.Getenv(faultVariable)
	if name == "" {
		t.Skip("it is run by TestEachFaultIsFound, with a fault")
	}
	regiontest.Run(t, func(t *testing.T) regiontest.Regions {
		healthy := region.Memory(region.MemoryOptions{})
		for _, f := range faults {
			if f.name == name {
				return regiontest.Regions{Processes: f.regions(healthy), TooLarge: tooLarge}
			}
		}
		return regiontest.Regions{Processes: []region.Region{newFaulty(healthy)}, TooLarge: tooLarge}
	})
}

const tooLarge = region.DefaultMaxBytes/4 + 1
