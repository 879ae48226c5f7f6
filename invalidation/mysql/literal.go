package mysql

import (
	"math"
	"strconv"
	"strings"

	"github.com/sqlc-dev/marino/ast"
	"github.com/sqlc-dev/marino/mysql"

	"github.com/seed92106438/cacheops/invalidation"
)

// literal returns the value of a literal. It is unknown for those whose
// meaning depends on where they stand, or that have a character set of their
// own: 0x41 is a number or a text.
func literal(n *ast.ValueExprBase) invalidation.Operand {
	if n.Type.GetFlag()&mysql.UnderScoreCharsetFlag != 0 {
		return invalidation.Operand{}
	}
	switch n.Kind() {
	case ast.KindNull:
		return invalidation.Operand{Known: true}
	case ast.KindInt64:
		return invalidation.Operand{Known: true, Literal: n.GetInt64()}
	case ast.KindUint64:
		return invalidation.Operand{Known: true, Literal: n.GetUint64()}
	case ast.KindFloat64:
		return invalidation.Operand{Known: true, Literal: n.GetFloat64()}
	case ast.KindMysqlDecimal:
		return decimal(n.GetMysqlDecimal().String())
	case ast.KindString:
		return invalidation.Operand{Known: true, Literal: n.GetString()}
	}
	return invalidation.Operand{}
}

// maxDigits is how many digits a number may have so that a double keeps it.
const maxDigits = 15

// decimal returns the value of a number with a fraction, as a double. One that
// is too long for it is unknown.
func decimal(s string) invalidation.Operand {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(f, 0) || len(strings.Trim(s, "-.")) > maxDigits {
		return invalidation.Operand{}
	}
	return invalidation.Operand{Known: true, Literal: f}
}

// negative returns the value of a literal after a minus sign.
func negative(o invalidation.Operand) invalidation.Operand {
	switch v := o.Literal.(type) {
	case int64:
		return invalidation.Operand{Known: true, Literal: -v}
	case float64:
		return invalidation.Operand{Known: true, Literal: -v}
	case nil:
		return o // NULL, or not known
	}
	return invalidation.Operand{}
}
