// Package wire has the form in which regions of several processes exchange results
// and changes through a store. docs/wire-format.md defines it.
//
// What a [Codec] has sealed is opened only under the same name, and only whole: what
// was altered, cut or put elsewhere is an error, as is what another version has
// written. An error says nothing against the store's other values; what it means
// that a value cannot be read is for the region to say.
package wire

import (
	"errors"
	"fmt"
)

// Errors of what cannot be opened.
var (
	// ErrDamaged is wrapped by the errors of what is not, or not any more, what a
	// Codec with the same secret has sealed under that name.
	ErrDamaged = errors.New("cacheops: the value is damaged, or was sealed with another secret")
	// ErrVersion is wrapped by the errors of what was sealed by another version.
	ErrVersion = errors.New("cacheops: the value is of a version that is not known")
)

// DefaultMaxSize is the size in bytes past which a value is neither sealed nor
// opened, unless the options say otherwise.
const DefaultMaxSize = 64 << 20

// MinSecret is the least length of a secret in bytes.
const MinSecret = 16

// Options of a [Codec]. The zero Options neither compress nor encrypt.
type Options struct {
	// CompressAbove is the size in bytes above which results are compressed. Zero
	// means never. What is compressed is read whatever it says.
	//
	// How well a result is compressed shows in its length, even if it is encrypted.
	CompressAbove int

	// Secret from which keys are made, of MinSecret bytes or more. With a secret all
	// is encrypted, and what is not was damaged.
	Secret []byte

	// MaxSize in bytes of a value when it is not compressed. Opening one never takes
	// more memory than a small multiple of it. Zero means DefaultMaxSize.
	MaxSize int
}

// Codec seals and opens. It is immutable, safe for concurrent use, and may be
// copied. Use [New] to make one; the zero Codec is that of the zero Options.
type Codec struct {
	compressAbove int // zero means never
	maxSize       int // zero means DefaultMaxSize
	root          []byte
}

// New returns the codec of some options.
func New(o Options) (Codec, error) {
	c := Codec{compressAbove: o.CompressAbove, maxSize: o.MaxSize}
	if c.compressAbove < 0 || c.maxSize < 0 {
		return Codec{}, errors.New("cacheops: sizes must not be negative")
	}
	if o.Secret == nil {
		return c, nil
	}
	if len(o.Secret) < MinSecret {
		return Codec{}, fmt.Errorf("cacheops: a secret of %d bytes is too short, it takes %d", len(o.Secret), MinSecret)
	}
	var err error
	c.root, err = rootOf(o.Secret)
	return c, err
}

// max returns the size of the largest value.
func (c *Codec) max() int {
	if c.maxSize == 0 {
		return DefaultMaxSize
	}
	return c.maxSize
}
