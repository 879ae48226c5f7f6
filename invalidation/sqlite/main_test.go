package sqlite

import (
	"flag"
	"os"
	"testing"
)

// TestMain makes rapid try more than it does by default: a statement is soon
// run, and one that goes wrong is rare. -rapid.checks decides if it is given.
func TestMain(m *testing.M) {
	const checks = "rapid.checks"
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == checks })
	if !given && !testing.Short() {
		if err := flag.Set(checks, "400"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
