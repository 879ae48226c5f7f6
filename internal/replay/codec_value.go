package replay

import (
	"fmt"
	"math"
	"time"

	"github.com/seed92106438/cacheops/internal/encoded"
)

// tag begins a value and tells its type. The numbers are never used again for others.
type tag = byte

const (
	tagNil      tag = 0
	tagFalse    tag = 1
	tagTrue     tag = 2
	tagInt      tag = 3
	tagInt8     tag = 4
	tagInt16    tag = 5
	tagInt32    tag = 6
	tagInt64    tag = 7
	tagUint     tag = 8
	tagUint8    tag = 9
	tagUint16   tag = 10
	tagUint32   tag = 11
	tagUint64   tag = 12
	tagFloat32  tag = 13
	tagFloat64  tag = 14
	tagString   tag = 15
	tagBytes    tag = 16
	tagNilBytes tag = 17
	tagTime     tag = 18
)

// writer appends values, and knows the zones that it has named.
type writer struct {
	b     []byte
	zones []zone
}

// value appends what [cell.Scan] takes for plain data.
func (w *writer) value(v value) error {
	switch v := v.(type) {
	case nil:
		w.b = append(w.b, tagNil)
	case bool:
		if v {
			w.b = append(w.b, tagTrue)
		} else {
			w.b = append(w.b, tagFalse)
		}
	case string:
		w.b = encoded.AppendText(append(w.b, tagString), v)
	case []byte:
		if v == nil {
			w.b = append(w.b, tagNilBytes)
		} else {
			w.b = encoded.AppendText(append(w.b, tagBytes), v)
		}
	case time.Time:
		return w.time(v)
	case float32:
		w.b = encoded.AppendUint(append(w.b, tagFloat32), uint64(math.Float32bits(v)))
	case float64:
		w.b = encoded.AppendFixed(append(w.b, tagFloat64), math.Float64bits(v))
	default:
		return w.integer(v)
	}
	return nil
}

func (w *writer) integer(v value) error {
	signed := func(t tag, n int64) { w.b = encoded.AppendInt(append(w.b, t), n) }
	unsigned := func(t tag, n uint64) { w.b = encoded.AppendUint(append(w.b, t), n) }
	switch v := v.(type) {
	case int:
		signed(tagInt, int64(v))
	case int8:
		signed(tagInt8, int64(v))
	case int16:
		signed(tagInt16, int64(v))
	case int32:
		signed(tagInt32, int64(v))
	case int64:
		signed(tagInt64, v)
	case uint:
		unsigned(tagUint, uint64(v))
	case uint8:
		unsigned(tagUint8, uint64(v))
	case uint16:
		unsigned(tagUint16, uint64(v))
	case uint32:
		unsigned(tagUint32, uint64(v))
	case uint64:
		unsigned(tagUint64, v)
	default:
		return fmt.Errorf("%w: a value of type %T", errForeign, v)
	}
	return nil
}

// decoder reads values. Texts are parts of one copy of what is read, and so are
// bytes, of another.
type decoder struct {
	encoded.Reader
	all   string
	bytes []byte // all, once it has bytes
	zones []located
}

func newDecoder(b []byte) decoder {
	all := string(b)
	return decoder{Reader: encoded.NewReader(all), all: all}
}

func (d *decoder) value() value {
	switch t := d.Byte(); t {
	case tagNil:
		return nil
	case tagFalse:
		return false
	case tagTrue:
		return true
	case tagInt64:
		return d.Int()
	case tagFloat32:
		return math.Float32frombits(narrow[uint32](d, d.Uint()))
	case tagFloat64:
		return math.Float64frombits(d.Fixed())
	case tagString:
		return d.Text()
	case tagBytes:
		return d.own(len(d.Text()))
	case tagNilBytes:
		d.own(0)
		return []byte(nil)
	case tagTime:
		return d.time()
	default:
		return d.integer(t)
	}
}

func (d *decoder) integer(t tag) value {
	switch t {
	case tagInt:
		return narrow[int](d, d.Int())
	case tagInt8:
		return narrow[int8](d, d.Int())
	case tagInt16:
		return narrow[int16](d, d.Int())
	case tagInt32:
		return narrow[int32](d, d.Int())
	case tagUint:
		return narrow[uint](d, d.Uint())
	case tagUint8:
		return narrow[uint8](d, d.Uint())
	case tagUint16:
		return narrow[uint16](d, d.Uint())
	case tagUint32:
		return narrow[uint32](d, d.Uint())
	case tagUint64:
		return d.Uint()
	}
	d.Failf("a value of type %d is not known", t)
	return nil
}

// narrow returns n as the type that it was written as.
func narrow[T int | int8 | int16 | int32 | uint | uint8 | uint16 | uint32, N int64 | uint64](d *decoder, n N) T {
	if N(T(n)) != n {
		d.Failf("%d does not fit into its type", n)
		return 0
	}
	return T(n)
}

// own returns the n bytes that were read last, apart from the texts.
func (d *decoder) own(n int) []byte {
	if d.bytes == nil {
		d.bytes = []byte(d.all)
	}
	end := len(d.all) - d.Len()
	return d.bytes[end-n : end : end]
}
