package invalidation

import (
	"cmp"
	"database/sql/driver"
	"slices"
)

// insertion is the values of one insert.
type insertion struct {
	*writing
	relation *Relation
	rows     [][]Operand
	chosen   []Image // one for each row, or none
	places   []place
}

// place is a column of which an insert says something.
type place struct {
	name   string
	at     int // its place in the rows, -1 if only the database's choice is known
	column Column
}

// inserted covers the new rows.
func (w *writing) inserted(relation *Relation, write *Write) []Box {
	in := insertion{writing: w, relation: relation, rows: write.Rows}
	ragged := func(row []Operand) bool { return len(row) != len(write.Names) }
	if len(in.rows) == 0 || slices.ContainsFunc(in.rows, ragged) {
		return whole()
	}
	if write.Chosen && len(w.facts.Chosen) == len(in.rows) {
		in.chosen = w.facts.Chosen
	}
	if !in.locate(write.Names) {
		return whole()
	}
	if len(in.rows) > maxBoxes {
		return []Box{in.hull()}
	}
	boxes := make([]Box, len(in.rows))
	for row := range in.rows {
		boxes[row] = in.row(row)
	}
	return limit(boxes)
}

// locate finds the columns among names and among what the database chose. It
// reports false if a column may be named twice, by its own name or by one that
// stands for it, such as rowid.
func (in *insertion) locate(names []string) bool {
	in.places = make([]place, 0, len(names)+1)
	for at, name := range names {
		column, ok := in.relation.Columns[name]
		if !ok {
			return false
		}
		in.places = append(in.places, place{name, at, column})
	}
	if len(in.chosen) > 0 {
		for name := range in.chosen[0] {
			if column, ok := in.relation.Columns[name]; ok && !slices.Contains(names, name) {
				in.places = append(in.places, place{name, -1, column})
			}
		}
	}
	slices.SortFunc(in.places, func(a, b place) int { return cmp.Compare(a.name, b.name) })
	for i := range in.places {
		if i > 0 && in.places[i].name == in.places[i-1].name {
			return false
		}
	}
	return true
}

// set covers the value of a column in one row. A column that is not named, or
// named without a value that is known, has a default, a generated key or what
// a trigger makes of it, unless the database told.
func (in *insertion) set(row int, p *place) Set {
	if p.at >= 0 {
		if v, ok := in.value(in.rows[row][p.at]); ok {
			if set := p.column.written(v); !set.unrestricted() {
				return set
			}
		}
	}
	if row < len(in.chosen) {
		if v, ok := in.chosen[row][p.name]; ok {
			return p.column.chosen(v)
		}
	}
	return Set{}
}

// chosen covers what the database chose for the column, of which a driver told
// v or a bound.
func (c Column) chosen(v driver.Value) Set {
	bound, ok := v.(AtLeast)
	if !ok {
		return c.read(v)
	}
	set := c.read(bound.Value)
	if c.Kind != Int || set.form != finite || len(set.values) != 1 || set.values[0].isNull() {
		return Set{}
	}
	return spanSet(false, span{lo: set.values[0]})
}

// row covers one row.
func (in *insertion) row(row int) Box {
	box := make(Box, 0, len(in.places))
	for i := range in.places {
		if set := in.set(row, &in.places[i]); !set.unrestricted() {
			box = append(box, Term{in.places[i].name, set})
		}
	}
	return box
}

// hull covers all rows with one box. It is the hull of the rows' boxes, made
// column by column so that a large insert needs no box for each row.
func (in *insertion) hull() Box {
	box := make(Box, 0, len(in.places))
	for i := range in.places {
		p := &in.places[i]
		sets := make([]Set, 0, len(in.rows))
		for row := range in.rows {
			set := in.set(row, p)
			if set.unrestricted() {
				break
			}
			sets = append(sets, set)
		}
		if len(sets) < len(in.rows) {
			continue
		}
		if set := union(sets...); !set.unrestricted() {
			box = append(box, Term{p.name, set})
		}
	}
	return box
}
