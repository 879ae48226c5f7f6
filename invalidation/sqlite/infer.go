package sqlite

import (
	"slices"

	"github.com/sqlc-dev/meyer/ast"

	"github.com/seed92106438/cacheops/invalidation"
)

// maxEqualities bounds the equalities from which more is inferred, those with
// values included.
const maxEqualities = 32

// equalities is what the facts of one source say of columns that equal each
// other or equal values: from users.id = orders.user_id AND users.id = 5
// follows orders.user_id = 5.
type equalities struct {
	src    *source
	pairs  [][2]columnRef
	values map[columnRef][]predicate // Eq and In
	count  int                       // of pairs and values
}

// equalities reads the facts of src. Only what must be true, and not one side
// of an OR, counts.
func (sc *scope) equalities(src *source) *equalities {
	eq := &equalities{src: src, values: map[columnRef][]predicate{}}
	for _, f := range src.facts {
		eachConjunct(f.cond, func(e ast.Expr) { eq.read(sc, e, f.usable) })
	}
	return eq
}

func eachConjunct(e ast.Expr, visit func(ast.Expr)) {
	e = unparen(e)
	if and, ok := e.(*ast.BinaryExpr); ok && and.Op == ast.OpAnd {
		eachConjunct(and.X, visit)
		eachConjunct(and.Y, visit)
		return
	}
	visit(e)
}

func (eq *equalities) read(sc *scope, e ast.Expr, usable sourceSet) {
	switch e := e.(type) {
	case *ast.BinaryExpr:
		if e.Op != ast.OpEq {
			return
		}
		x, isColumnX := sc.usableColumn(e.X, usable)
		y, isColumnY := sc.usableColumn(e.Y, usable)
		switch {
		case isColumnX && isColumnY:
			eq.pairs = append(eq.pairs, [2]columnRef{x, y})
			eq.count++
		case isColumnX:
			eq.note(sc, x, e)
		case isColumnY:
			eq.note(sc, y, e)
		}
	case *ast.InExpr:
		if x, ok := sc.usableColumn(e.X, usable); ok {
			eq.note(sc, x, e)
		}
	}
}

func (sc *scope) usableColumn(e ast.Expr, usable sourceSet) (columnRef, bool) {
	ref, ok := sc.column(e)
	return ref, ok && usable.has(ref.src)
}

// note keeps the values that e gives to the column, if it gives any.
func (eq *equalities) note(sc *scope, column columnRef, e ast.Expr) {
	p := projection{sc, column.src}.rows(e, true)
	if p.Op == invalidation.Eq || p.Op == invalidation.In {
		eq.values[column] = append(eq.values[column], p)
		eq.count++
	}
}

// inferred returns what follows for the columns of the source.
func (eq *equalities) inferred() predicate {
	result := always()
	if eq.count > maxEqualities {
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
