package invalidation

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/seed92106438/cacheops/internal/encoded"
)

// Changes and dependencies have an encoding, in which processes tell them to each
// other. docs/wire-format.md defines it; the version of what they are part of says
// which it is. Writing loses nothing. Reading takes nothing for granted: what was
// read is as if it had been made here, or it is an error.

var (
	changeNumbers = numbering[ChangeKind]{0: Any, 1: Insert, 2: Update, 3: Delete, 4: Redefinition}
	sideNumbers   = numbering[Side]{0: Either, 1: Before, 2: After}
)

// AppendChange appends the encoding of c to b. It refers to tables and columns by
// their names.
func AppendChange(b []byte, c *Change) []byte {
	start := len(b)
	b = append(b, changeNumbers.number(c.Kind)) // one that is not known meets as much as Any
	b = encoded.AppendText(b, c.Table.Database)
	b = encoded.AppendText(b, c.Table.Name)
	b = encoded.AppendInt(b, c.Rows)
	b = appendBoxes(b, c.Before)
	b = appendBoxes(b, c.After)
	b = appendColumns(b, c.Columns)
	return encoded.EndFrame(b, start)
}

// ReadChange reads the change that b begins with, and returns what follows it. The
// change does not refer to b.
func ReadChange(b []byte) (c Change, rest []byte, err error) {
	content, rest, err := encoded.Frame(b)
	if err != nil {
		return Change{}, nil, fmt.Errorf("cacheops: encoded change: %w", err)
	}
	r := encoded.NewReader(string(content))
	c.Kind = changeNumbers.read(&r, "a kind of change")
	c.Table = Table{Database: r.Text(), Name: r.Text()}
	c.Rows = r.Int()
	c.Before, c.After = readBoxes(&r), readBoxes(&r)
	c.Columns = readColumns(&r)
	if err := r.End(); err != nil {
		return Change{}, nil, fmt.Errorf("cacheops: encoded change: %w", err)
	}
	return c, rest, nil
}

// Bits of the dependency on a table.
const (
	sameDatabase = 1 << 0 // as the table before it
	isDeclared   = 1 << 1
)

// AppendDependency appends the encoding of d to b. It refers to tables and columns
// by their names.
func AppendDependency(b []byte, d *Dependency) []byte {
	start := len(b)
	b = encoded.AppendUint(b, uint64(len(d.Tables)))
	for i := range d.Tables {
		t := &d.Tables[i]
		bits := byte(0)
		if i > 0 && d.Tables[i-1].Table.Database == t.Table.Database {
			bits |= sameDatabase
		}
		if t.declared {
			bits |= isDeclared
		}
		b = append(b, bits)
		if bits&sameDatabase == 0 {
			b = encoded.AppendText(b, t.Table.Database)
		}
		b = encoded.AppendText(b, t.Table.Name)
		b = appendParts(b, t.Parts)
	}
	return encoded.EndFrame(b, start)
}

// ReadDependency reads the dependency that b begins with, and returns what follows
// it. The dependency does not refer to b.
func ReadDependency(b []byte) (d *Dependency, rest []byte, err error) {
	content, rest, err := encoded.Frame(b)
	if err != nil {
		return nil, nil, fmt.Errorf("cacheops: encoded dependency: %w", err)
	}
	r := encoded.NewReader(string(content))
	d = &Dependency{Tables: make([]TableDependency, r.Count(3))}
	for i := range d.Tables {
		t := &d.Tables[i]
		bits := r.Byte()
		switch {
		case bits > sameDatabase|isDeclared || i == 0 && bits&sameDatabase != 0:
			r.Failf("a dependency has bits %#x", bits)
		case bits&sameDatabase != 0:
			t.Table.Database = d.Tables[i-1].Table.Database
		default:
			t.Table.Database = r.Text()
		}
		t.declared = bits&isDeclared != 0
		t.Table.Name = r.Text()
		t.Parts = readParts(&r)
		if i > 0 && d.Tables[i-1].Table.compare(&t.Table) >= 0 {
			r.Failf("the tables of a dependency are not in order")
		}
	}
	if err := r.End(); err != nil {
		return nil, nil, fmt.Errorf("cacheops: encoded dependency: %w", err)
	}
	return d, rest, nil
}

// compare orders tables as a [Dependency] has them.
func (t *Table) compare(other *Table) int {
	return cmp.Or(strings.Compare(t.Name, other.Name), strings.Compare(t.Database, other.Database))
}

func appendParts(b []byte, parts []Part) []byte {
	b = encoded.AppendUint(b, uint64(len(parts)))
	for i := range parts {
		p := &parts[i]
		b = append(b, sideNumbers.number(p.Side))
		b = appendBoxes(b, p.Boxes)
		b = appendColumns(b, p.Columns)
	}
	return b
}

func readParts(r *encoded.Reader) []Part {
	parts := makeSlice[Part](r.Count(3))
	for i := range parts {
		p := &parts[i]
		p.Side = sideNumbers.read(r, "a side")
		p.Boxes = readBoxes(r)
		p.Columns = readColumns(r)
	}
	return parts
}

// makeSlice makes a slice of n elements, nil if there are none.
func makeSlice[T any](n int) []T {
	if n == 0 {
		return nil
	}
	return make([]T, n)
}

func appendBoxes(b []byte, boxes []Box) []byte {
	b = encoded.AppendUint(b, uint64(len(boxes)))
	for _, box := range boxes {
		b = encoded.AppendUint(b, uint64(len(box)))
		for i := range box {
			b = encoded.AppendText(b, box[i].Column)
			b = appendSet(b, &box[i].Set)
		}
	}
	return b
}

// readBoxes reads boxes. The terms of each must be in order, because boxes are
// compared by going through both at once, and none may be empty: the box would meet
// nothing.
func readBoxes(r *encoded.Reader) []Box {
	boxes := makeSlice[Box](r.Count(1))
	for i := range boxes {
		box := Box(makeSlice[Term](r.Count(2)))
		for j := range box {
			box[j] = Term{r.Text(), readSet(r)}
			if j > 0 && strings.Compare(box[j-1].Column, box[j].Column) >= 0 {
				r.Failf("the columns of a box are not in order")
			}
			if box[j].Set.empty() {
				r.Failf("a box is empty")
			}
		}
		boxes[i] = box
	}
	return boxes
}

// appendColumns appends 0 for all columns, or one more than their number and then
// their names.
func appendColumns(b []byte, c Columns) []byte {
	if c.All {
		return append(b, 0)
	}
	b = encoded.AppendUint(b, uint64(len(c.Names))+1)
	for _, name := range c.Names {
		b = encoded.AppendText(b, name)
	}
	return b
}

func readColumns(r *encoded.Reader) Columns {
	n := r.Uint()
	switch {
	case n == 0:
		return Columns{All: true}
	case n-1 > uint64(r.Len()):
		r.Failf("%d columns are too many", n-1)
		return Columns{All: true}
	}
	names := makeSlice[string](int(n - 1))
	for i := range names {
		names[i] = r.Text()
		if i > 0 && names[i-1] >= names[i] {
			r.Failf("columns are not in order")
		}
	}
	return Columns{Names: names}
}
