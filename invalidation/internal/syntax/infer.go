package syntax

import (
	"slices"

	"github.com/seed92106438/cacheops/invalidation"
)

// MaxEqualities bounds the equalities from which more is inferred, those with
// values included.
const MaxEqualities = 32

// equalities is what the facts of one source say of columns that equal each
// other or equal values: from users.id = orders.user_id AND users.id = 5
// follows orders.user_id = 5.
type equalities struct {
	projection
	pairs  [][2]columnRef
	values map[columnRef][]predicate // Eq and In
	count  int                       // of pairs and values
}

// equalities reads the facts of src. Only what must be true, and not one side
// of an OR, counts.
func (a *analysis) equalities(sc *scope, src *source) *equalities {
	eq := &equalities{projection: projection{sc, src, a.rules}, values: map[columnRef][]predicate{}}
	for _, f := range src.facts {
		eq.read(a, f.cond, f.usable)
	}
	eq.edges(a)
	return eq
}

func (eq *equalities) read(a *analysis, e Expr, usable sourceSet) {
	switch e := e.(type) {
	case *Logic:
		if e.And {
			for _, term := range e.Terms {
				eq.read(a, term, usable)
			}
		}
	case *Compare:
		if e.Op == invalidation.Eq {
			eq.equal(e, usable)
		}
	case *Exists:
		eq.beside(a, e, true, usable)
	case *Not:
		if exists, ok := e.X.(*Exists); ok {
			eq.beside(a, exists, false, usable)
		}
	case *In:
		x, ok := eq.usable(e.X, usable)
		switch {
		case ok && e.Query == nil:
			eq.note(x, e)
		case ok && x.src == eq.src:
			eq.among(a, x, e)
		}
	}
}

func (eq *equalities) equal(e *Compare, usable sourceSet) {
	x, isColumnX := eq.usable(e.X, usable)
	y, isColumnY := eq.usable(e.Y, usable)
	switch {
	case isColumnX && isColumnY:
		eq.pairs = append(eq.pairs, [2]columnRef{x, y})
		eq.count++
	case isColumnX:
		eq.note(x, e)
	case isColumnY:
		eq.note(y, e)
	}
}

func (eq *equalities) usable(e Expr, usable sourceSet) (columnRef, bool) {
	ref, ok := eq.scope.column(e)
	return ref, ok && usable.has(ref.src)
}

// note keeps the values that e gives to the column, if it gives any.
func (eq *equalities) note(column columnRef, e Expr) {
	p := projection{eq.scope, column.src, eq.rules}.rows(e, true)
	if p.Op == invalidation.Eq || p.Op == invalidation.In {
		eq.values[column] = append(eq.values[column], p)
		eq.count++
	}
}

// inferred returns what follows for the columns of the source.
func (eq *equalities) inferred() predicate {
	result := always()
	if eq.count > MaxEqualities {
		return result
	}
	seen := map[columnRef]bool{}
	for _, pair := range eq.pairs {
		for _, column := range pair {
			if column.src == eq.src && !seen[column] {
				seen[column] = true
				for _, p := range eq.reached(column, map[columnRef]bool{column: true}) {
					result = both(result, p)
				}
			}
		}
	}
	return result
}

// reached returns what is known of the columns that equal column, directly or
// by way of others, as said of column itself.
func (eq *equalities) reached(column columnRef, seen map[columnRef]bool) []predicate {
	var found []predicate
	for _, pair := range eq.pairs {
		for i, from := range pair {
			to := pair[1-i]
			if from != column || seen[to] {
				continue
			}
			seen[to] = true
			for _, p := range slices.Concat(eq.values[to], eq.reached(to, seen)) {
				found = append(found, predicate{
					Op: invalidation.Joined, Column: column.name, Table: to.src.table,
					Terms: []predicate{p},
				})
			}
		}
	}
	return found
}
