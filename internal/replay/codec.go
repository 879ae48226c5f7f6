package replay

import (
	"errors"
	"fmt"

	"github.com/seed92106438/cacheops/internal/encoded"
)

// A Result has an encoding, in which processes share it. docs/wire-format.md defines
// it. What is decoded plays as the Result itself would, or there is an error: values
// keep the types that the driver gave them.

// version of the encoding.
const version = 1

// ErrVersion is wrapped by the errors of results that another version has encoded.
var ErrVersion = errors.New("cacheops: the rows are of a version that is not known")

var errForeign = errors.New("a result has what cannot be encoded")

// AppendBinary implements [encoding.BinaryAppender]. It returns an error, and b as it
// was, if the result has what would not be the same again: a scan type that is the
// driver's own, or a zone of which only this process knows.
func (r *Result) AppendBinary(b []byte) ([]byte, error) {
	if len(r.names) == 0 && r.count > 0 {
		return b, fmt.Errorf("cacheops: encoding rows: %w: rows without columns", errForeign)
	}
	whole, err := r.header.append(append(b, version))
	if err != nil {
		return b, fmt.Errorf("cacheops: encoding rows: %w", err)
	}
	whole = encoded.AppendUint(whole, uint64(r.count))
	w := writer{b: whole}
	for _, v := range r.values {
		if err := w.value(v); err != nil {
			return b, fmt.Errorf("cacheops: encoding rows: %w", err)
		}
	}
	return w.b, nil
}

// Decode returns the result that was encoded as b, to which it does not refer. It
// takes no more memory than a small multiple of what b does.
func Decode(b []byte) (*Result, error) {
	if len(b) > 0 && b[0] != version {
		return nil, fmt.Errorf("%w: %d", ErrVersion, b[0])
	}
	d := newDecoder(b)
	d.Byte()
	r := &Result{}
	r.header.read(&d.Reader)
	r.read(&d)
	if err := d.End(); err != nil {
		return nil, fmt.Errorf("cacheops: decoding rows: %w", err)
	}
	return r, nil
}

// read reads the rows. Each value takes a byte at least, so there are no more than
// there are bytes.
func (r *Result) read(d *decoder) {
	n := d.Uint()
	columns := uint64(len(r.names))
	if columns == 0 && n > 0 || columns > 0 && n > uint64(d.Len())/columns {
		d.Failf("%d rows of %d columns are too many", n, columns)
		return
	}
	r.count = int(n)
	if r.count == 0 {
		r.size = r.header.size()
		return
	}
	r.values = make([]value, r.count*len(r.names))
	r.size = r.header.size()
	for i := range r.values {
		v := d.value()
		size, _ := sizeOf(v)
		r.values[i] = v
		r.size += size
	}
	r.bytes = d.bytes != nil
}
