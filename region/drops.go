package region

import (
	"bytes"
	"sync"

	"github.com/seed92106438/cacheops/querykey"
)

// drops remembers how entries ended, for people who ask. Its room is fixed:
// each key has one place by its hash, which the next key there takes over.
type drops struct {
	mu     sync.Mutex
	places [1024]struct {
		key  querykey.Key
		drop Drop
	}
}

// remember notes the end of the entry under key.
func (d *drops) remember(key querykey.Key, drop Drop) {
	d.mu.Lock()
	defer d.mu.Unlock()
	place := &d.places[key.Hash%uint64(len(d.places))]
	place.key, place.drop = key, drop
}

// recall returns the last end of an entry under key that is remembered.
func (d *drops) recall(key querykey.Key) (Drop, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	place := &d.places[key.Hash%uint64(len(d.places))]
	if !bytes.Equal(place.key.Text, key.Text) {
		return Drop{}, false
	}
	return place.drop, true
}
