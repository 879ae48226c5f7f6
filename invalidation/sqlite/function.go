package sqlite

import (
	"strings"

	"github.com/sqlc-dev/meyer/ast"

	"github.com/seed92106438/cacheops/invalidation/internal/syntax"
)

// pureFunctions give the same answer for the same arguments, or for the same
// rows. An application can put a function of its own in the place of any of
// them; it is taken to keep the meaning.
var pureFunctions = setOf(`
	abs char coalesce concat concat_ws format glob hex if ifnull iif instr
	length like likelihood likely lower ltrim nullif octet_length
	printf quote replace round rtrim sign soundex substr substring trim typeof
	unhex unicode unistr unistr_quote unlikely upper zeroblob

	acos acosh asin asinh atan atan2 atanh ceil ceiling cos cosh degrees exp
	floor ln log log10 log2 mod pi pow power radians sin sinh sqrt tan tanh
	trunc

	json json_array json_array_length json_error_position json_extract
	json_insert json_object json_patch
	json_pretty json_quote json_remove json_replace json_set json_type
	json_valid jsonb jsonb_array jsonb_extract jsonb_insert jsonb_object
	jsonb_patch jsonb_remove jsonb_replace jsonb_set`)

// aggregates are pure as well, and make one row of several or look at several
// rows for one. MAX and MIN do not if they have more than one argument.
var aggregates = setOf(`
	avg count group_concat json_group_array json_group_object jsonb_group_array
	jsonb_group_object max median min percentile percentile_cont
	percentile_disc string_agg sum total

	cume_dist dense_rank first_value lag last_value lead nth_value ntile
	percent_rank rank row_number`)

// volatileFunctions are known to give another answer every time, or to tell
// of the connection and not of the tables.
var volatileFunctions = setOf(`
	changes last_insert_rowid random randomblob total_changes`)

// dateFunctions are pure if they are not asked for the present. Each one needs
// so many arguments, or else means the present.
var dateFunctions = map[string]int{
	"date": 1, "datetime": 1, "julianday": 1, "strftime": 2, "time": 1,
	"timediff": 2, "unixepoch": 1,
}

// call translates the call of a function. Its FILTER restricts the aggregate,
// not the rows that the block reads.
func (t *translator) call(e *ast.FuncCall) syntax.Expr {
	t.function(e)
	if name := lowerName(e.Name); (name == "max" || name == "min") && len(e.Args) == 1 && e.Filter == nil && e.Over == nil {
		return &syntax.Extreme{X: t.expr(e.Args[0]), Max: name == "max"}
	}
	args := append(t.list(e.Args), t.terms(e.OrderBy)...)
	args = append(args, t.expr(e.Filter))
	if e.Over != nil {
		args = append(args, t.window(e.Over)...)
	}
	return &syntax.Other{Args: args}
}

// function refuses the statement if the function that it calls is not known
// to be pure.
func (t *translator) function(call *ast.FuncCall) {
	name := lowerName(call.Name)
	least, isDate := dateFunctions[name]
	switch {
	case pureFunctions[name]:
	case aggregates[name]:
		t.aggregates++
	case isDate:
		if len(call.Args) < least || !allTimeless(call.Args) {
			t.refuse(syntax.VolatileFunction)
		}
	case volatileFunctions[name]:
		t.refuse(syntax.VolatileFunction)
	default:
		t.refuse(syntax.UnknownFunction)
	}
}

// presents are the texts that SQLite takes for the present moment.
var presents = setOf(`now subsec subsecond`)

// allTimeless reports whether no argument of a date function can be one of
// the presents. A parameter can, and what is computed may. A column counts as
// data: that someone stores the word 'now' in one, and expects it to move, is
// the one case that this leaves out.
func allTimeless(args []ast.Expr) bool {
	for _, arg := range args {
		if !timeless(arg) {
			return false
		}
	}
	return true
}

func timeless(arg ast.Expr) bool {
	switch arg := unparen(arg).(type) {
	case *ast.Literal:
		return !presents[strings.ToLower(arg.Value)]
	case *ast.Ident:
		// In double quotes it is a text if there is no such column.
		return !presents[strings.ToLower(arg.Name)]
	case *ast.QualifiedRef:
		return true
	case *ast.UnaryExpr:
		number, ok := arg.X.(*ast.Literal)
		return ok && number.Kind != ast.LitString
	case *ast.FuncCall:
		_, isDate := dateFunctions[lowerName(arg.Name)]
		return isDate
	}
	return false
}
