package postgres

import (
	"flag"
	"os"
	"testing"
)

// TestMain lets rapid make a few attempts at a time: how many there are is
// decided by the clock. -rapid.checks decides if it is given.
func TestMain(m *testing.M) {
	const checks = "rapid.checks"
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == checks })
	if !given {
		if err := flag.Set(checks, "10"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
