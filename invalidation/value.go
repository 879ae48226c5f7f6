package invalidation

import (
	"bytes"
	"cmp"
	"database/sql/driver"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Kind is the domain in which the values of a column are compared.
type Kind int

// The kinds. Nothing is known of a value in a column of Unknown kind but
// whether it is NULL.
const (
	Unknown  Kind = iota
	Int           // integers and booleans, stored as integers
	Float         // binary floating point
	Text          // text under any collation: compared under a fold that separates nothing that some collation unites
	Bytes         // compared byte by byte
	Time          // instants; a column that forgets the zone of what it is given is a Clock
	Exact         // text that is equal only to itself but for trailing blanks
	Clock         // times without a zone: an instant is known as far as zones differ
	Decimal       // exact numbers with a fraction, which a column rounds to its scale
	UUID          // in whatever form they are written
	Wall          // times as the clock shows them in the zone that they are given in
	Day           // the days of such times; nothing is known of the time of day
	Verbatim      // times as the texts in which they are written down, compared byte by byte, after all numbers
)

// Value is one value in the order of its kind, or NULL, which is the zero
// Value. Two values are == if and only if they are the same.
type Value struct {
	kind Kind   // Unknown for NULL
	hi   int64  // Int: the upper half of 128 bits in two's complement; Time, Clock, Wall: seconds since 1970; Day: days since then; Decimal: the next lower integer; UUID: the first half
	lo   uint64 // Int: the lower half; Time, Clock, Wall: nanoseconds; Decimal: the rest, see [unit]; Float: bits that sort as the numbers do; UUID: the second half
	text string // Verbatim: empty for a number; Text: folded; Exact: without trailing blanks; Bytes: without trailing zeros
}

// maxText is the length in bytes past which a text or a blob is not
// understood. Values live on in journals and cached results, and nobody looks
// a row up by a whole article.
const maxText = 256

// maxOffset is the zone offset, in seconds, from which on a time is not
// understood.
const maxOffset = 24 * 60 * 60

// pointed reports whether the values of the kind are equal to no other: none is
// rounded when it is stored or compared.
func (k Kind) pointed() bool {
	switch k {
	case Int, Text, Exact, Bytes, UUID, Verbatim:
		return true
	}
	return false
}

// separate reports whether values of the kind that differ are different to
// every database, and values that do not are equal to every one. Texts and blobs
// are not of that sort: they are held for equal here where some database does.
func (k Kind) separate() bool { return k == Int || k == UUID }

// ordered reports whether the order of the kind's values is the database's.
// That of texts is the collation's.
func (k Kind) ordered() bool {
	switch k {
	case Int, Float, Decimal, Time, Clock, Wall, Day, Verbatim:
		return true
	}
	return false
}

// alone reports whether the value stands for no other that the database has in
// some order with it: of one day, some times may be on either side of another.
func (v Value) alone() bool { return v.kind != Day && (v.kind != Verbatim || v.text != "") }

// Kind returns the kind of the value, Unknown for NULL.
func (v Value) Kind() Kind { return v.kind }

func (v Value) isNull() bool { return v.kind == Unknown }

// compare orders NULL before all else, and the values of one kind among each
// other. The order of values of two kinds means nothing.
func (v *Value) compare(other *Value) int {
	if c := cmp.Compare(v.kind, other.kind); c != 0 {
		return c
	}
	if c := cmp.Compare(v.hi, other.hi); c != 0 {
		return c
	}
	if c := cmp.Compare(v.lo, other.lo); c != 0 {
		return c
	}
	return strings.Compare(v.text, other.text)
}

// sorted sorts values in place and returns them, each once.
func sorted(values []Value) []Value {
	slices.SortFunc(values, func(a, b Value) int { return a.compare(&b) })
	return slices.Compact(values)
}

// search returns where v is in sorted values, or would be. It is written out
// because it runs on hits under writes, where the copies that the library's
// makes of each value cost more than the comparison.
func search(values []Value, v *Value) (int, bool) {
	lo, hi := 0, len(values)
	for lo < hi {
		switch middle := (lo + hi) / 2; values[middle].compare(v) {
		case 0:
			return middle, true
		case -1:
			lo = middle + 1
		default:
			hi = middle
		}
	}
	return lo, false
}

// valueOf reads v as a value of kind. It reports false for what is not
// understood: if the types do not agree, the database's own conversion
// decides which rows are equal, and that is not modelled here.
func valueOf(v driver.Value, kind Kind) (Value, bool) {
	if v == nil {
		return Value{}, true
	}
	switch kind {
	case Int:
		return intValue(v)
	case Float:
		return floatValue(v)
	case Text:
		s, ok := v.(string)
		if !ok || len(s) > maxText {
			return Value{}, false
		}
		s, ok = fold(s)
		return Value{kind: Text, text: s}, ok
	case Exact:
		// A []byte may be sent as text, or as the notation of a blob.
		s, ok := v.(string)
		if !ok || len(s) > maxText {
			return Value{}, false
		}
		return Value{kind: Exact, text: strings.TrimRight(s, " ")}, true
	case Bytes:
		return bytesValue(v)
	case Time, Clock:
		return timeValue(v, kind)
	case Wall:
		return wallValue(v)
	case Day:
		return dayValue(v)
	case Verbatim:
		return verbatimValue(v)
	case Decimal:
		return decimalValue(v)
	case UUID:
		return uuidValue(v)
	}
	return Value{}, false
}

// bytesValue reads a blob. A column of fixed length fills what it is given up
// with zeros, so those at the end do not count.
func bytesValue(v driver.Value) (Value, bool) {
	// Drivers bind a nil slice as NULL or as an empty blob.
	b, ok := v.([]byte)
	if !ok || b == nil || len(b) > maxText {
		return Value{}, false
	}
	return Value{kind: Bytes, text: string(bytes.TrimRight(b, "\x00"))}, true
}

// intValue reads an integer, a boolean, or a decimal numeral that every
// database converts to just one integer.
func intValue(v driver.Value) (Value, bool) {
	switch v := v.(type) {
	case int64:
		return Value{kind: Int, hi: v >> 63, lo: uint64(v)}, true
	case uint64:
		return Value{kind: Int, lo: v}, true
	case bool:
		if v {
			return Value{kind: Int, lo: 1}, true
		}
		return Value{kind: Int}, true
	case string:
		// Past 2^53 some database converts by way of a double.
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil || n >= 1<<53 || n <= -1<<53 || strconv.FormatInt(n, 10) != v {
			return Value{}, false
		}
		return Value{kind: Int, hi: n >> 63, lo: uint64(n)}, true
	}
	return Value{}, false
}

func floatValue(v driver.Value) (Value, bool) {
	switch v := v.(type) {
	case float64:
		return ofFloat(v), !math.IsNaN(v)
	case int64:
		return ofFloat(float64(v)), true
	case uint64:
		return ofFloat(float64(v)), true
	}
	return Value{}, false
}

// ofFloat turns the sign and magnitude of an IEEE number into bits that sort
// as the numbers do: negative ones are complemented, the others are set above
// them.
func ofFloat(f float64) Value {
	bits := math.Float64bits(f)
	if bits>>63 == 1 {
		bits = ^bits
	} else {
		bits |= 1 << 63
	}
	return Value{kind: Float, lo: bits}
}

// float is the inverse of ofFloat.
func (v Value) float() float64 {
	if v.lo>>63 == 1 {
		return math.Float64frombits(v.lo &^ (1 << 63))
	}
	return math.Float64frombits(^v.lo)
}

// timeValue reads an instant. Databases that keep times as text compare the
// text, and that follows the instants, within [Value.orderSlack], only for
// years of four digits and for zones that the text can express: whole minutes,
// less than a day.
func timeValue(v driver.Value, kind Kind) (Value, bool) {
	t, ok := v.(time.Time)
	if !ok {
		return Value{}, false
	}
	_, offset := t.Zone()
	if y := t.Year(); y < 0 || y > 9999 || offset%60 != 0 || offset <= -maxOffset || offset >= maxOffset {
		return Value{}, false
	}
	return Value{kind: kind, hi: t.Unix(), lo: uint64(t.Nanosecond())}, true
}

// fold maps every text to one that is equal for all texts that some collation
// holds for equal: letter case and trailing blanks go. It reports false for
// text beyond printable ASCII, where accents, ignorable characters and
// expansions such as ß = ss begin.
func fold(s string) (string, bool) {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return "", false
		}
	}
	return strings.ToLower(strings.TrimRight(s, " ")), true
}
