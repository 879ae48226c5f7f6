package postgres

import (
	"slices"
	"strings"

	"github.com/sqlc-dev/oliphant/ast"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/invalidation/internal/syntax"
)

// maxNesting bounds the depth of the tree, in messages. A chain of operators
// makes it deep without any bracket.
const maxNesting = 4000

// survey is what is found by looking at every part of a statement, whatever
// it is a part of. No part is left out, even one that the translation does
// not know.
type survey struct {
	refusal string   // the first reason not to cache
	unread  string   // the reason why the statement is not understood at all
	unclear string   // the reason why it is not clear what a name or a number means
	calls   []string // the unknown functions, as keys of a catalogue
	configs int      // how many calls there are that change a setting
	local   bool     // they all do so until the transaction ends
	params  []place  // the parameters by their numbers

	// names has what was written for a name in lower case.
	names map[name]string
	// schemas has the schema of what qualifies a column, and shared those
	// names which several have: tables of two schemas, or an alias.
	schemas map[string]string
	shared  map[string]bool
}

// place tells where a parameter stands.
type place struct {
	there bool
	at    int32
	// repeated is true if it stands elsewhere as well: then the type of one
	// place decides what the argument is read as in all of them.
	repeated bool
}

// name is one in lower case, among those of one sort.
type name struct {
	sort  nameSort
	lower string
}

// nameSort tells what a name is looked up among.
type nameSort int

const (
	ofSource nameSort = iota // tables and common table expressions
	ofRow                    // what qualifies a column
	ofResult                 // results, and what is ordered by
)

func surveyOf(stmt *ast.Node) *survey {
	s := &survey{names: map[name]string{}, schemas: map[string]string{}, shared: map[string]bool{}, local: true}
	s.walk(stmt.ProtoReflect(), 0)
	if slices.ContainsFunc(s.params, func(p place) bool { return !p.there }) {
		s.unclear = syntax.UnclearParameters
	}
	slices.Sort(s.calls)
	s.calls = slices.Compact(s.calls)
	return s
}

func (s *survey) refuse(reason string) {
	if s.refusal == "" {
		s.refusal = reason
	}
}

func (s *survey) walk(m protoreflect.Message, depth int) {
	if depth > maxNesting {
		s.unread = syntax.TooDeep
		return
	}
	s.visit(m.Interface())
	for part := range partsOf(m) {
		if s.walk(part, depth+1); s.unread == syntax.TooDeep {
			return
		}
	}
}

func (s *survey) visit(message any) {
	switch m := message.(type) {
	case *ast.ParamRef:
		s.param(int(m.GetNumber()), m.GetLocation())
	case *ast.FuncCall:
		s.call(m)
	case *ast.SQLValueFunction:
		s.refuse(syntax.VolatileFunction)
	case *ast.LockingClause:
		s.refuse(syntax.Locks)
	case *ast.A_Const:
		if meansPresent(m.GetSval().GetSval()) {
			s.refuse(syntax.VolatileFunction)
		}
	case *ast.A_Expr:
		switch m.GetKind() {
		case ast.A_Expr_Kind_AEXPR_OP, ast.A_Expr_Kind_AEXPR_OP_ANY, ast.A_Expr_Kind_AEXPR_OP_ALL:
			s.operator(m.GetName())
		}
	case *ast.SubLink:
		s.operator(m.GetOperName())
	case *ast.RangeVar:
		s.relation(m)
	case *ast.Alias:
		s.row(m.GetAliasname(), "")
	case *ast.CommonTableExpr:
		s.note(ofSource, m.GetCtename())
	case *ast.ResTarget:
		s.note(ofResult, m.GetName())
	case *ast.SortBy:
		s.operator(m.GetUseOp())
		if fields := texts(m.GetNode().GetColumnRef().GetFields()); len(fields) == 1 {
			s.note(ofResult, fields[0])
		}
	case *ast.ColumnRef:
		fields := texts(m.GetFields())
		if transient[fields[len(fields)-1]] {
			s.refuse(transientColumn)
		}
	}
}

// param notes a parameter.
func (s *survey) param(number int, at int32) {
	const most = 1 << 16 // the protocol has no more
	if number < 1 || number > most {
		s.unread = syntax.UnclearParameters
		return
	}
	for len(s.params) < number {
		s.params = append(s.params, place{})
	}
	p := &s.params[number-1]
	// A part of the tree may be there twice.
	*p = place{there: true, at: at, repeated: p.repeated || p.there && p.at != at}
}

// call judges a function by its name alone. Letter case counts: in double
// quotes a name may be another function's.
func (s *survey) call(f *ast.FuncCall) {
	switch name := functionName(f.GetFuncname()); {
	case name == "age" && len(f.GetArgs()) == 2, pureFunctions[name]:
	case name == "age", volatileFunctions[name]:
		s.refuse(syntax.VolatileFunction)
	case name == "set_config":
		s.refuse(syntax.VolatileFunction)
		s.configs++
		args := f.GetArgs()
		s.local = s.local && len(args) == 3 && args[2].GetAConst().GetBoolval().GetBoolval()
	case runningFunctions[name]:
		s.unread = syntax.UnknownFunction
	default:
		s.unknownFunction(name)
	}
}

// operator judges an operator. One that is not known is a function's other name.
func (s *survey) operator(name []*ast.Node) {
	op := texts(name)
	if len(op) > 1 && op[0] != "pg_catalog" || len(op) > 0 && !knownOperators[op[len(op)-1]] {
		s.unknownFunction(operators)
	}
}

func (s *survey) unknownFunction(name string) {
	s.refuse(syntax.UnknownFunction)
	s.calls = append(s.calls, invalidation.FunctionName(name))
}

// relation notes a name of a table.
func (s *survey) relation(r *ast.RangeVar) {
	switch {
	case !plainName(r.GetRelname()) || r.GetSchemaname() != "" && !plainName(r.GetSchemaname()):
		s.unclear = syntax.UnknownSource
	case isTemporary(r):
		s.refuse(syntax.TemporaryTable)
	case isSystem(r):
		s.refuse(syntax.SystemTable)
	}
	if r.GetSchemaname() == "" {
		s.note(ofSource, r.GetRelname())
	}
	if r.GetAlias() == nil {
		s.row(r.GetRelname(), r.GetSchemaname())
	}
}

// row notes a name that qualifies columns, and the schema that it is of.
func (s *survey) row(text, schema string) {
	s.note(ofRow, text)
	lower := strings.ToLower(text)
	if other, ok := s.schemas[lower]; ok && other != schema {
		s.shared[lower] = true
	}
	s.schemas[lower] = schema
}

// note notes a name. If two differ only by letter case one would be taken for
// the other.
func (s *survey) note(sort nameSort, written string) {
	n := name{sort, strings.ToLower(written)}
	if other, ok := s.names[n]; ok && other != written {
		s.unclear = syntax.NotUnderstood
	}
	s.names[n] = written
}

// transient are the columns that change when no one has changed the row.
var transient = setOf(`ctid xmin xmax cmin cmax`)

// hidden are the columns that every table has and none declares.
var hidden = setOf(`ctid xmin xmax cmin cmax tableoid`)

// transientColumn is the refusal of a query that looks at such a column.
const transientColumn = "system column"

// texts returns the strings of a list.
func texts(list []*ast.Node) []string {
	all := make([]string, len(list))
	for i, node := range list {
		all[i] = node.GetString_().GetSval()
	}
	return all
}

// plainName reports whether a name can be part of a key of a catalogue without
// being taken for another's.
func plainName(name string) bool { return name != "" && !strings.ContainsAny(name, ".()*") }

// isTemporary reports whether a table is named as one of the connection's own.
func isTemporary(r *ast.RangeVar) bool { return strings.HasPrefix(r.GetSchemaname(), "pg_temp") }

// isSystem reports whether a table is PostgreSQL's own, or may be. Its names
// begin alike, and a table of a user's hardly does.
func isSystem(r *ast.RangeVar) bool {
	schema := r.GetSchemaname()
	return schema == "information_schema" || strings.HasPrefix(schema, "pg_") && !isTemporary(r) ||
		schema == "" && strings.HasPrefix(r.GetRelname(), "pg_")
}
