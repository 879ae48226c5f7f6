package region

import (
	"context"
	"errors"
	"time"

	"github.com/seed92106438/cacheops/region/internal/backend"
)

// nowhere is the store of a region whose options are wrong: it never answers.
type nowhere struct{}

var errNowhere = errors.New("the region has no store")

func (nowhere) Look(context.Context, string, []backend.Follow) ([]byte, []backend.News, error) {
	return nil, nil, errNowhere
}

func (nowhere) Put(context.Context, string, []byte, time.Duration) error { return errNowhere }

func (nowhere) Add(context.Context, string, []byte, time.Duration) (bool, error) {
	return false, errNowhere
}

func (nowhere) Delete(context.Context, ...string) error      { return errNowhere }
func (nowhere) Remove(context.Context, string, []byte) error { return errNowhere }

func (nowhere) Announce(context.Context, string, time.Duration, []backend.Part) error {
	return errNowhere
}

func (nowhere) Settle(context.Context, string, []backend.Part, []string) error { return errNowhere }
func (nowhere) Expire(context.Context, string, backend.Pending) error          { return errNowhere }
func (nowhere) Open(context.Context, string, uint64) error                     { return errNowhere }
func (nowhere) Close() error                                                   { return nil }
