package cacheops

import (
	"cmp"
	"context"
	"database/sql/driver"
	"reflect"
	"slices"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/seed92106438/cacheops/invalidation"
)

// A join with authors WHERE authors.email = ? depends on articles of any
// author, as far as its text tells: which author that is only the database
// knows. So every change of an article would drop it. Asking the database for
// that author's key, by one more query that is about as cheap as a query can be,
// narrows the dependency to his articles.
//
// It is asked for once a change of articles has dropped a result of the query,
// whatever its arguments: what is never dropped needs no narrower dependency.

// maxPartners bounds the rows that are asked for. A dependency on more of them
// is as wide as one on all.
const maxPartners = 512

// partners returns which values the rows have beside which rows of other tables
// count: as the result shows, or else as the database says. It is asked after
// the stamp was taken, so a change of the answer that comes later is a change of
// the result: see [invalidation.Shape.Narrow]. An error means that nothing is
// known.
func (f *flight) partners(ctx context.Context, found result) []invalidation.Partners {
	if len(f.shape.Edges) == 0 {
		return nil
	}
	dropped := f.dropped()
	var known []invalidation.Partners
	narrowed, relied := map[int]bool{}, map[int]bool{}
	for _, edge := range f.helpful() {
		if edge.Side == invalidation.After {
			if values, ok := f.shown(edge, found); ok {
				known = append(known, invalidation.Partners{Edge: edge, Values: values})
			}
			continue
		}
		if narrowed[edge.Use] || narrowed[edge.Other] || relied[edge.Use] {
			continue
		}
		values, ok := f.shown(edge, found)
		if !ok && f.narrows && dropped&place(edge.Use) != 0 {
			values, ok = f.ask(ctx, edge)
		}
		if ok {
			narrowed[edge.Use], relied[edge.Other] = true, true
			known = append(known, invalidation.Partners{Edge: edge, Values: values})
		}
	}
	return known
}

// dropped returns the uses of whose tables some change has dropped a result of
// the flight's text. That its own result was dropped is learnt here.
func (f *flight) dropped() uint64 {
	known := &f.shape.dropped
	if drop, ok := f.region.Dropped(f.key); ok {
		for use := range f.shape.Uses {
			if relation := f.relation(use); relation != nil && relation.Name == drop.Change.Table.Name {
				known.Or(place(use))
			}
		}
	}
	return known.Load()
}

// place is the bit that stands for a use. The last one stands for all from there
// on, so that more may be asked for than is needed, if a text has so many.
func place(use int) uint64 { return 1 << min(use, 63) }

// shown returns the values of the other column of an edge as the result shows
// them, if it shows all.
func (f *flight) shown(edge invalidation.Edge, found result) ([]driver.Value, bool) {
	if edge.Shown == "" || found.rows() > maxPartners {
		return nil, false
	}
	values, ok := found.column(f.tx.Statement, edge.Shown)
	if ok && edge.Nulls && slices.ContainsFunc(values, mayBeNull) {
		return nil, false
	}
	return values, ok
}

// mayBeNull reports whether what was scanned as v may have been NULL.
func mayBeNull(v driver.Value) bool { return v == nil || reflect.ValueOf(v).IsZero() }

// helpful returns the edges that lead from rows of which little is known to
// rows of which much is, those first that the result shows or that lead to a
// single row.
func (f *flight) helpful() []invalidation.Edge {
	var single, several []invalidation.Edge
	for _, edge := range f.shape.Edges {
		from, to := f.relation(edge.Use), f.relation(edge.Other)
		if from == nil || to == nil || f.shape.Page != nil && f.shape.Page.Use == edge.Other && edge.Side == invalidation.Either {
			continue
		}
		kind := from.Columns[edge.Column].Kind
		if kind != to.Columns[edge.OtherColumn].Kind || !kind.Identifies() || f.pinned(edge.Use, edge.Column) {
			continue
		}
		switch atoms := equalities(f.shape.Uses[edge.Other].Where); {
		case edge.Shown != "":
			single = append(single, edge)
		case len(atoms) == 0:
		case slices.ContainsFunc(atoms, func(p *invalidation.Predicate) bool { return to.Columns[p.Column].Unique }):
			single = append(single, edge)
		default:
			several = append(several, edge)
		}
	}
	return append(single, several...)
}

// relation returns what the catalogue knows of the table of a use.
func (f *flight) relation(use int) *invalidation.Relation {
	return f.catalog.Catalog[f.shape.Uses[use].Table]
}

// pinned reports whether the values of a column of a use are known already.
func (f *flight) pinned(use int, column string) bool {
	return f.confined(use, func(box invalidation.Box) bool { return box.Pins(column) })
}

// confined reports whether each box of a use's table is as asked.
func (f *flight) confined(use int, is func(invalidation.Box) bool) bool {
	name := f.catalog.Canonical(f.shape.Uses[use].Table)
	for i := range f.dep.Tables {
		if t := &f.dep.Tables[i]; t.Table.Name == name {
			return !slices.ContainsFunc(t.Boxes(), func(box invalidation.Box) bool { return !is(box) })
		}
	}
	return false
}

// equalities returns the comparisons of a column with values by which a row can
// be found, of those that must all hold.
func equalities(p *invalidation.Predicate) []*invalidation.Predicate {
	if p == nil {
		return nil
	}
	switch p.Op {
	case invalidation.And:
		var all []*invalidation.Predicate
		for i := range p.Terms {
			all = append(all, equalities(&p.Terms[i])...)
		}
		return all
	case invalidation.Eq, invalidation.In:
		unknown := func(o invalidation.Operand) bool { return o.Param == 0 && (!o.Known || o.Literal == nil) }
		if len(p.Operands) > 0 && !slices.ContainsFunc(p.Operands, unknown) {
			return []*invalidation.Predicate{p}
		}
	}
	return nil
}

// ask reads the values of the other column of an edge, in all rows that may
// count through the other use and some more. It reports false if there are too
// many.
func (f *flight) ask(ctx context.Context, edge invalidation.Edge) ([]driver.Value, bool) {
	conditions := f.conditions(f.shape.Uses[edge.Other].Where)
	if len(conditions) == 0 {
		return nil, false
	}
	limit := maxPartners + 1
	query := &gorm.Statement{DB: f.tx, Clauses: map[string]clause.Clause{}}
	query.AddClause(clause.Select{Distinct: true, Columns: []clause.Column{{Name: edge.OtherColumn}}})
	query.AddClause(clause.From{Tables: []clause.Table{{Name: cmp.Or(f.relation(edge.Other).Written, f.relation(edge.Other).Name)}}})
	query.AddClause(clause.Limit{Limit: &limit})
	query.AddClause(clause.Where{Exprs: conditions})
	query.Build("SELECT", "FROM", "WHERE", "LIMIT")
	rows, err := f.tap.ConnPool.QueryContext(ctx, query.SQL.String(), query.Vars...)
	if err != nil {
		return nil, false
	}
	defer func() { _ = rows.Close() }()
	values := []driver.Value{}
	for rows.Next() {
		var v any
		if err := rows.Scan(&v); err != nil {
			return nil, false
		}
		values = append(values, v)
	}
	return values, rows.Err() == nil && len(values) <= maxPartners
}

// conditions writes equalities down for GORM.
func (f *flight) conditions(where *invalidation.Predicate) []clause.Expression {
	var exprs []clause.Expression
	for _, p := range equalities(where) {
		in := clause.IN{Column: clause.Column{Name: p.Column}}
		for _, o := range p.Operands {
			v := any(o.Literal)
			if o.Param > 0 {
				v = f.tx.Statement.Vars[o.Param-1]
			}
			in.Values = append(in.Values, v)
		}
		exprs = append(exprs, in)
	}
	return exprs
}
