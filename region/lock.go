package region

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/seed92106438/cacheops/querykey"
)

// Lock takes the lock of the result under key, which processes share, and returns what
// gives it back. It is for those who are about to run the query. If another has it
// unlock is nil, and holder tells those apart who have it one after the other. If no one
// can tell, because the store is away, or because it was given back just now, holder is
// empty as well. It implements the optional interface by which flights of several
// processes wait for each other.
//
// Who has the lock loses it after a lease, so that it does not outlive its process for
// long. He is not told, and gives back only what is his own: a lock is nothing but advice
// on who had better run the query. Whether a result is true is up to [Region.Get] alone,
// so nothing untrue is served whatever becomes of a lock.
func (r *shared) Lock(ctx context.Context, key querykey.Key) (unlock func(), holder string) {
	if key.Common == 0 {
		return nil, ""
	}
	name, token := "l:"+valueName(key), rand.Text()
	err := r.gate.pass(ctx, func(ctx context.Context) error {
		added, err := r.backend.Add(ctx, name, []byte(token), r.lease)
		if added || err != nil {
			holder = token
			return err
		}
		value, _, err := r.backend.Look(ctx, name, nil)
		holder = string(value)
		return err
	})
	switch {
	case err != nil:
		r.faults.report(fmt.Errorf("cacheops: locking a result: %w", err))
		return nil, ""
	case holder != token: // which it may be though Add did not say so, if a call was repeated
		return nil, holder
	}
	return func() {
		// The lock is to be given back, though the reader may have given up.
		r.try(context.WithoutCancel(ctx), func(ctx context.Context) error {
			return r.backend.Remove(ctx, name, []byte(token))
		})
	}, holder
}
