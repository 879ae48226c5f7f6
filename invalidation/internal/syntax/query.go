package syntax

import (
	"cmp"
	"slices"

	"github.com/seed92106438/cacheops/invalidation"
)

// MaxTables bounds the tables of a statement. SQLite joins no more than 64,
// MySQL 61.
const MaxTables = 64

// analysis is the reading of one statement.
type analysis struct {
	rules   Rules
	sources []*source // of all blocks, in the order in which they were met
	refusal string    // the first reason that was found
	writes  []invalidation.Write
	// unclear is true if it cannot be told what the statement writes.
	unclear bool
	edges   []edge
	blocks  map[*Query]*readBlock // the queries of one block that were read
	// uncounted is true if a common table expression writes.
	uncounted bool
}

// refuse notes why the statement's result must not be cached. From then on
// nothing need be right but that.
func (a *analysis) refuse(reason string) {
	if a.refusal == "" {
		a.refusal = reason
	}
}

// read returns the shape of a statement that is a query, unless one of its
// common table expressions writes.
func (a *analysis) read(q *Query, refusal string) *invalidation.Shape {
	var sc *scope
	block := single(q)
	if block != nil {
		sc = a.block(block, nil)
	} else {
		a.query(q, nil)
	}
	if a.unclear || a.writes != nil {
		return a.mutation()
	}
	shape := &invalidation.Shape{Verb: invalidation.Query, Refusal: cmp.Or(refusal, a.refusal)}
	if shape.Refusal != "" {
		return shape
	}
	for _, src := range a.sources {
		if src.table != "" {
			shape.Uses = append(shape.Uses, src.use())
		}
	}
	shape.Edges = a.shapeEdges(block, sc)
	if block != nil {
		shape.Star = star(block, sc)
		shape.Page = a.page(block, sc)
		shape.Shows = a.shows(block, sc)
	}
	return shape
}

// query reads a SELECT with its WITH clause, and all that it is compounded of.
// What the clauses of a compound name are columns of its result, which are
// looked at where they come from.
func (a *analysis) query(q *Query, outer *scope) {
	sc := a.with(q.With, outer)
	for _, body := range q.Bodies {
		switch body := body.(type) {
		case *Block:
			inner := a.block(body, sc)
			if q.With == nil && len(q.Bodies) == 1 {
				a.note(q, body, inner)
			}
		case *Query:
			a.query(body, sc)
		case *Values:
			for _, row := range body.Rows {
				a.lookAll(row, sc)
			}
		}
	}
	a.lookAll(q.Rest, sc)
}

// note remembers a query of one block, for what is said of its result.
func (a *analysis) note(q *Query, b *Block, sc *scope) {
	if a.blocks == nil {
		a.blocks = map[*Query]*readBlock{}
	}
	a.blocks[q] = &readBlock{b, sc}
}

// with reads common table expressions and returns the scope in which they are
// known.
func (a *analysis) with(clause *With, outer *scope) *scope {
	sc := &scope{outer: outer, ctes: map[string]bool{}}
	if clause == nil {
		return sc
	}
	if clause.Forward {
		for _, cte := range clause.Tables {
			sc.ctes[cte.Name] = true
		}
	}
	for _, cte := range clause.Tables {
		if clause.Recursive {
			sc.ctes[cte.Name] = true
		}
		if cte.Query != nil {
			a.query(cte.Query, sc)
		}
		if cte.Write != nil {
			a.write(cte.Write, sc)
			a.uncounted = true
		}
		sc.ctes[cte.Name] = true
	}
	return sc
}

// block reads one SELECT with its own FROM clause and returns its scope. Only
// WHERE and ON restrict the rows that count: HAVING is asked of groups, not of
// rows.
func (a *analysis) block(b *Block, outer *scope) *scope {
	sc := &scope{outer: outer}
	tree := a.from(b.From, sc)
	a.lookFrom(b.From, sc)
	for _, result := range b.Columns {
		if !isPlain(result) {
			a.look(result.Expr, sc)
		}
	}
	a.look(b.Where, sc)
	a.lookAll(b.Rest, sc)
	for _, term := range b.Order {
		if named(b.Columns, term.Expr) == nil {
			a.look(term.Expr, sc)
		}
	}
	a.look(b.Limit, sc)
	a.look(b.Offset, sc)
	sc.notePlaces()
	for _, result := range b.Columns {
		if isPlain(result) {
			a.look(result.Expr, sc)
		}
	}
	a.restrict(sc, tree, b.Where)
	return sc
}

// isPlain reports whether a result is a column or a star under its own name, so
// that no other clause can mean it.
func isPlain(r Result) bool {
	switch r.Expr.(type) {
	case *Column, *Star:
		return r.Alias == ""
	}
	return false
}

// named returns the results to which a SELECT list gives the name that a term
// of ORDER BY is. They are looked at there. In other clauses a column of that
// name would come first.
func named(results []Result, term Expr) []Result {
	name, ok := term.(*Column)
	if !ok || name.Table != "" {
		return nil
	}
	var found []Result
	for _, r := range results {
		if r.Alias == name.Name {
			found = append(found, r)
		}
	}
	return found
}

// from makes the sources of a FROM clause known to the scope and returns the
// tree of their joins; it is nil if there is no FROM.
func (a *analysis) from(item Source, sc *scope) *joinTree {
	switch item := item.(type) {
	case *Table:
		src := a.newSource(sc, item.Alias)
		src.written = item.Name
		if item.Qualified || !sc.hidesTable(item.Name) {
			src.table = item.Name
		}
		return leaf(src)
	case *Derived:
		outer := sc.outer
		if item.Lateral {
			outer = sc
		}
		a.query(item.Query, outer)
		return leaf(a.newSource(sc, item.Alias))
	case *Rows:
		return leaf(a.newSource(sc, item.Alias))
	case *Join:
		left := a.from(item.Left, sc)
		right := a.from(item.Right, sc)
		if item.Natural {
			// The columns that both sides have are compared. Which they
			// are is not known here.
			left.lookAtAll()
			right.lookAtAll()
		}
		return newJoin(item, left, right)
	}
	return nil
}

// lookFrom walks the expressions of a FROM clause, when all its sources are
// known. The columns of USING are noted as any column without a table is.
func (a *analysis) lookFrom(item Source, sc *scope) {
	switch item := item.(type) {
	case *Rows:
		a.lookAll(item.Args, sc)
	case *Join:
		a.lookFrom(item.Left, sc)
		a.lookFrom(item.Right, sc)
		a.look(item.On, sc)
		for _, column := range item.Using {
			sc.noteColumn(column)
		}
	}
}

// newSource adds a source to the block. Past the bound the statement is
// refused, and the source is one that nothing restricts.
func (a *analysis) newSource(sc *scope, name string) *source {
	src := &source{name: name, hidden: a.rules.Hidden, columns: map[string]bool{}}
	sc.sources = append(sc.sources, src)
	if len(a.sources) >= MaxTables {
		a.refuse(TooManyTables)
		return src
	}
	src.bit = 1 << len(a.sources)
	a.sources = append(a.sources, src)
	return src
}

// useOf returns the index that a table has among the uses of the shape.
func (a *analysis) useOf(src *source) int {
	before := a.sources[:slices.Index(a.sources, src)]
	uses := 0
	for _, src := range before {
		if src.table != "" {
			uses++
		}
	}
	return uses
}

// single returns the only block of a query, in parentheses or not, if that is
// all there is.
func single(q *Query) *Block {
	if q.With != nil || len(q.Bodies) != 1 || len(q.Rest) > 0 {
		return nil
	}
	if inner, ok := q.Bodies[0].(*Query); ok {
		return single(inner)
	}
	block, _ := q.Bodies[0].(*Block)
	return block
}

// star returns the table of SELECT * FROM table.
func star(b *Block, sc *scope) string {
	if _, ok := b.From.(*Table); !ok || len(b.Columns) != 1 {
		return ""
	}
	if _, ok := b.Columns[0].Expr.(*Star); !ok {
		return ""
	}
	return sc.sources[0].table
}
