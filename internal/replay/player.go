package replay

import (
	"context"
	"database/sql/driver"
	"io"
	"reflect"
	"slices"
)

// player is the rows of one playing, as database/sql asks a driver for them.
type player struct {
	ctx     context.Context
	result  *Result // rows that are in memory; nil past a stream's first result set
	columns []string
	told    []column
	next    int // row of result
	stream  *Stream
	cells   *cells // for the stream's live rows
}

var (
	_ driver.RowsNextResultSet              = (*player)(nil)
	_ driver.RowsColumnTypeScanType         = (*player)(nil)
	_ driver.RowsColumnTypeDatabaseTypeName = (*player)(nil)
	_ driver.RowsColumnTypeLength           = (*player)(nil)
	_ driver.RowsColumnTypeNullable         = (*player)(nil)
	_ driver.RowsColumnTypePrecisionScale   = (*player)(nil)
)

// newPlayer gives each playing names of its own: GORM's Scan may write into
// what Columns returns.
func newPlayer(ctx context.Context, r *Result) *player {
	return &player{ctx: ctx, result: r, columns: slices.Clone(r.names), told: r.before}
}

// Next implements [driver.Rows].
func (p *player) Next(dest []driver.Value) error {
	r := p.result
	if r == nil || p.next == r.count {
		return p.nextLive(dest)
	}
	p.told = r.at
	at := p.next * len(dest)
	p.next++
	copy(dest, r.values[at:at+len(dest)])
	if r.bytes {
		own(dest)
	}
	return nil
}

// own replaces the bytes in a row by copies, which the caller may keep or
// write into: RawBytes and Scanners are handed them as they are.
func own(row []driver.Value) {
	n := 0
	for _, v := range row {
		if b, ok := v.([]byte); ok {
			n += len(b)
		}
	}
	room := make([]byte, 0, n)
	for i, v := range row {
		if b, ok := v.([]byte); ok && b != nil {
			from := len(room)
			room = append(room, b...)
			row[i] = room[from:len(room):len(room)]
		}
	}
}

// nextLive passes on a row that is still in the database, or the error that
// ended the reading. If the caller's context has ended, it is its error that
// counts: the rows themselves may have been closed by another on its behalf.
func (p *player) nextLive(dest []driver.Value) error {
	s := p.stream
	switch {
	case s == nil || s.nextSet:
		return io.EOF
	case s.err != nil:
		return p.fail(s.err)
	case !s.live.Next():
		if err := s.live.Err(); err != nil {
			return p.fail(err)
		}
		return io.EOF
	}
	if p.cells == nil {
		p.cells = newCells(len(dest))
	}
	if err := s.live.Scan(p.cells.dest...); err != nil {
		return p.fail(err)
	}
	for i := range dest {
		dest[i] = p.cells.list[i].value
	}
	return nil
}

func (p *player) fail(err error) error {
	if ended := p.ctx.Err(); ended != nil {
		return ended
	}
	return err
}

// HasNextResultSet implements [driver.RowsNextResultSet].
func (p *player) HasNextResultSet() bool {
	s := p.stream
	if s == nil || s.err != nil {
		return false
	}
	s.nextSet = s.nextSet || s.live.NextResultSet()
	return s.nextSet
}

// NextResultSet implements [driver.RowsNextResultSet]. Only a stream has
// further result sets, which are not in memory.
func (p *player) NextResultSet() error {
	if !p.HasNextResultSet() {
		return io.EOF
	}
	h, err := headerOf(p.stream.live)
	if err != nil {
		return err
	}
	p.stream.nextSet = false
	p.result, p.columns, p.told, p.cells = nil, h.names, h.before, nil
	return nil
}

// Close implements [driver.Rows].
func (p *player) Close() error {
	if p.stream == nil {
		return nil
	}
	return p.stream.Close()
}

// Columns implements [driver.Rows].
func (p *player) Columns() []string { return p.columns }

// ColumnTypeScanType implements [driver.RowsColumnTypeScanType].
func (p *player) ColumnTypeScanType(i int) reflect.Type { return p.told[i].scan }

// ColumnTypeDatabaseTypeName implements [driver.RowsColumnTypeDatabaseTypeName].
func (p *player) ColumnTypeDatabaseTypeName(i int) string { return p.told[i].databaseType }

// ColumnTypeLength implements [driver.RowsColumnTypeLength].
func (p *player) ColumnTypeLength(i int) (length int64, ok bool) {
	return p.told[i].length, p.told[i].hasLength
}

// ColumnTypeNullable implements [driver.RowsColumnTypeNullable].
func (p *player) ColumnTypeNullable(i int) (nullable, ok bool) {
	return p.told[i].nullable, p.told[i].hasNullable
}

// ColumnTypePrecisionScale implements [driver.RowsColumnTypePrecisionScale].
func (p *player) ColumnTypePrecisionScale(i int) (precision, scale int64, ok bool) {
	return p.told[i].precision, p.told[i].scale, p.told[i].hasDecimal
}
