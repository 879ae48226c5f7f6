package region

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/seed92106438/cacheops/region/internal/backend"
)

// clearing is a store in which others clear the values of a name before each look
// while it is on.
type clearing struct {
	*lot
	name string
	on   bool
}

func (c *clearing) Look(ctx context.Context, key string, follow []backend.Follow) ([]byte, []backend.News, error) {
	if c.on {
		if err := c.Settle(ctx, "another", []backend.Part{{Journal: c.name}}, nil); err != nil {
			return nil, nil, err
		}
	}
	return c.lot.Look(ctx, key, follow)
}

// However often others clear, there is an answer: at the moment when they did there
// was nothing, and what was set then was set before.
func TestValuesThatAreClearedBeforeEachLook(t *testing.T) {
	ctx := t.Context()
	store := &clearing{lot: newLot(), name: "v:n"}
	r := newShared(sharing{backend: store, codec: NewLot(0, 0).codec}, nil)
	defer func() { _ = r.Close() }()
	v := ValuesOf[int](r, "n")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	must(v.Set(ctx, "k", 1, 0))
	if n, err := v.Get(ctx, "k"); n != 1 || err != nil {
		t.Errorf("nobody clears: %d, %v", n, err)
	}
	store.on = true
	if _, err := v.Get(ctx, "k"); !errors.Is(err, ErrNotFound) {
		t.Errorf("all was cleared: %v", err)
	}
	must(v.Set(ctx, "k", 2, time.Hour))
	must(v.Delete(ctx, "k"))
	store.on = false
	must(v.Set(ctx, "k", 3, 0))
	if n, err := v.Get(ctx, "k"); n != 3 || err != nil {
		t.Errorf("nobody clears any more: %d, %v", n, err)
	}
}
