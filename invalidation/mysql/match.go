package mysql

import (
	"github.com/sqlc-dev/marino/ast"

	"github.com/seed92106438/cacheops/invalidation/internal/syntax"
)

// A row's rank in a full-text search depends on all rows of the table: on how
// many there are, and on how many of them have the word. So MATCH reads the table
// once more, whatever restricts the rows that are given.

// match reads MATCH … AGAINST, and notes what it searches.
func (r *reader) match(n *ast.MatchAgainst) syntax.Expr {
	match := &syntax.Other{Args: []syntax.Expr{r.expr(n.Against)}}
	for _, column := range n.ColumnNames {
		match.Args = append(match.Args, r.column(column))
	}
	r.searched = append(r.searched, n.ColumnNames...)
	return match
}

// searches returns what MATCH reads of the tables of a block, by what was
// searched in it or in blocks within: those may name its tables too.
func (r *reader) searches(from syntax.Source) []syntax.Expr {
	if len(r.searched) == 0 {
		return nil
	}
	switch from := from.(type) {
	case *syntax.Join:
		return append(r.searches(from.Left), r.searches(from.Right)...)
	case *syntax.Table:
		search := &syntax.Block{From: from}
		for _, column := range r.searched {
			if column.Table.L == "" || column.Table.L == from.Alias {
				search.Columns = append(search.Columns, syntax.Result{Expr: &syntax.Column{Table: from.Alias, Name: column.Name.L}})
			}
		}
		if len(search.Columns) > 0 {
			return []syntax.Expr{&syntax.Sub{Query: &syntax.Query{Bodies: []syntax.Body{search}}}}
		}
	}
	return nil
}
