package querykey

import (
	"encoding/binary"
	"time"

	"github.com/cespare/xxhash/v2"
)

// Builder writes the parts of a key one after the other. Two keys are equal
// only if the same parts were written in the same order.
//
// The zero Builder is ready for use. One that is used again after Reset keeps
// its memory, so that making a key allocates nothing. A Builder must not be
// used by two goroutines at once.
type Builder struct {
	buf    []byte
	common int
}

// tag begins each part and tells its type. Whatever follows a tag says itself
// where it ends, so the sequence of parts can be read back from the text, and
// that is why different sequences never have the same text. Tags of arguments
// differ from those of the fixed parts, so neither can pass for the other.
type tag byte

const (
	tagNull tag = iota
	tagFalse
	tagTrue
	tagInt
	tagUint
	tagFloat
	tagText
	tagBytes
	tagTime
	tagDefined // the names of a type; the argument follows
	tagPartString
	tagPartUint
)

// Reset forgets what was written. A [Key] that was made before, and not
// cloned, becomes invalid.
func (b *Builder) Reset() { b.buf, b.common = b.buf[:0], 0 }

// EndCommon ends the part of the key that means the same in every process. If
// it is not called there is no such part.
func (b *Builder) EndCommon() { b.common = len(b.buf) }

// Parts are parts of a key, written before for all keys that have them in common.
type Parts string

// Parts returns what was written since Reset.
func (b *Builder) Parts() Parts { return Parts(b.buf) }

// Again writes parts as they were written before.
func (b *Builder) Again(p Parts) { b.buf = append(b.buf, p...) }

// String writes a fixed part: the database's identity, the SQL, an extra.
func (b *Builder) String(s string) {
	b.tag(tagPartString)
	b.text(s)
}

// Uint writes a fixed part that is a number, such as a shape.
func (b *Builder) Uint(n uint64) {
	b.tag(tagPartUint)
	b.buf = binary.AppendUvarint(b.buf, n)
}

// Value writes a bound argument, either as the caller gave it or as
// [Normalize] returned it. An argument of a defined type is written with the
// name of the type, since a driver may treat it in a way of its own.
//
// It reports false if the argument has no known stored form; then no key can
// be made of this query.
func (b *Builder) Value(v any) bool {
	switch v := v.(type) { // what most arguments are, by the shortest way
	case string:
		b.tag(tagText)
		b.text(v)
		return true
	case int:
		b.int(int64(v))
		return true
	case int64:
		b.int(v)
		return true
	}
	s, ok := store(v)
	if !ok {
		return false
	}
	if s.defined != nil {
		b.tag(tagDefined)
		b.text(s.defined.PkgPath())
		b.text(s.defined.String())
	}
	b.stored(&s)
	return true
}

// Key returns the key of what was written. Its Text is the builder's own
// memory, valid until the next use of the builder: [Key.Clone] keeps it.
func (b *Builder) Key() Key {
	return Key{Hash: xxhash.Sum64(b.buf), Text: b.buf, Common: b.common}
}

func (b *Builder) stored(s *stored) {
	b.tag(s.tag)
	switch s.tag {
	case tagInt:
		b.buf = binary.AppendVarint(b.buf, int64(s.bits))
	case tagUint:
		b.buf = binary.AppendUvarint(b.buf, s.bits)
	case tagFloat: // by its bits: 0 and -0 differ, a NaN equals itself
		b.buf = binary.BigEndian.AppendUint64(b.buf, s.bits)
	case tagText:
		b.text(s.text)
	case tagBytes:
		b.buf = binary.AppendUvarint(b.buf, uint64(len(s.bytes)))
		b.buf = append(b.buf, s.bytes...)
	case tagTime:
		b.time(s.time)
	}
}

// time writes the instant and the zone: databases that keep times as text, or
// without a zone, tell equal instants in different zones apart.
func (b *Builder) time(t time.Time) {
	name, offset := t.Zone()
	b.buf = binary.AppendVarint(b.buf, t.Unix())
	b.buf = binary.AppendUvarint(b.buf, uint64(t.Nanosecond()))
	b.buf = binary.AppendVarint(b.buf, int64(offset))
	b.text(name)
}

func (b *Builder) int(n int64) {
	b.tag(tagInt)
	b.buf = binary.AppendVarint(b.buf, n)
}

func (b *Builder) tag(t tag) { b.buf = append(b.buf, byte(t)) }

func (b *Builder) text(s string) {
	b.buf = binary.AppendUvarint(b.buf, uint64(len(s)))
	b.buf = append(b.buf, s...)
}
