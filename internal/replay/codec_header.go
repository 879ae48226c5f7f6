package replay

import (
	"database/sql"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/seed92106438/cacheops/internal/encoded"
)

// scanTypes gives the scan types that can be encoded their numbers, which are never
// used again for others. What else a driver may tell is its own: it cannot be named
// to other processes, and what GORM's maps get by it would not be the same.
var scanTypes = []reflect.Type{
	0:  nil, // of a driver that has nothing to tell
	1:  reflect.TypeFor[any](),
	2:  reflect.TypeFor[*any](),
	3:  reflect.TypeFor[bool](),
	4:  reflect.TypeFor[int](),
	5:  reflect.TypeFor[int8](),
	6:  reflect.TypeFor[int16](),
	7:  reflect.TypeFor[int32](),
	8:  reflect.TypeFor[int64](),
	9:  reflect.TypeFor[uint](),
	10: reflect.TypeFor[uint8](),
	11: reflect.TypeFor[uint16](),
	12: reflect.TypeFor[uint32](),
	13: reflect.TypeFor[uint64](),
	14: reflect.TypeFor[float32](),
	15: reflect.TypeFor[float64](),
	16: reflect.TypeFor[string](),
	17: reflect.TypeFor[[]byte](),
	18: reflect.TypeFor[time.Time](),
	19: reflect.TypeFor[sql.RawBytes](),
	20: reflect.TypeFor[sql.NullBool](),
	21: reflect.TypeFor[sql.NullByte](),
	22: reflect.TypeFor[sql.NullInt16](),
	23: reflect.TypeFor[sql.NullInt32](),
	24: reflect.TypeFor[sql.NullInt64](),
	25: reflect.TypeFor[sql.NullFloat64](),
	26: reflect.TypeFor[sql.NullString](),
	27: reflect.TypeFor[sql.NullTime](),
}

// columnSize is how many bytes a column takes at least.
const columnSize = 6

// Bits of a column.
const (
	bitNullable = 1 << iota
	bitHasNullable
	bitHasLength
	bitHasDecimal
)

// append appends the columns' names, and what the driver told of them: before the
// first row, and at the first row if that was something else.
func (h *header) append(b []byte) ([]byte, error) {
	b = encoded.AppendUint(b, uint64(len(h.names)))
	for _, name := range h.names {
		b = encoded.AppendText(b, name)
	}
	b, err := appendColumns(b, h.before)
	if err != nil || slices.Equal(h.before, h.at) {
		return append(b, 0), err
	}
	return appendColumns(append(b, 1), h.at)
}

func (h *header) read(r *encoded.Reader) {
	h.names = make([]string, r.Count(1+columnSize))
	for i := range h.names {
		h.names[i] = r.Text()
	}
	h.before = readColumns(r, len(h.names))
	switch r.Byte() {
	case 0:
		h.at = h.before
	case 1:
		h.at = readColumns(r, len(h.names))
	default:
		r.Failf("columns are neither as before nor others")
	}
}

func appendColumns(b []byte, columns []column) ([]byte, error) {
	for i := range columns {
		c := &columns[i]
		scan := slices.Index(scanTypes, c.scan)
		if scan < 0 {
			return nil, fmt.Errorf("%w: scan type %s", errForeign, c.scan)
		}
		b = append(b, c.bits(), byte(scan))
		b = encoded.AppendText(b, c.databaseType)
		b = encoded.AppendInt(b, c.length)
		b = encoded.AppendInt(b, c.precision)
		b = encoded.AppendInt(b, c.scale)
	}
	return b, nil
}

func readColumns(r *encoded.Reader, n int) []column {
	if n > r.Len()/columnSize {
		r.Failf("there are not %d columns", n)
		return nil
	}
	columns := make([]column, n)
	for i := range columns {
		c := &columns[i]
		c.setBits(r)
		scan := int(r.Byte())
		if scan >= len(scanTypes) {
			r.Failf("scan type %d is not known", scan)
			return nil
		}
		c.scan = scanTypes[scan]
		c.databaseType = r.Text()
		c.length, c.precision, c.scale = r.Int(), r.Int(), r.Int()
	}
	return columns
}

func (c *column) bits() byte {
	return bit(c.nullable, bitNullable) | bit(c.hasNullable, bitHasNullable) | bit(c.hasLength, bitHasLength) | bit(c.hasDecimal, bitHasDecimal)
}

func bit(set bool, bit byte) byte {
	if set {
		return bit
	}
	return 0
}

func (c *column) setBits(r *encoded.Reader) {
	bits := r.Byte()
	if bits > bitNullable|bitHasNullable|bitHasLength|bitHasDecimal {
		r.Failf("a column has bits %#x", bits)
	}
	c.nullable, c.hasNullable = bits&bitNullable != 0, bits&bitHasNullable != 0
	c.hasLength, c.hasDecimal = bits&bitHasLength != 0, bits&bitHasDecimal != 0
}
