package postgres

import (
	"slices"
	"testing"

	"github.com/sqlc-dev/oliphant/ast"
)

// TestPartsComeAsTheyAreDeclared sets each field of a message that has many, so that
// whichever two a program swaps would be seen.
func TestPartsComeAsTheyAreDeclared(t *testing.T) {
	node := func(name string) *ast.Node {
		return &ast.Node{Node: &ast.Node_String_{String_: &ast.String{Sval: name}}}
	}
	stmt := &ast.SelectStmt{
		LockingClause: []*ast.Node{node("locking")},
		LimitCount:    node("count"),
		SortClause:    []*ast.Node{node("sort 1"), node("sort 2")},
		HavingClause:  node("having"),
		WhereClause:   node("where"),
		FromClause:    []*ast.Node{node("from 1"), node("from 2")},
		TargetList:    []*ast.Node{node("target")},
	}
	var got []string
	for part := range partsOf(stmt.ProtoReflect()) {
		got = append(got, part.Interface().(*ast.Node).GetString_().GetSval())
	}
	want := []string{"target", "from 1", "from 2", "where", "having", "sort 1", "sort 2", "count", "locking"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
