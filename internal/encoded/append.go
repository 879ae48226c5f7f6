// Package encoded has the numbers, texts and frames that all encodings of this
// module are made of. What is put together of them is the business of others.
//
// A number is a varint, as package encoding/binary has it; one with a sign is
// folded first, so that small ones are short on either side of zero. A text, which
// may be any bytes, is its length and then itself. A frame is a text that is read
// as an encoding of its own.
package encoded

import (
	"encoding/binary"
	"slices"
)

// AppendUint appends a number without a sign.
func AppendUint(b []byte, n uint64) []byte { return binary.AppendUvarint(b, n) }

// AppendInt appends a number with a sign.
func AppendInt(b []byte, n int64) []byte { return binary.AppendVarint(b, n) }

// AppendInt128 appends a number of 128 bits in two's complement. One that has 64
// is written as [AppendInt] does.
func AppendInt128(b []byte, hi int64, lo uint64) []byte {
	sign := uint64(hi >> 63)
	high, low := (uint64(hi)<<1|lo>>63)^sign, lo<<1^sign
	for high != 0 || low >= 0x80 {
		b = append(b, byte(low)|0x80)
		low = low>>7 | high<<57
		high >>= 7
	}
	return append(b, byte(low))
}

// AppendFixed appends eight bytes, the highest first.
func AppendFixed(b []byte, n uint64) []byte { return binary.BigEndian.AppendUint64(b, n) }

// AppendText appends a text.
func AppendText[T string | []byte](b []byte, text T) []byte {
	return append(AppendUint(b, uint64(len(text))), text...)
}

// EndFrame makes a frame of what b has from start on.
func EndFrame(b []byte, start int) []byte {
	var length [binary.MaxVarintLen64]byte
	n := binary.PutUvarint(length[:], uint64(len(b)-start))
	return slices.Insert(b, start, length[:n]...)
}
