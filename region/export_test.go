package region

import (
	"time"

	"github.com/seed92106438/cacheops/region/internal/wire"
)

// Lot is a store in memory, for regions that stand for processes.
type Lot struct {
	*lot
	codec wire.Codec
	lease time.Duration
}

// NewLot makes a store that keeps no value above max bytes.
func NewLot(lease time.Duration, max int) *Lot {
	codec, err := wire.New(wire.Options{MaxSize: max})
	if err != nil {
		panic(err)
	}
	return &Lot{newLot(), codec, lease}
}

// Join makes a region of the store.
func (l *Lot) Join() Region {
	return newShared(sharing{backend: l.lot, codec: l.codec, lease: l.lease}, nil)
}

// Lose drops all that the store has.
func (l *Lot) Lose() {
	l.lose()
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.values)
}
