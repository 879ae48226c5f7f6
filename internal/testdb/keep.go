package testdb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
)

// Keeping returns the tests so that databases which are dear to make are
// emptied and handed to the next test, under another name. When the last test
// has ended they are dropped.
func Keeping(m *testing.M) Tests { return Tests{m} }

// Tests are the tests of a package whose databases are kept.
type Tests struct{ m *testing.M }

// Run runs the tests.
func (t Tests) Run() int {
	kept = new(store)
	code := t.m.Run()
	if err := kept.dropAll(); err != nil {
		fmt.Fprintf(os.Stderr, "drop what tests have used: %v\n", err)
		return max(code, 1)
	}
	return code
}

// keeper is a server whose databases are dear to make.
type keeper interface {
	server
	// empty takes all out of the database. It fails if it finds what it does
	// not know how to take out.
	empty(ctx context.Context, name string) error
	// rename gives an empty database another name.
	rename(ctx context.Context, a admin, from, to string) error
}

// store has the databases of a server that are empty and not in use.
type store struct {
	mu     sync.Mutex
	server keeper
	names  []string
}

// kept is nil unless databases are kept.
var kept *store

// take gives a kept database the name, if there is one.
func (k *store) take(ctx context.Context, s server, a admin, name string) bool {
	keeper, ok := s.(keeper)
	if k == nil || !ok {
		return false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.names) == 0 {
		return false
	}
	last := len(k.names) - 1
	if err := keeper.rename(ctx, a, k.names[last], name); err != nil {
		return false
	}
	k.names = k.names[:last]
	return true
}

// put keeps a database, if it can be emptied.
func (k *store) put(ctx context.Context, s server, name string) bool {
	keeper, ok := s.(keeper)
	if k == nil || !ok || keeper.empty(ctx, name) != nil {
		return false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.server = keeper
	k.names = append(k.names, name)
	return true
}

// dropAll drops the kept databases.
func (k *store) dropAll() error {
	if len(k.names) == 0 {
		return nil
	}
	return with(k.server, func(ctx context.Context, a admin) error {
		var errs []error
		for _, name := range k.names {
			errs = append(errs, a.drop(ctx, name))
		}
		return errors.Join(errs...)
	})
}
