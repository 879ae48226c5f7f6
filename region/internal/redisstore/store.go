// Package redisstore keeps a shared region in Redis: a single server, one that
// Sentinel chooses, or a cluster.
//
// A value is a string, a journal is a hash, and what is done to journals is done by
// scripts, each of which works on the journals of one server. The layout, and what
// keeps it true when servers fail, is described in docs/wire-format.md and in the
// scripts.
package redisstore

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/seed92106438/cacheops/region/internal/backend"
)

// Options are the options of a store. The zero value has all defaults.
type Options struct {
	// Prefix of all keys, "cacheops" by default.
	Prefix string
	// Length is how many committed changes a journal keeps, 1,024 by default. They
	// may be fewer if they are large, or many were announced that came to nothing.
	Length int
	// TTL is how long a journal lives that nobody uses, a day by default.
	TTL time.Duration
	// Timeout is how long the contexts of most calls last, if it is known. It spares
	// a goroutine for each.
	Timeout time.Duration
}

const (
	// window is how many numbers a journal reaches back for each record that it is
	// to keep. A change takes three: announcement, record, withdrawal.
	window = 3
	// maxBytes bounds the changes of a journal's records. A reply has all of them
	// for one who knows none.
	maxBytes = 1 << 20
)

// Store is a store in Redis. It implements [backend.Backend].
type Store struct {
	client redis.UniversalClient
	Options
	// together is set if all keys are on one server, so that one script can work on
	// several journals.
	together bool
	// punctual is set if the client itself keeps to the deadlines of contexts.
	punctual bool
	// hasty is a client that waits for an answer no longer than half the Timeout.
	hasty    redis.UniversalClient
	glimpses sync.Map // of journals to *glimpse
}

var _ backend.Backend = (*Store)(nil)

// New returns a store that the client leads to, which is not closed with it.
func New(client redis.UniversalClient, o Options) (*Store, error) {
	if o.Prefix == "" {
		o.Prefix = "cacheops"
	}
	if o.Length <= 0 {
		o.Length = 1024
	}
	if o.TTL <= 0 {
		o.TTL = 24 * time.Hour
	}
	s := &Store{client: client, Options: o}
	switch c := client.(type) {
	case nil:
		return nil, errors.New("cacheops: redis: there is no client")
	case *redis.Client:
		s.together, s.punctual = true, c.Options().ContextTimeoutEnabled
		if o.Timeout > 0 {
			s.hasty = c.WithTimeout(o.Timeout / 2)
		}
	case *redis.ClusterClient:
		s.punctual = c.Options().ContextTimeoutEnabled
	case *redis.Ring:
		// A server that comes back would take up its journals where it left them.
		return nil, errors.New("cacheops: redis: a Ring cannot keep journals")
	}
	return s, nil
}

// Close implements [backend.Backend].
func (s *Store) Close() error { return nil }

// valueKey is where the value of a key is.
func (s *Store) valueKey(key string) string { return s.Prefix + ":v:" + key }

// journalKey is where a journal is. In a cluster its slot is that of its name.
func (s *Store) journalKey(journal string) string {
	return s.Prefix + ":j:{" + url.QueryEscape(journal) + "}"
}

// within has calls made that end with ctx, whatever the client does. A call that is
// given up may still be carried out.
//
// Unless it is told to, a client of go-redis does not look at ctx while it waits for
// an answer. Then one is used that waits for less time than there is, or, if there
// is less than usual, a goroutine is left behind to wait.
func (s *Store) within(ctx context.Context, do func(redis.UniversalClient) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	deadline, limited := ctx.Deadline()
	switch {
	case ctx.Done() == nil || s.punctual && limited:
		return do(s.client)
	case s.hasty != nil && limited && time.Until(deadline) > s.Timeout*9/10:
		return do(s.hasty)
	}
	done := make(chan error, 1)
	go func() { done <- do(s.client) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// failed says what a failed call was about. If the server itself has declined, the
// error wraps [backend.ErrRefused].
func (s *Store) failed(what string, errs ...error) error {
	var first error
	refusals := 0
	for _, err := range errs {
		if err == nil {
			continue
		}
		if first == nil {
			first = err
		}
		if refused(err) {
			refusals++
		}
	}
	switch {
	case first == nil:
		return nil
	case refusals == len(errs):
		return fmt.Errorf("cacheops: redis: %s: %w: %w", what, backend.ErrRefused, first)
	}
	if c, ok := s.client.(*redis.ClusterClient); ok && !errors.Is(first, context.Canceled) {
		// A node that died does not tell who took its place. This does not wait.
		c.ReloadState(context.Background())
	}
	return fmt.Errorf("cacheops: redis: %s: %w", what, first)
}

// refusals are how answers begin with which a server declines.
var refusals = []string{
	"OOM ", "BUSY ", "LOADING ", "READONLY ", "NOAUTH ", "NOPERM ", "WRONGPASS ", "MASTERDOWN ",
	"MOVED ", "ASK ", "CROSSSLOT ", "CLUSTERDOWN ", "TRYAGAIN ", "MISCONF ", "NOREPLICAS ",
}

func refused(err error) bool {
	for _, prefix := range refusals {
		if redis.HasErrorPrefix(err, prefix) {
			return true
		}
	}
	return false
}
