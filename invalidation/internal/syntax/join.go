package syntax

import (
	"slices"

	"github.com/seed92106438/cacheops/invalidation"
)

// joinTree is a FROM clause as a tree: a source, or the join of two trees.
type joinTree struct {
	src         *source
	left, right *joinTree
	on          Expr // nil if there is none

	// An outer join keeps rows of a side for which it finds no partner.
	keepsLeft, keepsRight bool

	// open has the sources that show their own values in every row of the
	// tree. The others may show NULL in place of a row.
	open sourceSet
}

func leaf(src *source) *joinTree { return &joinTree{src: src, open: src.bit} }

// newJoin joins two trees as item says.
func newJoin(item *Join, left, right *joinTree) *joinTree {
	j := &joinTree{
		left: left, right: right, on: item.On,
		keepsLeft: item.KeepsLeft, keepsRight: item.KeepsRight,
	}
	if !j.keepsRight {
		j.open |= left.open
	}
	if !j.keepsLeft {
		j.open |= right.open
	}
	if left.src != nil && right.src != nil && left.src.name != right.src.name {
		for _, column := range item.Using {
			j.on = conjunction(j.on, sameColumn(left.src, right.src, column))
		}
	}
	return j
}

// sameColumn is the condition that USING stands for.
func sameColumn(left, right *source, column string) Expr {
	return &Compare{
		Op: invalidation.Eq, X: &Column{Table: left.name, Name: column}, Y: &Column{Table: right.name, Name: column},
	}
}

func conjunction(x, y Expr) Expr {
	if x == nil {
		return y
	}
	return &Logic{And: true, Terms: []Expr{x, y}}
}

// has reports whether the source is one of the tree's.
func (j *joinTree) has(src *source) bool {
	if j.src != nil {
		return j.src == src
	}
	return j.left.has(src) || j.right.has(src)
}

func (j *joinTree) lookAtAll() {
	if j.src != nil {
		j.src.all = true
		return
	}
	j.left.lookAtAll()
	j.right.lookAtAll()
}

// fact is a condition that must be true if a row is to count. It is asked of
// a combination of rows, one of each source, in which the row takes part; only
// what it says of the usable sources may be relied on, for the others may have
// given NULL in place of their row.
type fact struct {
	cond   Expr
	usable sourceSet
}

// spread gives each source of the tree its facts. Those that come from above,
// such as WHERE, were asked of every row that the tree yields.
//
// A row of one side of a join counts only if it finds a partner for which ON
// is true and that does itself count; unless the join keeps it anyway, with
// NULL for the partner, so that neither ON nor the partner matters. A row
// whose partners the join keeps is at worst exchanged for NULL: the partner is
// there in either case, and so what is asked of it from above holds as well.
func (j *joinTree) spread(above []fact) {
	if j.src != nil {
		j.src.facts = above
		return
	}
	on := j.condition(j.left.open | j.right.open)
	left, right := above, above
	if !j.keepsLeft {
		left = slices.Concat(above, on, j.right.always())
	}
	if !j.keepsRight {
		right = slices.Concat(above, on, j.left.always())
	}
	j.left.spread(left)
	j.right.spread(right)
}

// always returns what is true of every row that the tree yields.
func (j *joinTree) always() []fact {
	if j.src != nil {
		return nil
	}
	var facts []fact
	if !j.keepsRight {
		facts = append(facts, j.left.always()...)
	}
	if !j.keepsLeft {
		facts = append(facts, j.right.always()...)
	}
	if !j.keepsLeft && !j.keepsRight {
		facts = append(facts, j.condition(j.open)...)
	}
	return facts
}

func (j *joinTree) condition(usable sourceSet) []fact {
	if j.on == nil {
		return nil
	}
	return []fact{{j.on, usable}}
}

// restrict finds for each source of the block the condition that its rows
// must meet in order to count.
func (a *analysis) restrict(sc *scope, tree *joinTree, where Expr) {
	if tree == nil || a.refusal != "" {
		return
	}
	var above []fact
	sc.tree, sc.open = tree, tree.open
	if where != nil {
		above = []fact{{where, tree.open}}
	}
	tree.spread(above)
	for _, src := range sc.sources {
		src.where = a.equalities(sc, src).inferred()
		for _, f := range src.facts {
			if f.usable.has(src) {
				src.where = both(src.where, projection{sc, src, a.rules}.rows(f.cond, true))
			}
		}
	}
}
