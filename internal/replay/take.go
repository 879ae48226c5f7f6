package replay

import (
	"bytes"
	"database/sql"
	"database/sql/driver"
	"slices"
	"time"
)

// value is what a driver gave for one column of one row.
type value = driver.Value

// Take reads rows to their end and closes them. It returns one of two: a
// Result, or, if there is none, a Stream of the same rows that the caller must
// play or close. There is no Result if it would take more than limit bytes,
// if reading ended in an error, if a value is not plain data, or if another
// result set follows. Rows are not read further than it takes to find that
// out.
func Take(rows *sql.Rows, limit int64) (*Result, *Stream) {
	r := &Result{}
	s := &Stream{Result: r, live: rows}
	var err error
	if r.header, err = headerOf(rows); err != nil {
		return nil, s
	}
	r.size = r.header.size()
	for cells := newCells(len(r.names)); rows.Next(); {
		if r.count == 0 {
			r.atFirst(rows)
		}
		if err := rows.Scan(cells.dest...); err != nil {
			s.err = err
			return nil, s
		}
		plain := r.add(cells)
		if !plain || r.size > limit {
			return nil, s
		}
	}
	if s.err = rows.Err(); s.err != nil {
		return nil, s
	}
	if rows.NextResultSet() {
		s.nextSet = true
		return nil, s
	}
	_ = rows.Close() // which has ended by itself
	r.values = slices.Clip(r.values)
	return r, nil
}

// add appends the row in cells, and reports whether it is plain data.
func (r *Result) add(c *cells) bool {
	r.count++
	plain := true
	for i := range c.list {
		cell := &c.list[i]
		r.values = append(r.values, cell.value)
		r.size += cell.size
		r.bytes = r.bytes || cell.bytes
		plain = plain && !cell.foreign
	}
	return plain
}

// cells receive a row as the driver gave it.
type cells struct {
	list []cell
	dest []any // pointers to list's elements
}

func newCells(n int) *cells {
	c := &cells{list: make([]cell, n), dest: make([]any, n)}
	for i := range c.list {
		c.dest[i] = &c.list[i]
	}
	return c
}

// cell receives one value. As a [sql.Scanner] it is handed what the driver
// gave, unconverted.
type cell struct {
	value   value
	size    int64
	bytes   bool
	foreign bool // not plain data: a cursor, or a type of the driver's own
}

// Sizes of what an interface refers to, and of an interface itself.
const (
	faceSize   = 16
	wordSize   = 8
	stringSize = 16
	sliceSize  = 24
	timeSize   = 24
)

// Scan implements [sql.Scanner]. Bytes are the driver's memory until the next
// row, so they are copied; nil stays nil.
func (c *cell) Scan(src any) error {
	*c = cell{value: src}
	if b, ok := src.([]byte); ok {
		c.value, c.bytes = bytes.Clone(b), true
	}
	var plain bool
	c.size, plain = sizeOf(src)
	c.foreign = !plain
	return nil
}

// sizeOf returns the memory that a value takes, in bytes, about. It reports false
// if the value is not plain data.
func sizeOf(v value) (int64, bool) {
	switch v := v.(type) {
	case nil, bool:
		return faceSize, true
	case int64, float64, int, int8, int16, int32, uint, uint8, uint16, uint32, uint64, float32:
		return faceSize + wordSize, true
	case string:
		return faceSize + stringSize + int64(len(v)), true
	case time.Time:
		return faceSize + timeSize, true
	case []byte:
		return faceSize + sliceSize + int64(len(v)), true
	}
	return faceSize, false
}
