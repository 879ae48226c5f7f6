package wire

import (
	"encoding/binary"
	"fmt"

	"github.com/cespare/xxhash/v2"
)

// An envelope begins with a header of these bytes.
const (
	magic1, magic2 = 'c', 'o'
	version        = 1

	atVersion  = 2
	atContent  = 3
	atFlags    = 4
	headerSize = 5
)

// What is in an envelope.
const (
	isEntry   = 1
	isChanges = 2
)

// Flags of an envelope.
const (
	isCompressed = 1 << 0
	isEncrypted  = 1 << 1
)

const checksumSize = 8

// begin returns the header of an envelope, with room for so many bytes behind it.
func begin(content byte, room int) []byte {
	return append(make([]byte, 0, headerSize+room+checksumSize), magic1, magic2, version, content, 0)
}

// seal closes the envelope that b is up to now: a header and what is in it. It may
// write to b.
func (c *Codec) seal(b []byte, name string) ([]byte, error) {
	if n := len(b) - headerSize; n > c.max() {
		return nil, fmt.Errorf("cacheops: a value of %d bytes is larger than %d", n, c.max())
	} else if c.compressAbove > 0 && n > c.compressAbove {
		var err error
		if b, err = compress(b); err != nil {
			return nil, err
		}
	}
	if c.root != nil {
		return c.encrypt(b, name)
	}
	return binary.BigEndian.AppendUint64(b, checksum(b, name)), nil
}

// open returns what is in an envelope that was sealed under a name. It may refer to
// b.
func (c *Codec) open(b []byte, content byte, name string) ([]byte, error) {
	switch {
	case len(b) < headerSize || b[0] != magic1 || b[1] != magic2:
		return nil, damaged("it has no header")
	case b[atVersion] != version:
		return nil, fmt.Errorf("%w: %d", ErrVersion, b[atVersion])
	case b[atContent] != content || b[atFlags] > isCompressed|isEncrypted:
		return nil, damaged("it has another header")
	case (b[atFlags]&isEncrypted != 0) != (c.root != nil):
		return nil, damaged("it is encrypted and ought not to be, or the other way round")
	}
	inside, err := c.check(b, name)
	if err != nil {
		return nil, err
	}
	if b[atFlags]&isCompressed != 0 {
		return expand(inside, c.max())
	}
	if len(inside) > c.max() {
		return nil, damaged("it is too large")
	}
	return inside, nil
}

// check returns what is between the header and the checksum, or is encrypted, if it
// is as it was sealed.
func (c *Codec) check(b []byte, name string) ([]byte, error) {
	if c.root != nil {
		return c.decrypt(b, name)
	}
	end := len(b) - checksumSize
	if end < headerSize || binary.BigEndian.Uint64(b[end:]) != checksum(b[:end], name) {
		return nil, damaged("its checksum is another")
	}
	return b[headerSize:end:end], nil
}

// checksum returns the digest of an envelope and of the name that it is kept under,
// so that one under another's name is found out.
func checksum(b []byte, name string) uint64 {
	var d xxhash.Digest
	d.Reset()
	_, _ = d.Write(b)
	_, _ = d.WriteString(name)
	return d.Sum64()
}

func damaged(why string) error { return fmt.Errorf("%w: %s", ErrDamaged, why) }
