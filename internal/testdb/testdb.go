// Package testdb gives each test an empty database of its own on a real server
// and drops it when the test ends. What is done with the database is left to
// the test.
//
// Servers are found by environment variables, which have defaults for servers
// on their usual ports of this machine. A test whose server does not answer is
// skipped, unless CACHEOPS_REQUIRE_SERVICES is 1: then it fails.
package testdb

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const (
	prefix = "cacheops"
	// abandoned is the age from which a database is taken for one that a
	// crashed run left behind.
	abandoned = time.Hour
	// patience is how long a server may take for one step.
	patience = 30 * time.Second
)

// server is what the kinds of database servers differ in.
type server interface {
	// kind names the server in messages.
	kind() string
	// connect opens a connection for administration.
	connect(ctx context.Context) (admin, error)
}

// admin is a connection that makes and drops databases.
type admin interface {
	create(ctx context.Context, name string) error
	// drop does not mind who is still connected, or that there is none.
	drop(ctx context.Context, name string) error
	names(ctx context.Context) ([]string, error)
	close()
}

var (
	calls  atomic.Int64
	sweeps sync.Map // of kinds of servers to *sync.Once
)

// open makes a database for the test and returns its name.
func open(tb testing.TB, s server) string {
	tb.Helper()
	name := fmt.Sprintf("%s_%d_%d_%d_%06x", prefix, time.Now().Unix(), os.Getpid(), calls.Add(1), rand.IntN(1<<24))
	err := with(s, func(ctx context.Context, a admin) error {
		once, _ := sweeps.LoadOrStore(s.kind(), new(sync.Once))
		once.(*sync.Once).Do(func() { sweep(ctx, a) })
		if kept.take(ctx, s, a, name) {
			return nil
		}
		return a.create(ctx, name)
	})
	var silent *silence
	if errors.As(err, &silent) {
		missing(tb, s.kind(), silent.cause)
	}
	if err != nil {
		tb.Fatalf("create a database of %s: %v", s.kind(), err)
	}
	tb.Cleanup(func() {
		if err := done(s, name); err != nil {
			tb.Errorf("drop database %s of %s: %v", name, s.kind(), err)
		}
	})
	return name
}

// done drops a database, or keeps it.
func done(s server, name string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if kept.put(ctx, s, name) {
		return nil
	}
	return with(s, func(ctx context.Context, a admin) error { return a.drop(ctx, name) })
}

// silence is the error of a server that does not answer.
type silence struct{ cause error }

func (s *silence) Error() string { return "connect: " + s.cause.Error() }

// with runs f on a connection of its own, so that nothing stays open between
// the calls.
func with(s server, f func(context.Context, admin) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	a, err := s.connect(ctx)
	if err != nil {
		return &silence{err}
	}
	defer a.close()
	return f(ctx, a)
}

// sweep drops what crashed runs have left behind. Another run may do the same
// at this moment, so it does not matter if something fails.
func sweep(ctx context.Context, a admin) {
	names, err := a.names(ctx)
	if err != nil {
		return
	}
	for _, name := range names {
		if isAbandoned(name, time.Now()) {
			_ = a.drop(ctx, name)
		}
	}
}

// isAbandoned tells whether the name is one of open's, and of long ago.
func isAbandoned(name string, now time.Time) bool {
	parts := strings.Split(name, "_")
	if len(parts) != 5 || parts[0] != prefix {
		return false
	}
	made, err := strconv.ParseInt(parts[1], 10, 64)
	return err == nil && now.Sub(time.Unix(made, 0)) > abandoned
}

// missing ends a test whose server does not answer.
func missing(tb testing.TB, kind string, err error) {
	tb.Helper()
	if os.Getenv("CACHEOPS_REQUIRE_SERVICES") == "1" {
		tb.Fatalf("%s does not answer, and CACHEOPS_REQUIRE_SERVICES is set: %v", kind, err)
	}
	tb.Skipf("NOT RUN: %s does not answer (make services starts it): %v", kind, err)
}

// setting returns an environment variable, or what is taken without it.
func setting(variable, otherwise string) string {
	return cmp.Or(os.Getenv(variable), otherwise)
}
