package invalidation

// effects collects what a statement does: its own changes and those that
// follow from them by foreign keys and triggers.
type effects struct {
	database string
	catalog  Catalog
	changes  []Change
	unknown  bool         // some table that is not known may have changed
	visits   map[step]int // of the write that is being followed
}

// step is one effect of one foreign key.
type step struct {
	key  *ForeignKey
	kind ChangeKind
}

// begin adds a change that the statement itself makes.
func (e *effects) begin(c Change) {
	e.visits = nil
	e.touch(c)
}

// touch adds a change and all that follows from it.
//
// The rows that a trigger reaches, and the values that it gives to the row at
// hand, are unknown: a table with triggers changes as a whole, and so do the
// tables that its triggers write. The same goes for what is no base table.
func (e *effects) touch(c Change) {
	relation := e.catalog[c.Table.Name]
	if relation == nil {
		e.unknown = true
		return
	}
	if len(relation.Triggered) > 0 || !relation.Base {
		c = e.any(c.Table.Name)
	}
	if e.changedAny(c.Table) {
		return // all that can follow follows from that already
	}
	e.add(c)
	for _, table := range relation.Triggered {
		e.touch(e.any(table))
	}
	for i := range relation.Children {
		e.follow(&c, relation, &relation.Children[i])
	}
}

// call adds what a stored function may write. One that is not in the catalogue
// writes nothing.
func (e *effects) call(function *Relation) {
	if function == nil {
		return
	}
	e.visits = nil
	for _, table := range function.Triggered {
		e.touch(e.any(table))
	}
}

func (e *effects) any(table string) Change {
	return Change{Table: Table{e.database, table}, Kind: Any, Rows: -1}
}

func (e *effects) changedAny(table Table) bool {
	for i := range e.changes {
		if e.changes[i].Kind == Any && e.changes[i].Table == table {
			return true
		}
	}
	return false
}

// add unites the change with those that are there. An Any takes the place of
// all others of its table.
func (e *effects) add(c Change) {
	if c.Kind == Any {
		e.changes = keep(e.changes, func(other Change) bool { return other.Table != c.Table })
	}
	for i := range e.changes {
		other := &e.changes[i]
		if other.Table == c.Table && other.Kind == c.Kind && other.Columns.equal(c.Columns) {
			other.Before = limit(append(other.Before, c.Before...))
			other.After = limit(append(other.After, c.After...))
			other.Rows = -1
			return
		}
	}
	e.changes = append(e.changes, c)
}

// follow adds what a foreign key does to the rows that refer to those of c.
func (e *effects) follow(c *Change, relation *Relation, key *ForeignKey) {
	if c.Kind == Insert {
		return
	}
	goes := c.Kind != Update && (key.OnDelete || key.Deletes)
	moves := c.Kind != Delete && key.OnUpdate && (c.Kind == Any || key.moved(relation, c.Columns))
	if goes && key.Deletes {
		e.reach(c, relation, step{key, Delete})
	}
	if moves || goes && !key.Deletes {
		e.reach(c, relation, step{key, Update})
	}
}

// reach adds the change of the children.
//
// Foreign keys may form cycles, a table that refers to itself being the least
// one. A step that is taken a second time is taken for all rows that refer to
// anything, so that a third time could add nothing.
func (e *effects) reach(c *Change, relation *Relation, s step) {
	e.visits = visit(e.visits, s)
	child := e.catalog[s.key.Child]
	if child == nil {
		e.unknown = true
		return
	}
	var before []Box
	switch {
	case e.visits[s] > 2:
		return
	case e.visits[s] == 2 || c.Kind == Any:
		before = s.key.children(whole(), relation, child)
	default:
		before = s.key.children(c.Before, relation, child)
	}
	if len(before) == 0 {
		return
	}
	change := Change{Table: Table{e.database, s.key.Child}, Kind: s.kind, Before: before, Rows: -1}
	if s.kind == Update {
		change.After = whole()
		change.Columns = child.written(s.key.Columns)
	}
	e.touch(change)
}

func visit(visits map[step]int, s step) map[step]int {
	if visits == nil {
		visits = make(map[step]int)
	}
	visits[s]++
	return visits
}

// moved reports whether an update of the columns may change a key that
// children refer to.
func (k *ForeignKey) moved(relation *Relation, columns Columns) bool {
	for _, name := range k.Parent {
		if columns.Has(name) {
			return true
		}
	}
	if len(k.Parent) > 0 {
		return false
	}
	if len(k.Columns) != 1 {
		return true
	}
	// The primary key is one of the unique columns.
	known := false
	for name, column := range relation.Columns {
		if column.Unique && columns.Has(name) {
			return true
		}
		known = known || column.Unique
	}
	return !known
}

// children covers the rows that refer to parents in the boxes: none of their
// columns is NULL, and each is equal to the parent's.
func (k *ForeignKey) children(parents []Box, relation, child *Relation) []Box {
	var boxes []Box
	for _, parent := range parents {
		var box Box
		some := true
		for i, name := range k.Columns {
			set := someValue
			if kind := child.column(name).Kind; i < len(k.Parent) && kind != Unknown && kind == relation.column(k.Parent[i]).Kind {
				set = parent.set(k.Parent[i]).Intersect(someValue)
			}
			if some {
				box, some = box.restrict(name, set)
			}
		}
		if some {
			boxes = append(boxes, box)
		}
	}
	return limit(boxes)
}
