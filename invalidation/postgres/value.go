package postgres

import (
	"regexp"
	"strconv"

	"github.com/sqlc-dev/oliphant/ast"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/invalidation/internal/syntax"
)

func known(literal any) *syntax.Value {
	return &syntax.Value{Operand: invalidation.Operand{Known: true, Literal: literal}}
}

func null() *syntax.Value { return known(nil) }

func boolean(b bool) *syntax.Value { return known(b) }

// value translates a literal, a parameter, DEFAULT or a cast.
//
// A cast may change a value, and it decides by which type others are compared
// with it. So nothing is known of what was cast but that NULL is NULL.
func (t *translator) value(node *ast.Node) syntax.Expr {
	switch n := node.GetNode().(type) {
	case *ast.Node_AConst:
		return literal(n.AConst)
	case *ast.Node_ParamRef:
		if number := int(n.ParamRef.GetNumber()); !t.survey.params[number-1].repeated {
			return &syntax.Value{Operand: invalidation.Operand{Param: number}}
		}
	case *ast.Node_TypeCast:
		x := t.expr(n.TypeCast.GetArg())
		value, ok := x.(*syntax.Value)
		switch {
		case !ok:
			return &syntax.Other{Args: []syntax.Expr{x}}
		case value.Known && value.Literal == nil:
			return value
		}
	}
	return &syntax.Value{}
}

// decimal is a number in the form in which PostgreSQL writes it, so that it may
// be stored as a text too.
var decimal = regexp.MustCompile(`^-?(0|[1-9][0-9]*)\.[0-9]*[1-9]$`)

// literal returns the value of a literal. A text is compared as what the other
// side is. What is no integer of 64 bits is known by its digits.
func literal(c *ast.A_Const) *syntax.Value {
	switch v := c.GetVal().(type) {
	case *ast.A_Const_Ival:
		return known(int64(v.Ival.GetIval()))
	case *ast.A_Const_Boolval:
		return known(v.Boolval.GetBoolval())
	case *ast.A_Const_Sval:
		return known(v.Sval.GetSval())
	case *ast.A_Const_Fval:
		if i, err := strconv.ParseInt(v.Fval.GetFval(), 10, 64); err == nil {
			return known(i)
		}
		if decimal.MatchString(v.Fval.GetFval()) {
			return known(v.Fval.GetFval())
		}
	}
	if c.GetIsnull() {
		return null()
	}
	return &syntax.Value{}
}
