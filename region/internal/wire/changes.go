package wire

import (
	"fmt"

	"github.com/seed92106438/cacheops/invalidation"
)

// maxChanges is the size in bytes past which changes are made wider. Every process
// that follows the journal reads them, and keeps them for as long as it does.
const maxChanges = 32 << 10

// SealChanges returns changes as they are kept in a store's journal of that name.
// Those that are too large are made wider, so that what is opened again covers what
// was sealed.
func (c *Codec) SealChanges(changes []invalidation.Change, journal string) ([]byte, error) {
	return c.seal(appendBounded(begin(isChanges, 0), changes), journal)
}

// OpenChanges returns the changes that were sealed as b for a journal. They do not
// refer to b. Its errors wrap [ErrDamaged] or [ErrVersion].
func (c *Codec) OpenChanges(b []byte, journal string) ([]invalidation.Change, error) {
	b, err := c.open(b, isChanges, journal)
	if err != nil {
		return nil, err
	}
	changes, err := readChanges(b)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return changes, nil
}

// appendBounded appends changes that cover those given, within maxChanges if it is
// not names alone that take more.
func appendBounded(b []byte, changes []invalidation.Change) []byte {
	if all, ok := appendChanges(b, changes, maxChanges); ok {
		return all
	}
	hulls := make([]invalidation.Change, len(changes))
	for i := range changes {
		hulls[i] = changes[i].Hull()
	}
	if all, ok := appendChanges(b, hulls, maxChanges); ok {
		return all
	}
	unanalysed := invalidation.Unanalysed(changes)
	for i := range unanalysed {
		b = invalidation.AppendChange(b, &unanalysed[i])
	}
	return b
}

// appendChanges appends changes. It reports false if they take more than limit
// bytes.
func appendChanges(b []byte, changes []invalidation.Change, limit int) ([]byte, bool) {
	start := len(b)
	for i := range changes {
		b = invalidation.AppendChange(b, &changes[i])
		if len(b)-start > limit {
			return nil, false
		}
	}
	return b, true
}

// readChanges reads changes up to the end.
func readChanges(b []byte) (changes []invalidation.Change, err error) {
	for len(b) > 0 {
		var c invalidation.Change
		if c, b, err = invalidation.ReadChange(b); err != nil {
			return nil, err
		}
		changes = append(changes, c)
	}
	return changes, nil
}
