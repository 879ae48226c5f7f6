package invalidation

import (
	"flag"
	"os"
	"testing"
)

// TestMain gives the laws more tries than rapid does by itself. The flag still
// decides if it is given.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "500"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
