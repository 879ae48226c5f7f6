package region

import (
	"testing"
	"time"

	"github.com/seed92106438/cacheops/region/internal/wire"
)

// Names of values are digests, which two keys may have in common.
func TestValueOfAnotherKeyIsNotServed(t *testing.T) {
	p := share(t, 1)[0]
	p.fill("mine", topic1)
	stamp, _ := p.Stamp(t.Context(), topic1, 0)
	name := valueName(sharedKey("mine"))
	var codec wire.Codec
	sealed, err := codec.Seal(&wire.Entry{
		Key: []byte("theirs"), Stored: time.Now(), TTL: time.Hour,
		Stamp: positionsOf(stamp), Dependency: topic1, Rows: []byte("theirs"),
	}, name)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.lot.Put(t.Context(), name, sealed, time.Hour); err != nil {
		t.Fatal(err)
	}
	p.misses("mine", topic1, Absent)
}
