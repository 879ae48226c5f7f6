package wire

import (
	"fmt"
	"time"

	"github.com/seed92106438/cacheops/internal/encoded"
	"github.com/seed92106438/cacheops/invalidation"
)

// Entry is a result as it is kept in a store.
type Entry struct {
	Key        []byte // the part of the key that means the same in every process
	Stored     time.Time
	TTL        time.Duration
	Stamp      []Position
	Dependency *invalidation.Dependency
	Rows       []byte // the encoding of the result
}

// Position is a place in a journal.
type Position struct{ Epoch, Number uint64 }

// maxDependency is the size in bytes past which a dependency is neither sealed nor
// opened. In memory one may take some tens of times as much.
const maxDependency = 4 << 20

// Seal returns e as it is kept in a store under a name.
func (c *Codec) Seal(e *Entry, name string) ([]byte, error) {
	const room = 512 // for all but the rows and the key, mostly
	b := begin(isEntry, len(e.Rows)+len(e.Key)+room)
	b = encoded.AppendText(b, e.Key)
	b = appendHead(b, e)
	start := len(b)
	b = invalidation.AppendDependency(b, e.Dependency)
	if n := len(b) - start; n > maxDependency {
		return nil, fmt.Errorf("cacheops: a dependency of %d bytes is larger than %d", n, maxDependency)
	}
	b = append(b, e.Rows...)
	return c.seal(b, name)
}

// Open returns the entry that was sealed as b under a name. It may refer to b. Its
// errors wrap [ErrDamaged] or [ErrVersion].
func (c *Codec) Open(b []byte, name string) (*Entry, error) {
	b, err := c.open(b, isEntry, name)
	if err != nil {
		return nil, err
	}
	e := &Entry{}
	if err := e.read(b); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return e, nil
}

func (e *Entry) read(b []byte) error {
	key, b, err := encoded.Frame(b)
	if err != nil {
		return fmt.Errorf("cacheops: encoded key: %w", err)
	}
	head, b, err := encoded.Frame(b)
	if err != nil {
		return fmt.Errorf("cacheops: encoded head: %w", err)
	}
	if err := e.readHead(head); err != nil {
		return fmt.Errorf("cacheops: encoded head: %w", err)
	}
	e.Key = key
	e.Dependency, e.Rows, err = invalidation.ReadDependency(b)
	if err == nil && len(b)-len(e.Rows) > maxDependency {
		return fmt.Errorf("cacheops: the dependency is too large")
	}
	return err
}

// appendHead appends the times and the stamp.
func appendHead(b []byte, e *Entry) []byte {
	start := len(b)
	b = encoded.AppendInt(b, e.Stored.Unix())
	b = encoded.AppendUint(b, uint64(e.Stored.Nanosecond()))
	b = encoded.AppendInt(b, int64(e.TTL))
	b = encoded.AppendUint(b, uint64(len(e.Stamp)))
	for _, p := range e.Stamp {
		b = encoded.AppendFixed(b, p.Epoch) // which is random
		b = encoded.AppendUint(b, p.Number)
	}
	return encoded.EndFrame(b, start)
}

func (e *Entry) readHead(head []byte) error {
	r := encoded.NewReader(string(head))
	seconds, nanoseconds := r.Int(), r.Uint()
	if nanoseconds >= 1e9 {
		r.Failf("there are no %d nanoseconds in a second", nanoseconds)
	}
	e.Stored = time.Unix(seconds, int64(nanoseconds))
	e.TTL = time.Duration(r.Int())
	e.Stamp = make([]Position, r.Count(9))
	for i := range e.Stamp {
		e.Stamp[i] = Position{Epoch: r.Fixed(), Number: r.Uint()}
	}
	return r.End()
}
