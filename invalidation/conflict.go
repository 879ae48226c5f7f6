package invalidation

import "slices"

// conflicting covers the rows that are in the way of an insert: each equals a
// new row in every column of some key. NULL equals nothing.
//
// It is asked of what the columns hold: of a new value in the form in which it
// would be stored.
func (w *writing) conflicting(relation *Relation, write *Write) []Box {
	keys := relation.Keys
	if len(write.Key) > 0 {
		keys = [][]string{write.Key}
	}
	ragged := func(row []Operand) bool { return len(row) != len(write.Names) }
	unknown := func(name string) bool { _, known := relation.Columns[name]; return !known }
	if keys == nil || len(write.Rows) == 0 || slices.ContainsFunc(write.Rows, ragged) || slices.ContainsFunc(write.Names, unknown) {
		return whole()
	}
	var boxes []Box
	for _, key := range keys {
		if len(write.Rows) > maxBoxes {
			boxes = append(boxes, w.inTheWayOfAny(relation, write, key))
			continue
		}
		for _, row := range write.Rows {
			if box, some := w.inTheWay(relation, write.Names, row, key); some {
				boxes = append(boxes, box)
			}
		}
	}
	return limit(boxes)
}

// inTheWay covers the rows with the values of one new row in the key. It
// reports false if there can be none.
func (w *writing) inTheWay(relation *Relation, names []string, row []Operand, key []string) (Box, bool) {
	var box Box
	for _, name := range key {
		set := w.keyed(relation, names, row, name)
		if set.empty() {
			return nil, false
		}
		box, _ = box.restrict(name, set)
	}
	return box, true
}

// inTheWayOfAny covers the rows with a value of some new row in each column of
// the key.
func (w *writing) inTheWayOfAny(relation *Relation, write *Write, key []string) Box {
	var box Box
	for _, name := range key {
		sets := make([]Set, len(write.Rows))
		for i, row := range write.Rows {
			sets[i] = w.keyed(relation, write.Names, row, name)
		}
		if set := union(sets...); !set.empty() {
			box, _ = box.restrict(name, set)
		}
	}
	return box
}

// keyed covers the values of a key's column that a new row is in conflict with.
func (w *writing) keyed(relation *Relation, names []string, row []Operand, name string) Set {
	at := slices.Index(names, name)
	column, known := relation.Columns[name]
	if at < 0 || !known {
		return Set{}
	}
	v, ok := w.value(row[at])
	switch {
	case !ok:
		return Set{}
	case v == nil && (column.Kind != Int || !column.Unique):
		return none
	}
	return column.written(v)
}
