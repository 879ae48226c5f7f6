package invalidation

import (
	"math"
	"slices"
	"strings"

	"github.com/seed92106438/cacheops/internal/encoded"
)

// numbering gives the constants of a type the numbers by which they are known
// outside of the process. Those are never used again for anything else, and do not
// follow the order of the constants.
type numbering[T comparable] []T

// number returns the number of a constant, which is 0 for one that has none.
func (n numbering[T]) number(v T) byte { return byte(max(slices.Index(n, v), 0)) }

// read reads the number of a constant.
func (n numbering[T]) read(r *encoded.Reader, what string) T {
	number := int(r.Byte())
	if number >= len(n) {
		r.Failf("%s %d is not known", what, number)
		number = 0
	}
	return n[number]
}

var kindNumbers = numbering[Kind]{
	0: Unknown, 1: Int, 2: Float, 3: Text, 4: Bytes, 5: Time, 6: Exact, 7: Clock, 8: Decimal, 9: UUID, 10: Wall, 11: Day, 12: Verbatim,
}

// appendValue appends a value that is not NULL. Of what kind it is, is known from
// the set that it is in.
func appendValue(b []byte, v *Value) []byte {
	switch v.kind {
	case Int:
		return encoded.AppendInt128(b, v.hi, v.lo)
	case Float:
		return encoded.AppendFixed(b, v.floatBits())
	case Time, Clock, Wall, Decimal:
		return encoded.AppendUint(encoded.AppendInt(b, v.hi), v.lo)
	case Day:
		return encoded.AppendInt(b, v.hi)
	case UUID:
		return encoded.AppendFixed(encoded.AppendFixed(b, uint64(v.hi)), v.lo)
	}
	return encoded.AppendText(b, v.text)
}

// floatBits returns the bits of a Float as IEEE 754 has them. They are not taken
// by way of a float64, in which some processors alter them.
func (v *Value) floatBits() uint64 {
	if v.lo>>63 == 1 {
		return v.lo &^ (1 << 63)
	}
	return ^v.lo
}

// readValue reads a value of a kind. It fails on what [valueOf] never makes: values
// are compared as they are, so one that is written in two ways would not be equal
// to itself.
func readValue(r *encoded.Reader, kind Kind) Value {
	v := Value{kind: kind}
	switch kind {
	case Int:
		v.hi, v.lo = r.Int128()
	case Float:
		f := math.Float64frombits(r.Fixed())
		if f != f {
			r.Failf("a value is no number")
			return Value{}
		}
		return ofFloat(f)
	case Time, Clock, Wall, Decimal:
		v.hi, v.lo = r.Int(), r.Uint()
	case Day:
		v.hi = r.Int()
	case UUID:
		v.hi, v.lo = int64(r.Fixed()), r.Fixed()
	default:
		v.text = r.Text()
	}
	if !v.normal() {
		r.Failf("a value of kind %d is not in its normal form", kindNumbers.number(kind))
	}
	return v
}

// normal reports whether the value is in the one form that its kind has for it.
func (v *Value) normal() bool {
	switch v.kind {
	case Time, Clock:
		return v.lo < 1e9
	case Wall:
		return v.lo <= 1e9 // see rightBefore
	case Verbatim:
		return v.text == "" || isDated(v.text)
	case Decimal:
		return v.lo < unit
	case Text:
		folded, ok := fold(v.text)
		return ok && folded == v.text && len(v.text) <= maxText
	case Exact: // a prefix may end with blanks
		return len(v.text) <= maxText
	case Bytes:
		return !strings.HasSuffix(v.text, "\x00") && len(v.text) <= maxText
	}
	return v.kind != Unknown
}
