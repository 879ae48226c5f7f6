package cacheops_test

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/seed92106438/cacheops/internal/testdb"
)

func TestMain(m *testing.M) {
	flag.Parse()
	if on() == nil {
		fmt.Fprintf(os.Stderr, "there is no database %q to run the tests on\n", *database)
		os.Exit(2)
	}
	if regionKinds[*regionKind] == nil {
		fmt.Fprintf(os.Stderr, "there is no region %q to run the tests on\n", *regionKind)
		os.Exit(2)
	}
	goleak.VerifyTestMain(testdb.Keeping(m),
		// GORM keeps prepared statements in a cache that cannot be closed.
		goleak.IgnoreTopFunction("gorm.io/gorm/internal/lru.NewLRU[...].func1"),
		// The README's examples leave their databases open.
		goleak.IgnoreTopFunction("database/sql.(*DB).connectionOpener"),
	)
}
