package sqlite

import "github.com/sqlc-dev/meyer/ast"

// look walks an expression, or a clause that is made of expressions: it notes
// each column that is named, reads each subquery, and refuses what it does
// not know.
func (a *analysis) look(n ast.Node, sc *scope) {
	if a.refusal != "" {
		return
	}
	switch n := n.(type) {
	case *ast.Ident:
		if _, isBool := boolean(n); !isBool {
			sc.noteColumn(lowerName(n))
		}
	case *ast.QualifiedRef:
		sc.noteQualified(splitRef(n))
	case *ast.Star:
		sc.noteStar(n)
	case *ast.SelectStmt:
		a.query(n, sc)
	case *ast.Literal:
		a.lookLiteral(n)
	case *ast.FuncCall:
		a.lookCall(n, sc)
	case *ast.LikeExpr:
		a.lookLike(n, sc)
	case *ast.InExpr:
		a.lookIn(n, sc)
	case *ast.CollateExpr:
		a.look(n.X, sc)
	case *ast.CastExpr:
		a.look(n.X, sc)
	case *ast.ResultColumn:
		a.look(n.Expr, sc)
	case *ast.WindowDef:
		a.lookWindow(n, sc)
	case *ast.BindParam:
	case *ast.BinaryExpr, *ast.UnaryExpr, *ast.ParenExpr, *ast.VectorExpr,
		*ast.IsExpr, *ast.NullCheckExpr, *ast.BetweenExpr,
		*ast.CaseExpr, *ast.CaseWhen, *ast.ExistsExpr, *ast.SubqueryExpr,
		*ast.OrderingTerm, *ast.Limit, *ast.FrameBound:
		a.lookAll(n.Children(), sc)
	default:
		a.refuse(notUnderstood)
	}
}

func (a *analysis) lookAll(nodes []ast.Node, sc *scope) {
	for _, n := range nodes {
		a.look(n, sc)
	}
}

// lookLiteral refuses CURRENT_TIME and its kin.
func (a *analysis) lookLiteral(lit *ast.Literal) {
	switch lit.Kind {
	case ast.LitNull, ast.LitInteger, ast.LitFloat, ast.LitString, ast.LitBlob:
	default:
		a.refuse(volatileFunction)
	}
}

// lookCall passes over the function's name, which is no column.
func (a *analysis) lookCall(call *ast.FuncCall, sc *scope) {
	a.function(call)
	for _, child := range call.Children() {
		if child != ast.Node(call.Name) {
			a.look(child, sc)
		}
	}
}

func (a *analysis) lookLike(e *ast.LikeExpr, sc *scope) {
	if !isBuiltInMatch(e) {
		a.refuse(unknownFunction)
	}
	a.look(e.X, sc)
	a.look(e.Y, sc)
	if e.Escape != nil {
		a.look(e.Escape, sc)
	}
}

// lookIn reads x IN t as the subquery that it stands for.
func (a *analysis) lookIn(e *ast.InExpr, sc *scope) {
	for _, child := range e.Children() {
		if child != ast.Node(e.Table) {
			a.look(child, sc)
		}
	}
	switch {
	case e.Table == nil:
	case e.HasArgs:
		a.tableFunction(e.Table)
	default:
		inner := &scope{outer: sc}
		a.newSource(inner, "", a.table(e.Table, sc)).all = true
	}
}

func (a *analysis) lookWindow(w *ast.WindowDef, sc *scope) {
	for _, child := range w.Children() {
		if child != ast.Node(w.Name) && child != ast.Node(w.Base) {
			a.look(child, sc)
		}
	}
}
