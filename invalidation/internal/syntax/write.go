package syntax

import (
	"slices"

	"github.com/seed92106438/cacheops/invalidation"
)

// write adds what a statement writes. What it reads to do so is no dependency
// of any result.
func (a *analysis) write(stmt Statement, outer *scope) {
	switch stmt := stmt.(type) {
	case *Query:
		a.query(stmt, outer)
	case *Insert:
		a.insert(stmt, outer)
	case *Update:
		a.update(stmt, outer)
	case *Delete:
		a.delete(stmt, outer)
	case *Touch:
		a.with(stmt.With, outer)
		a.unclear = a.unclear || len(stmt.Tables) == 0
		for _, table := range stmt.Tables {
			a.any(table.Name)
		}
	}
}

// any adds a change of which nothing is known but the table.
func (a *analysis) any(table string) {
	a.writes = append(a.writes, invalidation.Write{Table: table, Kind: invalidation.Any})
}

// mutation returns the shape of a statement that writes.
func (a *analysis) mutation() *invalidation.Shape {
	if a.unclear {
		return &invalidation.Shape{Verb: invalidation.Opaque, Refusal: NotUnderstood}
	}
	return &invalidation.Shape{
		Verb: invalidation.Mutation, Refusal: Writes, Writes: a.writes, Uncounted: a.uncounted,
	}
}

// reach reads what decides about the rows that an UPDATE or DELETE reaches:
// the tables that it changes are sources, joined to the others. What it
// changes under the name of a target is a table, also if a common table
// expression has that name.
func (a *analysis) reach(from Source, where Expr, outer *scope, targets ...string) *scope {
	sc := &scope{outer: outer}
	tree := a.from(from, sc)
	for _, name := range targets {
		for _, src := range sc.named(name) {
			src.table = src.written
		}
	}
	a.restrict(sc, tree, where)
	return sc
}

func (a *analysis) delete(stmt *Delete, outer *scope) {
	sc := a.reach(stmt.From, stmt.Where, a.with(stmt.With, outer), stmt.Targets...)
	a.unclear = a.unclear || len(stmt.Targets) == 0
	for _, name := range stmt.Targets {
		targets := a.targets(sc, name)
		for _, src := range targets {
			if len(targets) > 1 {
				a.any(src.table)
				continue
			}
			a.writes = append(a.writes, invalidation.Write{
				Table: src.table, Kind: invalidation.Delete, Where: restriction(src.where),
			})
		}
	}
}

// targets returns the tables that a statement may change under a name. There
// are several if tables of different schemas have it. SQLite lets a subquery
// have it as well.
func (a *analysis) targets(sc *scope, name string) []*source {
	targets := slices.DeleteFunc(sc.named(name), func(src *source) bool { return src.table == "" })
	a.unclear = a.unclear || len(targets) == 0
	return targets
}

// update adds a write for each table that an UPDATE assigns to.
func (a *analysis) update(stmt *Update, outer *scope) {
	sc := a.reach(stmt.From, stmt.Where, a.with(stmt.With, outer), stmt.Target)
	set := map[*source][]Assignment{}
	doubtful := map[*source]bool{}
	for _, assignment := range stmt.Set {
		targets := a.assigned(sc, stmt.Target, assignment.Table)
		for _, src := range targets {
			set[src] = append(set[src], assignment)
			doubtful[src] = doubtful[src] || len(targets) > 1
		}
	}
	a.unclear = a.unclear || len(set) == 0
	for _, src := range sc.sources {
		switch {
		case set[src] == nil:
		case doubtful[src], stmt.Replaces, a.rules.movesHidden(set[src]):
			// REPLACE deletes the rows that are in the way, whichever they are.
			a.any(src.table)
		default:
			a.writes = append(a.writes, invalidation.Write{
				Table: src.table, Kind: invalidation.Update, Where: restriction(src.where),
				Set: updated(set[src], sc.owns(src), stmt.Coerces),
			})
		}
	}
}

// assigned returns the sources that an assignment may be to. If neither the
// statement nor the assignment tells, it may be to any table.
func (a *analysis) assigned(sc *scope, target, table string) []*source {
	switch {
	case target != "":
		return a.targets(sc, target)
	case table != "":
		return a.targets(sc, table)
	}
	var tables []*source
	for _, src := range sc.sources {
		if src.table != "" {
			tables = append(tables, src)
		}
	}
	a.unclear = a.unclear || len(tables) == 0
	return tables
}

// updated reads the SET clause of an UPDATE. If it coerces values, no sum is one
// either: what is out of range becomes the column's greatest or least.
func updated(set []Assignment, own func(table string) bool, coerces bool) []invalidation.Assignment {
	if coerces {
		return assignments(set, nobodys, func(string, Expr) []invalidation.Operand { return []invalidation.Operand{{}} })
	}
	return assignments(set, own, func(_ string, value Expr) []invalidation.Operand {
		return []invalidation.Operand{operand(value)}
	})
}

// nobodys is for assignments of which no sum is to be taken at its word.
func nobodys(string) bool { return false }

// assignments reads a SET clause; values tells what an expression that is
// assigned to a column may come to, own whether a name stands for the table
// that is changed. SQLite lets a column be set twice, so that it holds one
// value or the other.
func assignments(
	set []Assignment, own func(table string) bool, values func(column string, value Expr) []invalidation.Operand,
) []invalidation.Assignment {
	var list []invalidation.Assignment
	for _, assignment := range set {
		for i, name := range assignment.Columns {
			value := assignment.value(i)
			at := slices.IndexFunc(list, func(a invalidation.Assignment) bool { return a.Column == name })
			switch step, shift := shifted(name, value, own); {
			case at >= 0 && (shift != 0 || list[at].Shift != 0):
				list[at] = invalidation.Assignment{Column: name} // which of them came first counts
			case at >= 0:
				list[at].Values = append(list[at].Values, values(name, value)...)
			case shift != 0:
				list = append(list, invalidation.Assignment{Column: name, Values: []invalidation.Operand{step}, Shift: shift})
			default:
				list = append(list, invalidation.Assignment{Column: name, Values: values(name, value)})
			}
		}
	}
	return list
}

// shifted reads column + step and column - step, with 1 and -1 for the shift;
// 0 is anything else.
func shifted(column string, value Expr, own func(table string) bool) (step invalidation.Operand, shift int) {
	sum, ok := value.(*Sum)
	if !ok {
		return step, 0
	}
	x, y, shift := sum.X, sum.Y, 1
	if sum.Minus {
		shift = -1
	} else if _, first := y.(*Column); first {
		x, y = y, x
	}
	ref, ok := x.(*Column)
	step = operand(y)
	if !ok || ref.Name != column || !own(ref.Table) || !isKnown(step) {
		return step, 0
	}
	return step, shift
}

// owns returns a function that tells whether a name in the expressions of a
// statement stands for one of its sources.
func (sc *scope) owns(src *source) func(table string) bool {
	return func(table string) bool {
		if table == "" {
			return len(sc.sources) == 1
		}
		named := sc.named(table)
		return len(named) == 1 && named[0] == src
	}
}

// value returns the expression that is assigned to the column at i, or nil if
// it is not written out.
func (s Assignment) value(i int) Expr {
	if len(s.Columns) == 1 {
		return s.Value
	}
	if row, ok := s.Value.(*Row); ok && len(row.List) == len(s.Columns) {
		return row.List[i]
	}
	return nil
}

// movesHidden reports whether a SET clause assigns to a hidden name, and with
// it to a column of another name.
func (r Rules) movesHidden(set []Assignment) bool {
	return slices.ContainsFunc(set, func(s Assignment) bool {
		return slices.ContainsFunc(s.Columns, func(column string) bool { return r.Hidden[column] })
	})
}
