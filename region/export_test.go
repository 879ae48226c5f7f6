package region

import (
	"time"

	"github.com/seed92106438/cacheops/region/internal/wire"
)

// Lot is a store in memory with regions that stand for processes.
type Lot struct {
	Regions []Region
	Lose    func() // all that the store has
}

// NewLot makes n processes that meet in one store, which keeps no value above max
// bytes.
func NewLot(n int, lease time.Duration, max int) *Lot {
	codec, err := wire.New(wire.Options{MaxSize: max})
	if err != nil {
		panic(err)
	}
	l := newLot()
	regions := make([]Region, n)
	for i := range regions {
		regions[i] = newShared(sharing{backend: l, codec: codec, lease: lease}, nil)
	}
	return &Lot{regions, l.flush}
}

// flush drops all that the lot has.
func (l *lot) flush() {
	l.lose()
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.values)
}
