package sqlite

import (
	"encoding/hex"
	"math"
	"strconv"
	"strings"

	"github.com/sqlc-dev/meyer/ast"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/invalidation/internal/syntax"
)

func null() *syntax.Value { return &syntax.Value{Operand: invalidation.Operand{Known: true}} }

// parameter returns the value that a parameter stands for. That of a named one
// is not known: its argument is found by name, and may be anywhere among the
// arguments.
func parameter(e *ast.BindParam) invalidation.Operand {
	if e.Kind == ast.ParamAnon || e.Kind == ast.ParamNumber {
		return invalidation.Operand{Param: e.Number}
	}
	return invalidation.Operand{}
}

// literal translates a literal; it refuses CURRENT_TIME and its kin.
func (t *translator) literal(lit *ast.Literal) syntax.Expr {
	switch lit.Kind {
	case ast.LitNull, ast.LitInteger, ast.LitFloat, ast.LitString, ast.LitBlob:
	default:
		t.refuse(syntax.VolatileFunction)
	}
	return &syntax.Value{Operand: literal(lit, "")}
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

func isBoolean(e ast.Expr) bool {
	name, ok := unparen(e).(*ast.Ident)
	if ok {
		_, ok = boolean(name)
	}
	return ok
}
