package chaos

import (
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

var (
	runTime   = flag.Duration("chaos.time", 5*time.Second, "how long each crew works")
	seed      = flag.Uint64("chaos.seed", uint64(time.Now().UnixNano()), "what faults are chosen by")
	leaseTime = flag.Duration("chaos.lease", time.Second, "the lease of changes; a process must never be stopped for longer")
)

// patience is how long anything may take.
const patience = 30 * time.Second

func TestMain(m *testing.M) {
	if text := os.Getenv(assigned); text != "" {
		if err := serve(text); err != nil {
			fmt.Fprintln(os.Stderr, "a process of a crew:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	flag.Parse()
	goleak.VerifyTestMain(m)
}
