package wire

import (
	"encoding/binary"
	"fmt"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// compressor and expander are made when they are first needed. They have no
// goroutines, and serve all codecs.
var (
	compressor = sync.OnceValues(func() (*zstd.Encoder, error) {
		return zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderCRC(false), zstd.WithLowerEncoderMem(true))
	})
	// What is expanded never outgrows the room that it is given.
	expander = sync.OnceValues(func() (*zstd.Decoder, error) {
		return zstd.NewReader(nil, zstd.WithDecodeAllCapLimit(true), zstd.WithDecoderConcurrency(0))
	})
)

// compress compresses what b has behind its header, and puts its size before it. If
// that gains nothing it returns b.
func compress(b []byte) ([]byte, error) {
	z, err := compressor()
	if err != nil {
		return nil, fmt.Errorf("cacheops: compressing a value: %w", err)
	}
	smaller := append(make([]byte, 0, len(b)), b[:headerSize]...)
	smaller[atFlags] |= isCompressed
	smaller = binary.AppendUvarint(smaller, uint64(len(b)-headerSize))
	smaller = z.EncodeAll(b[headerSize:], smaller)
	if len(smaller) >= len(b) {
		return b, nil
	}
	return smaller, nil
}

// expand returns what compress has made less, of no more than limit bytes.
func expand(b []byte, limit int) ([]byte, error) {
	size, n := binary.Uvarint(b)
	if n <= 0 || size > uint64(limit) {
		return nil, damaged("it is too large")
	}
	z, err := expander()
	if err != nil {
		return nil, fmt.Errorf("cacheops: expanding a value: %w", err)
	}
	inside, err := z.DecodeAll(b[n:], make([]byte, 0, size))
	if err != nil || uint64(len(inside)) != size {
		return nil, damaged("it cannot be expanded")
	}
	return inside, nil
}
