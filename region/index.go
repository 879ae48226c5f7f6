package region

import (
	"hash/maphash"

	"github.com/seed92106438/cacheops/invalidation"
)

// index remembers for how long a journal has left columns and values alone,
// in bounded space and without a limit in time. It is guarded by its journal.
//
// A change that came after some number can meet a box only if, in each column
// that the box confines to points, it left the column open, or touched one of
// the points. The index keeps the last number of either, per column and per
// (column, value); the latter hashed into a table of cells of fixed size, so
// that values may share a cell. A cell that is too young sends the reader to
// the records; a cell is never too old.
type index struct {
	seed    maphash.Seed
	size    int                // of cells
	all     uint64             // last change that meets everything
	columns map[string]*column // those that some dependency restricts
	cells   []uint64           // last change that touched a value; made when first needed
}

// column is what the index knows of a column that it watches.
//
// Points of different kinds cannot be told apart by comparing them, so a
// change of another kind than those before it leaves the column open.
// Invariant: every point that was noted after open is of the kind, or NULL.
type column struct {
	open   uint64 // last change with a box that leaves the column open
	kind   invalidation.Kind
	looked invalidation.Columns // looked at by the dependencies that restrict the column
}

// pointLimit is the number of points from which a term of a change counts as
// leaving its column open, so that one mass update cannot fill the cells.
const pointLimit = 256

// The bounds of the number of cells of a table: 8 KiB and 512 KiB.
const minCells, maxCells = 1 << 10, 1 << 16

// newIndex sizes the index of a journal that keeps length changes. It has
// several cells for each, for it is needed when more came than are kept.
func newIndex(length int) index {
	size := minCells
	for size < maxCells && size/4 < length {
		size *= 2
	}
	return index{seed: maphash.MakeSeed(), size: size, columns: map[string]*column{}}
}

// spares reports whether no change after the number since can meet d.
func (x *index) spares(d *invalidation.TableDependency, since uint64) bool {
	if x.all > since {
		return false
	}
	for i := range d.Parts {
		for _, box := range d.Parts[i].Boxes {
			if !x.sparesBox(box, since) {
				return false
			}
		}
	}
	return true
}

// sparesBox reports whether some term of the box alone keeps every change
// after the number since away.
func (x *index) sparesBox(box invalidation.Box, since uint64) bool {
	for i := range box {
		if x.sparesTerm(&box[i], since) {
			return true
		}
	}
	return false
}

func (x *index) sparesTerm(term *invalidation.Term, since uint64) bool {
	col := x.columns[term.Column]
	if col == nil || col.open > since {
		return false
	}
	points, finite := term.Set.Points()
	if !finite || !col.agrees(points) {
		return false
	}
	for _, value := range points {
		if x.cells != nil && *x.cell(term.Column, value) > since {
			return false
		}
	}
	return true
}

// agrees reports whether points are of the kind of those noted.
func (c *column) agrees(points []invalidation.Value) bool {
	kind := kindOf(points)
	return kind == c.kind || kind == invalidation.Unknown || c.kind == invalidation.Unknown
}

// kindOf returns the kind of the points of a set, Unknown if there is none but
// NULL, which comes first.
func kindOf(points []invalidation.Value) invalidation.Kind {
	if len(points) == 0 {
		return invalidation.Unknown
	}
	return points[len(points)-1].Kind()
}

// cell is where the last touch of a value of a column is noted.
func (x *index) cell(column string, value invalidation.Value) *uint64 {
	type point struct {
		column string
		value  invalidation.Value
	}
	return &x.cells[maphash.Comparable(x.seed, point{column, value})&uint64(x.size-1)]
}

// note records a committed change. The price is bounded by the columns that
// are watched and the boxes of the change, whatever is cached.
func (x *index) note(c *invalidation.Change, number uint64) {
	switch {
	case c.Table.Name == invalidation.AllTables:
		x.all = number
	case c.Kind == invalidation.Insert, c.Kind == invalidation.Update, c.Kind == invalidation.Delete:
		for name, col := range x.columns {
			x.noteColumn(name, col, c.Before, number)
			x.noteColumn(name, col, c.After, number)
		}
	default:
		x.all = number
	}
}

// noteColumn records what boxes do to one column.
func (x *index) noteColumn(name string, col *column, boxes []invalidation.Box, number uint64) {
	for _, box := range boxes {
		points, finite := pointsOf(box, name)
		if !finite || len(points) > pointLimit {
			col.open = number
			return
		}
		if !col.agrees(points) {
			col.open = number
		}
		if kind := kindOf(points); kind != invalidation.Unknown {
			col.kind = kind
		}
		x.touch(name, points, number)
	}
}

func (x *index) touch(column string, points []invalidation.Value, number uint64) {
	if x.cells == nil {
		x.cells = make([]uint64, x.size)
	}
	for _, value := range points {
		*x.cell(column, value) = number
	}
}

// pointsOf returns the points to which a box confines a column, if it does.
func pointsOf(box invalidation.Box, column string) ([]invalidation.Value, bool) {
	for _, term := range box {
		if term.Column == column {
			return term.Set.Points()
		}
	}
	return nil, false
}

// watch follows the columns that d restricts from now on. What happened to
// them up to the journal's present number is not known, so they count as left
// open then.
func (x *index) watch(d *invalidation.TableDependency, number uint64) {
	for i := range d.Parts {
		part := &d.Parts[i]
		for name := range part.Restricted() {
			col := x.columns[name]
			if col == nil {
				col = &column{open: number}
				x.columns[name] = col
			}
			col.looked = col.looked.Union(part.Columns)
		}
	}
}

// watchesAll reports whether every column that d restricts is followed, and
// known to go with what d looks at.
func (x *index) watchesAll(d *invalidation.TableDependency) bool {
	for i := range d.Parts {
		part := &d.Parts[i]
		for name := range part.Restricted() {
			if col := x.columns[name]; col == nil || !col.looked.Covers(part.Columns) {
				return false
			}
		}
	}
	return true
}
