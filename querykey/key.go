package querykey

import "slices"

// Key identifies a query and the kind of variable its result is put into.
type Key struct {
	// Hash is a 64-bit digest of Text. Keys with equal hashes may differ.
	Hash uint64
	// Text is the key in full.
	Text []byte
	// Common is the length of the first part of Text, which means the same in
	// every process. What follows tells apart what the same rows are put into.
	Common int
}

// Clone returns a copy of the key that lives on when the [Builder] that made
// it is used again.
func (k Key) Clone() Key {
	return Key{Hash: k.Hash, Text: slices.Clone(k.Text), Common: k.Common}
}
