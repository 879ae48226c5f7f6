package encoded

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Errors of what is no encoding.
var (
	errShort = errors.New("it ends too early")
	errLong  = errors.New("it has more than its encoding")
	errLarge = errors.New("a number is too large")
)

// Reader reads what was appended, from the front. After something that cannot be
// read it is at its end, and Err tells what was wrong. So it need be asked once only,
// before what was read is relied on.
//
// Texts are parts of the string that it reads, not copies.
type Reader struct {
	all string
	at  int // of all; moving it costs less than cutting all shorter
	err error
}

// NewReader returns a reader of s.
func NewReader(s string) Reader { return Reader{all: s} }

// Fail ends the reading for a reason that the caller found, unless it has ended so
// before.
func (r *Reader) Fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.at = len(r.all)
}

// Failf is Fail with an error made of a text.
func (r *Reader) Failf(format string, args ...any) { r.Fail(fmt.Errorf(format, args...)) }

// Err returns why the reading has failed, if it has.
func (r *Reader) Err() error { return r.err }

// End fails unless all was read, and returns Err.
func (r *Reader) End() error {
	if r.Len() > 0 {
		r.Fail(errLong)
	}
	return r.err
}

// Len returns the number of bytes that are left.
func (r *Reader) Len() int { return len(r.all) - r.at }

// Byte reads a byte.
func (r *Reader) Byte() byte {
	if r.at == len(r.all) {
		r.Fail(errShort)
		return 0
	}
	c := r.all[r.at]
	r.at++
	return c
}

// Bytes reads n bytes. There must not be fewer than none to read.
func (r *Reader) Bytes(n int) string {
	if n > r.Len() {
		r.Fail(errShort)
		return ""
	}
	r.at += n
	return r.all[r.at-n : r.at]
}

// Fixed reads eight bytes.
func (r *Reader) Fixed() uint64 {
	s := r.Bytes(8)
	if s == "" {
		return 0
	}
	return uint64(s[0])<<56 | uint64(s[1])<<48 | uint64(s[2])<<40 | uint64(s[3])<<32 |
		uint64(s[4])<<24 | uint64(s[5])<<16 | uint64(s[6])<<8 | uint64(s[7])
}

// Uint reads a number without a sign.
func (r *Reader) Uint() uint64 {
	if r.at < len(r.all) && r.all[r.at] < 0x80 { // most are
		r.at++
		return uint64(r.all[r.at-1])
	}
	high, low := r.uint128()
	if high != 0 {
		r.Fail(errLarge)
		return 0
	}
	return low
}

// Int reads a number with a sign.
func (r *Reader) Int() int64 {
	n := r.Uint()
	return int64(n>>1) ^ -int64(n&1)
}

// Int128 reads a number of 128 bits in two's complement.
func (r *Reader) Int128() (hi int64, lo uint64) {
	high, low := r.uint128()
	sign := -(low & 1)
	return int64(high>>1 ^ sign), (low>>1 | high<<63) ^ sign
}

func (r *Reader) uint128() (high, low uint64) {
	for shift := 0; ; shift += 7 {
		c := r.Byte()
		if shift == 126 && c > 3 { // two bits are left
			r.Fail(errLarge)
			return 0, 0
		}
		part := uint64(c & 0x7f)
		switch {
		case shift < 64:
			low |= part << shift
			high |= part >> (64 - shift) // by 64 and more gives nothing
		default:
			high |= part << (shift - 64)
		}
		if c < 0x80 {
			return high, low
		}
	}
}

// Count reads the number of things that follow, each of which takes so many bytes at
// least. It fails if there are not as many, so the things may be made room for.
func (r *Reader) Count(least int) int {
	n := r.Uint()
	if n > uint64(r.Len()/least) {
		r.Fail(errShort)
		return 0
	}
	return int(n)
}

// Text reads a text.
func (r *Reader) Text() string { return r.Bytes(r.Count(1)) }

// Frame returns the content of the frame with which b begins, and what follows it.
func Frame(b []byte) (content, rest []byte, err error) {
	n, size := binary.Uvarint(b)
	switch {
	case size < 0:
		return nil, nil, errLarge
	case size == 0 || n > uint64(len(b)-size):
		return nil, nil, errShort
	}
	end := size + int(n)
	return b[size:end:end], b[end:], nil
}
