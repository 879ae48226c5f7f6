package chaos

import (
	"context"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"
	"go.uber.org/goleak"
)

var (
	runTime   = flag.Duration("chaos.time", 4*time.Second, "how long each crew works at least")
	inAll     = flag.Int("chaos.operations", 200_000, "how many operations all crews together do at least")
	seed      = flag.Uint64("chaos.seed", uint64(time.Now().UnixNano()), "what faults are chosen by")
	kept      = flag.String("chaos.history", "", "a file with a history that was found wrong, to be judged again")
	leaseTime = flag.Duration("chaos.lease", 500*time.Millisecond, "the lease of changes; a process must never be stopped for longer")
)

// patience is how long anything may take.
const patience = 30 * time.Second

// silence is a logger of Redis clients. What they would log is meant to happen.
type silence struct{}

func (silence) Printf(context.Context, string, ...any) {}

func TestMain(m *testing.M) {
	redis.SetLogger(silence{})
	if text := os.Getenv(assigned); text != "" {
		if err := serve(text); err != nil {
			fmt.Fprintln(os.Stderr, "a process of a crew:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	flag.Parse()
	zerolog.SetGlobalLevel(zerolog.Disabled)
	goleak.VerifyTestMain(m,
		// Rows are replayed on a pool that is never closed.
		goleak.IgnoreTopFunction("database/sql.(*DB).connectionOpener"),
		// A toxic that was taken away in the midst of its work goes on to wait.
		goleak.IgnoreAnyFunction("github.com/Shopify/toxiproxy/v2/toxics.(*ToxicStub).Run"),
	)
}
