package sqlite

import (
	"encoding/hex"
	"math"
	"strconv"
	"strings"

	"github.com/sqlc-dev/meyer/ast"

	"github.com/seed92106438/cacheops/invalidation"
)

// operand returns the value that e stands for. It is unknown unless e is a
// literal or a parameter.
//
// A named parameter is unknown: its argument is found by name, and may be
// anywhere among the arguments.
func operand(e ast.Expr) invalidation.Operand {
	switch e := unparen(e).(type) {
	case *ast.BindParam:
		if e.Kind == ast.ParamAnon || e.Kind == ast.ParamNumber {
			return invalidation.Operand{Param: e.Number}
		}
	case *ast.Literal:
		return literal(e, "")
	case *ast.UnaryExpr:
		number, ok := e.X.(*ast.Literal)
		if ok && e.Op == ast.OpMinus && (number.Kind == ast.LitInteger || number.Kind == ast.LitFloat) {
			return literal(number, "-")
		}
	case *ast.Ident:
		if b, ok := boolean(e); ok {
			return b
		}
	}
	return invalidation.Operand{}
}

func operands(list []ast.Expr) []invalidation.Operand {
	values := make([]invalidation.Operand, len(list))
	for i, e := range list {
		values[i] = operand(e)
	}
	return values
}

// literal returns the value of lit, a number having the sign. A literal that
// SQLite may read otherwise, such as an integer of more than 64 bits or a
// hexadecimal one, is unknown.
func literal(lit *ast.Literal, sign string) invalidation.Operand {
	switch lit.Kind {
	case ast.LitNull:
		return invalidation.Operand{Known: true}
	case ast.LitString:
		return invalidation.Operand{Known: true, Literal: lit.Value}
	case ast.LitInteger:
		if i, err := strconv.ParseInt(sign+lit.Value, 10, 64); err == nil {
			return invalidation.Operand{Known: true, Literal: i}
		}
	case ast.LitFloat:
		if f, err := strconv.ParseFloat(sign+lit.Value, 64); err == nil && !math.IsInf(f, 0) {
			return invalidation.Operand{Known: true, Literal: f}
		}
	case ast.LitBlob:
		digits := strings.Trim(lit.Value, "xX'")
		if b, err := hex.DecodeString(digits); err == nil {
			return invalidation.Operand{Known: true, Literal: b}
		}
	}
	return invalidation.Operand{}
}

// boolean returns the value of TRUE or FALSE, which are names for 1 and 0
// unless a table has such a column; [ReadCatalog] leaves such tables out.
func boolean(name *ast.Ident) (invalidation.Operand, bool) {
	switch {
	case name.Quote != ast.QuoteNone:
	case strings.EqualFold(name.Name, "true"):
		return invalidation.Operand{Known: true, Literal: int64(1)}, true
	case strings.EqualFold(name.Name, "false"):
		return invalidation.Operand{Known: true, Literal: int64(0)}, true
	}
	return invalidation.Operand{}, false
}

func isKnown(o invalidation.Operand) bool { return o.Known || o.Param > 0 }

func allKnown(operands []invalidation.Operand) bool {
	for _, o := range operands {
		if !isKnown(o) {
			return false
		}
	}
	return true
}

func isNull(o invalidation.Operand) bool { return o.Known && o.Literal == nil }
