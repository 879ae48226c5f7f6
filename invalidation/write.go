package invalidation

import (
	"cmp"
	"database/sql/driver"
	"slices"
)

// Changes puts the arguments of one execution into the shape of a write, and
// adds what the database does on its own: actions of foreign keys, triggers.
// Without a catalogue nothing is known, and the change is of AllTables; so it
// is if the statement or a table that it writes is not understood, which may
// mean that the definitions are others by now.
func (s *Shape) Changes(database string, args []driver.Value, catalog Catalog, facts Facts) []Change {
	everything := func(kind ChangeKind) []Change {
		return []Change{{Table: Table{database, AllTables}, Kind: kind, Rows: -1}}
	}
	switch {
	case s.Verb == Opaque, s.Verb == Definition, s.Verb == Mutation && len(s.Writes) == 0:
		return everything(Redefinition)
	case len(s.Writes) == 0 && len(s.Calls) == 0:
		return nil
	case len(args) != s.Params && len(s.Writes) > 0, catalog == nil:
		return everything(Any)
	}
	if len(s.Writes) > 1 {
		// One cannot tell which of the writes reached which of the rows.
		facts.Before, facts.HasBefore, facts.Chosen = nil, false, nil
	}
	w := writing{binding{args, catalog}, facts}
	e := effects{database: database, catalog: catalog, changes: make([]Change, 0, len(s.Writes))}
	for i := range s.Writes {
		relation := catalog[s.Writes[i].Table]
		if relation == nil {
			return everything(Redefinition)
		}
		c, some := w.change(relation, &s.Writes[i])
		c.Before, c.After = coarse(c.Before), coarse(c.After)
		c.Table = Table{database, relation.Name}
		// A trigger of the statement fires even if no row is reached.
		if some || len(relation.Triggered) > 0 {
			e.begin(c)
		}
	}
	for _, call := range s.Calls {
		e.call(catalog[call])
	}
	if e.unknown {
		return everything(Any)
	}
	return e.changes
}

// writing is one execution of a write.
type writing struct {
	binding
	facts Facts
}

// change returns what the write does to its own table. It reports false if it
// reaches no row, or leaves every row as it was.
func (w *writing) change(relation *Relation, write *Write) (Change, bool) {
	c := Change{Kind: write.Kind, Rows: cmp.Or(max(w.facts.Rows, 0), -1)}
	switch {
	case write.Kind == Insert:
		c.After = w.inserted(relation, write)
		return c, true
	case write.Kind == Delete:
		c.Before = w.reached(relation, write)
		return c, len(c.Before) > 0
	case write.Kind == Update && len(write.Set) > 0:
		w.update(&c, relation, write)
		return c, len(c.Before) > 0
	}
	c.Kind = Any
	return c, true
}

// reached covers the rows of an update or a delete, as they were.
func (w *writing) reached(relation *Relation, write *Write) []Box {
	if write.Conflict {
		return w.conflicting(relation, write)
	}
	if !w.facts.HasBefore {
		return w.boxes(relation, write.Where)
	}
	return limit(w.imaged(relation, write))
}

// imaged covers each row of which there is an image: it has what the image says,
// and it met the WHERE, which may tell of columns that the image leaves out.
func (w *writing) imaged(relation *Relation, write *Write) []Box {
	var where Box
	if boxes := w.boxes(relation, write.Where); len(boxes) > 0 {
		where = hull(boxes)
	}
	rows := make([]Box, len(w.facts.Before))
	for i, image := range w.facts.Before {
		rows[i] = image.box(relation)
		if both, ok := rows[i].And(where); ok { // it is: no row is beside its own WHERE
			rows[i] = both
		}
	}
	return rows
}

// assignment is one assignment of an update, bound.
type assignment struct {
	name   string
	column Column
	values []driver.Value // the new value is one of these,
	open   bool           // or one that is not known
	set    Set            // covers the new value
	step   Value          // is added to the old value, if it is not NULL
}

// assignments binds the assignments of an update. Of two to one column the
// last one counts.
func (w *writing) assignments(relation *Relation, set []Assignment) []assignment {
	all := make([]assignment, 0, len(set))
	for _, s := range set {
		column := relation.column(s.Column)
		a := assignment{name: s.Column, column: column, open: len(s.Values) == 0}
		for _, operand := range s.Values {
			v, ok := w.value(operand)
			a.open = a.open || !ok
			a.values = append(a.values, v)
		}
		switch {
		case a.open:
		case s.Shift != 0:
			a.open, a.step = true, column.step(a.values[0], s.Shift)
		default:
			a.set = column.anyWritten(a.values)
		}
		all = slices.DeleteFunc(all, func(b assignment) bool { return b.name == a.name })
		all = append(all, a)
	}
	return all
}

// written returns a set that covers what the column may hold after a
// statement gave it v. For a NULL that is given to its key a database may
// choose a value, as SQLite does for an INTEGER PRIMARY KEY; MySQL does so for
// zero too.
func (c Column) written(v driver.Value) Set {
	if c.Generated || c.Coerced || c.Unique && (v == nil || c.Kind == Int && isCount(v, 0)) {
		return Set{}
	}
	return c.stored(v)
}

// anyWritten covers what the column may hold after a statement gave it one of the
// values, of which there is one at least.
func (c Column) anyWritten(values []driver.Value) Set {
	if len(values) == 1 {
		return c.written(values[0])
	}
	sets := make([]Set, len(values))
	for i, v := range values {
		sets[i] = c.written(v)
	}
	return union(sets...)
}

// written returns the columns that change if values are assigned to those of
// the names: generated columns change with them, and a name that is no column
// of the relation, such as rowid, may stand for any.
func (r *Relation) written(names []string) Columns {
	written := Columns{Names: make([]string, 0, len(names))}
	for _, name := range names {
		if _, ok := r.Columns[name]; !ok {
			return Columns{All: true}
		}
		written.Add(name)
	}
	for name, column := range r.Columns {
		if column.Generated {
			written.Add(name)
		}
	}
	return written
}

// Written returns the columns of the relation that the write changes.
func (w *Write) Written(relation *Relation) Columns {
	if w.Kind != Update || len(w.Set) == 0 {
		return Columns{All: true}
	}
	names := make([]string, len(w.Set))
	for i := range w.Set {
		names[i] = w.Set[i].Column
	}
	return relation.written(names)
}

// update fills in the rows before and after, and the columns written.
func (w *writing) update(c *Change, relation *Relation, write *Write) {
	set := w.assignments(relation, write.Set)
	written := relation.written(columnsOf(set))
	if !w.facts.HasBefore {
		c.Before = w.reached(relation, write)
		c.Columns = written
		for _, box := range c.Before {
			c.After = append(c.After, box.moved(set, c.Columns))
		}
		c.After = limit(c.After)
		return
	}
	rows := w.imaged(relation, write)
	c.Before, c.After = make([]Box, 0, len(rows)), make([]Box, 0, len(rows))
	for i, image := range w.facts.Before {
		changes, columns := set, written
		if slices.ContainsFunc(set, func(a assignment) bool { return image.keeps(&a) }) {
			changes = keep(set, func(a assignment) bool { return !image.keeps(&a) })
			columns = relation.written(columnsOf(changes))
		}
		if len(changes) == 0 {
			continue
		}
		c.Before = append(c.Before, rows[i])
		c.After = append(c.After, rows[i].moved(changes, columns))
		if !c.Columns.Covers(columns) {
			c.Columns = c.Columns.Union(columns)
		}
	}
	c.Before, c.After = limit(c.Before), limit(c.After)
}

func columnsOf(set []assignment) []string {
	names := make([]string, len(set))
	for i := range set {
		names[i] = set[i].name
	}
	return names
}

// moved covers the rows of the box after the assignments, which write the
// columns.
func (b Box) moved(set []assignment, columns Columns) Box {
	if columns.All {
		return nil
	}
	after := make(Box, 0, len(b)+len(set))
	for _, term := range b {
		if !columns.Has(term.Column) {
			after = append(after, term)
		}
	}
	for i := range set {
		after, _ = after.restrict(set[i].name, set[i].after(b))
	}
	return after
}
